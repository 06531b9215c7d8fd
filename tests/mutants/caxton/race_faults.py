"""Faults that show only where several things happen at once."""

from __future__ import annotations

from typing import Any, Final

from .fault import Bend, Fault, Row, Spot, at, table
from .seeds import always

__all__ = ["PAUSE", "RACE_FAULTS"]

PAUSE: Final = 0.05
"""Seconds between looking and acting."""


def _slow(op: str) -> Bend:
    return lambda pause, spot: PAUSE if spot["turn"].op == op else pause


def _open(spot: Spot) -> int:
    """How many requests of the operation have begun in this moment."""
    now = spot.desk.counted["turn send"]
    return now - int(spot.memo.get("ended", 0))


def _same_moment(number: Any, spot: Spot) -> Any:
    """Messages that are under way together share an id."""
    together = _open(spot) > 1
    spot.memo["ended"] = spot.memo.get("ended", 0) + 1
    if not together:
        spot.memo["number"] = number
    return spot.memo.get("number", number)


def _lost_moment(one: Any, spot: Spot) -> Any:
    together = _open(spot) > 1
    spot.memo["ended"] = spot.memo.get("ended", 0) + 1
    return None if together else one


def _removals(spot: Spot) -> int:
    """Removals that are under way."""
    return spot.desk.counted["turn remove"] - int(spot.memo.get("ended", 0))


def _lingering(victim: Any, spot: Spot) -> Any:
    """Whoever goes is found by the removals that have begun."""
    if _removals(spot) > 1:
        spot.memo[victim.id] = victim
    return victim


def _found_gone(found: Any, spot: Spot) -> Any:
    return found or spot.memo.get(spot["who"])


def _ended(answer: Any, spot: Spot) -> Any:
    if spot["turn"].op == "remove":
        spot.memo["ended"] = spot.memo.get("ended", 0) + 1
        if not _removals(spot):
            spot.memo.pop(spot["turn"].who, None)
    return answer


_RACES: Final[tuple[Row, ...]] = (
    ("deploy.name", "two deployments at once get one name", at("deploy.pause", always(PAUSE))),
    (
        "~remove",
        "of removals at once all succeed",
        at(
            "remove.victim",
            _lingering,
            agent_found=_found_gone,
            pause=_slow("remove"),
            answer=_ended,
        ),
    ),
    (
        "send.id",
        "messages that are sent at once share an id",
        at("message.id", _same_moment, pause=_slow("send")),
    ),
    (
        "send.lost",
        "of messages that are sent at once one is kept",
        at("message.kept", _lost_moment, pause=_slow("send")),
    ),
)

RACE_FAULTS: Final[tuple[Fault, ...]] = (
    *tuple(table("Deploy Agent", _RACES[:1], prefix="race.")),
    *table("Remove Agent", _RACES[1:2], prefix="race."),
    *table("Send Message", _RACES[2:], prefix="race."),
)
