"""Anything may happen to Caxton in any order: what it says stays lawful and fits together."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from tests.mockserver.protocols.caxton_harbour import MODULE_TEXT, Harbour, Listener

STATES = ("loaded", "running", "draining", "stopped", "failed")


class Storm:
    """One random life: each act may be refused, and none may break anything."""

    def __init__(self, dialect: str, seed: int) -> None:
        self.harbour = Harbour(dialect, seed=seed)
        self.chance = random.Random(seed)
        self.listener: Listener = self.harbour.listen()
        self.agents: list[str] = ["nobody"]
        self.tasks: list[str] = ["none"]
        self.deployments: list[str] = ["none"]
        self.acts: list[Callable[[], None]] = [
            self.deploy,
            self.say,
            self.say,
            self.wait,
            self.wait,
            self.task,
            self.distribute,
            self.roll_out,
            self.roll_back,
            self.update,
            self.stop,
            self.remove,
            self.reload,
            self.crash,
        ]

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        outcome = self.harbour.send(method, path, body)
        said: dict[str, Any] = orjson.loads(outcome.body)
        if outcome.status >= 500:
            assert said["error"]["code"] == "MESSAGE_DELIVERY_FAILED"
        return said if outcome.status < 300 else {}

    def one(self, known: list[str]) -> str:
        return self.chance.choice(known[-6:])

    def deploy(self) -> None:
        name = f"n-{self.chance.randrange(9)}"
        outcome = self.harbour.deploy(name, capabilities=self.chance.sample("abc", 2))
        if outcome.status == 201:
            self.agents.append(orjson.loads(outcome.body)["agent_id"])

    def say(self) -> None:
        performative = self.chance.choice(["request", "cfp", "inform", "propose", "babble"])
        message = {"performative": performative, "receiver": self.one(self.agents), "content": {}}
        self.call("POST", "/messages", {**message, "sender": self.one(self.agents)})

    def wait(self) -> None:
        self.harbour.pass_time(self.chance.choice([0, 0.01, 0.3, 4, 40]))

    def task(self) -> None:
        requirements = {"capabilities": [self.chance.choice("abcd")]}
        said = self.call("POST", "/tasks", {"name": "t", "requirements": requirements})
        self.tasks += [said["task_id"]] if said else []

    def distribute(self) -> None:
        self.call("POST", f"/tasks/{self.one(self.tasks)}/distribute", {"strategy": "best_bid"})

    def roll_out(self) -> None:
        kind = self.chance.choice(["immediate", "rolling", "blue_green", "canary"])
        order = {"agent_id": self.one(self.agents), "wasm_module": MODULE_TEXT, "version": "9"}
        said = self.call("POST", "/deployments", {**order, "strategy": {"type": kind}})
        self.deployments += [said["deployment_id"]] if said else []

    def roll_back(self) -> None:
        self.call("POST", f"/deployments/{self.one(self.deployments)}/rollback")

    def update(self) -> None:
        change = {"name": f"n-{self.chance.randrange(9)}"}
        self.call("PUT", f"/agents/{self.one(self.agents)}", {"config": change})

    def stop(self) -> None:
        order = {"grace_period_seconds": self.chance.choice([0, 1, 99])}
        self.call("POST", f"/agents/{self.one(self.agents)}/stop", order)

    def remove(self) -> None:
        self.call("DELETE", f"/agents/{self.one(self.agents)}")

    def reload(self) -> None:
        self.harbour.reload(self.one(self.agents))

    def crash(self) -> None:
        agent = self.harbour.coordinator.realm.host.agents.get(self.one(self.agents))
        if agent is not None and self.harbour.coordinator.realm.host.lives.can(agent, "crash"):
            self.harbour.command("fail_agent", agent=agent.id)

    def check(self) -> None:
        """What is shown in different places is the same."""
        harbour = self.harbour
        everybody = harbour("GET", "/agents?limit=1000")["agents"]
        assert len({each["name"] for each in everybody}) == len(everybody)
        assert len(harbour.state["agents"]) == len(everybody)
        for each in everybody:
            assert each["status"] in STATES
            assert harbour.look(each["agent_id"])["status"] == each["status"]
        for task in self.tasks[1:]:
            said = harbour("GET", f"/tasks/{task}")
            assert (said["assigned_to"] is None) == (said["status"] == "created")
        for deployment in self.deployments[1:]:
            said = harbour("GET", f"/deployments/{deployment}")
            stages = [stage["status"] for stage in said["stages"]]
            assert (said["status"] == "completed") == (set(stages) == {"completed"}) or (
                said["status"] in ("rolling_back", "rolled_back")
            )

    def sum_up(self) -> None:
        """Nothing was told twice, and what was delivered stands in the history."""
        events = self.listener.take()
        sent = [each["message_id"] for each in events if each["type"] == "message.sent"]
        history: list[str] = []
        cursor: Any = ""
        while cursor is not None:
            query = f"?limit=100&cursor={cursor}" if cursor else "?limit=100"
            page = self.harbour("GET", f"/messages{query}")
            history += [each["message_id"] for each in page["messages"]]
            cursor = page["next_cursor"]
        newest_first = self.harbour.coordinator.dialect.newest_first
        assert sent == (history[::-1] if newest_first else history)
        for kind in ("agent.deployed", "agent.removed", "agent.failed"):
            told = [each["agent_id"] for each in events if each["type"] == kind]
            assert len(told) == len(set(told))
        ended = [each["task_id"] for each in events if each["type"] == "task.completed"]
        assert len(ended) == len(set(ended))
        times = [each["timestamp"] for each in events]
        assert times == sorted(times)


@pytest.mark.parametrize("dialect", ["documented", "deployed"])
@pytest.mark.parametrize("seed", range(4))
def test_any_life_is_lawful(dialect: str, seed: int) -> None:
    storm = Storm(dialect, seed)
    for _ in range(40):
        for _ in range(10):
            storm.chance.choice(storm.acts)()
        storm.check()
    storm.harbour.pass_time(10_000)
    storm.check()
    storm.sum_up()
    assert len(storm.agents) > 10
    assert {each["status"] for each in storm.harbour.state["tasks"]} <= {
        "created",
        "completed",
        "failed",
    }
