"""The suite, examined: lawful coordinators pass it, and each broken one is caught by its row."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import mockserver
from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.target import Hook, Target
from conformance.witness import Rulebook
from mockserver.router import Router
from schemas import Requirement, load, load_requirements
from tests.mutants.aitbc import FAULTS, LAWFUL, start
from tests.mutants.aitbc.coordinator import Coordinator
from tests.mutants.aitbc.script import World, base_script, play
from tests.mutants.sample import EVERYTHING, sampled
from tests.suite import run_suite, verdicts

_HERE = Path(__file__).parent

CAUGHT: dict[str, str] = yaml.safe_load((_HERE / "aitbc_caught.yaml").read_text("utf-8"))
"""For each requirement that a check judges, a fault that it must catch."""

_FORCE = Hook(
    url="/_assay/faults",
    json={"kind": "status", "operation": "{operation}", "status": "{status}"},
)


@cache
def _rows() -> dict[str, Requirement]:
    rows = load_requirements(load("aitbc"))
    return {row.id: row for row in rows.values() if row.role == "coordinator"}


@pytest.mark.parametrize("reading", sampled([*LAWFUL], 16))
async def test_suite_passes_every_lawful_reading(reading: str, tmp_path: Path) -> None:
    async with await start(reading) as peer:
        run = await run_suite(tmp_path, url=peer.url)
    assert verdicts(run, "fail") == []
    assert run.verdict == "conformant", run.because
    warned = [row for row in verdicts(run, "warn") if _rows()[row].silence is None]
    assert warned == [], "a lawful peer is warned only of what a silence leaves open"


async def test_suite_passes_the_mock_with_nothing_left_open(tmp_path: Path) -> None:
    async with mockserver.start("aitbc") as mock:
        target = Target(hooks={"force": _FORCE})
        run = await run_suite(tmp_path, url=mock.url, target=target, profile="exhaustive")
    assert run.counts == {**run.counts, "fail": 0, "warn": 0, "inconclusive": 0}
    assert len(verdicts(run, "pass")) == len(_rows())


@pytest.mark.parametrize(("row", "fault"), sampled([*CAUGHT.items()], 36))
async def test_fault_is_caught_by_its_requirement(row: str, fault: str, tmp_path: Path) -> None:
    async with await start(FAULTS[fault].reading, fault) as peer:
        run = await run_suite(
            tmp_path,
            url=peer.url,
            only=row,
            profile="exhaustive",
            library=EVERYTHING,  # the checks alone must do: scenarios have tests of their own
            target=Target(time_scale=10, timeout=2),
        )
    broken = "warn" if _rows()[row].basis == "implied" else "fail"
    assert verdicts(run, broken) == [row], run.because


async def _broken_in_memory(fault: str, book: Rulebook) -> set[str]:
    """The requirements that the answers of one fixed conversation break, by their schemas alone."""
    protocol = book.protocol
    router, world = Router(protocol), World()
    peer: Coordinator = FAULTS[fault].make(LAWFUL[FAULTS[fault].reading], world.env())
    judge = Judge(fault, [], book)
    steps = [*base_script()]
    answers = [answer async for answer in play(peer, world, steps)]
    for step, answer in zip(steps, answers, strict=True):
        path = step.path.partition("?")[0]
        match = router.match(step.method, path)
        if match.operation is not None:
            judge.see(_exchange(match.operation.id, step, answer))
    return {finding.requirement for finding in judge.findings() if finding.verdict == "fail"}


def _exchange(operation: str, step: Any, answer: Any) -> Exchange:
    return Exchange(
        operation=operation,
        method=step.method,
        url=step.path,
        body=step.body if isinstance(step.body, bytes) else json.dumps(step.body).encode(),
        status=answer.status,
        answer=answer.body,
        lawful=False,
        served=False,
    )


async def test_every_place_has_a_peer_that_breaks_it() -> None:
    book = Rulebook(load("aitbc"), _rows(), strict=False)
    broken: set[str] = set()
    fields_of = {name.rpartition(".")[0] for name in FAULTS if FAULTS[name].kind == "field"}
    for field in sorted(fields_of):
        for name in (f"{field}.{way}" for way in ("missing", "null", "number")):
            found = await _broken_in_memory(name, book) if name in FAULTS else set()
            broken |= found
            if found:
                break
    fields = {
        row.id
        for row in _rows().values()
        if row.place is not None and row.place.pointer and not row.hook
    }
    # A whole body is broken by golden examples; an item of a list by whatever breaks its fields.
    assert fields - broken <= {"AITBC-DISC-006"}


def test_every_checked_requirement_has_a_broken_peer() -> None:
    checked = {row.id for row in _rows().values() if row.place is None and not row.untestable}
    assert checked - set(CAUGHT) == set()
    assert set(CAUGHT) <= set(_rows())
