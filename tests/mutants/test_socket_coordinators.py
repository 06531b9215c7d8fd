"""The suites of the WebSocket protocols, examined on coordinators: lawful ones pass, and each
broken one is caught by its row.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import yaml

from conformance.hooks import run_hook
from schemas import Requirement, load, load_requirements
from tests.mutants.coordinators import FAULTS, LAWFUL, served, served_mock
from tests.mutants.sample import EVERYTHING, sampled
from tests.suite import run_suite, verdicts

_HERE = Path(__file__).parent

SOCKETS = ("architect", "caxton", "echocenter", "stella")

TABLE: dict[str, dict[str, str | None]] = {
    protocol: yaml.safe_load((_HERE / f"{protocol}_caught.yaml").read_text("utf-8"))
    for protocol in SOCKETS
}
"""For each requirement that a check judges, a fault that it must catch; none where no peer of ours
breaks it.
"""

CAUGHT: dict[str, dict[str, str]] = {
    protocol: {row: fault for row, fault in table.items() if fault is not None}
    for protocol, table in TABLE.items()
}


OPEN = {
    "ECHO-REG-012",  # the mock's Admin API asks for no credentials
    "ECHO-DEV-004",
    "ECHO-CHAT-027",  # the mock knows one person only
    "ECHO-CONN-033",  # whose token is not a signed one
    "CAXTON-ERR-005",  # the mock has no occasion to refuse so
    "CAXTON-ERR-008",
    "CAXTON-ERR-030",
    "CAXTON-ERR-053",
    "CAXTON-ERR-060",
}
"""What our own mock gives no occasion to judge."""


@cache
def _rows(protocol: str) -> dict[str, Requirement]:
    rows = load_requirements(load(protocol))
    return {row.id: row for row in rows.values() if row.role == "coordinator"}


def _may_warn(protocol: str, row: str) -> bool:
    """A silence leaves it open, or libraries are lenient where RFC 6455 is strict."""
    return _rows(protocol)[row].silence is not None or "-WIRE-" in row


@pytest.mark.parametrize(
    ("protocol", "reading"),
    [(name, reading) for name in SOCKETS for reading in sampled([*LAWFUL[name]], 20)],
)
async def test_suite_passes_every_lawful_reading(
    protocol: str, reading: str, tmp_path: Path
) -> None:
    async with served(protocol, reading) as target:
        run = await run_suite(tmp_path, protocol=protocol, target=target)
    assert verdicts(run, "fail") == []
    assert run.verdict == "conformant", run.because
    warned = [row for row in verdicts(run, "warn") if not _may_warn(protocol, row)]
    assert warned == [], "a lawful peer is warned only of what is left open to it"


@pytest.mark.parametrize("protocol", sampled(SOCKETS[::-1], 4))
async def test_suite_passes_the_mock_with_nothing_left_open(protocol: str, tmp_path: Path) -> None:
    async with served_mock(protocol) as target:
        run = await run_suite(tmp_path, protocol=protocol, target=target, profile="exhaustive")
    counts = {**run.counts, "fail": 0, "warn": 0}
    assert run.counts == counts, [*verdicts(run, "fail"), *verdicts(run, "warn")]
    assert set(verdicts(run, "inconclusive")) <= OPEN
    assert len(verdicts(run, "pass")) >= len(_rows(protocol)) - len(OPEN)


@pytest.mark.parametrize("protocol", sampled(["stella", "caxton"], 2))
async def test_suite_passes_a_mock_whose_clock_an_earlier_run_has_moved(
    protocol: str, tmp_path: Path
) -> None:
    async with served_mock(protocol) as target:
        known = target.for_protocol(load(protocol))
        await run_hook(known, "advance", {"seconds": 250_000})
        only = "*" if EVERYTHING else f"{protocol.upper()}-HB-*"
        run = await run_suite(
            tmp_path, protocol=protocol, target=target, only=only, profile="quick"
        )
    assert verdicts(run, "fail") == []
    assert run.verdict == "conformant", run.because


@pytest.mark.parametrize("protocol", sampled([*SOCKETS], 2))
async def test_suite_passes_the_mock_in_its_other_dialect(protocol: str, tmp_path: Path) -> None:
    async with served_mock(protocol, load(protocol).dialects[1]) as target:
        run = await run_suite(tmp_path, protocol=protocol, target=target)
    assert verdicts(run, "fail") == []
    assert run.verdict == "conformant", run.because


@pytest.mark.parametrize(
    ("protocol", "row", "fault"),
    [(name, *pair) for name, caught in CAUGHT.items() for pair in sampled([*caught.items()], 160)],
)
async def test_fault_is_caught_by_its_requirement(
    protocol: str, row: str, fault: str, tmp_path: Path
) -> None:
    async with served(protocol, fault=fault, patience=2) as target:
        run = await run_suite(
            tmp_path,
            protocol=protocol,
            target=target,
            only=row,
            profile="exhaustive",
            library=EVERYTHING,  # the checks alone must do: scenarios have tests of their own
        )
    requirement = _rows(protocol)[row]
    weak = requirement.basis == "implied" or requirement.level == "SHOULD"
    assert verdicts(run, "warn" if weak else "fail") == [row], run.because


@pytest.mark.parametrize("protocol", SOCKETS)
def test_every_checked_requirement_has_its_line(protocol: str) -> None:
    rows = _rows(protocol)
    checked = {row.id for row in rows.values() if row.place is None and not row.untestable}
    assert checked - set(TABLE[protocol]) == set()
    assert set(TABLE[protocol]) <= set(rows)
    assert set(CAUGHT[protocol].values()) <= set(FAULTS[protocol])
