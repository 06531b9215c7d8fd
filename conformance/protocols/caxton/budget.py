"""What answers tell of the rate that is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.protocols.caxton.clock import TOLERANCE, Clock
from conformance.times import parse_time

__all__ = ["LIMITS", "Budget", "judge_written", "refused_for_rate"]

LIMITS: Mapping[str, tuple[int, int]] = {
    "deployAgent": (10, 20),
    "sendMessage": (1000, 2000),
    "getSystemMetrics": (100, 200),
    "getAgentMetrics": (100, 200),
}
"""The rate (each minute; of messages each second) and the burst."""

_NAMES = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
_TIMES = ("/timestamp", "/deployed_at", "/delivered_at")
_HOUR = 3600.0

_EARLIEST, _LATEST = 10**8, 10**11
"""A number below is one of seconds from now, and one above has a finer unit."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The three headers of one answer, as text; what is not given is `None`."""

    limit: str | None
    remaining: str | None
    reset: str | None

    @classmethod
    def of(cls, said: Exchange) -> Budget:
        limit, remaining, reset = (said.answer_headers.get(name) for name in _NAMES)
        return cls(limit=limit, remaining=remaining, reset=reset)

    @property
    def whole(self) -> bool:
        return None not in (self.limit, self.remaining, self.reset)

    @property
    def left(self) -> int | None:
        """How much remains, where that is told as a number."""
        return _number(self.remaining)

    @property
    def until(self) -> int | None:
        """When it is given back, in seconds since 1970."""
        return _number(self.reset)


def refused_for_rate(said: Exchange) -> bool:
    """A want of resources, which has the same status, is another matter."""
    return said.status == 429 and said.at("/error/code") != "RESOURCE_LIMIT_EXCEEDED"


def judge_written(judge: Judge, clock: Clock, answers: Sequence[Exchange]) -> None:
    """Each header as it must be written, wherever it is given."""
    for said in answers:
        budget = Budget.of(said)
        limit, left, until = _number(budget.limit), budget.left, budget.until
        if budget.limit is not None:
            wrong = f"X-RateLimit-Limit is {budget.limit!r}"
            judge.holds("CAXTON-RAT-001", limit is not None and limit > 0, wrong, said)
        if budget.remaining is not None:
            wrong = f"X-RateLimit-Remaining is {budget.remaining!r}"
            judge.holds("CAXTON-RAT-002", left is not None, wrong, said)
        if budget.reset is not None:
            wrong = f"X-RateLimit-Reset is {budget.reset!r}"
            judge.holds("CAXTON-RAT-003", until is not None, wrong, said)
        if until is not None:
            _judge_reset(judge, clock, said, until)
            wrong = f"X-RateLimit-Reset is {until}, and no time in seconds since 1970"
            judge.holds("CAXTON-RAT-021", _EARLIEST < until < _LATEST, wrong, said)
        known = LIMITS.get(said.operation)
        if known and limit is not None:
            wrong = f"X-RateLimit-Limit of {said.operation} is {limit}"
            judge.holds("CAXTON-RAT-010", limit in known, wrong, said)
        if known and left is not None:
            wrong = f"X-RateLimit-Remaining of {said.operation} is {left}, above the burst"
            judge.holds("CAXTON-RAT-010", left <= known[1], wrong, said)


def _judge_reset(judge: Judge, clock: Clock, said: Exchange, until: int) -> None:
    """Against the peer's clock: the time that the same answer tells, or where it should be."""
    told = [time for pointer in _TIMES if (time := parse_time(said.at(pointer))) is not None]
    ahead = until - clock.now()
    fine = -TOLERANCE - clock.lag < ahead < _HOUR
    fine |= any(-TOLERANCE < until - time.timestamp() < _HOUR for time in told)
    wrong = f"X-RateLimit-Reset is {until}, {ahead:.0f} seconds from now"
    judge.holds("CAXTON-RAT-009", fine, wrong, said)


def _number(text: str | None) -> int | None:
    known = text is not None and text.isascii() and text.isdigit()
    return int(text) if known and text is not None else None
