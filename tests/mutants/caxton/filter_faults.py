"""Faults in what filters of a subscription let through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .fault import Fault, Row, Seed, at, table

__all__ = ["FILTER_FAULTS"]


def _fits(judge: Callable[[Any, Any, bool, bool], bool]) -> Seed:
    """`judge` gets the event, the subscription, whether the type fits, and the lawful verdict."""
    return at("event.fits", lambda v, s: judge(s["event"], s["asked"], s["typed"], v))


def _ends(event: Any) -> tuple[str, ...]:
    return (*event.senders, *event.receivers)


def _deaf_to_filter(event: Any, asked: Any, typed: bool, verdict: bool) -> bool:
    return typed


def _no_agents(event: Any, asked: Any, typed: bool, verdict: bool) -> bool:
    spoken = event.body.get("performative")
    return typed and (asked.performatives is None or spoken in asked.performatives)


def _no_performatives(event: Any, asked: Any, typed: bool, verdict: bool) -> bool:
    return typed and (asked.agents is None or any(one in asked.agents for one in _ends(event)))


def _inverted(event: Any, asked: Any, typed: bool, verdict: bool) -> bool:
    return typed and not verdict if asked.ids or asked.agents else verdict


def _first_performative(event: Any, asked: Any, typed: bool, verdict: bool) -> bool:
    spoken = event.body.get("performative")
    return verdict and (not asked.performatives or spoken == asked.performatives[0])


def _first_agent(event: Any, asked: Any, typed: bool, verdict: bool) -> bool:
    return verdict and (not asked.agents or asked.agents[0] in _ends(event))


def _two_agents(event: Any, asked: Any, typed: bool, verdict: bool) -> bool:
    return verdict and (not asked.agents or any(one in asked.agents[:2] for one in _ends(event)))


def _three_performatives(event: Any, asked: Any, typed: bool, verdict: bool) -> bool:
    spoken = event.body.get("performative")
    return verdict and (not asked.performatives or spoken in asked.performatives[:3])


def _first_id(event: Any, asked: Any, typed: bool, verdict: bool) -> bool:
    return verdict and (not asked.ids or asked.ids[0] in _ends(event))


def _all_messages(event: Any, asked: Any, typed: bool, verdict: bool) -> bool:
    return typed if asked.ids is not None and event.type == "message.sent" else verdict


_FILTERED: Final[tuple[Row, ...]] = (
    (
        "filters.ignored",
        "`filters` are ignored",
        _fits(lambda e, a, t, v: t if a.ids is not None else v),
    ),
    ("filter.ignored", "`filter` is ignored", _fits(lambda e, a, t, v: t if a.ids is None else v)),
    ("filter.both_ignored", "both filters are ignored", _fits(_deaf_to_filter)),
    ("filter.agents", "`agents` is ignored", _fits(_no_agents)),
    ("filter.performatives", "`performatives` is ignored", _fits(_no_performatives)),
    ("filter.first", "only the first performative counts", _fits(_first_performative)),
    ("filter.inverted", "filters let the others pass", _fits(_inverted)),
    (
        "filter.nothing",
        "a filtered subscription brings nothing",
        _fits(lambda e, a, t, v: v and not a.agents and not a.ids),
    ),
    (
        "filter.alerts",
        "messages come as alerts only",
        _fits(lambda e, a, t, v: v and e.type != "message.sent"),
    ),
    ("filter.first_agent", "only the first of `agents` counts", _fits(_first_agent)),
    ("~filter.two_agents", "only the first two of `agents` count", _fits(_two_agents)),
    (
        "filter.three_performatives",
        "only the first three performatives count",
        _fits(_three_performatives),
    ),
    ("filters.first_id", "only the first of `agent_ids` counts", _fits(_first_id)),
    ("~filters.messages", "`agent_ids` do not hold for messages", _fits(_all_messages)),
)

FILTER_FAULTS: Final[tuple[Fault, ...]] = (
    *table("Subscription Management", _FILTERED, prefix="subscribe."),
)
