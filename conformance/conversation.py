"""What is said on one WebSocket connection, as a check watches it, whoever carries it."""

from __future__ import annotations

import asyncio
import json
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from conformance.exchange import Exchange
from conformance.frames import Frame, Kind, Sender
from conformance.patience import Patience

__all__ = [
    "FAREWELL",
    "LARGEST_MESSAGE",
    "MOST_BYTES",
    "MOST_FRAMES",
    "Conversation",
    "Refused",
    "See",
]

FAREWELL = 3.0
"""Seconds that a peer has to close when we do, at most."""

LARGEST_MESSAGE = 8 * 1024 * 1024
"""Bytes of one message that are read: no lawful message is larger."""

MOST_FRAMES = 50_000
"""Frames of a peer that one connection keeps: what says more floods us."""

MOST_BYTES = 64 * 1024 * 1024
"""Bytes in them, likewise."""

See = Callable[[Frame], None]


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A handshake that no connection came of.

    `reason` says why in words: what was answered, or why nothing was. The answer itself is in
    `exchange`, for evidence.
    """

    label: str
    reason: str
    exchange: Exchange

    @property
    def status(self) -> int | None:
        """The HTTP status, 101 of an unsound handshake included; `None` where no answer came."""
        return self.exchange.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The answer's headers, their names in lower case."""
        return self.exchange.answer_headers

    @property
    def body(self) -> bytes:
        """The answer's body, or what came that is no HTTP."""
        return self.exchange.answer


class Conversation(ABC):
    """Everything said on a connection, in order, and how to await what is yet to be said.

    `frames` holds both directions, control frames and the automatic answers to them included.
    `see` is told of each frame of the peer's. `closed` is the frame that ended it: the peer's
    close, or the loss of the connection. `flooded` says that the peer sent more than we keep, so
    that we ended it.

    Whatever a peer does is a frame, never an exception. Sending where the connection has ended
    does nothing: the frame that it returns is `lost`, says what was not sent, and is not kept.
    """

    def __init__(
        self, *, label: str, handshake: Exchange, subprotocol: str | None, see: See, opened: float
    ) -> None:
        self.label = label
        self.handshake = handshake
        self.subprotocol = subprotocol
        self.frames: list[Frame] = []
        self.closed: Frame | None = None
        self.flooded = False
        self._see = see
        self._opened = opened
        self._heard_frames = 0
        self._heard_bytes = 0
        self._in_order = True
        self._fault: Exception | None = None
        self._news = asyncio.Event()
        self._gone = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # Watching

    def mark(self) -> int:
        """The present point of the conversation, for `after`."""
        return len(self.frames)

    async def wait(
        self, wanted: Callable[[Frame], bool], within: float, after: int = 0
    ) -> Frame | None:
        """The first frame of the peer's that is wanted, from the mark `after` on.

        It may be there already, or come `within` so many seconds. `None` at their end, and as
        soon as the connection has ended. What is not wanted is left for others to await, at the
        same time or later.
        """
        return await self._first(wanted, time.monotonic() + within, after)

    async def hope(
        self,
        wanted: Callable[[Frame], bool],
        patience: Patience,
        what: str,
        after: int = 0,
        *,
        most: float = math.inf,
    ) -> Frame | None:
        """The same, within the seconds (`most`, at most) that a patience has left for `what` is
        awaited: a word for its kind. The patience learns what came of it.
        """
        seconds, began = min(most, patience.glance(what)), time.monotonic()
        frame = await self.wait(wanted, seconds, after)
        if frame is not None:
            patience.answered(what, max(0.0, frame.at - began))
        elif self.closed is None:
            patience.hung(what, seconds)
        return frame

    async def never(
        self, wanted: Callable[[Frame], bool], during: float, after: int = 0
    ) -> Frame | None:
        """The first frame of the peer's that fits, where none should; `None` after all of the
        `during` seconds, or once the connection has ended. What comes later does not count.
        """
        deadline = time.monotonic() + during
        found = await self._first(wanted, deadline, after)
        return found if found is None or found.at <= deadline else None

    async def ended(self, within: float) -> Frame | None:
        """The frame that ends it, `close` or `lost`, or `None` if it lasts so many seconds."""
        await self._first(lambda _: False, time.monotonic() + within, self.mark())
        return self.closed

    async def gone(self, within: float) -> bool:
        """Did the transport end as well, within so many seconds?"""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._gone.wait()
        return self._gone.is_set()

    async def _first(
        self, wanted: Callable[[Frame], bool], deadline: float, after: int
    ) -> Frame | None:
        while True:
            self._raise_fault()
            news = self._news
            for frame in self.frames[after:]:
                if frame.sender == "peer" and wanted(frame):
                    return frame
            after = max(after, len(self.frames))
            left = deadline - time.monotonic()
            if self.closed is not None or left <= 0:
                return None
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await news.wait()

    # Speaking

    async def send(self, payload: Any, *, lawful: bool = True) -> Frame:
        """Send JSON as a text message. `lawful=False` marks one that breaks the protocol."""
        return await self.send_text(_encode(payload), lawful=lawful)

    @abstractmethod
    async def send_text(self, text: str, *, lawful: bool = True) -> Frame:
        """Send a text message."""

    @abstractmethod
    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close in order, and wait a few seconds for the peer to do so too. Can be repeated."""

    @abstractmethod
    def abort(self) -> None:
        """End the transport at once, without a word. Can be repeated."""

    @abstractmethod
    def pause(self) -> None:
        """Stop reading, so that what the peer sends piles up on its side."""

    @abstractmethod
    def resume(self) -> None:
        """Read on."""

    # For those who carry it

    def _heard(
        self,
        kind: Kind,
        data: bytes = b"",
        *,
        code: int | None = None,
        reason: str = "",
        at: float | None = None,
    ) -> None:
        """The peer said something, or went."""
        if self.flooded:
            return
        frame = self._keep(
            self._frame("peer", kind, data, code=code, reason=reason, at=at, lawful=self._in_order)
        )
        if kind in ("close", "lost"):
            self.closed = self.closed or frame
        try:
            self._see(frame)
        except Exception as error:  # noqa: BLE001  # a fault of ours: whoever waits is told
            self._fault = self._fault or error
        self._heard_frames += 1
        self._heard_bytes += len(data)
        if self._heard_frames >= MOST_FRAMES:
            self._flood(f"the peer sent {MOST_FRAMES} frames")
        elif self._heard_bytes > MOST_BYTES:
            self._flood(f"the peer sent more than {MOST_BYTES} bytes")

    def _raise_fault(self) -> None:
        if self._fault is not None:
            raise self._fault

    def _said(
        self,
        kind: Kind,
        data: bytes = b"",
        *,
        code: int | None = None,
        reason: str = "",
        lawful: bool = True,
    ) -> Frame:
        """We said something."""
        self._in_order = self._in_order and lawful
        return self._keep(self._frame("assay", kind, data, code=code, reason=reason, lawful=lawful))

    def _unsaid(self, data: bytes, *, lawful: bool = True) -> Frame:
        """What would have been said, had the connection not ended."""
        reason = "not sent: the connection has ended"
        return self._frame("assay", "lost", data, reason=reason, lawful=lawful)

    def _left(self, reason: str) -> None:
        """We end it, without the peer's close."""
        if self.closed is None:
            self.closed = self._keep(self._frame("assay", "lost", reason=reason))

    def _flood(self, reason: str) -> None:
        self.flooded = True
        self._left(reason)
        self.abort()

    def _over(self, reason: str) -> None:
        """The transport has ended."""
        if self.closed is None:
            self._heard("lost", reason=reason)
        self._gone.set()

    def _keep(self, frame: Frame) -> Frame:
        self.frames.append(frame)
        news, self._news = self._news, asyncio.Event()
        news.set()
        return frame

    def _frame(
        self,
        sender: Sender,
        kind: Kind,
        data: bytes = b"",
        *,
        code: int | None = None,
        reason: str = "",
        at: float | None = None,
        lawful: bool = True,
    ) -> Frame:
        at = time.monotonic() if at is None else at
        return Frame(
            connection=self.label,
            sender=sender,
            kind=kind,
            data=data,
            at=at,
            seconds=max(at - self._opened, 0.0),
            code=code,
            reason=reason,
            lawful=lawful,
        )


def _encode(payload: Any) -> str:
    """Compact JSON. A lone surrogate, which UTF-8 cannot say, stays an escape."""
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(payload, separators=(",", ":"), allow_nan=False)
    return text
