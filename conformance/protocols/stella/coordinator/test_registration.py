"""Registering: what an agent is given, and what its token is good for."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
import time
from collections.abc import Sequence
from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, from_profile, requirement
from conformance.protocols.stella.credentials import Paper
from conformance.protocols.stella.fleet import Agent, Fleet, rows_of
from conformance.protocols.stella.hours import HOUR, Hours
from conformance.protocols.stella.reckoning import moment
from conformance.protocols.stella.roll import judge_labels, judge_listed, rows_by_id, whole
from mockserver.json_text import texts_in

_MANY = 8
"""Agents that register at the same time."""

_UNKNOWN = ("8d1f6c2e-93b4-4f0e-a6c7-0be2f51d7743", "unheard-of", "null", "*")
"""Tokens that nobody made."""

_ENDINGS = ("-Prod_01.EU", "-Zürich")
"""Of names that letters in two cases, or beyond ASCII, belong to."""

_SKILLS = ["ssh", "winrm", "ecs", "nomad", "docker", "compose"]
"""All that the document knows."""

_REFUSED = range(400, 500)

_MINUTE = 60.0
"""Seconds by which clocks may differ."""


async def _at_once(fleet: Fleet, count: int) -> list[Agent]:
    """That many agents, registered at the same time."""
    tokens = [await fleet.mint() for _ in range(count)]
    return list(await asyncio.gather(*(fleet.register(token) for token in tokens)))


@requirement(
    "STELLA-REG-001", "STELLA-REG-014", "STELLA-REG-017", "STELLA-REG-018", "STELLA-REG-037"
)
async def test_flow_agents_are_registered_and_shown(fleet: Fleet, judge: Judge) -> None:
    others: set[str] = set()
    plain = {"capabilities": ["docker"], "labels": {"zone": "quay-3"}, "version": "0.9.12"}
    for fields in ({}, plain, {"capabilities": _SKILLS, "version": "10.0.0-rc.1"}):
        body = fleet.registration(**fields)
        said = await fleet.ask_to_register(body, await fleet.mint())
        judge.status("STELLA-REG-001", said, 201)
        agent = fleet.agent_of(body, said)
        _judge_jwt(judge, said, fleet.hours)
        await _judge_shown(fleet, judge, [agent])
        seen = await fleet.get(agent.id)
        _judge_labels(judge, agent, seen, others)
        others |= body["labels"].keys()


@requirement("STELLA-REG-017")
async def test_flow_names_are_shown_letter_by_letter(fleet: Fleet, judge: Judge) -> None:
    """A coordinator need not take every name; those that it takes it must not change, also where a
    name or a version looks like a number.
    """
    agents = [await fleet.register()]
    named = [{"name": f"{fleet.new('stevedore')}{ending}"} for ending in _ENDINGS]
    numbered = {"name": f"0{time.time_ns()}", "version": "1.10"}
    for fields in (*named, numbered):
        body = fleet.registration(**fields)
        said = await fleet.ask_to_register(body, await fleet.mint(), lawful=False)
        agents += [fleet.agent_of(body, said)] if said.ok else []
    await _judge_shown(fleet, judge, agents)


def _judge_labels(judge: Judge, agent: Agent, seen: Exchange, others: set[str]) -> None:
    """It has those that it registered, and none of `others`. A peer may add some of its own."""
    if not judge.status("STELLA-REG-018", seen, 200):
        return
    judge_labels(judge, agent, seen.at("/labels"), seen)
    own = agent.body["labels"]
    for name, value in own.items():
        judge.equal("STELLA-REG-018", seen, f"/labels/{name}", value, agent.said)
    shown = seen.at("/labels")
    strange = [name for name in shown if name in others - own.keys()] if shown else []
    wrong = f"it shows the labels {strange}, which another agent registered"
    judge.holds("STELLA-REG-018", not strange, wrong, agent.said, seen, pointer="/labels")


def _judge_jwt(judge: Judge, said: Exchange, hours: Hours) -> None:
    token = said.at("/token")
    wrong = _wrong_with_jwt(token)
    told = f"the token is no JWT: {wrong}"
    if not wrong and _is_over(_claims_of(token), said, hours):
        wrong = told = "the token has expired already when it is handed over"
    judge.holds("STELLA-REG-014", not wrong, told, said, pointer="/token")


def _claims_of(token: str) -> dict[str, Any]:
    """What it claims, where that can be read (an encrypted token has five parts)."""
    parts = token.split(".")
    return (_object_in(parts[1]) or {}) if len(parts) == 3 else {}


def _judge_own_tokens(judge: Judge, agents: Sequence[Agent]) -> None:
    """Nobody's JWT speaks of somebody else: what its claims are is left open, but not whose."""
    for agent in agents:
        token = agent.said.at("/token")
        if isinstance(token, str) and not _wrong_with_jwt(token):
            claims = [*texts_in(_claims_of(token))]  # which may be made of several, as URNs are
            named = {*claims, *(part for claim in claims for part in re.split("[:/ ]", claim))}
            others = [each for each in agents if {each.id, each.name} & named]
            wrong = f"the JWT of {agent.name} speaks of {', '.join(each.name for each in others)}"
            mine = not others or agent in others
            judge.holds("STELLA-REG-016", mine, wrong, agent.said, pointer="/token")


def _is_over(claims: dict[str, Any], said: Exchange, hours: Hours) -> bool:
    """Did it end before it could be used, by our clock and by that of the certificate, which ends
    a day after it was handed over?
    """
    over, ends = claims.get("exp"), moment(said.at("/certificate/expiresAt"))
    if isinstance(over, bool) or not isinstance(over, int | float):
        return False
    clocks = [hours.now() - hours.lag, *([] if ends is None else [ends - 24 * HOUR])]
    return over < min(clocks) - _MINUTE


def _wrong_with_jwt(token: Any) -> str:
    """What makes it no JWT, if anything (RFC 7519; in three parts when signed, five encrypted)."""
    parts = token.split(".") if isinstance(token, str) else []
    if len(parts) not in (3, 5):
        return f"it has {len(parts)} parts"
    if any(set(part) - _ALPHABET for part in parts):
        return "a part of it is not base64url"
    header = _object_in(parts[0])
    if header is None or not isinstance(header.get("alg"), str):
        return "its header is no JSON object with alg"
    nested = str(header.get("cty", "")).upper() == "JWT"
    if len(parts) == 3 and not nested and _object_in(parts[1]) is None:
        return "its claims are no JSON object"
    unsigned = len(parts) == 3 and not parts[2] and header["alg"] != "none"
    return "it is not signed" if unsigned else ""


_ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def _object_in(part: str) -> dict[str, Any] | None:
    try:
        data = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error):
        return None
    return data if isinstance(data, dict) else None


async def _judge_shown(fleet: Fleet, judge: Judge, agents: list[Agent]) -> None:
    """They are in the list, as they registered."""
    found = await whole(fleet)
    judge_listed(judge, "STELLA-REG-017", found, agents, *(agent.said for agent in agents[:1]))
    rows = found.json if isinstance(found.json, list) else []
    places = {row.get("id"): index for index, row in enumerate(rows) if isinstance(row, dict)}
    for agent in agents:
        shown = rows_by_id(found).get(agent.id, {})
        for field in ("name", "version", "capabilities") if shown else ():
            told, asked = shown.get(field), agent.body[field]
            judge.holds(
                "STELLA-REG-017",
                _same(told, asked),
                f"an agent registered the {field} {asked!r}, and is listed with {told!r}",
                agent.said,
                found,
                pointer=f"/{places[agent.id]}/{field}",
                expected=asked,
                actual=told,
            )


def _same(one: Any, other: Any) -> bool:
    """Equal, or two lists of the same words: their order is unsaid."""
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(str, one)) == sorted(map(str, other))
    return bool(one == other)


@requirement("STELLA-REG-001", "STELLA-REG-015", "STELLA-REG-016", "STELLA-REG-017")
async def test_flow_agents_register_at_the_same_time(fleet: Fleet, judge: Judge) -> None:
    agents = [await fleet.register(), await fleet.register(), *await _at_once(fleet, _MANY)]
    for agent in agents:
        judge.status("STELLA-REG-001", agent.said, 201)
    for row, pointer in (("STELLA-REG-015", "/agentId"), ("STELLA-REG-016", "/token")):
        seen: dict[str, Agent] = {}
        for agent in agents:
            value = str(agent.said.at(pointer))
            twin = seen.setdefault(value, agent)
            wrong = f"{twin.name} and {agent.name} were given the same {pointer[1:]}"
            judge.holds(row, twin is agent, wrong, twin.said, agent.said, pointer=pointer)
    _judge_own_tokens(judge, agents)
    await _judge_shown(fleet, judge, agents)


@requirement("STELLA-REG-023", "STELLA-REG-026", "STELLA-REG-036")
@pytest.mark.parametrize("given", ["no token", "an empty token", "a JWT as bearer"])
async def test_registrations_need_a_token(given: str, fleet: Fleet, judge: Judge) -> None:
    holder = await fleet.register()
    body = fleet.registration()
    token = "" if given == "an empty token" else None
    headers = holder.headers if given == "a JWT as bearer" else {}
    said = await fleet.ask_to_register(body, token, headers=headers, lawful=False)
    judge.status("STELLA-REG-026", said, _REFUSED)
    await _judge_unlisted(fleet, judge, body, said)
    await _judge_free(fleet, judge, body, said)


@requirement(
    "STELLA-REG-001", "STELLA-REG-023", "STELLA-REG-027", "STELLA-REG-036", "STELLA-REG-038"
)
async def test_flow_unknown_tokens_are_refused(fleet: Fleet, judge: Judge) -> None:
    good = await fleet.mint()
    holder = await fleet.register()
    jwt = holder.said.at("/token")
    unknown = [*_UNKNOWN, *_parts_of(await fleet.mint())]
    for token in [*unknown, *([jwt] if isinstance(jwt, str) else [])]:
        body = fleet.registration()
        said = await fleet.ask_to_register(body, token, lawful=False)
        judge.status("STELLA-REG-027", said, 401)
        told = good.encode() in said.answer and good not in token
        wrong = "a registration is refused for its token, and is told one that is good"
        judge.holds("STELLA-REG-038", not told, wrong, said)
        await _judge_unlisted(fleet, judge, body, said)
        if token in unknown[:1] + unknown[-1:]:
            await _judge_free(fleet, judge, body, said)
    judge.status("STELLA-REG-001", await fleet.ask_to_register(fleet.registration(), good), 201)


async def _judge_free(fleet: Fleet, judge: Judge, body: dict[str, Any], refused: Exchange) -> None:
    """The very same with a good token, where it was refused for want of one."""
    if not refused.ok:
        said = await fleet.ask_to_register(body, await fleet.mint())
        judge.status("STELLA-REG-036", said, 201)


def _parts_of(token: str) -> list[str]:
    """What is nearly that token: parts of it, more than it, one letter of it another, and all of
    them in the other case, unless it may be a number, which is the same then.
    """
    if len(token) < 8 or not token.isascii():
        return []
    middle = len(token) // 2
    other = "A" if token[middle] not in "Aa" else "B"
    return [
        token[:middle],
        token[middle:],
        token[:-2],
        token + "xQ",
        token[:middle] + other + token[middle + 1 :],
        *([] if set(token.lower()) <= set("0123456789abcdef-") else [token.swapcase()]),
    ]


async def _judge_unlisted(
    fleet: Fleet, judge: Judge, body: dict[str, Any], *refused: Exchange
) -> None:
    """A refused registration added nothing."""
    if refused[-1].ok:
        return  # it was taken: that is another finding
    found = await whole(fleet)
    if not found.ok:
        judge.status("STELLA-REG-023", found, 200)
        return
    shown = [row for row in rows_of(found) if row.get("name") == body["name"]]
    wrong = f"the registration of {body['name']} was refused, and it is listed"
    judge.holds("STELLA-REG-023", not shown, wrong, *refused, found)


@requirement("STELLA-REG-023", "STELLA-REG-028", "STELLA-REG-029", "STELLA-REG-036")
async def test_flow_tokens_are_good_once(fleet: Fleet, judge: Judge) -> None:
    used = [(token := await fleet.mint(), await fleet.register(token)) for _ in range(2)]
    for token, agent in used:
        for _ in range(3):
            body = fleet.registration()
            said = await fleet.ask_to_register(body, token, lawful=False)
            judge.status("STELLA-REG-028", said, _REFUSED)
            if said.status in _REFUSED:
                judge.status("STELLA-REG-029", said, 401)
            await _judge_unlisted(fleet, judge, body, agent.said, said)
        await _judge_free(fleet, judge, body, said)
        for body in (dict(agent.body), fleet.registration(name=agent.name)):
            # The name is taken as well, and which is told first is unsaid.
            said = await fleet.ask_to_register(body, token, lawful=False)
            judge.status("STELLA-REG-028", said, _REFUSED)


@requirement("STELLA-REG-030")
async def test_tokens_stay_used_when_their_agent_is_deleted(fleet: Fleet, judge: Judge) -> None:
    token = await fleet.mint()
    agent = await fleet.register(token)
    gone = await fleet.delete(agent.id)
    if not gone.ok:
        raise UnjudgeableError(f"the agent could not be deleted: {gone.outcome}")
    for body in (dict(agent.body), fleet.registration(), fleet.registration()):
        said = await fleet.ask_to_register(body, token, lawful=False)
        judge.status("STELLA-REG-030", said, _REFUSED)


@requirement("STELLA-REG-001", "STELLA-REG-023", "STELLA-REG-029", "STELLA-REG-031")
async def test_flow_one_token_is_used_by_many_at_once(fleet: Fleet, judge: Judge) -> None:
    for _ in range(2):
        token = await fleet.mint()
        bodies = [fleet.registration() for _ in range(_MANY)]
        answers = await asyncio.gather(
            *(fleet.ask_to_register(body, token, served=False) for body in bodies)
        )
        won = [said for said in answers if said.ok]
        wrong = f"{len(won)} of {_MANY} registrations with one token were accepted"
        judge.holds("STELLA-REG-031", len(won) < 2, wrong, *won[:2])
        wrong = f"none of {_MANY} registrations with a fresh token was accepted"
        judge.holds("STELLA-REG-001", bool(won), wrong, *answers[:2])
        for body, said in zip(bodies, answers, strict=True):
            if not said.ok and won:
                judge.status("STELLA-REG-029", said, 401)
                await _judge_unlisted(fleet, judge, body, said)


@requirement("STELLA-REG-035")
async def test_tokens_are_good_whatever_becomes_of_others(fleet: Fleet, judge: Judge) -> None:
    first, second, third = [await fleet.mint() for _ in range(3)]
    used = await fleet.ask_to_register(fleet.registration(), second)
    again = await fleet.ask_to_register(fleet.registration(), second, lawful=False)
    later = await fleet.mint()
    for token in (later, first, third):
        said = await fleet.ask_to_register(fleet.registration(), token)
        if not judge.status("STELLA-REG-035", said, 201):
            judge.holds("STELLA-REG-035", False, "another token was used", used, again, said)


@from_profile("standard")
@requirement(
    "STELLA-REG-028",
    "STELLA-REG-029",
    "STELLA-REG-030",
    "STELLA-REG-032",
    "STELLA-REG-033",
    "STELLA-REG-034",
    "STELLA-CERT-005",
)
async def test_flow_tokens_expire_after_a_day(fleet: Fleet, judge: Judge) -> None:
    used, kept, spare, forgotten, orphaned, vain = [await fleet.mint() for _ in range(6)]
    holder, gone = await fleet.register(used), await fleet.register(orphaned)
    deleted = await fleet.delete(gone.id)
    await fleet.hours.jump(2 * HOUR)
    await _refused(fleet, judge, "STELLA-REG-028", used)
    if deleted.ok:
        await _refused(fleet, judge, "STELLA-REG-030", orphaned)
    # A token that was tried in vain is no younger for that, if it is good at all.
    taken = fleet.registration(name=holder.name)
    tried = await fleet.ask_to_register(taken, vain, served=False)
    await fleet.hours.jump(21 * HOUR - fleet.hours.lag)
    for token in (kept, spare):
        said = await fleet.ask_to_register(fleet.registration(), token)
        judge.status("STELLA-REG-033", said, 201)
        if paper := Paper.of(said, "/certificate", fleet.hours):  # young, however old the token is
            paper.judge_life(judge, "STELLA-CERT-005")
    fresh = await fleet.mint()
    await fleet.hours.jump(1.25 * HOUR + fleet.hours.lag)
    for _ in range(2):
        said = await fleet.ask_to_register(fleet.registration(), forgotten, lawful=False)
        judge.status("STELLA-REG-032", said, 401)
    if not tried.ok:
        said = await fleet.ask_to_register(fleet.registration(), vain, lawful=False)
        judge.status("STELLA-REG-032", said, _REFUSED)  # it may be used up as well
    for token in (used, kept):
        await _refused(fleet, judge, "STELLA-REG-034", token)
    said = await fleet.ask_to_register(fleet.registration(), fresh)
    judge.status("STELLA-REG-033", said, 201)  # younger than a day, though others have expired
    await fleet.hours.jump(22 * HOUR)
    await _refused(fleet, judge, "STELLA-REG-034", used)
    said = await fleet.ask_to_register(fleet.registration(), forgotten, lawful=False)
    judge.status("STELLA-REG-032", said, 401)


async def _refused(fleet: Fleet, judge: Judge, row: str, token: str) -> None:
    """A used token is refused."""
    said = await fleet.ask_to_register(fleet.registration(), token, lawful=False)
    judge.status(row, said, _REFUSED)
    if said.status in _REFUSED:
        judge.status("STELLA-REG-029", said, 401)
