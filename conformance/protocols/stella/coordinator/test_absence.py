"""What an operator does with an agent that is offline, and what is open meanwhile."""

from __future__ import annotations

from conformance.exchange import MISSING
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, from_profile, requirement
from conformance.patience import Patience
from conformance.protocols.stella.credentials import EARLY, NOT_YET, come_to
from conformance.protocols.stella.doors import beat
from conformance.protocols.stella.fleet import Agent, Fleet
from conformance.protocols.stella.hours import Hours
from conformance.protocols.stella.jobs import Depot, tasks_of
from conformance.protocols.stella.orders import amend, remove
from conformance.protocols.stella.roll import rows_by_id, whole
from conformance.protocols.stella.streams import PROMPT, Streams
from conformance.protocols.stella.watch import GRACE

_CHANGE = {"labels": {"site": "dry-dock"}, "capabilities": ["winrm", "ecs"]}

_MORE = {"labels": {"site": "dry-dock"}, "capabilities": ["docker", "nomad", "compose", "ecs"]}
"""A change after which the agent can still do whatever it could."""


async def _absent(fleet: Fleet, hours: Hours) -> Agent:
    """One that has sent a heartbeat, and is offline by now. Raises `UnjudgeableError` where time
    cannot be let pass.
    """
    if not hours.can_jump:
        raise UnjudgeableError("the target has no hook 'advance', with which to go offline")
    agent = await fleet.register()
    await fleet.heartbeat(agent)
    await hours.jump(4 * agent.interval + GRACE + 1)
    return agent


@requirement("STELLA-UPD-017", "STELLA-UPD-018", "STELLA-UPD-021")
async def test_flow_an_update_of_who_is_offline_is_kept(
    fleet: Fleet, hours: Hours, judge: Judge
) -> None:
    """A 503 says that it is not; a 200 says that it is. Where nobody's last heartbeat is outdone by
    an update, theirs is not either.
    """
    agent, other = await _absent(fleet, hours), await fleet.register()
    await fleet.heartbeat(other)
    before = rows_by_id(await whole(fleet)).get(agent.id, {})
    said = await amend(fleet, agent.id, _CHANGE)
    await amend(fleet, other.id, _CHANGE)
    listed, details = await whole(fleet), await fleet.get(agent.id)
    rows, wanted = rows_by_id(listed), set(_CHANGE["capabilities"])
    here, there = (rows.get(each.id, {}).get("capabilities") for each in (other, agent))
    for name, shown, where in (
        ("STELLA-UPD-017", there, listed),
        ("STELLA-UPD-018", details.at("/capabilities"), details),
    ):
        wrong = f"an agent that was offline was updated, and has the capabilities {shown!r}"
        fine = isinstance(shown, list) and wanted <= set(shown)
        counts = said.ok and isinstance(here, list) and wanted <= set(here)
        judge.holds(name, fine or not counts, wrong, said, where, expected=_CHANGE["capabilities"])
    now = rows.get(agent.id, {})
    for field in ("status", "lastHeartbeat"):
        was, told = before.get(field), now.get(field)
        wrong = f"an agent was offline, and its {field} {was!r} is {told!r} after an update"
        judge.holds("STELLA-UPD-021", was == told or not said.ok, wrong, said, listed)
    told, shown = said.at("/status"), details.at("/status")
    if said.ok and MISSING not in (told, shown):
        wrong = f"an agent is {told!r} in the answer to its update, and {shown!r} in its details"
        judge.holds("STELLA-UPD-021", told == shown, wrong, said, details, pointer="/status")


@requirement("STELLA-DEL-003", "STELLA-DEL-004")
async def test_flow_who_is_offline_can_be_deleted(fleet: Fleet, hours: Hours, judge: Judge) -> None:
    agent = await _absent(fleet, hours)
    said = await remove(fleet, agent.id)
    listed = await whole(fleet)
    wrong = "an agent that was deleted while it was offline is in the list"
    gone = agent.id not in rows_by_id(listed)
    judge.holds("STELLA-DEL-003", gone or not said.ok, wrong, said, listed)
    seen = await fleet.get(agent.id, served=False)
    wrong = f"the details of an agent that was deleted while it was offline: {seen.outcome}"
    judge.holds("STELLA-DEL-004", seen.status == 404 or not said.ok, wrong, said, seen)


@from_profile("standard")
@requirement("STELLA-STREAM-010")
async def test_flow_a_stream_outlasts_an_update(fleet: Fleet, judge: Judge) -> None:
    """A coordinator may end it then, for whatever reason; one that it leaves open is in use."""
    streams = Streams(fleet, judge, Patience(PROMPT))
    line = await streams.open()
    await streams.pushed(line, await streams.depot.make(line.agent))
    await amend(fleet, line.agent.id, _MORE)
    job = await streams.depot.make(line.agent)
    frame = await streams.pushed(line, job)
    wrong = "a task that is made after an update of its agent is not pushed on its stream"
    fine = frame is not None or line.closed is not None
    judge.holds("STELLA-STREAM-010", fine, wrong, *line.last)


@from_profile("standard")
@requirement("STELLA-STREAM-010")
async def test_flow_a_stream_outlasts_a_renewal(fleet: Fleet, judge: Judge) -> None:
    """It may end with the certificate that opened it, and must not go deaf over another."""
    streams = Streams(fleet, judge, Patience(PROMPT))
    line = await streams.open()
    await come_to(fleet, line.agent, NOT_YET)
    await beat(fleet, line.agent)
    job = await streams.depot.make(line.agent)
    if await streams.pushed(line, job) is None:
        raise UnjudgeableError("a day without a heartbeat has ended the use of the stream")
    await come_to(fleet, line.agent, EARLY)
    said = await beat(fleet, line.agent)
    job = await streams.depot.make(line.agent)
    frame = await streams.pushed(line, job)
    wrong = "a task that is made after a renewal is not pushed on the stream that was open then"
    fine = frame is not None or line.closed is not None
    judge.holds("STELLA-STREAM-010", fine, wrong, said, *line.last)


@requirement("STELLA-TASK-009")
async def test_flow_tasks_of_who_is_not_well_are_not_lost(fleet: Fleet, judge: Judge) -> None:
    """Which words there are for that, and whether such an agent gets work, is unsaid."""
    depot, agent = Depot(fleet), await fleet.register()
    job = await depot.make(agent)
    ailing = await fleet.heartbeat(agent, fleet.pulse(status="degraded"), lawful=False)
    came = any(map(job.named, tasks_of(ailing)))
    haul = await depot.fetch("heartbeat", agent, *([] if came else [job]))
    wrong = "a task comes neither with a heartbeat that says degraded nor with those after it"
    judge.holds("STELLA-TASK-009", came or haul.has(job), wrong, ailing, haul.last)
    other = await fleet.register()
    await fleet.heartbeat(other, fleet.pulse(status="degraded"), lawful=False)
    job = await depot.make(other)
    asked = await depot.ask("poll", other)
    came = any(map(job.named, tasks_of(asked)))
    haul = await depot.fetch("heartbeat", other, *([] if came else [job]))
    wrong = "a task comes neither with the poll of an agent that said degraded nor with heartbeats"
    judge.holds("STELLA-TASK-009", came or haul.has(job), wrong, asked, haul.last)
