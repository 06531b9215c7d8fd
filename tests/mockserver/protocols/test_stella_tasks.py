"""Presence, and work on its three ways to an agent and back."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.faults import Fault
from mockserver.protocols.stella.tasks import TRANSITIONS
from mockserver.world import iso
from tests.mockserver.conftest import START
from tests.mockserver.protocols.stella_yard import AGENTS, Agent, Yard, beat


@pytest.fixture
def yard() -> Yard:
    return Yard()


@pytest.fixture
def agent(yard: Yard) -> Agent:
    return yard.register("crane-1")


@pytest.fixture
def again() -> Agent:
    return Yard("at-least-once").register("crane-1")


# Presence


def test_heartbeat_is_kept(yard: Yard, agent: Agent) -> None:
    yard.pass_time(30)
    agent.beat(capabilities=["winrm"], runningTasks=4)
    usage = {"cpu": 3.5, "memory": 22.25, "disk": 71.0}
    (row,) = yard.list()
    assert (row["status"], row["capabilities"]) == ("online", ["winrm"])
    assert (row["lastHeartbeat"], row["resourceUsage"]) == (iso(START + 30), usage)
    details = agent.details
    assert (details["runningTasks"], details["health"]) == (4, "healthy")


def test_agent_is_lost_after_three_intervals(yard: Yard, agent: Agent) -> None:
    agent.beat()
    yard.pass_time(89)
    assert agent.details["status"] == "online"
    yard.pass_time(1)
    assert agent.details["status"] == "offline"
    agent.beat()
    assert agent.details["status"] == "online"
    yard.pass_time(90)
    assert agent.details["status"] == "offline"


def test_agent_that_never_beats_is_lost_as_well(yard: Yard, agent: Agent) -> None:
    yard.pass_time(90)
    assert agent.details["status"] == "offline"


def test_heartbeats_keep_an_agent_there(yard: Yard, agent: Agent) -> None:
    other = yard.register("crane-2")
    for _ in range(20):
        yard.pass_time(80)
        agent.beat()
        assert agent.details["status"] == "online"
    assert other.details["status"] == "offline"
    assert len(yard.coordinator.ledger.presence._heap) == 1


def test_neither_poll_nor_stream_is_a_sign_of_life(yard: Yard, agent: Agent) -> None:
    agent.join()
    yard.pass_time(80)
    agent.polled()
    yard.pass_time(10)
    assert agent.details["status"] == "offline"


def test_deleted_agent_is_watched_no_more(yard: Yard, agent: Agent) -> None:
    yard("DELETE", agent.path)
    yard.pass_time(1000)
    assert yard.coordinator.due() is None


def test_agent_that_is_not_well_is_degraded(yard: Yard, agent: Agent) -> None:
    agent.beat("overloaded")
    assert (agent.details["status"], agent.details["health"]) == ("degraded", "overloaded")
    agent.beat()
    assert agent.details["status"] == "online"


def test_agents_are_filtered(yard: Yard, agent: Agent) -> None:
    other = yard.register("crane-2", capabilities=["ssh"])
    yard.pass_time(60)
    other.beat("limping", capabilities=["ssh"])
    yard.pass_time(30)
    for query, found in [
        ("", [agent, other]),
        ("?status=offline", [agent]),
        ("?status=degraded", [other]),
        ("?status=online", []),
        ("?status=elsewhere", []),
        ("?capability=ssh", [other]),
        ("?capability=docker&status=offline", [agent]),
        ("?capability=docker&status=degraded", []),
    ]:
        assert [row["id"] for row in yard.list(query)] == [each.id for each in found], query


def test_update_replaces_what_is_given(yard: Yard, agent: Agent) -> None:
    agent.yard("PUT", agent.path, {"labels": {"site": "a", "tier": "edge"}})
    status, said = yard("PUT", agent.path, {"labels": {"site": "b"}})
    assert (status, said["labels"], said["capabilities"]) == (
        200,
        {"site": "b"},
        ["docker", "nomad"],
    )
    _, said = yard("PUT", agent.path, {"capabilities": ["ecs"]})
    assert (said["labels"], said["capabilities"]) == ({"site": "b"}, ["ecs"])
    assert agent.details == said
    assert [row["id"] for row in yard.list("?capability=ecs")] == [agent.id]
    agent.beat()
    assert agent.details["capabilities"] == ["docker", "nomad"]


def test_targets_are_shown_to_operators(yard: Yard, agent: Agent) -> None:
    yard.command("assign", agent="crane-1", target="quay-7")
    yard.command("assign", agent=agent.id, target={"name": "quay-8"})
    assert agent.details["assignedTargets"] == ["quay-7", {"name": "quay-8"}]


# Work, as the document is read


def test_task_comes_in_full_with_a_heartbeat(agent: Agent) -> None:
    fields = {"payload": {"job": "web"}, "credentials": {"vault": "x"}, "timeout": 45}
    task = agent.task("nomad.run", **fields, priority=3)
    assert agent.beat()["tasks"] == [{"taskId": task, "taskType": "nomad.run", **fields}]


def test_poll_shows_what_waits(yard: Yard, agent: Agent) -> None:
    task = agent.task(priority=3)
    shown = {"taskId": task, "taskType": "nomad.run", "priority": 3, "createdAt": iso(START)}
    for _ in range(2):
        assert yard("GET", f"{agent.path}/tasks", **agent.proof) == (200, {"tasks": [shown]})
    assert agent.status_of(task) == "pending"


def test_task_is_handed_over_once(agent: Agent) -> None:
    first, second = agent.task(), agent.task()
    assert agent.taken() == [first, second]
    assert (agent.taken(), agent.polled()) == ([], [])
    assert agent.join().assigned == []
    assert agent.status_of(first) == "delivered"


def test_stream_hands_over_what_waits_and_what_comes(agent: Agent) -> None:
    first = agent.task()
    stream = agent.join()
    second = agent.task(payload={"job": "web"})
    assert stream.assigned == [first, second]
    assert stream.heard[1]["task"] == {
        "taskId": second,
        "taskType": "nomad.run",
        "payload": {"job": "web"},
        "credentials": {},
        "timeout": 300,
    }
    assert (agent.taken(), agent.polled()) == ([], [])


def test_each_stream_of_an_agent_hears_all(yard: Yard, agent: Agent) -> None:
    other = yard.register("crane-2").join()
    first, second = agent.join(), agent.join()
    task = agent.task()
    assert (first.assigned, second.assigned, other.assigned) == ([task], [task], [])
    first.leave()
    assert len(yard.state["streams"]) == 2
    another = agent.task()
    assert (first.assigned, second.assigned) == ([task], [task, another])


def test_completed_task_is_over(yard: Yard, agent: Agent) -> None:
    task = agent.task()
    agent.taken()
    yard.pass_time(5)
    assert agent.complete(task, result={"nodes": 3}) == (200, {"acknowledged": True})
    assert agent.complete(task, success=False) == (200, {"acknowledged": True})
    (seen,) = yard.state["tasks"]
    assert (seen["status"], seen["finishedAt"]) == ("completed", iso(START + 5))
    assert seen["report"] == {"success": True, "result": {"nodes": 3}, "logs": []}
    assert (agent.taken(), agent.polled()) == ([], [])


def test_task_known_from_a_poll_can_be_completed(agent: Agent) -> None:
    task = agent.task()
    assert agent.polled() == [task]
    assert agent.complete(task)[0] == 200
    assert (agent.taken(), agent.polled()) == ([], [])


def test_task_of_nobody_and_of_another_cannot_be_completed(yard: Yard, agent: Agent) -> None:
    theirs = yard.register("crane-2").task()
    for task in ("no-such-task", theirs):
        assert agent.complete(task)[0] == 404
    assert agent.status_of(theirs) == "pending"


def test_cancelled_task_is_told_on_the_stream_and_is_over(yard: Yard, agent: Agent) -> None:
    waiting, running = agent.task(), agent.task()
    yard.command("cancel", agent="crane-1", task=waiting)
    stream = agent.join()
    assert stream.assigned == [running]
    assert yard.command("cancel", task=running) == {"taskId": running, "connections": 1}
    assert stream.cancelled == [running]
    assert agent.taken() == []
    assert agent.complete(running) == (200, {"acknowledged": True})
    assert agent.status_of(running) == "cancelled"


def test_what_has_ended_cannot_be_cancelled(yard: Yard, agent: Agent) -> None:
    task = agent.task()
    agent.complete(task)
    with pytest.raises(ValueError, match="a completed task cannot be cancelled"):
        yard.command("cancel", task=task)


def test_every_state_knows_how_it_ends() -> None:
    states = {"pending", "delivered", "completed", "cancelled"}
    assert {state for state, _ in TRANSITIONS} == set(TRANSITIONS.values()) | {"pending"} == states
    assert {(state, "complete") for state in states} <= TRANSITIONS.keys()


# At least once


def test_task_is_told_of_until_it_is_completed(again: Agent) -> None:
    first, second = again.task(), again.task()
    for _ in range(2):
        assert again.taken() == again.polled() == [first, second]
    assert again.join().assigned == again.join().assigned == [first, second]
    again.complete(first)
    again.yard.command("cancel", task=second)
    assert (again.taken(), again.polled(), again.join().assigned) == ([], [], [])


# What an agent tells on its stream


def test_progress_and_logs_are_kept(yard: Yard, agent: Agent) -> None:
    task, stream = agent.task(), agent.join()
    stream.say("task_progress", taskId=task, progress=10, message="draining")
    stream.say("task_progress", taskId=task, progress=60, message="drained")
    stream.say("task_log", taskId=task, level="warn", message="slow")
    (seen,) = yard.state["tasks"]
    assert seen["progress"] == {"progress": 60, "message": "drained", "at": iso(START)}
    assert seen["log"] == [{"level": "warn", "message": "slow", "at": iso(START)}]
    assert len(stream.heard) == 1


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"{", "it is not well-formed JSON"),
        (b'{"type": "task_question", "taskId": "t"}', "its type is unknown"),
        (b'{"type": "task_log", "taskId": "t", "level": "info", "message": "m"}', "none of the"),
        (b'{"type": "task_log", "taskId": 7, "level": "info", "message": "m"}', "/taskId"),
        (b"[1]", ""),
    ],
)
def test_what_means_nothing_is_ignored(yard: Yard, agent: Agent, said: bytes, reason: str) -> None:
    stream = agent.join()
    stream.raw(said)
    (ignored,) = yard.state["ignored"]
    assert reason in ignored["reason"]
    task = agent.task()
    assert (stream.assigned, stream.endings) == ([task], [])


def test_task_of_another_agent_cannot_be_told_of(yard: Yard, agent: Agent) -> None:
    theirs = yard.register("crane-2").task()
    agent.join().say("task_progress", taskId=theirs, progress=99, message="mine now")
    (seen,) = yard.state["tasks"]
    assert (seen["progress"], len(yard.state["ignored"])) == (None, 1)


# Restarts, faults, and what commands refuse


def test_restart_loses_streams_and_nothing_else(yard: Yard) -> None:
    yard.command("configure", heartbeatInterval=10)
    agent, token = yard.register("crane-1"), yard.mint()
    agent.beat()
    done, open_one = agent.task(), agent.task()
    agent.complete(done)
    stream, before = agent.join(), yard.state
    yard.restart()
    assert [ending.code for ending in stream.endings] == [1012]
    assert yard.state == {**before, "streams": []}
    assert agent.beat() == {"tasks": []}
    assert agent.complete(open_one)[0] == 200
    other = yard.register("crane-2", token)
    assert other.id != agent.id
    assert other.task() not in (done, open_one)
    yard.pass_time(30)
    assert agent.details["status"] == "offline"


def test_unreachable_is_what_a_fault_says(yard: Yard, agent: Agent) -> None:
    task = agent.task()
    yard.session.faults.add(
        Fault.parse({"kind": "status", "operation": "sendHeartbeat", "status": 503})
    )
    status, said = yard("POST", f"{agent.path}/heartbeat", beat(), **agent.proof)
    assert (status, said["error"]["code"]) == (503, "agent_unreachable")
    assert agent.taken() == [task]


@pytest.mark.parametrize(
    ("name", "said", "error"),
    [
        ("enqueue", {"task": {"taskType": "x"}}, '"agent" is the id or the name'),
        ("enqueue", {"agent": "nobody", "task": {"taskType": "x"}}, "not 'nobody'"),
        ("enqueue", {"agent": "crane-1"}, '"task" is a JSON object'),
        ("enqueue", {"agent": "crane-1", "task": {}}, '"taskType" is a text'),
        ("enqueue", {"agent": "crane-1", "task": {"taskType": "x", "when": 1}}, "has no when"),
        ("enqueue", {"agent": "crane-1", "task": {"taskType": "x", "payload": []}}, "JSON object"),
        ("enqueue", {"agent": "crane-1", "task": {"taskType": "x", "timeout": -1}}, "more than 0"),
        ("cancel", {"task": "t-1"}, "is the id of a task, not 't-1'"),
        ("cancel", {"agent": "nobody", "task": "t-1"}, "not 'nobody'"),
        ("assign", {"agent": "crane-1"}, '"target" is a name or an object'),
        ("mint", {"ttl": "long"}, '"ttl" is a number'),
        ("mint", {"ttl": 0}, "more than 0"),
        ("revoke", {"agent": 7}, "not 7"),
        ("forget", {}, "not None"),
    ],
)
def test_command_that_cannot_be_says_what_is_wrong(
    yard: Yard, agent: Agent, name: str, said: Any, error: str
) -> None:
    with pytest.raises((ValueError, TypeError), match=error):
        yard.command(name, **said)
    assert yard.state["tasks"] == []


def test_finished_tasks_make_room(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockserver.protocols.stella.tasks._FINISHED", 10)
    other = agent.yard.register("crane-2")
    gone = other.task()
    other.complete(gone)
    agent.yard("DELETE", f"{AGENTS}/{other.id}")
    tasks = [agent.task() for _ in range(25)]
    for task in tasks:
        assert agent.complete(task)[0] == 200
    assert [task["taskId"] for task in agent.yard.state["tasks"]] == tasks[-10:]
    assert agent.complete(tasks[0])[0] == 404
