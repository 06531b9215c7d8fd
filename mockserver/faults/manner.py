"""How what was struck goes out: when, in which pieces, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mockserver.faults.kinds import ENDS, LONGEST
from mockserver.faults.plan import Stroke
from mockserver.world import Chance

__all__ = ["PLAIN", "Dribble", "Manner", "drawn_delay", "manner_of"]


class Dribble(NamedTuple):
    """Pieces of `size` bytes, with `pause` seconds between them."""

    size: int
    pause: float


class Manner(NamedTuple):
    """What the wire is to do. `delay` is in seconds; `end` is the kind of fault that comes instead
    of what was to go out, with the `code` of a close. `promised` is the length that is told where
    less than that goes out, before the connection ends. Of a message, `copies` are said, each after
    the next `window` messages.
    """

    delay: float = 0.0
    end: str = ""
    code: int = 0
    promised: int = 0
    dribble: Dribble | None = None
    fragments: int = 1
    copies: int = 1
    window: int = 0


PLAIN = Manner()
"""That of everything that no fault strikes."""


def manner_of(strokes: Sequence[Stroke]) -> tuple[Manner, list[Stroke]]:
    """How it goes out, and the strokes that have a part in that."""
    delays = [stroke for stroke in strokes if stroke.kind == "delay"]
    delay = sum(drawn_delay(stroke) for stroke in delays)
    ends = [stroke for stroke in strokes if stroke.kind in ENDS]
    if ends:
        first = ends[0]
        return Manner(delay=delay, end=first.kind, code=first.fault.code), [*delays, first]
    carried = [stroke for stroke in strokes if stroke.kind in _CARRIED]
    dribbles = [stroke.fault for stroke in carried if stroke.kind == "dribble"]
    manner = Manner(
        delay=delay,
        dribble=Dribble(dribbles[0].size, dribbles[0].pause) if dribbles else None,
        fragments=_most(carried, "fragment", "fragments", 1),
        copies=1 + sum(stroke.kind == "duplicate" for stroke in carried),
        window=_most(carried, "reorder", "window", 0),
    )
    return manner, [*delays, *carried]


_CARRIED = ("dribble", "fragment", "duplicate", "reorder")


def _most(strokes: Sequence[Stroke], kind: str, parameter: str, least: int) -> int:
    told: list[int] = [
        getattr(stroke.fault, parameter) for stroke in strokes if stroke.kind == kind
    ]
    return max([least, *told])


def drawn_delay(stroke: Stroke) -> float:
    """Seconds of one delay: as told, or drawn, and never beyond its bounds."""
    fault, chance = stroke
    if fault.distribution == "fixed":
        return fault.seconds
    low = fault.minimum or 0.0
    high = LONGEST if fault.maximum is None else fault.maximum
    return min(high, max(low, _drawn(stroke, chance, low, high)))


def _drawn(stroke: Stroke, chance: Chance, low: float, high: float) -> float:
    fault = stroke.fault
    mean = fault.mean or 0.0
    if fault.distribution == "uniform":
        return chance.uniform(low, high)
    if fault.distribution == "normal":
        return chance.normalvariate(mean, fault.deviation or 0.0)
    if fault.distribution == "exponential":
        return chance.expovariate(1.0) * mean
    return low * chance.paretovariate(fault.shape or 1.0)
