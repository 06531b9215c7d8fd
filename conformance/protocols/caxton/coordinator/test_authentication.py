"""Who is let in, on each of the three transports."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from conformance.clients.grpc import GrpcClient
from conformance.clients.websocket import Socket
from conformance.conversation import Refused
from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, requirement
from conformance.patience import Patience
from conformance.protocols.caxton.caller import DEPLOY, LIST, SEND, WAIT, Caller
from conformance.protocols.caxton.client import Agent, Client
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.gate import ROWS, Visit, blunders, knock, strange_tokens, visits
from conformance.protocols.caxton.herald import Herald
from conformance.protocols.caxton.roll import call_roll

_BRIEF = 1.5

_UNDONE = 0.5
"""Seconds in which what was refused would be done, if it were done all the same."""

_TELLING = 8
"""Letters of a token that can be told from any other text."""

_OK = range(200, 300)


@pytest.fixture
def good(client: Client) -> str:
    """The token that the target names. Raises `UnjudgeableError` where there is none."""
    token = client.hooks.target.token(client.peer.protocol)
    if not token:
        raise UnjudgeableError("the target names no token: give one with --token")
    return token


# REST


@pytest.mark.usefixtures("good")
@requirement("CAXTON-AUT-001")
async def test_good_token_is_let_in(client: Client, judge: Judge) -> None:
    """Again and again, and whatever it asks for."""
    nobody = client.new("nobody")
    for _ in range(3):
        for said in (
            await client.call("getSystemMetrics", served=False),
            await client.call("listAgents", query={"limit": "2"}, served=False),
            await client.get(nobody, served=False),
        ):
            _judge_let_in(judge, said)


def _judge_let_in(judge: Judge, said: Exchange) -> None:
    wrong = f"{said.operation} with a good token is refused with {said.outcome}"
    judge.holds("CAXTON-AUT-001", said.status not in (401, 403), wrong, said)


_BESIDE = ("CAXTON-AUT-008", "CAXTON-AUT-009", "CAXTON-AUT-015", "CAXTON-AUT-016")


@requirement("CAXTON-AUT-001", *ROWS, *_BESIDE)
async def test_flow_rest_is_guarded(client: Client, crew: Crew, judge: Judge, good: str) -> None:
    header = client.peer.protocol.token_header
    victim = await crew.spare(client)
    made, task = await client.create_task(victim)
    asked = visits(client, victim, task, str(victim.said.at("/deployment_id")))
    before = await client.get(victim)
    refused: list[Exchange] = []
    for visit in asked:
        none = await knock(client, visit, None, header)
        row = next(row for row, names in ROWS.items() if visit.operation in names)
        judge.status(row, none, 401)
        wrong = f"without a token it is refused with {none.at('/error/code')!r}"
        if none.status == 401:
            judge.holds(row, none.at("/error/code") == "UNAUTHORIZED", wrong, none)
        strange = strange_tokens(good)["one that was never given out"]
        other = await knock(client, visit, strange, header)
        _judge_refused(judge, other, "a token that was never given out")
        refused += [none, other]
    for visit in blunders(client):
        none = await knock(client, visit, None, header)
        wrong = f"without a token a bad request is answered {none.outcome}"
        judge.holds("CAXTON-AUT-016", none.status == 401, wrong, none)
    for visit in (v for v in asked if v.operation in ("listAgents", "getSystemMetrics")):
        for name, token in strange_tokens(good).items():
            _judge_refused(judge, await knock(client, visit, token, header), name)
    unchanged = await _judge_unchanged(client, judge, victim, before, asked)
    said = [made, before, *refused, victim.said, *await _let_in(client, judge, victim)]
    if len(good) >= _TELLING:
        leaks = [each for each in said if _shows(each, good)]
        judge.holds("CAXTON-AUT-015", not leaks, "an answer shows a token", *leaks[:1])
    if unchanged:
        crew.give_back(victim)


def _judge_refused(judge: Judge, said: Exchange, what: str) -> None:
    wrong = f"{said.operation} with {what} is answered {said.outcome}"
    judge.holds("CAXTON-AUT-008", said.status in (401, 403), wrong, said)


def _shows(said: Exchange, token: str) -> bool:
    headers = " ".join(said.answer_headers.values())
    return token.encode() in said.answer or token in headers


async def _judge_unchanged(
    client: Client, judge: Judge, victim: Agent, before: Exchange, asked: list[Visit]
) -> bool:
    """Nobody came, nothing was said, and the agent is as it was, also a moment later."""
    await asyncio.sleep(_UNDONE)
    after = await client.get(victim, served=False)
    fine = True
    for pointer in ("/status", "/version", "/name", "/resources/limits/memory"):
        was, now = before.at(pointer), after.at(pointer)
        wrong = f"after requests that were refused {pointer[1:]} is {now!r}, and was {was!r}"
        fine &= judge.holds("CAXTON-AUT-009", was == now, wrong, before, after)
    roll = await call_roll(client)
    for visit in asked:
        if visit.names:
            wrong = "a deployment that was refused has added an agent"
            fine &= judge.holds(
                "CAXTON-AUT-009", visit.names not in roll.names, wrong, roll.pages[-1]
            )
        if visit.conversation:
            kept = await client.history(visit.conversation)
            wrong = "a message that was refused is in the history"
            fine &= judge.holds("CAXTON-AUT-009", not kept.at("/messages"), wrong, kept)
    return fine


async def _let_in(client: Client, judge: Judge, victim: Agent) -> list[Exchange]:
    """Several times over, and each kind of request."""
    said: list[Exchange] = []
    for _ in range(2):
        message, _sent = await client.send(victim, performative="inform")
        said += [message, await client.call("getSystemMetrics")]
    said += [await client.get(victim), await client.call("listAgents", query={"limit": "5"})]
    said.append(await client.history(client.new("conversation")))
    for each in said:
        _judge_let_in(judge, each)
    return said


# gRPC


@requirement("CAXTON-AUT-009", "CAXTON-AUT-010", "CAXTON-AUT-011", "CAXTON-AUT-012")
async def test_flow_procedures_are_guarded(
    procedures: GrpcClient, client: Client, crew: Crew, judge: Judge, good: str
) -> None:
    caller = Caller(procedures, client)
    mate = await crew.mate(client)
    names: list[str] = []
    talk = client.new("conversation")
    strangers: dict[str, dict[str, str]] = {"no token": {}}
    for name, token in strange_tokens(good).items():
        strangers[name] = {"authorization": f"Bearer {token}"}
    for operation in (SEND, LIST, WAIT, DEPLOY):
        some = [*strangers][: len(strangers) if operation == SEND else 2]
        for name in some:
            message = caller.message(mate, conversation_id=talk)
            said = await _intrude(caller, operation, message, names, strangers[name])
            wrong = f"{operation} with {name} is answered as if it had a good one"
            judge.holds("CAXTON-AUT-011", not said.ok, wrong, said)
            # The document's service lacks ListAgents.
            unheard = said.code == "RESOURCE_EXHAUSTED" or (
                operation == LIST and said.code == "UNIMPLEMENTED"
            )
            if name == "no token" and not said.ok and not unheard:
                wrong = f"{operation} without authorization is refused with {said.outcome}"
                judge.holds("CAXTON-AUT-012", said.code == "UNAUTHENTICATED", wrong, said)
    roll = await call_roll(client)
    wrong = "a deployment that was refused has added an agent"
    added = [name for name in names if name in roll.names]
    judge.holds("CAXTON-AUT-009", not added, wrong, roll.pages[-1])
    kept = await client.history(talk)
    wrong = "a message that was refused over gRPC is in the history"
    judge.holds("CAXTON-AUT-009", not kept.at("/messages"), wrong, kept)
    for _ in range(2):
        said = await caller.send(caller.message(mate, performative="inform"), served=False)
        wrong = f"a call with a good token is refused with {said.outcome}"
        fine = said.code not in ("UNAUTHENTICATED", "PERMISSION_DENIED")
        judge.holds("CAXTON-AUT-010", fine, wrong, said)
    said = await procedures.call(LIST, {}, served=False)
    wrong = f"a call with a good token is refused with {said.outcome}"
    fine = said.code not in ("UNAUTHENTICATED", "PERMISSION_DENIED")
    judge.holds("CAXTON-AUT-010", fine, wrong, said)


async def _intrude(
    caller: Caller,
    operation: str,
    message: Mapping[str, Any],
    names: list[str],
    metadata: dict[str, str],
) -> Exchange:
    if operation == DEPLOY:
        config = caller.config()
        names.append(config["name"])
        return await caller.deploy(config, lawful=False, metadata=metadata, patient=False)
    body = {} if operation == LIST else {"message": dict(message)}
    within = _BRIEF if operation == WAIT else None
    return await caller.call(operation, body, metadata=metadata, within=within, lawful=False)


# The WebSocket


@requirement("CAXTON-AUT-013", "CAXTON-AUT-014", "CAXTON-AUT-015")
async def test_flow_events_are_guarded(
    client: Client, crew: Crew, judge: Judge, patience: Patience, good: str
) -> None:
    herald = Herald(client, judge, patience)
    mate = await crew.mate(client)
    said = await client.door.open("good token")
    if isinstance(said, Refused):
        wrong = f"a WebSocket with a good token is refused: {said.reason}"
        judge.holds("CAXTON-AUT-013", False, wrong, said.exchange)
        return
    await herald.subscribe(said)
    await herald.in_use("CAXTON-AUT-013", said, mate, "with a good token")
    second = await client.door.open("good token, too")
    if isinstance(second, Refused):
        wrong = f"a second WebSocket with a good token is refused: {second.reason}"
        judge.holds("CAXTON-AUT-013", False, wrong, second.exchange)
        return
    if len(good) >= _TELLING:
        told = [frame for frame in said.frames if frame.sender == "peer"]
        leaks = [frame for frame in told if good.encode() in frame.data]
        judge.holds("CAXTON-AUT-015", not leaks, "an event shows a token", *leaks[:1])
    to_all = await _lives(await client.door.stranger("no token", None))
    for name, token in strange_tokens(good).items():
        other = await client.door.stranger(name, token)
        shown = other.handshake if isinstance(other, Socket) else other.exchange
        lives = await _lives(other)
        if lives and to_all:
            raise UnjudgeableError("the WebSocket is open to all, as the document's example has it")
        wrong = f"a WebSocket with {name} is let in"
        judge.holds("CAXTON-AUT-014", not lives, wrong, shown)


async def _lives(said: Socket | Refused) -> bool:
    """A refusal may come as a close right after the handshake."""
    if isinstance(said, Refused):
        return False
    await said.ended(0.2)
    return said.closed is None
