"""What one guest said to another in a check, and who heard it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from conformance.clients.raw import RawSocket
from conformance.clients.websocket import Socket
from conformance.frames import Frame
from conformance.protocols.echocenter.principals import Person

__all__ = [
    "Guest",
    "Said",
    "chats",
    "end_of",
    "large",
    "mentions",
    "outgrown",
    "texts",
    "was_ended",
]

_ANY = 4096
"""Bytes of a message that everybody takes. How much more is taken is left open: a coordinator may
draw its line above, if it ends the connection over what it does not take.
"""

_TOO_LARGE = 1009

_MOMENT = 0.05
"""Seconds in which a connection ends over what is not put up with."""

_LISTED, _SLOW = 0.005, 4.0
"""Seconds after a handshake, and times as long as it took, in which a coordinator may not have
listed yet whom it let in: it can do so only when the handshake is out, and under load it is slow.
"""


@dataclass(kw_only=True, eq=False)
class Guest:
    """Somebody who is connected. `may_end` says that the coordinator may end this connection,
    `streams` that others may stream to the same target at the same time. Of who was here `before`,
    it has to be found out whether its number is still the same: until then it is not `placed`.
    `number` is the one of this connection, where each has its own.
    """

    person: Person
    socket: Socket | RawSocket
    may_end: bool = False
    left: bool = False
    streams: bool = False
    before: bool = False
    placed: bool = True
    number: int | None = None
    came: float = field(default_factory=time.monotonic)

    async def listed(self) -> None:
        """Wait until the coordinator must know that somebody is here, before it is spoken to."""
        pause = max(_LISTED, _SLOW * self.socket.handshake.seconds)
        await asyncio.sleep(max(0.0, self.came + pause - time.monotonic()))

    async def turned_out(self) -> bool:
        """Does its connection end over what it has just said, as may happen?"""
        return await self.socket.ended(_MOMENT) is not None


@dataclass(frozen=True, kw_only=True, eq=False)
class Said:
    """One message of ours. Its payload begins with a `mark` that no other payload holds.

    `target` is `None` where nobody is to hear it, `absent` says that it is not there: then what
    becomes of the message is for the check to judge.
    """

    mark: str
    type: str
    sender: Guest
    target: Person | None
    payload: str
    frame: Frame
    absent: bool = False


def outgrown(guest: Guest, said: Frame | None = None) -> bool:
    """Was a guest's connection ended over a message that is too large? Where it is asked of
    something `said`: was it that message, or one after it?

    The close frame may be lost when the coordinator does not read the message to its end.
    """
    closed = guest.socket.closed
    if closed is None or closed.sender != "peer":
        return False
    if closed.kind == "close" and closed.code != _TOO_LARGE:
        return False
    first = large(guest)
    return first is not None and (said is None or said.at >= first.at)


def was_ended(guest: Guest) -> bool:
    """Did the coordinator end a connection that it may end?"""
    closed = guest.socket.closed
    return outgrown(guest) or (guest.may_end and closed is not None and closed.sender == "peer")


def end_of(guest: Guest) -> tuple[Frame, ...]:
    """The end of a guest's connection, where it has come."""
    closed = guest.socket.closed
    return () if closed is None else (closed,)


def large(guest: Guest) -> Frame | None:
    """The first message of a guest's that is larger than everybody takes."""
    said = (f for f in guest.socket.frames if f.sender == "assay" and len(f.data) > _ANY)
    return next(said, None)


def texts(guest: Guest) -> Iterator[Frame]:
    """The messages that a guest was sent."""
    for frame in guest.socket.frames:
        if frame.sender == "peer" and frame.kind in ("text", "binary"):
            yield frame


def chats(guest: Guest, after: int = 0) -> Iterator[Frame]:
    """The CHAT messages that a guest was sent, from a mark on."""
    for frame in guest.socket.frames[after:]:
        if frame.sender == "peer" and _type(frame) == "CHAT":
            yield frame


def mentions(frame: Frame, mark: str) -> bool:
    """Does a frame hold that mark, in whatever form the message came?"""
    return frame.kind in ("text", "binary", "raw") and mark.encode() in frame.data.lower()


def _type(frame: Frame) -> Any:
    return frame.json.get("type") if isinstance(frame.json, dict) else None
