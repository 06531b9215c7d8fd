"""The AITBC coordinator's queues, as a pure object on virtual time."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

import pytest

from mockserver.protocols.aitbc.distribution import PRIORITIES
from mockserver.protocols.aitbc.registry import STALE_AFTER
from mockserver.world import iso
from schemas import Protocol
from tests.mockserver.conftest import START, Office

ROOM = 4
LONGEST_WORK = 3.0


def test_submission_is_confirmed(office: Office) -> None:
    said = office("submitTask", {"task_data": {"x": 1}, "priority": "high"})
    assert uuid.UUID(said.pop("task_id")).version == 4
    assert said == {
        "status": "success",
        "message": "Task submitted successfully",
        "priority": "high",
        "submitted_at": iso(START),
    }


def test_task_waits_in_the_queue_of_its_priority(office: Office) -> None:
    tasks = {priority: office.submit(priority) for priority in reversed(PRIORITIES)}
    assert office.waiting() == {priority: [tasks[priority]] for priority in PRIORITIES}
    sizes = dict.fromkeys(PRIORITIES, 1)
    assert office("getQueues")["queue_sizes"] == sizes
    assert office.stats()["queue_sizes"] == sizes
    statistics = office("getQueueStatistics")
    assert statistics["queue_sizes"] == sizes
    assert statistics["distribution_stats"] == {
        key: value for key, value in office.stats().items() if key != "queue_sizes"
    }


def test_queue_of_one_priority_is_cleared(office: Office) -> None:
    for _ in range(3):
        office.submit("low")
    urgent = office.submit("urgent")
    said = office("clearQueue", priority="low")
    assert said == {
        "status": "success",
        "message": "Queue low cleared",
        "priority": "low",
        "cleared_count": 3,
        "timestamp": iso(START),
    }
    assert office.waiting()["low"] == []
    assert office.waiting()["urgent"] == [urgent]
    assert office("clearQueue", priority="low")["cleared_count"] == 0


def test_cleared_tasks_are_never_handed_out(office: Office) -> None:
    office.submit("low")
    office("clearQueue", priority="low")
    office.register("a")
    office.pass_time(60)
    assert office.stats()["tasks_distributed"] == 0


def test_waiting_tasks_go_to_the_first_agent_that_comes_the_most_pressing_first(
    office: Office,
) -> None:
    tasks = {priority: office.submit(priority) for priority in ("low", "normal", "high")}
    pressing = [office.submit("urgent"), office.submit("critical"), office.submit("urgent")]
    office.register("a")
    assert office.running() == {"a": ROOM}
    left = {task for queue in office.waiting().values() for task in queue}
    assert left == {tasks["normal"], tasks["low"]}
    assert not left & set(pressing)


def test_tasks_of_one_priority_go_in_their_order(office: Office) -> None:
    tasks = [office.submit() for _ in range(ROOM + 3)]
    office.register("a")
    assert office.waiting()["normal"] == tasks[ROOM:]


def test_agent_has_room_for_so_many_and_takes_more_when_done(office: Office) -> None:
    office.register("a")
    tasks = [office.submit() for _ in range(ROOM + 1)]
    assert office.running() == {"a": ROOM}
    assert office.waiting()["normal"] == tasks[ROOM:]
    office.pass_time(LONGEST_WORK)
    assert office.waiting()["normal"] == []
    office.pass_time(LONGEST_WORK)
    assert office.running() == {"a": 0}
    assert office.stats()["tasks_completed"] == ROOM + 1


def test_task_is_done_within_its_time_on_the_clock(office: Office) -> None:
    office.register("a")
    office.submit()
    office.pass_time(0.499)
    assert office.stats()["tasks_completed"] == 0
    office.pass_time(LONGEST_WORK - 0.499)
    assert office.stats()["tasks_completed"] == 1


def test_task_is_not_done_while_the_clock_stands(office: Office) -> None:
    office.register("a")
    office.submit()
    for _ in range(50):
        assert office.stats()["tasks_completed"] == 0


def test_least_connected_agent_is_chosen(office: Office) -> None:
    office.register("a")
    office.register("b")
    office.update("a", "active", active_connections=2)
    expected = [{"a": 0, "b": 1}, {"a": 0, "b": 2}, {"a": 1, "b": 2}, {"a": 1, "b": 3}]
    for running in expected:
        office.submit()
        assert office.running() == running


def test_tasks_are_spread_evenly(office: Office) -> None:
    for name in "abc":
        office.register(name)
    for _ in range(3 * ROOM):
        office.submit()
    assert office.running() == {"a": ROOM, "b": ROOM, "c": ROOM}


@pytest.mark.parametrize(
    ("requirements", "taker"),
    [
        ({}, "plain"),
        ({"capabilities": []}, "plain"),
        ({"capabilities": ["ocr"]}, "able"),
        ({"capabilities": ["ocr", "pdf"]}, "able"),
        ({"agent_type": "provider"}, "able"),
        ({"agent_type": "worker", "capabilities": ["ocr"]}, None),
        ({"capabilities": ["ocr", "sing"]}, None),
        ({"agent_type": "nonsense"}, None),
    ],
)
def test_task_goes_to_an_agent_that_can_take_it(
    office: Office, requirements: dict[str, Any], taker: str | None
) -> None:
    office.register("plain")
    office.register("able", agent_type="provider", capabilities=["ocr", "pdf", "more"])
    task = office.submit(**requirements)
    assert {name for name, count in office.running().items() if count} == ({taker} - {None})
    assert office.waiting()["normal"] == ([] if taker else [task])


def test_task_that_nobody_can_take_holds_up_no_other(office: Office) -> None:
    stuck = office.submit("urgent", capabilities=["sing"])
    office.register("a")
    office.submit("urgent")
    office.submit("low")
    assert office.running() == {"a": 2}
    assert office.waiting()["urgent"] == [stuck]
    office.register("singer", capabilities=["sing"])
    assert office.running() == {"a": 2, "singer": 1}


@pytest.mark.parametrize("status", ["inactive", "busy", "stale"])
def test_only_active_agents_are_given_tasks(office: Office, status: str) -> None:
    office.register("a")
    office.update("a", status)
    task = office.submit()
    assert office.waiting()["normal"] == [task]
    office.update("a", "active")
    assert office.running() == {"a": 1}


def test_heartbeat_of_a_stale_agent_brings_it_work(office: Office) -> None:
    office.register("a")
    office.pass_time(STALE_AFTER)
    office.submit()
    assert office.running() == {"a": 0}
    office.beat("a")
    assert office.running() == {"a": 1}


def test_tasks_of_a_lost_agent_go_back_ahead_of_others_and_in_order(office: Office) -> None:
    office.register("a")
    office.pass_time(STALE_AFTER - 0.4)
    running = [office.submit() for _ in range(ROOM)]
    waiting = [office.submit(), office.submit()]
    office.pass_time(0.4)
    assert office.agent("a")["status"] == "stale"
    assert office.waiting()["normal"] == running + waiting
    assert office.running() == {"a": 0}


def test_tasks_of_several_lost_agents_go_back_in_order(office: Office) -> None:
    for name in "ab":
        office.register(name)
    office.pass_time(STALE_AFTER - 0.4)
    tasks = [office.submit("high") for _ in range(2 * ROOM)]
    urgent = office.submit("urgent")
    office.pass_time(0.4)
    assert office.waiting()["high"] == tasks
    assert office.waiting()["urgent"] == [urgent]


def test_tasks_of_a_lost_agent_go_to_another(office: Office) -> None:
    office.register("a")
    office.pass_time(STALE_AFTER - 0.4)
    office.submit()
    office.register("b")
    office.pass_time(0.4)
    assert office.running() == {"a": 0, "b": 1}
    balancer = office.stats()["load_balancer_stats"]
    assert (balancer["total_assignments"], balancer["failed_assignments"]) == (2, 1)
    assert balancer["success_rate"] == 0.5


def test_statistics_begin_at_nothing(office: Office) -> None:
    stats = office.stats()
    balancer = stats.pop("load_balancer_stats")
    assert balancer.pop("strategy") == "least_connections"
    assert set(balancer.values()) == {0}
    assert stats.pop("queue_sizes") == dict.fromkeys(PRIORITIES, 0)
    assert set(stats.values()) == {0}


def test_statistics_tell_waiting_and_load(office: Office) -> None:
    office.submit()
    office.pass_time(2.5)
    office.register("a")
    office.register("b")
    office.update("b", "active", active_connections=3)
    office.register("c")
    office.update("c", "busy", active_connections=99)
    stats = office.stats()
    assert stats["avg_distribution_time"] == pytest.approx(2.5)
    balancer = stats["load_balancer_stats"]
    assert (balancer["active_agents"], balancer["agent_weights"]) == (2, 3)
    assert balancer["avg_agent_load"] == pytest.approx((1 + 3) / 2)


@pytest.mark.parametrize("reported", [-7.0, -1e308, 1e308, 2**63])
def test_statistics_stay_lawful_whatever_agents_report(office: Office, reported: float) -> None:
    for name in "abc":
        office.register(name)
        office.update(name, "active", active_connections=reported)
    load = office.stats()["load_balancer_stats"]["avg_agent_load"]
    assert 0 <= load < 1e308


def test_work_takes_different_times_that_the_seed_fixes(aitbc: Protocol) -> None:
    def completions(seed: int) -> list[int]:
        office = Office(aitbc, seed)
        office.register("a")
        for _ in range(ROOM):
            office.submit()
        counts = []
        for _ in range(12):
            office.pass_time(0.25)
            counts.append(office.stats()["tasks_completed"])
        return counts

    assert completions(1) == completions(1)
    assert len({tuple(completions(seed)) for seed in range(8)}) > 1
    assert completions(1)[-1] == ROOM


def test_ids_are_never_given_twice(office: Office) -> None:
    tasks = Counter(office.submit() for _ in range(500))
    assert len(tasks) == 500
