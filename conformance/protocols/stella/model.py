"""What may be shown of an agent after all that it and its operators have said, in every order.

Where the document leaves a reading open, all that it allows is held to be possible.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["AgentModel", "Moment", "TaskState"]

TaskState = Literal["waiting", "adrift", "told", "done", "cancelled"]
"""A task that is `adrift` waits, and may be under way on a stream; one that was told may come
again, or not: the document does not say.
"""

_STEADY, _STILL, _GONE = 1.0, 3.0, 4.0
"""Intervals of silence until which an agent is online, until which it is not offline, and after
which it is.
"""

_GRACE = 6.0
"""Seconds after the last of them in which a coordinator may still find out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The peer's time, in seconds: the latest that it can be, and how much has passed for sure."""

    latest: float
    sure: float


@dataclass(slots=True, kw_only=True)
class AgentModel:
    """What is known of one agent.

    It has the capabilities that it `must` have, and perhaps some that it `may`; its heartbeats tell
    its `skills`, those that were last set. `labels` are those that an update has set. `beaten` is
    when it was last heard of by a heartbeat, and `alive` when by something that may count as one.
    """

    version: str
    interval: float
    must: frozenset[str]
    may: frozenset[str]
    skills: frozenset[str]
    labels: dict[str, str] = field(default_factory=dict)
    updated: bool = False
    usage: Mapping[str, float] | None = None
    beaten: Moment | None = None
    alive: Moment | None = None
    shown: Any = None
    """The `lastHeartbeat` that was last shown, where nothing was said since that may move it."""
    last: Any = None
    """The same, whatever was said since."""

    def beats(self, usage: Mapping[str, float], now: Moment) -> None:
        """A heartbeat, that tells the capabilities which it must have."""
        self.usage = usage
        self.must = self.skills
        self.beaten = now
        self.lives(now)

    def lives(self, now: Moment) -> None:
        """Something that may be a sign of life."""
        self.alive = now
        self.shown = None

    def updates(self, labels: Mapping[str, str], capabilities: Sequence[str]) -> None:
        """Whether what is not named goes or stays is unsaid, and so is whether that counts or what
        the last heartbeat told.
        """
        self.labels.update(labels)
        self.skills = frozenset(capabilities)
        self.must = self.skills if self.beaten is None else self.skills & self.must
        self.may |= self.skills
        self.updated = True

    def statuses(self, now: Moment) -> frozenset[str]:
        """What its status may be; before its first heartbeat, that is one of them or another."""
        if self.beaten is None or self.alive is None:
            return frozenset({"online", "offline", "degraded"})
        age = (now.latest - self.beaten.latest) / self.interval
        if age < _STEADY:
            return frozenset({"online"})
        if age < _STILL:
            return frozenset({"online", "degraded"})
        if now.sure - self.alive.sure >= _GONE * self.interval + _GRACE:
            return frozenset({"offline"})
        return frozenset({"online", "offline", "degraded"})

    def fits(self, query: Mapping[str, str], now: Moment) -> bool | None:
        """Is it among those that are asked for? `None` where nobody can say."""
        words: list[bool | None] = []
        if "status" in query:
            statuses = self.statuses(now)
            words.append(None if len(statuses) > 1 else query["status"] in statuses)
            if query["status"] not in statuses:
                words[-1] = False
        if "capability" in query:
            skill = query["capability"]
            words.append(True if skill in self.must else None if skill in self.may else False)
        return False if False in words else None if None in words else True
