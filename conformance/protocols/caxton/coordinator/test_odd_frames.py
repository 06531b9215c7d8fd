"""What nobody should say on the WebSocket, or not do there: others are not harmed by it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from websockets.frames import Opcode

from conformance.clients.rfc6455 import frame_bytes
from conformance.clients.websocket import Socket
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.caxton.client import Client
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.herald import Herald, opened, opened_raw
from conformance.protocols.caxton.siege import Siege
from conformance.rfc6455_cases import astray

_BROKE = (1006, 1011)
"""Codes that say that the coordinator itself broke down."""

_DEEP = "[" * 10_000 + "]" * 10_000


def _odd(type_: Any, **fields: Any) -> str:
    return json.dumps({"type": type_, **fields})


CASES: Mapping[str, Sequence[str | bytes]] = {
    "CAXTON-ODD-008": (
        "{oops",
        "",
        "subscribe",
        "[]",
        '[{"type":"subscribe"}]',
        "7",
        "null",
        '"x"',
    ),
    "CAXTON-ODD-009": (
        "{}",
        _odd(None),
        _odd(7, events=["message.sent"]),
        _odd(["subscribe"]),
        _odd("dance"),
        _odd("SUBSCRIBE", events=["message.sent"]),
        _odd("message.sent", message_id="m-1"),
        '{"type":"dance","type":"sing","\\u0000":"\\ud800"}',
    ),
    "CAXTON-ODD-010": (
        _odd("subscribe"),
        _odd("subscribe", events="message.sent"),
        _odd("subscribe", events=[7, None, {}]),
        _odd("subscribe", events={"message.sent": True}),
        _odd("subscribe", filter=[]),
        _odd("subscribe", filter={"agents": "agent", "performatives": 7}),
        _odd("subscribe", events=["agent.*"], filters={"agent_ids": {"a": 1}}),
        _odd("subscribe", events=["[", "***", "(?:", "\\", ""]),
        _odd("unsubscribe"),
        _odd("unsubscribe", subscription_id=None),
        _odd("unsubscribe", subscription_id=["s"]),
        _odd("unsubscribe", subscription_id=7),
        _odd("unsubscribe", subscription_id="nope"),
    ),
    "CAXTON-ODD-011": (b"\x00\xff\xfe", b"", b'{"type":"subscribe","events":["agent.*"]}'),
    "CAXTON-ODD-012": (
        _odd("subscribe", events=["agent.*"], note="x" * 262_144),
        _odd("subscribe", events=["agent.*"] * 5_000),
        _DEEP,
        '{"type":"subscribe","filter":' + _DEEP + "}",
        '{"type":"subscribe","limit":' + "9" * 5_000 + "}",
    ),
}


@pytest.mark.parametrize("row", [pytest.param(row, marks=requirement(row)) for row in CASES])
async def test_flow_odd_messages(
    row: str, client: Client, crew: Crew, herald: Herald, judge: Judge
) -> None:
    """Each on a connection of its own: that may be ended for it, but not by a breakdown. Where it
    goes on, it is told what it has subscribed to as before.
    """
    mate = await crew.mate(client)
    siege = Siege(herald, mate)
    await siege.begin()
    lines = [await opened(client, f"odd {number}") for number in range(len(CASES[row]))]
    for line in lines:
        await herald.subscribe(line)
    for line, odd in zip(lines, CASES[row], strict=True):
        if isinstance(odd, bytes):
            await line.send_bytes(odd, lawful=False)
        else:
            await line.send_text(odd, lawful=False)
    await asyncio.gather(*(herald.settle(line) for line in lines))
    for line, odd in zip(lines, CASES[row], strict=True):
        ended = line.closed
        wrong = f"{_short(odd)} breaks the coordinator down: the connection ends with "
        wrong += "" if ended is None else f"{ended.kind} {ended.code or ended.reason}"
        fine = ended is None or (ended.kind == "close" and ended.code not in _BROKE)
        judge.holds(row, fine, wrong, *line.frames[-2:])
    word = await herald.say(mate)
    for line, odd in zip(lines, CASES[row], strict=True):
        if line.closed is None:
            found = await herald.hears(line, word)
            wrong = f"after {_short(odd)} the connection goes on, and is told no more"
            fine = found is not None or line.closed is not None
            judge.holds(row, fine, wrong, *line.frames[-2:])
    await siege.judge(row, "odd messages")


def _short(odd: str | bytes) -> str:
    text = repr(odd)
    return text if len(text) < 60 else f"{text[:57]}..."


@requirement("CAXTON-ODD-012")
async def test_flow_frames_that_lead_astray(client: Client, crew: Crew, herald: Herald) -> None:
    """And connections that end in the middle of a frame, or of a message."""
    siege = Siege(herald, await crew.mate(client))
    await siege.begin()
    text = _odd("subscribe", events=["message.sent"]).encode()
    cases = [
        *astray().values(),
        [frame_bytes(Opcode.TEXT, text)[:20]],
        [frame_bytes(Opcode.TEXT, text[:10], fin=False)],
        [],
    ]
    lines = [await opened_raw(client, "astray", see=False) for _ in cases]
    for line, frames in zip(lines, cases, strict=True):
        for frame in frames:
            await line.send_bytes(frame)
    await asyncio.sleep(0.05)
    for line in lines:
        line.abort()
    await siege.judge("CAXTON-ODD-012", "frames that lead astray")


_FLOOD = 250
_LONG = 24_000
"""Bytes of a sender's name, so that events are more than buffers hold."""


@requirement("CAXTON-ODD-013")
async def test_flow_silent_reader(client: Client, crew: Crew, herald: Herald) -> None:
    """One subscriber stops reading, and is told so much that it piles up."""
    mate = await crew.mate(client)
    siege = Siege(herald, mate)
    await siege.begin()
    deaf = await opened(client, "reads nothing")
    assert isinstance(deaf, Socket)
    await herald.subscribe(deaf)
    deaf.pause()
    long = client.message(mate, performative="inform", sender=client.new("client") + "n" * _LONG)
    first = await client.call("sendMessage", body=long, lawful=False)
    if not first.ok:  # so long a name is refused
        long = client.message(mate, performative="inform")
    turn = asyncio.Semaphore(8)

    async def flood() -> None:
        async with turn:
            await client.call("sendMessage", body=long, lawful=first.ok is False)

    await asyncio.gather(*(flood() for _ in range(_FLOOD)))
    await siege.judge("CAXTON-ODD-013", "a subscriber that reads nothing")
    deaf.resume()
