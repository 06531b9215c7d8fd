"""One connection of a client and its twin to the coordinator, without sockets: bytes in, bytes on.

What is to be passed on is handed over before anybody looks at it: `digest` does the looking.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from multidict import CIMultiDict

from conformance.proxy.frame_stream import LARGEST_KEPT, FrameStream, Spoken, negotiated
from conformance.proxy.http_stream import Data, End, Event, Garbage, Head, HttpStream
from conformance.proxy.reading import plain_body
from conformance.proxy.rewriting import Rewriting
from conformance.proxy.watch import Line, Watch
from mockserver.transcript import HttpExchange
from schemas.spec import Role

__all__ = ["Connection"]

_MOST_HELD = 64 * 1024
"""Bytes behind a handshake that is not answered yet, from which on no more are read."""


@dataclass(eq=False, slots=True)
class _Body:
    """A body as far as it is kept; `data` is `None` once it is too large."""

    data: bytearray | None = field(default_factory=bytearray)

    def add(self, piece: bytes) -> None:
        if self.data is not None and len(self.data) + len(piece) > LARGEST_KEPT:
            self.data = None
        if self.data is not None:
            self.data += piece


@dataclass(eq=False, slots=True)
class _Asking:
    """A request on its way, until its answer has passed."""

    head: Head
    number: int
    at: float
    body: _Body = field(default_factory=_Body)
    whole: bool = False
    heard: HttpExchange | None = None
    lawful: bool = False
    answer: Head | None = None
    answered: _Body = field(default_factory=_Body)


class Connection:
    """`peer` is the host that the client calls from, `now` tells the time (seconds since 1970).

    `learn` is told of what was answered, with the path that was asked for.
    """

    def __init__(
        self,
        watch: Watch,
        rewriting: Rewriting,
        now: Callable[[], float],
        *,
        peer: str = "",
        learn: Callable[[str, bytes], None] = lambda _path, _answer: None,
    ) -> None:
        self.path = ""
        """Of the first request, without its query."""
        self.line: Line | None = None
        """The WebSocket that it became."""
        self.answers = 0
        """How many answers have begun."""
        self._watch = watch
        self._rewriting = rewriting
        self._now = now
        self._peer = peer
        self._learn = learn
        self._requests = HttpStream("request")
        self._responses = HttpStream("response")
        self._deciding: _Asking | None = None
        self._queue: deque[_Asking] = deque()
        self._current: _Asking | None = None
        self._todo: deque[Callable[[], None]] = deque()
        self._frames: dict[Role, FrameStream] = {}
        self._left: Role | None = None

    # Bytes on their way

    def from_client(self, data: bytes) -> bytes:
        """What goes on to the coordinator now that these bytes have come."""
        if self.line is not None:
            self._later(self._hear, "agent", data)
            return data
        self._requests.receive(data)
        return self._released()

    def from_coordinator(self, data: bytes) -> bytes:
        """These bytes go on to the client as they are. Returns what goes on to the coordinator,
        because it had to wait for them.
        """
        if self.line is not None:
            self._later(self._hear, "coordinator", data)
            return b""
        self._responses.receive(data)
        while (event := self._responses.next()) is not None:
            if self._take_answer(event):
                return self._joined()
        return self._released()

    @property
    def waits(self) -> bool:
        """Is nothing more to be read of the client until the coordinator has spoken?"""
        return self._deciding is not None and self._requests.held > _MOST_HELD

    @property
    def pending(self) -> bool:
        """Is a request without its whole answer?"""
        return bool(self._queue)

    @property
    def answering(self) -> bool:
        """Has the answer that is due begun?"""
        return bool(self._queue) and self._queue[0].answer is not None

    @property
    def cut(self) -> bool:
        """Would an answer be cut short if the coordinator ended now?"""
        return self.answering and not self._responses.until_end

    def digest(self) -> None:
        """Look at what was passed on."""
        while self._todo:
            self._todo.popleft()()

    # Ends

    def client_left(self) -> None:
        """The client says no more."""
        self._leave("agent")

    def coordinator_left(self) -> None:
        """The coordinator says no more: what it still owed is not to be had."""
        first = self._left is None
        if self.line is None:
            if self._responses.until_end and self.answering:
                self._later(self._answered, self._queue.popleft())
            self._owe("the connection ended without an answer", seen=first)
        self._leave("coordinator")

    def fail(self, why: str) -> None:
        """The coordinator cannot be asked."""
        self._left = self._left or "coordinator"
        self._owe(why, seen=False)
        self.digest()

    def _owe(self, why: str, *, seen: bool) -> None:
        while self._queue:
            asking = self._queue.popleft()
            said = "the answer ended early" if asking.answer is not None else why
            self._later(self._unanswered, asking, said, seen)
            seen = False  # what was asked behind it had no chance

    def _leave(self, who: Role) -> None:
        if self._left is None and self.line is not None and not self._frames[who].closed:
            # A close frame may be among what nobody has looked at yet.
            self._later(self._lose, who)
        self._left = self._left or who
        self.digest()

    # Requests

    def _released(self) -> bytes:
        out: list[bytes] = []
        while self._deciding is None and (event := self._requests.next()) is not None:
            out.append(self._rewriting.request(event) if isinstance(event, Head) else event.raw)
            self._take_request(event)
        return b"".join(out)

    def _take_request(self, event: Event) -> None:
        if isinstance(event, Head):
            self._begin(event)
        elif isinstance(event, Garbage):
            self._take_garbage(event)
        elif self._current is not None:
            if isinstance(event, Data):
                self._current.body.add(event.payload)
            else:
                self._end_request(self._current)

    def _begin(self, head: Head) -> None:
        self.path = self.path or head.target.partition("?")[0]
        asking = _Asking(head, self._watch.number(), self._now())
        self._current = asking
        self._queue.append(asking)
        self._responses.expect(head.method)

    def _end_request(self, asking: _Asking) -> None:
        asking.whole = True
        self._current = None
        if asking.head.upgrades:
            self._deciding = asking
        self._later(self._asked, asking)

    def _take_garbage(self, event: Garbage) -> None:
        if not event.why:
            return
        asking = self._current
        if asking is None:
            asking = _Asking(Head(raw=b"", fields=()), self._watch.number(), self._now())
            self._queue.append(asking)
            self._responses.expect("GET")
        asking.heard = self._watch.reader.garbled(event.why, asking.number, asking.at)
        self._later(self._watch.request, asking.heard, self._peer)

    def _asked(self, asking: _Asking) -> None:
        if asking.heard is not None:
            return
        body = bytes(asking.body.data) if asking.whole and asking.body.data is not None else None
        asking.heard = self._watch.reader.request(asking.head, body, asking.number, asking.at)
        asking.lawful = self._watch.request(asking.heard, self._peer)

    # Answers

    def _take_answer(self, event: Event) -> bool:
        """Returns whether the connection is a WebSocket now."""
        asking = self._queue[0] if self._queue else None
        if asking is None:
            return False  # said unasked: that it will wait no longer, say
        if isinstance(event, Head):
            return self._begin_answer(asking, event)
        if isinstance(event, Data):
            asking.answered.add(event.payload)
        elif isinstance(event, End):
            self._later(self._answered, self._queue.popleft())
        elif event.why:
            self._queue.popleft()
            self._later(self._unanswered, asking, f"the answer is not HTTP: {event.why}", True)
        return False

    def _begin_answer(self, asking: _Asking, head: Head) -> bool:
        if head.status < 200 and not head.upgrades:
            return False
        self.answers += 1
        asking.answer = head
        if asking is self._deciding:
            self._deciding = None
            if head.upgrades:
                self._open(asking, head)
        return self.line is not None

    def _answered(self, asking: _Asking) -> None:
        self._asked(asking)
        head, heard = asking.answer, asking.heard
        assert head is not None
        assert heard is not None
        fields = CIMultiDict((each.name, each.value) for each in head.fields)
        body = asking.answered.data
        plain = (
            None if body is None else plain_body(bytes(body), fields.get("content-encoding", ""))
        )
        heard = heard._replace(
            status=head.status,
            answer_headers=fields,
            answer=plain or b"",
            took=self._now() - asking.at,
            connection=self.line.number if self.line and head.status == 101 else 0,
        )
        self._watch.answer(heard, self._peer, lawful=asking.lawful, seen=plain is not None)
        if plain and head.status < 300:
            self._learn(heard.path, plain)

    def _unanswered(self, asking: _Asking, why: str, seen: bool) -> None:
        self._asked(asking)
        assert asking.heard is not None
        self._watch.answer(asking.heard, self._peer, lawful=asking.lawful, failure=why, seen=seen)

    # What is said on a WebSocket

    def _open(self, asking: _Asking, head: Head) -> None:
        self.line = Line(
            number=self._watch.connection(),
            peer=self._peer,
            channel=self._watch.reader.channel(asking.head.target),
            now=self._now,
        )
        client, coordinator = negotiated(head.values("sec-websocket-extensions"))
        self._frames = {
            "agent": FrameStream(masked=True, deflate=client),
            "coordinator": FrameStream(masked=False, deflate=coordinator),
        }
        self._later(self._answered, self._queue.popleft())

    def _joined(self) -> bytes:
        """The connection has just become a WebSocket: what came behind the heads belongs to it."""
        early, follows = self._requests.rest(), self._responses.rest()
        if early:
            said = Spoken("raw", b"data came before the handshake was answered")
            self._later(self._speak, "agent", said)
            self._later(self._hear, "agent", early)
        self._later(self._hear, "coordinator", follows)
        return early

    def _hear(self, sender: Role, data: bytes) -> None:
        for spoken in self._frames[sender].feed(data):
            self._speak(sender, spoken)

    def _speak(self, sender: Role, spoken: Spoken) -> None:
        assert self.line is not None
        self._watch.frame(spoken, sender, self.line)

    def _lose(self, who: Role) -> None:
        if not self._frames[who].closed:
            self._speak(who, Spoken("lost"))

    def _later(self, call: Callable[..., object], *arguments: object) -> None:
        self._todo.append(lambda: call(*arguments))  # type: ignore[arg-type]
