"""Odd but lawful requests, odd texts, and connections that are cut in the middle."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest

from conformance.clients.http import tls_context
from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.lively import LIVELY
from conformance.marks import requirement
from conformance.protocols.stella.bystanders import settle
from conformance.protocols.stella.fleet import Fleet, task_ids_of
from conformance.protocols.stella.roll import alike, rows_by_id
from conformance.target import Target

_SERVED = "STELLA-ERR-006"

_MORE: dict[str, Any] = {
    "fleetColour": "teal",
    "tides": [{"high": 4.5, "low": None}],
    "id": "agent-of-my-own",
    "deleted": True,
}
"""Fields of which the document knows nothing for a request."""

_NAMES = (
    "Grüße 世界 🌍",
    'it\'s "quoted"',
    "a/b?c=d&e#f",
    "<b>bold</b> &amp;",
    "100 % %s {0}",
    "'; DROP TABLE agents; --",
    "long " * 60 + "end",
    "tab\tand\nline",
)

_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
"""The first bytes of a ClientHello whose rest never comes."""

_POST = (
    b"POST /api/v1/agents/register HTTP/1.1\r\nHost: agents\r\n"
    b"X-Agent-Token: none\r\nContent-Type: application/json\r\n"
)

_HALF_REQUESTS = (
    b"",
    b"GET /api/v1/ag",
    _POST,
    _POST + b'Content-Length: 900\r\n\r\n{"name": "half',
    _POST + b"Transfer-Encoding: chunked\r\n\r\n1f\r\n{",
    b"\x00\xff no HTTP at all\r\n\r\n",
)


@requirement("STELLA-ODD-001", _SERVED)
async def test_flow_odd_registrations_are_accepted(fleet: Fleet, judge: Judge) -> None:
    bystanders = await settle(fleet, judge, work=False)
    for body, headers in (
        ({**fleet.registration(), **_MORE}, {}),
        (fleet.registration(), {"content-type": "application/json; charset=utf-8"}),
        ({**fleet.registration(), "agentId": "agent-of-my-own", "token": "x"}, {}),
    ):
        said = await fleet.ask_to_register(body, await fleet.mint(), headers=headers, lawful=False)
        judge.status("STELLA-ODD-001", said, 201)
        await bystanders.judge_alive(_SERVED, "after an odd registration", said)
        if said.ok:
            row = rows_by_id(await fleet.list()).get(str(said.at("/agentId")), {})
            judge.holds(
                "STELLA-ODD-001",
                row.get("name") == body["name"],
                "an agent that registered with more than the document knows is not in the list",
                said,
            )


@requirement("STELLA-ODD-002", _SERVED)
async def test_flow_odd_heartbeats_are_survived(fleet: Fleet, judge: Judge) -> None:
    agent = await fleet.register()
    bystanders = await settle(fleet, judge, work=False)
    pulses = [fleet.pulse(**_MORE)]
    pulses += [fleet.pulse(status=status) for status in ("busy", "degraded", "HEALTHY", "ключ")]
    pulses += [fleet.pulse(resourceUsage={"cpu": 1, "memory": 2, "disk": 3, "gpu": {"a": 4}})]
    for pulse in pulses:
        said = await fleet.heartbeat(agent, pulse, lawful=False)
        _judge_no_breakdown(judge, "STELLA-ODD-002", said)
        await bystanders.judge_alive(_SERVED, "after an odd heartbeat", said)
    # With the status that the document shows it is lawful whatever there is beside.
    judge.status("STELLA-ODD-002", await fleet.heartbeat(agent), 200)


def _judge_no_breakdown(judge: Judge, row: str, said: Exchange) -> None:
    judge.holds(
        row,
        said.status is not None and said.status < 500,
        f"an odd but harmless {said.operation} is answered {said.outcome}",
        said,
    )


@requirement("STELLA-ODD-003", _SERVED)
async def test_flow_odd_completions_are_acknowledged(fleet: Fleet, judge: Judge) -> None:
    agent = await fleet.register()
    bystanders = await settle(fleet, judge, work=False)
    line = {"timestamp": "2026-04-05T06:07:08Z", "level": "info", "message": "ok", "thread": 7}
    for more in (_MORE, {"logs": [line]}, {"result": {"deep": {"er": [1, {"x": None}]}}}):
        await fleet.enqueue(agent)
        for task_id in task_ids_of(await fleet.heartbeat(agent)):
            said = await fleet.complete(agent, task_id, fleet.outcome(**more), lawful=False)
            judge.status("STELLA-ODD-003", said, 200)
            await bystanders.judge_alive(_SERVED, "after an odd completion", said)
            if said.ok:
                judge.equal("STELLA-ODD-003", said, "/acknowledged", True)


@requirement("STELLA-ODD-004", _SERVED)
async def test_flow_odd_questions_of_operators_are_survived(fleet: Fleet, judge: Judge) -> None:
    agent = await fleet.register()
    await fleet.heartbeat(agent)
    bystanders = await settle(fleet, judge, work=False)
    change = {"labels": {"site": "cove-5"}, "capabilities": ["docker"]}
    for body in ({**change, **_MORE}, {**change, "name": "other", "version": "0"}, _MORE, {}):
        said = await fleet.update(agent.id, body, lawful=False)
        if said.status != 503:  # that it cannot be reached may be said of any agent
            _judge_no_breakdown(judge, "STELLA-ODD-004", said)
        await bystanders.judge_alive(_SERVED, "after an odd update", said)
    for query in (
        {"tide": "high"},
        {"page": "1", "limit": "1000"},
        {"capability": "docker", "tide": "low"},
        {"status": ""},
        {"capability": ""},
        {"label": "site=cove-5", "sort": "-name"},
    ):
        said = await fleet.list(query, lawful=False)
        _judge_no_breakdown(judge, "STELLA-ODD-004", said)
        await bystanders.judge_alive(_SERVED, "after an odd question", said)


@requirement("STELLA-UPD-027")
async def test_flow_updates_to_no_capabilities(fleet: Fleet, judge: Judge) -> None:
    """A peer need not take them; one that does shows none."""
    agent = await fleet.awake()
    for skills in (["ssh"], []):
        change = {"labels": {"site": "cove-7"}, "capabilities": skills}
        said = await fleet.update(agent.id, change, lawful=bool(skills), served=False)
        seen = await fleet.get(agent.id)
        shown = seen.at("/capabilities")
        wrong = f"the capabilities {skills} were set, and are shown as {shown!r}"
        fine = not said.ok or not isinstance(shown, list) or alike(shown, skills)
        judge.holds("STELLA-UPD-027", fine, wrong, said, seen, pointer="/capabilities")


@requirement("STELLA-UPD-029")
async def test_flow_refused_updates_change_nothing(fleet: Fleet, judge: Judge) -> None:
    """Part of what they ask for is all right, and comes first."""
    agent = await fleet.awake()
    good = {"labels": {"site": "cove-6", "tier": "reef"}, "capabilities": ["ssh", "ecs"]}
    for change in (
        {**good, "labels": {"site": "cove-6", "crane": 9}},
        {**good, "labels": {"site": "cove-6", "tier": ["reef"]}},
        {**good, "capabilities": "ssh"},
        {**good, "capabilities": ["ssh", 7]},
        {"capabilities": good["capabilities"], "labels": "site"},
    ):
        with fleet.peer.seen_by():  # a lenient peer may repeat nonsense that it was told
            before = await fleet.get(agent.id, lawful=False)
            said = await fleet.update(agent.id, change, lawful=False)
            after = await fleet.get(agent.id, lawful=False)
        if said.status not in (400, 422) or not before.ok or not after.ok:
            continue  # a peer may take what it understands
        for place in ("/labels", "/capabilities"):
            was, now = before.at(place), after.at(place)
            wrong = f"an update was refused, and what was {was!r} is {now!r}"
            shown = (before, said, after)
            judge.holds("STELLA-UPD-029", alike(was, now), wrong, *shown, pointer=place)
    await fleet.delete(agent.id, lawful=False)


@requirement("STELLA-ODD-005", _SERVED)
@pytest.mark.parametrize("text", _NAMES, ids=lambda text: ascii(text)[:20])
async def test_flow_odd_names_come_back(text: str, fleet: Fleet, judge: Judge) -> None:
    bystanders = await settle(fleet, judge, work=False)
    body = fleet.registration(name=f"{fleet.new('odd')} {text}")
    said = await fleet.ask_to_register(body, await fleet.mint(), lawful=False)
    await bystanders.judge_alive(_SERVED, "after an odd name", said)
    if not said.ok:
        judge.status("STELLA-ODD-005", said, range(400, 500))
        return
    agent_id = str(said.at("/agentId"))
    listed = await fleet.list()
    shown = rows_by_id(listed).get(agent_id, {}).get("name")
    judge.holds(
        "STELLA-ODD-005",
        shown == body["name"],
        f"an agent registered as {body['name'][:60]!r} is listed as {shown!r}",
        said,
        listed,
        expected=body["name"],
    )
    taken = await fleet.ask_to_register(body, await fleet.mint(), lawful=False)
    judge.status("STELLA-ODD-005", taken, range(400, 500))  # the very same name is taken
    await fleet.delete(agent_id, lawful=False)


@requirement("STELLA-ODD-005", _SERVED)
async def test_flow_odd_labels_come_back(fleet: Fleet, judge: Judge) -> None:
    bystanders = await settle(fleet, judge, work=False)
    labels = {f"word-{number}": text for number, text in enumerate(LIVELY)}
    labels |= {"größe 🌍": "key", "with.dot/and-slash": "key", "k" * 300: "key"}
    for part in ({key: value} for key, value in labels.items()):
        body = fleet.registration(labels=part)
        said = await fleet.ask_to_register(body, await fleet.mint(), lawful=False)
        await bystanders.judge_alive(_SERVED, "after an odd label", said)
        if not said.ok:
            judge.status("STELLA-ODD-005", said, range(400, 500))
            continue
        details = await fleet.get(str(said.at("/agentId")))
        shown = details.at("/labels")
        judge.holds(
            "STELLA-ODD-005",
            not isinstance(shown, dict) or shown == part,
            f"the labels {str(part)[:80]} are shown as {str(shown)[:80]}",
            said,
            details,
            pointer="/labels",
            expected=part,
        )


@requirement("STELLA-ODD-012", "STELLA-ERR-006")
async def test_flow_cut_connections_harm_nobody(fleet: Fleet, judge: Judge) -> None:
    bystanders = await settle(fleet, judge)
    secure = fleet.secure
    calls = [(part, secure) for part in _HALF_REQUESTS]
    if secure:  # in the clear, where TLS is spoken, and broken off in its handshake
        calls += [(part, False) for part in (b"", _HELLO, b"GET / HTTP/1.1\r\n\r\n", b"\x80" * 64)]
    kept = [await _begin(fleet.target, part, tls=tls) for part, tls in calls]
    with fleet.peer.seen_by():  # who serves one after the other has others wait
        await bystanders.judge_served("STELLA-ODD-012", "while others do not end their requests")
    for writer in kept:
        _cut(writer)
    for _ in range(2):
        for part, tls in calls:
            _cut(await _begin(fleet.target, part, tls=tls))
    for row in ("STELLA-ODD-012", "STELLA-ERR-006"):
        await bystanders.judge_served(row, "after connections that were cut")
    await bystanders.judge_work("STELLA-ERR-006", "after connections that were cut")


async def _begin(target: Target, part: bytes, *, tls: bool) -> asyncio.StreamWriter | None:
    """A connection on which so much was sent; `None` where the peer did not want it."""
    parts = urlsplit(target.url)
    context: ssl.SSLContext | None = tls_context(target) if tls else None
    port = parts.port or (443 if parts.scheme == "https" else 80)
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(target.timeout):
            _, writer = await asyncio.open_connection(parts.hostname, port, ssl=context)
            writer.write(part)
            await writer.drain()
            return writer
    return None


def _cut(writer: asyncio.StreamWriter | None) -> None:
    if writer is not None:
        writer.transport.abort()
