"""Keeps what a run said and heard, so that a finding can tell what led to it."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from conformance.conversation import Conversation, Refused
from conformance.exchange import Exchange
from conformance.frames import Frame
from conformance.target import Target
from schemas.spec import Protocol

if TYPE_CHECKING:
    from conformance.replay.lead import Lead

__all__ = ["Errand", "Handshake", "Journal", "Moment"]

_EARLIER = 1000
"""Requests of earlier checks that are kept: what one makes, others may use."""

_MOST = 1000
"""What one check says that is kept, its end before all."""

_ROOM = 32_000_000
"""Bytes of bodies, likewise."""

_LIGHT = 20_000
"""Bytes of a request and its answer up to which others may hang on it: floods make nothing."""

_LONGEST = 20_000
"""Bytes of a body in which the words are looked for that tie one request to another."""

_WORD = re.compile(rb"[\w.@+-]{8,}")
_LONGEST_WORD = 256
_DIGIT, _LETTER = re.compile(rb"[0-9]"), re.compile(rb"[A-Za-z]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """What opened a WebSocket, or was refused. `connection` is its name, never used twice."""

    connection: str
    channel: str
    exchange: Exchange
    identity: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A hook of the target that was run with these values, and what it handed over."""

    hook: str
    values: Mapping[str, Any]
    handed: Any


Spoken: TypeAlias = Exchange | Handshake | Frame | Errand


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something said, and when (monotonic). `earlier` says that another check did. `connection` is
    that of a frame.
    """

    at: float
    said: Spoken
    connection: str = ""
    earlier: bool = False


@dataclass(slots=True, kw_only=True)
class _Talk:
    handshake: Handshake
    conversation: Conversation | Refused
    at: float


@dataclass(slots=True, kw_only=True)
class _Kept:
    moment: Moment
    words: frozenset[bytes] = field(default_factory=frozenset)


class Journal:
    """Of one process of a run, check by check."""

    def __init__(self, protocol: Protocol, target: Target, run: str) -> None:
        self.protocol = protocol
        self.target = target
        self.run = run
        self.told: set[tuple[str, str]] = set()
        self._exchanges: deque[Moment] = deque()
        self._weight = 0
        self._talks: list[_Talk] = []
        self._errands: list[Moment] = []
        self._earlier: deque[_Kept] = deque(maxlen=_EARLIER)

    def begin(self) -> None:
        """Another check begins. Of those before it, what was made is kept."""
        for moment in self._exchanges:
            exchange = moment.said
            made = isinstance(exchange, Exchange) and exchange.ok and exchange.method != "GET"
            if made and _weight(exchange) <= _LIGHT:
                earlier = Moment(at=moment.at, said=exchange, earlier=True)
                self._earlier.append(_Kept(moment=earlier, words=_words(exchange)))
        self._exchanges.clear()
        self._weight = 0
        self._talks, self._errands = [], []

    def exchanged(self, exchange: Exchange) -> None:
        """A request was answered, or not."""
        self._exchanges.append(Moment(at=time.monotonic() - exchange.seconds, said=exchange))
        self._weight += _weight(exchange)
        while len(self._exchanges) > _MOST or self._weight > _ROOM:
            self._weight -= _weight(self._exchanges.popleft().said)

    def opened(self, channel: str, said: Conversation | Refused, identity: str = "") -> None:
        """A WebSocket was opened, or refused. What is said on it later is found by itself."""
        exchange = said.exchange if isinstance(said, Refused) else said.handshake
        names = {talk.handshake.connection for talk in self._talks}
        handshake = Handshake(
            connection=_unique(said.label or channel, names),
            channel=channel,
            exchange=exchange,
            identity=identity,
        )
        at = time.monotonic() - exchange.seconds
        self._talks.append(_Talk(handshake=handshake, conversation=said, at=at))

    def done(self, hook: str, values: Mapping[str, Any], handed: Any, began: float) -> None:
        """A hook was run, which `began` at that time (monotonic): a peer may tell of it before it
        is over.
        """
        errand = Errand(hook=hook, values=dict(values), handed=handed)
        self._errands.append(Moment(at=began, said=errand))

    def lead(self, check: str) -> Lead:
        """The way to what a check finds at this moment."""
        from conformance.replay.lead import Lead  # only what is broken has a use for it

        return Lead(journal=self, within=check, at=time.monotonic())

    def until(self, at: float) -> list[Moment]:
        """What this check said and heard until then, in order, behind what others said before it
        of the same things.
        """
        own = [each for each in (*self._exchanges, *self._errands) if each.at <= at]
        for talk in self._talks:
            if talk.at <= at:
                own.append(Moment(at=talk.at, said=talk.handshake))
                own += _frames(talk, at)
        own = sorted(own, key=lambda moment: moment.at)[-_MOST:]
        return [*self._related(own), *own]

    def _related(self, own: list[Moment]) -> list[Moment]:
        """What earlier checks made that is spoken of here, and what that was made of."""
        words: set[bytes] = set()
        for moment in own:
            words |= _words(moment.said)
        found: list[Moment] = []
        for kept in reversed(self._earlier):
            if kept.words & words:
                words |= kept.words
                found.append(kept.moment)
        return found[::-1]


def _weight(said: Spoken) -> int:
    return len(said.body) + len(said.answer) if isinstance(said, Exchange) else 0


def _frames(talk: _Talk, at: float) -> Iterator[Moment]:
    if isinstance(talk.conversation, Refused):
        return
    for frame in talk.conversation.frames:
        if frame.at <= at:
            yield Moment(at=frame.at, said=frame, connection=talk.handshake.connection)


def _words(said: Spoken) -> frozenset[bytes]:
    if isinstance(said, Errand):
        return _ids([repr((said.values, said.handed)).encode("utf-8", "replace")[:_LONGEST]])
    if isinstance(said, Frame):
        return _ids([said.data[:_LONGEST]])
    exchange = said.exchange if isinstance(said, Handshake) else said
    texts = [exchange.url.encode("utf-8", "replace"), exchange.body[:_LONGEST]]
    texts += [exchange.answer[:_LONGEST], _joined(exchange.headers)]
    return _ids(texts)


def _ids(texts: Sequence[bytes]) -> frozenset[bytes]:
    """What may be an id in them: an address or a number is none."""
    words = (word for text in texts for word in _WORD.findall(text) if len(word) <= _LONGEST_WORD)
    return frozenset(word for word in words if _DIGIT.search(word) and _LETTER.search(word))


def _joined(headers: Mapping[str, str]) -> bytes:
    return " ".join(headers.values()).encode("utf-8", "replace")


def _unique(name: str, taken: set[str]) -> str:
    number = 2
    made = name
    while made in taken:
        made, number = f"{name} #{number}", number + 1
    return made
