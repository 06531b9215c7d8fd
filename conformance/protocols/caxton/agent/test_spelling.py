"""Whether a client writes the document's names and words as the document does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import pytest

from conformance.examiner import Examiner, Observation
from conformance.exchange import of_transcript
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.plugin import Suite
from conformance.protocols.caxton.acts import ACTS
from conformance.protocols.caxton.situations import NAMES
from conformance.protocols.caxton.story import about, body_of, good, query_of, told_texts
from conformance.protocols.caxton.subscriptions import wishes
from conformance.respelt import Respelling, respelt_members, respelt_names
from mockserver.transcript import HttpExchange
from schemas.spec import Protocol

_EVERY_SITUATION = pytest.mark.parametrize("situation", NAMES)

_QUERIES: Mapping[str, tuple[str, ...]] = {
    "listAgents": ("status", "limit", "offset"),
    "queryMessages": ("conversation_id", "limit"),
    "getAgentMetrics": ("period",),
}

_WORDS: Mapping[str, tuple[str, str]] = {
    "createTask": ("protocol", "contract_net"),
    "distributeTask": ("strategy", "best_bid"),
}
"""Members whose one word the document shows: others there may be, but not that one respelt."""

_LENT = (("filter", "agent_ids", "agents"), ("filters", "agents", "agent_ids"))
"""What a client calls by the name that it has in the other form of a subscription."""


@requirement("CAXTON-AGENT-REQ-070", "CAXTON-AGENT-REQ-071")
@_EVERY_SITUATION
async def test_flow_requests_are_spelt_as_documented(
    situation: str, examiner: Examiner, judge: Judge, suite: Suite
) -> None:
    for heard in (await examiner.observe(situation)).exchanges:
        shown = of_transcript(heard)
        if heard.query or body_of(heard):
            wrong = next(_respelt(suite.protocol, heard), None)
            where = wrong.pointer if wrong else None
            judge.holds("CAXTON-AGENT-REQ-070", wrong is None, str(wrong), shown, pointer=where)
        member, meant = _WORDS.get(heard.operation, ("", ""))
        said = body_of(heard).get(member)
        if isinstance(said, str):
            other = next(respelt_names([said], [meant]), None)
            judge.holds("CAXTON-AGENT-REQ-071", other is None, str(other), shown, actual=said)


def _respelt(protocol: Protocol, heard: HttpExchange) -> Iterator[Respelling]:
    yield from respelt_names(query_of(heard), _QUERIES.get(heard.operation, ()))
    operation = protocol.operations.get(heard.operation)
    if operation is not None and operation.request is not None and not operation.is_rpc:
        yield from respelt_members(protocol.openapi, operation.request, body_of(heard))


@requirement("CAXTON-AGENT-WIRE-008")
@pytest.mark.parametrize("situation", ["odd ids"])
async def test_ids_in_paths_are_encoded(situation: str, examiner: Examiner, judge: Judge) -> None:
    """One that arrives as another than was told, as it is where nobody encoded it."""
    seen = await examiner.observe(situation)
    told = {text for _, text in told_texts([h for h in seen.exchanges if good(h)])}
    bare = {unquote(text): text for text in told if "%" in text}
    for heard in seen.exchanges:
        own = about(heard)
        if own:
            wrong = own in bare and own not in told
            meant = f"{own!r} is asked for, and {bare.get(own)!r} was told"
            judge.holds("CAXTON-AGENT-WIRE-008", not wrong, meant, of_transcript(heard))


@requirement("CAXTON-AGENT-SOCK-022", "CAXTON-AGENT-SOCK-023")
@_EVERY_SITUATION
async def test_flow_subscriptions_are_spelt_as_documented(
    situation: str, examiner: Examiner, judge: Judge, suite: Suite
) -> None:
    seen = await examiner.observe(situation)
    schema = suite.protocol.messages["subscribe"].payload.removeprefix("asyncapi")
    for wish in wishes(seen, "subscribe"):
        found = [*respelt_members(suite.protocol.asyncapi, schema, wish.said), *_lent(wish.said)]
        judge.holds(
            "CAXTON-AGENT-SOCK-022",
            not found,
            str(next(iter(found), "")),
            *seen.shown(wish.frame),
            pointer=found[0].pointer if found else None,
        )
    _judge_acts(judge, seen)


def _lent(said: Mapping[str, Any]) -> Iterator[Respelling]:
    for place, name, meant in _LENT:
        inside = said.get(place)
        if isinstance(inside, dict) and name in inside and meant not in inside:
            yield Respelling(said=name, meant=meant, pointer=f"/{place}/{name}")


def _judge_acts(judge: Judge, seen: Observation) -> None:
    for wish in wishes(seen, "subscribe"):
        wanted = wish.said.get("filter")
        acts = wanted.get("performatives") if isinstance(wanted, dict) else None
        for act in acts if isinstance(acts, list) else ():
            if isinstance(act, str) and act:
                judge.holds(
                    "CAXTON-AGENT-SOCK-023",
                    act in ACTS,
                    f"{act!r} is no communicative act of FIPA: no message has it",
                    *seen.shown(wish.frame),
                    pointer="/filter/performatives",
                    actual=act,
                )
