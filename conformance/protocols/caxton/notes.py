"""What the plays of one examination know of their client, and what each of them noted."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["NORMAL", "Notebook", "Notes", "Strike"]

NORMAL = "normal life"
"""The situation that comes first, in which the client shows how it lives."""

_TOO_LATE = 1.5
"""Seconds from which on no grace makes up for what a client lacks."""

_SILENCE = 7.0
"""Seconds of silence from which on a busy client counts as one that does nothing any more."""

_READER = 3.0
"""Seconds of nothing but histories from which on a client is one that reads them as its work."""

_LONGEST = 15.0
"""Seconds for which a client is waited for at most, however seldom it speaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """Something befell the client: what, when (monotonic clock), after which entry."""

    kind: str
    real: float
    number: int


@dataclass(slots=True, kw_only=True)
class Notes:
    """One situation. `began` and `ended` are of the monotonic clock; `lateness` is how late this
    very process woke up at worst (seconds): a client on the same machine may be as late.
    """

    began: float = 0.0
    ended: float = 0.0
    lateness: float = 0.0
    strikes: list[Strike] = field(default_factory=list)
    marks: dict[str, float] = field(default_factory=dict)
    """Moments of which a check must know, by name (monotonic clock)."""
    pages: dict[str, str] = field(default_factory=dict)
    """Cursors that were told, each with the query that it belongs to."""

    @property
    def grace(self) -> float:
        """Seconds that anybody is granted on a machine as busy as this one was."""
        return 2 * self.lateness

    @property
    def excuse(self) -> str:
        """Why nothing that takes time can be judged of this situation, or nothing."""
        if self.lateness > _TOO_LATE:
            return f"the machine was too busy to tell: {self.lateness:.1f} s late at times"
        return ""


@dataclass(slots=True, kw_only=True)
class Notebook:
    """All of them by situation, and what the normal life showed: whether the client opens a
    WebSocket, which operations it asks for, the longest time (seconds) for which it asked
    nothing, and that for which it read histories and did nothing else.
    """

    listens: bool = False
    asks: frozenset[str] = frozenset()
    pause: float = 0.0
    reading: float = 0.0
    situations: dict[str, Notes] = field(default_factory=dict)

    def of(self, situation: str) -> Notes:
        return self.situations.setdefault(situation, Notes())

    @property
    def looks_for_replies(self) -> bool:
        """Is the history nothing that it reads for its own sake?"""
        return self.reading < _READER

    @property
    def silence(self) -> float:
        """Seconds without a request after which this client counts as one that stands still."""
        return max(_SILENCE, 3 * self.pause)

    @property
    def patience(self) -> float:
        """Seconds for which it is waited for, so that its silence can be told."""
        return min(self.silence + 1.0, _LONGEST)
