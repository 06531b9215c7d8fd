"""Plays one scenario in this very process: forward at a coordinator, and backward against a client
that takes its part by the scenario itself.
"""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mockserver
from conformance.clients import HttpClient
from conformance.clients.opener import Opener
from conformance.context import RunContext
from conformance.examiner import Examiner, Observation
from conformance.hooks import Hooks
from conformance.ids import IdSource
from conformance.judge import Judge
from conformance.marks import UnjudgeableError
from conformance.patience import Pace
from conformance.peer_clock import PeerClock
from conformance.scenario.alone import alone
from conformance.scenario.examining import weigh
from conformance.scenario.forward import Forward
from conformance.scenario.judging import Part, end, tell
from conformance.scenario.peer import Peer
from conformance.scenario.play import Played, situation_of
from conformance.scenario.rows import own_rows, row_of
from conformance.scenario.values import of_target
from conformance.stage import Stage
from conformance.target import Target
from conformance.verdict import Finding
from conformance.witness import Rulebook
from mockserver.scenario.acts import Word
from mockserver.scenario.flow import Flow
from mockserver.scenario.inputs import given
from mockserver.scenario.order import mains
from schemas import load_requirements
from schemas.arazzo.document import read_scenario
from schemas.arazzo.model import Scenario, Workflow
from schemas.spec import Requirement, Role

__all__ = ["Told", "backward", "examine", "forward"]

_PATIENCE = 4.0
"""Seconds that the client of a scenario is waited for."""


@dataclass(slots=True)
class Told:
    """What was found of one side, in all workflows of a scenario."""

    findings: list[Finding] = field(default_factory=list)

    def rows(self, *verdicts: str) -> dict[str, str]:
        """The rows with one of these verdicts, and why."""
        return {
            each.requirement: each.message for each in self.findings if each.verdict in verdicts
        }

    @property
    def broken(self) -> dict[str, str]:
        return self.rows("fail", "warn")


class _Court:
    """Judges one workflow after another by all the rows of one role."""

    def __init__(self, scenario: Scenario, role: Role) -> None:
        self.scenario = scenario
        self.protocol = self.scenario.protocol
        self.workflows: list[Workflow] = mains(self.scenario)
        known: dict[str, Requirement] = dict(load_requirements(self.protocol))
        known |= {row.id: row for row in own_rows(self.scenario, self.workflows, role)}
        self.roles = {row.id: row.role for row in known.values()}
        mine = {row.id: row for row in known.values() if row.role == role}
        self._declared = list(mine)
        self._book = Rulebook(self.protocol, mine, strict=False, role=role)
        self.told = Told()

    def part(self, workflow: Workflow) -> Part:
        return Part(self.scenario, workflow, row_of(self.scenario, workflow))

    def judge(self, part: Part) -> Judge:
        return Judge(part.name, self._declared, self._book)

    def close(self, part: Part, judge: Judge) -> None:
        touched = {*part.scenario.requirements, part.row}
        self.told.findings += [
            each
            for each in judge.findings()
            if each.verdict != "inconclusive" or each.requirement in touched
        ]


async def forward(path: Path, target: Target) -> Told:
    """Judge a coordinator by all workflows of a scenario."""
    court = _Court(read_scenario(path), "coordinator")
    target = target.for_protocol(court.protocol)
    ids = IdSource(uuid.uuid4().hex[:8])
    hooks = Hooks(target)
    client = HttpClient(court.protocol, target)
    try:
        for workflow in court.workflows:
            part = court.part(workflow)
            judge = court.judge(part)
            client.see = judge.see
            numbers = range(workflow.clients)
            await asyncio.gather(
                *(_play(court, part, judge, client, hooks, ids, number) for number in numbers)
            )
            court.close(part, judge)
    finally:
        await client.close()
        await hooks.close()
    return court.told


async def _play(
    court: _Court,
    part: Part,
    judge: Judge,
    client: HttpClient,
    hooks: Hooks,
    ids: Callable[[str], str],
    number: int,
) -> None:
    known: dict[str, Any] = {**of_target(client.target, court.protocol), "client": number}
    inputs = given(part.workflow, "forward", {}, known, ids)
    flow = Flow(
        court.scenario, part.workflow.key, direction="forward", inputs=inputs, roles=court.roles
    )
    opener = Opener(court.protocol, client.target, judge.see_frame)
    reached = Peer(client, opener, _no_procedures)
    words: list[Word] = []

    def note(word: Word) -> None:
        words.append(word)
        tell(judge, word, reached.shown)

    try:
        finished = await Forward(flow, reached, PeerClock(hooks), note).run()
        end(judge, part, finished, words, reached.shown)
    finally:
        await opener.close()


def _no_procedures() -> Any:
    raise UnjudgeableError("no procedures are called here")


async def backward(path: Path) -> Told:
    """Judge a client that does what the scenario has it do, against our mock in its other part."""
    court = _Court(read_scenario(path), "agent")
    for workflow in court.workflows:
        await _examine(court, court.part(workflow))
    return court.told


async def _examine(court: _Court, part: Part) -> None:
    judge, played = court.judge(part), Played(court.roles, {})
    async with mockserver.start(court.protocol, clock="adjustable") as mock:
        stage = Stage(mock, Pace(_PATIENCE), {"url": mock.url})
        play = situation_of(part, played).play
        assert play is not None
        examined = asyncio.ensure_future(play(stage))
        await asyncio.sleep(0)  # it is awaited before it comes
        await _take_part(part, Target().with_url(mock.url))
        await examined
        seen = Observation(situation=part.name, entries=tuple(stage.entries), seconds=0.0)
    weigh(part, seen, played, judge)
    court.close(part, judge)


async def examine(paths: Iterable[Path], command: Sequence[str]) -> Told:
    """Judge an agent, started anew for each of them, by all workflows of some scenarios."""
    courts = [_Court(read_scenario(path), "agent") for path in paths]
    parts = [(court, court.part(each)) for court in courts for each in court.workflows]
    played = Played({row: role for court in courts for row, role in court.roles.items()}, {})
    protocol = courts[0].protocol
    context = RunContext(
        protocol=protocol.id,
        role="agent",
        target=Target(),
        run=uuid.uuid4().hex[:8],
        command=tuple(command),
        patience=_PATIENCE,
    )
    examiner = Examiner(protocol, context, [situation_of(part, played) for _, part in parts])
    told = Told()
    for court, part in parts:
        judge = court.judge(part)
        weigh(part, await examiner.observe(part.name), played, judge)
        court.close(part, judge)
        told.findings += court.told.findings
        court.told.findings.clear()
    return told


async def _take_part(part: Part, target: Target) -> None:
    own = alone(part.scenario, part.workflow.agent)
    court = _Court(own, "coordinator")
    target = target.for_protocol(court.protocol)
    client, hooks, counted = HttpClient(court.protocol, target), Hooks(target), itertools.count(1)
    part = court.part(own.workflows[part.workflow.key])
    try:
        judge = court.judge(part)
        await _play(court, part, judge, client, hooks, lambda what: f"{what}-{next(counted)}", 0)
    finally:
        await client.close()
        await hooks.close()
