"""What the plays of one examination know of their agent, and what each of them noted."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.protocols.stella.biography import Way

__all__ = ["CALMED", "NORMAL", "Notebook", "Notes", "Strike"]


NORMAL = "normal life"
"""The situation that comes first, in which the agent shows how it lives."""

CALMED = "calm again"
"""The mark from which on there was neither trouble nor work any more."""

_TOO_LATE, _TOO_SLOW = 1.5, 2.0
"""Seconds from which on no grace makes up for what an agent lacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """Something befell the agent: what, when (monotonic clock), after which entry, and which tasks
    were given afterwards to see whether it goes on.
    """

    kind: str
    real: float
    number: int
    probes: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Notes:
    """One situation. `began` and `ended` are of the monotonic clock. `lateness` is how late this
    very process woke up at worst (seconds): an agent on the same machine may be as late. `slowness`
    is how long it took at worst from a connection to the first request on it: most of that is work,
    which takes a while where others want the processors too.
    """

    began: float = 0.0
    ended: float = 0.0
    lateness: float = 0.0
    slowness: float = 0.0
    strikes: list[Strike] = field(default_factory=list)
    marks: dict[str, float] = field(default_factory=dict)
    """Moments of which a check must know, by name (monotonic clock)."""
    tasks: dict[str, str] = field(default_factory=dict)
    """What a task is for, by its id."""

    @property
    def grace(self) -> float:
        """Seconds that anybody is granted on a machine as busy as this one was."""
        return 2 * self.lateness + self.slowness

    @property
    def excuse(self) -> str:
        """Why nothing that takes time can be judged of this situation, or nothing."""
        if self.lateness > _TOO_LATE:
            return f"the machine was too busy to tell: {self.lateness:.1f} s late at times"
        if self.slowness > _TOO_SLOW:
            return f"the machine was too busy to tell: {self.slowness:.1f} s for a request"
        return ""

    def of(self, purpose: str) -> list[str]:
        """The ids of the tasks that were given for it."""
        return [name for name, why in self.tasks.items() if why == purpose]


@dataclass(slots=True, kw_only=True)
class Notebook:
    """All of them by situation. `ways` are those on which the agent takes tasks, as its normal life
    showed, the best first; `streams` says that it opens a stream at all.
    """

    ways: tuple[Way, ...] = ()
    streams: bool = False
    polls: bool = False
    situations: dict[str, Notes] = field(default_factory=dict)

    def of(self, situation: str) -> Notes:
        return self.situations.setdefault(situation, Notes())
