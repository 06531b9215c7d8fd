"""Ids that must be each one's own."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.exchange import Exchange
from conformance.judge import Judge

__all__ = ["judge_apart"]


def judge_apart(judge: Judge, row: str, answers: Sequence[Exchange], pointer: str) -> bool:
    """What stands there is another in each of the answers that tell one."""
    told = [value for said in answers if said.ok and isinstance(value := said.at(pointer), str)]
    return judge.holds(
        row,
        len(set(told)) == len(told),
        f"of {len(told)} answers that tell {pointer[1:]}, {len(told) - len(set(told))} repeat one",
        *answers,
        pointer=pointer,
        actual=told,
    )
