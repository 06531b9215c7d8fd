"""Requests that are made up for a Stella coordinator: of what kind, and how they are judged."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from conformance.exchange import MISSING, Exchange, read_json
from conformance.fuzz.calling import Caller
from conformance.fuzz.lawfulness import Asked
from conformance.fuzz.menu import Menu, Refusal
from conformance.ids import IdSource
from conformance.marks import UnjudgeableError
from conformance.protocols.stella.fleet import Agent, Fleet
from conformance.protocols.stella.roll import CAPABILITIES

__all__ = ["MENU", "FleetCaller"]

_NO_OBJECT = {
    "registerAgent": "STELLA-ERR-001",
    "updateAgent": "STELLA-ERR-002",
    "sendHeartbeat": "STELLA-ERR-003",
    "completeTask": "STELLA-ERR-004",
}

_BY_OPERATORS = ("listAgents", "getAgent", "updateAgent", "deleteAgent")

_KNOWN_ABILITIES = {"items": {"enum": [*CAPABILITIES]}, "minItems": 1, "uniqueItems": True}

_STEADY: Mapping[str, Mapping[str, Any]] = {
    "registerAgent": {"properties": {"capabilities": _KNOWN_ABILITIES}},
    "listAgents": {},
    "getAgent": {},
    "deleteAgent": {},
    "sendHeartbeat": {
        "properties": {"status": {"const": "healthy"}, "capabilities": _KNOWN_ABILITIES}
    },
    "getPendingTasks": {},
}
"""What an update changes, and what else a heartbeat may say, is left open."""


def _refusals() -> Iterator[Refusal]:
    for operation, row in _NO_OBJECT.items():
        for keyword in ("json", "type"):
            yield Refusal(row=row, operation=operation, pointer="", keyword=keyword)
    nameless = {"required": frozenset[str](), "type": frozenset({"null", "array", "object"})}
    for keyword, kinds in nameless.items():
        yield Refusal(
            row="STELLA-ERR-011",
            operation="registerAgent",
            pointer="/name",
            keyword=keyword,
            kinds=kinds,
        )


MENU = Menu(
    protocol="stella",
    operations=(
        "registerAgent",
        *_BY_OPERATORS,
        "sendHeartbeat",
        "getPendingTasks",
        "completeTask",
    ),
    parameters=("id", "taskId"),
    creates={"registerAgent": "/agentId"},
    removes=frozenset({"deleteAgent"}),
    own={"registerAgent": ("name",)},
    steady=_STEADY,
    survives=dict.fromkeys(_NO_OBJECT, "STELLA-ERR-005"),
    lists=frozenset({"listAgents"}),
    refusals=tuple(_refusals()),
)


class FleetCaller(Caller):
    """Calls as whoever may: with a token to register, as an operator, or as the agent itself."""

    def __init__(self, fleet: Fleet, ids: IdSource) -> None:
        super().__init__(fleet.peer, ids, MENU, {})
        self._fleet = fleet
        self._agents: dict[str, Agent] = {}

    async def renew(self) -> bool:
        """An agent, and a task of it where the target can make one. Raises `UnjudgeableError` where
        none is to be had.
        """
        agent = await self._fleet.register()
        hooked = "create_task" in self._fleet.target.hooks
        task = (await self._fleet.enqueue(agent))[0] if hooked else ""
        self._agents[agent.id] = agent
        self.stand_on({"id": agent.id, "taskId": task})
        return True

    async def call(self, asked: Asked, *, lawful: bool, served: bool, **more: Any) -> Exchange:
        who = await self._who(asked)
        return await super().call(asked, lawful=lawful, served=served, **who, **more)

    def is_cut_off(self, asked: Asked) -> bool:
        """The certificate of an agent that was deleted may be refused in the TLS handshake."""
        return asked.parameters.get("id") in self._agents and not self.is_alive(asked)

    async def _who(self, asked: Asked) -> dict[str, Any]:
        if asked.operation == "registerAgent":
            return {"headers": {"X-Agent-Token": await self._fleet.mint()}}
        if asked.operation in _BY_OPERATORS:
            return self._fleet.operator
        agent = self._agents.get(asked.parameters["id"], self._agents[self.known["id"]])
        return {"headers": agent.headers, "identity": agent.identity}

    def learn(self, asked: Asked, said: Exchange) -> None:
        super().learn(asked, said)
        created = self.created(said)
        body = read_json(asked.body or b"")
        if created and isinstance(body, dict) and body is not MISSING:
            with suppress(UnjudgeableError):  # what it was given is judged elsewhere
                self._agents[created] = self._fleet.agent_of(body, said)

    async def leave(self) -> None:
        """Whatever was taken in goes again: it may be nonsense, which others would be shown."""
        gone = (self._fleet.delete(each, lawful=False) for each in self._agents)
        await asyncio.gather(*gone)
