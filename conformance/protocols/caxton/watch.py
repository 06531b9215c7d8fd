"""A connection for events, and what is heard on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from conformance.clients.websocket import Socket
from conformance.frames import Frame
from conformance.patience import Patience

__all__ = ["Watch", "mentions"]


class Watch:
    """One subscriber. What acknowledges a subscription is left open: whatever comes with a
    `subscription_id` first is taken for it.
    """

    def __init__(self, socket: Socket, acks: Patience) -> None:
        self.socket = socket
        self._acks = acks

    async def subscribe(
        self,
        *events: str,
        agents: list[str] | None = None,
        filter: Mapping[str, Any] | None = None,  # noqa: A002  # the document's name
    ) -> str | None:
        """Subscribe to events by their types, those of some `agents` alone, or to messages by a
        `filter`. Returns the id of the subscription, or `None` where none is told.

        What follows comes after it: the peer has read it when this is over.
        """
        said: dict[str, Any] = {"type": "subscribe"}
        said |= {"events": list(events)} if events else {}
        said |= {"filters": {"agent_ids": agents}} if agents is not None else {}
        said |= {"filter": dict(filter)} if filter is not None else {}
        mark = self.socket.mark()
        await self.socket.send(said)
        await self.settle()
        frame = await self.socket.hope(_acknowledges, self._acks, "acks", mark)
        found = frame.value("/subscription_id") if frame else None
        return found if isinstance(found, str) else None

    async def unsubscribe(self, subscription: str | None) -> None:
        await self.socket.send({"type": "unsubscribe", "subscription_id": subscription})
        await self.settle()

    async def settle(self) -> None:
        """Until the peer has answered a ping: it has read what was sent before, and has sent what
        it had to say before.
        """
        await self.socket.ping()

    def mark(self) -> int:
        return self.socket.mark()

    async def hear(
        self, kind: str, wanted: Callable[[Frame], bool], within: float = 3.0, after: int = 0
    ) -> Frame | None:
        """The first event of a type that is wanted."""
        return await self.socket.wait(
            lambda frame: frame.value("/type") == kind and wanted(frame), within, after
        )

    async def hope(
        self, kind: str, wanted: Callable[[Frame], bool], patience: Patience, after: int = 0
    ) -> Frame | None:
        """The same, as long as the patience with that type lasts."""
        return await self.socket.hope(
            lambda frame: frame.value("/type") == kind and wanted(frame), patience, kind, after
        )

    def events(self, after: int = 0) -> list[Frame]:
        """What the peer has said in JSON so far, without what acknowledges."""
        return [
            frame
            for frame in self.socket.frames[after:]
            if frame.sender == "peer" and isinstance(frame.json, dict) and not _acknowledges(frame)
        ]

    def about(self, word: str, kind: str = "", after: int = 0) -> list[Frame]:
        """What was said so far that holds `word` anywhere, an id, say; of one type, or of all."""
        return [
            frame
            for frame in self.events(after)
            if mentions(frame.json, word) and kind in ("", frame.value("/type"))
        ]


def mentions(value: Any, word: str) -> bool:
    """Does it hold that text as a value, at any depth?"""
    if isinstance(value, dict):
        return any(mentions(item, word) for item in value.values())
    if isinstance(value, list):
        return any(mentions(item, word) for item in value)
    return bool(value == word)


_OF_EVENTS = ("agent.", "message.", "task.", "system.", "deployment.")
"""How the types of events begin."""


def _acknowledges(frame: Frame) -> bool:
    """An acknowledgement or an error, whatever it is called, and no event."""
    kind = frame.value("/type")
    event = isinstance(kind, str) and kind.startswith(_OF_EVENTS)
    return isinstance(frame.json, dict) and not event and "subscription_id" in frame.json
