"""What the suite does as a client of Caxton, over each of the three transports."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.clients import HttpClient
from conformance.clients.opener import Opener
from conformance.exchange import MISSING, Exchange
from conformance.ids import IdSource
from conformance.marks import UnjudgeableError
from conformance.protocols.caxton.budget import refused_for_rate
from conformance.protocols.caxton.clock import Clock
from conformance.protocols.caxton.door import Door
from conformance.protocols.caxton.watch import Watch

__all__ = ["SHOWN", "WASM", "Agent", "Client", "agent_of", "id_of", "wasm", "wasm_text"]

WASM = b"\0asm\x01\0\0\0"
"""The smallest WebAssembly module that there is: its header and no section."""

SHOWN = ("request", "inform")
"""The performatives that the document uses itself."""

_PATIENCE = 10.0
"""Seconds in which an agent that was deployed must run: an update may take a moment."""


def wasm(note: str = "") -> bytes:
    """A valid module that differs from others: its note stands in a custom section."""
    name, data = b"note", note.encode()
    payload = bytes([len(name)]) + name + data
    return WASM + b"\0" + _leb128(len(payload)) + payload if note else WASM


def wasm_text(note: str = "") -> str:
    """Such a module in base64, as JSON carries it."""
    return base64.b64encode(wasm(note)).decode()


def _leb128(number: int) -> bytes:
    out = bytearray()
    while True:
        number, low = number >> 7, number & 0x7F
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)


@dataclass(frozen=True, kw_only=True)
class Agent:
    """A deployed agent. `said` is the answer to its deployment, `config` what it was given, `since`
    when we heard of it, in seconds of a clock of our own.
    """

    id: str
    name: str
    config: Mapping[str, Any]
    said: Exchange
    since: float = field(default_factory=time.monotonic, compare=False)

    @property
    def at(self) -> dict[str, str]:
        """The parameters of its paths."""
        return {"agent_id": self.id}


class Client:
    """The operations of a coordinator, with everything documented in what is sent.

    Lawful calls are marked as such, so that their answers are judged on the way.
    """

    def __init__(
        self, peer: HttpClient, opener: Opener, clock: Clock, ids: IdSource, left: list[str]
    ) -> None:
        self.peer = peer
        self._left = left
        self.opener = opener
        self.door = Door(opener, peer.protocol)
        self.clock = clock
        self.hooks = clock.hooks
        self.new = ids

    async def call(
        self, operation: str, parameters: Mapping[str, str] | None = None, **options: Any
    ) -> Exchange:
        """As the peer is called. Raises `UnjudgeableError` where a rate is used up for longer than
        is worth waiting, unless `patient=False` takes this for the answer: it says nothing of what
        was asked. Where nothing was ever served it says something.
        """
        said = await self.peer.call(operation, parameters, **options)
        if options.get("patient", True) and refused_for_rate(said) and not said.starved:
            raise UnjudgeableError(f"the rate of {operation} is used up")
        return said

    # Agents

    def config(self, **fields: Any) -> dict[str, Any]:
        """The configuration of an agent that is new. A field of `None` is left out."""
        config = {
            "name": self.new("mate"),
            "strategy": "immediate",
            "resources": {"memory": "48MB", "cpu": "90000"},
            "capabilities": ["chart_reading"],
            **fields,
        }
        return {key: value for key, value in config.items() if value is not None}

    async def try_deploy(
        self, module: Any = WASM, *, lawful: bool = True, served: bool = True, **fields: Any
    ) -> Exchange:
        """Ask for an agent over REST, whatever comes of it. Each attempt may count against the rate
        of deployments (20, and then 10 a minute): spend them with care.
        """
        return await self._deploy(module, self.config(**fields), lawful=lawful, served=served)

    async def _deploy(self, module: Any, config: Mapping[str, Any], **options: Any) -> Exchange:
        said = await self.call("deployAgent", form={"wasm": module, "config": config}, **options)
        self.remember(said)
        return said

    def remember(self, said: Exchange) -> None:
        """An agent that was deployed is removed at the end of the run, whoever deployed it."""
        agent_id = said.at("/agent_id")
        if isinstance(agent_id, str):
            self._left.append(agent_id)

    async def deploy(self, module: Any = WASM, *, running: bool = True, **fields: Any) -> Agent:
        """A new agent, over REST, that runs. Raises `UnjudgeableError` where none is to be had."""
        config = self.config(**fields)
        agent = agent_of(await self._deploy(module, config), config)
        if running:
            await self.until(agent, "running")
        return agent

    async def get(self, agent: Agent | str, **options: Any) -> Exchange:
        """The details of an agent."""
        known = agent.id if isinstance(agent, Agent) else agent
        return await self.call("getAgent", {"agent_id": known}, **options)

    async def until(
        self, agent: Agent, *states: str, within: float = _PATIENCE, lawful: bool = True
    ) -> Exchange:
        """Look at an agent until it is in one of these states, and return the last look; it is the
        caller's to judge where the time is over before. `within` are seconds of the peer's time.
        """
        end, looks = self.clock.now() + within, 0
        while True:
            seen = await self.get(agent, lawful=lawful)
            if seen.at("/status") in states or not seen.ok or self.clock.now() > end:
                return seen
            await self.clock.step(looks)
            looks += 1

    async def stop(self, agent: Agent, *, served: bool = True, **fields: Any) -> Exchange:
        body = {"grace_period_seconds": 2, "drain_messages": True, **fields}
        return await self.call("stopAgent", agent.at, body=body, served=served)

    async def remove(self, agent: Agent, *, lawful: bool = True, **options: Any) -> Exchange:
        return await self.call("removeAgent", agent.at, lawful=lawful, **options)

    async def walk(self, **query: Any) -> list[Exchange]:
        """The pages of the list from the first to the end by `next_offset`; 60 of them at most."""
        pages: list[Exchange] = []
        offset: Any = query.pop("offset", 0)
        while len(pages) < 60:
            asked = {name: str(value) for name, value in {**query, "offset": offset}.items()}
            page = await self.call("listAgents", query=asked)
            pages.append(page)
            offset = page.at("/next_offset")
            rows = page.at("/agents")
            if not page.ok or not isinstance(offset, int) or not rows:
                break
        return pages

    # Messages

    def message(self, receiver: Agent | str, **fields: Any) -> dict[str, Any]:
        """A FIPA request with every documented field, in a conversation of its own."""
        return {
            "performative": "request",
            "sender": self.new("client"),
            "receiver": receiver.id if isinstance(receiver, Agent) else receiver,
            "content": {"action": "plot", "data": {"course": [3, 1, 4], "note": "naïve ✓"}},
            "conversation_id": self.new("conversation"),
            "reply_with": self.new("reply"),
            **fields,
        }

    async def send(
        self, receiver: Agent | str, *, served: bool = True, **fields: Any
    ) -> tuple[Exchange, dict[str, Any]]:
        """Send a message; its answer, and the message as it was sent. Only the performatives that
        the document uses itself must be `served`.
        """
        message = self.message(receiver, **fields)
        served = served and message["performative"] in SHOWN
        return await self.call("sendMessage", body=message, served=served), message

    async def history(self, conversation: str, *, served: bool = True, **query: Any) -> Exchange:
        asked = {"conversation_id": conversation, **{k: str(v) for k, v in query.items()}}
        return await self.call("queryMessages", query=asked, served=served)

    # Tasks and deployments

    def task(self, *participants: Agent, **fields: Any) -> dict[str, Any]:
        """A task with every documented field. A field of `None` is left out."""
        task = {
            "name": self.new("task"),
            "description": "Chart the shoals off the northern cape",
            "data": {"soundings": [12, 7, 9], "unit": "fathom"},
            "protocol": "contract_net",
            "participants": [agent.id for agent in participants],
            "timeout_seconds": 120,
            "requirements": {"capabilities": ["chart_reading"], "min_performance_score": 0.1},
            **fields,
        }
        return {key: value for key, value in task.items() if value is not None}

    async def create_task(self, *participants: Agent, **fields: Any) -> tuple[Exchange, str]:
        """A new task; its answer and its id. Raises `UnjudgeableError` where it got none."""
        said = await self.call("createTask", body=self.task(*participants, **fields))
        return said, id_of(said, "/task_id")

    # Events

    async def watch(self, label: str = "watcher") -> Watch:
        """A connection for events, on which nothing is subscribed to yet. Raises
        `UnjudgeableError` where it is refused.
        """
        return await self.door.watch(label)


def id_of(said: Exchange, pointer: str) -> str:
    """An id that an answer hands over. Raises `UnjudgeableError` where there is none."""
    found = said.at(pointer)
    if not said.ok or found is MISSING or not isinstance(found, str) or not found:
        raise UnjudgeableError(f"{said.operation} handed over no {pointer[1:]}: {said.outcome}")
    return found


def agent_of(said: Exchange, config: Mapping[str, Any]) -> Agent:
    """The agent that an answer to a deployment speaks of, over REST or gRPC. Raises
    `UnjudgeableError` where there is none.
    """
    return Agent(id=id_of(said, "/agent_id"), name=config["name"], config=config, said=said)
