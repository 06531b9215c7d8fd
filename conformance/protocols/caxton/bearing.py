"""Whether a client goes on after something befell it, or left in order."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.examiner import Examiner, Observation
from conformance.marks import UnjudgeableError
from conformance.protocols.caxton.notes import NORMAL, Notebook, Notes
from conformance.protocols.caxton.story import same_request, sent_at, verb
from mockserver.transcript import HttpExchange

__all__ = [
    "failed",
    "gone_in_order",
    "hammered",
    "healthy",
    "left_early",
    "stands_still",
    "struck_by",
    "trouble",
    "wrecked",
]

_HAMMERED = 4
"""Times in a row, without a pause, from which on a failing request counts as hammered."""

_IN_A_SECOND = 9
"""The same request within a second of its failure from which on it is hammered, with pauses."""

_NO_PAUSE = 0.1
"""Seconds that nobody would call a pause."""


def wrecked(seen: Observation) -> bool:
    """Did it break down, asked to end or not?"""
    return seen.ending is not None and seen.ending.wrecked


def gone_in_order(seen: Observation) -> bool:
    """Did it end by itself, with an exit code that tells of a failure, and say why?"""
    ending = seen.ending
    if ending is None or ending.asked or ending.code in (None, 0) or wrecked(seen):
        return False
    return bool(ending.output.strip())


def failed(heard: HttpExchange) -> bool:
    return heard.status == 0 or heard.status >= 400


def struck_by(heard: HttpExchange) -> bool:
    """Did trouble of ours befall it: a failure, or a fault?"""
    return failed(heard) or bool(heard.faults)


def left_early(seen: Observation, normal: Observation) -> bool:
    """Did it end by itself as if its work were done, though it was not? One whose normal life has
    an end may come to it, but not over the first trouble.
    """
    ending = seen.ending
    if ending is None or ending.asked or ending.code != 0:
        return False
    if normal.ending is None or normal.ending.asked:
        return True
    struck = [heard for heard in seen.exchanges if struck_by(heard)]
    if not struck or struck[0].number != seen.exchanges[-1].number or not normal.exchanges:
        return False
    return verb(struck[0]) != verb(normal.exchanges[-1])


def stands_still(seen: Observation, book: Notebook, notes: Notes, since: float) -> float:
    """For how many seconds it asked nothing since then, where that is too long; else 0."""
    if not book.asks or (seen.ending is not None and not seen.ending.asked):
        return 0.0
    asked = [
        sent_at(heard)
        for heard in seen.exchanges
        if heard.operation != "events" and heard.number <= seen.played
    ]
    silent = notes.ended - max([since, *asked])
    return silent if silent > book.silence + notes.grace else 0.0


def trouble(
    seen: Observation,
    normal: Observation,
    book: Notebook,
    notes: Notes,
    *,
    may_leave: bool = True,
) -> str:
    """What shows that it did not live through what befell it, in words, or nothing."""
    ending = seen.ending
    if wrecked(seen):
        return ending.describe() if ending else ""
    if ending is not None and not ending.asked:
        if gone_in_order(seen):
            return "" if may_leave else ending.describe()
        if ending.code != 0 or left_early(seen, normal):
            return ending.describe()
        return ""
    since = notes.strikes[0].real if notes.strikes else notes.began
    silent = stands_still(seen, book, notes, since)
    return f"it asked nothing for {silent:.1f} s afterwards, and runs on" if silent else ""


async def healthy(examiner: Examiner) -> Observation:
    """The normal life. Raises `UnjudgeableError` for a client that breaks down even in that."""
    normal = await examiner.observe(NORMAL)
    if wrecked(normal):
        raise UnjudgeableError("the client breaks down even when all is well")
    return normal


def hammered(seen: Observation) -> Sequence[HttpExchange]:
    """The longest run of one and the same request, each but the last a failure, without a pause in
    between, or the most of it within the second after a failure; empty where it is short enough.
    """
    worst: list[HttpExchange] = []
    run: list[HttpExchange] = []
    for heard in seen.exchanges:
        again = run and failed(run[-1]) and sent_at(heard) - run[-1].real < _NO_PAUSE
        run = [*run, heard] if again and same_request(run[-1], heard) else [heard]
        worst = max(worst, run, key=len)
    return worst if len(worst) >= _HAMMERED else _again_and_again(seen)


def _again_and_again(seen: Observation) -> Sequence[HttpExchange]:
    """The most of one and the same request within a second of its failure, where it is too many."""
    of_path: dict[tuple[str, str, str, bytes], list[HttpExchange]] = {}
    for heard in seen.exchanges:
        key = (heard.method, heard.path, heard.query, heard.body)
        of_path.setdefault(key, []).append(heard)
    worst: list[HttpExchange] = []
    for asked in of_path.values():
        for first in (each for each in asked if failed(each)):
            run = [each for each in asked if 0 <= each.real - first.real < 1.0]
            worst = max(worst, run, key=len)
    return worst if len(worst) >= _IN_A_SECOND else []
