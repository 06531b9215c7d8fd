"""Requests that are odd: lawful and unusual, broken, cut off, or many at once."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from conformance.clients.http import tls_context
from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.lively import LIVELY
from conformance.marks import requirement
from conformance.protocols.caxton.bystander import stand_by
from conformance.protocols.caxton.client import Agent, Client, wasm
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.parts import (
    Form,
    Part,
    broken_forms,
    config_part,
    wasm_part,
    write,
)
from conformance.protocols.caxton.refusals import (
    ALREADY_EXISTS,
    NOT_FOUND,
    ask_everything,
    judge_refused,
    judge_survived,
)
from conformance.target import Target

_MORE: dict[str, Any] = {
    "fleet_colour": "teal",
    "tides": [{"high": 4.5, "low": None}],
    "priority": {"level": 3},
}
"""Fields of which the document knows nothing."""

_NAMES = (
    "Lotsin Größe & <b> 世界 🌍",
    'it\'s "quoted" & <b>',
    "a/b?c=d#e 100%",
    "long-" * 50 + "end",
)

_ODD_IDS = (
    "z" * 4000,
    "größe",
    "a/b",
    "a b",
    "50%",
    "a?status=running",
    "a#b",
    "\x00",
    "' OR '1'='1",
    "{agent_id}",
    "🌍",
)

_LONG = 16
"""Characters of an id whose beginning is no other's id, as it may be where agents are numbered."""


@requirement("CAXTON-ODD-001")
async def test_flow_more_than_the_document_knows(client: Client, crew: Crew, judge: Judge) -> None:
    mate = await crew.mate(client)
    await client.clock.refill()
    body = {**client.message(mate), **_MORE}
    answers = [
        await client.call("sendMessage", body=body, served=False),
        await client.call("listAgents", query={"limit": "5", "tide": "high"}, served=False),
        await client.call(
            "createTask", body={**client.task(mate), "fleet_colour": "teal"}, served=False
        ),
        await client.call(
            "queryMessages",
            query={"conversation_id": body["conversation_id"], "tide": "low"},
            served=False,
        ),
    ]
    for said in answers:
        judge.status("CAXTON-ODD-001", said, range(200, 300))
    if client.clock.free:  # or a deployment more would cost seconds
        agent = await _judge_more_parts(client, judge)
        await client.remove(agent, served=False)


async def _judge_more_parts(client: Client, judge: Judge) -> Agent:
    """A form with parts and fields that nobody knows."""
    config = {**client.config(), **_MORE}
    extra = [Part(name="cargo", data=b"tea", file="tea.txt"), Part(name="note", data=b"{}")]
    form = write([extra[0], wasm_part(wasm("more")), config_part(config), extra[1]])
    said = await client.call("deployAgent", raw=form.raw, headers=form.headers, served=False)
    client.remember(said)
    judge.status("CAXTON-ODD-001", said, range(200, 300))
    return Agent(id=str(said.at("/agent_id")), name=config["name"], config=config, said=said)


@requirement("CAXTON-DEP-013", "CAXTON-DEP-022", "CAXTON-ODD-002")
async def test_flow_texts_beyond_ascii(client: Client, crew: Crew, judge: Judge) -> None:
    mate = await crew.mate(client)
    await client.clock.refill()
    for text in LIVELY:
        conversation = f"{client.new('talk')} {text}" if len(text) < 100 else client.new("talk")
        content = {"text": text, text or "empty": [text, {"deep": text}]}
        await _judge_told(client, judge, mate, conversation, content)
    for name in _NAMES if client.clock.free else _NAMES[:1]:
        await _judge_named(client, judge, f"{client.new('odd')} {name}")


async def _judge_told(
    client: Client, judge: Judge, mate: Agent, conversation: str, content: dict[str, Any]
) -> None:
    """A message and its conversation come back as they were sent, or are refused."""
    message = client.message(mate, conversation_id=conversation, content=content)
    said = await client.call("sendMessage", body=message, served=False)
    if not said.ok:
        judge.status("CAXTON-ODD-002", said, range(400, 500))
        return
    history = await client.history(conversation)
    shown = history.at("/messages")
    found = shown if isinstance(shown, list) else []
    judge.holds(
        "CAXTON-ODD-002",
        any(
            isinstance(each, dict)
            and each.get("content") == content
            and each.get("sender") == message["sender"]
            for each in found
        ),
        "a message beyond ASCII does not stand in the history as it was sent",
        said,
        history,
        pointer="/messages",
        expected=content,
    )


async def _judge_named(client: Client, judge: Judge, name: str) -> None:
    said = await client.try_deploy(name=name, served=False)
    if not said.ok:
        judge.status("CAXTON-ODD-002", said, range(400, 500))
        return
    for row in ("CAXTON-DEP-013", "CAXTON-ODD-002"):
        judge.equal(row, said, "/name", name)
    agent = Agent(id=str(said.at("/agent_id")), name=name, config={}, said=said)
    judge.equal("CAXTON-ODD-002", await client.get(agent), "/name", name, said)
    again = await client.try_deploy(name=name, served=False)
    judge_refused(judge, "CAXTON-DEP-022", again, ALREADY_EXISTS, said)
    await client.remove(agent, served=False)


@requirement("CAXTON-ODD-003")
async def test_flow_ids_that_are_odd(client: Client, crew: Crew, judge: Judge) -> None:
    bystander = await stand_by(client, crew)
    await client.clock.refill()
    with client.peer.seen_by():
        known = bystander.agent.id
        parts = [known[:-1]] if len(known) >= _LONG else []
        odd_ids = (client.new("agent"), *parts, *_ODD_IDS)
        for odd in odd_ids if client.clock.free else odd_ids[:5]:
            said = await client.call("getAgent", {"agent_id": odd}, lawful=False)
            judge.status("CAXTON-ODD-003", said, range(400, 500))
    if client.clock.free:
        for odd in ("a/b", "größe", " "):
            await client.clock.refill()
            with client.peer.seen_by():
                answers = await ask_everything(client, odd)
            for said in answers:
                judge.status("CAXTON-ODD-003", said, range(400, 500))
    await bystander.judge_untouched(judge, "CAXTON-ODD-003", "after odd ids", said)


@requirement("CAXTON-ODD-004")
async def test_flow_broken_forms(client: Client, crew: Crew, judge: Judge) -> None:
    """As reloads, for deployments are few; and where they are many, as those as well."""
    bystander = await stand_by(client, crew)
    agent = await crew.spare(client)
    await client.clock.refill()
    reload = {"strategy": "graceful", "traffic_split": 30}
    forms = list(broken_forms(reload).items())
    taken = False
    for name, form in forms if client.clock.free else forms[:3]:
        said = await _send(client, "reloadAgent", form, agent.at)
        judge_broken(judge, said, f"a reload {name}")
        taken = taken or said.ok
    for name, form in broken_forms(client.config()).items() if client.clock.free else ():
        said = await _send(client, "deployAgent", form)
        client.remember(said)
        judge_broken(judge, said, f"a deployment {name}")
    await bystander.judge_served(judge, "CAXTON-ODD-004", "after broken forms", said)
    if not taken:
        crew.give_back(agent)


async def _send(
    client: Client, operation: str, form: Form, at: dict[str, str] | None = None
) -> Exchange:
    return await client.call(operation, at, raw=form.raw, headers=form.headers, lawful=False)


def judge_broken(judge: Judge, said: Exchange, what: str) -> None:
    fine = said.status is not None and 400 <= said.status < 500
    judge.holds("CAXTON-ODD-004", fine, f"{what} is answered {said.outcome}", said)


# Cut off, and many at once


_POST = b"POST /api/v1/agents HTTP/1.1\r\nHost: caxton\r\nX-Caxton-Token: none\r\n"

_FORM = _POST + b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 9000\r\n\r\n"

_HALF_REQUESTS = (
    b"",
    b"GET /api/v1/ag",
    _POST,
    _POST + b'Content-Type: application/json\r\nContent-Length: 900\r\n\r\n{"name": "ha',
    _POST + b"Transfer-Encoding: chunked\r\n\r\n1f\r\n{",
    _FORM + b'--x\r\nContent-Disposition: form-data; name="wasm"; filename="a"\r\n\r\n\0asm\x01',
    b"\x00\xff no HTTP at all\r\n\r\n",
)


@requirement("CAXTON-ODD-006")
async def test_flow_connections_that_are_cut(client: Client, crew: Crew, judge: Judge) -> None:
    bystander = await stand_by(client, crew)
    target = client.hooks.target
    kept = [await _begin(target, part) for part in _HALF_REQUESTS]
    await bystander.judge_served(judge, "CAXTON-ODD-006", "while requests are not ended")
    for writer in kept:
        _cut(writer)
    for part in _HALF_REQUESTS * 2:
        _cut(await _begin(target, part))
    await bystander.judge_served(judge, "CAXTON-ODD-006", "after connections that were cut")


async def _begin(target: Target, part: bytes) -> asyncio.StreamWriter | None:
    """A connection on which so much was sent; `None` where the peer did not want it."""
    parts = urlsplit(target.url)
    secure = parts.scheme == "https"
    context: ssl.SSLContext | None = tls_context(target) if secure else None
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(target.timeout):
            port = parts.port or (443 if secure else 80)
            _, writer = await asyncio.open_connection(parts.hostname, port, ssl=context)
            writer.write(part)
            await writer.drain()
            return writer
    return None


def _cut(writer: asyncio.StreamWriter | None) -> None:
    if writer is not None:
        writer.transport.abort()


@requirement("CAXTON-ODD-007")
async def test_flow_good_and_bad_at_once(client: Client, crew: Crew, judge: Judge) -> None:
    mates = await crew.mates(client, 2)
    await client.clock.refill()
    for _ in range(2 if client.clock.free else 1):
        answers = await asyncio.gather(*_mixture(client, mates))
        for said, (kind, wanted) in zip(answers, _MIXTURE, strict=True):
            _judge_alone(judge, said, kind, mates, wanted)


_MIXTURE = (
    ("good", 0),
    ("stranger", 0),
    ("good", 1),
    ("garbled", 0),
    ("message", 0),
    ("stranger", 0),
    ("message", 1),
    ("garbled", 0),
    ("good", 0),
)
"""What is asked, and of which of two agents."""


def _mixture(client: Client, mates: list[Agent]) -> list[Any]:
    def one(kind: str, number: int) -> Any:
        if kind == "good":
            return client.get(mates[number])
        if kind == "stranger":
            return client.get(client.new("agent"), served=False)
        if kind == "garbled":
            return client.call("sendMessage", raw=b'{"performative": ', lawful=False)
        return client.call("sendMessage", body=client.message(mates[number]))

    return [one(kind, number) for kind, number in _MIXTURE]


def _judge_alone(judge: Judge, said: Exchange, kind: str, mates: list[Agent], number: int) -> None:
    row = "CAXTON-ODD-007"
    if kind == "good":
        judge.equal(row, said, "/agent_id", mates[number].id)
    elif kind == "stranger":
        judge_refused(judge, row, said, NOT_FOUND)
    elif kind == "garbled":
        judge_survived(judge, row, said, "a message that is no JSON, among others,")
        judge.holds(row, not said.ok, "a message that is no JSON is taken, among others", said)
    else:
        judge.status(row, said, range(200, 300))
