"""A mutant at work on one connection: bytes of both sides in, what goes on in their place out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from conformance.mutation.breaking.breaker import Breaker
from conformance.mutation.breaking.exchanges import (
    Asked,
    answered,
    asked_for,
    concerns,
    requested,
)
from conformance.mutation.breaking.messages import Frames
from conformance.mutation.breaking.whole import Whole
from conformance.proxy.changing import Piece
from conformance.proxy.frame_stream import negotiated
from conformance.proxy.http_stream import End, Event, Head, HttpStream

__all__ = ["Changing"]


class Changing:
    """Holds back what the mutant is about until it is whole; all else goes on at once."""

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker
        self._requests = HttpStream("request")
        self._responses = HttpStream("response")
        self._queue: deque[Asked] = deque()
        self._asking: Asked | None = None
        self._held: Whole | None = None
        self._upgrading = False
        self._frames: Frames | None = None
        self._channel = ""
        self._open = False
        self._to_client: Callable[[bytes], bool] = lambda _: False

    @property
    def _judged_agent(self) -> bool:
        return self._breaker.role == "agent"

    def joined(self, to_client: Callable[[bytes], bool]) -> None:
        self._to_client = to_client

    def left(self) -> None:
        if self in self._breaker.lines:
            self._breaker.lines.remove(self)

    # From the client

    def from_client(self, data: bytes) -> Sequence[Piece]:
        with self._breaker.watched():
            return self._client_said(data)

    def _client_said(self, data: bytes) -> Sequence[Piece]:
        if self._open:
            return self._framed(data) if self._judged_agent else (data,)
        if self._upgrading:
            return (data,)
        self._requests.receive(data)
        pieces: list[Piece] = []
        while (event := self._requests.next()) is not None:
            pieces += self._request(event)
            if self._upgrades():
                pieces.append(self._requests.rest())
        return pieces

    def _request(self, event: Event) -> Sequence[Piece]:
        if isinstance(event, Head):
            self._asking = asked_for(self._breaker, event)
            self._queue.append(self._asking)
            self._responses.expect(event.method)
            if self._judged_agent and concerns(self._breaker, self._asking):
                self._held = Whole(event)
                return ()
            return (event.raw,)
        asking = self._asking
        if isinstance(event, End) and asking is not None:
            self._asking = None
            self._upgrading = asking.head.upgrades
        if not self._judged_agent or self._held is None or asking is None:
            return (event.raw,) if event.raw else ()
        self._held.add(event)
        if not isinstance(event, End):
            return ()
        whole, self._held = self._held, None
        return requested(self._breaker, asking, whole)

    # From the coordinator

    def from_coordinator(self, data: bytes) -> Sequence[Piece]:
        with self._breaker.watched():
            return self._coordinator_said(data)

    def _coordinator_said(self, data: bytes) -> Sequence[Piece]:
        if self._open:
            return self._framed(data) if not self._judged_agent else (data,)
        self._responses.receive(data)
        pieces: list[Piece] = []
        while (event := self._responses.next()) is not None:
            pieces += self._answer(event)
            if self._joins():
                follows = self._responses.rest()
                pieces += (follows,) if self._judged_agent else self._framed(follows)
        return pieces

    def _upgrades(self) -> bool:
        """Does what the client says next belong to a WebSocket, if it is granted?"""
        return self._upgrading

    def _joins(self) -> bool:
        return self._open

    def coordinator_left(self) -> Sequence[Piece]:
        if self._judged_agent:
            return ()
        if self._frames is not None:
            rest = self._frames.rest()
            return (rest,) if rest else ()
        if self._held is None:
            return ()
        whole, self._held = self._held, None
        return answered(self._breaker, whole) if self._responses.until_end else (whole.raw,)

    def _answer(self, event: Event) -> Sequence[Piece]:
        if isinstance(event, Head):
            return self._begin(event)
        if self._held is None or self._judged_agent:
            if isinstance(event, End) and self._queue:
                self._queue.popleft()
            return (event.raw,) if event.raw else ()
        self._held.add(event)
        if not isinstance(event, End):
            return ()
        self._queue.popleft()
        whole, self._held = self._held, None
        return answered(self._breaker, whole)

    def _begin(self, head: Head) -> Sequence[Piece]:
        if (head.status < 200 and not head.upgrades) or not self._queue:
            return (head.raw,)
        asked = self._queue[0]
        self._upgrading = False
        mine = not self._judged_agent and concerns(self._breaker, asked, head.status)
        if head.upgrades:
            self._join(asked, head)
            return answered(self._breaker, Whole(head)) if mine else (head.raw,)
        if mine and asked.head.method != "HEAD":
            self._held = Whole(head)
            return ()
        return (head.raw,)

    # What is said on a WebSocket

    def _join(self, asked: Asked, head: Head) -> None:
        self._open = True
        self._channel = asked.subject
        client, coordinator = negotiated(head.values("sec-websocket-extensions"))
        deflate = client if self._judged_agent else coordinator
        if asked.channel is not None:
            self._frames = Frames(self._breaker, self._channel, deflate, self._elsewhere)
            self._breaker.lines.append(self)

    def _framed(self, data: bytes) -> Sequence[Piece]:
        return (data,) if self._frames is None else self._frames.feed(data)

    def _elsewhere(self, raw: bytes) -> bool:
        others = [each for each in self._breaker.lines if each is not self]
        return any(each.takes(self._channel, raw) for each in others)

    def takes(self, channel: str, raw: bytes) -> bool:
        """Say what was meant for somebody else. Returns whether that is possible here."""
        return channel == self._channel and self._to_client(raw)
