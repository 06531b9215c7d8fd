"""Mutual TLS: an agent is let in with its own certificate, and nobody with anything else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from conformance.clients.identity import Identity
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, case, from_profile, requirement
from conformance.patience import Patience
from conformance.protocols.stella.credentials import come_to
from conformance.protocols.stella.doors import COMPLETE, DOORS, HEARTBEAT, POLL, STREAM, Door, Try
from conformance.protocols.stella.fleet import Agent, Fleet
from conformance.protocols.stella.forgery import forgeries
from conformance.protocols.stella.gate import FORBIDDEN, FORM, Gate
from conformance.protocols.stella.jobs import Way
from conformance.protocols.stella.streams import PROMPT, Line, Streams

_OWNERS = tuple(door.row for door in DOORS)

_OPEN = "STELLA-MTLS-029"
"""The owner's stream is left alone."""

_WAITING = "STELLA-TASK-034"
"""So are its tasks."""

_KEPT = (_OPEN, _WAITING)

_FETCHING: Mapping[Door, Way] = {HEARTBEAT: "heartbeat", POLL: "poll"}
"""Where tasks are handed over."""

_MARGIN = 600.0
"""Seconds that clocks may differ: so long after its end a certificate has expired for all."""


@pytest.fixture
def gate(fleet: Fleet, judge: Judge) -> Gate:
    return Gate(fleet, judge)


def _rows(*names: str) -> list[Any]:
    """One case for each door, in the doors' order."""
    return [case(name, door) for name, door in zip(names, DOORS, strict=True)]


_NONE = _rows("STELLA-MTLS-005", "STELLA-MTLS-006", "STELLA-MTLS-007", "STELLA-MTLS-008")
_OTHER = _rows("STELLA-MTLS-009", "STELLA-MTLS-010", "STELLA-MTLS-011", "STELLA-MTLS-012")
_FOREIGN = _rows("STELLA-MTLS-013", "STELLA-MTLS-014", "STELLA-MTLS-015", "STELLA-MTLS-016")
_EXPIRED = _rows("STELLA-MTLS-017", "STELLA-MTLS-018", "STELLA-MTLS-019", "STELLA-MTLS-020")
_DELETED = _rows("STELLA-MTLS-021", "STELLA-MTLS-022", "STELLA-MTLS-023", "STELLA-MTLS-024")


async def _closed_to(
    gate: Gate, door: Door, row: str, agent: Agent, attempts: Sequence[Try]
) -> None:
    """None of the tries is let in, and the owner is, before them and after them: a door that is
    closed to everybody shows nothing. What the owner has meanwhile it keeps.
    """
    if not await gate.admits(door, agent):
        gate.judge.inconclusive(row, f"{door.name}: the agent itself was not let in")
        return
    streams = Streams(gate.fleet, gate.judge, Patience(PROMPT))
    line = await streams.again(agent) if door is STREAM else None
    waiting = door in _FETCHING and streams.can_make
    job = await streams.depot.make(agent) if waiting else None
    for attempt in attempts:
        await gate.rejects(door, row, attempt)
    if isinstance(line, Line):
        await streams.alive(_OPEN, line, "after a stream was refused to somebody else")
        await streams.end(line)
    if job is not None:
        haul = await streams.depot.fetch(_FETCHING[door], agent, job)
        wrong = f"after {door.name} was refused to somebody else a task does not come any more"
        gate.judge.holds(_WAITING, haul.has(job), wrong, *haul.said[:1])
    await gate.admits(door, agent, task=attempts[0].task)


@requirement(*_OWNERS)
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
async def test_own_certificate_is_let_in(door: Door, fleet: Fleet, gate: Gate) -> None:
    gate.guarded()
    if not gate.knows(door):
        return
    older, middle = await fleet.register(), await fleet.register()
    younger = await fleet.register()
    for agent in (middle, older, younger, middle):
        await gate.admits(door, agent)


@requirement(*_OWNERS, *_KEPT, FORM)
@pytest.mark.parametrize(("row", "door"), _NONE)
async def test_nobody_is_let_in_without_a_certificate(
    row: str, door: Door, fleet: Fleet, gate: Gate
) -> None:
    gate.guarded()
    if not gate.knows(door):
        return
    agent = await fleet.register()
    task = await door.ready(fleet, agent)
    nobody = Identity.nobody(fleet.target)
    tries = [
        Try(agent=agent, identity=nobody, headers=headers, task=task)
        for headers in (agent.headers, {})
    ]
    await _closed_to(gate, door, row, agent, tries)


@requirement(*_OWNERS, *_KEPT, FORM, FORBIDDEN)
@pytest.mark.parametrize(("row", "door"), _OTHER)
async def test_no_other_agent_is_let_in(row: str, door: Door, fleet: Fleet, gate: Gate) -> None:
    gate.guarded()
    if not gate.knows(door):
        return
    older, agent, younger = [await fleet.register() for _ in range(3)]
    task = await door.ready(fleet, agent)
    for other in (older, younger):
        await gate.admits(door, other)  # in its own name its certificate is good
    tries = [
        Try(
            agent=agent, identity=other.identity, headers=jwt.headers, task=task, known=jwt is other
        )
        for other in (older, younger)
        for jwt in (other, agent)
    ]
    await _closed_to(gate, door, row, agent, tries)


@requirement(*_OWNERS, *_KEPT, FORM)
@pytest.mark.parametrize(("row", "door"), _FOREIGN)
async def test_no_other_authority_can_name_an_agent(
    row: str, door: Door, fleet: Fleet, gate: Gate
) -> None:
    gate.guarded()
    if not gate.knows(door):
        return
    agent = await fleet.register()
    task = await door.ready(fleet, agent)
    made = forgeries(fleet, agent)
    if not made:
        raise UnjudgeableError("the agent's certificate cannot be read, and none made like it")
    tries = [
        Try(agent=agent, identity=identity, headers=agent.headers, task=task) for identity in made
    ]
    await _closed_to(gate, door, row, agent, tries)


@from_profile("standard")
@requirement(*_OWNERS, FORM)
@pytest.mark.parametrize(("row", "door"), _EXPIRED)
async def test_expired_certificates_are_not_let_in(
    row: str, door: Door, fleet: Fleet, gate: Gate
) -> None:
    gate.guarded()
    if not gate.knows(door):
        return
    agent = await fleet.register()
    task = await door.ready(fleet, agent)
    if not await gate.admits(door, agent):
        gate.judge.inconclusive(row, f"{door.name}: it was not let in before either")
        return
    await come_to(fleet, agent, -_MARGIN)
    # On a connection of its own: where TLS alone looks at the time, an open one lasts.
    identity = gate.fresh(agent)
    for headers in (agent.headers, {}):
        await gate.rejects(
            door, row, Try(agent=agent, identity=identity, headers=headers, task=task)
        )
    await gate.admits(door, await fleet.register())


@requirement(*_OWNERS, FORM)
@pytest.mark.parametrize(("row", "door"), _DELETED)
async def test_deleted_agents_are_not_let_in(
    row: str, door: Door, fleet: Fleet, gate: Gate
) -> None:
    gate.guarded()
    if not gate.knows(door):
        return
    agent, other = await fleet.register(), await fleet.register()
    task = await door.ready(fleet, agent)
    if not await gate.admits(door, agent):
        gate.judge.inconclusive(row, f"{door.name}: it was not let in before either")
        return
    gone = await fleet.delete(agent.id)
    if not gone.ok:
        raise UnjudgeableError(f"the agent could not be deleted: {gone.outcome}")
    for identity, headers in (
        (agent.identity, agent.headers),
        (gate.fresh(agent), agent.headers),
        (gate.fresh(agent), {}),
    ):
        await gate.rejects(
            door, row, Try(agent=agent, identity=identity, headers=headers, task=task)
        )
    await gate.admits(door, other)


@requirement("STELLA-MTLS-026")
async def test_certificates_outlive_other_agents(fleet: Fleet, gate: Gate) -> None:
    gate.guarded()
    before, doomed, after = [await fleet.register() for _ in range(3)]
    gone = await fleet.delete(doomed.id)
    if not gone.ok:
        raise UnjudgeableError(f"the agent could not be deleted: {gone.outcome}")
    words = "its own, after another agent was deleted,"
    for agent in (before, after):
        for door in (HEARTBEAT, POLL, STREAM):
            if gate.knows(door):
                await gate.admits(door, agent, "STELLA-MTLS-026", words=words)


@requirement("STELLA-MTLS-025")
async def test_certificates_are_good_on_further_connections(fleet: Fleet, gate: Gate) -> None:
    gate.guarded()
    agent = await fleet.register()
    doors = [door for door in (HEARTBEAT, POLL, STREAM) if gate.knows(door)]
    for door in doors:
        await gate.admits(door, agent, "STELLA-MTLS-025")
    again = [_renewed_connection(gate, agent) for _ in range(3)]
    for one in again:
        await gate.admits(doors[0], one, "STELLA-MTLS-025", words="its own, on a new connection,")
    if gate.knows(COMPLETE) and "create_task" in fleet.target.hooks:
        await gate.admits(COMPLETE, again[0], "STELLA-MTLS-025")
    words = "its own, on several connections at once,"
    await asyncio.gather(
        *(
            gate.admits(door, one, "STELLA-MTLS-025", words=words)
            for one in again
            for door in doors
            if door is not STREAM  # whether there may be a second stream is unsaid
        )
    )


def _renewed_connection(gate: Gate, agent: Agent) -> Agent:
    return Agent(
        id=agent.id,
        name=agent.name,
        body=agent.body,
        said=agent.said,
        identity=gate.fresh(agent),
        cert=agent.cert,
        key=agent.key,
    )
