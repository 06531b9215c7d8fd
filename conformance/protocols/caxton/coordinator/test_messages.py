"""Messages to agents: what they are answered, and which of them are refused."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, from_profile, requirement
from conformance.protocols.caxton.client import SHOWN, Agent, Client
from conformance.protocols.caxton.counts import processed, until_processed
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.moments import judge_now
from conformance.protocols.caxton.refusals import judge_unreached, strangers
from conformance.protocols.caxton.talk import Talk, known_as, rows_of

PERFORMATIVES = (
    "request",
    "inform",
    "query-if",
    "query-ref",
    "propose",
    "accept-proposal",
    "reject-proposal",
    "agree",
    "refuse",
    "failure",
    "not-understood",
    "cfp",
    "cancel",
    "subscribe",
)

_FAILED = ("failed", "failure", "error", "rejected", "refused", "undelivered", "undeliverable")
"""Words for a message that did not arrive."""


@requirement(
    "CAXTON-MSG-005",
    "CAXTON-MSG-006",
    "CAXTON-MSG-007",
    "CAXTON-MSG-008",
    "CAXTON-MSG-009",
    "CAXTON-MSG-018",
    "CAXTON-MSG-020",
    "CAXTON-HIS-013",
)
async def test_flow_messages_are_taken(client: Client, crew: Crew, judge: Judge) -> None:
    """One after the other, each of another kind, and then many at the same time."""
    await client.clock.refill()
    agents = await crew.mates(client, 2)
    talk = Talk(client)
    said = await talk.say(agents[0])
    judge.status("CAXTON-MSG-005", said, range(200, 300))
    if isinstance(told := said.at("/delivered_at"), str):
        judge_now(
            client, judge, "CAXTON-MSG-007", said, "/delivered_at", told=told, after=agents[0]
        )
    else:
        judge.inconclusive("CAXTON-MSG-007", "no delivered_at was told")
    fields = {"in_reply_to": "question-4", "ontology": "harbour", "language": "sl0"}
    said = await talk.say(agents[1], performative="inform", **fields)
    judge.status("CAXTON-MSG-009", said, range(200, 300))
    bare = {"performative": "request", "sender": talk.sender, "receiver": agents[0].id}
    said = await client.call("sendMessage", body={**bare, "content": {"action": "process"}})
    judge.status("CAXTON-MSG-020", said, range(200, 300))
    for number, performative in enumerate(PERFORMATIVES):
        said = await talk.say(agents[number % 2], performative=performative)
        judge.status("CAXTON-MSG-008", said, range(200, 300))
    _judge_performatives(judge, talk, await talk.remembered())
    crowd = [agents[number % 2] for number in range(24)]
    many = await asyncio.gather(*(talk.say(agent, performative="inform") for agent in crowd))
    for said in many:
        judge.status("CAXTON-MSG-005", said, range(200, 300))
    for said in talk.answers:
        status = said.at("/status")
        wrong = f"a message to a running agent is taken, and is {status}"
        fine = not said.ok or status not in _FAILED
        judge.holds("CAXTON-MSG-018", fine, wrong, said, pointer="/status")
    ids = [str(said.at("/message_id")) for said in talk.answers if said.ok]
    shared = [said for said in talk.answers if ids.count(str(said.at("/message_id"))) > 1]
    wrong = f"of {len(ids)} messages {len(shared)} share their message_id with another"
    judge.holds("CAXTON-MSG-006", not shared, wrong, *shared[:2], pointer="/message_id")


def _judge_performatives(judge: Judge, talk: Talk, seen: Exchange) -> None:
    shown = {known_as(row): row.get("performative") for row in rows_of(seen)}
    sent = {found: message["performative"] for found, message in talk.taken.items()}
    other = {found: shown[found] for found in sent if shown.get(found, sent[found]) != sent[found]}
    judge.holds(
        "CAXTON-HIS-013",
        not other,
        "messages are remembered with another performative than they were sent with",
        seen,
        pointer="/messages",
        expected={found: sent[found] for found in other},
        actual=other,
    )


def _deep(levels: int) -> dict[str, Any]:
    return {"level": levels, "below": _deep(levels - 1)} if levels else {"bottom": True}


CONTENTS: Mapping[str, dict[str, Any]] = {
    "that of the document": {"action": "process", "data": {"key": "value"}},
    "empty": {},
    "beyond ASCII": {"ключ": "naïve ☕ 🚢 \u202e", "": "no name", 'a"b\\c/~1': "\t\n\u0000\u2028"},
    "of all types": {
        "numbers": [0, -7, 2.5, 1e-9, 9007199254740991, -9007199254740991, 6.02e23],
        "words": [True, False, None, "", "null", "0"],
        "nested": {"list": [[], [[]], {}], "object": {"object": {"list": [{"x": [1]}]}}},
        "nothing": None,
        "message_id": "mine",
    },
    "in names alike": {"nextPort": 1, "next_port": 2, "NextPort": 3, "nextport": {"NextPort": 4}},
    "deep": _deep(18),
    "large": {"text": "Seezeichen " * 6000, "rows": [[n, str(n)] for n in range(500)]},
}
"""Contents by what is odd about them, each a lawful JSON object."""


@requirement("CAXTON-MSG-015", "CAXTON-HIS-008", "CAXTON-HIS-014")
async def test_flow_contents(client: Client, crew: Crew, judge: Judge) -> None:
    agent = await crew.mate(client)
    talk = Talk(client)
    for what, content in CONTENTS.items():
        said = await talk.say(agent, performative="inform", content=content, served=False)
        wrong = f"a message whose content is {what} is answered {said.outcome}"
        judge.holds("CAXTON-MSG-015", said.ok, wrong, said)
    seen = await talk.remembered()
    shown = {known_as(row): row for row in rows_of(seen)}
    for number, (found, message) in enumerate(talk.taken.items()):
        if found in shown:
            at = next(n for n, row in enumerate(rows_of(seen)) if known_as(row) == found)
            pointer, said = f"/messages/{at}/content", talk.answers[number]
            told = "content" in shown[found]
            wrong = "a message that was sent with content is shown without"
            judge.holds("CAXTON-HIS-008", told, wrong, said, seen, pointer=pointer)
            judge.equal("CAXTON-HIS-014", seen, pointer, message["content"], said)
    await _judge_side_by_side(client, judge, await crew.mates(client, 2))
    if not talk.taken.keys() & shown.keys():
        for row in ("CAXTON-HIS-008", "CAXTON-HIS-014"):
            judge.inconclusive(row, "the history shows none of the messages")


async def _judge_side_by_side(client: Client, judge: Judge, agents: Sequence[Agent]) -> None:
    """Of messages at the same time each keeps what is its own."""
    talk = Talk(client)
    await asyncio.gather(
        *(
            talk.say(agents[n % 2], performative=SHOWN[n % 3 % 2], content={"number": n})
            for n in range(12)
        )
    )
    seen = await talk.remembered()
    for at, row in enumerate(rows_of(seen)):
        if message := talk.taken.get(known_as(row)):
            judge.equal("CAXTON-HIS-014", seen, f"/messages/{at}/content", message["content"])


@requirement("CAXTON-MSG-011", "CAXTON-MSG-012")
async def test_flow_receivers_that_there_are_not(client: Client, crew: Crew, judge: Judge) -> None:
    agent = await crew.mate(client)
    for stranger in strangers(agent):
        message = client.message(stranger)
        said = await client.call("sendMessage", body=message, served=False)
        judge.holds(
            "CAXTON-MSG-011",
            not said.ok or said.at("/status") != "delivered",
            "a message to an agent that there is not is told as delivered",
            said,
            pointer="/status",
        )
        judge_unreached(judge, said)


_NO_MESSAGES: Mapping[str, Mapping[str, Any]] = {
    "without a performative": {"performative": None},
    "whose performative is a number": {"performative": 7},
    "whose performative is a list": {"performative": ["request"]},
    "without a receiver": {"receiver": None},
    "whose receiver is a number": {"receiver": 12},
    "whose receiver is an object": {"receiver": {"agent_id": "agent-1"}},
}
"""What is no message, by what is wrong with it. `None` leaves a field out."""

_HALF_MESSAGES: Mapping[str, Mapping[str, Any]] = {
    "without content": {"content": None},
    "whose content is a text": {"content": "plot"},
    "whose content is a list": {"content": [1, {"a": 2}]},
    "whose content is a number": {"content": 4.5},
}


@requirement("CAXTON-MSG-010", "CAXTON-MSG-013", "CAXTON-MSG-014", "CAXTON-HIS-024")
async def test_flow_what_is_no_message(client: Client, crew: Crew, judge: Judge) -> None:
    agent = await crew.mate(client)
    talk = Talk(client)
    refused = []
    for what, change in _NO_MESSAGES.items():
        said = await _try(client, talk, agent, change)
        wrong = f"a message {what} is answered {said.outcome}"
        if judge.holds("CAXTON-MSG-013", _is_refused(said), wrong, said, expected="4XX"):
            refused.append(said)
    for what, change in _HALF_MESSAGES.items():
        said = await _try(client, talk, agent, change)
        wrong = f"a message {what} is answered {said.outcome}"
        judge.holds("CAXTON-MSG-014", said.ok or _is_refused(said), wrong, said)
        refused += [] if said.ok else [said]
    seen = await talk.history()
    shown = [row for row in rows_of(seen) if known_as(row) not in talk.taken]
    strays = [row for row in shown if row.get("receiver") != talk.sender]  # no answers to it
    wrong = f"of {len(refused)} messages that were refused {len(strays)} are in the history"
    judge.holds("CAXTON-HIS-024", not strays, wrong, *refused[:1], seen, pointer="/messages")
    nameless = {"sender": None, "conversation_id": client.new("talk")}
    said = await _try(client, talk, agent, nameless)
    wrong = f"a message that names no sender is answered {said.outcome}"
    judge.holds("CAXTON-MSG-010", said.ok or _is_refused(said), wrong, said)


async def _try(client: Client, talk: Talk, agent: Agent, change: Mapping[str, Any]) -> Exchange:
    """Send a message of this conversation that may be none."""
    own = {"conversation_id": talk.id, "sender": talk.sender, **change}
    whole = {**client.message(agent), **own}
    message = {name: value for name, value in whole.items() if value is not None}
    said = await client.call("sendMessage", body=message, lawful=False)
    talk.said.append((said, message))
    return said


def _is_refused(said: Exchange) -> bool:
    return said.status is not None and 400 <= said.status < 500


@requirement("CAXTON-MSG-016", "CAXTON-MSG-017", "CAXTON-MET-027")
@from_profile("standard")
async def test_flow_answers_of_agents(client: Client, crew: Crew, judge: Judge) -> None:
    """Whatever agents answer by themselves must be right as well."""
    agent, other = await crew.mates(client, 2)
    talk = Talk(client)
    before = await client.get(agent)
    await talk.say(other, content={"question": "elsewhere"})
    answer = {"depth": [7, 8.5], "note": client.new("answer")}
    can_reply = "reply" in client.hooks.target.hooks
    for _ in range(2):  # it may still have owed an answer to somebody else, who was given this one
        if can_reply:
            await client.hooks("reply", {"agent": agent.id, "content": answer})
        said = await talk.say(agent, content={"question": "How deep is it?"})
        asked = talk.said[-1][1]
        seen, found = await _answered(talk, agent, answer if can_reply else None)
        if found is not None or not can_reply:
            break
    if not _judge_reference(judge, talk, seen):
        judge.inconclusive("CAXTON-MSG-017", "no answer of an agent tells to what it is one")
    if not can_reply:
        raise UnjudgeableError("the target has no hook 'reply'")
    right = found is not None and found.get("receiver") == asked["sender"]
    wrong = "an agent's answer is not in the history, from that agent to whoever had asked"
    judge.holds("CAXTON-MSG-016", right, wrong, said, seen, pointer="/messages", expected=answer)
    if found is None:
        raise UnjudgeableError("no answer of the agent is in the history")
    after = await until_processed(client, agent, before)
    had, has = processed(before), processed(after)
    wrong = f"an agent answered a message, and its messages_processed went from {had} to {has}"
    judge.holds("CAXTON-MET-027", has > had, wrong, before, said, after, pointer="/metrics")


async def _answered(
    talk: Talk, agent: Agent, answer: dict[str, Any] | None
) -> tuple[Exchange, dict[str, Any] | None]:
    """The history once that answer is in it; without one, after a moment."""
    clock = talk.client.clock
    end, looks = clock.now() + (5.0 if answer else 1.0), 0
    while True:
        seen = await talk.history()
        found = [
            row
            for row in rows_of(seen)
            if row.get("sender") == agent.id and row.get("content") == answer
        ]
        if found or not seen.ok or clock.now() > end:
            return seen, next(iter(found), None)
        await clock.step(looks + 2)
        looks += 1


def _judge_reference(judge: Judge, talk: Talk, seen: Exchange) -> bool:
    """Each answer that tells to what it is one tells it right. Was there any?"""
    given = {(message["receiver"], message["reply_with"]) for message in talk.taken.values()}
    told = [
        (str(row.get("sender")), row.get("in_reply_to"))
        for row in rows_of(seen)
        if row.get("receiver") == talk.sender and isinstance(row.get("in_reply_to"), str)
    ]
    for each in told:
        wrong = f"an agent's answer is in_reply_to {each[1]}, which no message to it gave"
        right = each in given
        judge.holds("CAXTON-MSG-017", right, wrong, seen, pointer="/messages", actual=each[1])
    return bool(told)
