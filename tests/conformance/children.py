"""Our own commands as children: the suite over checks made up for a test, and `assay` itself."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

import conformance
from conformance.context import VARIABLE, RunContext
from conformance.target import Target

__all__ = ["HOME", "Done", "assay", "assay_started", "ended", "judged", "mutant", "served", "suite"]

HOME = Path(conformance.__file__).resolve().parent.parent
_LIMIT = 180.0


@dataclass(frozen=True, kw_only=True)
class Done:
    """A child that ended, and the folder it ran in."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def files(self) -> set[str]:
        """What lies in the folder itself."""
        return {path.name for path in self.folder.iterdir()}

    @property
    def said(self) -> str:
        return self.out + self.err

    def records(self, name: str = "run.jsonl") -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in (self.folder / name).read_bytes().splitlines()]


def environment(**more: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "ASSAY_", "GITHUB_")) and name != "PYTHONPATH"
    }
    return {**kept, "NO_COLOR": "1", "COLUMNS": "100", **more}


async def _start(
    words: Sequence[str], folder: Path, env: Mapping[str, str]
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *words,
        cwd=folder,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # a signal to its group is what Ctrl-C does
    )


async def ended(process: asyncio.subprocess.Process, folder: Path) -> Done:
    """What came of a child, which must end by itself."""
    try:
        out, err = await asyncio.wait_for(process.communicate(), _LIMIT)
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    assert process.returncode is not None
    return Done(code=process.returncode, out=out.decode(), err=err.decode(), folder=folder)


async def assay_started(folder: Path, *words: str, **env: str) -> asyncio.subprocess.Process:
    command = [sys.executable, "-P", "-m", "assay", *words]
    return await _start(command, folder, environment(PYTHONPATH=str(HOME), **env))


async def assay(folder: Path, *words: str, **env: str) -> Done:
    """One `assay` command, run in `folder`."""
    return await ended(await assay_started(folder, *words, **env), folder)


async def suite(
    folder: Path, checks: Mapping[str, str], *words: str, **fields: Any
) -> asyncio.subprocess.Process:
    """The suite's own pytest over `checks` (file names and their text), as `assay test` runs it."""
    for name, text in checks.items():
        path = folder / "checks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    least: dict[str, Any] = {
        "protocol": "aitbc",
        "role": "coordinator",
        "target": Target(url="http://127.0.0.1:9"),
        "run": "r1",
        "record": str(folder / "run.jsonl"),
    }
    rooms = HOME / "conformance"
    command = [sys.executable, "-P", "-m", "pytest", "-c", str(rooms / "suite.ini")]
    command += ["--rootdir", str(rooms), "-p", "pytest_asyncio.plugin", "-p", "conformance.plugin"]
    command += ["-qq", "--no-header", "--no-summary", *words, str(folder / "checks")]
    env = environment(
        PYTHONPATH=str(HOME), PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PYTHONDONTWRITEBYTECODE="1"
    )
    env[VARIABLE] = RunContext(**(least | fields)).dump()
    return await _start(command, folder, env)


async def judged(folder: Path, checks: Mapping[str, str], *words: str, **fields: Any) -> Done:
    return await ended(await suite(folder, checks, *words, **fields), folder)


@asynccontextmanager
async def served(folder: Path, *words: str) -> AsyncIterator[tuple[str, Any]]:
    """A server as a child; yields its URL, from the first line that holds one, and the child."""
    command = [sys.executable, "-P", "-m", *words]
    process = await _start(command, folder, environment(PYTHONPATH=str(HOME)))
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            while line := (await process.stdout.readline()).decode():
                if "http" in line:
                    yield _url(line), process
                    break
            else:
                raise AssertionError(f"it told no URL: {await process.communicate()}")
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


def _url(line: str) -> str:
    said = json.loads(line)["url"] if line.startswith("{") else line.rsplit(maxsplit=1)[-1]
    return str(said)


def mutant(fault: str) -> list[str]:
    """The words that serve a coordinator with a fault."""
    return ["tests.mutants", "aitbc", "--fault", fault]
