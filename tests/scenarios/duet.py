"""Plays scenarios in this process: forward at a coordinator, and backward at a client that is the
scenario itself, or at an agent of its own process.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace

import mockserver
from conformance.clients import HttpClient
from conformance.clients.grpc import GrpcClient
from conformance.clients.opener import Opener
from conformance.context import RunContext
from conformance.examiner import Examiner
from conformance.ids import IdSource
from conformance.judge import Judge
from conformance.marks import UnjudgeableError
from conformance.peer_clock import PeerClock
from conformance.plugin import Suite
from conformance.scenario.alone import alone
from conformance.scenario.errands import Errands, own_errands
from conformance.scenario.examining import weigh
from conformance.scenario.forward import Forward
from conformance.scenario.judging import Part, end, tell
from conformance.scenario.peer import Peer
from conformance.scenario.play import Played as Plays
from conformance.scenario.play import situation_of
from conformance.scenario.rows import on_sight, own_rows, row_of
from conformance.scenario.values import of_start, of_target
from conformance.stage import of_heard
from conformance.target import Target, Tls
from mockserver import RunningMock, Settings
from mockserver.scenario.acts import Finished, Word
from mockserver.scenario.asking import own_values
from mockserver.scenario.flow import Flow
from mockserver.scenario.inputs import given
from mockserver.scenario.order import mains
from mockserver.scenario.script import Script
from mockserver.transcript import Frame as Heard
from mockserver.transcript import HttpExchange
from schemas import load_requirements
from schemas.arazzo.model import Scenario, Step, Workflow
from schemas.spec import Role

__all__ = ["Change", "Client", "Meeting", "Played", "backward", "examine", "forward", "itself"]

_PATIENCE = 6.0
"""Seconds of nothing after which a client that is still there will do nothing more."""

_COMING = 4.0
"""Seconds that an agent of its own process is waited for."""

_FAREWELL = 0.3
"""Seconds that it has to come to its own end when the scenario is over."""

Change = Callable[[Step], Step | None]
"""What becomes of a step of the client's; `None` where it leaves it out."""

_ORDER = ("inconclusive", "pass", "warn", "fail")


@dataclass(kw_only=True)
class Played:
    """What came of a scenario: how each workflow ended, and the rows by their verdict."""

    endings: list[Finished] = field(default_factory=list)
    verdicts: dict[str, str] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)

    def rows(self, verdict: str) -> list[str]:
        return [row for row, said in self.verdicts.items() if said == verdict]

    @property
    def kept(self) -> bool | None:
        """All to the end: `None` where one could not be judged so far."""
        kept = [each.kept for each in self.endings]
        return False if False in kept else None if None in kept else True

    def take(self, judge: Judge) -> None:
        """Of several verdicts on a row the worst one counts."""
        for finding in judge.findings():
            before = self.verdicts.get(finding.requirement, _ORDER[0])
            if _ORDER.index(finding.verdict) >= _ORDER.index(before):
                self.verdicts[finding.requirement] = finding.verdict
                self.messages[finding.requirement] = finding.message


def _suite(scenario: Scenario, target: Target, role: Role) -> Suite:
    rows = load_requirements(scenario.protocol)
    own = [row.id for row in own_rows(scenario, mains(scenario), role)]
    named = [row for row in scenario.requirements if row in rows]
    seen = [row.id for row in on_sight(scenario, rows) if row.id not in named]
    context = RunContext(
        protocol=scenario.protocol.id,
        role=role,
        target=target,
        run=f"{time.monotonic_ns():x}",
        scenario=str(scenario.path),
        rows=(*own, *named, *seen),
        on_sight=tuple(seen),
    )
    return Suite(context)


def _part(scenario: Scenario, workflow: Workflow) -> Part:
    return Part(scenario, workflow, row_of(scenario, workflow))


def _judge_of(part: Part, suite: Suite) -> Judge:
    return Judge(part.name, [*suite.book.requirements, *part.scenario.requirements], suite.book)


class _Reach:
    """All the ways to one coordinator, closed together."""

    def __init__(self, scenario: Scenario, target: Target) -> None:
        self.target = target.for_protocol(scenario.protocol)
        self.protocol = scenario.protocol
        self.http = HttpClient(self.protocol, self.target)
        own = own_errands(self.protocol, self.http, IdSource(f"{time.monotonic_ns():x}"))
        self.hooks = Errands(self.target, own)
        self.grpc: GrpcClient | None = None

    def peer(self, opener: Opener, judge: Judge | None = None) -> Peer:
        def procedures() -> GrpcClient:
            if not self.target.grpc:
                raise UnjudgeableError("the target has no address for gRPC")
            if self.grpc is None:
                self.grpc = GrpcClient(self.protocol, self.target)
            if judge is not None:
                self.grpc.see = judge.see
            return self.grpc

        return Peer(self.http, opener, procedures)

    async def close(self) -> None:
        await self.http.close()
        await self.hooks.close()
        if self.grpc is not None:
            await self.grpc.close()


async def forward(scenario: Scenario, target: Target) -> Played:
    """Each workflow, one after another, at the coordinator of that target."""
    reach = _Reach(scenario, target)
    suite = _suite(scenario, reach.target, "coordinator")
    played = Played()
    try:
        for workflow in mains(scenario):
            await _forward(_part(scenario, workflow), suite, reach, played)
    finally:
        await reach.close()
    return played


async def _forward(part: Part, suite: Suite, reach: _Reach, played: Played) -> None:
    judge = _judge_of(part, suite)
    reach.http.see = judge.see
    opener = Opener(suite.protocol, reach.target, judge.see_frame)
    ids = IdSource(suite.context.run)
    roles = {row.id: row.role for row in suite.all_rows.values()}

    async def one(number: int) -> None:
        peer = reach.peer(opener, judge)
        known = {**of_target(reach.target, suite.protocol), "client": number}
        inputs = given(part.workflow, "forward", {}, known, ids)
        flow = Flow(
            part.scenario, part.workflow.key, direction="forward", inputs=inputs, roles=roles
        )
        clock = PeerClock(reach.hooks)
        words: list[Word] = []

        def say(word: Word) -> None:
            words.append(word)
            tell(judge, word, peer.shown)

        driver = Forward(flow, peer, clock, say)
        finished = await driver.run()
        end(judge, part, finished, words, peer.shown)
        played.endings.append(finished)

    try:
        await asyncio.gather(*(one(number) for number in range(part.workflow.clients)))
    finally:
        await opener.close()
    played.take(judge)


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """A mock that plays a scenario, and what the client that comes is started with."""

    mock: RunningMock
    part: Part
    values: Mapping[str, str]
    flow: Flow


Client = Callable[[Meeting], Awaitable[None]]
"""Comes to the meeting and does its part, until it is cancelled at the latest."""


async def backward(
    scenario: Scenario, client: Client | None = None, patience: float = _PATIENCE
) -> Played:
    """Each workflow, at a client: the scenario itself, where no other one is given. It is waited
    for as many seconds as the patience lasts.
    """
    played = Played()
    for workflow in mains(scenario):
        settings = Settings(username="assay", password="open-sesame")
        async with mockserver.start(
            scenario.protocol, settings=settings, clock="adjustable"
        ) as mock:
            part = _part(scenario, workflow)
            await _backward(part, mock, client or itself(), played, patience)
    return played


async def _backward(
    part: Part, mock: RunningMock, client: Client, played: Played, patience: float
) -> None:
    told = mock.session.coordinator.enrol("scout")
    values = {"name": "scout", "url": mock.url, "ws_url": mock.ws_url, "ca": mock.ca, **told}
    suite = _suite(part.scenario, Target(), "agent")
    roles = {row.id: row.role for row in suite.all_rows.values()}
    inputs = given(part.workflow, "backward", {}, of_start(values), str)
    flow = Flow(part.scenario, part.workflow.key, direction="backward", inputs=inputs, roles=roles)
    # What the others will say is known beforehand: the client waits for it by the same criteria.
    others = [step for step in part.workflow.steps if step.client != part.workflow.agent]
    flow.choose(0, [own_values(step) for step in others], IdSource("others"))
    script = Script(mock.mock, mock.session, flow, part.workflow, time.monotonic)
    mock.session.script = script
    script.begin()
    meeting = Meeting(mock=mock, part=part, values=values, flow=flow)
    coming: asyncio.Future[None] = asyncio.ensure_future(client(meeting))
    try:
        await _watch(script, patience, coming)
    finally:
        script.give_up(patience)
        last = mock.session.transcript.count  # what it says at its end is none of the scenario's
        await asyncio.wait([coming], timeout=_FAREWELL if script.finished else 0)
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
        mock.session.script = None
    judge = _judge_of(part, suite)
    left_out = script.unlawful | script.others
    _judge(judge, suite, mock, lambda number: number > last or number in left_out)
    for word in script.words:
        tell(judge, word, [])
    assert script.finished is not None
    end(judge, part, script.finished, script.words, [])
    played.endings.append(script.finished)
    played.take(judge)


async def _watch(script: Script, patience: float, coming: asyncio.Future[None]) -> None:
    """Until it is over, or nothing has come of it for as long as the patience lasts; of a client
    that has left, nothing more comes.
    """
    last, progress = time.monotonic(), script.progress
    while script.finished is None:
        script.tick()
        if script.progress != progress:
            progress, last = script.progress, time.monotonic()
        if time.monotonic() - last > (_FAREWELL if coming.done() else patience):
            return
        await asyncio.sleep(0.005)


def _judge(
    judge: Judge, suite: Suite, mock: RunningMock, is_left_out: Callable[[int], bool]
) -> None:
    """What the client said, held against the rows that need no step."""
    entries = [each for each in mock.session.transcript.entries if not is_left_out(each.number)]
    exchanges = [each for each in entries if isinstance(each, HttpExchange)]
    for heard in exchanges:
        judge.see_request(heard)
    opened = {each.connection: each for each in exchanges if each.connection}
    for frame in entries:
        if isinstance(frame, Heard) and frame.connection in opened:
            handshake = opened[frame.connection]
            said = of_heard(frame, handshake.real)
            judge.see_frame(said, suite.protocol.channels[handshake.operation])


def itself(change: Change | None = None) -> Client:
    """The client of the scenario, played by Assay: its own part and nobody else's, each step
    changed as it is told to.
    """

    async def come(meeting: Meeting) -> None:
        workflow, mock = meeting.part.workflow, meeting.mock
        scenario = alone(meeting.part.scenario, workflow.agent)
        own = scenario.workflows[workflow.key]
        steps = [replace(step, faults=()) for step in own.steps if not step.never]
        steps = [changed for step in steps if (changed := change(step) if change else step)]
        own = replace(own, steps=steps)
        scenario = replace(scenario, workflows={**scenario.workflows, workflow.key: own})
        target = Target(timeout=5.0, tls=Tls(ca=mock.ca), grpc=mock.grpc).with_url(mock.url)
        if scenario.protocol.token_header:
            target = target.with_token(meeting.values["token"], scenario.protocol)
        async with AsyncExitStack() as stack:
            reach = _Reach(scenario, target)
            stack.push_async_callback(reach.close)
            opener = Opener(scenario.protocol, reach.target, lambda *_: None)
            stack.push_async_callback(opener.close)
            handed = meeting.flow.workflows[workflow.key]["inputs"]
            known = {**of_start(meeting.values), "client": 0}
            inputs = {**given(workflow, "forward", {}, known, IdSource("client")), **handed}
            rows = load_requirements(scenario.protocol).values()
            roles = {row.id: row.role for row in rows}
            flow = Flow(scenario, workflow.key, direction="forward", inputs=inputs, roles=roles)
            driver = Forward(flow, reach.peer(opener), PeerClock(reach.hooks), lambda _: None)
            await driver.run()

    return come


async def examine(scenarios: Iterable[Scenario], command: Sequence[str]) -> Played:
    """An agent, started anew for each workflow of these scenarios of one protocol."""
    parts = [_part(scenario, each) for scenario in scenarios for each in mains(scenario)]
    suites = [_suite(part.scenario, Target(), "agent") for part in parts]
    context = replace(suites[0].context, command=tuple(command), patience=_COMING)
    roles = {row.id: row.role for suite in suites for row in suite.all_rows.values()}
    plays, played = Plays(roles, {}), Played()
    situations = [situation_of(part, plays) for part in parts]
    examiner = Examiner(suites[0].protocol, context, situations)
    for part, suite in zip(parts, suites, strict=True):
        judge = _judge_of(part, suite)
        weigh(part, await examiner.observe(part.name), plays, judge)
        played.take(judge)
    return played
