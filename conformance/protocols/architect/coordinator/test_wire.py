"""RFC 6455, as far as requests and replies depend on it."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from typing import Any

import pytest
from websockets.frames import Opcode

from conformance.clients.raw import RawSocket
from conformance.clients.rfc6455 import frame_bytes
from conformance.clients.websocket import Socket
from conformance.conversation import Refused
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, case, requirement
from conformance.protocols.architect.coordinator.plain_http import plain_request
from conformance.protocols.architect.coordinator.request_text import request_text
from conformance.protocols.architect.dialogue import (
    CHANNEL,
    Asked,
    Dialogue,
    echoes,
    last,
    new_token,
)
from conformance.protocols.architect.replies import Request
from conformance.protocols.architect.survey import survey_of
from conformance.rfc6455_cases import CLOSES, CUTS, send_parts

_PROMPT = 3.0
_SOON = 5.0
_TOO_BIG = 1009
_PINGS = 20
_SHORT, _TEXT = 8, 64
_LARGE = 16_384
"""Bytes up to which a message is not so large that its connection may just end."""


async def _reply(line: RawSocket | Socket, request: Request, script: Dialogue, mark: int) -> Asked:
    asked = Asked(request=request, sent=line.frames[-1])
    return await script.hear(line, asked, mark)


# Pings


@requirement("ARCH-WIRE-001", "ARCH-WIRE-002", "ARCH-WIRE-003")
async def test_flow_pings(script: Dialogue, judge: Judge) -> None:
    line = await script.raw()
    for payload in (b"assay", b"", b"p" * 125, b"\x00\xff\xfe", b"assay", b"q" * 65):
        mark, began = line.mark(), time.monotonic()
        sent = await line.send_frame(Opcode.PING, payload)
        patience = script.lore.patience
        pong = await line.hope(lambda frame: frame.kind == "pong", patience, "pings", mark)
        right = pong is not None and pong.data == payload
        told = f"a ping of {len(payload)} bytes gets no pong with the same: {script.why(line)}"
        judge.holds("ARCH-WIRE-001", right, told, sent, *([pong] if pong else []))
        took = time.monotonic() - began
        soon = pong is not None and took < _SOON
        judge.holds("ARCH-WIRE-002", soon, f"no pong within {took:.1f} s", sent)
        if script.lore.slow and pong is not None:
            continue
        alive = await script.alive(line)
        told = f"after a ping no request is answered: {script.why(line)}"
        judge.holds("ARCH-WIRE-001", alive, told, *last(line))
    await line.send_frame(Opcode.PONG, b"nobody asked")
    told = f"after a pong that nobody asked for no request is answered: {script.why(line)}"
    judge.holds("ARCH-WIRE-003", await script.alive(line), told, *last(line))


@requirement("ARCH-WIRE-004")
async def test_ping_brings_no_message(script: Dialogue, judge: Judge) -> None:
    """Many pings at once: what comes beside the pongs, once for each, is an answer to them."""
    line = await script.raw()
    quiet = await _beside(line, 0, script)
    loud = await _beside(line, _PINGS, script)
    told = f"{_PINGS} pings are answered by {len(loud)} other frames than pongs"
    judge.holds("ARCH-WIRE-004", len(loud) < _PINGS + len(quiet), told, *loud[:2])


async def _beside(line: RawSocket, pings: int, script: Dialogue) -> list[Frame]:
    """What came beside pongs and the reply to a request."""
    mark = line.mark()
    for _ in range(pings):
        await line.send_frame(Opcode.PING, b"once more")
    asked = await script.list_actions(line)
    return [
        frame
        for frame in line.frames[mark:]
        if frame.sender == "peer"
        and frame.kind in ("text", "binary", "ping")
        and not echoes(frame, asked.request.token)
    ]


# The close


@pytest.mark.parametrize("how", CLOSES)
@requirement("ARCH-WIRE-005", "ARCH-WIRE-006")
async def test_flow_close(how: str, script: Dialogue, judge: Judge) -> None:
    line = await script.raw(echo=False)
    await script.alive(line)
    sent = await line.send_frame(Opcode.CLOSE, CLOSES[how])
    request, data = request_text()
    await line.send_bytes(frame_bytes(Opcode.TEXT, data))
    patience = script.lore.patience
    answer = await line.hope(lambda frame: frame.kind == "close", patience, "closes", most=_SOON)
    told = f"a close frame is not answered by one: {script.why(line)}"
    judge.holds("ARCH-WIRE-005", answer is not None, told, sent, *last(line, 2))
    wrong = "; ".join(line.violations)
    judge.holds("ARCH-WIRE-005", not wrong, f"after a close frame: {wrong}", sent, *last(line, 2))
    served = await line.wait(lambda frame: echoes(frame, request.token), 0.05)
    told = "a request after our close frame is served"
    judge.holds("ARCH-WIRE-006", served is None, told, *last(line))
    if answer is not None:
        gone = await line.gone(_PROMPT)
        told = "after the close frames the connection stays open"
        judge.holds("ARCH-WIRE-006", gone, told, *last(line))


# Fragments, segments, sizes


@pytest.mark.parametrize("pinged", [False, True])
@requirement("ARCH-WIRE-007")
async def test_fragments(pinged: bool, script: Dialogue, judge: Judge) -> None:
    line = await script.raw()
    for cuts in CUTS.values():
        request, data = request_text()
        await send_parts(line, data, cuts, pinged=pinged)
        asked = await _reply(line, request, script, 0)
        told = f"a request in fragments is not answered: {script.why(line)}"
        served = isinstance(asked.listed, dict)
        if not judge.holds("ARCH-WIRE-007", served, told, *last(line)):
            line = await script.raw()


@requirement("ARCH-WIRE-007")
async def test_character_over_two_fragments(script: Dialogue, judge: Judge) -> None:
    line = await script.raw()
    request = Request(
        action="list_actions", parameters={}, token=new_token(), members={"note": "世界"}
    )
    data = json.dumps(request.payload(), ensure_ascii=False).encode()
    at = data.index("世".encode()) + 1
    await send_parts(line, data, (at, at + 1, at + 3))
    asked = await _reply(line, request, script, 0)
    told = f"a request with a character over two fragments is not answered: {script.why(line)}"
    judge.holds("ARCH-WIRE-007", isinstance(asked.listed, dict), told, *last(line))


@requirement("ARCH-WIRE-008")
async def test_frames_in_one_segment(script: Dialogue, judge: Judge) -> None:
    line = await script.raw()
    ready = [request_text() for _ in range(6)]
    await line.send_bytes(b"".join(frame_bytes(Opcode.TEXT, data) for _, data in ready))
    for request, _ in ready:
        asked = await _reply(line, request, script, 0)
        told = f"of requests in one segment one has no reply: {script.why(line)}"
        judge.holds("ARCH-WIRE-008", asked.heard is not None, told, *last(line))


@requirement("ARCH-WIRE-008")
async def test_frame_in_many_segments(script: Dialogue, judge: Judge) -> None:
    line = await script.raw()
    for pause in (0.0, 0.002):
        mark = line.mark()
        request, data = request_text()
        await line.trickle(frame_bytes(Opcode.TEXT, data), pause)
        asked = await _reply(line, request, script, mark)
        told = f"a request that comes byte by byte has no reply: {script.why(line)}"
        judge.holds("ARCH-WIRE-008", asked.heard is not None, told, *last(line))


@pytest.mark.parametrize(
    ("row", "sizes"),
    [
        case("ARCH-WIRE-009", (124, 125, 126, 127, 128, 1000, 1500, 4000)),
        case("ARCH-WIRE-010", (5000, 16384, 65535, 65536, 65537, 70000)),
    ],
)
@requirement("ARCH-WIRE-011")
async def test_sizes(row: str, sizes: tuple[int, ...], script: Dialogue, judge: Judge) -> None:
    """A peer may say that a message is too big for it, if it is big, and in any way it likes if it
    is very big and all that is bigger is too big as well; anything else is a fault.
    """
    line = await script.connect()
    tried: list[tuple[int, bool, bool, str, tuple[Frame, ...]]] = []
    for size in sizes:
        request, data = request_text(size)
        asked = await script.put(line, request, text=data.decode(), patience=row)
        closed = line.closed
        refused = closed is not None and closed.code == _TOO_BIG and row == "ARCH-WIRE-010"
        if size > _LARGE:
            refused = closed is not None or any(map(_is_error, line.frames[-4:]))
        told = f"a request of {size} bytes has no reply: {script.why(line)}"
        tried.append((size, asked.heard is not None, refused, told, last(line, 2)))
        if asked.heard is None:
            line = await script.connect()
    longest = max((size for size, answered, *_ in tried if answered), default=0)
    for size, answered, refused, told, shown in tried:
        too_big = refused and not answered and (size > longest or size <= _LARGE)
        judge.holds(row, answered or too_big, told, *shown)
        judge.holds("ARCH-WIRE-011", not too_big, told, *shown)


def _is_error(frame: Frame) -> bool:
    """A reply without a token, as one that was not read to its end may have."""
    said = frame.json if frame.sender == "peer" else None
    told = frame.data.lower()
    words = (b"error", b"large", b"long", b"big", b"size", b"limit", b"false")
    return isinstance(said, dict) and not said.get("idempotence") and any(w in told for w in words)


@requirement("ARCH-CORR-002")
async def test_lengths_of_replies(script: Dialogue, judge: Judge) -> None:
    """Tokens of such lengths that the replies are about as long as where RFC 6455 begins to write
    lengths in another way. Whether what comes are sound frames, the general rules judge.
    """
    survey = await survey_of(script)
    known = [*survey.unknown, *(each.asked for each in (*survey.plain.values(), *survey.lacking))]
    answered = [each for each in known if each.heard is not None]
    if not answered:
        raise UnjudgeableError("nothing was answered of which the length is known")
    shortest = min(answered, key=_bare_length)
    line = await script.raw()
    for size in (125, 126, 127, 65_535, 65_536, 65_537):
        length = size - _bare_length(shortest)
        if length < _SHORT or (length > _TEXT and script.lore.slow):
            continue
        token = (new_token() * (length // 32 + 1))[:length]
        request = replace(shortest.request, token=token)
        asked = await script.put(line, request, patience=f"tokens of {length}")
        if length <= _TEXT:
            told = f"a reply of {size} bytes does not come: {script.why(line)}"
            judge.holds("ARCH-CORR-002", asked.heard is not None, told, asked.sent, *last(line))
        if asked.heard is None:
            line = await script.raw()


def _bare_length(asked: Asked) -> int:
    """Bytes of a reply without those of its token."""
    return len(asked.heard.data if asked.heard else b"") - len(asked.request.token)


@requirement("ARCH-WIRE-001")
async def test_ping_while_much_is_said(script: Dialogue, judge: Judge) -> None:
    line = await script.connect()
    requests = [Request(action="list_actions", token=new_token()) for _ in range(10)]
    mark = line.mark()
    for request in requests:
        await script.say(line, request)
    seconds = await line.ping()
    told = f"among many requests a ping gets no pong: {script.why(line)}"
    judge.holds("ARCH-WIRE-001", seconds is not None, told, *last(line))
    await line.wait(lambda frame: echoes(frame, requests[-1].token), script.timeout, mark)


@requirement("ARCH-WIRE-012")
async def test_messages_are_taken_compressed(script: Dialogue, judge: Judge) -> None:
    """An extension that is agreed on is kept; one that is not agreed on is not used."""
    line = await script.connect(compression="deflate")
    for size in (0, 3000):
        request, data = request_text(size)
        asked = await script.put(line, request, text=data.decode())
        told = f"where a compression was offered a request has no reply: {script.why(line)}"
        judge.holds("ARCH-WIRE-012", asked.heard is not None, told, *last(line, 2))


# The handshake


_UNSOUND: dict[str, list[dict[str, Any]]] = {
    "ARCH-WIRE-021": [
        {"headers": {"Sec-WebSocket-Key": None}},
        {"headers": {"Sec-WebSocket-Key": "c2hvcnQ="}},
        {"headers": {"Sec-WebSocket-Key": "not base64 at all!!!!!!!"}},
    ],
    "ARCH-WIRE-022": [
        {"headers": {"Sec-WebSocket-Version": "99"}},
        {"headers": {"Sec-WebSocket-Version": None}},
    ],
    "ARCH-WIRE-023": [
        {"method": "POST"},
        {"headers": {"Upgrade": None}},
    ],
}
"""Version 8, whose frames are the same, and HTTP/1.0 are left out: widespread libraries let both
in, and nobody is misled.
"""


@pytest.mark.parametrize(("row", "tries"), [case(*each) for each in _UNSOUND.items()])
@requirement("ARCH-WIRE-025")
async def test_unsound_handshakes(
    row: str, tries: list[dict[str, Any]], script: Dialogue, judge: Judge
) -> None:
    await script.come_and_go()
    script.lore.odd = True
    place: dict[str, Any] = {"subprotocols": script.offer, "path": script.lore.path}
    for options in tries:
        said = await script.opener.raw(CHANNEL, "unsound", see=False, **place, **options)
        shown = said.exchange if isinstance(said, Refused) else said.handshake
        told = "a handshake that is none opens a connection"
        judge.holds(row, isinstance(said, Refused), told, shown)
    new = await script.knock("afterwards")
    told = f"after a handshake that is none nobody comes in: {getattr(new, 'reason', '')}"
    judge.holds("ARCH-WIRE-025", isinstance(new, Socket), told)


_PLAIN = ("/", "/ws", "/assay/no/such/path", "/ws/../../etc/passwd", "/%00")


@requirement("ARCH-WIRE-025")
async def test_plain_http(script: Dialogue, judge: Judge) -> None:
    """Whatever it answers to HTTP that is no handshake, it goes on."""
    await script.needs_company()
    script.lore.odd = True
    there = await script.connect("there")
    tries = [f"GET {path} HTTP/1.1\r\nHost: agent\r\n\r\n".encode() for path in _PLAIN]
    tries += [
        b"POST /ws HTTP/1.1\r\nHost: agent\r\nContent-Length: 2\r\n\r\n{}",
        b"GARBAGE\r\n\r\n",
        b"\x16\x03\x01\x00\x00",
        b"GET /ws HTTP/1.1\r\nX-Long: " + b"x" * 100_000,
    ]
    await asyncio.gather(*(plain_request(script.opener.target, data) for data in tries))
    fine = await script.alive(there)
    told = f"after plain HTTP another is not served: {script.why(there)}"
    judge.holds("ARCH-WIRE-025", fine, told, *last(there, 2))
    new = await script.knock("afterwards")
    told = f"after plain HTTP nobody comes in: {getattr(new, 'reason', '')}"
    judge.holds("ARCH-WIRE-025", isinstance(new, Socket), told)
