"""One generated case: what is said in it, and what comes of it until it is told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TypeVar

from conformance.clients.opener import Opener
from conformance.exchange import Exchange
from conformance.frames import Frame
from conformance.fuzz.exploring import BrokenError
from conformance.judge import Judge
from conformance.target import Target
from conformance.verdict import Finding
from schemas.spec import Channel, Message

__all__ = ["Case"]

_MOST_SHOWN = 40
"""Frames and exchanges of a case that its evidence keeps, each."""

_T = TypeVar("_T")

_SPOKEN = ("text", "binary", "close", "lost", "raw")


class Case:
    """One case against the peer. `judge` is its own: the check's hears only what is told.

    `steps` are what was done until now, in words. What is said over `opener` and what `see` is
    told of is judged, and stands in the evidence of what is found. `known` are requirements whose
    breach is known already: others are looked for.
    """

    def __init__(self, whole: Judge, target: Target, known: Collection[str] = ()) -> None:
        self.judge = whole.fresh()
        self.steps: list[str] = []
        self.opener = Opener(whole.book.protocol, target, self.see_frame)
        self._whole = whole
        self._known = known
        self._exchanges: list[Exchange] = []

    def see(self, exchange: Exchange) -> None:
        """Judge an answer, and keep it as evidence."""
        self._exchanges.append(exchange)
        self.judge.see(exchange)

    def see_frame(self, frame: Frame, channel: Channel, message: Message | None = None) -> None:
        """Judge what the peer said on a channel."""
        self.judge.see_frame(frame, channel, message)

    async def settle(self, size: int) -> None:
        """Raises `BrokenError`, as of a case of that size, where the peer broke a requirement."""
        found = [each for each in self.judge.findings() if self._breaks(each)]
        if found:
            message = f"{found[0].requirement}: {found[0].message}"
            gone = await self.opener.gone()
            rows = frozenset(each.requirement for each in found)
            raise BrokenError(message, steps=size, tell=self.tell, rows=rows, last=gone)

    def tell(self) -> None:
        """Tell the check's judge all that was found, with everything that led to it."""
        self._whole.adopt(self._shown(each) for each in self.judge.findings())

    async def close(self) -> None:
        """End what the case left open."""
        await self.opener.close()

    def _breaks(self, finding: Finding) -> bool:
        return finding.verdict in ("fail", "warn") and finding.requirement not in self._known

    def _shown(self, finding: Finding) -> Finding:
        """A finding with what led to it."""
        if finding.verdict not in ("fail", "warn"):
            return finding
        shown = finding.evidence
        # Pointers point into the last frame, where there are any: then none may be added.
        frames = [] if shown.pointers and not shown.frames else self._frames()
        evidence = replace(
            shown,
            exchanges=_led(self._exchanges, shown.exchanges),
            frames=_led(frames, shown.frames),
        )
        steps = f" (after: {'; '.join(self.steps)})" if self.steps else ""
        return replace(finding, message=finding.message + steps, evidence=evidence)

    def _frames(self) -> list[Frame]:
        said = (
            frame
            for conversation in self.opener.conversations
            for frame in conversation.frames
            if frame.kind in _SPOKEN
        )
        return sorted(said, key=lambda frame: frame.at)


def _led(said: Sequence[_T], shown: Sequence[_T]) -> list[_T]:
    """What is shown, behind all that was said before the last of it."""
    own = {id(each) for each in shown}
    ends = [place for place, each in enumerate(said) if id(each) in own]
    before = said[: ends[-1]] if ends else said
    return [*[each for each in before if id(each) not in own][-_MOST_SHOWN:], *shown]
