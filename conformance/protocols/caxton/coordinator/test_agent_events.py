"""What subscribers are told of agents, tasks and the system."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, requirement
from conformance.patience import Patience
from conformance.protocols.caxton.client import Agent, Client, agent_of
from conformance.protocols.caxton.clock import TOLERANCE
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.roll import call_roll
from conformance.protocols.caxton.watch import Watch

_LATE = 0.3

_TAKEN = 409

_AS_SDKS_DO: Mapping[str, Any] = {
    "strategy": None,
    "capabilities": None,
    "resources": {"memory": "50MB"},
}
"""What the document's SDK examples configure beside a name."""


class _Ears:
    """Hears for one check what events tell, with patience that ends."""

    def __init__(self, judge: Judge, patience: Patience) -> None:
        self.judge = judge
        self.patience = patience

    async def hears(self, watch: Watch, kind: str, pointer: str, value: str) -> Frame | None:
        return await watch.hope(kind, lambda frame: frame.value(pointer) == value, self.patience)

    def untold(self, row: str, watch: Watch, kind: str, word: str, who: str) -> None:
        """`who` was told nothing of that type that names `word`."""
        frames = watch.about(word, kind) if word else _of(watch, kind)
        wrong = f"{who} is told of {kind}"
        self.judge.holds(row, not frames, wrong, *frames[:1])


@pytest.fixture
def ears(judge: Judge, patience: Patience) -> _Ears:
    return _Ears(judge, patience)


def _of(watch: Watch, kind: str) -> list[Frame]:
    return [frame for frame in watch.events() if frame.value("/type") == kind]


# Agents


@requirement(
    "CAXTON-DEP-034",
    *(f"CAXTON-EVT-{number:03}" for number in (17, 18, 26, 27, 28, 30, 33)),
    *(f"CAXTON-SUB-{number:03}" for number in (1, 2, 4, 5)),
)
async def test_flow_agents_come_and_fail(
    client: Client, crew: Crew, ears: _Ears, judge: Judge
) -> None:
    mate = await crew.mate(client)
    family, exact, failures, others, messages = [
        await client.watch(name) for name in ("family", "exact", "failures", "others", "messages")
    ]
    await family.subscribe("agent.*")
    await exact.subscribe("agent.deployed")
    await failures.subscribe("agent.failed", "task.completed")
    await others.subscribe("system.alert")  # each subscription has filters of its own
    await others.subscribe("agent.*", agents=[mate.id])
    await messages.subscribe("message.sent")
    config = client.config(**_AS_SDKS_DO)
    said = await client.try_deploy(**_AS_SDKS_DO, name=config["name"], served=False)
    wrong = f"a deployment with nothing but a name and its memory is answered {said.outcome}"
    judge.holds("CAXTON-DEP-034", said.ok, wrong, said)
    agent = agent_of(said, config) if said.ok else await client.deploy()
    frame = await ears.hears(exact, "agent.deployed", "/agent_id", agent.id)
    any_at_all = frame is not None or bool(_of(exact, "agent.deployed"))
    wrong = "a subscriber to agent.deployed is not told of an agent that was deployed"
    judge.holds("CAXTON-EVT-017", any_at_all, wrong, agent.said)
    named = frame or next(iter(_of(exact, "agent.deployed")), None)
    _judge_deployed(client, judge, agent, named)
    found = await ears.hears(family, "agent.deployed", "/agent_id", agent.id)
    wrong = "a subscriber to agent.* is not told of an agent that was deployed"
    judge.holds("CAXTON-SUB-002", found is not None or bool(_of(family, "agent.deployed")), wrong)
    judge.holds("CAXTON-EVT-030", found is not None, wrong, agent.said)
    await asyncio.sleep(_LATE)
    for watch in (exact, family):
        told = watch.about(agent.id, "agent.deployed")
        wrong = f"one deployment is told {len(told)} times to one subscription"
        judge.holds("CAXTON-EVT-028", len(told) < 2, wrong, agent.said, *told[:2])
    await _taken_name(client, ears, agent, exact)
    who = "a subscriber to agent.failed"
    ears.untold("CAXTON-SUB-004", failures, "agent.deployed", "", who)
    ears.untold("CAXTON-SUB-005", others, "agent.deployed", agent.id, "who asked for another agent")
    ears.untold("CAXTON-SUB-001", messages, "agent.deployed", "", "a subscriber to message.sent")
    untold = [exact, others, messages]
    await _fails(client, ears, agent, told=[family, failures], untold=untold)
    if "fail_agent" in client.hooks.target.hooks:  # else other checks deploy enough
        await _goes(client, ears, mate, agent)
        await _once_more(client, ears, agent, exact, failures)


async def _taken_name(client: Client, ears: _Ears, agent: Agent, exact: Watch) -> None:
    """A deployment that is refused is none, and least of all that of who has the name."""
    said = await client.try_deploy(name=agent.name, served=False)
    if said.status != _TAKEN:
        return  # its row says so
    await asyncio.sleep(_LATE)
    told = exact.about(agent.id, "agent.deployed")
    wrong = "a deployment that was refused is told as that of the agent which has the name"
    ears.judge.holds("CAXTON-EVT-028", len(told) < 2, wrong, said, *told[:2])


async def _goes(client: Client, ears: _Ears, mate: Agent, agent: Agent) -> None:
    """It is removed: who asked for both is told of the other as before."""
    pair = await client.watch("pair")
    await pair.subscribe("message.sent", agents=[mate.id, agent.id])
    before = await _is_heard(ears, client, pair, mate)
    gone = await client.remove(agent, served=False)
    if before and gone.ok:
        after = await _is_heard(ears, client, pair, mate)
        wrong = "when one of two agents was removed who asked for both is told no more of the other"
        ears.judge.holds("CAXTON-SUB-005", after, wrong, gone, *_last(pair))


async def _once_more(
    client: Client, ears: _Ears, first: Agent, coming: Watch, failing: Watch
) -> None:
    """Whoever was right about the first of all need not be right about the next, which has its
    name where that is free again.
    """
    said = await client.try_deploy(name=first.name, strategy="rolling", served=False)
    agent = agent_of(said, client.config(name=first.name)) if said.ok else await client.deploy()
    frame = await ears.hears(coming, "agent.deployed", "/agent_id", agent.id)
    wrong = "a second agent that is deployed is not told of by its agent_id"
    ears.judge.holds("CAXTON-EVT-018", frame is not None, wrong, agent.said, *_last(coming))
    await client.hooks("fail_agent", {"agent": agent.id})
    frame = await ears.hears(failing, "agent.failed", "/agent_id", agent.id)
    wrong = "a second agent that fails is not told of by its agent_id"
    ears.judge.holds("CAXTON-EVT-026", frame is not None, wrong, agent.said, *_last(failing))


async def _is_heard(ears: _Ears, client: Client, watch: Watch, agent: Agent) -> bool:
    """Is a message to that agent told?"""
    said, message = await client.send(agent, performative="inform")
    return (
        said.ok and await ears.hears(watch, "message.sent", "/from", message["sender"]) is not None
    )


def _last(watch: Watch) -> list[Frame]:
    return watch.events()[-1:]


def _judge_deployed(client: Client, judge: Judge, agent: Agent, frame: Frame | None) -> None:
    if frame is None:
        return  # the row of its coming says so
    told = frame.value("/agent_id")
    wrong = f"agent_id of an agent.deployed is {told!r}, not {agent.id!r}"
    judge.holds("CAXTON-EVT-018", told == agent.id, wrong, agent.said, frame)
    off = client.clock.off(frame.value("/timestamp"))
    wrong = f"timestamp of an agent.deployed is {frame.value('/timestamp')!r}"
    fine = off is not None and abs(off) < TOLERANCE
    judge.holds("CAXTON-EVT-018", fine, wrong, agent.said, frame)


async def _fails(
    client: Client, ears: _Ears, agent: Agent, *, told: list[Watch], untold: list[Watch]
) -> None:
    """What is told, and shown, of an agent that fails."""
    if "fail_agent" not in client.hooks.target.hooks:
        return  # its rows say so
    judge = ears.judge
    own = await client.watch("its own")
    await own.subscribe("agent.*", agents=[agent.id, client.new("nobody")])
    await client.hooks("fail_agent", {"agent": agent.id})
    for watch in told:
        frame = await ears.hears(watch, "agent.failed", "/agent_id", agent.id)
        wrong = "a subscriber to agent.failed is not told of an agent that failed"
        judge.holds("CAXTON-EVT-026", frame is not None, wrong, *watch.socket.frames[-1:])
        if frame is not None:
            off = client.clock.off(frame.value("/timestamp"))
            wrong = f"timestamp of an agent.failed is {frame.value('/timestamp')!r}"
            fine = off is not None and abs(off) < TOLERANCE
            judge.holds("CAXTON-EVT-033", fine, wrong, frame, pointer="/timestamp")
    frame = await ears.hears(own, "agent.failed", "/agent_id", agent.id)
    wrong = "who asked for the events of this agent is not told that it failed"
    judge.holds("CAXTON-SUB-005", frame is not None, wrong, *own.socket.frames[-1:])
    await _shown_as_failed(client, judge, agent)
    await asyncio.sleep(_LATE)
    for watch in told:
        twice = watch.about(agent.id, "agent.failed")
        wrong = f"one failure is told {len(twice)} times to one subscription"
        judge.holds("CAXTON-EVT-028", len(twice) < 2, wrong, *twice[:2])
    exact, others, messages = untold
    who = "a subscriber to agent.deployed"
    ears.untold("CAXTON-SUB-004", exact, "agent.failed", "", who)
    ears.untold("CAXTON-SUB-005", others, "agent.failed", agent.id, "who asked for another agent")
    ears.untold("CAXTON-SUB-001", messages, "agent.failed", "", "a subscriber to message.sent")


async def _shown_as_failed(client: Client, judge: Judge, agent: Agent) -> None:
    seen = await client.until(agent, "failed")
    judge.equal("CAXTON-EVT-027", seen, "/status", "failed")
    for status, wanted in (("failed", True), ("running", False), ("", True)):
        roll = await call_roll(client, **({"status": status} if status else {}))
        row = roll.of(agent.id)
        shown = f"the list{' of status ' + status if status else ''}"
        wrong = f"{shown} {'lacks' if wanted else 'shows'} an agent that has failed"
        judge.holds("CAXTON-EVT-027", (row is not None) is wanted, wrong, seen, *roll.pages[:1])
        if row is not None and wanted:
            wrong = f"{shown} shows an agent that has failed as {row.get('status')!r}"
            fine = row.get("status") == "failed"
            judge.holds("CAXTON-EVT-027", fine, wrong, seen, *roll.pages[:1])


# Tasks and the system


_WORK = 120.0
"""Seconds of the peer's time in which a task is done, where it is done at all."""


_SOON = 5.0
"""Seconds that are given to tasks which nobody can bring on: agents may do them in no time."""


async def _when_done(client: Client, task: str) -> Exchange:
    """A task as it is once it is completed, or at last."""
    end, looks = client.clock.now() + _SOON, 0
    while True:
        seen = await client.call("getTask", {"task_id": task})
        if seen.at("/status") == "completed" or not seen.ok or client.clock.now() > end:
            return seen
        await client.clock.step(looks)
        looks += 1


async def _is_told(
    client: Client, watch: Watch, ears: _Ears, mates: Sequence[Agent]
) -> tuple[str, Any]:
    """A task that one of them completes is told of: its id, and who completed it; nobody where
    that is not told.
    """
    judge, before = ears.judge, len(_of(watch, "task.completed"))
    said, task = await client.create_task(*mates, requirements=None)
    award = await client.call(
        "distributeTask",
        {"task_id": task},
        body={"strategy": "best_bid", "max_wait_seconds": 5},
        served=False,
    )
    if "progress" in client.hooks.target.hooks:
        await client.hooks("progress", {"task": task, "progress": 1})
    elif client.clock.can_jump:
        await client.clock.jump(_WORK)
    seen = await _when_done(client, task)
    if seen.at("/status") != "completed":
        raise UnjudgeableError(f"the task is {seen.at('/status')!r}, not completed")
    frame = await ears.hears(watch, "task.completed", "/task_id", task)
    found = frame or next(iter(_of(watch, "task.completed")[before:]), None)
    wrong = "a subscriber to task.completed is not told of a task that is completed"
    judge.holds("CAXTON-EVT-023", found is not None, wrong, said, seen)
    if found is None:
        return task, None
    told = found.value("/task_id")
    wrong = f"task_id of a task.completed is {told!r}, not {task!r}"
    judge.holds("CAXTON-EVT-024", told == task, wrong, seen, found)
    told, wanted = found.value("/agent_id"), seen.at("/assigned_to")
    wrong = f"agent_id of a task.completed is {told!r}; it was assigned to {wanted!r}"
    judge.holds("CAXTON-EVT-024", told == wanted, wrong, award, seen, found)
    return task, wanted


@requirement(
    "CAXTON-EVT-023", "CAXTON-EVT-024", "CAXTON-EVT-028", "CAXTON-SUB-003", "CAXTON-SUB-005"
)
async def test_flow_tasks_are_completed(
    client: Client, crew: Crew, ears: _Ears, judge: Judge
) -> None:
    mates = await crew.mates(client, 2)
    watch, agents = await client.watch("of tasks"), await client.watch("of agents")
    await watch.subscribe("task.completed")
    await agents.subscribe("agent.*")
    named, foreign = await client.watch("of both agents"), await client.watch("of nobody")
    await named.subscribe("agent.*", "task.completed", agents=[mate.id for mate in mates])
    await foreign.subscribe("agent.*", "task.completed", agents=[client.new("nobody")])
    task, done = await _is_told(client, watch, ears, mates)
    if done is None:
        return
    frame = await ears.hears(named, "task.completed", "/task_id", task)
    wrong = "who asked for the agent is not told of a task that it completed"
    judge.holds("CAXTON-SUB-005", frame is not None, wrong, *watch.events()[-1:])
    await asyncio.sleep(_LATE)
    twice = watch.about(task, "task.completed")
    wrong = f"one task is told as completed {len(twice)} times"
    judge.holds("CAXTON-EVT-028", len(twice) < 2, wrong, *twice[:2])
    ears.untold("CAXTON-SUB-003", agents, "task.completed", "", "a subscriber to agent.*")
    ears.untold("CAXTON-SUB-005", foreign, "task.completed", "", "who asked for another agent")
    others = [mate for mate in mates if mate.id != done]
    await _is_told(client, watch, ears, others[:1])  # what is told is not always the first one


@requirement("CAXTON-EVT-025", "CAXTON-EVT-028", "CAXTON-SUB-001", "CAXTON-SUB-003")
async def test_flow_alerts_are_told(client: Client, ears: _Ears, judge: Judge) -> None:
    if "alert" not in client.hooks.target.hooks:
        return  # the row says so
    watch, agents, messages = [
        await client.watch(f"of {name}") for name in ("alerts", "agents", "messages")
    ]
    await watch.subscribe("system.alert")
    await agents.subscribe("agent.*")
    await messages.subscribe("message.sent", "task.completed")
    for number in (1, 2):
        mark = watch.mark()
        await client.hooks("alert", {})
        frame = await watch.hope("system.alert", lambda _: True, ears.patience, mark)
        wrong = f"a subscriber to system.alert is not told of alert {number}"
        judge.holds("CAXTON-EVT-025", frame is not None, wrong, *watch.socket.frames[-1:])
        await asyncio.sleep(_LATE)
        told = _of(watch, "system.alert")
        wrong = f"{number} alerts are told as {len(told)} to one subscription"
        judge.holds("CAXTON-EVT-028", len(told) <= number, wrong, *told[:3])
    ears.untold("CAXTON-SUB-003", agents, "system.alert", "", "a subscriber to agent.*")
    ears.untold("CAXTON-SUB-001", messages, "system.alert", "", "a subscriber to others")
