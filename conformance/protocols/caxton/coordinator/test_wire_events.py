"""RFC 6455, as far as the events depend on it."""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.frames import Opcode

from conformance.clients.raw import RawSocket
from conformance.clients.rfc6455 import frame_bytes
from conformance.conversation import Refused
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.caxton.client import Agent, Client
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.herald import Herald, opened, opened_raw
from conformance.protocols.caxton.siege import Siege
from conformance.protocols.caxton.watch import Watch
from conformance.rfc6455_cases import (
    CLOSES,
    CUTS,
    LAWFUL_HANDSHAKES,
    PINGS,
    UNSOUND_HANDSHAKES,
    illegal_frames,
    send_parts,
)
from conformance.vigil import Vigil

_ENDS_WITHIN = 3.0
"""Seconds that the end of a connection may take."""

_LONG = 8.0
"""Seconds for which a subscription must last: longer than careless limits."""

_TOO_BIG = 1009
_LARGE = 16_384
"""Bytes of a message above which a coordinator may say so."""

_ALL = {"type": "subscribe", "events": ["message.sent"]}


@pytest.fixture
async def mate(client: Client, crew: Crew) -> Agent:
    return await crew.mate(client)


# The handshake


@requirement("CAXTON-WIRE-009", "CAXTON-WIRE-010", "CAXTON-WIRE-011")
async def test_flow_handshakes(client: Client, herald: Herald, judge: Judge, mate: Agent) -> None:
    for offered in ([], ["assay.v2", "assay.v1"]):
        socket = await opened_raw(client, "handshake", subprotocols=offered)
        _judge_sound(judge, socket, offered)
        await socket.close()
    for name, headers in LAWFUL_HANDSHAKES.items():
        said = await client.door.raw(name, headers=headers)
        if isinstance(said, Refused):
            wrong = f"a handshake with {name} is refused: {said.reason}"
            judge.holds("CAXTON-WIRE-010", False, wrong, said.exchange)
            continue
        _judge_sound(judge, said, [])
        await herald.subscribe(said)
        await herald.in_use("CAXTON-WIRE-010", said, mate, f"opened with {name}")
        await said.close()


def _judge_sound(judge: Judge, socket: RawSocket, offered: list[str]) -> None:
    wrong = "; ".join(socket.violations)
    judge.holds("CAXTON-WIRE-009", not socket.violations, wrong, socket.handshake)
    chosen = socket.subprotocol
    wrong = f"of {offered} the sub-protocol {chosen!r} is chosen"
    fine = chosen is None or chosen in offered
    judge.holds("CAXTON-WIRE-011", fine, wrong, socket.handshake)
    extension = socket.handshake.answer_headers.get("sec-websocket-extensions")
    wrong = f"nobody offered the extension {extension!r}"
    judge.holds("CAXTON-WIRE-011", not extension, wrong, socket.handshake)


@requirement("CAXTON-WIRE-011")
async def test_flow_compression(client: Client, herald: Herald, mate: Agent) -> None:
    """An extension that is agreed on is kept; one that is not agreed on is not used."""
    line = await opened(client, "compressing", compression="deflate")
    await herald.subscribe(line)
    for _ in range(2):
        await herald.in_use("CAXTON-WIRE-011", line, mate, "where compression was offered")


@requirement("CAXTON-WIRE-017")
async def test_flow_unsound_handshakes(client: Client, judge: Judge) -> None:
    for name, options in UNSOUND_HANDSHAKES.items():
        said = await client.door.raw(name, see=False, **options)
        shown = said.exchange if isinstance(said, Refused) else said.handshake
        wrong = f"a handshake with {name} opens a connection"
        judge.holds("CAXTON-WIRE-017", isinstance(said, Refused), wrong, shown)
    said = await client.door.raw("afterwards")
    shown = said.exchange if isinstance(said, Refused) else said.handshake
    wrong = "after handshakes that are none a lawful one is refused"
    judge.holds("CAXTON-WIRE-017", isinstance(said, RawSocket), wrong, shown)


# Pings and the close


@requirement("CAXTON-WIRE-012")
async def test_flow_pings_are_answered(
    client: Client, herald: Herald, judge: Judge, mate: Agent
) -> None:
    socket = await opened_raw(client, "pinging")
    await herald.subscribe(socket)
    for payload in PINGS:
        since = socket.mark()
        sent = await socket.send_frame(Opcode.PING, payload)
        patience = herald.patience
        pong = await socket.hope(lambda frame: frame.kind == "pong", patience, "pongs", since)
        fine = pong is not None and pong.data == payload
        wrong = f"a ping of {len(payload)} bytes gets no pong with the same payload"
        judge.holds("CAXTON-WIRE-012", fine, wrong, sent, *([pong] if pong else []))
        await herald.in_use("CAXTON-WIRE-012", socket, mate, "after a ping")
        pongs = [f for f in socket.frames[since:] if f.kind == "pong" and f.sender == "peer"]
        wrong = f"one ping is answered by {len(pongs)} pongs"
        judge.holds("CAXTON-WIRE-012", len(pongs) < 2, wrong, *pongs[:2])


@requirement("CAXTON-WIRE-013")
async def test_flow_closes_are_answered(
    client: Client, herald: Herald, judge: Judge, mate: Agent
) -> None:
    siege = Siege(herald, mate)
    await siege.begin()
    lines = [await opened_raw(client, "closing", echo=False) for _ in CLOSES]
    for line in lines[1:]:
        await herald.subscribe(line)
    payloads = CLOSES.values()
    await asyncio.gather(
        *(_judge_close(herald, *each) for each in zip(lines, payloads, strict=True))
    )
    word = await herald.say(mate)
    for line in lines:
        late = word.told(line)
        wrong = "after the close frames a connection is told more"
        judge.holds("CAXTON-WIRE-013", not late, wrong, *late[:1])
    await siege.judge("CAXTON-WIRE-013", "the end of others")


async def _judge_close(herald: Herald, socket: RawSocket, payload: bytes) -> None:
    judge = herald.judge
    sent = await socket.send_frame(Opcode.CLOSE, payload)
    answer = await socket.hope(lambda frame: frame.kind == "close", herald.patience, "closes")
    wrong = "a close frame is not answered by one"
    judge.holds("CAXTON-WIRE-013", answer is not None, wrong, sent, *socket.frames[-2:])
    if answer is not None:
        gone = await socket.gone(_ENDS_WITHIN)
        wrong = "after the close frames the connection stays open"
        judge.holds("CAXTON-WIRE-013", gone, wrong, sent, answer)
        wrong = "; ".join(socket.violations)
        judge.holds("CAXTON-WIRE-013", not socket.violations, wrong, sent, answer)


# Fragments and sizes


def _padded(size: int) -> bytes:
    """A subscription of so many bytes: between the tokens of JSON there may be any white space."""
    text = json.dumps(_ALL)
    return (text[:-1] + " " * (size - len(text)) + text[-1]).encode()


@requirement("CAXTON-WIRE-014")
async def test_flow_fragments(client: Client, herald: Herald, mate: Agent) -> None:
    """A subscription that comes in parts is one. A pong would come in the middle of our message:
    none is sent.
    """
    for name, cuts in CUTS.items():
        for pinged in (False, True):
            line = await opened_raw(client, name, pong=False)
            await send_parts(line, _padded(70), cuts, pinged=pinged)
            await herald.settle(line)
            why = f"after a subscription in fragments ({name})"
            if not await herald.in_use("CAXTON-WIRE-014", line, mate, why):
                return
            await line.close()


@requirement("CAXTON-WIRE-014")
async def test_flow_pieces(client: Client, herald: Herald, mate: Agent) -> None:
    """Bytes that come one by one, and several messages in one piece."""
    wire = frame_bytes(Opcode.TEXT, _padded(70))
    for pause in (0.0, 0.001):
        line = await opened_raw(client, "byte by byte", pong=False)
        await line.trickle(wire, pause)
        await herald.settle(line)
        why = "after a subscription byte by byte"
        await herald.in_use("CAXTON-WIRE-014", line, mate, why)
    line = await opened_raw(client, "at once", pong=False)
    other = frame_bytes(Opcode.TEXT, b'{"type":"subscribe","events":["agent.deployed"]}')
    await line.send_bytes(other * 3 + wire + other)
    await herald.settle(line)
    await herald.in_use("CAXTON-WIRE-014", line, mate, "after several subscriptions in one piece")


def _may_be_too_big(ended: Frame) -> bool:
    """Is it ended by that code? Or without one: whoever ends a connection before it has read all
    that was sent resets it, and its close frame may be lost with that.
    """
    return ended.code == _TOO_BIG or ended.kind == "lost"


@requirement("CAXTON-WIRE-015")
async def test_flow_sizes(client: Client, herald: Herald, mate: Agent) -> None:
    """None of them is large but the last two, which may be refused as too big."""
    for size in (125, 126, 127, 4_096, 65_535, 65_536):
        line = await opened(client, f"{size} bytes")
        await line.send_text(_padded(size).decode())
        await herald.settle(line)
        if size > _LARGE and line.closed is not None and _may_be_too_big(line.closed):
            return
        why = f"after a subscription of {size} bytes"
        if not await herald.in_use("CAXTON-WIRE-015", line, mate, why):
            return
        await line.close()


# What RFC 6455 forbids


@requirement("CAXTON-WIRE-016")
async def test_flow_illegal_frames(
    client: Client, herald: Herald, judge: Judge, mate: Agent
) -> None:
    """Each on a connection of its own. How they are ended is left to the coordinator."""
    siege = Siege(herald, mate)
    await siege.begin()
    cases = illegal_frames(json.dumps(_ALL).encode())
    lines = [await opened_raw(client, name, see=False) for name in cases]
    seconds = min(herald.patience.glance("illegal"), _ENDS_WITHIN)
    await asyncio.gather(
        *(_break(line, cases[name], seconds) for line, name in zip(lines, cases, strict=True))
    )
    for line, name in zip(lines, cases, strict=True):
        wrong = f"{name}: the connection is not ended"
        judge.holds("CAXTON-WIRE-016", line.closed is not None, wrong, *line.frames[-2:])
        line.abort()
    await siege.judge("CAXTON-WIRE-016", "frames that RFC 6455 forbids")


async def _break(line: RawSocket, frames: list[bytes], seconds: float) -> None:
    for frame in frames:
        await line.send_bytes(frame)
    await line.ended(seconds)


@requirement("CAXTON-WIRE-009", "CAXTON-WIRE-010")
async def test_many_handshakes_at_once(client: Client, judge: Judge) -> None:
    """Each key is answered for itself."""
    said = await asyncio.gather(*(client.door.raw(f"line {n}") for n in range(12)))
    for each in said:
        if isinstance(each, RawSocket):
            wrong = "; ".join(each.violations)
            judge.holds("CAXTON-WIRE-009", not each.violations, wrong, each.handshake)
    refused = [each for each in said if isinstance(each, Refused)]
    wrong = f"of {len(said)} handshakes at the same time {len(refused)} are refused"
    judge.holds("CAXTON-WIRE-010", not refused, wrong, *(each.exchange for each in refused[:1]))


# Time


@requirement("CAXTON-SUB-026", "CAXTON-SUB-027")
async def test_flow_subscriptions_last(
    vigil: Vigil[Watch], herald: Herald, judge: Judge, mate: Agent
) -> None:
    watch = await vigil.kept()
    assert watch is not None, "the herald has seen to it"
    ended = await watch.socket.ended(vigil.left(_LONG))
    wrong = "a connection with a subscription, which was told events, is ended"
    judge.holds("CAXTON-SUB-027", ended is None, wrong, *([ended] if ended else []))
    if ended is None:
        word = await herald.say(mate)
        await herald.told("CAXTON-SUB-026", watch.socket, word, "who subscribed some seconds ago")
