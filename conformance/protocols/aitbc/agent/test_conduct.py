"""How an agent behaves: towards trouble, towards a coordinator that forgot it, at its end."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from conformance.examiner import Examiner, Observation
from conformance.exchange import of_transcript
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, case, requirement
from conformance.protocols.aitbc.dialogue import registering
from conformance.protocols.aitbc.ordeals import pauses_of
from conformance.protocols.aitbc.situations import NORMAL, SITUATIONS
from conformance.sent import busiest_second
from mockserver.transcript import HttpExchange

_EVERY_SITUATION = pytest.mark.parametrize("situation", [s.name for s in SITUATIONS])

_ABOUT_ITSELF = ("updateAgentStatus", "sendHeartbeat")

_OK = 200

_OF_AN_AGENT = ("capabilities", "services", "endpoints", "metadata")
"""What a registration tells beside an id and a type."""

_OF_THEIR_OWN = ("registerAgent", "submitTask", "discoverAgents")
"""What two requests to one path may ask for two different things with."""

_NO_END_OF_IT = ("slow answers", "unknown fields")
"""What nobody has a reason to end for, not even in order."""

_STUBBORN = 3
"""Requests under an id that is not known from which on they are no stragglers."""

_HAMMERING = 4
"""Times in a row, without a pause, from which on a failing request counts as hammered."""

_NO_PAUSE = 0.1
"""Seconds that nobody would call a pause."""

_A_RHYTHM, _FASTER = 6, 1.6
"""Requests of a kind from which on they have a rhythm, and how much faster none becomes."""

_MOMENT = 2.0
"""Seconds that anybody is granted to do something about what it was told."""

_FLOOD = 60
"""Requests within a second from which on a lone agent counts as flooding."""


@requirement("AITBC-AGENT-REG-011")
async def test_no_registration_without_a_cause(examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(NORMAL)
    settled: dict[str, HttpExchange] = {}
    for heard in seen.exchanges:
        agent_id = registering(heard)
        if agent_id is not None:
            judge.holds(
                "AITBC-AGENT-REG-011",
                agent_id not in settled,
                f"{agent_id!r} registers again, though nothing went wrong",
                *(of_transcript(entry) for entry in (settled.get(agent_id), heard) if entry),
            )
            if heard.status == 200:
                settled[agent_id] = heard
        elif heard.status >= 400:
            settled.clear()  # it may have its reasons


@requirement("AITBC-AGENT-REG-012")
async def test_a_forgotten_agent_registers_again(examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe("restart")
    if seen.restarted is None:
        raise UnjudgeableError("the agent said too little for a restart to come in between")
    after = [heard for heard in seen.exchanges if heard.number > seen.restarted]
    own = {name for h in seen.exchanges if (name := registering(h)) and h.status == 200}
    told = next((h for h in after if h.status == 404 and _speaks_of(h, own)), None)
    again = next((h for h in after if registering(h)), None)
    if told is None and again is None:
        raise UnjudgeableError("after the restart the agent asked nothing that told it")
    if (
        told is not None
        and again is None
        and not _had_time(seen, await examiner.observe(NORMAL), told)
    ):
        raise UnjudgeableError("the agent was told too late to do anything about it")
    judge.holds(
        "AITBC-AGENT-REG-012",
        again is not None,
        "the agent was told that it is not known, and did not register again",
        *([of_transcript(told)] if told else []),
    )
    stale = _of_an_old_name(after)
    if len(stale) >= _STUBBORN and _had_time(seen, await examiner.observe(NORMAL), stale[0]):
        judge.holds(
            "AITBC-AGENT-REG-012",
            False,
            "it registered again under another id, and goes on under the one that is not known",
            *map(of_transcript, stale[:2]),
        )


def _of_an_old_name(after: list[HttpExchange]) -> list[HttpExchange]:
    """What came since a new registration under an id that is not known, and was not registered
    again: an agent may take a new id, if then it goes by it.
    """
    anew = {heard.number: name for heard in after if (name := registering(heard))}
    since = next(
        (heard.number for heard in after if heard.number in anew and heard.status == 200), None
    )
    return [
        heard
        for heard in after
        if since is not None
        and heard.number > since
        and heard.operation in _ABOUT_ITSELF
        and heard.status == 404
        and heard.parameters["agent_id"] not in anew.values()
    ]


def _speaks_of(heard: HttpExchange, own: set[str]) -> bool:
    """Is that about the agent itself? That somebody else is not known tells it nothing."""
    if heard.operation == "getAgent":
        return heard.parameters["agent_id"] in own
    return heard.operation in _ABOUT_ITSELF


@requirement("AITBC-AGENT-REG-015")
async def test_a_new_registration_keeps_the_pace(examiner: Examiner, judge: Judge) -> None:
    """Heartbeats that come much faster since then are those of a second life beside the first."""
    seen, normal = await examiner.observe("restart"), await examiner.observe(NORMAL)
    since = next(
        (
            heard.real
            for heard in seen.exchanges
            if heard.number > (seen.restarted or 0) and registering(heard) and heard.status == 200
        ),
        None,
    )
    if seen.restarted is None or since is None:
        raise UnjudgeableError("the agent did not register again")
    for operation in _ABOUT_ITSELF:
        before = _rate([h for h in normal.exchanges if h.operation == operation])
        again = [h for h in seen.exchanges if h.operation == operation and h.real > since]
        rate = _rate(again)
        if before and rate:
            judge.holds(
                "AITBC-AGENT-REG-015",
                rate < _FASTER * before,
                f"{operation} comes {rate:.1f} times a second since then, and came {before:.1f}",
                *map(of_transcript, again[:3]),
            )


@requirement("AITBC-AGENT-REG-016")
@_EVERY_SITUATION
async def test_a_new_registration_tells_as_much(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    """What it has may change with time; that all of it is gone, and so just then, is forgotten.
    What is refused may be tried with less.
    """
    first: dict[str, tuple[HttpExchange, dict[str, Any]]] = {}
    for heard in (await examiner.observe(situation)).exchanges:
        own = registering(heard)
        if own is None or heard.status != _OK:
            continue
        before, told = first.setdefault(own, (heard, heard.json()))
        said = heard.json()
        kinds = [each["agent_type"] for each in (told, said) if each.get("agent_type")]
        wrong = f"{own!r} registers again as {kinds[-1:]}, and was {kinds[:1]}"
        shown = [of_transcript(before), of_transcript(heard)]
        judge.holds("AITBC-AGENT-REG-016", len({*map(str, kinds)}) < 2, wrong, *shown)
        gone = [name for name in _OF_AN_AGENT if told.get(name) and not said.get(name)]
        wrong = f"{own!r} registers again without its {', '.join(gone)}"
        judge.holds("AITBC-AGENT-REG-016", not gone, wrong, *shown)


def _rate(heard: list[HttpExchange]) -> float:
    """How many come in a second, for each agent; 0 where they are too few to tell."""
    agents = {each.path for each in heard}
    if len(heard) < _A_RHYTHM * max(1, len(agents)):
        return 0.0
    return (len(heard) - 1) / len(agents) / max(heard[-1].real - heard[0].real, 0.001)


@requirement("AITBC-AGENT-REG-013")
@pytest.mark.parametrize("situation", ["refused", "unavailable", "internal errors"])
async def test_a_refused_agent_is_not_registered(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    if not any(heard.operation == "registerAgent" for heard in seen.struck):
        raise UnjudgeableError("the agent never tried to register")
    refused: dict[str, HttpExchange] = {}
    unmoved: list[HttpExchange] = []
    for heard in seen.exchanges:
        if agent_id := registering(heard):
            refused.pop(agent_id, None)
            if heard.status != 200:
                refused[agent_id] = heard
        elif heard.operation in _ABOUT_ITSELF and heard.parameters["agent_id"] in refused:
            unmoved = unmoved or [refused[heard.parameters["agent_id"]], heard]
    judge.holds(
        "AITBC-AGENT-REG-013",
        not unmoved,
        "an agent whose registration was refused goes on as if it were registered",
        *map(of_transcript, unmoved),
    )


@pytest.mark.parametrize(
    ("row", "situation"),
    [
        case("AITBC-AGENT-GEN-009", "unavailable"),
        case("AITBC-AGENT-GEN-010", "refused"),
        case("AITBC-AGENT-GEN-011", "slow answers"),
        case("AITBC-AGENT-GEN-012", "dropped connections"),
        case("AITBC-AGENT-GEN-013", "restart"),
        case("AITBC-AGENT-GEN-014", "unknown fields"),
        case("AITBC-AGENT-GEN-016", NORMAL),
        case("AITBC-AGENT-GEN-019", "internal errors"),
    ],
)
async def test_trouble_is_lived_through(
    row: str, situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    normal = await examiner.observe(NORMAL)
    trouble = _trouble(seen)
    if situation != NORMAL and trouble is None:
        raise UnjudgeableError("the agent asked nothing that the trouble could strike")
    before = [of_transcript(trouble)] if trouble else []
    broke = seen.ending is not None and seen.ending.broke_down
    if not seen.exchanges and not broke:
        raise UnjudgeableError("the agent said nothing")
    if situation in _NO_END_OF_IT:
        broke |= _gave_up(seen) and not _gave_up(normal)
    usual = normal.ending is not None and normal.ending.broke_down and situation != NORMAL
    if usual:
        raise UnjudgeableError("the agent breaks down even when all is well")
    judge.holds(row, not broke, seen.ending.describe() if seen.ending else "", *before)
    if trouble is not None and situation != NORMAL:
        mute = _fell_silent(seen, normal, trouble)
        judge.holds(row, not mute, "the agent runs on, and says nothing more", *before)
        over = _never_again(seen, normal)
        wrong = f"{over[0].operation if over else ''} failed once, and never came again"
        judge.holds(row, not over, wrong, *map(of_transcript, over))


def _gave_up(seen: Observation) -> bool:
    """Did it end by itself and call that a failure?"""
    return seen.ending is not None and not seen.ending.asked and bool(seen.ending.code)


def _trouble(seen: Observation) -> HttpExchange | None:
    """The first exchange that was not as usual."""
    if seen.restarted is not None:
        return next((h for h in seen.exchanges if h.number > seen.restarted), None)
    return next(iter(seen.struck), None)


def _fell_silent(seen: Observation, normal: Observation, trouble: HttpExchange) -> bool:
    """Does it say nothing since the trouble for four times the longest pause of its normal life?
    Whoever failed with the same before may wait longer and longer; and its work may be done, as it
    is in its normal life then.
    """
    if seen.ending is None or not seen.ending.asked or not _life(seen):
        return False
    pauses = pauses_of(normal)
    if len(pauses) < 3:
        return False  # it does not speak often enough to tell
    last = _life(seen)[-1]
    if last.number > trouble.number:
        same = [heard for heard in seen.exchanges if _what(heard) == _what(last)]
        if _failed(last) and sum(map(_failed, same)) > 1:
            return False
        silent, pauses = seen.until - last.real, [*pauses, normal.until - _life(normal)[-1].real]
        return silent > max(3.5, 4 * max(pauses))
    return _left(seen, last) > max(3.0, 4 * max(pauses))


def _life(seen: Observation) -> list[HttpExchange]:
    """What it asked before it was asked to end."""
    return [heard for heard in seen.exchanges if heard.number <= seen.played]


def _never_again(seen: Observation, normal: Observation) -> list[HttpExchange]:
    """What an agent says of itself again and again, and never more since it failed once, though
    the agent speaks of other things.
    """
    if seen.ending is None or not seen.ending.asked:
        return []
    for operation in _ABOUT_ITSELF:
        usual, own = (
            [h for h in _life(each) if h.operation == operation] for each in (normal, seen)
        )
        if len(usual) < _A_RHYTHM or not own or not own[-1].faults or _life(seen)[-1] is own[-1]:
            continue
        pauses = [later.real - earlier.real for earlier, later in pairwise(usual)]
        alone = sum(map(_failed, own)) == 1
        longest = max(*pauses, normal.until - usual[-1].real)
        if alone and _failed(own[-1]) and seen.until - own[-1].real > max(3.0, 5 * longest):
            return [own[-1], _life(seen)[-1]]
    return []


def _had_time(seen: Observation, normal: Observation, told: HttpExchange) -> bool:
    """Was it left alone for longer than its longest pause in its normal life, and a moment?"""
    return _left(seen, told) > max(_MOMENT, 1.5 * max(pauses_of(normal), default=0.0))


def _left(seen: Observation, heard: HttpExchange) -> float:
    """Seconds from then to the end of the situation."""
    return seen.exchanges[0].real + seen.seconds - heard.real


@requirement("AITBC-AGENT-GEN-015")
@_EVERY_SITUATION
async def test_failures_are_not_hammered(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    if not any(_failed(heard) for heard in seen.exchanges):
        raise UnjudgeableError("nothing that the agent asked went wrong")
    worst = max(_without_pause(seen), key=len, default=[])
    judge.holds(
        "AITBC-AGENT-GEN-015",
        len(worst) < _HAMMERING,
        f"a request that failed came {len(worst)} times, each within {_NO_PAUSE} s of the last",
        *(of_transcript(heard) for heard in worst[:3]),
    )


def _failed(heard: HttpExchange) -> bool:
    return heard.status == 0 or heard.status >= 400


def _without_pause(seen: Observation) -> Iterator[list[HttpExchange]]:
    """Runs of one and the same request, each but the last a failure, and no pause in between."""
    runs: dict[tuple[str, str, object], list[HttpExchange]] = {}
    for heard in seen.exchanges:
        same = _what(heard)
        run = runs.get(same)
        if run and _failed(run[-1]) and heard.real - run[-1].real < _NO_PAUSE:
            run.append(heard)
        else:
            runs[same] = [heard]
        yield runs[same]


def _what(heard: HttpExchange) -> tuple[str, str, object]:
    """By what a request is known for the same one. Several agents may live in one process, and a
    dozen tasks or searches may be on their way at once: those are told apart by what they say.
    """
    said: object = None
    if heard.operation in _OF_THEIR_OWN:
        said = registering(heard) or heard.body
    return heard.method, heard.path, said


@requirement("AITBC-AGENT-GEN-020")
async def test_the_coordinator_is_not_flooded(examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(NORMAL)
    known: set[tuple[str, str, object]] = set()
    repeated = []  # to hand in many tasks is no flood, the document limits no rate
    for heard in seen.exchanges:
        what = _what(heard)
        if what in known:
            repeated.append(heard)
        known.add(what)
    busiest = busiest_second(repeated)
    judge.holds(
        "AITBC-AGENT-GEN-020",
        busiest < _FLOOD,
        f"{busiest} requests came again within one second, with nothing wrong",
        *(of_transcript(heard) for heard in repeated[-2:]),
    )


@requirement("AITBC-AGENT-GEN-017")
@_EVERY_SITUATION
async def test_the_agent_ends_when_asked(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    if seen.ending is None or not seen.ending.asked:
        raise UnjudgeableError("the agent was never asked to end")
    judge.holds(
        "AITBC-AGENT-GEN-017",
        not seen.ending.stubborn,
        "the agent had to be killed: SIGTERM left it",
    )
