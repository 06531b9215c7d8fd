"""What moves with time and what stays: a few seconds in the life of some agents."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from conformance.exchange import Exchange
from conformance.hooks import run_hook
from conformance.judge import Judge
from conformance.marks import from_profile, requirement
from conformance.plugin import Suite
from conformance.protocols.aitbc.dialogue import Dialogue, listed
from conformance.protocols.aitbc.elder import Elder
from conformance.times import later, parse_time, seconds_from_now

_PAUSE = 1.1
"""Seconds after which even a clock that tells whole seconds has moved."""

_LEEWAY = timedelta(seconds=5)
"""By how much the times of one answer may be in disorder."""

_NEAR = 300.0
"""Seconds that a peer's clock may be off ours before we wonder."""


async def _pause(suite: Suite) -> None:
    """Let time pass for the peer: on its own clock where a hook allows, else for all of us."""
    if "advance" in suite.context.target.hooks:
        await run_hook(suite.context.target, "advance", {"seconds": _PAUSE})
    else:
        await asyncio.sleep(_PAUSE / suite.context.target.time_scale)


def _judge_later(judge: Judge, row: str, pointer: str, first: Exchange, second: Exchange) -> None:
    judge.holds(
        row,
        later(first.at(pointer), second.at(pointer)),
        f"{pointer} was {first.at(pointer)!r}, and {second.at(pointer)!r} {_PAUSE} s later",
        first,
        second,
        pointer=pointer,
    )


def _judge_still(
    judge: Judge, row: str, pointer: str, first: Exchange, second: Exchange, *between: Exchange
) -> None:
    if not first.ok:
        judge.inconclusive(row, f"the agent could not be seen: {first.outcome}")
        return
    judge.equal(row, second, pointer, first.at(pointer), first, *between)


@requirement(
    "AITBC-REG-011",
    "AITBC-STAT-013",
    "AITBC-STAT-014",
    "AITBC-TASK-014",
    "AITBC-HEALTH-006",
    "AITBC-GET-029",
    "AITBC-GET-031",
    "AITBC-DISC-037",
    "AITBC-DISC-038",
    "AITBC-BEAT-001",
    "AITBC-BEAT-002",
    "AITBC-BEAT-004",
    "AITBC-BEAT-005",
    "AITBC-BEAT-007",
    "AITBC-LOAD-033",
    "AITBC-GEN-010",
    "AITBC-GEN-013",
)
async def test_flow_time_passes(aitbc: Dialogue, judge: Judge, suite: Suite) -> None:
    mark = aitbc.new("timed")
    beating, registered = await aitbc.registration_of(capabilities=[mark])
    silent, _ = await aitbc.registration_of(capabilities=[mark])
    await aitbc.able()
    updated = await aitbc.update(beating, "active", {"pending_tasks": 4})
    resting = await aitbc.update(silent, "inactive")
    submitted = await aitbc.submit(aitbc.task())
    healthy = await aitbc.peer.call("getHealth")
    before, bystander = await aitbc.get(beating), await aitbc.get(silent)
    searched, empty = await _searched(aitbc, mark)
    counted = await aitbc.peer.call("getTaskStatus")
    _judge_near(judge, "/registered_at", registered)
    _judge_near(judge, "/updated_at", updated)
    _judge_near(judge, "/submitted_at", submitted)
    for said in (healthy, before, searched, counted):
        _judge_near(judge, "/timestamp", said)

    await _pause(suite)
    unmoved = await aitbc.get(beating)
    _judge_later(judge, "AITBC-GEN-013", "/timestamp", before, unmoved)
    recounted = await aitbc.peer.call("getTaskStatus")
    _judge_later(judge, "AITBC-LOAD-033", "/timestamp", counted, recounted)
    _judge_still(judge, "AITBC-GET-031", "/agent/last_heartbeat", before, unmoved)
    judge.equal("AITBC-STAT-014", await aitbc.get(silent), "/agent/status", "inactive", resting)
    found, nobody = await _searched(aitbc, mark)
    _judge_later(judge, "AITBC-GEN-013", "/timestamp", searched, found)
    _judge_later(judge, "AITBC-GEN-013", "/timestamp", empty, nobody)
    for index, agent in enumerate(listed(found)):
        if agent.get("agent_id") == beating and before.ok:
            judge.equal(
                "AITBC-DISC-038",
                found,
                f"/agents/{index}/last_heartbeat",
                before.at("/agent/last_heartbeat"),
                before,
            )
    beat = await aitbc.heartbeat(beating)
    first = await aitbc.get(beating)
    _judge_listed_alike(judge, first, await aitbc.discover(capabilities=[mark]))
    beaten = _judge_beat(aitbc, judge, "AITBC-BEAT-001", beat)
    if beaten:
        _judge_later(judge, "AITBC-BEAT-002", "/agent/last_heartbeat", before, first)
        _judge_in_time(judge, first)
    for field in ("agent_type", "capabilities", "services", "endpoints", "metadata"):
        _judge_still(judge, "AITBC-BEAT-005", f"/agent/{field}", before, first, beat)
    if not aitbc.beats_with_load:
        told = "/agent/load_metrics/pending_tasks"
        _judge_still(judge, "AITBC-BEAT-005", told, before, first, beat)
    _judge_still(
        judge, "AITBC-BEAT-004", "/agent/last_heartbeat", bystander, await aitbc.get(silent), beat
    )
    _judge_still(judge, "AITBC-GET-029", "/agent/registration_time", before, first, beat)
    _judge_later(judge, "AITBC-REG-011", "/registered_at", registered, await _another(aitbc))
    again = await aitbc.update(beating, "busy")
    _judge_later(judge, "AITBC-STAT-013", "/updated_at", updated, again)
    _judge_own_time(judge, resting, await aitbc.update(silent, "busy"))
    afterwards = await aitbc.get(beating)
    _judge_still(judge, "AITBC-GET-029", "/agent/registration_time", before, afterwards, again)
    if beaten:  # an update may be a sign of life, and takes none back
        _judge_in_time(judge, afterwards)
    _judge_later(
        judge, "AITBC-TASK-014", "/submitted_at", submitted, await aitbc.submit(aitbc.task())
    )
    _judge_later(
        judge, "AITBC-HEALTH-006", "/timestamp", healthy, await aitbc.peer.call("getHealth")
    )


@from_profile("standard")
@requirement("AITBC-BEAT-002", "AITBC-BEAT-003", "AITBC-BEAT-004", "AITBC-GET-029")
async def test_flow_heartbeats_go_on_moving(aitbc: Dialogue, judge: Judge, suite: Suite) -> None:
    """The twelfth as well, and when several agents send theirs at once."""
    beating, silent = await aitbc.registered(), await aitbc.registered()
    others = [await aitbc.registered() for _ in range(4)]
    await aitbc.update(others[-1], "inactive")
    for _ in range(11):
        await aitbc.heartbeat(beating)
    first, bystander = await aitbc.get(beating), await aitbc.get(silent)
    early = [await aitbc.get(agent_id) for agent_id in others]
    await _pause(suite)
    beat, *beats = await asyncio.gather(*map(aitbc.heartbeat, (beating, *others)))
    second, after = await aitbc.get(beating), await aitbc.get(silent)
    if _judge_beat(aitbc, judge, "AITBC-BEAT-003", beat):
        _judge_later(judge, "AITBC-BEAT-003", "/agent/last_heartbeat", first, second)
    for agent_id, before, said in zip(others, early, beats, strict=True):
        whether = agent_id != others[-1] or said.ok  # of who is inactive it may be refused
        if whether and _judge_beat(aitbc, judge, "AITBC-BEAT-002", said):
            late = await aitbc.get(agent_id)
            _judge_later(judge, "AITBC-BEAT-002", "/agent/last_heartbeat", before, late)
    _judge_still(judge, "AITBC-GET-029", "/agent/registration_time", first, second, beat)
    _judge_still(judge, "AITBC-BEAT-004", "/agent/last_heartbeat", bystander, after, beat)
    _judge_still(judge, "AITBC-GET-029", "/agent/registration_time", bystander, after)


async def _searched(aitbc: Dialogue, mark: str) -> tuple[Exchange, Exchange]:
    """A search that finds whom it is about, and one that finds nobody."""
    nobody = f"{mark}-of-nobody"
    return await aitbc.discover(capabilities=[mark]), await aitbc.discover(capabilities=[nobody])


def _judge_listed_alike(judge: Judge, alone: Exchange, found: Exchange) -> None:
    """After a heartbeat a search shows the same time of it as who asks for the agent sees."""
    for index, agent in enumerate(listed(found)):
        ours = alone.ok and agent.get("agent_id") == alone.at("/agent/agent_id")
        if ours and "last_heartbeat" in agent:
            heard = alone.at("/agent/last_heartbeat")
            judge.equal("AITBC-DISC-037", found, f"/agents/{index}/last_heartbeat", heard, alone)


def _judge_own_time(judge: Judge, first: Exchange, second: Exchange) -> None:
    """The second update came a pause after the first one: who tells of the one before it shows
    none.
    """
    before, after = (parse_time(said.at("/updated_at")) for said in (first, second))
    if before and after:
        moved = (after - before).total_seconds()
        judge.holds(
            "AITBC-STAT-013",
            moved > _PAUSE / 2,
            f"updated_at moved by {moved:.3f} s from an update to one {_PAUSE} s later",
            first,
            second,
            pointer="/updated_at",
        )


def _judge_in_time(judge: Judge, said: Exchange) -> None:
    """An agent is heard of after it registered, and before that is told."""
    pointers = ("/agent/registration_time", "/agent/last_heartbeat", "/timestamp")
    first, heard, told = (parse_time(said.at(pointer)) for pointer in pointers)
    if first and heard and told:
        fine = first - _LEEWAY <= heard <= told + _LEEWAY
        wrong = f"registered at {first}, heard of at {heard}, told at {told}"
        judge.holds("AITBC-BEAT-007", fine, wrong, said, pointer="/agent/last_heartbeat")


def _judge_beat(aitbc: Dialogue, judge: Judge, row: str, said: Exchange) -> bool:
    """It is accepted; of what a heartbeat says nothing is written. Does it tell anything?"""
    if aitbc.beats_in_vain(said):
        judge.inconclusive(row, f"none of our heartbeats is taken: {said.outcome}")
        return False
    judge.status(row, said, range(200, 300))
    return True


async def _another(aitbc: Dialogue) -> Exchange:
    return await aitbc.register(aitbc.registration())


def _judge_near(judge: Judge, pointer: str, said: Exchange) -> None:
    off = seconds_from_now(said.at(pointer))
    if off is None:
        return  # whether it is a time at all, its place judges
    judge.holds(
        "AITBC-GEN-010",
        off < _NEAR,
        f"the peer's time {said.at(pointer)!r} is {off:.0f} s off ours",
        said,
        pointer=pointer,
    )


@requirement("AITBC-BEAT-001", "AITBC-BEAT-003", "AITBC-BEAT-006", "AITBC-GET-020")
async def test_flow_heartbeats_are_accepted_of_agents_only(aitbc: Dialogue, judge: Judge) -> None:
    for _ in range(3):
        agent_id = await aitbc.registered()
        _judge_beat(aitbc, judge, "AITBC-BEAT-001", await aitbc.heartbeat(agent_id))
        for _ in range(3):
            _judge_beat(aitbc, judge, "AITBC-BEAT-003", await aitbc.heartbeat(agent_id))
        stranger = aitbc.new("stranger")
        said = await aitbc.heartbeat(stranger)
        judge.holds("AITBC-BEAT-006", not said.ok, "a stranger's heartbeat was accepted", said)
        if not said.ok:  # and so it made nobody of it
            judge.status("AITBC-GET-020", await aitbc.get(stranger, known=False), 404)


@requirement("AITBC-GET-001")
async def test_the_first_agent_is_still_there(aitbc: Dialogue, judge: Judge, elder: Elder) -> None:
    agent_id, first = await elder.settle(aitbc)
    seen = await aitbc.get(agent_id, known=False)
    judge.holds(
        "AITBC-GET-001",
        seen.status == 200 or elder.given_up,
        f"the first agent that registered is answered {seen.outcome} after all the others came",
        first,
        seen,
    )
