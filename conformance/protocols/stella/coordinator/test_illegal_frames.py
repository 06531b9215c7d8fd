"""What RFC 6455 forbids a client: whoever sends it is ended, and nobody else is harmed."""

from __future__ import annotations

import asyncio
import json

from websockets.frames import Opcode

from conformance.clients.raw import RawSocket
from conformance.clients.rfc6455 import frame_bytes
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.stella.siege import UNHARMED, Siege
from conformance.protocols.stella.streams import Line, Streams
from conformance.rfc6455_cases import astray, illegal_frames

_WITHIN = 3.0
"""Seconds within which a connection is ended."""


def _text(streams: Streams) -> bytes:
    known = {"taskId": streams.fleet.new("task"), "level": "info", "message": "In odd frames"}
    return json.dumps({"type": "task_log", **known}).encode()


async def _break(line: Line, frames: list[bytes], seconds: float) -> None:
    assert isinstance(line.socket, RawSocket)
    for frame in frames:
        await line.socket.send_bytes(frame)
    await line.socket.ended(seconds)


@requirement("STELLA-WIRE-012", UNHARMED)
async def test_flow_illegal_frames(streams: Streams, judge: Judge) -> None:
    """Each on a connection of its own. How they are ended is left to the coordinator."""
    siege = Siege(streams, judge, UNHARMED)
    await siege.begin()
    cases = illegal_frames(_text(streams))
    lines = [await streams.raw(see=False) for _ in cases]
    await asyncio.gather(
        *(_break(line, cases[name], _WITHIN) for line, name in zip(lines, cases, strict=True))
    )
    for line, name in zip(lines, cases, strict=True):
        wrong = f"{name}: the connection is not ended"
        judge.holds("STELLA-WIRE-012", line.closed is not None, wrong, *line.last)
        line.socket.abort()
    await siege.go_on()


@requirement(UNHARMED)
async def test_flow_frames_that_lead_astray(streams: Streams, judge: Judge) -> None:
    """And connections that end in the middle of a frame, or of a message."""
    siege = Siege(streams, judge, UNHARMED)
    await siege.begin()
    text = _text(streams)
    cases = [
        *astray().values(),
        [frame_bytes(Opcode.TEXT, text)[:20]],
        [frame_bytes(Opcode.TEXT, text[:10], fin=False)],
        [],
    ]
    lines = [await streams.raw(see=False) for _ in cases]
    await asyncio.gather(
        *(_break(line, frames, 0.05) for line, frames in zip(lines, cases, strict=True))
    )
    for line in lines:
        line.socket.abort()
    await siege.go_on()
