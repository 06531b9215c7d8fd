"""Messages of agents on their task streams that nobody wrote down."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from conformance.clients.raw import RawSocket
from conformance.conversation import Refused
from conformance.hooks import Hooks
from conformance.ids import IdSource
from conformance.marks import UnjudgeableError, from_profile, fuzzes, requirement
from conformance.patience import Patience
from conformance.plugin import Suite
from conformance.protocols.stella.fleet import Agent, Fleet
from conformance.protocols.stella.hours import Hours
from conformance.protocols.stella.siege import UNHARMED
from conformance.protocols.stella.streams import Line, Streams
from conformance.rfc6455_cases import send_parts

if TYPE_CHECKING:
    from conformance.fuzz.case import Case
    from conformance.fuzz.fuzzer import Fuzzer
    from conformance.fuzz.nonsense import Nonsense
    from conformance.protocols.stella.generated import Report

_COMEBACK = 2.0
"""Seconds in which a coordinator notices that the stream before has ended."""

Streaming = Callable[["Case"], Streams]


@pytest.fixture
def streaming(
    fleet: Fleet, hooks: Hooks, ids: IdSource, hours: Hours, patience: Patience
) -> Streaming:
    """The streams of one case."""

    def begin(case: Case) -> Streams:
        fleet.peer.see = case.see
        own = Fleet(fleet.peer, case.opener, hooks, ids, hours)
        return Streams(own, case.judge, patience)

    return begin


@fuzzes
@from_profile("standard")
@requirement("STELLA-STREAM-020", "STELLA-STREAM-021", "STELLA-STREAM-030", "STELLA-WIRE-010")
async def test_flow_reports_are_taken(fuzzer: Fuzzer, fleet: Fleet, streaming: Streaming) -> None:
    from conformance.protocols.stella.generated import reports  # Hypothesis is slow to load

    agent = await fleet.register()

    async def taken(case: Case, report: Report) -> None:
        streams = streaming(case)
        line = await _raw(streams, agent)
        assert isinstance(line.socket, RawSocket)
        job = await streams.depot.make(agent)
        await streams.pushed(line, job)
        said = {**report.said, "taskId": job.id}
        data = report.spelling.write(said).encode()
        await send_parts(line.socket, data, report.cuts.of(data), pinged=report.cuts.pinged)
        await streams.in_use(report.row, line, "after its agent told of a task another")
        await _done(streams, agent, line)

    await fuzzer.values(reports, taken)


async def _done(streams: Streams, agent: Agent, line: Line) -> None:
    """The tasks of one case do not come again in the next."""
    told = {frame.value("/task/taskId") for frame in line.heard(lambda frame: frame.kind == "text")}
    for task_id in told:
        if isinstance(task_id, str):
            await streams.fleet.complete(agent, task_id)


@fuzzes
@from_profile("standard")
@requirement("STELLA-ODD-006", "STELLA-ODD-007", "STELLA-ODD-008", UNHARMED)
async def test_flow_nonsense_harms_nobody(
    fuzzer: Fuzzer, suite: Suite, fleet: Fleet, streaming: Streaming
) -> None:
    from conformance.fuzz.strategies import Sayings  # Hypothesis is slow to load
    from conformance.protocols.stella.generated import nonsense

    listener, villains = await fleet.register(), [await fleet.register()]

    async def endured(case: Case, odd: Nonsense) -> None:
        streams = streaming(case)
        there, line = await _raw(streams, listener), await _villain(streams, villains)
        assert isinstance(line.socket, RawSocket)
        await odd.act(line.socket)
        await line.socket.ended(0.01)
        sent = [frame for frame in line.socket.frames if frame.sender == "assay"][-1:]
        fine = await streams.echoes(there)
        told = "after that the stream of another agent does not go on"
        for row in dict.fromkeys((odd.row, UNHARMED)):
            case.judge.holds(row, fine, told, *sent, *there.last)
        said = await streams.fleet.heartbeat(listener)
        told = f"after that a heartbeat is answered {said.outcome}"
        case.judge.holds(UNHARMED, said.status == 200, told, *sent, said)

    sayings = Sayings(suite.protocol, suite.book.validators)
    await fuzzer.values(nonsense(sayings), endured)


async def _villain(streams: Streams, villains: list[Agent]) -> Line:
    """Who said nonsense may be shut out for it: then somebody else comes."""
    said = await streams.try_raw(villains[-1], see=False)
    if not isinstance(said, Refused):
        return Line(agent=villains[-1], socket=said)
    villains.append(await streams.fleet.register())
    return await _raw(streams, villains[-1], see=False)


async def _raw(streams: Streams, agent: Agent, *, see: bool = True) -> Line:
    """The agent's stream, after one that may just have ended."""
    deadline = time.monotonic() + _COMEBACK
    while True:
        said = await streams.try_raw(agent, see=see)
        if not isinstance(said, Refused):
            return Line(agent=agent, socket=said)
        if time.monotonic() > deadline:
            raise UnjudgeableError(f"the task stream cannot be opened: {said.reason}")
        await asyncio.sleep(0.1)
