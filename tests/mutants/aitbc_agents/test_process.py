"""The agents as processes: command line, signals, exit statuses, tracebacks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.mutants.aitbc_agents import FAULTS, STYLES, Needs
from tests.mutants.aitbc_agents.judge import complaints
from tests.mutants.aitbc_agents.model import Op
from tests.mutants.aitbc_agents.recorder import Recorder, recording

HERE: Final = Path(__file__).parent
SCRIPT: Final = (sys.executable, str(HERE / "agent.py"))
MODULE: Final = (sys.executable, "-m", "tests.mutants.aitbc_agents")
WAIT: Final = 10.0
"""Seconds that anything may take on a busy machine."""


@contextmanager
def _agent(
    url: str, *options: str, command: Sequence[str] = SCRIPT, env: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    arguments = [*command, *(("--url", url) if url else ()), "--interval", "0.1", *options]
    with subprocess.Popen(
        arguments,
        stderr=subprocess.PIPE,
        text=True,
        cwd=HERE.parents[2],
        env={**os.environ, **(env or {})},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _until_seen(recorder: Recorder, n: int) -> None:
    deadline = time.monotonic() + WAIT
    while len(recorder.seen) < n and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(recorder.seen) >= n


def _end(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit status and standard error of an agent that is about to end."""
    _out, err = process.communicate(timeout=WAIT)
    return process.returncode, err


@pytest.mark.parametrize("name", sorted(set(STYLES) - {"oneshot"}))
def test_style_lives_and_ends_on_sigterm(name: str) -> None:
    with recording() as recorder, _agent(recorder.url, "--style", name) as process:
        # Its third request shows that it took in the answer to its registration.
        _until_seen(recorder, 3 if name == "slowpoke" else 5)
        process.send_signal(signal.SIGTERM)
        assert _end(process)[0] == 0
    assert not any(complaints(request) for request in recorder.seen)
    says_goodbye = b'"inactive"' in recorder.seen[-1].body.replace(b" ", b"")
    assert says_goodbye is (Op.STATUS in STYLES[name].operations and name != "empties")


def test_oneshot_ends_by_itself() -> None:
    with recording() as recorder, _agent(recorder.url, "--style", "oneshot") as process:
        assert _end(process) == (0, "")
    assert [request.path for request in recorder.seen] == ["/agents/register", "/tasks/submit"]


def test_module_takes_url_and_name_from_the_environment() -> None:
    with recording() as recorder:
        env = {"ASSAY_URL": recorder.url, "ASSAY_NAME": "from-env"}
        with _agent("", "--style", "oneshot", command=MODULE, env=env) as process:
            assert _end(process)[0] == 0
    assert b'"from-env"' in recorder.seen[0].body


def test_agent_ends_when_its_time_is_up() -> None:
    with recording() as recorder, _agent(recorder.url, "--lives", "0.5") as process:
        assert _end(process)[0] == 0
    assert b'"inactive"' in recorder.seen[-1].body


def test_agent_without_a_coordinator_waits_and_still_obeys() -> None:
    with _agent("http://127.0.0.1:9/none", "--lives", "5") as process:
        assert process.stderr is not None
        said = process.stderr.readline()  # from here on it is ready to be asked
        process.send_signal(signal.SIGTERM)
        status, log = _end(process)
    assert status == 0
    assert "refused" in said
    assert "Traceback" not in log


def test_bad_url_is_bad_usage() -> None:
    with _agent("https://example.invalid") as process:
        assert _end(process) == (
            2,
            "aitbc-agent: usage: not an http URL: 'https://example.invalid'\n",
        )


def test_careful_says_why_it_leaves() -> None:
    trouble = recording(Needs.REFUSED)
    with trouble as recorder, _agent(recorder.url, "--style", "careful") as process:
        status, log = _end(process)
    assert status == 2
    assert "422 'not now'" in log
    assert "Traceback" not in log


@pytest.mark.parametrize("name", [name for name in FAULTS if name.startswith("crash")])
def test_crash_leaves_a_traceback(name: str) -> None:
    with recording(FAULTS[name].needs) as recorder:
        if FAULTS[name].needs is Needs.SLOW:
            recorder.delay = 0.8
        with _agent(recorder.url, "--fault", name) as process:
            status, log = _end(process)
    assert status == 1
    assert "Traceback" in log


@pytest.mark.parametrize("name", [name for name in FAULTS if name.startswith("quit")])
def test_quitter_leaves_without_a_word(name: str) -> None:
    with recording(FAULTS[name].needs) as recorder:
        if FAULTS[name].needs is Needs.SLOW:
            recorder.delay = 0.8
        with _agent(recorder.url, "--fault", name) as process:
            assert _end(process) == (0, "")


@pytest.mark.parametrize(("name", "status"), [("sigterm_crashes", 1), ("sigterm_fails", 3)])
def test_bad_end_on_sigterm(name: str, status: int) -> None:
    with recording() as recorder, _agent(recorder.url, "--fault", name) as process:
        _until_seen(recorder, 3)
        process.send_signal(signal.SIGTERM)
        assert _end(process)[0] == status


def test_sigterm_ignored() -> None:
    with recording() as recorder, _agent(recorder.url, "--fault", "sigterm_ignored") as process:
        _until_seen(recorder, 3)
        process.send_signal(signal.SIGTERM)
        _until_seen(recorder, len(recorder.seen) + 4)
        assert process.poll() is None


def test_silent_agent_says_nothing() -> None:
    with recording() as recorder, _agent(recorder.url, "--fault", "sends_nothing") as process:
        time.sleep(0.6)
        assert process.poll() is None
        assert recorder.seen == []
