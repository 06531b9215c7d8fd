"""Who asked is answered, once, and nobody else is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from conformance.examiner import Examiner, Observation
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, case, requirement
from conformance.protocols.echocenter.forms import (
    BEYOND_31_BITS,
    FIFTY_THREE_BITS,
    WIDE_FORMS,
    is_idle,
)
from conformance.protocols.echocenter.losses import AFTER_A_LOSS
from conformance.protocols.echocenter.replies import (
    Account,
    Instruction,
    Reply,
    found_too_large,
    read_account,
)
from conformance.protocols.echocenter.situations import LAWFUL, LOSSES, NORMAL
from conformance.protocols.echocenter.streams import key_of, read_streams
from mockserver.transcript import Frame

_TEXTS = ("ECHO-AGENT-CHAT-007", "ECHO-AGENT-CHAT-021")
_FORMS = ("ECHO-AGENT-CHAT-008", "ECHO-AGENT-CHAT-022")
"""The row of what the document promises, and that of what goes further."""

_ORDERLY = pytest.mark.parametrize("situation", [*LAWFUL, LOSSES])


@pytest.mark.parametrize(
    ("row", "situation"),
    [
        case("ECHO-AGENT-CHAT-001", NORMAL),
        case("ECHO-AGENT-CHAT-002", "several senders"),
        case("ECHO-AGENT-CHAT-003", "at the same time"),
        case("ECHO-AGENT-CHAT-004", "a dozen"),
        case("ECHO-AGENT-CHAT-005", "burst"),
        case("ECHO-AGENT-CHAT-006", "directive"),
        case("ECHO-AGENT-CHAT-007", "odd texts"),
        case("ECHO-AGENT-CHAT-021", "odd texts"),
        case("ECHO-AGENT-CHAT-008", "odd JSON"),
        case("ECHO-AGENT-CHAT-022", "odd JSON"),
        case("ECHO-AGENT-CHAT-001", "pings"),
        case("ECHO-AGENT-CHAT-001", "silence"),
        case("ECHO-AGENT-WIRE-007", "fragments"),
        case("ECHO-AGENT-WIRE-008", "large messages"),
    ],
)
async def test_instructions_are_answered(
    row: str, situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    account = _asked(seen)
    if found_too_large(seen.frames):
        raise UnjudgeableError("the agent says that a message is too large for it (1009)")
    unanswered = [each for each in account.unanswered if _row_of(each, row) == row]
    judge.holds(
        row,
        not unanswered,
        f"{_count(unanswered)} of {len(account.instructions)} got no answer"
        f"{_first(unanswered)}, within {seen.seconds:.0f} s in all",
        *seen.shown(*_around(seen, unanswered)),
    )


def _row_of(asked: Instruction, row: str) -> str:
    """The row that one instruction of a situation is judged by: some forms are lawful, and no more
    than that.
    """
    if row in _TEXTS:
        return _TEXTS[is_idle(asked.text)]
    return _FORMS[asked.sender in WIDE_FORMS] if row in _FORMS else row


@requirement("ECHO-AGENT-CHAT-009")
@_ORDERLY
async def test_answers_go_to_who_asked(situation: str, examiner: Examiner, judge: Judge) -> None:
    """Where somebody waits in vain and somebody else gets what they never asked for."""
    seen = await examiner.observe(situation)
    account = _asked(seen)
    astray = [*account.strays, *account.surplus] if account.unanswered else []
    judge.holds(
        "ECHO-AGENT-CHAT-009",
        not astray,
        f"the agent wrote to {_targets(astray)}, and {_senders(account.unanswered)} waits",
        *seen.shown(*_heard(account.unanswered[:1]), *_heard(astray[:1])),
        pointer="/target_id",
    )


@requirement("ECHO-AGENT-CHAT-013")
@_ORDERLY
async def test_instructions_are_answered_once(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    account = _asked(seen)
    more = account.surplus
    answers = [reply.heard for _, reply in account.answers if more and _same(reply, more[0])]
    judge.holds(
        "ECHO-AGENT-CHAT-013",
        not more,
        f"{_targets(more)} got {_count(more)} more than was asked for",
        *seen.shown(*answers[-1:], *_heard(more[:2])),
    )


@requirement("ECHO-AGENT-CHAT-014")
@_ORDERLY
async def test_nobody_is_addressed_unasked(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    strays = _asked(seen).strays
    judge.holds(
        "ECHO-AGENT-CHAT-014",
        not strays,
        f"{_targets(strays)} got a CHAT, and had asked for nothing",
        *seen.shown(*_heard(strays[:2])),
        pointer="/target_id",
    )


@requirement("ECHO-AGENT-CHAT-015")
@pytest.mark.parametrize("situation", ["several senders", "at the same time"])
async def test_answers_do_not_leak(situation: str, examiner: Examiner, judge: Judge) -> None:
    """Each text of these situations holds one word that only its senders say."""
    seen = await examiner.observe(situation)
    account = _asked(seen)
    words: dict[int, set[str]] = {}
    for asked in account.instructions:
        words.setdefault(asked.sender, set()).add(_word(asked))
    everything = set().union(*words.values())
    for reply in account.replies:
        own = words.get(reply.target or 0, set())
        told = [word for word in everything - own if word in _whole(seen, reply)]
        judge.holds(
            "ECHO-AGENT-CHAT-015",
            not told,
            f"{reply.target} is told {told}, which only others said",
            *seen.shown(reply.heard),
            pointer="/payload",
        )


@requirement("ECHO-AGENT-CHAT-017", "ECHO-AGENT-CHAT-018")
@pytest.mark.parametrize("situation", [LOSSES])
async def test_flow_of_an_agent_that_comes_back(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    account = _asked(seen)
    first, *later = AFTER_A_LOSS
    after = [each for each in account.instructions if each.sender in later]
    if not after or not account.answered(first):
        raise UnjudgeableError("the agent did not come back, or had not answered before")
    judge.holds(
        "ECHO-AGENT-CHAT-017",
        all(account.answered(each.sender) for each in after),
        f"{_senders(account.unanswered)} got no answer from the agent that came back",
        *seen.shown(*_around(seen, account.unanswered)),
    )
    when = after[0].heard.connection
    old = [each for each in account.surplus if _of_before(each, account, when)]
    judge.holds(
        "ECHO-AGENT-CHAT-018",
        not old,
        f"{_targets(old)} got one more answer after the loss",
        *seen.shown(*_heard(old[:2])),
    )


@pytest.mark.parametrize(
    ("row", "situation", "sender"),
    [
        case("ECHO-AGENT-CHAT-019", "large ids", BEYOND_31_BITS),
        case("ECHO-AGENT-CHAT-020", "large ids", FIFTY_THREE_BITS),
    ],
)
async def test_large_numbers_are_kept(
    row: str, situation: str, sender: int, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    account = _asked(seen)
    await _answers_at_all(examiner)
    if all(each.sender != sender for each in account.instructions):
        raise UnjudgeableError("the agent had gone before")
    judge.holds(
        row,
        account.answered(sender),
        f"{sender} got no answer; the agent wrote to {_targets(account.replies)}",
        *seen.shown(*_heard(account.instructions), *_heard(account.replies)),
        pointer="/target_id",
    )


async def _answers_at_all(examiner: Examiner) -> None:
    """An agent that never answers does not break what is about particular instructions."""
    if read_account((await examiner.observe(NORMAL)).frames).unanswered:
        raise UnjudgeableError("the agent does not answer, even when all is well")


def _asked(seen: Observation) -> Account:
    account = read_account(seen.frames)
    if not account.instructions:
        raise UnjudgeableError("the agent was not there to be asked for anything")
    return account


def _around(seen: Observation, unanswered: list[Instruction]) -> list[Frame]:
    """The first that got no answer, and what the agent said next."""
    if not unanswered:
        return []
    asked = unanswered[0].heard
    after = [
        heard for heard in seen.frames if heard.sender == "agent" and heard.number > asked.number
    ]
    return [asked, *after[:3]]


def _first(unanswered: list[Instruction]) -> str:
    if not unanswered:
        return ""
    asked = unanswered[0]
    text = asked.text if len(asked.text) <= 60 else f"{asked.text[:60]}… ({len(asked.text)})"
    return f"; the first was {text!r} from {asked.sender}"


def _of_before(reply: Reply, account: Account, connection: int) -> bool:
    """Is it said on a later connection to somebody who had asked on an earlier one?"""
    asked = [each.heard for each in account.instructions if each.sender == reply.target]
    return reply.heard.connection >= connection > min(each.connection for each in asked)


def _same(one: Reply, other: Reply) -> bool:
    return one.target == other.target


def _word(asked: Instruction) -> str:
    """The word that its text repeats."""
    return asked.text.split()[1]


def _whole(seen: Observation, reply: Reply) -> str:
    """A reply's text with that of the chunks before it."""
    key = key_of(reply.said.get("stream_id"))
    streams = read_streams(seen.frames) if key else []
    before = ["".join(each.chunks()) for each in streams if reply.heard in each.frames]
    return "\n".join([str(reply.said.get("payload")), *before])


def _heard(said: Sequence[Instruction | Reply]) -> list[Frame]:
    return [each.heard for each in said]


def _count(found: list[Instruction] | list[Reply]) -> str:
    return "none" if not found else str(len(found))


def _targets(replies: list[Reply]) -> str:
    return ", ".join(dict.fromkeys(str(each.target) for each in replies)) or "nobody"


def _senders(asked: list[Instruction]) -> str:
    return ", ".join(dict.fromkeys(str(each.sender) for each in asked)) or "nobody"
