"""How often a script says something."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

import pytest

from conformance.examiner import Examiner, Observation
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, requirement
from conformance.protocols.architect.playbook import Playbook
from conformance.protocols.architect.scripts import LIST, Request, messages, read_requests
from conformance.protocols.architect.situations import NORMAL
from mockserver.transcript import Frame as Heard

_SLOT = 0.05
"""Seconds: who says something in every slot of a stretch of time never rests."""

_FLOOD = (1.5, 40)
"""Seconds without a rest of the script's own, and commands in them, that make a flood."""

_ROUNDS = 3
"""Times that one of them comes: a long list of different commands is no flood."""

_REPEATING = ((_SLOT, 9, 18), (3 * _SLOT, 9, 60))
"""Seconds of a slot, slots in a row, and the same command in them, from which on it is repeated
without a pause: a busy machine holds a script up now and then, and then many must come.
"""

_AGAIN = 4
"""Times in a row that a call fails and comes at once again, from which on it is hammered."""

_AT_ONCE = 0.1


@requirement("ARCH-AGENT-ACT-013", "ARCH-AGENT-CAT-002")
async def test_flow_agent_is_not_flooded(examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(NORMAL)
    heard = messages(seen.frames)
    if not heard:
        raise UnjudgeableError("the script said nothing")
    flood = _flood(seen)
    judge.holds(
        "ARCH-AGENT-ACT-013",
        not flood,
        f"{len(flood)} commands came without a pause, with nothing wrong",
        *seen.shown(*flood[-2:]),
    )
    lists = [each.heard for each in read_requests(seen.frames) if each.action == LIST]
    if lists:
        often = _restless([each.real for each in lists])
        judge.holds(
            "ARCH-AGENT-CAT-002",
            not often,
            f"the catalogue was asked for {often} times without a pause",
            *seen.shown(*lists[-2:]),
        )


@requirement("ARCH-AGENT-ACT-012")
@pytest.mark.parametrize("situation", ["errors", "late replies"])
async def test_failures_are_not_hammered(
    situation: str, examiner: Examiner, book: Playbook, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    if not book.of(situation):
        raise UnjudgeableError("no call of the script failed")
    first = book.of(situation)[0].number
    since: dict[str, list[Request]] = defaultdict(list)
    for request in read_requests(seen.frames):
        if request.heard.number > first:
            since[f"{request.action} {request.parameters}"].append(request)
    for what, asked in since.items():
        often = _restless([each.heard.real for each in asked])
        judge.holds(
            "ARCH-AGENT-ACT-012",
            not often and _at_once(asked, seen) < _AGAIN,
            f"{what} comes again and again without a pause",
            *seen.shown(*(each.heard for each in asked[:2])),
        )


def _flood(seen: Observation) -> list[Heard]:
    """The messages of a stretch in which the script never rested once it had its replies."""
    stretch: list[Heard] = []
    last = 0.0
    for heard in seen.frames:
        if heard.sender == "agent" and messages([heard]):
            if heard.real - last >= 2 * _SLOT:
                stretch = []
            stretch.append(heard)
            seconds, least = _FLOOD
            if heard.real - stretch[0].real >= seconds and len(stretch) >= least:
                said = Counter(
                    (each.action, str(each.parameters)) for each in read_requests(stretch)
                )
                if max(said.values(), default=0) >= _ROUNDS:
                    return stretch
        last = max(last, heard.real)
    return []


def _at_once(asked: Sequence[Request], seen: Observation) -> int:
    """How many times in a row a call was repeated as soon as it had failed."""
    worst = run = 0
    for before, again in pairwise(asked):
        failed = before.reply is not None and "error" in before.reply.json()
        soon = before.reply is not None and 0 < again.heard.real - before.reply.real < _AT_ONCE
        between = [
            each
            for each in messages(seen.frames)
            if before.heard.number < each.number < again.heard.number
        ]
        run = run + 1 if failed and soon and not between else 0
        worst = max(worst, run)
    return worst


def _restless(times: Sequence[float]) -> int:
    """How many times something was said without a pause; 0 where there were pauses."""
    return max(_stretch(times, *each) for each in _REPEATING)


def _stretch(times: Sequence[float], slot: float, slots: int, least: int) -> int:
    """How many times something was said in the longest stretch without an empty slot; 0 where
    that is shorter than so many slots, or holds fewer than the least.
    """
    best = start = 0
    for at, time in enumerate(times):
        if at and time - times[at - 1] >= 2 * slot:
            start = at
        if time - times[start] >= slots * slot:
            best = max(best, at - start + 1)
    return best if best >= least else 0
