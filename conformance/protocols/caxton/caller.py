"""The procedures of a coordinator, as a client of Caxton calls them over gRPC."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from conformance.clients.grpc import GrpcClient
from conformance.clients.spelling import can_be_read
from conformance.exchange import Exchange
from conformance.marks import UnjudgeableError
from conformance.protocols.caxton.client import WASM, Agent, Client

__all__ = ["DEPLOY", "LIST", "SEND", "WAIT", "Caller", "key_of", "rows_of"]

DEPLOY = "AgentService.DeployAgent"
LIST = "AgentService.ListAgents"
SEND = "MessageService.SendMessage"
WAIT = "MessageService.SendMessageAndWait"

_LIMITS = "caxton.v1.ResourceLimits"
_OPTIONS = "caxton.v1.DeliveryOptions"
_ASKED: Mapping[str, Any] = {"memory": "48MB", "cpu": "90000", "cpu_fuel": 90000}
_TEXT = FieldDescriptor.TYPE_STRING

_MOST_PAGES = 40

_EXHAUSTED = 429

_PAUSES = (6.5, 13.0, 26.0, 20.0)
"""Seconds after which a deployment is tried again: one more is let through every six, or ten every
minute.
"""


class Caller:
    """Calls for one check, with everything that the document defines in what is sent."""

    def __init__(self, grpc: GrpcClient, client: Client) -> None:
        self.grpc = grpc
        self.client = client
        self.call = grpc.call

    async def described(self) -> bool:
        """Does the peer describe its own messages? What the document leaves undefined (agents in
        a list, replies) cannot be read otherwise.
        """
        return await self.grpc.described() is not None

    async def tells(self, message: str, *names: str) -> bool:
        """Does the peer describe a message that the document leaves undefined, with a place for
        each of these? Nothing can be read of it otherwise.
        """
        full = f"{self.grpc.protocol.grpc['package']}.{message}"
        own = await self.grpc.described()
        known = None if own is None else own.descriptor(full)
        ours = self.grpc.documented.descriptor(full)
        if known is None or ours is None:
            return False
        return all(can_be_read(known, ours, name) for name in names)

    async def _own_fields(self, message: str) -> dict[str, Any]:
        """The fields of a message that the document leaves undefined, by the peer's description."""
        own = await self.grpc.described()
        known = None if own is None else own.descriptor(message)
        return {} if known is None else dict(known.fields_by_name)

    # Agents

    def config(self, **fields: Any) -> dict[str, Any]:
        """The configuration of an agent with all that the document defines."""
        config = {
            "name": self.client.new("mate"),
            "environment": {"HARBOUR": "north", "TIDE": "ebb"},
            "capabilities": ["chart_reading", "sounding"],
            **fields,
        }
        return {key: value for key, value in config.items() if value is not None}

    async def limits(self) -> dict[str, Any]:
        """Resources, as far as the peer says that it calls and types them as expected: their type
        is open.
        """
        fields = await self._own_fields(_LIMITS)
        return {
            name: value
            for name, value in _ASKED.items()
            if name in fields and (fields[name].type == _TEXT) == isinstance(value, str)
        }

    async def deploy(
        self,
        config: Mapping[str, Any] | None,
        module: bytes = WASM,
        *,
        lawful: bool = True,
        served: bool = True,
        metadata: Mapping[str, str] | None = None,
        patient: bool = True,
    ) -> Exchange:
        """Ask for an agent. Each attempt may count against the rate of deployments. Raises
        `UnjudgeableError` where that is used up for longer than is worth waiting, unless
        `patient=False` takes this for the answer.
        """
        asked: dict[str, Any] = {"wasm_module": base64.b64encode(module).decode()}
        asked |= {} if config is None else {"config": dict(config)}
        for pause in (*_PAUSES, None) if patient else (None,):
            said = await self.call(
                DEPLOY, asked, lawful=lawful, served=served, metadata=metadata, patient=False
            )
            if said.status != _EXHAUSTED or pause is None:
                break
            await self.client.clock.pass_by(pause)
        if patient and said.status == _EXHAUSTED:
            raise UnjudgeableError("the rate of deployments is used up, over gRPC as well")
        self.client.remember(said)
        return said

    async def page(self, **asked: Any) -> Exchange:
        """A page of agents. Raises `UnjudgeableError` where there is no such procedure: the
        document's service lacks it.
        """
        said = await self.call(LIST, asked, served=False)
        if said.code == "UNIMPLEMENTED":
            raise UnjudgeableError("ListAgents is not served, and the document's service lacks it")
        if said.status == _EXHAUSTED:
            raise UnjudgeableError("the rate of ListAgents is used up")
        return said

    async def walk(self, limit: int = 50, **asked: Any) -> tuple[list[Exchange], list[Any]]:
        """The pages of the list to their end, by offset, and all agents on them."""
        pages: list[Exchange] = []
        rows: list[Any] = []
        while len(pages) < _MOST_PAGES:
            page = await self.page(limit=limit, offset=len(rows), **asked)
            pages.append(page)
            found = rows_of(page)
            first = key_of(found[0]) if found else ()
            again = any(first) and first in map(key_of, rows)  # what says nothing is not told apart
            rows += found
            total = page.at("/total")
            done = len(found) < limit and isinstance(total, int) and len(rows) >= total
            if not found or again or done:
                break
        return pages, rows

    # Messages

    def message(self, receiver: Agent | str, **fields: Any) -> dict[str, Any]:
        """A message with all that the document defines, as REST has it and more."""
        more = {"in_reply_to": self.client.new("earlier"), "ontology": "sea", "language": "json"}
        return self.client.message(receiver, **{**more, **fields})

    async def send(
        self, message: Mapping[str, Any], *, within: float | None = None, **options: Any
    ) -> Exchange:
        return await self.call(SEND, {"message": dict(message)}, within=within, **options)

    async def _waiting(self, seconds: float) -> dict[str, Any]:
        fields = await self._own_fields(_OPTIONS)
        units = {"timeout_ms": 1000, "timeout_seconds": 1}
        return {name: int(seconds * unit) for name, unit in units.items() if name in fields}

    async def send_and_wait(
        self,
        message: Mapping[str, Any],
        within: float = 5.0,
        *,
        patience: float | None = None,
        **options: Any,
    ) -> Exchange:
        """Whether somebody replies in time is the agent's affair. `patience` are seconds that the
        peer is told to wait for it, where it has an option for that: the type of those is open.
        """
        asked: dict[str, Any] = {"message": dict(message)}
        if patience is not None:
            asked["options"] = await self._waiting(patience)
        return await self.call(WAIT, asked, within=within, **{"served": False, **options})


def rows_of(said: Exchange) -> list[Any]:
    """The agents on a page."""
    rows = said.at("/agents")
    return rows if isinstance(rows, list) else []


def key_of(row: Any) -> Any:
    """What tells one agent of a list from another, whatever its type is like."""
    if not isinstance(row, dict):
        return str(row)
    return (row.get("agent_id"), row.get("name"))
