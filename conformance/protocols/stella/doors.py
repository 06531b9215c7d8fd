"""What an agent may ask for behind mutual TLS, and how a try to be let in ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from conformance.clients.identity import Identity
from conformance.conversation import Refused
from conformance.exchange import Exchange
from conformance.frames import Frame
from conformance.protocols.stella.fleet import CHANNEL, Agent, Fleet
from conformance.protocols.stella.hours import HOUR
from conformance.protocols.stella.x509 import read_certificates

__all__ = [
    "COMPLETE",
    "DOORS",
    "HEARTBEAT",
    "POLL",
    "STREAM",
    "Door",
    "Knock",
    "Try",
    "beat",
    "outworn",
]

_SECOND_THOUGHTS = 1.5
"""Seconds in which a stream that was opened to the wrong one may be closed again."""

_BROKEN_OFF = ("cannot connect", "the connection ended", "the connection broke")
"""How the failures begin that are an end of the connection, and neither silence nor nonsense."""


@dataclass(frozen=True, kw_only=True)
class Try:
    """Somebody's try to act as an agent: with which certificate, and what else it brings."""

    agent: Agent
    identity: Identity | None
    headers: Mapping[str, str] = field(default_factory=dict)
    task: str = ""
    lawful: bool = False
    known: bool = False
    """Does another agent try, with all that is its own?"""

    @classmethod
    def of(cls, agent: Agent, task: str = "") -> Try:
        """The agent's own."""
        return cls(
            agent=agent, identity=agent.identity, headers=agent.headers, task=task, lawful=True
        )

    @property
    def who(self) -> str:
        return self.identity.name if self.identity else "nobody"


@dataclass(frozen=True, kw_only=True)
class Knock:
    """How a try ended. `said` is the answer, or the handshake of a stream; `frames` what followed.

    `admitted` is what was asked for, done; `closed` a stream that was opened and closed at once.
    """

    said: Exchange
    admitted: bool
    frames: tuple[Frame, ...] = ()
    closed: bool = False

    @property
    def refused(self) -> bool:
        """Was it turned away, in whatever form? Neither a failure of the peer's own is that, nor
        silence.
        """
        return self.in_form or (not self.admitted and self.said.status in range(400, 500))

    @property
    def in_form(self) -> bool:
        """Was it turned away as the document has it: by TLS, by an end of the connection, or by
        one of the statuses for that?
        """
        if self.admitted:
            return False
        if self.closed or self.said.status in (401, 403, 404):
            return True
        return self.said.status is None and self.said.failure.startswith(_BROKEN_OFF)

    @property
    def forbidden(self) -> bool:
        """Was somebody turned away who is known, and may not do this?"""
        return self.in_form and self.said.status != 401

    @property
    def outcome(self) -> str:
        return "let in" if self.admitted else self.said.outcome


Ask = Callable[[Fleet, Try], Awaitable[Knock]]


@dataclass(frozen=True, kw_only=True)
class Door:
    """One of an agent's operations. `row` is the requirement that its owner is let in; `works` if
    a task is reported there.
    """

    name: str
    row: str
    capability: str
    ask: Ask
    works: bool = False

    async def ready(self, fleet: Fleet, agent: Agent) -> str:
        """The id of a task that the agent was given, where one is to be reported."""
        if not self.works:
            return ""
        task_id, _ = await fleet.enqueue(agent)
        await beat(fleet, agent)  # a task that nobody fetched may not be reported
        return task_id


def outworn(fleet: Fleet, agent: Agent) -> bool:
    """May the JWT of its registration be worth nothing any more? Its life is unsaid, and taken to
    be that of the certificate that came with it.
    """
    found = read_certificates(agent.said.at("/certificate/cert"))
    return not found or found[0].not_valid_after_utc.timestamp() - fleet.hours.now() < HOUR


async def beat(fleet: Fleet, agent: Agent) -> Exchange:
    """A heartbeat of the agent's own: without its JWT, where it is turned away with an old one."""
    if not outworn(fleet, agent):
        return await fleet.heartbeat(agent)
    said = await fleet.heartbeat(agent, served=False)
    if said.status not in (401, 403):
        return said
    bare = await fleet.peer.call(
        "sendHeartbeat", agent.at, body=fleet.pulse(), identity=agent.identity, served=False
    )
    return bare if bare.ok else said


async def _call(operation: str, fleet: Fleet, attempt: Try) -> Knock:
    bodies: dict[str, Callable[[], Any]] = {
        "sendHeartbeat": fleet.pulse,
        "completeTask": fleet.outcome,
    }
    more: dict[str, Any] = {"body": bodies[operation]()} if operation in bodies else {}
    said = await fleet.peer.call(
        operation,
        {**attempt.agent.at, **({"taskId": attempt.task} if attempt.task else {})},
        headers=attempt.headers,
        identity=attempt.identity,
        lawful=attempt.lawful,
        served=False,  # whoever knocks says what the answer is to be
        **more,
    )
    return Knock(said=said, admitted=said.ok)


async def _open(fleet: Fleet, attempt: Try) -> Knock:
    said = await fleet.opener.open(
        CHANNEL,
        attempt.agent.name,
        parameters=attempt.agent.at,
        identity=attempt.identity,
        headers={**fleet.target.headers, **attempt.headers},
        see=attempt.lawful,
    )
    if isinstance(said, Refused):
        return Knock(said=said.exchange, admitted=False)
    # Who refuses after the handshake closes at once. A pong shows that the time for it is over
    # where it is the owner's; a stranger's stream has a little longer.
    if not attempt.lawful or await said.ping(within=_SECOND_THOUGHTS) is None:
        await said.ended(_SECOND_THOUGHTS)
    closed, frames = said.closed is not None, tuple(said.frames)
    told = any(str(frame.value("/type")).startswith("task_") for frame in frames)
    if attempt.lawful:
        await said.close()  # in order, so that the next one is no second one
    said.abort()
    admitted = not closed or (told and not attempt.lawful)
    return Knock(said=said.handshake, admitted=admitted, frames=frames, closed=closed)


HEARTBEAT = Door(
    name="a heartbeat",
    row="STELLA-MTLS-001",
    capability="heartbeat",
    ask=partial(_call, "sendHeartbeat"),
)
POLL = Door(
    name="a poll",
    row="STELLA-MTLS-002",
    capability="tasks",
    ask=partial(_call, "getPendingTasks"),
)
COMPLETE = Door(
    name="a completion",
    row="STELLA-MTLS-003",
    capability="tasks",
    ask=partial(_call, "completeTask"),
    works=True,
)
STREAM = Door(name="a task stream", row="STELLA-MTLS-004", capability="stream", ask=_open)

DOORS = (HEARTBEAT, POLL, COMPLETE, STREAM)
"""Everything that asks for a certificate."""
