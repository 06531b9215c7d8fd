"""What the plays of one examination share: how the script usually lives, and what befell it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from conformance.protocols.architect.scripts import messages
from mockserver.transcript import Frame as Heard

__all__ = ["LIVELY", "Habits", "Playbook", "Strike"]

_SHORT = 0.3
"""Seconds of silence after which a script that usually says no more is taken to be done."""

_LEAST = 2.0
"""Seconds that anybody may be silent: other scripts are at work on the same machine."""


LIVELY = 10
"""Messages from which on a script is taken to go on and on."""


@dataclass(slots=True, kw_only=True)
class Habits:
    """How a script lives when all is well: how many messages it sends, and its longest pause before
    one of them (seconds).
    """

    messages: int = 0
    pause: float = 0.0

    @property
    def lively(self) -> bool:
        """Does it go on and on?"""
        return self.messages >= LIVELY

    def learn(self, frames: Sequence[Heard], began: float) -> None:
        times = [began, *(each.real for each in messages(frames))]
        self.messages = len(times) - 1
        pauses = (after - before for before, after in pairwise(times))
        self.pause = max(pauses, default=0.0)

    def silence(self, said: int, patience: float) -> float:
        """Seconds of silence that tell something of one who has sent so many messages."""
        if not self.lively and said >= self.messages:
            return _SHORT + self.pause / 2
        return min(patience, max(_LEAST, 2 * self.pause + 0.5))


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """Something befell the script: what kind of thing, after which entry of the transcript, and
    when (seconds of the monotonic clock).
    """

    kind: str
    number: int
    real: float


@dataclass(slots=True, kw_only=True)
class Playbook:
    """`strikes` are those of each situation, by its name, in their order; `patience` is how long
    it was waited (seconds), `listed` the names of the actions that the mock supports.
    `shut_out` says that it once tried to come in, and never did: this need not be waited for twice.
    `unfinished` are the situations that were over while the script still had something to say.
    """

    patience: float = 0.0
    listed: frozenset[str] = frozenset()
    shut_out: bool = False
    habits: Habits = field(default_factory=Habits)
    strikes: dict[str, list[Strike]] = field(default_factory=dict)
    unfinished: set[str] = field(default_factory=set)

    def of(self, situation: str) -> list[Strike]:
        return self.strikes.get(situation, [])

    @property
    def tells(self) -> bool:
        """Was it waited long enough for silence to tell something of this script?"""
        return self.patience >= 1.5 * self.habits.pause
