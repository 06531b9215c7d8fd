"""What the AITBC checks say to a coordinator, and what they make up to say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from conformance.clients import HttpClient
from conformance.exchange import MISSING, Exchange
from conformance.ids import IdSource
from conformance.marks import Unjudgeable
from mockserver.transcript import HttpExchange

__all__ = ["PRIORITIES", "STATUSES", "TYPES", "Dialogue", "ids_of", "listed", "queue_sizes", "registering"]

STATUSES = ("active", "inactive", "busy", "stale")
TYPES = ("worker", "provider", "consumer", "general")
PRIORITIES = ("urgent", "critical", "high", "normal", "low")

_BODY_WANTED = (400, 411, 415, 422)


class Dialogue:
    """The operations of an AITBC coordinator, as checks like to write them."""

    def __init__(self, peer: HttpClient, ids: IdSource) -> None:
        self.peer = peer
        self.new = ids
        self._heartbeat_body: dict[str, Any] = {}

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

    async def register(self, body: Mapping[str, Any], *, lawful: bool = True) -> Exchange:
        return await self.peer.call("registerAgent", body=body, lawful=lawful)

    async def registered(self, **fields: Any) -> str:
        """A newly registered agent's id. Raises `Unjudgeable` if it cannot be had."""
        return (await self.registration_of(**fields))[0]

    async def registration_of(self, **fields: Any) -> tuple[str, Exchange]:
        """A newly registered agent's id and the answer to its registration."""
        body = self.registration(**fields)
        said = await self.register(body)
        if not said.ok:
            raise Unjudgeable(f"no agent could be registered: {said.outcome}")
        return body["agent_id"], said

    async def get(self, agent_id: str, *, lawful: bool = True) -> Exchange:
        return await self.peer.call("getAgent", {"agent_id": agent_id}, lawful=lawful)

    async def discover(self, **filters: Any) -> Exchange:
        return await self.peer.call("discoverAgents", body=filters)

    async def update(
        self, agent_id: str, status: str, load: Mapping[str, float] | None = None
    ) -> Exchange:
        body: dict[str, Any] = {"status": status}
        if load is not None:
            body["load_metrics"] = load
        return await self.peer.call("updateAgentStatus", {"agent_id": agent_id}, body=body)

    async def heartbeat(self, agent_id: str) -> Exchange:
        """A heartbeat without a body or, where the peer asks for one, with an empty object.

        The document says nothing of a body, so a peer may want one.
        """
        parameters = {"agent_id": agent_id}
        said = await self.peer.call("sendHeartbeat", parameters, **self._heartbeat_body)
        if said.status not in _BODY_WANTED or self._heartbeat_body:
            return said
        for body in ({}, {"agent_id": agent_id, "status": "active"}):
            again = await self.peer.call("sendHeartbeat", parameters, body=body)
            if again.ok:
                self._heartbeat_body = {"body": body} if not body else {}
                return again
        return said

    def task(self, priority: str = "normal", **fields: Any) -> dict[str, Any]:
        return {
            "task_data": {"task_type": "digest", "model": "quill", "prompt": "Sum it up"},
            "priority": priority,
            **fields,
        }

    async def submit(self, body: Mapping[str, Any], *, lawful: bool = True) -> Exchange:
        return await self.peer.call("submitTask", body=body, lawful=lawful)


def listed(exchange: Exchange) -> list[dict[str, Any]]:
    """The agents that a search lists; those that are no objects are left out."""
    agents = exchange.at("/agents")
    return [agent for agent in agents if isinstance(agent, dict)] if isinstance(agents, list) else []


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
        sizes = {key: _size(value[key]) for key in PRIORITIES if key in value}
        if sizes and all(size is not None for size in sizes.values()):
            return {key: size for key, size in sizes.items() if size is not None}
    if isinstance(value, list):
        rows = [row for row in value if isinstance(row, dict) and row.get("priority") in PRIORITIES]
        found = {row["priority"]: _only_number(row) for row in rows}
        if found and None not in found.values():
            return {key: size for key, size in found.items() if size is not None}
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((sizes for child in children if (sizes := _find_sizes(child))), None)


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
