"""Contract Net: who bids for a task, who gets it, and how it goes on."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.protocols.caxton.lifecycle import TASK
from mockserver.world import iso
from tests.mockserver.conftest import START
from tests.mockserver.protocols.caxton_harbour import Harbour

INVALID = (400, "INVALID_REQUEST")


@pytest.fixture
def harbour() -> Harbour:
    return Harbour()


def _create(harbour: Harbour, **fields: Any) -> str:
    task_id: str = harbour("POST", "/tasks", {"name": "weigh", **fields})["task_id"]
    return task_id


def _distribute(harbour: Harbour, task_id: str, strategy: str = "best_bid") -> dict[str, Any]:
    order = {"strategy": strategy, "max_wait_seconds": 8}
    return harbour("POST", f"/tasks/{task_id}/distribute", order)


def _task(harbour: Harbour, task_id: str) -> dict[str, Any]:
    return harbour("GET", f"/tasks/{task_id}")


def test_new_task_is_created(harbour: Harbour) -> None:
    said = harbour("POST", "/tasks", {"name": "weigh"})
    task_id = said["task_id"]
    assert said == {"task_id": task_id, "status": "created", "created_at": iso(START)}
    task = _task(harbour, task_id)
    assert (task["status"], task["assigned_to"], task["subtasks"]) == ("created", None, [])


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        [],
        {},
        {"name": 5},
        {"name": ""},
        {"name": "x", "participants": "all"},
        {"name": "x", "timeout_seconds": 0},
        {"name": "x", "timeout_seconds": "long"},
        {"name": "x", "requirements": []},
        {"name": "x", "requirements": {"min_performance_score": 2}},
    ],
)
def test_bad_task_is_refused(harbour: Harbour, body: Any) -> None:
    assert harbour.refused("POST", "/tasks", body) == INVALID
    assert harbour.state["tasks"] == []


def test_unknown_task_is_not_found(harbour: Harbour) -> None:
    assert harbour.refused("GET", "/tasks/none") == (404, "TASK_NOT_FOUND")
    order = {"strategy": "best_bid"}
    refusal = (404, "TASK_NOT_FOUND")
    assert harbour.refused("POST", "/tasks/none/distribute", order) == refusal


def test_best_bid_wins_among_those_who_can(harbour: Harbour) -> None:
    able = [harbour.agent(capabilities=["weighing", "towing"]) for _ in range(4)]
    unable = [harbour.agent(), harbour.agent(capabilities=["towing"])]
    outsider = harbour.agent(capabilities=["weighing"])
    stopped = harbour.agent(capabilities=["weighing"])
    harbour("POST", f"/agents/{stopped}/stop")
    task_id = _create(
        harbour,
        participants=[*unable, *able, able[0], stopped, "nobody"],
        requirements={"capabilities": ["weighing"], "min_performance_score": 0.5},
    )
    award = _distribute(harbour, task_id)
    assert award["status"] == "distributed"
    assert award["proposals_received"] == len(able)
    said = harbour("GET", f"/messages?conversation_id={task_id}")["messages"]
    bids = {each["sender"]: each["content"] for each in said if each["performative"] == "propose"}
    assert set(bids) == set(able)
    winner = max(bids, key=lambda each: bids[each]["confidence"])
    assert award["assigned_to"] == winner == award["winning_bid"]["agent_id"]
    assert award["winning_bid"] == bids[winner]
    told = {
        each["receiver"]: each["performative"]
        for each in said
        if each["performative"] in ("accept-proposal", "reject-proposal")
    }
    assert told == {each: f"{'accept' if each == winner else 'reject'}-proposal" for each in able}
    refused = {each["sender"] for each in said if each["performative"] == "refuse"}
    assert refused == set(unable)
    called = [each["receiver"] for each in said if each["performative"] == "cfp"]
    assert sorted(called) == sorted([*able, *unable])
    assert outsider not in {each["receiver"] for each in said}


def test_other_strategies(harbour: Harbour) -> None:
    agents = [harbour.agent() for _ in range(5)]
    for strategy in ("fastest_bid", "first_bid"):
        task_id = _create(harbour)
        award = _distribute(harbour, task_id, strategy)
        said = harbour.history(f"?conversation_id={task_id}")
        bids = [each["content"] for each in said if each["performative"] == "propose"]
        assert [each["agent_id"] for each in bids] == agents
        best = min(
            bids, key=lambda each: each["estimated_time"] if strategy == "fastest_bid" else 0
        )
        assert award["winning_bid"] == best
    order = {"strategy": "by_beauty"}
    assert harbour.refused("POST", f"/tasks/{_create(harbour)}/distribute", order) == INVALID
    assert "winning_bid" in harbour("POST", f"/tasks/{_create(harbour)}/distribute", {})


def test_nobody_bids(harbour: Harbour) -> None:
    silent = harbour.agent(capabilities=["weighing"])
    harbour.command("silence", agent=silent)
    harbour.agent(capabilities=["towing"])
    task_id = _create(harbour, requirements={"capabilities": ["weighing"]})
    assert _distribute(harbour, task_id) == {
        "task_id": task_id,
        "status": "unassigned",
        "assigned_to": None,
        "proposals_received": 0,
        "winning_bid": None,
    }
    assert _task(harbour, task_id)["status"] == "created"
    agent = harbour.agent(capabilities=["weighing"])
    assert _distribute(harbour, task_id)["assigned_to"] == agent
    proud = _create(harbour, requirements={"min_performance_score": 1})
    assert _distribute(harbour, proud)["assigned_to"] is None


def test_task_is_done_on_the_clock(harbour: Harbour) -> None:
    agent = harbour.agent()
    task_id = _create(harbour)
    seconds = _distribute(harbour, task_id)["winning_bid"]["estimated_time"]
    assert _task(harbour, task_id)["status"] == "distributed"
    harbour.pass_time(0.5)
    task = _task(harbour, task_id)
    assert (task["status"], task["progress"], task["started_at"]) == (
        "in_progress",
        0,
        iso(START + 0.5),
    )
    assert task["estimated_completion"] == iso(START + 0.5 + seconds)
    before = 0.0
    for _ in range(9):
        harbour.pass_time(seconds / 10)
        task = _task(harbour, task_id)
        assert before < task["progress"] < 1
        before = task["progress"]
        done = [each["status"] for each in task["subtasks"]]
        assert done == sorted(done, key=["completed", "in_progress", "pending"].index)
        assert done.count("completed") == int(before * len(done))
    harbour.pass_time(seconds / 10 + 0.001)
    task = _task(harbour, task_id)
    assert (task["status"], task["progress"], task["assigned_to"]) == ("completed", 1, agent)
    assert {each["status"] for each in task["subtasks"]} == {"completed"}
    assert harbour.history(f"?conversation_id={task_id}")[-1]["performative"] == "inform"


def test_bids_fit_into_the_timeout(harbour: Harbour) -> None:
    for _ in range(5):
        harbour.agent()
    task_id = _create(harbour, timeout_seconds=2)
    assert _distribute(harbour, task_id)["winning_bid"]["estimated_time"] <= 1.6
    harbour.pass_time(3)
    assert _task(harbour, task_id)["status"] == "completed"


def test_task_is_somebodys_only_once(harbour: Harbour) -> None:
    harbour.agent()
    task_id = _create(harbour)
    award = _distribute(harbour, task_id)
    order = {"strategy": "best_bid"}
    refusal = (403, "FORBIDDEN")
    assert harbour.refused("POST", f"/tasks/{task_id}/distribute", order) == refusal
    assert _task(harbour, task_id)["assigned_to"] == award["assigned_to"]
    harbour.pass_time(60)
    assert harbour.refused("POST", f"/tasks/{task_id}/distribute", order) == refusal


@pytest.mark.parametrize("end", ["crash", "remove", "stop"])
def test_task_fails_with_its_agent(harbour: Harbour, end: str) -> None:
    agent = harbour.agent()
    task_id = _create(harbour)
    _distribute(harbour, task_id)
    harbour.pass_time(2)
    listener = harbour.listen("task.*")
    if end == "crash":
        harbour.command("fail_agent", agent=agent)
    elif end == "remove":
        harbour("DELETE", f"/agents/{agent}")
    else:
        harbour("POST", f"/agents/{agent}/stop", {"grace_period_seconds": 1})
        harbour.pass_time(1)
    task = _task(harbour, task_id)
    assert task["status"] == "failed"
    assert 0 < task["progress"] < 1
    assert "failed" in {each["status"] for each in task["subtasks"]}
    (event,) = listener.take()
    assert (event["type"], event["result"]) == ("task.completed", "failure")
    harbour.pass_time(100)
    assert _task(harbour, task_id) == task
    assert listener.take() == []


def test_draining_agent_does_its_task_first(harbour: Harbour) -> None:
    agent = harbour.agent()
    task_id = _create(harbour)
    seconds = _distribute(harbour, task_id)["winning_bid"]["estimated_time"]
    until = harbour("POST", f"/agents/{agent}/stop", {"grace_period_seconds": 500})
    assert until["estimated_completion"] == iso(START + 0.7 + seconds)
    harbour.pass_time(seconds + 0.6)
    assert _task(harbour, task_id)["status"] == "completed"
    assert harbour.status(agent) == "draining"
    harbour.pass_time(0.1)
    assert harbour.status(agent) == "stopped"


# What a task is told to do


def test_task_is_brought_on(harbour: Harbour) -> None:
    harbour.agent()
    task_id = _create(harbour)
    with pytest.raises(ValueError, match="created task"):
        harbour.command("progress", task=task_id, progress=0.5)
    _distribute(harbour, task_id)
    said = harbour.command("progress", task=task_id, progress=0.4)
    assert (said["status"], said["progress"]) == ("in_progress", 0.4)
    for wrong in (0.39, 1.1, -1):
        with pytest.raises(ValueError, match=r"from 0\.4 to 1"):
            harbour.command("progress", task=task_id, progress=wrong)
    with pytest.raises(TypeError, match="number"):
        harbour.command("progress", task=task_id, progress=True)
    with pytest.raises(ValueError, match="id of a task"):
        harbour.command("progress", task="none", progress=1)
    assert harbour.command("progress", task=task_id, progress=1)["status"] == "completed"
    with pytest.raises(ValueError, match="completed task"):
        harbour.command("progress", task=task_id, progress=1)


def test_task_brought_on_ends_sooner(harbour: Harbour) -> None:
    harbour.agent()
    task_id = _create(harbour)
    seconds = _distribute(harbour, task_id)["winning_bid"]["estimated_time"]
    harbour.command("progress", task=task_id, progress=0.75)
    harbour.pass_time(seconds / 4 - 0.01)
    assert _task(harbour, task_id)["status"] == "in_progress"
    harbour.pass_time(0.02)
    assert _task(harbour, task_id)["status"] == "completed"


def test_other_dialect_waits_to_be_told() -> None:
    harbour = Harbour("deployed")
    agent = harbour.agent()
    listener = harbour.listen("task.*")
    task_id, idle = _create(harbour, timeout_seconds=100), _create(harbour, timeout_seconds=100)
    _distribute(harbour, task_id), _distribute(harbour, idle)
    harbour.pass_time(90)
    task = _task(harbour, task_id)
    assert (task["status"], task["progress"]) == ("in_progress", 0)
    assert "estimated_completion" not in task
    harbour.command("progress", task=task_id, progress=0.5)
    harbour.command("progress", task=task_id, progress=1)
    harbour.pass_time(20)
    assert (_task(harbour, idle)["status"], _task(harbour, task_id)["status"]) == (
        "failed",
        "completed",
    )
    ended = [each for each in listener.take() if each["type"] == "task.completed"]
    assert [(each["task_id"], each["result"], each["agent_id"]) for each in ended] == [
        (task_id, "success", agent),
        (idle, "timeout", agent),
    ]
    nobody = _create(harbour, requirements={"capabilities": ["weighing"]})
    order = {"strategy": "best_bid"}
    assert harbour.refused("POST", f"/tasks/{nobody}/distribute", order) == (409, "NO_PROPOSALS")
    assert _task(harbour, nobody)["status"] == "created"


def test_table_leads_from_the_start_to_every_state_and_ends() -> None:
    reached, states = {"created"}, {step.state for step in TASK.values()}
    for _ in TASK:
        reached |= {step.state for (state, _), step in TASK.items() if state in reached}
    assert reached == states | {"created"}
    assert {state for state, _ in TASK}.isdisjoint({"completed", "failed"})
