"""A pytest plugin for users' own suites: the fixture `mock_coordinator`.

    @pytest.mark.assay(protocol="aitbc", clock="virtual")
    def test_my_agent_registers(mock_coordinator: MockCoordinator) -> None:
        MyAgent(mock_coordinator.url).start()
        assert "my-agent" in str(mock_coordinator.state())
        mock_coordinator.assert_conformant()

The mock runs in a process of its own, so nothing of ours but the package `assay` enters the user's.
It is started when a test first wants it, shared by the tests that want the same (protocol, seed,
clock, dialect, user, TLS, production), and ended with the pytest session (one mock for each
pytest-xdist worker). Each test has a session of its own on it: state, transcript, connections,
clock and faults of one test are never seen by another.

Every method blocks for a millisecond or so, and may be called from an asyncio or anyio test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assay.mock_coordinator import MockClock, MockCoordinator
from assay.mock_process import MockError, MockProcess, Options

__all__ = ["MockClock", "MockCoordinator", "MockError", "mock_coordinator"]


class _Mocks:
    """The mocks of one pytest process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: dict[Options, MockProcess] = {}
        self._sessions = 0

    def open(self, options: Options, test: str) -> MockCoordinator:
        """A session for one test, on a mock with those options."""
        process = self._processes.get(options)
        if process is None or process.ended:
            process = self._processes[options] = MockProcess(options, self._folder)
        self._sessions += 1
        name = re.sub(r"[^A-Za-z0-9.-]+", "_", test)[:60].strip("_")
        return MockCoordinator(process, f"{self._sessions}-{name}")

    def end(self) -> None:
        for process in self._processes.values():
            process.end()


def pytest_addoption(parser: pytest.Parser) -> None:
    told = "the protocol of mock_coordinator, where no marker names one: an id, or a pack's folder"
    parser.getgroup("assay").addoption("--assay-protocol", metavar="PROTOCOL", help=told)
    parser.addini("assay_protocol", told, default="")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        'assay(protocol=..., seed=0, clock="real", dialect=..., user=(name, password), tls=..., '
        "production=False): the mock that mock_coordinator gives; "
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

    The protocol comes from `@pytest.mark.assay(protocol=...)`, from `--assay-protocol`, or from
    `assay_protocol` in pytest's configuration; the marker's other words are `seed`, `clock`,
    `dialect`, `user`, `tls` and `production`.
    """
    return _assay_mocks.open(_options(request.node, request.config), request.node.name)


def _options(node: pytest.Item, config: pytest.Config) -> Options:
    """What the markers say, the nearest first; then the command line; then the configuration."""
    said: dict[str, Any] = {}
    for marker in node.iter_markers("assay"):
        unknown = sorted(set(marker.kwargs) - set(Options._fields))
        if marker.args or unknown:
            what = ", ".join([*map(repr, marker.args), *unknown])
            known = "=, ".join(Options._fields)
            raise pytest.UsageError(f"the marker assay takes {known}=, not {what}")
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
    if said.get("user") is not None:
        said["user"] = _user(said["user"])
    return Options(**{**said, "protocol": str(protocol)})


def _user(said: Any) -> tuple[str, str]:
    """Name and password, as a command line can tell them apart."""
    pair = tuple(said) if isinstance(said, tuple | list) else ()
    texts = all(isinstance(text, str) and text for text in pair)
    if len(pair) != 2 or not texts or ":" in pair[0]:
        raise pytest.UsageError(
            f"the marker assay takes user=(name, password), and no colon in the name, not {said!r}"
        )
    return pair[0], pair[1]
