"""The procedures of gRPC: messages, replies, refusals, and what is no call at all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from conformance.clients.grpc import GrpcClient
from conformance.exchange import MISSING, Exchange
from conformance.frames import Frame
from conformance.judge import Judge, same
from conformance.marks import UnjudgeableError, from_profile, requirement
from conformance.patience import Patience
from conformance.protocols.caxton.answers import judge_reply
from conformance.protocols.caxton.caller import SEND, WAIT, Caller
from conformance.protocols.caxton.client import Agent, Client
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.refusals import judge_code
from conformance.protocols.caxton.roll import call_roll
from conformance.protocols.caxton.talk import judge_kept

_OK = range(200, 300)

_UNHEARD = ("NOT_FOUND", "INTERNAL", "UNKNOWN", "UNAVAILABLE")
"""How a message may be refused whose receiver there is not."""

_REPLIES_WITHIN = 5.0
_NOBODY_WITHIN = 1.0

_TRIES = 3
"""Times that a scripted reply is asked for: an agent may still have owed one to somebody else."""

_SOON = 1.0
"""Seconds in which an agent replies, if it does."""


@pytest.fixture
def caller(procedures: GrpcClient, client: Client) -> Caller:
    return Caller(procedures, client)


# Deployments


@requirement(
    "CAXTON-GRP-018", "CAXTON-GRP-019", "CAXTON-GRP-020", "CAXTON-GRP-038", "CAXTON-GRP-039"
)
async def test_flow_refused_deployments(caller: Caller, client: Client, judge: Judge) -> None:
    named = caller.config()
    bad = await caller.deploy(named, b"MZ\x90\0 no module at all", lawful=False)
    _judge_no_module(judge, bad)
    nameless = await caller.deploy(caller.config(name=None), lawful=False)
    wrong = "an agent without a name is deployed"
    judge.holds("CAXTON-GRP-020", not nameless.ok, wrong, nameless)
    roll = await call_roll(client)
    wrong = "a refused deployment has added an agent"
    judge.holds("CAXTON-GRP-018", named["name"] not in roll.names, wrong, bad, roll.pages[-1])


def _judge_no_module(judge: Judge, said: Exchange) -> None:
    wrong = "bytes that are no WebAssembly module are deployed"
    judge.holds("CAXTON-GRP-018", not said.ok, wrong, said)
    what = "a module that is none"
    judge_code(judge, "CAXTON-GRP-019", said, "INVALID_ARGUMENT", what)


@from_profile("exhaustive")
@requirement(*(f"CAXTON-GRP-{number:03}" for number in (14, 18, 19, 20, 38)), "CAXTON-XTR-001")
async def test_flow_more_deployments(caller: Caller, client: Client, judge: Judge) -> None:
    bare = {"name": client.new("mate")}
    came = await caller.deploy(bare)
    judge.status("CAXTON-GRP-014", came, _OK)
    empty = caller.config()
    for module in (b"", b"\0asm"[:3]):
        _judge_no_module(judge, await caller.deploy(empty, module, lawful=False))
    said = await caller.deploy(None, lawful=False)
    judge.holds("CAXTON-GRP-020", not said.ok, "an agent without a configuration comes", said)
    roll = await call_roll(client)
    row = roll.of(str(came.at("/agent_id")))
    wrong = f"under the agent_id that it was given REST lists {row}"
    fine = row is not None and row.get("name") == bare["name"]
    judge.holds("CAXTON-XTR-001", fine, wrong, came, roll.pages[-1])
    for name, wanted in ((bare["name"], 1), (empty["name"], 0)):
        wrong = f"REST lists the agent {roll.names.count(name)} times"
        judged = "CAXTON-GRP-014" if wanted else "CAXTON-GRP-018"
        judge.holds(judged, roll.names.count(name) == wanted, wrong, roll.pages[-1])


# Messages


@requirement(
    *(f"CAXTON-GRP-{number:03}" for number in (25, 26, 27)),
    *(f"CAXTON-XTR-{number:03}" for number in (11, 12, 14, 17)),
)
async def test_flow_messages(
    caller: Caller, client: Client, crew: Crew, judge: Judge, patience: Patience
) -> None:
    mates = await crew.mates(client, 2)
    watch = await client.watch()
    await watch.subscribe("message.sent")
    sent: list[tuple[Exchange, dict[str, Any]]] = []
    for mate, performative in zip(mates, ("inform", "request"), strict=True):
        content = {
            "note": "naïve Ω 🚢",
            "none": None,
            "deep": [{"n": 2.5, "none": None}, [True, "x"]],
        }
        message = caller.message(mate, performative=performative, content=content)
        said = await caller.send(message)
        judge.status("CAXTON-GRP-025", said, _OK)
        sent.append((said, message))
    for said, message in sent:
        kept = await judge_kept(judge, client, said, message)
        await _judge_alike(caller, client, judge, mates[0], message)
        frame = await watch.hope("message.sent", partial(_from, message["sender"]), patience)
        wrong = "a message that was sent over gRPC is not told"
        judge.holds("CAXTON-XTR-012", frame is not None, wrong, said, *watch.socket.frames[-1:])
        for pointer, name in (("/to", "receiver"), ("/performative", "performative")):
            if frame is not None:
                wrong = f"{pointer[1:]} is told as {frame.value(pointer)!r}, not {message[name]!r}"
                fine = frame.value(pointer) == message[name]
                judge.holds("CAXTON-XTR-012", fine, wrong, said, frame, pointer=pointer)
        told = [kept, frame.value("/message_id") if frame else MISSING, said.at("/message_id")]
        ids = {each for each in told if isinstance(each, str) and each}
        wrong = f"one message over gRPC is known as {', '.join(sorted(ids))}"
        shown = [frame] if frame else []
        judge.holds("CAXTON-XTR-017", len(ids) < 2, wrong, said, *shown, pointer="/message_id")
    await _refused_messages(caller, client, judge, mates[0])


def _from(sender: str, frame: Frame) -> bool:
    return bool(frame.value("/from") == sender)


async def _judge_alike(
    caller: Caller, client: Client, judge: Judge, mate: Agent, message: dict[str, Any]
) -> None:
    """What the history need not show it shows of all messages, whichever way they came."""
    twin = caller.message(mate, performative=message["performative"])
    said = await client.call("sendMessage", body=twin)
    rest, rpc = [
        await client.history(each["conversation_id"], limit=20) for each in (twin, message)
    ]
    there, here = rest.at("/messages/0"), rpc.at("/messages/0")
    if not isinstance(there, dict) or not isinstance(here, dict):
        judge.inconclusive("CAXTON-XTR-014", "the history does not show both messages")
        return
    shown = [name for name in _LINKS if there.get(name) == twin[name]]
    lost = [name for name in shown if here.get(name) != message[name]]
    wrong = f"of a message over gRPC the history does not show {', '.join(lost)}"
    judge.holds("CAXTON-XTR-014", not lost, wrong, said, rest, rpc, pointer="/messages")


_LINKS = ("reply_with", "in_reply_to", "ontology", "language")


async def _refused_messages(caller: Caller, client: Client, judge: Judge, mate: Agent) -> None:
    nobody = caller.message(client.new("nobody"), performative="inform")
    said = await caller.send(nobody, served=False)
    wrong = "a message to an agent that there is not is taken"
    if judge.holds("CAXTON-GRP-026", not said.ok, wrong, said):
        wrong = f"a message to an agent that there is not is refused with {said.outcome}"
        judge.holds("CAXTON-GRP-026", said.code in _UNHEARD, wrong, said)
    whole = caller.message(mate, performative="inform")
    for name in ("performative", "receiver"):
        message = {key: value for key, value in whole.items() if key != name}
        said = await caller.send(message, lawful=False)
        judge.holds("CAXTON-GRP-027", not said.ok, f"a message without {name} is taken", said)
    for operation in (SEND, WAIT):
        said = await caller.call(operation, {}, within=_NOBODY_WITHIN, lawful=False)
        judge.holds("CAXTON-GRP-027", not said.ok, f"{operation} takes no message at all", said)


# Replies


async def _scripted(client: Client, agent: Agent) -> dict[str, Any] | None:
    """What the agent will reply, where the target can make it; `None` where it is up to it."""
    if "reply" not in client.hooks.target.hooks:
        return None
    content = {"depth": 7, "mark": client.new("reply")}
    await client.hooks("reply", {"agent": agent.id, "content": content})
    return content


@requirement("CAXTON-GRP-028", "CAXTON-GRP-029", "CAXTON-GRP-030")
async def test_flow_replies(caller: Caller, client: Client, crew: Crew, judge: Judge) -> None:
    mates = await crew.mates(client, 3)
    for _ in range(_TRIES):
        content = await _scripted(client, mates[0])
        message = caller.message(mates[0])
        said = await caller.send_and_wait(message, _REPLIES_WITHIN)
        if content is None or not said.ok or same(said.at("/message/content"), content):
            break
    silent = not said.ok and content is None and said.code != "UNIMPLEMENTED"
    if silent and not await _has_replied(client, mates[0], message, _REPLIES_WITHIN - said.seconds):
        raise UnjudgeableError("the agent does not reply, and the target has no hook 'reply'")
    if not judge.status("CAXTON-GRP-028", said, _OK):
        return
    if not await caller.tells("MessageReply", "message"):
        raise UnjudgeableError("the peer does not describe its replies, and their type is open")
    told = said.at("/message/content")
    wrong = f"the agent replied {content!r}, and the call is answered with {told!r}"
    fine = content is None or same(told, content)
    judge.holds("CAXTON-GRP-028", fine, wrong, said)
    judge_reply(judge, "CAXTON-GRP-029", said, message)
    further = caller.message(mates[0], conversation_id=message["conversation_id"])
    said = await caller.send_and_wait(further, _REPLIES_WITHIN)
    if said.ok:
        judge_reply(judge, "CAXTON-GRP-029", said, further)
    await _judge_together(caller, client, judge, mates)


async def _judge_together(
    caller: Caller, client: Client, judge: Judge, mates: Sequence[Agent]
) -> None:
    """At the same time: to agents, each with a reply of its own, and several to one."""
    scripted = [await _scripted(client, mate) for mate in mates]
    messages = [caller.message(mate) for mate in mates]
    together = await asyncio.gather(
        *(caller.send_and_wait(each, _REPLIES_WITHIN) for each in messages)
    )
    for each, sent, wanted in zip(together, messages, scripted, strict=True):
        if not judge.status("CAXTON-GRP-030", each, _OK):
            continue
        judge_reply(judge, "CAXTON-GRP-030", each, sent)
        told = each.at("/message/content")
        wrong = f"of calls at the same time one gets {told!r}, and its agent replied {wanted!r}"
        fine = wanted is None or same(told, wanted)
        judge.holds("CAXTON-GRP-030", fine, wrong, each)
    one = client.new("conversation")
    within = [caller.message(mate, conversation_id=one) for mate in mates]
    together = await asyncio.gather(
        *(caller.send_and_wait(each, _REPLIES_WITHIN) for each in within)
    )
    for each, sent in zip(together, within, strict=True):
        if each.ok:
            judge_reply(judge, "CAXTON-GRP-030", each, sent)
    messages = [caller.message(mates[1]) for _ in range(4)]
    together = await asyncio.gather(
        *(caller.send_and_wait(each, _REPLIES_WITHIN) for each in messages)
    )
    for each, sent in zip(together, messages, strict=True):
        if each.ok:
            judge_reply(judge, "CAXTON-GRP-030", each, sent)


async def _has_replied(
    client: Client, agent: Agent, message: dict[str, Any], left: float = 0.0
) -> bool:
    """Does the history show a reply of the agent? It may come yet, where time is left."""
    await asyncio.sleep(min(max(left, 0.0), _SOON))
    kept = await client.history(message["conversation_id"], limit=20)
    rows = kept.at("/messages")
    return any(
        isinstance(row, dict) and row.get("sender") == agent.id
        for row in (rows if isinstance(rows, list) else [])
    )


@requirement("CAXTON-GRP-031", "CAXTON-XTR-011", "CAXTON-XTR-012")
async def test_flow_nobody_answers(
    caller: Caller, client: Client, crew: Crew, judge: Judge, patience: Patience
) -> None:
    mate = await crew.mate(client)
    watch = await client.watch()
    await watch.subscribe("message.sent")
    nobody = caller.message(client.new("nobody"))
    heard = caller.message(mate, performative="inform")
    unknown, kept, _ = await asyncio.gather(
        caller.send_and_wait(nobody, _NOBODY_WITHIN),
        caller.send_and_wait(heard, _NOBODY_WITHIN),
        _ends_unanswered(caller, client, judge, mate, 1.5 * _NOBODY_WITHIN),
    )
    wrong = "an agent that there is not has replied"
    judge.holds("CAXTON-GRP-031", not unknown.ok, wrong, unknown)
    if kept.code in ("OK", "DEADLINE_EXCEEDED"):
        await judge_kept(judge, client, kept, heard)
        frame = await watch.hope("message.sent", partial(_from, heard["sender"]), patience)
        wrong = "a message that was sent by SendMessageAndWait is not told"
        judge.holds("CAXTON-XTR-012", frame is not None, wrong, kept, *watch.socket.frames[-1:])


@from_profile("exhaustive")
@requirement("CAXTON-GRP-031")
async def test_flow_nobody_answers_for_long(
    caller: Caller, client: Client, crew: Crew, judge: Judge
) -> None:
    """A peer may lose its patience before a call does: that is no reply."""
    await _ends_unanswered(caller, client, judge, await crew.mate(client), _REPLIES_WITHIN)


async def _ends_unanswered(
    caller: Caller, client: Client, judge: Judge, mate: Agent, within: float
) -> None:
    message = caller.message(mate, performative="inform")
    said = await caller.send_and_wait(message, within, patience=_NOBODY_WITHIN)
    if said.ok and await _has_replied(client, mate, message):
        return  # it replies to whatever it hears
    wrong = "a call ends as if answered, and nobody has replied"
    judge.holds("CAXTON-GRP-031", not said.ok, wrong, said)
    wrong = "a call does not end when its deadline is over"
    judge.holds("CAXTON-GRP-031", not said.failure, wrong, said)


# What is no call at all


@requirement("CAXTON-GRP-032", "CAXTON-GRP-033")
async def test_flow_unknown_procedures(caller: Caller, judge: Judge) -> None:
    package = caller.grpc.protocol.grpc["package"]
    for path in ("AgentService/SinkAgent", "HarbourService/Open", "MessageService/sendmessage"):
        said = await caller.grpc.probe(f"/{package}.{path}")
        wrong = f"{path}, which there is not, is answered {said.outcome}"
        judge.holds("CAXTON-GRP-032", said.code == "UNIMPLEMENTED", wrong, said)
    wrong = "the peer does not tell of its services by server reflection"
    judge.holds("CAXTON-GRP-033", await caller.described(), wrong)


@requirement("CAXTON-GRP-034")
async def test_flow_garbled_calls(caller: Caller, client: Client, crew: Crew, judge: Judge) -> None:
    mate = await crew.mate(client)
    garbled = {
        "MessageService.SendMessage": b"\x0a\x7f\x01",
        "MessageService.SendMessageAndWait": b"\xff\xff\xff\x01",
        "AgentService.ListAgents": b"\xff\xff\xff\x01",
        "AgentService.DeployAgent": b"\xff\xff\xff\x01",
    }
    for operation, raw in garbled.items():
        said = await caller.call(operation, raw=raw, within=_NOBODY_WITHIN, lawful=False)
        wrong = f"{operation} takes bytes that are no message"
        judge.holds("CAXTON-GRP-034", not said.ok, wrong, said)
        wrong = f"{operation} gives bytes that are no message no answer: {said.failure}"
        judge.holds("CAXTON-GRP-034", not said.failure, wrong, said)
    after = await caller.send(caller.message(mate, performative="inform"))
    judge.status("CAXTON-GRP-034", after, _OK)
