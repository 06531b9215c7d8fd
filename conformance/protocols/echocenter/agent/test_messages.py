"""Everything that an agent says, in every situation, held against the document."""

from __future__ import annotations

import pytest

from conformance.disguises import holds_secret
from conformance.examiner import Examiner
from conformance.exchange import MISSING, read_json
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.plugin import Suite
from conformance.protocols.echocenter.odd import HALF
from conformance.protocols.echocenter.replies import identity, read_account, said_by
from conformance.protocols.echocenter.situations import LAWFUL, LOSSES, NORMAL, SITUATIONS
from conformance.protocols.echocenter.spelling import misspelt
from conformance.sent import busiest_second, judge_sent, judge_unprinted
from mockserver.transcript import Frame

_EVERY_SITUATION = pytest.mark.parametrize("situation", [each.name for each in SITUATIONS])

_ANSWERS = ("CHAT", "CHAT_STREAM", "CHAT_STREAM_END")

_FLOOD = 100
"""Logs within a second from which on nobody can read them."""


@requirement("ECHO-AGENT-WIRE-002")
@_EVERY_SITUATION
async def test_flow_what_is_said_is_lawful(
    situation: str, examiner: Examiner, judge: Judge, suite: Suite
) -> None:
    seen = await examiner.observe(situation)
    judge_sent(
        judge,
        seen,
        suite.protocol.channels["socket"],
        well=situation in LAWFUL,
        spared=lambda frame: situation == HALF.name and _answers_half(frame),
    )
    for heard in seen.frames:
        if heard.sender == "agent" and heard.kind == "binary":
            judge.holds(
                "ECHO-AGENT-WIRE-002",
                read_json(heard.data) is not MISSING,
                "a message is no JSON, and no text either",
                *seen.shown(heard),
            )


def _answers_half(frame: Frame) -> bool:
    """Who answers a CHAT that lacks its sender or its text has nothing to copy into the answer."""
    said = said_by("agent", frame) or {}
    return said.get("type") in _ANSWERS and identity(said.get("target_id")) != HALF.turns[0].probe


@requirement("ECHO-AGENT-MSG-004")
@pytest.mark.parametrize("situation", [*LAWFUL, LOSSES])
async def test_the_token_is_told_to_nobody(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    token = seen.values["token"]
    for heard in seen.frames:
        if heard.sender == "agent" and heard.kind in ("text", "binary"):
            told = holds_secret(heard.data, token)
            wrong = "a message shows the agent's own token"
            judge.holds("ECHO-AGENT-MSG-004", not told, wrong, *(seen.shown(heard) if told else ()))


@requirement("ECHO-AGENT-MSG-005")
@_EVERY_SITUATION
async def test_the_token_is_not_printed(situation: str, examiner: Examiner, judge: Judge) -> None:
    """Least of all with the URL, in the words on why it cannot connect."""
    seen = await examiner.observe(situation)
    judge_unprinted(
        judge, "ECHO-AGENT-MSG-005", seen, seen.values["token"], "the agent's own token"
    )


@requirement("ECHO-AGENT-MSG-003")
@_EVERY_SITUATION
async def test_types_are_not_misspelt(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    for heard in seen.frames:
        kind = (said_by("agent", heard) or {}).get("type")
        meant = misspelt(kind) if isinstance(kind, str) else ""
        judge.holds(
            "ECHO-AGENT-MSG-003",
            not meant,
            f"{kind!r} is no type of the document, which says {meant}",
            *(seen.shown(heard) if meant else ()),
            pointer="/type",
        )


@requirement("ECHO-AGENT-CHAT-016")
@_EVERY_SITUATION
async def test_nobody_claims_to_be_another(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    account = read_account(seen.frames)
    askers = {each.sender for each in account.instructions} - {int(seen.values["id"])}
    for reply in account.replies:
        number = identity(reply.said.get("sender_id"))
        name = reply.said.get("sender_name")
        known = isinstance(name, str) and name != seen.values["username"]
        pointer = "/sender_id" if number in askers else "/sender_name"
        judge.holds(
            "ECHO-AGENT-CHAT-016",
            number not in askers and not (known and name in account.names),
            f"a CHAT of {seen.values['username']} says that it comes from {number} {name!r}",
            *seen.shown(reply.heard),
            pointer=pointer,
        )


@requirement("ECHO-AGENT-LOG-004")
@pytest.mark.parametrize("situation", [NORMAL])
async def test_the_dashboard_is_not_flooded(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    logs = [heard for heard in seen.frames if _is_log(heard)]
    if logs:
        judge.holds(
            "ECHO-AGENT-LOG-004",
            busiest_second(logs) < _FLOOD,
            f"{busiest_second(logs)} logs came within one second",
            *seen.shown(*logs[-2:]),
        )


def _is_log(heard: Frame) -> bool:
    return (said_by("agent", heard) or {}).get("type") == "SYSTEM_LOG"
