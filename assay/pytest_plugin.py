"""A pytest plugin for users' own suites: the fixture `mock_coordinator`.

    @pytest.mark.assay(protocol="aitbc", clock="virtual")
    def test_my_agent_registers(mock_coordinator: MockCoordinator) -> None:
        MyAgent(mock_coordinator.url).start()
        assert "my-agent" in str(mock_coordinator.state())
        mock_coordinator.assert_conformant()

The mock runs in a process of its own, so nothing of ours but this module enters the user's. It is
started when a test first wants it, shared by the tests that want the same protocol, seed and clock,
and ended with the pytest session (one mock for each pytest-xdist worker). Each test has a session
of its own on it: state, transcript, clock and faults of one test are never seen by another.

Every method blocks for a millisecond or so, and may be called from an asyncio or anyio test.
"""

from __future__ import annotations

import json
import os
import queue
import re
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    import subprocess

__all__ = ["MockClock", "MockCoordinator", "MockError", "mock_coordinator"]

_PATIENCE = 30.0
"""Seconds that a mock may take to start, and seconds that it may take to answer."""

# Our `main` clears the path before it imports anything of ours. The pipe at its standard input ends
# when pytest does, however that comes about, so the mock never outlives it.
_CHILD = """\
import os, signal, sys, threading
def end_with_parent():
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=end_with_parent, daemon=True).start()
from assay.__main__ import main
sys.exit(main())
"""


class MockError(RuntimeError):
    """The mock could not be started, is gone, or refuses what it was asked to do."""


class MockClock:
    """The clock of one test's session. It starts at the present time (UTC)."""

    def __init__(self, ask: _Ask) -> None:
        self._ask = ask

    def now(self) -> float:
        """The coordinator's time, in seconds since 1970 (UTC)."""
        return float(self._ask("GET", "clock")["seconds"])

    def advance(self, seconds: float) -> float:
        """Let virtual time pass in no time, and return the new time (seconds since 1970).

        All that falls due meanwhile happens in its order. Raises `MockError` on a real clock, and
        for a step back.
        """
        return float(self._ask("POST", "clock/advance", {"seconds": seconds})["seconds"])


class MockCoordinator:
    """A mock coordinator as one test sees it: state, transcript, clock and faults are its own.

    Methods raise `MockError` when the mock is gone or refuses what it is asked.
    """

    url: str
    """Base URL of this test's session, without a slash at its end: give it to the client."""
    host: str
    port: int
    credentials: Mapping[str, str]
    """What a client needs to get in; empty where the protocol knows no authentication."""
    headers: Mapping[str, str]
    """Leads to this test's session too, for a client that takes host and port but no path."""
    clock: MockClock

    def __init__(self, child: _Child, session: str) -> None:
        self.host, self.port = child.host, child.port
        self.url = f"{child.url}/_assay/sessions/{session}"
        self.credentials = child.credentials
        self.headers = {"X-Assay-Session": session}
        self._protocol = child.options.protocol
        self._ask = _Ask(child, session)
        self.clock = MockClock(self._ask)

    def __repr__(self) -> str:
        return f"<MockCoordinator {self._protocol} {self.url}>"

    def state(self) -> dict[str, Any]:
        """All that the coordinator knows at this moment. Its shape is the protocol's own."""
        return dict(self._ask("GET", "state"))

    def transcript(self, since: int = 0) -> list[dict[str, Any]]:
        """The exchanges after number `since`, oldest first (the latest 10 000 are kept).

        Each has `number` (from 1), `at` (ISO 8601, UTC), `took_ms`, `operation` (`None` for an
        unknown endpoint), `request` (method, path, query, headers, body), `violations`, `response`
        (status, headers, body; status 0 for a dropped connection) and `faults`.
        """
        return list(self._ask("GET", f"transcript?since={since}")["exchanges"])

    def verdicts(self) -> dict[str, dict[str, Any]]:
        """Each requirement that the requests so far touched, by id.

        Each has `verdict` (`pass`, `fail`, or `warn` where the document only implies it), `text`,
        `seen` (messages that touched it), `violations`, and `exchange`: the number of the first
        that broke it.
        """
        return dict(self._ask("GET", "verdicts")["verdicts"])

    def reset(self) -> None:
        """Begin anew from the same seed: state, transcript and faults are gone."""
        self._ask("POST", "reset")

    def restart(self) -> None:
        """Do as a coordinator that was restarted: it knows nobody. The transcript goes on."""
        self._ask("POST", "restart")

    def fault(self, kind: str, **options: Any) -> None:
        """Plan a fault, after those that are planned already.

        `kind`: `status` (answers `status`, by default 503, and does nothing), `delay` (answers
        `seconds` later, in real time), `drop` (serves, then ends the connection unanswered) or
        `extra` (answers carry a field that no document knows).
        Options: `operation` (a glob of operationIds, by default `*`), `times` (by default 1; `None`
        for ever), `skip` (calls that it lets pass first), `status`, `seconds`.
        Raises `MockError` for a fault that does not exist.
        """
        self._ask("POST", "faults", {"kind": kind, **options})

    def clear_faults(self) -> None:
        """Forget the faults that have not struck yet."""
        self._ask("DELETE", "faults")

    def assert_conformant(self, *, strict: bool = False) -> None:
        """Fail the test where the requests so far break a requirement, and say which and how.

        What the document only implies warns, and is let through unless `strict`. A client that sent
        nothing, or nothing that the protocol knows, fails too: nothing of it could be judged.
        """
        __tracebackhide__ = True
        exchanges = self.transcript()
        if not any(exchange["operation"] for exchange in exchanges):
            raise AssertionError(_nothing_judged(self, exchanges))
        bad = ("fail", "warn") if strict else ("fail",)
        broken = {id_: row for id_, row in self.verdicts().items() if row["verdict"] in bad}
        found = [_broken_requirement(id_, row, exchanges) for id_, row in broken.items()]
        known = {text for row in broken.values() for text in row["violations"]}
        found += [text for entry in exchanges if (text := _beside_the_point(entry, known))]
        if found:
            head = f"the client does not keep {self._protocol}: {len(found)} found at {self.url}"
            raise AssertionError("\n\n".join([head, *found]))


# What a failed test is told


def _nothing_judged(mock: MockCoordinator, exchanges: Sequence[Mapping[str, Any]]) -> str:
    if not exchanges:
        return f"nothing to judge: no request has come to {mock.url}"
    first = exchanges[0]["request"]
    return (
        f"nothing to judge: none of {len(exchanges)} requests was for an endpoint of the protocol; "
        f"the first: {first['method']} {first['path']}\n"
        f"    hint: the client's base URL is {mock.url}"
    )


def _broken_requirement(
    id_: str, row: Mapping[str, Any], exchanges: Sequence[Mapping[str, Any]]
) -> str:
    lines = [f"  {id_} ({row['verdict']})", f"    {row['text']}"]
    lines += [f"    - {violation}" for violation in row["violations"]]
    first = (entry for entry in exchanges if entry["number"] == row.get("exchange"))
    lines += [line for entry in first for line in _shown(entry)]
    return "\n".join(lines)


def _beside_the_point(exchange: Mapping[str, Any], known: set[str]) -> str:
    """A request whose body is no JSON, or whose path holds what it must not, as far as not told."""
    wrong = [
        f"{violation['pointer'] or '(whole body)'}: {violation['message']}"
        for violation in exchange["violations"]
        if violation["keyword"] == "json" or violation["pointer"].startswith("/path/")
    ]
    if not set(wrong) - known:
        return ""
    head = f"  {exchange['operation']} was called unlawfully"
    return "\n".join([head, *(f"    - {text}" for text in wrong), *_shown(exchange)])


def _shown(exchange: Mapping[str, Any]) -> list[str]:
    request, response = exchange["request"], exchange["response"]
    query = f"?{request['query']}" if request["query"] else ""
    return [
        f"    in request {exchange['number']}: {request['method']} {request['path']}{query}",
        f"      {_short(request['body'])}",
        f"    answered {response['status']}: {_short(response['body'])}",
    ]


def _short(body: object, most: int = 600) -> str:
    text = "(no body)" if body is None else json.dumps(body, ensure_ascii=False)
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"


# The mock's process, and the way to talk with it


class _Options(NamedTuple):
    """What tells one mock from another."""

    protocol: str
    seed: int
    clock: str


class _Child:
    """One `assay mock`. Raises `MockError`, with what it said, where it cannot be started."""

    def __init__(self, options: _Options, folder: Path) -> None:
        self.options = options
        self._heard: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._complaints: deque[bytes] = deque(maxlen=40)
        self._process = _spawn(options, folder)
        self._threads = [
            _drain(self._process.stdout, self._heard.put, only_first=True),
            _drain(self._process.stderr, self._complaints.append),
        ]
        try:
            ready = self._ready()
        except BaseException:
            self.end()
            raise
        self.url: str = ready["url"]
        self.host, self.port = _address(self.url)
        self.credentials: Mapping[str, str] = ready.get("credentials", {})

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def end(self) -> None:
        """End the process, at first gently, and wait until it is gone."""
        from subprocess import TimeoutExpired

        self._process.terminate()
        try:
            self._process.wait(5)
        except TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for thread in self._threads:
            thread.join(5)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def trouble(self, what: str) -> MockError:
        """An error that tells what happened, how the process fares, and its last words."""
        with suppress(Exception):
            self._process.wait(0.5)  # it may just be ending
        if self.ended:
            self._threads[1].join(1)
        fate = f"it ended with {self._process.returncode}" if self.ended else "it still runs"
        said = b"".join(self._complaints).decode("utf-8", "replace").rstrip()
        name = f"the mock of {self.options.protocol!r}"
        return MockError(f"{name} {what} ({fate})" + (f"\n{said}" if said else ""))

    def _ready(self) -> Mapping[str, Any]:
        try:
            line = self._heard.get(timeout=_PATIENCE)
        except queue.Empty:
            raise self.trouble(f"did not start within {_PATIENCE:g} s") from None
        try:
            ready = json.loads(line)
            return {**ready, "url": ready["url"].rstrip("/")}
        except (ValueError, KeyError, TypeError):
            shown = f": it began with {line!r}" if line else ""
            raise self.trouble(f"could not be started{shown}") from None


def _spawn(options: _Options, folder: Path) -> subprocess.Popen[bytes]:
    import subprocess

    home = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH", "")]))
    words = [sys.executable, "-P", "-c", _CHILD, "mock", options.protocol, "--port", "0"]
    words += ["--seed", str(options.seed), "--clock", options.clock, "--log", "json"]
    return subprocess.Popen(  # noqa: S603  # our own interpreter, and no shell
        words,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for pytest: its teardown may still need the mock
    )


def _drain(
    pipe: IO[bytes] | None, take: Callable[[bytes], object], *, only_first: bool = False
) -> threading.Thread:
    """Read a pipe to its end, so that it never fills; `take` gets its lines, or only the first."""

    def read() -> None:
        assert pipe is not None
        with suppress(ValueError, OSError):  # it was closed under us
            if only_first:
                take(pipe.readline())
            for line in pipe:
                if not only_first:
                    take(line)

    thread = threading.Thread(target=read, name="assay-drain", daemon=True)
    thread.start()
    return thread


def _address(url: str) -> tuple[str, int]:
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


class _Ask:
    """Puts one question to the control interface, in the name of one session."""

    def __init__(self, child: _Child, session: str) -> None:
        self._child = child
        self._headers = {"X-Assay-Session": session, "Content-Type": "application/json"}

    def __call__(self, method: str, command: str, said: Mapping[str, Any] | None = None) -> Any:
        from http.client import HTTPConnection, HTTPException

        connection = HTTPConnection(self._child.host, self._child.port, timeout=_PATIENCE)
        body = None if said is None else json.dumps(said)
        try:
            connection.request(method, f"/_assay/{command}", body, self._headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, HTTPException, ValueError) as error:
            raise self._child.trouble(f"does not answer: {error!r}") from error
        finally:
            connection.close()
        if response.status >= 400:
            raise MockError(f"the mock refuses {method} {command}: {answer.get('error', answer)}")
        return answer


# The plugin


class _Mocks:
    """The mocks of one pytest process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children: dict[_Options, _Child] = {}
        self._sessions = 0

    def open(self, options: _Options, test: str) -> MockCoordinator:
        """A session for one test, on a mock with those options."""
        child = self._children.get(options)
        if child is None or child.ended:
            child = self._children[options] = _Child(options, self._folder)
        self._sessions += 1
        name = re.sub(r"[^A-Za-z0-9.-]+", "_", test)[:60].strip("_")
        return MockCoordinator(child, f"{self._sessions}-{name}")

    def end(self) -> None:
        for child in self._children.values():
            child.end()


def pytest_addoption(parser: pytest.Parser) -> None:
    told = "the protocol of mock_coordinator, where no marker names one: an id, or a pack's folder"
    parser.getgroup("assay").addoption("--assay-protocol", metavar="PROTOCOL", help=told)
    parser.addini("assay_protocol", told, default="")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        'assay(protocol=..., seed=0, clock="real"): the mock that mock_coordinator gives; '
        'clock="virtual" stands still until it is advanced',
    )


@pytest.fixture(scope="session")
def _assay_mocks(pytestconfig: pytest.Config) -> Iterator[_Mocks]:
    mocks = _Mocks(pytestconfig.rootpath)
    try:
        yield mocks
    finally:
        mocks.end()


@pytest.fixture
def mock_coordinator(request: pytest.FixtureRequest, _assay_mocks: _Mocks) -> MockCoordinator:
    """A mock coordinator with a state of this test's own (see `assay.pytest_plugin`).

    The protocol comes from `@pytest.mark.assay(protocol=..., seed=..., clock=...)`, from
    `--assay-protocol`, or from `assay_protocol` in pytest's configuration.
    """
    return _assay_mocks.open(_options(request.node, request.config), request.node.name)


def _options(node: pytest.Item, config: pytest.Config) -> _Options:
    """What the markers say, the nearest first; then the command line; then the configuration."""
    said: dict[str, Any] = {}
    for marker in node.iter_markers("assay"):
        unknown = sorted(set(marker.kwargs) - set(_Options._fields))
        if marker.args or unknown:
            what = ", ".join([*map(repr, marker.args), *unknown])
            raise pytest.UsageError(
                f"the marker assay takes protocol=, seed= and clock=, not {what}"
            )
        said = {**marker.kwargs, **said}
    protocol = (
        said.get("protocol")
        or config.getoption("assay_protocol")
        or config.getini("assay_protocol")
    )
    if not protocol:
        raise pytest.UsageError(
            "mock_coordinator: which protocol? Say it with @pytest.mark.assay(protocol=...), "
            "--assay-protocol or assay_protocol in pytest's configuration"
        )
    return _Options(str(protocol), said.get("seed", 0), said.get("clock", "real"))
