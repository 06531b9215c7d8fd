"""Seeded random lives of an AITBC coordinator against a tiny model that shares no code with it.

The model knows who is registered and in what state. Of tasks it knows how many there are and what
must hold whatever the chances: none is lost or doubled, nobody has more than fits, and nothing
waits that somebody could take.
"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from schemas import Protocol
from tests.mockserver.conftest import START, Office

SILENCE = 90.0
ROOM = 4
STEPS = 80
NAMES = ("a", "b", "c", "d")
SKILLS: tuple[list[str], ...] = (["x"], ["y"], ["x", "y"], [])
PRIORITIES = ("urgent", "critical", "high", "normal", "low")


class Model:
    """Agents as dictionaries, tasks as their requirements by id."""

    def __init__(self) -> None:
        self.now = START
        self.agents: dict[str, dict[str, Any]] = {}
        self.tasks: dict[str, tuple[str, list[str]]] = {}
        self.cleared: set[str] = set()

    def register(self, name: str, kind: str, skills: list[str]) -> None:
        self.agents.pop(name, None)
        self.agents[name] = {
            "agent_type": kind,
            "capabilities": skills,
            "status": "active",
            "heard": self.now,
            "load": {},
        }

    def update(self, name: str, status: str, load: dict[str, float]) -> bool:
        if name not in self.agents:
            return False
        agent = self.agents[name]
        agent["status"] = status
        agent["load"].update(load)
        if status != "stale":
            agent["heard"] = self.now
        return True

    def beat(self, name: str) -> bool:
        if name not in self.agents:
            return False
        agent = self.agents[name]
        agent["heard"] = self.now
        if agent["status"] == "stale":
            agent["status"] = "active"
        return True

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        for agent in self.agents.values():
            if agent["status"] in ("active", "busy") and agent["heard"] + SILENCE <= self.now:
                agent["status"] = "stale"


class Walk:
    """One life: every step is done to both, and both are compared after it."""

    def __init__(self, protocol: Protocol, seed: int) -> None:
        self.chance = Random(seed)
        self.model = Model()
        self.office = Office(protocol, seed)

    def step(self) -> None:
        kinds = (self.register, self.update, self.beat, self.submit, self.clear, self.wait)
        self.chance.choices(kinds, weights=(3, 3, 3, 8, 1, 4))[0]()
        self.compare_agents()
        self.compare_tasks()

    def register(self) -> None:
        name, kind = self.chance.choice(NAMES), self.chance.choice(("worker", "general"))
        skills = self.chance.choice(SKILLS)
        self.model.register(name, kind, skills)
        self.office.register(name, agent_type=kind, capabilities=skills)

    def update(self) -> None:
        name = self.chance.choice(NAMES)
        status = self.chance.choice(("active", "active", "busy", "inactive", "stale"))
        load = {"active_connections": float(self.chance.randrange(4))}
        known = self.model.update(name, status, load)
        body = {"status": status, "load_metrics": load}
        said = self.office.answer("updateAgentStatus", body, agent_id=name)
        assert said.status == (200 if known else 404)

    def beat(self) -> None:
        name = self.chance.choice(NAMES)
        known = self.model.beat(name)
        assert self.office.answer("sendHeartbeat", agent_id=name).status == (200 if known else 404)

    def submit(self) -> None:
        skills = self.chance.choice(SKILLS)
        kind = self.chance.choice(("", "", "worker", "consumer"))
        wanted = {"capabilities": skills, **({"agent_type": kind} if kind else {})}
        task = self.office.submit(self.chance.choice(PRIORITIES), **wanted)
        assert task not in self.model.tasks
        self.model.tasks[task] = (kind, skills)

    def clear(self) -> None:
        priority = self.chance.choice(PRIORITIES)
        waiting = self.office.waiting()[priority]
        said = self.office("clearQueue", priority=priority)
        assert said["cleared_count"] == len(waiting)
        self.model.cleared.update(waiting)

    def wait(self) -> None:
        seconds = self.chance.choice((0.25, 1.0, 2.0, 29.5, 89.5))
        self.model.pass_time(seconds)
        self.office.pass_time(seconds)

    def compare_agents(self) -> None:
        shown = self.office("discoverAgents", {})["agents"]
        assert [agent["agent_id"] for agent in shown] == list(self.model.agents)
        for agent, known in zip(shown, self.model.agents.values(), strict=True):
            assert agent["status"] == known["status"]
            assert agent["agent_type"] == known["agent_type"]
            assert agent["capabilities"] == known["capabilities"]
            assert known["load"].items() <= agent["load_metrics"].items()
            assert 0 <= agent["health_score"] <= 1

    def compare_tasks(self) -> None:
        queues = self.office.waiting()
        waiting = [task for queue in queues.values() for task in queue]
        running = self.office.running()
        stats = self.office.stats()
        balancer = stats["load_balancer_stats"]
        assert len(set(waiting)) == len(waiting)
        assert set(waiting) <= set(self.model.tasks) - self.model.cleared
        assert stats["queue_sizes"] == {key: len(queue) for key, queue in queues.items()}
        known = len(waiting) + sum(running.values()) + stats["tasks_completed"]
        assert known + len(self.model.cleared) == len(self.model.tasks)
        assert balancer["total_assignments"] == stats["tasks_distributed"]
        assert (
            balancer["successful_assignments"] == sum(running.values()) + stats["tasks_completed"]
        )
        assert (
            balancer["successful_assignments"] + balancer["failed_assignments"]
            == balancer["total_assignments"]
        )
        active = [each for each in self.model.agents.values() if each["status"] == "active"]
        assert balancer["active_agents"] == len(active)
        assert all(0 <= count <= ROOM for count in running.values())
        for task in waiting:
            assert not self.takers(task, running), f"{task} waits, and could be taken"

    def takers(self, task: str, running: dict[str, int]) -> list[str]:
        kind, skills = self.model.tasks[task]
        return [
            name
            for name, agent in self.model.agents.items()
            if agent["status"] == "active"
            and running[name] < ROOM
            and kind in ("", agent["agent_type"])
            and set(skills) <= set(agent["capabilities"])
        ]


@pytest.mark.parametrize("seed", range(30))
def test_coordinator_keeps_to_the_model(aitbc: Protocol, seed: int) -> None:
    walk = Walk(aitbc, seed)
    for _ in range(STEPS):
        walk.step()
    assert len(walk.model.tasks) > STEPS / 8
