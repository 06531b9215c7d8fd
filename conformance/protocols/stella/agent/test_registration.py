"""How an agent comes in, and what it keeps to itself."""

from __future__ import annotations

import pytest

from conformance.examiner import Examiner, Observation
from conformance.exchange import of_transcript
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, requirement
from conformance.protocols.stella.biography import OF_AGENTS, read_life, said_in
from conformance.protocols.stella.coping import (
    exchanges,
    gone_in_order,
    hammered,
    left_with_words,
    wrecked,
)
from conformance.protocols.stella.notes import Notebook
from conformance.protocols.stella.situations import FORGOTTEN, NAMES, NORMAL, REFUSED
from conformance.respelt import respelt_names
from conformance.sent import busiest_second, judge_secret
from mockserver.transcript import HttpExchange

_EVERY_SITUATION = pytest.mark.parametrize("situation", NAMES)

_SETTLED = pytest.mark.parametrize("situation", [n for n in NAMES if n not in FORGOTTEN])

_CAPABILITIES = ("docker", "compose", "ssh", "winrm", "ecs", "nomad")
"""Those by which the document lets agents be listed; there may be others."""

_AT_ONCE = 6
"""Attempts within one second from which on an agent leaves no pauses."""


@requirement("STELLA-AGENT-REG-008")
@_EVERY_SITUATION
async def test_agents_register_first(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    if seen.ending is None and situation != NORMAL:
        return  # one that somebody else runs has registered before
    registered = read_life(seen).registration
    first = registered.number if registered else float("inf")
    for heard in seen.exchanges:
        if heard.operation in OF_AGENTS:
            judge.holds(
                "STELLA-AGENT-REG-008",
                heard.number > first,
                f"{heard.method} {heard.path} came before a registration was answered",
                of_transcript(heard),
            )


@requirement("STELLA-AGENT-REG-009")
@_EVERY_SITUATION
async def test_registrations_bring_the_token(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    for heard in seen.exchanges:
        if heard.operation == "registerAgent":
            brought = heard.headers.get("X-Agent-Token", "")
            judge.holds(
                "STELLA-AGENT-REG-009",
                brought.strip() == seen.values["token"],
                "X-Agent-Token is not the token that the agent was given"
                if brought
                else "a registration has no X-Agent-Token",
                of_transcript(heard),
            )


@requirement("STELLA-AGENT-REG-013")
@_EVERY_SITUATION
async def test_capabilities_are_spelt_as_documented(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    for heard in (await examiner.observe(situation)).exchanges:
        said = said_in(heard) if heard.operation in ("registerAgent", "sendHeartbeat") else {}
        names = said.get("capabilities")
        texts = [n for n in (names if isinstance(names, list) else ()) if isinstance(n, str)]
        if texts:
            other = next(respelt_names(texts, _CAPABILITIES), None)
            judge.holds(
                "STELLA-AGENT-REG-013",
                other is None,
                str(other),
                of_transcript(heard),
                pointer="/capabilities",
            )


@requirement("STELLA-AGENT-REG-010")
@_SETTLED
async def test_a_registered_agent_does_not_register_again(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    registered = read_life(seen).registration
    if registered is None:
        return
    again = [
        heard
        for heard in seen.exchanges
        if heard.operation == "registerAgent" and heard.number > registered.number
    ]
    judge.holds(
        "STELLA-AGENT-REG-010",
        not again,
        f"the agent registered {len(again)} times more, and is known",
        *exchanges([registered, *again[:1]]),
    )


@requirement("STELLA-AGENT-REG-011")
@_EVERY_SITUATION
async def test_the_token_is_kept(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    token = seen.values["token"]
    if len(token) >= 8:
        judge_secret(judge, "STELLA-AGENT-REG-011", seen, token, "the registration token")
    spent = [h for h in seen.exchanges if h.operation in OF_AGENTS and _brings(h, token)]
    judge.holds(
        "STELLA-AGENT-REG-011",
        not spent,
        "the registration token, which is for one use, comes with other requests",
        *exchanges(spent[:1]),
    )


def _brings(heard: HttpExchange, token: str) -> bool:
    return heard.headers.get("X-Agent-Token", "").strip() == token


@requirement("STELLA-AGENT-CERT-012")
@_EVERY_SITUATION
async def test_keys_are_kept(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    receipt = read_life(seen).receipt
    paper = receipt.get("certificate")
    key = str(paper.get("key", "")) if isinstance(paper, dict) else ""
    lines = [line for line in key.splitlines() if line and "-----" not in line]
    secrets = {"the JWT": str(receipt.get("token", ""))}
    secrets |= {"the private key": lines[0]} if lines else {}
    for what, secret in secrets.items():
        if len(secret) >= 8:
            judge_secret(judge, "STELLA-AGENT-CERT-012", seen, secret, what)


@requirement("STELLA-AGENT-REG-012")
@pytest.mark.parametrize("situation", REFUSED)
async def test_a_refused_registration_is_not_hammered(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    seen = await examiner.observe(situation)
    tried = [heard for heard in seen.exchanges if heard.operation == "registerAgent"]
    if not book.of(situation).strikes or not tried:
        raise UnjudgeableError("the agent never tried to register")
    hasty = hammered(seen) or (tried if busiest_second(tried) >= _AT_ONCE else [])
    ended = seen.ending is not None and not seen.ending.asked
    judge.holds(
        "STELLA-AGENT-REG-012",
        not hasty and (gone_in_order(seen) if ended else True) and not wrecked(seen),
        _what(seen, len(tried)),
        *exchanges(tried[:3]),
    )


def _what(seen: Observation, tried: int) -> str:
    if seen.ending is None or seen.ending.asked:
        return f"the agent tried {tried} times in {seen.seconds:.0f} s"
    told = seen.ending.describe()
    return told if left_with_words(seen) else f"the agent ended and said nothing: {told}"
