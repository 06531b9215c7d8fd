"""Faults in rate limits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from . import agents
from .fault import Bend, Fault, Row, Seed, Spot, at, table
from .seeds import always

__all__ = ["LIMIT_FAULTS"]

_HEADERS: Final = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
_CLASSES: Final = {
    "deploy": "deployments",
    "send": "messages",
    "metrics": "metrics",
}


def _headers(kind: str, change: Callable[[dict[str, str], Spot], object]) -> Seed:
    def bend(headers: Any, spot: Spot) -> Any:
        if not kind or spot["kind"] == kind:
            change(headers, spot)
        return headers

    return at("limit.headers", bend)


def _put(name: str, value: str) -> Callable[[dict[str, str], Spot], None]:
    return lambda headers, spot: headers.update({name: value})


def _dropped(kind: str, name: str) -> Seed:
    return _headers(kind, lambda headers, spot: headers.pop(name))


def _by_class() -> Iterator[Row]:
    for kind, words in _CLASSES.items():
        for name in _HEADERS:
            short = name.rpartition("-")[2].lower()
            yield f"{kind}.{short}.missing", f"{words} lack {name}", _dropped(kind, name)
        yield (
            f"{kind}.none",
            f"{words} have none of the headers",
            _headers(kind, lambda headers, spot: headers.clear()),
        )
        other = _put("X-RateLimit-Limit", "77")
        yield f"~{kind}.limit.other", f"the limit of {words} is another", _headers(kind, other)
        still = _put("X-RateLimit-Remaining", "50")
        yield (
            f"~{kind}.remaining.still",
            f"{words}: remaining never falls",
            _headers(kind, still),
        )


def _epoch(shift: int) -> Callable[[dict[str, str], Spot], None]:
    return lambda headers, spot: headers.update(
        {"X-RateLimit-Reset": str(int(spot.desk.now()) + shift)}
    )


def _from_now(headers: dict[str, str], spot: Spot) -> None:
    headers["X-RateLimit-Reset"] = str(int(headers["X-RateLimit-Reset"]) - int(spot.desk.now()))


def _milli(headers: dict[str, str], spot: Spot) -> None:
    headers["X-RateLimit-Reset"] += "000"


def _stamp(headers: dict[str, str], spot: Spot) -> None:
    headers["X-RateLimit-Reset"] = spot.desk.stamp()


def _renamed(headers: dict[str, str], spot: Spot) -> None:
    for name in _HEADERS:
        headers[name.replace("X-", "", 1)] = headers.pop(name)


def _rises(headers: dict[str, str], spot: Spot) -> None:
    headers["X-RateLimit-Remaining"] = str(spot.nth)


_WRITTEN: Final[tuple[Row, ...]] = (
    ("~reset.past", "the reset lies in the past", _headers("", _epoch(-3600))),
    ("reset.seconds", "the reset counts from now", _headers("", _from_now)),
    ("reset.milli", "the reset is in milliseconds", _headers("", _milli)),
    ("reset.stamp", "the reset is written as a date", _headers("", _stamp)),
    ("~reset.far", "the reset lies a year ahead", _headers("", _epoch(31536000))),
    ("limit.word", "the limit is no number", _headers("", _put("X-RateLimit-Limit", "10/min"))),
    ("limit.zero", "the limit is 0", _headers("", _put("X-RateLimit-Limit", "0"))),
    (
        "remaining.negative",
        "remaining is negative",
        _headers("", _put("X-RateLimit-Remaining", "-1")),
    ),
    (
        "remaining.word",
        "remaining is no number",
        _headers("", _put("X-RateLimit-Remaining", "many")),
    ),
    ("~remaining.rises", "remaining rises", _headers("", _rises)),
    (
        "~remaining.above",
        "remaining is above every limit",
        _headers("", _put("X-RateLimit-Remaining", "99999")),
    ),
    ("renamed", "the headers lack their `X-`", _headers("", _renamed)),
)


def _never_for(kind: str) -> Bend:
    """No limit for a class."""
    return lambda enough, spot: enough or not kind or spot["kind"] == kind


def _after(count: int, kind: str) -> Bend:
    """Refuse what is more than so many less than the burst."""
    return lambda enough, spot: (
        enough and (spot["kind"] != kind or spot["bucket"].burst - spot["bucket"].left < count)
    )


def _every_fifth(enough: Any, spot: Spot) -> Any:
    if spot["kind"] != "send":
        return enough
    spot.memo["sent"] = spot.memo.get("sent", 0) + 1
    return enough and spot.memo["sent"] % 5 != 0


def _refusal(**change: Any) -> Seed:
    return at("limit.refusal", lambda refusal, spot: replace(refusal, **change))


def _one_class(kind: Any, spot: Spot) -> Any:
    return "deploy" if kind == "send" else kind


def _done_anyway(refusal: Any, spot: Spot) -> Any:
    """What is refused for its rate is done all the same."""
    turn = spot["turn"]
    if turn.op == "deploy" and refusal.code == "RATE_LIMITED":
        spot.memo[turn.nth] = asyncio.gather(agents.deploy(turn), return_exceptions=True)
    return refusal


_KEPT: Final[tuple[Row, ...]] = (
    ("never", "nothing is ever refused", at("limit.enough", _never_for(""))),
    ("never.deploy", "deployments are never refused", at("limit.enough", _never_for("deploy"))),
    ("never.metrics", "metrics are never refused", at("limit.enough", _never_for("metrics"))),
    ("early.deploy", "deployments are refused after five", at("limit.enough", _after(5, "deploy"))),
    (
        "~early.rate",
        "deployments are refused after the rate, without a burst",
        at("limit.enough", _after(10, "deploy")),
    ),
    ("early.metrics", "metrics are refused after fifty", at("limit.enough", _after(50, "metrics"))),
    ("early.send", "every fifth message is refused", at("limit.enough", _every_fifth)),
    ("forever", "who was refused stays refused", at("limit.gained", always(0.0))),
    ("~slow", "the limit recovers ten times too slowly", at("limit.gained", lambda v, s: v / 10)),
    ("~fast", "the limit recovers ten times too fast", at("limit.gained", lambda v, s: v * 10)),
    ("~dearer", "each request counts twice", at("limit.left", lambda v, s: v - 1)),
    ("free", "requests do not count", at("limit.left", lambda v, s: v + 1)),
    ("refused.done", "a refused deployment is made all the same", at("refused", _done_anyway)),
    ("messages_as_deploys", "messages count as deployments", at("limit.class", _one_class)),
    ("status.503", "a refusal is a 503", _refusal(status=503)),
    ("status.403", "a refusal is a 403", _refusal(status=403)),
    ("status.200", "a refusal is a 200", _refusal(status=200)),
    (
        "code.resource",
        "a refusal says RESOURCE_LIMIT_EXCEEDED",
        _refusal(code="RESOURCE_LIMIT_EXCEEDED"),
    ),
    ("code.other", "a refusal says TOO_MANY_REQUESTS", _refusal(code="TOO_MANY_REQUESTS")),
)

_NEVER: Final[tuple[Row, ...]] = (
    (
        "tasks",
        "questions for a task are always refused for their rate",
        at("limit.enough", lambda v, s: v and s["op"] != "task"),
    ),
)
"""In a reading in which everything is limited."""

LIMIT_FAULTS: Final[tuple[Fault, ...]] = (
    *table("Rate Limiting", _NEVER, prefix="limit.never.", reading="everything_limited"),
    *table("Rate Limiting", _by_class(), prefix="limit."),
    *table("Rate Limiting", _WRITTEN, prefix="limit."),
    *table("Rate Limiting", _KEPT, prefix="limit."),
)
