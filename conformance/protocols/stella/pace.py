"""How regularly something comes: gaps between requests, against the interval that was asked for.

A machine with more to do than it can makes everybody late now and then; so medians tell more than
extremes, and what this very process was late is granted to the agent as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from mockserver.transcript import HttpExchange

__all__ = ["OVERHEAD", "doubled", "hasty", "late", "longest", "usual_gap"]

_TOLERANCE = 0.25
"""The part of an interval that the usual gap may be off."""

OVERHEAD = 1.25
"""Seconds beside its interval that an agent may need for each heartbeat: to measure its usage, for
which many take a whole one, and for the request, where it pauses only afterwards.
"""

_GRANTED = 0.5
"""Seconds that a single heartbeat may be late beyond two intervals."""

_SHORT = 0.5
"""The part of an interval below which a gap is no jitter any more."""

_OFTEN = 0.9
"""The part of an interval that gaps come to on average where nothing is too early."""

_TWICE = 0.65
"""The part of an interval that gaps come to on average where more than one rhythm is kept."""

_FEW = 4
"""Gaps from which on a median tells something."""


def usual_gap(asked: Sequence[HttpExchange]) -> float:
    """The median gap in seconds; 0 where there is none."""
    gaps = _gaps(asked)
    return median(gaps) if gaps else 0.0


def longest(asked: Sequence[HttpExchange], began: float, ended: float) -> float:
    """The longest stretch without one, between two moments of the monotonic clock."""
    times = [began, *(each.real for each in asked if began <= each.real <= ended), ended]
    return max(after - before for before, after in pairwise(times))


def late(
    asked: Sequence[HttpExchange], interval: float, began: float, ended: float, grace: float
) -> str:
    """What is too late, in words, or nothing. `grace` is for a busy machine, in seconds."""
    usual, most = usual_gap(asked), longest(asked, began, ended)
    limit = (1 + _TOLERANCE) * interval + OVERHEAD + min(grace, interval / 10)
    if len(asked) > _FEW and usual > limit:
        return f"the usual gap is {usual:.2f} s, and {interval:g} s were configured"
    if most > 2 * interval + OVERHEAD + _GRANTED + grace:
        return f"nothing came for {most:.2f} s, and {interval:g} s were configured"
    return ""


def hasty(asked: Sequence[HttpExchange], interval: float) -> str:
    """What is too early, in words, or nothing. A gap that makes up for a long one is not."""
    gaps = _gaps(asked)
    if len(gaps) < 2:
        return ""
    usual = median(gaps)
    if sum(gaps) / len(gaps) > _OFTEN * interval:
        return ""  # however they are bunched, they are not too many
    if usual < (1 - _TOLERANCE) * interval:
        return f"the usual gap is {usual:.2f} s, and {interval:g} s were configured"
    # The first ones may be out of step: one for the arrival, one for the rhythm.
    short = [
        gap
        for before, gap in pairwise(gaps[1:])
        if gap < _SHORT * interval and before + gap < (1 + _TOLERANCE) * interval
    ]
    if len(short) > 1 or (short and short[0] < interval / 20):
        return f"one came {min(short):.2f} s after another, and {interval:g} s were configured"
    return ""


def doubled(asked: Sequence[HttpExchange], interval: float, grace: float) -> str:
    """Whether they come as of more than one clock, in words, or nothing. By their number alone:
    the gaps of two clocks are uneven, and one of them may be as long as it should be. Within the
    `grace` (seconds) an agent may have to catch up with what a busy machine kept it from.
    """
    gaps = _gaps(asked)
    if len(gaps) < 2 * _FEW - 1 or (sum(gaps) + grace) / len(gaps) > _TWICE * interval:
        return ""
    return f"{len(asked)} came within {sum(gaps):.1f} s, and {interval:g} s were configured"


def _gaps(asked: Sequence[HttpExchange]) -> list[float]:
    return [after.real - before.real for before, after in pairwise(asked)]
