"""Removing an agent: it is gone for good, its name is free, and nobody else is touched."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from conformance.clients.websocket import Socket
from conformance.exchange import Exchange
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.marks import from_profile, requirement
from conformance.protocols.stella.fleet import Agent, Fleet, rows_of
from conformance.protocols.stella.orders import amend, remove
from conformance.protocols.stella.roll import (
    CAPABILITIES,
    STATUSES,
    alike,
    judge_labels,
    judge_listed,
    rows_by_id,
    whole,
)
from conformance.protocols.stella.strangers import (
    as_stranger,
    hears_nothing,
    stranger_ids,
    turned_away,
)

_SOON = 5.0
"""Seconds in which a task is pushed, and more than that."""

_CHANGE = {"labels": {"site": "breakers-yard"}, "capabilities": ["ssh"]}

_ROW = ("name", "version", "status", "capabilities", "lastHeartbeat", "resourceUsage")


async def _judge_unlisted(fleet: Fleet, judge: Judge, gone: Agent, *before: Exchange) -> None:
    """Neither without a filter nor with any."""
    skills = [{"capability": name} for name in CAPABILITIES]
    states = [{"status": status} for status in STATUSES]
    pairs = [{**state, "capability": gone.body["capabilities"][0]} for state in states]
    for query in ({}, *states, *skills, *pairs):
        said = await fleet.list(query)
        judge.holds(
            "STELLA-DEL-003",
            gone.id not in rows_by_id(said),
            f"asked for {query or 'all'}, the list shows an agent that was deleted",
            *before,
            said,
            pointer="",
        )


async def _judge_not_found(fleet: Fleet, judge: Judge, gone: Agent) -> None:
    judge.status("STELLA-DEL-004", await fleet.get(gone.id, served=False), 404)
    judge.status("STELLA-DEL-004", await fleet.update(gone.id, _CHANGE, served=False), 404)
    judge.status("STELLA-DEL-004", await fleet.get(gone.id, served=False), 404)


@requirement("STELLA-DEL-003", "STELLA-DEL-004", "STELLA-DEL-005")
async def test_flow_an_agent_that_was_deleted_is_gone(fleet: Fleet, judge: Judge) -> None:
    """Once for an agent that is online, and once for one that never sent a heartbeat."""
    for gone in (await fleet.awake(capabilities=["winrm", "ecs"]), await fleet.register()):
        judge_listed(judge, "STELLA-DEL-003", await whole(fleet), [gone])
        said = await remove(fleet, gone.id)
        await _judge_unlisted(fleet, judge, gone, said)
        await _judge_not_found(fleet, judge, gone)
        # Nothing that the agent itself says brings it back.
        await fleet.heartbeat(gone, lawful=False)
        await fleet.poll(gone, lawful=False)
        await _judge_not_found(fleet, judge, gone)
        for _ in range(2):
            again = await fleet.delete(gone.id, served=False)
            judge.status("STELLA-DEL-005", again, 404)
        await _judge_unlisted(fleet, judge, gone, said, again)


@requirement("STELLA-DEL-006", "STELLA-LIST-013")
async def test_flow_strangers_cannot_be_deleted(fleet: Fleet, judge: Judge) -> None:
    agent = await fleet.awake()
    known = [str(row.get("id")) for row in rows_of(await fleet.list())]
    for stranger in stranger_ids(agent, known):
        said = await fleet.delete(stranger, served=False)
        judge.status("STELLA-DEL-006", said, 404)
    judge_listed(judge, "STELLA-LIST-013", await whole(fleet), [agent], said)
    for stranger in (agent.name, f"{agent.id}0"):
        # A peer may check the form of an id before it looks for an agent.
        said = await fleet.delete(stranger, lawful=False)
        judge.status("STELLA-DEL-006", said, 404, 400, 422)
    judge_listed(judge, "STELLA-LIST-013", await whole(fleet), [agent], said)


async def _looks(fleet: Fleet, agents: Iterable[Agent]) -> tuple[Exchange, list[Exchange]]:
    return await whole(fleet), [await fleet.get(agent.id) for agent in agents]


@requirement("STELLA-DEL-007", "STELLA-MTLS-026", "STELLA-REG-001")
async def test_flow_a_deletion_leaves_the_others(fleet: Fleet, judge: Judge) -> None:
    """Those who came before, those who came after, and more than one deletion. Who has a token may
    still come.
    """
    token = await fleet.mint()
    crew = [await fleet.awake() for _ in range(5)]
    mute = await fleet.register()
    others = [crew[0], crew[2], crew[4], mute]
    before, details = await _looks(fleet, others)
    for gone in (crew[1], crew[3]):
        said = await remove(fleet, gone.id)
        after, seen = await _looks(fleet, others)
        for agent, one, other in zip(others, details, seen, strict=True):
            _judge_same_row(judge, agent, before, said, after)
            judge.holds(
                "STELLA-DEL-007",
                not one.ok or (other.ok and one.at("/labels") == other.at("/labels")),
                f"the details of {agent.name} are not what they were before the deletion",
                one,
                said,
                other,
            )
        for agent in (crew[0], crew[4]):
            beat = await fleet.heartbeat(agent)
            judge.status("STELLA-MTLS-026", beat, 200)
            judge.holds(
                "STELLA-DEL-007",
                beat.ok,
                f"after a deletion the heartbeat of another agent is answered {beat.outcome}",
                said,
                beat,
            )
        before, details = await _looks(fleet, others)
    came = await fleet.ask_to_register(fleet.registration(), token)
    judge.status("STELLA-REG-001", came, 201)


def _judge_same_row(
    judge: Judge, agent: Agent, before: Exchange, said: Exchange, after: Exchange
) -> None:
    one, other = (rows_by_id(look).get(agent.id) for look in (before, after))
    if one is None:
        return  # the list was wrong before
    held = other or {}
    changed = [name for name in _ROW if not alike(one.get(name), held.get(name))]
    judge.holds(
        "STELLA-DEL-007",
        other is not None and not changed,
        f"after the deletion of another agent the list shows {agent.name}"
        f" {'with another ' + ', '.join(changed) if other else 'no more'}",
        before,
        said,
        after,
    )


async def _next_task(fleet: Fleet, agent: Agent, socket: Socket) -> tuple[int, Frame | None]:
    """The point before a new task of an agent's, and what was pushed of it on its stream."""
    mark = socket.mark()
    await fleet.enqueue(agent)
    return mark, await socket.wait(_assigns, _SOON, mark)


def _assigns(frame: Frame) -> bool:
    return bool(frame.value("/type") == "task_assigned")


@from_profile("standard")
@requirement("STELLA-DEL-008", "STELLA-TASK-010")
async def test_a_deletion_leaves_tasks_and_streams_of_others(fleet: Fleet, judge: Judge) -> None:
    left, gone, right = [await fleet.awake() for _ in range(3)]
    await asyncio.gather(fleet.enqueue(left), fleet.enqueue(gone))
    streams = [await fleet.streaming(right), await fleet.streaming(gone)]
    said = await remove(fleet, gone.id)
    poll = await fleet.poll(left)
    wrong = "a task that waited does not wait any more after the deletion of another agent"
    for row in ("STELLA-DEL-008", "STELLA-TASK-010"):
        judge.holds(row, bool(poll.at("/tasks")), wrong, said, poll, pointer="/tasks")
    _, pushed = await _next_task(fleet, right, streams[0])
    closed = streams[0].closed
    judge.holds(
        "STELLA-DEL-008",
        pushed is not None and closed is None,
        "after the deletion of another agent a stream "
        + ("brings no tasks any more" if closed is None else "has ended"),
        said,
        *([] if closed is None else [closed]),
    )


@requirement(
    "STELLA-DEL-003",
    "STELLA-DEL-004",
    "STELLA-DEL-005",
    "STELLA-DEL-009",
    "STELLA-DEL-010",
    "STELLA-HB-011",
    "STELLA-LIST-013",
    "STELLA-REG-017",
    "STELLA-REG-037",
    "STELLA-UPD-028",
)
async def test_flow_a_name_can_be_taken_again(fleet: Fleet, judge: Judge) -> None:
    """Twice: what is kept of the dead may get in the way only then."""
    first = await fleet.awake()
    name, dead = first.name, [first]
    for _ in range(2):
        gone = dead[-1]
        await remove(fleet, gone.id)
        await _judge_unlisted(fleet, judge, gone)
        await _judge_not_found(fleet, judge, gone)
        heir = await _heir(fleet, judge, name)
        judge.holds(
            "STELLA-DEL-010",
            heir.id not in [one.id for one in dead],
            "the agent that took a deleted one's name has its agentId as well",
            gone.said,
            heir.said,
            pointer="/agentId",
        )
        for one in dead:
            await _judge_old_credentials(fleet, judge, one, heir)
        await _judge_fresh(fleet, judge, gone, heir)
        await _judge_full_life(fleet, judge, heir)
        for one in dead:  # its id leads to nobody, least of all to who has its name
            await _judge_not_found(fleet, judge, one)
            judge.status("STELLA-DEL-005", await fleet.delete(one.id, served=False), 404)
        judge_listed(judge, "STELLA-LIST-013", await whole(fleet), [heir])
        dead.append(heir)
    await remove(fleet, dead[-1].id)
    await _judge_unlisted(fleet, judge, dead[-1])
    await _judge_not_found(fleet, judge, dead[-1])


async def _heir(fleet: Fleet, judge: Judge, name: str) -> Agent:
    """Registered while no agent has that name: no `UnjudgeableError` must hide a refusal."""
    body = fleet.registration(name=name, version="5.0.0", labels={"site": "new-quay"})
    said = await fleet.ask_to_register(body, await fleet.mint(), served=False)
    judge.status("STELLA-DEL-009", said, 201)
    return fleet.agent_of(body, said)


async def _judge_old_credentials(fleet: Fleet, judge: Judge, gone: Agent, heir: Agent) -> None:
    """Under the new agent's id; that the old id's are revoked is judged elsewhere."""
    answers = [
        await fleet.heartbeat(heir, by=gone, jwt=gone),
        await fleet.poll(heir, by=gone, jwt=gone),
        await fleet.poll(gone, by=gone, jwt=gone),
    ]
    answers += [await fleet.poll(heir, by=gone, jwt=heir)]
    for said in answers:
        judge.holds(
            "STELLA-DEL-010",
            turned_away(said),
            f"with the certificate of a deleted agent {said.operation} is answered {said.outcome}",
            heir.said,
            said,
        )


async def _judge_fresh(fleet: Fleet, judge: Judge, gone: Agent, heir: Agent) -> None:
    """Before its first heartbeat it is as it registered: nothing is left of the dead one."""
    listed, seen = await whole(fleet), await fleet.get(heir.id)
    shown = rows_by_id(listed).get(heir.id, {})
    for name in ("version", "capabilities"):
        told, asked = shown.get(name), heir.body[name]
        wrong = f"an agent that took a deleted one's name is listed with {told!r} for {name}"
        judge.holds("STELLA-REG-017", alike(told, asked), wrong, heir.said, listed, expected=asked)
    judge_labels(judge, heir, seen.at("/labels"), seen)
    usage, pulse = shown.get("resourceUsage"), fleet.pulse()["resourceUsage"]
    same_usage = isinstance(usage, dict) and all(
        usage.get(name) == pulse[name] for name in ("cpu", "memory")
    )
    same_label = any(
        seen.at(f"/labels/{name}") == value
        for name, value in gone.body["labels"].items()
        if name not in heir.body["labels"]
    )
    wrong = "an agent that took a deleted one's name has what that one told of itself"
    judge.holds("STELLA-DEL-010", not same_usage and not same_label, wrong, listed, seen)


async def _judge_full_life(fleet: Fleet, judge: Judge, heir: Agent) -> None:
    """It is an agent like any other, and nothing of the dead one sticks to it."""
    judge_listed(judge, "STELLA-LIST-013", await whole(fleet), [heir])
    beat = await fleet.heartbeat(heir)
    row = await fleet.listed(heir)
    judge.holds(
        "STELLA-HB-011",
        row is not None and row.get("status") == "online",
        "an agent that took a deleted one's name is not online after its heartbeat",
        beat,
    )
    said = await amend(fleet, heir.id, _CHANGE)
    row = await fleet.listed(heir)
    judge.holds(
        "STELLA-UPD-028",
        row is not None and set(_CHANGE["capabilities"]) <= set(row.get("capabilities") or ()),
        "the update of an agent that took a deleted one's name does not show in the list",
        said,
    )


@from_profile("standard")
@requirement("STELLA-DEL-009", "STELLA-DEL-010", "STELLA-TASK-010", "STELLA-STREAM-010")
async def test_flow_work_goes_to_the_heir_of_a_name(fleet: Fleet, judge: Judge) -> None:
    """The dead one's tasks and streams are not the heir's, nor the other way round."""
    await _judge_nothing_inherited(fleet, judge)
    gone = await fleet.awake()
    old_task, _ = await fleet.enqueue(gone)
    old_stream = await fleet.streaming(gone)
    await remove(fleet, gone.id)
    heir = await _heir(fleet, judge, gone.name)
    _judge_not_inherited(judge, old_task, await fleet.poll(heir))
    judge.holds(
        "STELLA-DEL-010",
        await hears_nothing(await fleet.stream(heir, by=gone)),
        "the certificate of a deleted agent opens the stream of the one that took its name",
    )
    await fleet.enqueue(heir)
    poll = await fleet.poll(heir)
    judge.holds("STELLA-TASK-010", bool(poll.at("/tasks")), "the task does not come", poll)
    new_stream = await fleet.streaming(heir)
    mark = old_stream.mark()
    _, pushed = await _next_task(fleet, heir, new_stream)
    judge.holds("STELLA-STREAM-010", pushed is not None, "a new task is not pushed")
    leaked = await old_stream.never(_assigns, 0.05, mark)
    judge.holds(
        "STELLA-DEL-010",
        leaked is None,
        "a task is pushed on the stream of a deleted agent whose name its agent has",
        *([] if leaked is None else [leaked]),
    )


async def _judge_nothing_inherited(fleet: Fleet, judge: Judge) -> None:
    """Of who had a task that nobody had fetched, not even by a stream that was opened."""
    gone = await fleet.awake()
    task, _ = await fleet.enqueue(gone)
    await remove(fleet, gone.id)
    heir = await _heir(fleet, judge, gone.name)
    for said in (await fleet.poll(heir), await fleet.heartbeat(heir)):
        _judge_not_inherited(judge, task, said)


def _judge_not_inherited(judge: Judge, task: str, said: Exchange) -> None:
    judge.holds(
        "STELLA-DEL-010",
        task not in said.answer.decode("utf-8", "replace"),
        "a task of a deleted agent comes to the one that took its name",
        said,
        pointer="/tasks",
    )


@requirement("STELLA-ERR-007")
async def test_strangers_are_turned_away(fleet: Fleet, judge: Judge) -> None:
    """An agent of good standing asks in the name of an id that nobody has."""
    agent = await fleet.awake()
    known = [str(row.get("id")) for row in rows_of(await fleet.list())]
    for stranger in stranger_ids(agent, known):
        ghost = as_stranger(agent, stranger)
        for said in (
            await fleet.heartbeat(ghost, by=agent),
            await fleet.poll(ghost, by=agent),
            await fleet.complete(ghost, fleet.new("task"), by=agent),
        ):
            judge.holds(
                "STELLA-ERR-007",
                turned_away(said),
                f"for an id that no agent has {said.operation} is answered {said.outcome}",
                said,
            )
        judge.holds(
            "STELLA-ERR-007",
            await hears_nothing(await fleet.stream(ghost, by=agent)),
            "a task stream opens for an id that no agent has",
        )
    judge.status("STELLA-ERR-007", await fleet.heartbeat(agent), 200)  # the certificate was good
