"""Whether an agent goes on after something befell it, or left in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from conformance.examiner import Examiner, Observation
from conformance.exchange import Exchange, of_transcript
from conformance.marks import UnjudgeableError
from conformance.protocols.stella.biography import Life, read_life
from conformance.protocols.stella.notes import NORMAL, Notes, Strike
from mockserver.transcript import HttpExchange

__all__ = [
    "exchanges",
    "goes_on",
    "gone_in_order",
    "hammered",
    "left_with_words",
    "lived",
    "wrecked",
]

_HAMMERED = 4
"""Times in a row, without a pause, from which on a failing request counts as hammered."""

_IN_A_SECOND = 8
"""The same request within a second of its failure from which on it is hammered, with pauses."""

_NO_PAUSE = 0.1
"""Seconds that nobody would call a pause."""


async def lived(examiner: Examiner, situation: str) -> Life:
    """The agent's life there. Raises `UnjudgeableError` where it never was registered."""
    seen = await examiner.observe(situation)
    led = seen.ending is None and situation != NORMAL  # one life, through all of them
    life = read_life(seen, await examiner.observe(NORMAL) if led else None)
    config = life.receipt.get("config")
    if life.registration is None or not isinstance(config, dict):
        raise UnjudgeableError("the agent was not registered in this situation")
    return life


def exchanges(heard: Iterable[HttpExchange]) -> list[Exchange]:
    """As evidence shows them."""
    return [of_transcript(each) for each in heard]


def wrecked(seen: Observation) -> bool:
    """Did it break down, asked to end or not?"""
    return seen.ending is not None and seen.ending.wrecked


def left_with_words(seen: Observation) -> bool:
    """Did it end by itself and say anything? Of one that runs elsewhere nothing is known."""
    ending = seen.ending
    return ending is not None and not ending.asked and bool(ending.output.strip())


def gone_in_order(seen: Observation) -> bool:
    """Did it end by itself, with an exit code that tells of a failure, and say why?"""
    code = seen.ending.code if seen.ending else 0
    return left_with_words(seen) and code not in (None, 0) and not wrecked(seen)


def goes_on(life: Life, notes: Notes, strike: Strike) -> str:
    """What shows that it does not go on as before after a strike, in words, or nothing."""
    seen = life.seen
    later = [each.real for each in notes.strikes if each.real > strike.real]
    until = min([notes.ended, *later])
    if wrecked(seen) and not later:
        return seen.ending.describe() if seen.ending else ""
    if seen.ending is not None and not seen.ending.asked and not later:
        return seen.ending.describe()
    beats = [each for each in life.heartbeats if strike.real < each.real <= until]
    span = until - strike.real
    if not beats and span > 2 * life.interval + 0.5 + notes.grace:
        return f"no heartbeat came in the {span:.1f} s afterwards"
    probes = [life.works[name] for name in strike.probes if name in life.works]
    lost = [work.id for work in probes if work.owed and not work.completions]
    return f"the task {lost[0]!r}, which came afterwards, was not reported" if lost else ""


def hammered(seen: Observation) -> Sequence[HttpExchange]:
    """The longest run of one and the same request, each but the last a failure, without a pause in
    between, or the most of it within the second after a failure; empty where it is short enough.
    """
    runs: dict[tuple[str, str], list[HttpExchange]] = {}
    worst: list[HttpExchange] = []
    for heard in seen.exchanges:
        run = runs.get((heard.method, heard.path))
        failed = run and (run[-1].status == 0 or run[-1].status >= 400)
        if run and failed and heard.real - run[-1].real < _NO_PAUSE:
            run.append(heard)
        else:
            run = runs[heard.method, heard.path] = [heard]
        worst = max(worst, run, key=len)
    return worst if len(worst) >= _HAMMERED else _again_and_again(seen)


def _again_and_again(seen: Observation) -> Sequence[HttpExchange]:
    """The most of one and the same request within a second of its failure, where it is too many."""
    of_path: dict[tuple[str, str], list[HttpExchange]] = {}
    for heard in seen.exchanges:
        of_path.setdefault((heard.method, heard.path), []).append(heard)
    worst: list[HttpExchange] = []
    for asked in of_path.values():
        for failed in (each for each in asked if each.status == 0 or each.status >= 400):
            run = [each for each in asked if 0 <= each.real - failed.real < 1.0]
            worst = max(worst, run, key=len)
    return worst if len(worst) >= _IN_A_SECOND else []
