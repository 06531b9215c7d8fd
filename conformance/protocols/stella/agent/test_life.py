"""How an agent lives: through trouble, without a coordinator that knows it, and to its end."""

from __future__ import annotations

import pytest

from conformance.examiner import Examiner
from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, case, requirement
from conformance.protocols.stella.biography import Life, read_life
from conformance.protocols.stella.coping import (
    exchanges,
    goes_on,
    gone_in_order,
    hammered,
    lived,
    wrecked,
)
from conformance.protocols.stella.notes import Notebook, Notes, Strike
from conformance.protocols.stella.pace import longest, usual_gap
from conformance.protocols.stella.situations import FORGOTTEN, NAMES, NORMAL, WELL
from mockserver.transcript import HttpExchange

_EVERY_SITUATION = pytest.mark.parametrize("situation", NAMES)

_FLOOD = 30
"""Failing requests within one second from which on an agent hammers, whatever it asks for."""


_BUSY = 0.7
"""Seconds of grace from which on a machine is so busy that to end may take an agent too long."""


@requirement("STELLA-AGENT-LIFE-002")
@pytest.mark.parametrize("situation", WELL)
async def test_an_agent_stays_while_all_is_well(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    if seen.ending is None:
        return  # of one that runs elsewhere nothing is known
    judge.holds(
        "STELLA-AGENT-LIFE-002",
        seen.ending.asked and not wrecked(seen),
        seen.ending.describe(),
        *exchanges(seen.exchanges[-2:]),
    )


@pytest.mark.parametrize(
    ("row", "situation"),
    [
        case("STELLA-AGENT-LIFE-003", "unavailable"),
        case("STELLA-AGENT-LIFE-003", "internal errors"),
        case("STELLA-AGENT-LIFE-003", "registration unavailable"),
        case("STELLA-AGENT-LIFE-004", "slow answers"),
        case("STELLA-AGENT-LIFE-004", "dropped connections"),
    ],
)
async def test_trouble_is_lived_through(
    row: str, situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    seen, notes = await examiner.observe(situation), book.of(situation)
    await _healthy(examiner)
    if not seen.struck:
        raise UnjudgeableError("the agent asked nothing that the trouble could strike")
    trouble = seen.struck[0]
    if gone_in_order(seen):
        judge.holds(row, True, "")
        return
    life = read_life(seen)
    wrong = _broken(life, notes, trouble)
    judge.holds(row, not wrong, wrong, *exchanges([trouble]))


def _broken(life: Life, notes: Notes, trouble: HttpExchange) -> str:
    """What shows that it did not live through it: it broke down, ended without a word, fell silent
    or does not come back to its interval.
    """
    seen = life.seen
    if wrecked(seen) or (seen.ending is not None and not seen.ending.asked):
        return seen.ending.describe() if seen.ending else ""
    if life.registration is None:
        silent = notes.ended - seen.exchanges[-1].real
        return f"silent for {silent:.1f} s after its registration failed" if silent > 8 else ""
    over = [h.real for h in seen.struck if h.operation == "sendHeartbeat"] or [trouble.real]
    after = [each for each in life.heartbeats if each.real > over[-1]]
    limit = 4 * life.interval + 1 + notes.grace
    silent = longest(after, over[-1], notes.ended)
    if silent > limit:
        return f"no heartbeat came for {silent:.1f} s afterwards"
    usual = usual_gap(after)
    slow = len(after) >= 3 and usual > 2 * life.interval + notes.grace
    return f"the usual gap of its heartbeats is {usual:.1f} s afterwards" if slow else ""


@requirement("STELLA-AGENT-LIFE-005")
@pytest.mark.parametrize("situation", ["restart"])
async def test_a_restart_is_lived_through(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    life, strike = await _struck(examiner, situation, book)
    if gone_in_order(life.seen):
        judge.holds("STELLA-AGENT-LIFE-005", True, "")
        return
    wrong = goes_on(life, book.of(situation), strike)
    judge.holds("STELLA-AGENT-LIFE-005", not wrong, wrong, *_around(life, strike))


@requirement("STELLA-AGENT-LIFE-006")
@pytest.mark.parametrize("situation", FORGOTTEN)
async def test_a_forgotten_agent_comes_back_or_leaves(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    """Its token is used up, so that to go on asking is all that it can do to come back."""
    life, strike = await _struck(examiner, situation, book)
    seen, notes = life.seen, book.of(situation)
    if seen.ending is not None and not seen.ending.asked:
        judge.holds(
            "STELLA-AGENT-LIFE-006",
            gone_in_order(seen),
            seen.ending.describe(),
            *_around(life, strike),
        )
        return
    asked = [each.real for each in seen.exchanges if each.real > strike.real]
    asked = [real for real in asked if real < notes.ended]
    silent = notes.ended - max(asked, default=strike.real)
    limit = 3 * life.interval + 1 + notes.grace
    judge.holds(
        "STELLA-AGENT-LIFE-006",
        silent <= limit and not wrecked(seen),
        f"the agent runs on, and said nothing for {silent:.1f} s",
        *_around(life, strike),
    )


@requirement("STELLA-AGENT-LIFE-007")
@_EVERY_SITUATION
async def test_failures_are_not_hammered(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    failed = [heard for heard in seen.exchanges if heard.status == 0 or heard.status >= 400]
    if not failed:
        return
    worst = hammered(seen) or _flood(failed)
    judge.holds(
        "STELLA-AGENT-LIFE-007",
        not worst,
        f"{len(worst)} requests that failed came without a pause",
        *exchanges(worst[:3]),
    )


def _flood(failed: list[HttpExchange]) -> list[HttpExchange]:
    """The most that failed within one second, where they are too many."""
    times = [each.real for each in failed]
    runs = ([h for h in failed if t <= h.real < t + 1.0] for t in times)
    worst = max(runs, key=len)
    return worst if len(worst) >= _FLOOD else []


@requirement("STELLA-AGENT-LIFE-008", "STELLA-AGENT-LIFE-009")
@_EVERY_SITUATION
async def test_flow_the_agent_ends_when_asked(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    seen = await examiner.observe(situation)
    if seen.ending is None or not seen.ending.asked:
        return  # another row tells where that is wrong
    ending = seen.ending
    if ending.stubborn and book.of(situation).grace > _BUSY:
        judge.inconclusive("STELLA-AGENT-LIFE-008", "the machine was too busy to tell")
        return
    judge.holds(
        "STELLA-AGENT-LIFE-008", not ending.stubborn, "it had to be killed: SIGTERM left it"
    )
    if situation in WELL and not ending.stubborn:
        code = ending.code or 0
        in_order = code in (0, 130, 143, -15, -2)
        judge.holds("STELLA-AGENT-LIFE-009", in_order and not wrecked(seen), ending.describe())


async def _healthy(examiner: Examiner) -> None:
    """Raises `UnjudgeableError` for one that breaks down even when all is well."""
    normal = await examiner.observe(NORMAL)
    if wrecked(normal):
        raise UnjudgeableError("the agent breaks down even when all is well")


async def _struck(examiner: Examiner, situation: str, book: Notebook) -> tuple[Life, Strike]:
    await _healthy(examiner)
    life = await lived(examiner, situation)
    strikes = book.of(situation).strikes
    if not strikes:
        raise UnjudgeableError("the agent had gone before")
    return life, strikes[0]


def _around(life: Life, strike: Strike) -> list[Exchange]:
    """The last requests before a strike, and the first ones after it."""
    asked = life.seen.exchanges
    before = [each for each in asked if each.real <= strike.real][-1:]
    return [*exchanges(before), *exchanges([e for e in asked if e.real > strike.real][:2])]
