"""What no client may send: whoever does is ended, and nobody else is harmed."""

from __future__ import annotations

import asyncio

import pytest
from websockets.frames import Opcode

from conformance.clients.raw import RawSocket
from conformance.clients.rfc6455 import frame_bytes
from conformance.clients.websocket import Socket
from conformance.judge import Judge
from conformance.marks import case, requirement
from conformance.protocols.architect.coordinator.request_text import request_text
from conformance.protocols.architect.dialogue import (
    Dialogue,
    last,
)
from conformance.rfc6455_cases import WRONG_ENDS, astray, illegal_frames

_PROMPT = 3.0


def _frames(name: str) -> list[bytes]:
    """With keys and tokens of their own each time."""
    return {**illegal_frames(request_text()[1]), **astray()}[name]


_ILLEGAL = {
    "ARCH-WIRE-013": ["unmasked"],
    "ARCH-WIRE-014": [
        "reserved bit 1",
        "reserved bit 3",
        "reserved opcode",
        "reserved control opcode",
    ],
    "ARCH-WIRE-015": ["long ping", "ping in fragments"],
    "ARCH-WIRE-016": ["continuation of nothing", "message within another"],
    "ARCH-WIRE-017": ["no UTF-8", "no UTF-8 in a lawful message"],
    "ARCH-WIRE-018": [f"close with {end!r}" for end in WRONG_ENDS] + ["close without UTF-8"],
}
_HARD = list(astray())


@pytest.mark.parametrize(("row", "names"), [case(*each) for each in _ILLEGAL.items()])
@requirement("ARCH-WIRE-019")
async def test_illegal_frames(row: str, names: list[str], script: Dialogue, judge: Judge) -> None:
    """The connection is ended: whether with a close frame is left to the peer."""
    await script.needs_company()
    there = await script.connect("there")
    lines = [await script.raw("breaking", see=False) for _ in names]
    seconds = min(script.lore.patience.glance("illegal"), _PROMPT)
    await asyncio.gather(*(_break(*each, seconds) for each in zip(lines, names, strict=True)))
    for line, name in zip(lines, names, strict=True):
        _judge_ended(row, name, line, judge)
        if line.closed is None:
            script.lore.patience.hung("illegal", seconds)
        line.abort()
    await _judge_going_on(there, script, judge, lines[-1])


async def _break(line: RawSocket, name: str, seconds: float) -> None:
    for frame in _frames(name):
        await line.send_bytes(frame)
    await line.ended(seconds)


def _judge_ended(row: str, name: str, line: RawSocket, judge: Judge) -> None:
    ended = line.closed
    judge.holds(row, ended is not None, f"{name}: the connection is not ended", *last(line))
    if ended is not None and ended.kind == "close":
        told = f"{name}: the connection is ended as if nothing was wrong, with {ended.code}"
        fine = ended.code not in (1000, 1001) or row == "ARCH-WIRE-018"
        judge.holds(row, fine, told, *last(line))
        told = f"{name}: it is answered with an unsound close frame, {ended.code}"
        judge.holds(row, not line.violations, told, *last(line))


@requirement("ARCH-WIRE-019")
async def test_frames_that_lead_astray(script: Dialogue, judge: Judge) -> None:
    await script.needs_company()
    there = await script.connect("there")
    lines = [await script.raw("astray", see=False) for _ in _HARD]
    await asyncio.gather(*(_break(*each, 0.1) for each in zip(lines, _HARD, strict=True)))
    for line in lines:
        line.abort()
    await _judge_going_on(there, script, judge, lines[-1])


_BROKEN_OFF = ("half a frame", "half a message", "half-open", "torn")


@requirement("ARCH-WIRE-019")
async def test_broken_off(script: Dialogue, judge: Judge) -> None:
    await script.needs_company()
    there = await script.connect("there")
    for ending in _BROKEN_OFF:
        line = await script.raw("breaking off", see=False)
        data = request_text()[1]
        whole = frame_bytes(Opcode.TEXT, data)
        if ending == "half a message":
            await line.send_frame(Opcode.TEXT, data[:10], fin=False)
        else:
            await line.send_bytes(whole[: 20 if ending == "half a frame" else len(whole)])
        if ending == "half-open":
            line.shutdown_write()
            await line.ended(0.1)
        line.abort()
    await _judge_going_on(there, script, judge, line)


async def _judge_going_on(there: Socket, script: Dialogue, judge: Judge, line: RawSocket) -> None:
    """Others are served after what one client did, and new ones."""
    fine = await script.alive(there)
    told = f"after what one client did another is not served: {script.why(there)}"
    judge.holds("ARCH-WIRE-019", fine, told, *last(line), *last(there, 2))
    new = await script.knock("afterwards")
    fine = isinstance(new, Socket) and await script.alive(new)
    told = f"after what one client did no new one is served: {getattr(new, 'reason', '')}"
    judge.holds("ARCH-WIRE-019", fine, told, *last(line))
