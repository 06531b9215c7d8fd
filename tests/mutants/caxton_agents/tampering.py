"""What a cue does to the answers of a stage. Pure but for the time it is told."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from tests.mutants.caxton_agents.bugs import Cue
from tests.mutants.caxton_agents.model import OPERATIONS, What
from tests.mutants.caxton_agents.world import NOW

__all__ = ["CUT", "GARBAGE", "Tampering"]

WINDOW: Final = 0.15
"""Seconds that a trouble lasts where it lasts."""

CUT: Final = -1
"""In place of a status: the connection is cut."""

GARBAGE: Final = b"<html>all is well</html>"

_ELSEWHERE: Final = "2031-05-06T12:38:09.250+05:30"

_STATUSES: Final[Mapping[Cue, int]] = {
    Cue.BUSY: 503,
    Cue.BROKEN: 500,
    Cue.UNAUTHORIZED: 401,
    Cue.FORBIDDEN: 403,
    Cue.INVALID: 400,
    Cue.GONE: 404,
    Cue.RATE: 429,
    Cue.QUOTA: 429,
}
_LASTING: Final = frozenset({Cue.BUSY, Cue.BROKEN, Cue.UNAUTHORIZED, Cue.FORBIDDEN, Cue.QUOTA})
_LIMITED: Final = frozenset({What.DEPLOY, What.SEND, What.LIST, What.SYSTEM})
_SOME: Final = _LIMITED | {What.GET, What.TASK, What.REMOVE}
_WITH_ID: Final = frozenset(
    {What.GET, What.RELOAD, What.UPDATE, What.STOP, What.PROGRESS, What.MONITOR, What.METRICS}
)
_DONE: Final = frozenset({What.DEPLOY, What.TASK, What.DISTRIBUTE, What.STOP, What.ROLLOUT})
"""What is done although its connection was lost; the rest is not."""


class Tampering:
    """Decides for each request whether it meets a trouble."""

    def __init__(self, cue: Cue) -> None:
        self._cue = cue
        self._first: dict[What, float] = {}
        self._count: dict[What, int] = {}
        self.resets: dict[What, int] = {}
        """Seconds of the day's clock, by what is limited."""

    def status(self, what: What, now: float, today: float) -> int:
        """The status that overrules its own, or CUT, or 0 for none.

        ``now`` is of the monotonic clock, ``today`` of the day's.
        """
        first = self._first.setdefault(what, now)
        nth = self._count.get(what, 0)
        self._count[what] = nth + 1
        if self._cue is Cue.DROPPED:
            return CUT if not nth else 0
        if self._cue is Cue.RATE:
            if what not in _LIMITED:
                return 0
            reset = self.resets.setdefault(what, math.ceil(today + 0.2))
            return 429 if today < reset else 0
        if self._cue not in _STATUSES or not self._concerns(what):
            return 0
        strikes = now - first < WINDOW if self._cue in _LASTING else not nth
        return _STATUSES[self._cue] if strikes else 0

    def is_done(self, what: What, status: int) -> bool:
        """Whether it has its effect all the same."""
        return status == 0 or (status == CUT and what in _DONE)

    def is_garbled(self, what: What) -> bool:
        """Whether its answer is no JSON; asked after ``status``."""
        return self._cue is Cue.GARBLED and self._count[what] == 1

    def delay(self, what: What) -> float:
        """Seconds that its answer takes."""
        late = self._cue is Cue.SLOW and self._count[what] == 1 and what in _SOME
        return 0.4 if late else 0.0

    def shown(self, what: What | None, status: int) -> int:
        """The status on the wire of what ended with ``status``."""
        changes = what is not None and OPERATIONS[what][0] != "GET"
        return 202 if self._cue is Cue.ACCEPTED and changes and status == 200 else status

    def dressed(self, answer: dict[str, Any]) -> dict[str, Any]:
        """An answer as the cue would have it."""
        if self._cue is Cue.NULLS:
            optional = ("next_offset", "next_cursor", "deployment_id_", "metrics", "winning_bid")
            return {**answer, **dict.fromkeys(optional)}
        if self._cue is Cue.EXTRA:
            return {**answer, "x_more": {"a": [None]}, "x_even_more": 7}
        if self._cue is Cue.STATES and isinstance(answer.get("status"), str):
            return {**answer, "status": "hibernating"}
        if self._cue is Cue.TIMES:
            return {name: _ELSEWHERE if value == NOW else value for name, value in answer.items()}
        return answer

    def _concerns(self, what: What) -> bool:
        if self._cue is Cue.QUOTA:
            return what is What.DEPLOY
        if self._cue is Cue.UNAUTHORIZED:
            return what in _SOME
        return self._cue is not Cue.GONE or what in _WITH_ID
