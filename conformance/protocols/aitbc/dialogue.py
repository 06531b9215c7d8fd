"""What the AITBC checks say to a coordinator, and what they make up to say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from conformance.clients import HttpClient
from conformance.clients.http import fill_path
from conformance.exchange import MISSING, Exchange
from conformance.ids import IdSource
from conformance.marks import UnjudgeableError
from mockserver.transcript import HttpExchange

__all__ = [
    "COUNTERS",
    "PRIORITIES",
    "STATUSES",
    "TYPES",
    "Dialogue",
    "ids_of",
    "listed",
    "queue_sizes",
    "registering",
]

STATUSES = ("active", "inactive", "busy", "stale")
TYPES = ("worker", "provider", "consumer", "general")
PRIORITIES = ("urgent", "critical", "high", "normal", "low")

COUNTERS = (
    "/stats/tasks_distributed",
    "/stats/tasks_completed",
    "/stats/tasks_failed",
    "/stats/load_balancer_stats/total_assignments",
    "/stats/load_balancer_stats/successful_assignments",
    "/stats/load_balancer_stats/failed_assignments",
)
"""Where the task status holds what never goes down."""

_BODY_WANTED = (400, 411, 415, 422)

_FULL = 3
"""Which of the bodies of a heartbeat speaks of load."""


class Dialogue:
    """The operations of an AITBC coordinator, as checks like to write them."""

    def __init__(self, peer: HttpClient, ids: IdSource) -> None:
        self.peer = peer
        self.new = ids
        self._heartbeat = 0  # the first of the bodies that this peer takes
        self._methods: dict[str, str] = {}  # those that it wants, where it told us others than ours
        self._beaten = False

    def registration(self, **fields: Any) -> dict[str, Any]:
        """A registration with every documented field, of an agent that is new."""
        agent_id = fields.get("agent_id") or self.new("agent")
        return {
            "agent_id": agent_id,
            "agent_type": "worker",
            "capabilities": ["indexing", "summaries"],
            "services": ["archive"],
            "endpoints": {"http": "http://127.0.0.1:7301", "metrics": "http://127.0.0.1:7302/m"},
            "metadata": {"version": "3.1.4", "owner": agent_id},
            **fields,
        }

    async def register(
        self, body: Mapping[str, Any], *, lawful: bool = True, served: bool = True
    ) -> Exchange:
        return await self.peer.call("registerAgent", body=body, lawful=lawful, served=served)

    async def registered(self, **fields: Any) -> str:
        """A newly registered agent's id. Raises `UnjudgeableError` if it cannot be had."""
        return (await self.registration_of(**fields))[0]

    async def registration_of(self, **fields: Any) -> tuple[str, Exchange]:
        """A newly registered agent's id and the answer to its registration."""
        body = self.registration(**fields)
        said = await self.register(body)
        if not said.ok:
            raise UnjudgeableError(f"no agent could be registered: {said.outcome}")
        return body["agent_id"], said

    async def get(self, agent_id: str, *, known: bool = True, lawful: bool = True) -> Exchange:
        """Ask for an agent; `known=False` for one that may not be there."""
        parameters = {"agent_id": agent_id}
        return await self.peer.call("getAgent", parameters, lawful=lawful, served=known)

    async def discover(self, **filters: Any) -> Exchange:
        return await self.peer.call("discoverAgents", body=filters)

    async def update(
        self,
        agent_id: str,
        status: str,
        load: Mapping[str, float] | None = None,
        *,
        known: bool = True,
    ) -> Exchange:
        body: dict[str, Any] = {"status": status}
        if load is not None:
            body["load_metrics"] = load
        parameters = {"agent_id": agent_id}
        return await self.peer.call("updateAgentStatus", parameters, body=body, served=known)

    async def heartbeat(self, agent_id: str) -> Exchange:
        """A heartbeat without a body or, where the peer asks for one, with some sort of object.

        The document says nothing of a body, so a peer may want one; and nothing of the status.
        """
        some = {"agent_id": agent_id, "status": "active"}
        full = {**some, "load_metrics": {}, "timestamp": datetime.now(UTC).isoformat()}
        tries: list[dict[str, Any] | None] = [None, {}, some, full]
        at = {"agent_id": agent_id}
        said: Exchange | None = None
        for number in range(self._heartbeat, len(tries)):
            again = await self._ask("sendHeartbeat", at, ("PUT", "PATCH"), body=tries[number])
            if again.ok:
                self._heartbeat, self._beaten = number, True
            if again.ok or said is None:
                said = again
            if again.status not in _BODY_WANTED:
                break
        assert said is not None, "there is always a try"
        return said

    async def clear(self, priority: str, *, lawful: bool = True) -> Exchange:
        """Clear a queue, which the document gives no method."""
        at = {"priority": priority}
        return await self._ask("clearQueue", at, ("DELETE", "PUT"), lawful=lawful)

    async def _ask(
        self,
        operation: str,
        at: Mapping[str, str],
        methods: Sequence[str],
        *,
        body: Mapping[str, Any] | None = None,
        lawful: bool = True,
    ) -> Exchange:
        """Call what stands in the commit message alone: by that one of the methods that the peer
        says it allows, where it is not ours.
        """
        if operation not in self._methods:
            told: dict[str, Any] = {} if body is None else {"body": body}
            said = await self.peer.call(operation, at, lawful=lawful, served=False, **told)
            allowed = said.answer_headers.get("allow", "") if said.status == 405 else ""
            names = {name.strip().upper() for name in allowed.split(",")}
            method = next((name for name in methods if name in names), "")
            if not method:
                return said
            self._methods[operation] = method
        path = fill_path(self.peer.protocol.operations[operation].path, at)
        payload = None if body is None else json.dumps(body).encode()
        return await self.peer.send(self._methods[operation], path, payload)

    @property
    def beats_with_load(self) -> bool:
        """Do our heartbeats speak of load, as the peer wants it?"""
        return self._heartbeat == _FULL

    def beats_in_vain(self, said: Exchange) -> bool:
        """Was a heartbeat refused for what it says, as all of them were? That tells nothing."""
        return said.status in _BODY_WANTED and not self._beaten

    def task(self, priority: str = "normal", **fields: Any) -> dict[str, Any]:
        return {
            "task_data": {"task_type": "digest", "model": "quill", "prompt": "Sum it up"},
            "priority": priority,
            **fields,
        }

    async def submit(
        self, body: Mapping[str, Any], *, lawful: bool = True, served: bool = True
    ) -> Exchange:
        return await self.peer.call("submitTask", body=body, lawful=lawful, served=served)

    async def able(self) -> str:
        """An active agent that can take the tasks of `task`, for peers that refuse the others."""
        agent_id = await self.registered()
        await self.update(agent_id, "active")
        return agent_id


def listed(exchange: Exchange) -> list[dict[str, Any]]:
    """The agents that a search lists; those that are no objects are left out."""
    agents = exchange.at("/agents")
    return (
        [agent for agent in agents if isinstance(agent, dict)] if isinstance(agents, list) else []
    )


def ids_of(exchange: Exchange, among: Iterable[str]) -> set[str]:
    """Those of `among` that a search lists."""
    known = set(among)
    return {
        agent_id
        for agent in listed(exchange)
        if isinstance(agent_id := agent.get("agent_id"), str) and agent_id in known
    }


def queue_sizes(exchange: Exchange) -> dict[str, int] | None:
    """The sizes by priority, wherever the answer holds them: the document leaves its form open."""
    return None if exchange.json is MISSING else _find_sizes(exchange.json)


def _find_sizes(value: Any) -> dict[str, int] | None:
    if isinstance(value, dict):
        told = {key: _size(value[key]) for key in PRIORITIES if key in value}
        sizes = {key: size for key, size in told.items() if size is not None}
        if sizes and len(sizes) == len(told):
            return sizes
    if isinstance(value, list):
        rows = [row for row in value if isinstance(row, dict) and row.get("priority") in PRIORITIES]
        listed = {row["priority"]: _only_number(row) for row in rows}
        if listed and None not in listed.values():
            return {key: size for key, size in listed.items() if size is not None}
    children = (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    )
    return next((found for child in children if (found := _find_sizes(child))), None)


def _size(value: Any) -> int | None:
    """A size, or that of a queue told as an object (`{"size": 3}`) or by its tasks."""
    if isinstance(value, dict):
        return _only_number(value)
    if isinstance(value, list):
        return len(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _only_number(row: Mapping[str, Any]) -> int | None:
    numbers = [
        value for value in row.values() if isinstance(value, int) and not isinstance(value, bool)
    ]
    return numbers[0] if len(numbers) == 1 else None


def registering(heard: HttpExchange) -> str | None:
    """The id that a request registers, if it is a registration that names one."""
    if heard.operation != "registerAgent":
        return None
    try:
        said = heard.json()
    except ValueError:
        return None
    agent_id = said.get("agent_id") if isinstance(said, dict) else None
    return agent_id if isinstance(agent_id, str) else None
