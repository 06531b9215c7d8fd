"""How a client lives: while all is well, through trouble, and to its end."""

from __future__ import annotations

import pytest

from conformance.examiner import Examiner
from conformance.exchange import Exchange
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, case, requirement
from conformance.protocols.caxton.bearing import (
    healthy,
    left_early,
    stands_still,
    struck_by,
    trouble,
    wrecked,
)
from conformance.protocols.caxton.heeding import unheeded
from conformance.protocols.caxton.notes import Notebook
from conformance.protocols.caxton.situations import (
    HEARING,
    LIMITED,
    NAMES,
    NORMAL,
    REFUSED,
    WELL,
)
from conformance.protocols.caxton.story import answer_of, exchanges, good, verb
from conformance.sent import busiest_second
from mockserver.transcript import HttpExchange

_READS = ("getAgent", "getTask", "getDeployment", "listAgents")

_MADE = {"deployAgent": "agent_id", "createTask": "task_id", "createDeployment": "deployment_id"}
"""Where the answer to what makes something tells its id."""

_OFTEN = 25
"""The same question within a second from which on there are no pauses in between."""


@requirement("CAXTON-AGENT-LIFE-002")
@pytest.mark.parametrize("situation", [*WELL, *REFUSED, *LIMITED, *HEARING])
async def test_a_client_lives_while_all_is_well(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    """Whoever is refused something may leave, if only it says why; an exit code of 0 says that the
    work is done.
    """
    seen, notes = await examiner.observe(situation), book.of(situation)
    normal = await examiner.observe("normal life")
    ending = seen.ending
    refused = situation in (*REFUSED, *LIMITED)
    broken = wrecked(seen)
    if ending is not None and not ending.asked and not broken:
        wordless = not ending.output.strip()
        in_order = ending.code == 0 or (refused and not wordless)
        broken = not in_order or left_early(seen, normal)
    wrong = ending.describe() if broken and ending else ""
    if situation in REFUSED and notes.strikes and not wrong:
        wrong = trouble(seen, normal, book, notes)
    judge.holds("CAXTON-AGENT-LIFE-002", not wrong, wrong, *exchanges(seen.exchanges[-2:]))


@pytest.mark.parametrize(
    ("row", "situation"),
    [
        case("CAXTON-AGENT-LIFE-003", "unknown fields"),
        case("CAXTON-AGENT-LIFE-004", "unknown states"),
        case("CAXTON-AGENT-LIFE-004", "rolled back"),
        case("CAXTON-AGENT-LIFE-005", "other successes"),
        case("CAXTON-AGENT-LIFE-011", "other times"),
        case("CAXTON-AGENT-PAGE-005", "sparse answers"),
        case("CAXTON-AGENT-GRPC-016", "bare calls"),
        case("CAXTON-AGENT-FIPA-006", "crosswise replies"),
        case("CAXTON-AGENT-FIPA-008", "crosswise replies"),
        case("CAXTON-AGENT-FIPA-009", "agents fail"),
        case("CAXTON-AGENT-SOCK-016", "doubled events"),
        case("CAXTON-AGENT-SOCK-017", "odd events"),
        case("CAXTON-AGENT-SOCK-018", "unacknowledged"),
        case("CAXTON-AGENT-SOCK-019", "odd messages"),
    ],
)
async def test_what_is_odd_is_lived_through(
    row: str, situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    normal = await healthy(examiner)
    seen, notes = await examiner.observe(situation), book.of(situation)
    if not _concerned(row, book):
        return
    if not notes.strikes:
        raise UnjudgeableError("the client had gone before")
    wrong = trouble(seen, normal, book, notes, may_leave=row == "CAXTON-AGENT-FIPA-009")
    told = [f for f in seen.frames if f.sender == "coordinator" and f.kind in ("text", "binary")]
    shown: list[Exchange | Frame] = [*exchanges(seen.exchanges[-2:]), *seen.shown(*told[:6])]
    judge.holds(row, not wrong, wrong, *shown)


def _concerned(row: str, book: Notebook) -> bool:
    """Has the client to do with what the row speaks of?"""
    if "-SOCK-" in row:
        return book.listens
    if "-GRPC-" in row:
        return any("." in operation for operation in book.asks)
    if "-FIPA-" in row:
        return any("essage" in operation for operation in book.asks)
    return row != "CAXTON-AGENT-PAGE-005" or bool({"listAgents", "queryMessages"} & book.asks)


@requirement("CAXTON-AGENT-LIFE-013")
@pytest.mark.parametrize("situation", [each for each in WELL if each != NORMAL])
async def test_what_was_told_is_of_use(situation: str, examiner: Examiner, judge: Judge) -> None:
    normal, seen = await healthy(examiner), await examiner.observe(situation)
    lost = unheeded(seen, normal, _made)
    judge.holds(
        "CAXTON-AGENT-LIFE-013",
        not lost,
        f"{len(lost)} were made, and the client never came back to any, as it does otherwise",
        *exchanges(lost[:2]),
    )


def _made(heard: HttpExchange) -> str:
    """The id of what an answer says was made."""
    said = answer_of(heard).get(_MADE.get(verb(heard), "")) if good(heard) else None
    return said if isinstance(said, str) else ""


@pytest.mark.parametrize(
    ("row", "situation"),
    [
        case("CAXTON-AGENT-LIFE-007", "unavailable"),
        case("CAXTON-AGENT-LIFE-007", "internal errors"),
        case("CAXTON-AGENT-LIFE-008", "slow answers"),
        case("CAXTON-AGENT-LIFE-008", "dropped connections"),
        case("CAXTON-AGENT-LIFE-009", "restart"),
        case("CAXTON-AGENT-LIFE-010", "garbled answers"),
        case("CAXTON-AGENT-RATE-006", "rate limited"),
    ],
)
async def test_trouble_is_lived_through(
    row: str, situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    normal = await healthy(examiner)
    seen, notes = await examiner.observe(situation), book.of(situation)
    if not notes.strikes:
        raise UnjudgeableError("the client had gone before")
    struck = [heard for heard in seen.exchanges if struck_by(heard)]
    if not struck and situation not in ("restart", "garbled answers"):
        return  # it asked nothing that the trouble could strike
    wrong = trouble(seen, normal, book, notes)
    judge.holds(row, not wrong, wrong, *exchanges(struck[:1] or seen.exchanges[-1:]))


@requirement("CAXTON-AGENT-LIFE-006")
@pytest.mark.parametrize("situation", NAMES)
async def test_what_takes_a_moment_is_asked_for_with_pauses(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    seen = await examiner.observe(situation)
    asked: dict[str, list[HttpExchange]] = {}
    for heard in seen.exchanges:
        if heard.operation in _READS:
            asked.setdefault(f"{heard.path}?{heard.query}", []).append(heard)
    for path, questions in asked.items():
        most = busiest_second(questions)
        judge.holds(
            "CAXTON-AGENT-LIFE-006",
            most < _OFTEN,
            f"{path} was asked for {most} times within one second",
            *exchanges(questions[:3]),
        )
    if situation == "slow starts":
        notes = book.of(situation)
        silent = stands_still(seen, book, notes, notes.began)
        judge.holds(
            "CAXTON-AGENT-LIFE-006",
            not silent,
            f"nothing was asked for {silent:.1f} s while things took a moment",
            *exchanges(seen.exchanges[-2:]),
        )


@requirement("CAXTON-AGENT-LIFE-012")
@pytest.mark.parametrize("situation", WELL)
async def test_the_client_ends_when_asked(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    ending = seen.ending
    if ending is None or not ending.asked or not seen.exchanges:
        return  # other rows tell where that is wrong
    if ending.stubborn:
        judge.holds("CAXTON-AGENT-LIFE-012", False, "it had to be killed: SIGTERM left it")
        return
    code = ending.code or 0
    in_order = code in (0, 130, 143, -15, -2)
    judge.holds("CAXTON-AGENT-LIFE-012", in_order and not wrecked(seen), ending.describe())
