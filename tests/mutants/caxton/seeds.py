"""Small pieces that many faults are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .fault import Bend, Seed, Spot, at
from .model import Answer, Obj

__all__ = ["always", "answering", "never", "on_body", "other_agent", "status", "stays"]


def always(value: Any) -> Bend:
    """That value, whatever it was."""
    return lambda was, spot: value


def never(was: Any, spot: Spot) -> Any:
    """False, or nothing."""
    return False


def answering(op: str, change: Callable[[Answer, Spot], object]) -> Seed:
    """Change the answers of one operation that succeeded."""

    def bend(answer: Any, spot: Spot) -> Any:
        if spot["turn"].op == op and answer.status < 300:
            change(answer, spot)
        return answer

    return Seed(bends={"answer": bend})


def on_body(op: str, change: Callable[[Obj, Spot], object]) -> Seed:
    """Change the body of the answers of one operation that succeeded."""
    return answering(op, lambda answer, spot: change(answer.body, spot))


def status(op: str, number: int) -> Seed:
    """Another status for what succeeded."""

    def change(answer: Answer, spot: Spot) -> None:
        answer.status = number

    return answering(op, change)


def other_agent(spot: Spot, agent: Any) -> Any:
    """Another agent than this; the same where it is alone."""
    return next((one for one in spot.desk.agents.values() if one is not agent), agent)


def stays(state: str, instead: str) -> Seed:
    """Another state in place of one."""
    return at("state", lambda was, spot: instead if was == state else was)
