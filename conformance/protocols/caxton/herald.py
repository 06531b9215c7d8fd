"""Messages that are sent so that they are told to subscribers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from websockets.frames import Opcode

from conformance.clients.raw import RawSocket
from conformance.clients.websocket import Socket
from conformance.conversation import Conversation
from conformance.exchange import Exchange
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.marks import UnjudgeableError
from conformance.patience import Patience
from conformance.protocols.caxton.client import Agent, Client, id_of
from conformance.protocols.caxton.watch import mentions

__all__ = ["PROMPT", "Herald", "Word", "opened", "opened_raw"]

PROMPT = 5.0
"""Seconds within which a subscriber is told: a few."""

_LATE = 0.3
"""Seconds in which what should not come would have come, after what came in its place."""


@dataclass(frozen=True, kw_only=True)
class Word:
    """A message that was sent and taken: its id, and what it said."""

    id: str
    said: dict[str, Any]
    exchange: Exchange

    def in_(self, frame: Frame) -> bool:
        """Does a frame speak of it? By its id, or by who said what where no id is told.

        What else it says of it is left open where the subscription was one to messages.
        """
        if frame.sender != "peer" or not isinstance(frame.json, dict):
            return False
        sender = frame.json.get("from", frame.json.get("sender"))
        alike = frame.json.get("performative") == self.said["performative"]
        own = self.said["sender"].startswith("client-") and sender == self.said["sender"]
        nameless = "message_id" not in frame.json
        return mentions(frame.json, self.id) or bool(own and alike and nameless)

    def told(self, line: Conversation, after: int = 0) -> list[Frame]:
        """The frames that spoke of it so far."""
        return [frame for frame in line.frames[after:] if self.in_(frame)]


class Herald:
    """Sends messages for one check, and judges who is told of them."""

    def __init__(self, client: Client, judge: Judge, patience: Patience) -> None:
        self.client = client
        self.judge = judge
        self.patience = patience

    async def say(self, receiver: Agent, **fields: Any) -> Word:
        """Send a message (an `inform`, to which nobody need reply). Raises `UnjudgeableError` where
        it is not taken.
        """
        said, message = await self.client.send(receiver, **{"performative": "inform", **fields})
        return Word(id=id_of(said, "/message_id"), said=message, exchange=said)

    async def between(self, sender: Agent, receiver: Agent, **fields: Any) -> Word | None:
        """What one agent says to another, sent for it; `None` where nobody may speak for agents."""
        message = self.client.message(
            receiver, **{"performative": "inform", "sender": sender.id, **fields}
        )
        said = await self.client.call("sendMessage", body=message, served=False)
        if not said.ok:
            return None
        return Word(id=id_of(said, "/message_id"), said=message, exchange=said)

    # What must come, and what must not

    async def hears(self, line: Conversation, word: Word) -> Frame | None:
        """What is told of it, within the time that it may take."""
        return await line.hope(word.in_, self.patience, "events")

    async def told(self, row: str, line: Conversation, word: Word, who: str) -> Frame | None:
        """`who` is told of it, or the row is broken."""
        frame = await self.hears(line, word)
        wrong = f"{who} is not told of a message that was delivered{_end(line)}"
        self.judge.holds(row, frame is not None, wrong, word.exchange, *line.frames[-2:])
        return frame

    async def silence(self) -> None:
        """Let the time pass in which what should not come would have come."""
        await asyncio.sleep(_LATE)

    def untold(self, row: str, line: Conversation, word: Word, who: str, after: int = 0) -> None:
        """`who` was not told of it, or the row is broken."""
        frames = word.told(line, after)
        wrong = f"{who} is told of a message all the same"
        self.judge.holds(row, not frames, wrong, word.exchange, *frames[:1])

    # Whether a connection is in use

    async def subscribe(self, line: Conversation) -> None:
        """Have a connection told of all messages."""
        await line.send({"type": "subscribe", "events": ["message.sent"]})
        await self.settle(line)

    async def settle(self, line: Conversation) -> None:
        """Until a ping is answered: what was sent before is read."""
        if isinstance(line, Socket):
            await line.ping(PROMPT)
        elif isinstance(line, RawSocket):
            since = line.mark()
            await line.send_frame(Opcode.PING, b"settled?")
            await line.wait(lambda frame: frame.kind == "pong", PROMPT, since)

    async def in_use(self, row: str, line: Conversation, receiver: Agent, why: str) -> bool:
        """A connection that has subscribed to messages is told of one, or the row is broken. It may
        have taken the coordinator a moment to heed the subscription: a second one is sent.
        """
        for seconds in (1.0, PROMPT):
            word = await self.say(receiver)
            heard = line.hope(word.in_, self.patience, "events", most=seconds)
            if line.closed is not None or await heard is not None:
                break
        found = bool(word.told(line))
        wrong = f"{why}: no event comes{_end(line)}"
        return self.judge.holds(row, found, wrong, word.exchange, *line.frames[-2:])


async def opened(client: Client, label: str, **options: Any) -> Socket:
    """A connection for events. Raises `UnjudgeableError` where it is refused."""
    said = await client.door.open(label, **options)
    if not isinstance(said, Socket):
        raise UnjudgeableError(f"/ws could not be opened: {said.reason}")
    return said


async def opened_raw(client: Client, label: str, **options: Any) -> RawSocket:
    """The same, on which any bytes can be sent."""
    said = await client.door.raw(label, **options)
    if not isinstance(said, RawSocket):
        raise UnjudgeableError(f"/ws could not be opened: {said.reason}")
    return said


def _end(line: Conversation) -> str:
    return "" if line.closed is None else f": its connection ended ({line.closed.kind})"
