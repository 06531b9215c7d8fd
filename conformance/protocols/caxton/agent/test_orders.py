"""What a client orders, beyond what a schema can say of it: whom it names, and in which steps."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest

from conformance.examiner import Examiner, Observation
from conformance.exchange import of_transcript
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.caxton.situations import CALM, NAMES
from conformance.protocols.caxton.story import (
    about,
    asked,
    body_of,
    exchanges,
    good,
    ids_in,
    message_of,
    query_of,
    sent_at,
    verb,
)
from conformance.protocols.caxton.subscriptions import wishes
from conformance.protocols.caxton.told import Told, agents_told, name_in
from mockserver.transcript import Frame, HttpExchange

_CALM = pytest.mark.parametrize("situation", CALM)

_UNKNOWN = 404

_WHOLE = 100

_STEPLESS = ("immediate", "direct")
"""Strategies that do all at once."""

_A = {"agent": "an agent", "task": "a task", "deployment": "a deployment"}

_SPECIMENS = ("agent_123", "agent_456", "agent_999")
"""Ids of the document's examples, which are no agent's unless one was told them."""

_CROSSED = 0.02
"""Seconds in which two requests of one client may have crossed."""


@requirement("CAXTON-AGENT-REQ-063")
@_CALM
async def test_ids_are_those_that_were_told(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    """A message may go to somebody else than an agent (silence 9); not so where there is nobody."""
    seen = await examiner.observe(situation)
    told = Told.in_entries(_answers(seen))
    for heard in seen.exchanges:
        names = [about(heard)] if verb(heard) == "sendMessage" and good(heard) else ids_in(heard)
        kind = next((p.removesuffix("_id") for p in heard.parameters), "agent")
        for name in filter(None, names):
            judge.holds(
                "CAXTON-AGENT-REQ-063",
                told.before(heard, kind, name),
                f"{name!r} is no id of {_A[kind]} that the client was told",
                of_transcript(heard),
                actual=name,
            )


@requirement("CAXTON-AGENT-REQ-063")
@_CALM
async def test_subscriptions_name_agents_by_their_ids(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    """Those of agents that the client was never told of, it may know from elsewhere."""
    seen = await examiner.observe(situation)
    told = Told.in_entries(_answers(seen))
    for wish in wishes(seen, "subscribe"):
        for name in wish.agents:
            judge.holds(
                "CAXTON-AGENT-REQ-063",
                told.before(wish.frame, "agent", name)
                or not (told.named(wish.frame, name) or name in _SPECIMENS),
                f"{name!r} is the name of an agent, or an example's, and no id that was told",
                *seen.shown(wish.frame),
                actual=name,
            )


@requirement("CAXTON-AGENT-REQ-063")
@_CALM
async def test_histories_are_asked_for_by_conversation(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    """What the client knows as the id of a message is no conversation."""
    seen = await examiner.observe(situation)
    told = Told.in_entries(_answers(seen))
    own = {message_of(heard).get("conversation_id") for heard in asked(seen, "sendMessage")}
    for heard in asked(seen, "queryMessages"):
        name = query_of(heard).get("conversation_id", "")
        if name and name not in own:
            judge.holds(
                "CAXTON-AGENT-REQ-063",
                not told.before(heard, "message", name),
                f"{name!r} is the id of a message, and no conversation's",
                of_transcript(heard),
                actual=name,
            )


def _answers(seen: Observation) -> list[HttpExchange | Frame]:
    """What may tell of something: not what says no more than that there is no such thing."""
    return [entry for entry in seen.entries if getattr(entry, "status", 0) != _UNKNOWN]


@requirement("CAXTON-AGENT-REQ-064", "CAXTON-AGENT-REQ-067")
@pytest.mark.parametrize("situation", NAMES)
async def test_flow_stages_lead_somewhere(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    for heard in asked(seen, "createDeployment"):
        kind, shares = _plan(body_of(heard).get("strategy"))
        if not shares:
            continue
        rising = all(before < after for before, after in pairwise(shares))
        judge.holds(
            "CAXTON-AGENT-REQ-064",
            rising and shares[-1] == _WHOLE,
            f"the percentages are {shares}",
            of_transcript(heard),
            pointer="/strategy/stages",
        )
        if len(shares) > 1:
            judge.holds(
                "CAXTON-AGENT-REQ-067",
                kind not in _STEPLESS,
                f"{len(shares)} stages of the strategy {kind!r}",
                of_transcript(heard),
                pointer="/strategy/type",
            )


@requirement("CAXTON-AGENT-REQ-068", "CAXTON-AGENT-REQ-069")
@pytest.mark.parametrize("situation", NAMES)
async def test_flow_orders_are_written_as_shown(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    for heard in asked(seen, "distributeTask"):
        wrong = "a distribution names no strategy"
        fine = body_of(heard).get("strategy") is not None
        judge.holds("CAXTON-AGENT-REQ-068", fine, wrong, of_transcript(heard))
    for heard in asked(seen, "createDeployment"):
        strategy = body_of(heard).get("strategy")
        stages = strategy.get("stages") if isinstance(strategy, dict) else None
        for stage in stages if isinstance(stages, list) else ():
            told = stage.get("duration") if isinstance(stage, dict) else None
            wrong = f"the duration of a stage is {told!r}"
            fine = not isinstance(told, str) or _DURATION.fullmatch(told) is not None
            judge.holds("CAXTON-AGENT-REQ-069", fine, wrong, of_transcript(heard))


_DURATION = re.compile(r"[0-9]+(\.[0-9]+)?(ms|s|m|h|d)?([0-9]+(ms|s|m|h|d))*")


def _plan(strategy: Any) -> tuple[Any, list[float]]:
    """The type of a strategy, and the percentages of its stages; none where they are no numbers."""
    said = strategy if isinstance(strategy, dict) else {}
    stages = said.get("stages")
    shares = [
        stage.get("percentage") if isinstance(stage, dict) else None
        for stage in (stages if isinstance(stages, list) else ())
    ]
    sound = [s for s in shares if isinstance(s, int | float) and not isinstance(s, bool)]
    return said.get("type"), sound if len(sound) == len(shares) else []


@requirement("CAXTON-AGENT-REQ-065")
@_CALM
async def test_names_are_free(situation: str, examiner: Examiner, judge: Judge) -> None:
    """As far as the client knows: what it deployed or saw, and has not removed."""
    seen = await examiner.observe(situation)
    known: dict[str, tuple[str, HttpExchange]] = {}
    for heard in seen.exchanges:
        if verb(heard) == "deployAgent":
            name = name_in(heard)
            before = known.get(name)
            judge.holds(
                "CAXTON-AGENT-REQ-065",
                before is None or sent_at(heard) - before[1].real < _CROSSED,
                f"an agent of the name {name!r} is there already, as the client knows",
                *exchanges([before[1]] if before else []),
                of_transcript(heard),
            )
        gone = about(heard) if heard.operation == "removeAgent" or heard.status == _UNKNOWN else ""
        known = {name: each for name, each in known.items() if each[0] != gone}
        if good(heard):
            known |= {name: (own, heard) for name, own in agents_told(heard)}


@requirement("CAXTON-AGENT-REQ-066")
@_CALM
async def test_participants_are_there(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    told = Told.in_entries(_answers(seen))
    for heard in asked(seen, "createTask"):
        named = body_of(heard).get("participants")
        for name in named if isinstance(named, list) else ():
            if not isinstance(name, str) or not name:
                continue
            removed = [
                each
                for each in asked(seen, "removeAgent")
                if good(each) and about(each) == name and sent_at(heard) - each.real > _CROSSED
            ]
            known = told.before(heard, "agent", name)
            judge.holds(
                "CAXTON-AGENT-REQ-066",
                known and not removed,
                f"{name!r} "
                + ("was removed by the client itself" if known else "is no agent that it knows"),
                *exchanges(removed[:1]),
                of_transcript(heard),
            )
