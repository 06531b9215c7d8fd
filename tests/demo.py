"""`make demo`: the main job on real sockets, three times: mock, broken coordinator, agent."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

__all__ = ["main"]

_ROOT = Path(__file__).resolve().parent.parent
_OUT = Path("out") / "demo"
_ASSAY = [sys.executable, "-P", "-m", "assay"]
_AGENT = [sys.executable, "tests/mutants/aitbc_agents/agent.py"]
_AGENT += ["--url", "{url}", "--name", "{name}"]
_TARGET = """\
name: {name}
url: {url}
hooks:
  force:
    url: /_assay/faults
    json: {{kind: status, operation: "{{operation}}", status: "{{status}}"}}
"""


def main() -> int:
    """Three runs; returns 0 if each ended as it should."""
    _OUT.mkdir(parents=True, exist_ok=True)
    ends = [_judge_mock(), _judge_broken(), _judge_agent()]
    pages = [f"{_OUT}/{name}/report.html" for name in ("mock", "broken", "agent")]
    print(f"\nReports: {'  '.join(pages)}")
    if ends != [0, 1, 0]:
        print(f"The runs ended with {ends}, and should with [0, 1, 0].", file=sys.stderr)
        return 1
    return 0


def _judge_mock() -> int:
    _title("1. Our own mock coordinator, which must be conformant")
    with _served([*_ASSAY, "mock", "aitbc", "--port", "0", "--log", "none"], "base URL") as url:
        target = _OUT / "mock.yaml"
        target.write_text(_TARGET.format(name="mock", url=url), "utf-8")
        return _assay("test", "aitbc", "--target", str(target), "--out", str(_OUT / "mock"))


def _judge_broken() -> int:
    _title("2. A coordinator that counts one agent too many, which must be found out")
    words = [sys.executable, "-m", "tests.mutants", "aitbc"]
    with _served([*words, "--fault", "discover.count.one_more"], "url:") as url:
        return _assay("test", "aitbc", "--url", url, "--out", str(_OUT / "broken"))


def _judge_agent() -> int:
    _title("3. A small real agent, led through its situations")
    out = str(_OUT / "agent")
    return _assay("test", "aitbc", "--role", "agent", "--out", out, "--", *_AGENT)


def _title(text: str) -> None:
    print(f"\n=== {text}\n", flush=True)


def _assay(*words: str) -> int:
    return subprocess.run([*_ASSAY, *words], check=False, cwd=_ROOT).returncode


@contextlib.contextmanager
def _served(command: Sequence[str], before: str) -> Iterator[str]:
    """A server as a child; yields the URL that it prints after the words `before`."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_ROOT)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if before in line:
                yield line.split(before, 1)[1].strip()
                break
        else:
            raise RuntimeError(f"{command} ended without telling where it listens")
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
