"""Everything that an agent sends, in every situation, held against the document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from conformance.examiner import Examiner
from conformance.exchange import of_transcript, read_json
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.plugin import Suite
from conformance.protocols.aitbc.dialogue import registering
from conformance.protocols.aitbc.situations import SITUATIONS
from conformance.respelt import respelt_members

_FILTERS = {"status", "agent_type", "capabilities", "services"}

_NOBODY = re.compile(r"|undefined|null|none|nan|.*[${}<>].*")
"""Where a host should stand, what is left when a variable held none."""

_EVERY_SITUATION = pytest.mark.parametrize("situation", [s.name for s in SITUATIONS])


@requirement("AITBC-AGENT-GEN-001")
@_EVERY_SITUATION
async def test_flow_requests_are_lawful(situation: str, examiner: Examiner, judge: Judge) -> None:
    """Bodies are judged by the schema of their place, and all else by the general rules."""
    seen = await examiner.observe(situation)
    judge.holds(
        "AITBC-AGENT-GEN-001",
        bool(seen.exchanges),
        f"the agent said nothing within {seen.seconds:.0f} s; "
        + (seen.ending.describe() if seen.ending else "it runs elsewhere"),
    )
    for heard in seen.exchanges:
        judge.see_request(heard)


@requirement("AITBC-AGENT-GEN-022", "AITBC-AGENT-GEN-023", "AITBC-AGENT-REG-014")
@_EVERY_SITUATION
async def test_flow_bodies_say_what_is_meant(
    situation: str, examiner: Examiner, judge: Judge, suite: Suite
) -> None:
    """By the names that the document gives things, in words that are some, with hosts that are."""
    for heard in (await examiner.observe(situation)).exchanges:
        said = read_json(heard.body) if heard.body else None
        operation = suite.protocol.operations.get(heard.operation)
        if operation is None or operation.request is None or not isinstance(said, dict):
            continue
        shown = of_transcript(heard)
        wrong = next(respelt_members(suite.protocol.openapi, operation.request, said), None)
        where = wrong.pointer if wrong else None
        judge.holds("AITBC-AGENT-GEN-022", wrong is None, str(wrong), shown, pointer=where)
        empty = [*_empty(said), *_empty(said.get("requirements"))]
        blank = f"there is nothing in {', '.join(empty)}"
        judge.holds("AITBC-AGENT-GEN-023", not empty, blank, shown)
        hosts = [text for text in _endpoints(said) if _names_nobody(text)]
        judge.holds("AITBC-AGENT-REG-014", not hosts, f"there is no host in {hosts}", shown)


def _empty(said: Any) -> Iterator[str]:
    """The members that hold an empty text, of those that say what sort of agent is meant."""
    for name in ("agent_type", "capabilities", "services") if isinstance(said, dict) else ():
        told = said.get(name)
        texts = told if isinstance(told, list) else [told]
        if any(isinstance(text, str) and not text.strip() for text in texts):
            yield name


def _endpoints(said: dict[str, Any]) -> list[str]:
    told = said.get("endpoints")
    return (
        [text for text in told.values() if isinstance(text, str)] if isinstance(told, dict) else []
    )


def _names_nobody(url: str) -> bool:
    """Of files and of the like nobody asks for a host."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    of_network = parts.scheme in ("http", "https", "ws", "wss", "grpc", "grpcs", "tcp")
    return of_network and _NOBODY.fullmatch(host.lower()) is not None


@requirement("AITBC-AGENT-QUEUE-001")
@_EVERY_SITUATION
async def test_queues_are_cleared_by_priority(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    for heard in seen.exchanges:
        if heard.operation == "clearQueue":
            judge.holds(
                "AITBC-AGENT-QUEUE-001",
                not any(v.pointer == "/path/priority" for v in heard.violations),
                f"{heard.path} names no priority",
                of_transcript(heard),
            )


@requirement("AITBC-AGENT-DISC-008", "AITBC-AGENT-DISC-009")
@_EVERY_SITUATION
async def test_filters_are_said_in_the_body(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    """Which types there are is open, and so a row of its own; that a type is a text is not."""
    seen = await examiner.observe(situation)
    for heard in seen.exchanges:
        if heard.operation == "discoverAgents":
            astray = sorted(_FILTERS & parse_qs(heard.query, keep_blank_values=True).keys())
            wrong = f"{', '.join(astray)} stand in the query string"
            judge.holds("AITBC-AGENT-DISC-008", not astray, wrong, of_transcript(heard))
            sought = read_json(heard.body)
            inside = _wrapped(sought)
            holders = ", ".join(sorted(set(inside.values())))
            wrong = f"{', '.join(inside)} stand in {holders}, which stands in the body"
            judge.holds("AITBC-AGENT-DISC-008", not inside, wrong, of_transcript(heard))
            kind = sought.get("agent_type") if isinstance(sought, dict) else None
            wrong = f"the type that is searched for is no text: {kind!r}"
            right = kind is None or isinstance(kind, str)
            judge.holds("AITBC-AGENT-DISC-009", right, wrong, of_transcript(heard))


def _wrapped(sought: Any) -> dict[str, str]:
    """The filters that stand one level too deep, each with the member that holds it, where none
    stands in its place.
    """
    if not isinstance(sought, dict) or _FILTERS & sought.keys():
        return {}
    members = ((name, value) for name, value in sought.items() if isinstance(value, dict))
    return {each: name for name, value in members for each in sorted(_FILTERS & value.keys())}


@requirement("AITBC-AGENT-GET-001")
@_EVERY_SITUATION
async def test_ids_are_encoded_once(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    known = {agent_id for heard in seen.exchanges if (agent_id := registering(heard))}
    for heard in seen.exchanges:
        if heard.operation == "getAgent":
            asked = heard.parameters["agent_id"]
            twice = asked not in known and unquote(asked) in known
            wrong = f"{asked!r} is asked for: {unquote(asked)!r}, encoded twice"
            judge.holds("AITBC-AGENT-GET-001", not twice, wrong, of_transcript(heard))
            form = asked not in known and asked.replace("+", " ") in known
            wrong = f"{asked!r} is asked for: in a path a blank is no plus"
            judge.holds("AITBC-AGENT-GET-001", not form, wrong, of_transcript(heard))


@requirement(
    "AITBC-AGENT-STAT-005",
    "AITBC-AGENT-STAT-006",
    "AITBC-AGENT-BEAT-001",
    "AITBC-AGENT-BEAT-002",
)
@_EVERY_SITUATION
async def test_flow_agents_speak_for_themselves(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    known = {agent_id for heard in seen.exchanges if (agent_id := registering(heard))}
    so_far: set[str] = set()
    for heard in seen.exchanges:
        if agent_id := registering(heard):
            so_far.add(agent_id)
        row = {"updateAgentStatus": "STAT-005", "sendHeartbeat": "BEAT-001"}.get(heard.operation)
        if row is None:
            continue
        after = {"STAT-005": "STAT-006", "BEAT-001": "BEAT-002"}[row]
        own = heard.parameters["agent_id"]
        exchange = of_transcript(heard)
        if known:
            judge.holds(
                f"AITBC-AGENT-{row}",
                own in known,
                f"{heard.method} {heard.path} is for {own!r}, and registered were {sorted(known)}",
                exchange,
            )
        judge.holds(
            f"AITBC-AGENT-{after}",
            own in so_far,
            f"{heard.method} {heard.path} came before a registration of {own!r}",
            exchange,
        )
