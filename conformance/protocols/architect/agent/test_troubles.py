"""What befalls a script, and how it copes: each situation holds one kind of trouble, or two."""

from __future__ import annotations

import pytest

from conformance.examiner import Examiner, Observation
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, case, requirement
from conformance.protocols.architect.coping import hasty_after, mishap, own_ends, sequential
from conformance.protocols.architect.playbook import Playbook, Strike
from conformance.protocols.architect.scripts import messages, read_requests, token_of
from conformance.protocols.architect.situations import CALM, HELD, SMALL

_OTHERS = {
    ("ARCH-AGENT-CAT-003", CALM): ("empty lists", "sparse entries"),
    ("ARCH-AGENT-CORR-005", CALM): (HELD,),
    ("ARCH-AGENT-WIRE-009", "large replies"): (CALM, SMALL),
    ("ARCH-AGENT-WIRE-012", "huge replies"): (CALM, SMALL),
}
"""In which situations a trouble does not come, where calm is none of them, or not the only one."""

_TOO_BIG = 1009

_AND_LEAVE = {"ARCH-AGENT-CORR-010", "ARCH-AGENT-CORR-011"}
"""Where a script may end as well, if only it says why."""


@pytest.mark.parametrize(
    ("row", "trouble"),
    [
        case("ARCH-AGENT-EVENT-001", ("events", "event")),
        case("ARCH-AGENT-EVENT-002", ("null events", "null event")),
        case("ARCH-AGENT-EVENT-005", ("no JSON", "no JSON")),
        case("ARCH-AGENT-EVENT-006", ("strange frames", "non-map")),
        case("ARCH-AGENT-CORR-005", (HELD, "reordered")),
        case("ARCH-AGENT-CORR-005", (CALM, "null")),
        case("ARCH-AGENT-CORR-006", ("strange tokens", "strange")),
        case("ARCH-AGENT-CORR-007", ("duplicates", "twice")),
        case("ARCH-AGENT-CORR-009", ("late replies", "late")),
        case("ARCH-AGENT-CORR-010", ("late replies", "unanswered")),
        case("ARCH-AGENT-CORR-011", ("errors", "error")),
        case("ARCH-AGENT-CORR-012", ("dressed", "extra")),
        case("ARCH-AGENT-CAT-003", (CALM, "null")),
        case("ARCH-AGENT-CAT-004", ("empty lists", "empty")),
        case("ARCH-AGENT-CAT-005", ("sparse entries", "sparse")),
        case("ARCH-AGENT-WIRE-008", ("fragments", "fragments")),
        case("ARCH-AGENT-WIRE-009", ("large replies", "large")),
        case("ARCH-AGENT-WIRE-012", ("huge replies", "huge")),
        case("ARCH-AGENT-WIRE-010", ("dressed", "dress")),
        case("ARCH-AGENT-WIRE-011", ("strange frames", "binary")),
    ],
)
async def test_trouble_is_lived_through(
    row: str, trouble: tuple[str, str], examiner: Examiner, book: Playbook, judge: Judge
) -> None:
    situation, kind = trouble
    seen = await examiner.observe(situation)
    usual = await _usual(examiner, row, situation)
    strikes = book.of(situation)
    if not any(strike.kind == kind for strike in strikes):
        raise UnjudgeableError("the script asked nothing that the trouble could strike")
    broken = mishap(seen, usual, strikes[-1], book, may_leave=row in _AND_LEAVE)
    blamed = broken and strikes[-1].kind == kind and not _too_big(seen)
    judge.holds(row, not blamed, broken, *_around(seen, strikes[-1]))


def _too_big(seen: Observation) -> bool:
    """Did it say that a message was too big for it?"""
    return any(each.kind == "close" and each.code == _TOO_BIG for each in own_ends(seen))


async def _usual(examiner: Examiner, row: str, situation: str) -> Observation:
    """The life of the same script in which it says most, of those in which that trouble does not
    come. Raises `UnjudgeableError` where it breaks down in each of them.
    """
    lives = [await examiner.observe(name) for name in _OTHERS.get((row, situation), (CALM,))]
    sound = [life for life in lives if not (life.ending and life.ending.broke_down)]
    if not sound:
        raise UnjudgeableError("the script breaks down even when all is well")
    return max(sound, key=lambda life: len(messages(life.frames)))


def _around(seen: Observation, strike: Strike) -> list[Frame]:
    """The last frames until the script was struck, and those behind."""
    before = [each for each in seen.frames if each.number <= strike.number][-3:]
    after = [each for each in seen.frames if each.number > strike.number][:2]
    return seen.shown(*before, *after)


@pytest.mark.parametrize(
    ("row", "trouble"),
    [
        case("ARCH-AGENT-EVENT-003", ("events", "event")),
        case("ARCH-AGENT-CORR-006", ("strange tokens", "strange")),
        case("ARCH-AGENT-CORR-008", ("duplicates", "twice")),
        case("ARCH-AGENT-CORR-009", ("late replies", "late")),
    ],
)
async def test_nothing_else_is_taken_for_a_reply(
    row: str, trouble: tuple[str, str], examiner: Examiner, book: Playbook, judge: Judge
) -> None:
    situation, kind = trouble
    held = await examiner.observe(HELD)
    seen = await examiner.observe(situation)
    usual = read_requests(held.frames)
    if not sequential(usual):
        raise UnjudgeableError("the script does not wait for one reply before its next call")
    if kind != "strange" and not all(request.token for request in usual):
        raise UnjudgeableError("the script's calls carry no token by which a reply could be known")
    strikes = [strike for strike in book.of(situation) if strike.kind == kind]
    if not strikes:
        raise UnjudgeableError("the script asked nothing that the trouble could strike")
    hasty = hasty_after(strikes, read_requests(seen.frames), usual)
    judge.holds(
        row,
        not hasty,
        "it goes on before the reply has come, each time behind a message that is none",
        *(_around(seen, strikes[0]) if hasty else []),
    )


@requirement("ARCH-AGENT-EVENT-004")
@pytest.mark.parametrize("situation", ["events", "null events"])
async def test_events_are_not_answered(
    situation: str, examiner: Examiner, book: Playbook, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    calm = await examiner.observe(CALM)
    if not book.of(situation):
        raise UnjudgeableError("the script was told no event")
    usual = any(_aside(frame) for frame in calm.shown(*calm.frames))
    told: list[object] = []
    for frame in seen.shown(*seen.frames):
        if frame.sender == "assay" and isinstance(frame.json, dict) and not token_of(frame.json):
            told.append(frame.json)
        elif frame.sender == "peer" and frame.kind == "text":
            judge.holds(
                "ARCH-AGENT-EVENT-004",
                frame.json not in told and (usual or not _aside(frame)),
                "an event came back, or was answered by something that is no command",
                frame,
            )


def _aside(frame: Frame) -> bool:
    """Is that a message that is no command at all?"""
    said = frame.json
    return frame.sender == "peer" and frame.kind == "text" and not isinstance(said, dict)
