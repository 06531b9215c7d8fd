"""Requests that are made up for a Caxton coordinator: of what kind, and how they are judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.exchange import Exchange
from conformance.fuzz.calling import Caller
from conformance.fuzz.lawfulness import Asked
from conformance.fuzz.menu import Menu, Refusal
from conformance.ids import IdSource
from conformance.protocols.caxton.client import SHOWN, Client, wasm_text
from conformance.protocols.caxton.crew import Crew

__all__ = ["MENU", "ClientCaller"]

_NO_BODY: Mapping[str, str] = {
    "sendMessage": "CAXTON-ERR-071",
    "updateAgent": "CAXTON-ERR-069",
    "createTask": "CAXTON-ERR-072",
    "createDeployment": "CAXTON-ERR-074",
}

_NO_OPTIONAL_BODY: Mapping[str, str] = {
    "distributeTask": "CAXTON-ERR-073",
    "rollbackDeployment": "CAXTON-ERR-075",
}
"""These may make do with none, or with null."""

_SOMETHING = frozenset({"string", "numeral", "array", "number", "boolean"})
_NO_TEXT = frozenset({"number", "array", "object"})

_NO_TASK: Mapping[str, frozenset[str]] = {
    "/name": _NO_TEXT,
    "/participants": frozenset({"string", "number", "object"}),
    "/timeout_seconds": frozenset({"string", "array", "object"}),
    "/requirements": frozenset({"string", "number", "array"}),
}

_NEEDED: Mapping[str, tuple[str, ...]] = {
    "sendMessage": ("/performative", "/receiver"),
    "createTask": ("/name",),
    "createDeployment": ("/agent_id", "/wasm_module"),
}

_ROWS: Mapping[str, str] = {
    "sendMessage": "CAXTON-MSG-013",
    "createTask": "CAXTON-TSK-009",
    "createDeployment": "CAXTON-CRD-011",
}


def _refusals() -> Iterator[Refusal]:
    for operation, row in _NO_BODY.items():
        yield Refusal(row=row, operation=operation, pointer="", keyword="json")
        yield Refusal(row=row, operation=operation, pointer="", keyword="type")
    for operation, row in _NO_OPTIONAL_BODY.items():
        for word in ("json", "type"):
            yield Refusal(row=row, operation=operation, pointer="", keyword=word, kinds=_SOMETHING)
    for operation, row in _ROWS.items():
        for pointer in _NEEDED[operation]:
            yield Refusal(row=row, operation=operation, pointer=pointer, keyword="required")
    wrong = {
        "sendMessage": dict.fromkeys(_NEEDED["sendMessage"], _NO_TEXT),
        "createTask": _NO_TASK,
    }
    for operation, kinds in wrong.items():
        for pointer, each in kinds.items():
            row = _ROWS[operation]
            yield Refusal(row=row, operation=operation, pointer=pointer, keyword="type", kinds=each)


_TEXTS = ("sender", "conversation_id", "reply_with", "in_reply_to", "ontology", "language")
"""What may be null as well, if it is taken for what is not there."""

_STEADY: Mapping[str, Mapping[str, Any]] = {
    "listAgents": {},
    "getAgent": {},
    "getTask": {},
    "getSystemMetrics": {},
    "sendMessage": {
        "required": ["sender", "conversation_id"],
        "properties": {
            "performative": {"enum": [*SHOWN]},
            "content": {"minProperties": 1},
            **{name: {"type": "string"} for name in _TEXTS},
        },
    },
}

_OPERATIONS = (
    "listAgents",
    "getAgent",
    "updateAgent",
    "sendMessage",
    "queryMessages",
    "createTask",
    "getTask",
    "distributeTask",
    "createDeployment",
    "getDeployment",
    "rollbackDeployment",
    "getSystemMetrics",
    "getAgentMetrics",
)

MENU = Menu(
    protocol="caxton",
    operations=_OPERATIONS,
    parameters=("agent_id", "task_id"),
    creates={"createTask": "/task_id", "createDeployment": "/deployment_id"},
    own={
        "sendMessage": ("sender", "conversation_id", "reply_with"),
        "createTask": ("name",),
    },
    steady=_STEADY,
    survives=dict.fromkeys(_OPERATIONS, "CAXTON-ERR-076"),
    excused=frozenset({"DEPLOYMENT_FAILED", "MESSAGE_DELIVERY_FAILED"}),
    lists=frozenset({"listAgents", "queryMessages"}),
    refusals=tuple(_refusals()),
)
"""Agents are not deployed, stopped and removed by it: deployments are few, and the form that they
come in is looked at elsewhere.
"""

_REFILL = 40
"""Calls after which the buckets of the rates are filled again, where that costs no time."""

_LONGEST_WAIT = 1
"""Seconds that a distribution may take: a peer that is told to wait does so."""


class ClientCaller(Caller):
    """Sends messages to an agent of its own, and rolls out what that can run. Where rates cost
    time it sends messages alone: of those a peer takes a thousand a second.
    """

    def __init__(self, client: Client, crew: Crew, ids: IdSource) -> None:
        super().__init__(client.peer, ids, MENU, {})
        self._client = client
        self._clock = client.clock
        self._crew = crew
        self._calls = 0
        self._made: list[str] = []

    async def renew(self) -> bool:
        """An agent and a task of it; where deployments are few, everybody's agent, and no other.
        Raises `UnjudgeableError` where none is to be had.
        """
        if not self._clock.can_jump:
            if self.known:
                return False
            self.stand_on({"agent_id": (await self._crew.mate(self._client)).id})
            return True
        await self._clock.refill()
        agent = await self._crew.spare(self._client)
        self._made.append(agent.id)
        _, task = await self._client.create_task(agent)
        self.stand_on({"agent_id": agent.id, "task_id": task})
        return True

    def is_allowed(self, asked: Asked) -> bool:
        costs_nothing = self._clock.can_jump or asked.operation == "sendMessage"
        return costs_nothing and super().is_allowed(asked)

    async def call(self, asked: Asked, *, lawful: bool, served: bool, **more: Any) -> Exchange:
        self._calls += 1
        if self._calls % _REFILL == 0:
            await self._clock.refill()
        return await super().call(asked, lawful=lawful, served=served, **more)

    def filled(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        agent_id = self.known["agent_id"]
        known = {"receiver": agent_id, "agent_id": agent_id}
        known["wasm_module"] = wasm_text("made up")
        there: dict[str, Any] = {
            name: value for name, value in known.items() if isinstance(body.get(name), str)
        }
        wait = body.get("max_wait_seconds")
        if isinstance(wait, int | float) and not isinstance(wait, bool):
            there["max_wait_seconds"] = min(wait, _LONGEST_WAIT)
        return super().filled(operation, {**body, **there})

    async def leave(self) -> None:
        """The agents go again: they may have been told nonsense, which others would be shown."""
        for agent_id in self._made:
            await self.peer.call("removeAgent", {"agent_id": agent_id}, lawful=False)
