"""A user's own project in a folder, its tests run by a pytest of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

__all__ = ["HOME", "ROOMS", "Outcome", "UserProject", "write_hostile"]

HOME = Path(__file__).resolve().parents[2]

ROOMS = ("schemas", "mockserver", "conformance", "reports")

# What the users' tests below all start with: a client of a few lines.
_PRELUDE = '''
import json
import os
import sys
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest


def call(url, method="GET", body=None, headers=None):
    """Status and JSON of one request."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname, parts.port, timeout=10)
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    labelled = {"Content-Type": "application/json", **(headers or {})}
    try:
        connection.request(method, parts.path, body, labelled)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()


def register(url, agent="walker", kind="worker", **more):
    return call(f"{url}/agents/register", "POST", {"agent_id": agent, "agent_type": kind}, **more)
'''


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the user's pytest ended, and all that it said."""

    code: int
    text: str

    def counts(self) -> dict[str, int]:
        """Tests by what became of them, from the last line: `{"passed": 2}`."""
        last = self.text.rstrip().splitlines()[-1]
        return {
            word: int(number) for number, word in re.findall(r"(\d+) (\w+)", last.split(" in ")[0])
        }


class UserProject:
    """A folder with tests. `autoload` lets every installed pytest plugin in, as users have it."""

    def __init__(self, folder: Path, *, autoload: bool = False) -> None:
        self.folder = folder
        self.pythonpath = [str(HOME)]
        self._autoload = autoload

    def test(self, text: str, name: str = "test_user.py") -> None:
        (self.folder / name).write_text(_PRELUDE + dedent(text))

    def command(self, *words: str) -> list[str]:
        # `python -m pytest` puts the working directory first, as hostile as it gets.
        named = [] if self._autoload else ["-p", "assay.pytest_plugin"]
        return [sys.executable, "-m", "pytest", "-q", *named, "-p", "no:cacheprovider", *words]

    def environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTEST_", "PYTHON", "COV_"))
        }
        kept["PYTHONPATH"] = os.pathsep.join(self.pythonpath)
        if not self._autoload:
            kept["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        return kept

    def run(self, *words: str) -> Outcome:
        done = subprocess.run(
            self.command(*words),
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Outcome(done.returncode, done.stdout + done.stderr)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """The same, left to run."""
        return subprocess.Popen(
            self.command(*words),
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def write_hostile(folder: Path) -> None:
    """Packages that are called as our rooms are, and raise when they are imported."""
    for room in ROOMS:
        package = folder / room
        package.mkdir()
        (package / "__init__.py").write_text(f'raise RuntimeError("the user\'s own {room}")\n')
