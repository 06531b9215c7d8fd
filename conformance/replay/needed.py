"""Of all that was said before a finding, what it hangs on. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from conformance.recording.meaning import Meaning
from conformance.recording.places import places
from conformance.recording.records import Asked, Record, Spoken
from conformance.replay.story import Deed, Opening, Step, Utterance
from schemas.spec import Protocol

__all__ = ["needed"]

Key = tuple[type, Any]

_WORD = re.compile(r"\w[\w.@+-]{6,}\w")


def needed(
    steps: Sequence[Step], records: Sequence[Record], protocol: Protocol, run: str
) -> set[int]:
    """The places of the steps that a finding hangs on, whose evidence is what is `shown`.

    These are: what told a value that is said later; what was done to things of the run's own
    making that are spoken of; the handshake of a connection, and what we said on it before; and
    what was done last before a message came.
    """
    search = _Search(steps, records, Meaning(protocol), run)
    return search.closure({at for at, step in enumerate(steps) if step.shown or search.is_time(at)})


class _Search:
    def __init__(
        self, steps: Sequence[Step], records: Sequence[Record], meaning: Meaning, run: str
    ) -> None:
        self.steps = steps
        self._run = run
        self.said = [set(_values(record, meaning, "agent")) for record in records]
        told = [set(_values(record, meaning, "coordinator")) for record in records]
        self.told = told
        self.names = [self._names(self.said[at], records[at], "agent") for at in range(len(steps))]
        self.shown = [self._names(told[at], records[at], "coordinator") for at in range(len(steps))]
        self.origins = _origins(self.said, told)
        self.acts = [_acts(record) for record in records]

    def is_time(self, at: int) -> bool:
        """Is it a hook that speaks of nothing and makes nothing? Then all that follows hangs on it:
        it lets time pass, or has everything begin anew.
        """
        step = self.steps[at]
        return isinstance(step, Deed) and not self.names[at] and not self.told[at]

    def closure(self, found: set[int]) -> set[int]:
        waiting = sorted(found)
        while waiting:
            at = waiting.pop()
            for other in set(self._before(at)) - found:
                found.add(other)
                waiting.append(other)
        return found

    def _before(self, at: int) -> Iterator[int]:
        step = self.steps[at]
        for key in self.said[at]:
            origin = self.origins.get(key)
            if origin is not None and origin < at:
                yield origin
        spoken_of = self.names[at] | (self.shown[at] if step.shown else set())
        for other in range(at):
            if self.acts[other] and self.names[other] & spoken_of:
                yield other
        if isinstance(step, Utterance):
            yield from self._on_the_line(step, at)
            if step.shown and step.sender == "peer":
                yield from self._cause(at)

    def _on_the_line(self, step: Utterance, at: int) -> Iterator[int]:
        for other, before in enumerate(self.steps[:at]):
            if getattr(before, "connection", "") != step.connection:
                continue
            if isinstance(before, Opening) or _is_ours(before):
                yield other

    def _cause(self, at: int) -> Iterator[int]:
        """What a peer tells is told of what was done last, if it does not say of what."""
        acts = [other for other in range(at) if self.acts[other]]
        yield from acts[-1:]

    def _names(self, values: set[Key], record: Record, sender: str) -> set[str]:
        """The ids of the run's own making, wherever they stand."""
        texts = [value for _, value in values if isinstance(value, str)]
        if isinstance(record, Asked):
            texts.append(record.path)
            side = record.body if sender == "agent" else record.answer
            texts.append(str(side.value))
        elif record.sender == sender:
            texts.append(str(record.content.value))
        own = [text for text in texts if self._run in text]
        return {name for text in own for name in _WORD.findall(text) if self._run in name}


def _is_ours(step: Step) -> bool:
    """Is it something that we said, of more weight than an answer to a ping?"""
    said = isinstance(step, Utterance) and step.sender == "assay"
    return said and getattr(step, "kind", "") not in ("pong", "close")


def _values(record: Record, meaning: Meaning, sender: str) -> Iterator[Key]:
    for place in places(record):
        if place.sender == sender and meaning.is_value(place.value, place.field):
            yield type(place.value), place.value


def _origins(said: Sequence[set[Key]], told: Sequence[set[Key]]) -> dict[Key, int]:
    """Where a value of the peer's making was told first."""
    origins: dict[Key, int] = {}
    known: set[Key] = set()
    for at, values in enumerate(told):
        known |= said[at]
        for key in values - known:
            origins.setdefault(key, at)
        known |= values
    return origins


def _acts(record: Record) -> bool:
    """Does it change anything, or may it?"""
    if isinstance(record, Spoken):
        return record.sender == "agent" and record.kind == "message"
    return record.method != "GET" or bool(record.connection)
