"""What follows a step by its actions: which of them it is, and when a retry is made. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from mockserver.scenario.acts import Sight
from mockserver.scenario.frames import Flight
from schemas.arazzo.criteria import Criterion
from schemas.arazzo.expressions import ExpressionError, Scope
from schemas.arazzo.model import Action

__all__ = ["follow", "pause"]

_MOST = 60.0
"""Seconds of a `Retry-After` that are waited for: a peer must not make us wait for ever."""


def follow(actions: Sequence[Action], scope: Scope, flight: Flight) -> Action | None:
    """The first action whose criteria hold; a retry only while it has tries left."""
    for action in actions:
        tried = flight.frame.tries.get((flight.step.id, action.name), 0)
        spent = action.kind == "retry" and tried >= action.limit
        if not spent and all(_holds(each, scope) for each in action.criteria):
            return action
    return None


def pause(action: Action, sight: Sight | None) -> float:
    """Seconds until a retry: an answer's `Retry-After` overrules what the action says."""
    said = sight.response.headers.get("retry-after") if sight else None
    if not isinstance(said, str) or not said.isdecimal():
        return action.after  # none, a date, or nothing that anybody could read
    return min(float(said), max(_MOST, action.after))


def _holds(criterion: Criterion, scope: Scope) -> bool:
    """What cannot be evaluated does not hold."""
    try:
        return criterion.judge(scope).holds
    except ExpressionError:
        return False
