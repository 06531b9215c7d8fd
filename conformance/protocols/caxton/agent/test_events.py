"""How a client subscribes to events, what it hears, and how it comes back."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from conformance.examiner import Examiner, Observation
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, case, requirement
from conformance.protocols.caxton.bearing import (
    gone_in_order,
    healthy,
    left_early,
    wrecked,
)
from conformance.protocols.caxton.notes import Notebook, Notes
from conformance.protocols.caxton.situations import CALM, NAMES, NORMAL
from conformance.protocols.caxton.story import exchanges, shape_of, spoken
from conformance.protocols.caxton.subscriptions import (
    Wish,
    deaf,
    ended_at,
    opened_at,
    told_ids,
    wishes,
)
from conformance.sent import busiest_second

_EVERY_SITUATION = pytest.mark.parametrize("situation", NAMES)

_SAYS = ("subscribe", "unsubscribe")

_FAMILIES = ("agent", "message", "task", "system", "*")

_PILED = 4
"""Subscriptions to the same, on one connection, from which on nobody can want them all."""

_AT_ONCE = 5
"""Attempts within one second from which on there is no pause between them."""

_BACK = 11.0
"""Seconds after which a client that was not refused should be back, whatever its pauses."""

_OVERLAP = 0.5
"""Seconds for which an old connection may stand beside a new one."""

_AGAIN = 1.0
"""Seconds in which it subscribes on a new connection."""


@requirement("CAXTON-AGENT-SOCK-012", "CAXTON-AGENT-SOCK-021")
@_EVERY_SITUATION
async def test_flow_only_subscriptions_are_said(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    for frame, said in spoken(seen):
        kind = said.get("type")
        judge.holds(
            "CAXTON-AGENT-SOCK-012",
            kind in _SAYS,
            f"a message is of the type {kind!r}",
            *seen.shown(frame),
        )
        patterns = said.get("events")
        for pattern in patterns if isinstance(patterns, list) else ():
            if isinstance(pattern, str):
                judge.holds(
                    "CAXTON-AGENT-SOCK-021",
                    pattern.partition(".")[0] in _FAMILIES,
                    f"{pattern!r} names no event that the document knows",
                    *seen.shown(frame),
                )


@requirement("CAXTON-AGENT-SOCK-013")
@pytest.mark.parametrize("situation", CALM)
async def test_subscriptions_are_ended_by_their_ids(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    """Each by the id that the client was told before, and once on a connection. One that gave an
    id of its own with its wish (silence 3) may think that it holds.
    """
    seen = await examiner.observe(situation)
    told = told_ids(seen)
    done: set[tuple[int, object]] = set()
    for wish in wishes(seen, "unsubscribe"):
        own = wish.said.get("subscription_id")
        known = any(each == own and f.number < wish.frame.number for f, each in told)
        known = known or any(own in each.said.values() for each in wishes(seen, "subscribe"))
        key = (wish.connection, own if isinstance(own, str) else None)
        judge.holds(
            "CAXTON-AGENT-SOCK-013",
            known and key not in done,
            f"{own!r} " + ("was ended before" if known else "is no id that the client was told"),
            *seen.shown(wish.frame),
        )
        done.add(key)


@requirement("CAXTON-AGENT-SOCK-014")
@pytest.mark.parametrize("situation", CALM)
async def test_subscriptions_do_not_pile_up(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    for wish in wishes(seen, "subscribe"):
        same = [each for each in _before(seen, "subscribe", wish) if _same(each, wish)]
        left = len(same) - len(_before(seen, "unsubscribe", wish))
        judge.holds(
            "CAXTON-AGENT-SOCK-014",
            left < _PILED,
            f"it subscribed {len(same)} times to the same on one connection",
            *seen.shown(*(each.frame for each in same[:2])),
        )


def _before(seen: Observation, kind: str, wish: Wish) -> list[Wish]:
    """What was said of a kind on that connection until then."""
    return [
        each
        for each in wishes(seen, kind)
        if each.connection == wish.connection and each.frame.number <= wish.frame.number
    ]


def _same(one: Wish, other: Wish) -> bool:
    return shape_of(one.said) == shape_of(other.said)


@requirement("CAXTON-AGENT-SOCK-024")
@pytest.mark.parametrize("situation", ["lost connections", "restart"])
async def test_lost_connections_are_not_doubled(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    """A client may have several. But those that it has after a loss are as many as it had before,
    for else each event comes twice.
    """
    seen, notes = await examiner.observe(situation), book.of(situation)
    usual = max(map(len, _together(await examiner.observe(NORMAL), _OVERLAP)), default=0)
    most = max(_together(seen, _OVERLAP + notes.grace), key=len, default=[])
    if usual and notes.strikes:
        judge.holds(
            "CAXTON-AGENT-SOCK-024",
            len(most) <= usual,
            f"{len(most)} connections with subscriptions stand side by side, and otherwise {usual}",
            *exchanges(h for h in seen.exchanges if h.connection in most),
        )


def _together(seen: Observation, slack: float) -> list[list[int]]:
    """For each connection those that stand with it for a while, and subscribed."""
    opened, ends = opened_at(seen), ended_at(seen)
    wished = {wish.connection for wish in wishes(seen, "subscribe")}
    return [
        [
            number
            for number, real in opened.items()
            if number in wished and real <= moment and ends.get(number, moment + 9) > moment + slack
        ]
        for own, moment in opened.items()
        if own in wished
    ]


@requirement("CAXTON-AGENT-SOCK-015")
@pytest.mark.parametrize("situation", ["lost connections", "restart"])
async def test_a_client_comes_back(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    normal = await healthy(examiner)
    seen, notes = await examiner.observe(situation), book.of(situation)
    if not book.listens or gone_in_order(seen):
        return
    if not notes.strikes:
        raise UnjudgeableError("the client had no connection that could be lost")
    attempts = [heard for heard in seen.exchanges if heard.operation == "events"]
    after = [heard for heard in attempts if heard.real > notes.strikes[0].real]
    most = busiest_second(after)
    wrong = "" if most < _AT_ONCE else f"{most} attempts within one second"
    wrong = wrong or _not_back(seen, notes) or _not_subscribed(seen, notes)
    if not wrong and (wrecked(seen) or left_early(seen, normal)):
        wrong = seen.ending.describe() if seen.ending else ""
    judge.holds("CAXTON-AGENT-SOCK-015", not wrong, wrong, *exchanges(attempts[-3:]))


def _not_back(seen: Observation, notes: Notes) -> str:
    opened = sorted(opened_at(seen).values())
    strikes = [*notes.strikes]
    for strike, following in zip(strikes, [*strikes[1:], None], strict=True):
        until = following.real if following else notes.ended
        back = [real for real in opened if strike.real < real <= until]
        if not back and until - strike.real > _BACK + notes.grace:
            return f"{strike.kind}: no connection came in {until - strike.real:.1f} s afterwards"
    return ""


def _not_subscribed(seen: Observation, notes: Notes) -> str:
    """What shows that a connection which came after a loss is there for nothing."""
    before = [w for w in wishes(seen, "subscribe") if w.frame.real < notes.strikes[0].real]
    ended = [w for w in wishes(seen, "unsubscribe") if w.frame.real < notes.strikes[0].real]
    if len(before) <= len(ended):
        return ""
    ends = ended_at(seen)
    wished = {wish.connection for wish in wishes(seen, "subscribe")}
    for number, real in opened_at(seen).items():
        lasted = min(ends.get(number, notes.ended), notes.ended) - real
        back = real > notes.strikes[0].real and number not in wished
        if back and lasted > _AGAIN + notes.grace:
            return f"it came back and did not subscribe again in {lasted:.1f} s"
    return ""


@pytest.mark.parametrize(
    ("row", "situation"),
    [
        case("CAXTON-AGENT-SOCK-016", "doubled events"),
        case("CAXTON-AGENT-SOCK-017", "odd events"),
        case("CAXTON-AGENT-SOCK-019", "odd messages"),
        case("CAXTON-AGENT-WIRE-017", "pieces"),
    ],
)
async def test_a_client_hears_on(
    row: str, situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    normal = await healthy(examiner)
    seen = await examiner.observe(situation)
    if not book.listens:
        return
    wrong = deaf(seen, normal) or _never_back(seen, book.of(situation))
    judge.holds(row, not wrong, wrong, *_told(seen))


def _never_back(seen: Observation, notes: Notes) -> str:
    """A connection may be ended over what came on it (silence 3), but not for good."""
    ends = ended_at(seen)
    opened = opened_at(seen)
    gone = [ends[number] for number in opened if ends.get(number, notes.ended) < notes.ended]
    if not opened or len(gone) < len(opened) or (seen.ending and not seen.ending.asked):
        return ""
    away = notes.ended - max(gone)
    return f"it ended its connection and stayed away for {away:.1f} s" if away > _BACK else ""


def _told(seen: Observation) -> Sequence[Frame]:
    told = [f for f in seen.frames if f.sender == "coordinator" and f.kind in ("text", "binary")]
    return seen.shown(*told[:6])


@requirement("CAXTON-AGENT-SOCK-020")
@pytest.mark.parametrize("situation", ["doubled events", "odd events"])
async def test_unwanted_events_do_no_harm(situation: str, examiner: Examiner, judge: Judge) -> None:
    """They are said to whoever has unsubscribed, and it does not break down over them."""
    await healthy(examiner)
    seen = await examiner.observe(situation)
    for wish in wishes(seen, "unsubscribe"):
        judge.holds(
            "CAXTON-AGENT-SOCK-020",
            not wrecked(seen),
            seen.ending.describe() if seen.ending else "",
            *seen.shown(wish.frame),
        )
