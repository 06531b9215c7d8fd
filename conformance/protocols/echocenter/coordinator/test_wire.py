"""RFC 6455, as far as messages depend on it: handshake, frames, fragments, pings, the close."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from websockets.frames import Opcode

from conformance.clients.raw import RawSocket
from conformance.clients.rfc6455 import frame_bytes
from conformance.clients.websocket import Refused
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.echocenter.audit import AMBIENT
from conformance.protocols.echocenter.door import not_now
from conformance.protocols.echocenter.principals import Cast, Person
from conformance.protocols.echocenter.room import Room
from conformance.protocols.echocenter.said import Guest, mentions, texts
from conformance.rfc6455_cases import CLOSES, CUTS, LAWFUL_HANDSHAKES, PINGS, send_parts

pytestmark = requirement(*AMBIENT)


@requirement("ECHO-WIRE-004", "ECHO-WIRE-005", "ECHO-WIRE-006")
async def test_flow_handshakes_are_sound(room: Room, cast: Cast, judge: Judge) -> None:
    for turn, person in enumerate(await cast.agents(3)):
        offered = ["assay.v2", "assay.v1"] if turn == 2 else []
        said = await room.open(person, raw=True, subprotocols=offered)
        if isinstance(said, Refused) and not_now(said):
            raise room.given_up(f"nobody is let in now: {said.reason}")
        if isinstance(said, Refused):
            judge.holds("ECHO-WIRE-004", False, f"refused: {said.reason}", said.exchange)
            continue
        assert isinstance(said, RawSocket)
        wrong = "; ".join(said.violations)
        judge.holds("ECHO-WIRE-004", not said.violations, wrong, said.handshake)
        chosen = said.subprotocol
        wrong = f"of {offered} the sub-protocol {chosen!r} is chosen"
        right = chosen is None or chosen in offered
        judge.holds("ECHO-WIRE-005", right, wrong, said.handshake)
        extensions = said.handshake.answer_headers.get("sec-websocket-extensions")
        wrong = f"nobody offered the extension {extensions!r}"
        judge.holds("ECHO-WIRE-006", not extensions, wrong, said.handshake)
        await said.close()


@requirement("ECHO-WIRE-018", "ECHO-WIRE-004")
async def test_flow_lawful_handshakes_open(room: Room, cast: Cast, judge: Judge) -> None:
    """Those who came by them are spoken to like anybody else."""
    sender = (await room.agents(1))[0]
    people = await cast.newcomers(len(LAWFUL_HANDSHAKES))
    for person, headers in zip(people, LAWFUL_HANDSHAKES.values(), strict=True):
        guest, socket = await _raw(room, person, "ECHO-WIRE-018", headers=headers)
        wrong = "; ".join(socket.violations)
        judge.holds("ECHO-WIRE-004", not socket.violations, wrong, socket.handshake)
        await room.known()
        await room.tell(sender, guest, "", "ECHO-WIRE-018")
        await room.leave(guest)
    await room.settle()


@requirement("ECHO-WIRE-006")
async def test_messages_come_through_compressed(room: Room, cast: Cast) -> None:
    first, second, plain = await cast.agents(3)
    guests = [await room.enter(one, compression="deflate") for one in (first, second)]
    guests.append(await room.enter(plain))
    await room.known()
    for words in ("short", "long and dull " * 300, "Größe 🚀"):
        for sender, target in ((0, 1), (1, 2), (2, 0)):
            await room.tell(guests[sender], guests[target], words, "ECHO-WIRE-006")
    await room.settle()


async def _raw(room: Room, person: Person, *rows: str, **options: Any) -> tuple[Guest, RawSocket]:
    guest = await room.enter(person, *rows, raw=True, **options)
    assert isinstance(guest.socket, RawSocket)
    return guest, guest.socket


@requirement("ECHO-WIRE-007")
async def test_flow_pings_are_answered(room: Room, cast: Cast, judge: Judge) -> None:
    first, second = await cast.agents(2)
    guest, socket = await _raw(room, first)
    other = await room.enter(second)
    await room.known()
    for payload in PINGS:
        since = socket.mark()
        sent = await socket.send_frame(Opcode.PING, payload)
        pong = await socket.hope(lambda frame: frame.kind == "pong", room.patience, "pong", since)
        right = pong is not None and pong.data == payload
        wrong = f"a ping with {payload[:20]!r} was answered with " + (
            "no pong" if pong is None else f"{pong.data[:20]!r}"
        )
        judge.holds("ECHO-WIRE-007", right, wrong, sent, *([] if pong is None else [pong]))
        await room.tell(other, guest)
        pongs = [f for f in socket.frames[since:] if f.sender == "peer" and f.kind == "pong"]
        wrong = "a ping was answered twice"
        judge.holds("ECHO-WIRE-007", len(pongs) < 2, wrong, sent, *pongs[:2])
    await room.settle()


@requirement("ECHO-WIRE-008", "ECHO-WIRE-009", "ECHO-WIRE-019")
async def test_flow_a_close_is_answered(room: Room, cast: Cast, judge: Judge) -> None:
    people = await cast.agents(len(CLOSES))
    guests = [await _raw(room, person, echo=False) for person in people]
    other = await room.enter((await cast.newcomers(1))[0])
    await room.known()
    await room.tell(guests[0][0], other)

    async def close(guest: Guest, socket: RawSocket, payload: bytes) -> None:
        guest.left = True
        sent = await socket.send_frame(Opcode.CLOSE, payload)
        answer = await socket.hope(lambda frame: frame.kind == "close", room.patience, "close")
        shown = [frame for frame in (socket.closed,) if frame is not None]
        wrong = "a close frame was not answered, and the connection goes on"
        judge.holds("ECHO-WIRE-008", bool(shown), wrong, sent)
        if shown:
            wrong = "a close frame was answered by the end of the connection alone"
            judge.holds("ECHO-WIRE-019", answer is not None, wrong, sent, *shown)
        if answer is not None:
            lawful = "; ".join(v for v in socket.violations if "close" in v)
            judge.holds("ECHO-WIRE-008", not lawful, lawful, sent, answer)
            gone = await socket.gone(5.0)
            wrong = "close frames were exchanged, and the connection was not ended"
            judge.holds("ECHO-WIRE-009", gone, wrong, sent, answer)

    await asyncio.gather(
        *(close(*guest, payload) for guest, payload in zip(guests, CLOSES.values(), strict=True))
    )
    await room.settle()


_WORDS = "in fragments: 世界 🚀 Größe"

_DIVIDED: dict[str, Sequence[int]] = {
    **CUTS,
    "five": (1, 3, 33, 38),
    "a hundred single bytes": range(1, 101),
    "within a letter": (-20,),
    "within a sign": (-13, -12),
}
"""Where a message that ends in these words is cut, from its beginning or from its end."""


@requirement("ECHO-WIRE-010", "ECHO-WIRE-011")
async def test_flow_fragments_are_joined(room: Room, cast: Cast) -> None:
    sender, socket = await _raw(room, (await cast.agents(1))[0])
    target = (await room.newcomers(1))[0]
    await room.known()
    for row, pinged in (("ECHO-WIRE-010", False), ("ECHO-WIRE-011", True)):
        said = []
        for cuts in _DIVIDED.values():
            mark, message = await room.draft(target.person, _WORDS)
            data = json.dumps(message, ensure_ascii=False).encode()
            places = [cut if cut >= 0 else len(data) + cut for cut in cuts]
            frame = await send_parts(socket, data, places, pinged=pinged)
            said.append((target, room.spoken(sender, target.person, mark, message, frame)))
        await room.all_heard(said, row)
    await room.settle()


@requirement("ECHO-WIRE-010")
async def test_fragments_of_two_connections_are_kept_apart(room: Room, cast: Cast) -> None:
    people = await cast.agents(2)
    senders = [await _raw(room, person) for person in people]
    target = (await room.newcomers(1))[0]
    await room.known()
    drafts = [await room.draft(target.person, f"{_WORDS} {at}" * 4) for at in range(2)]
    cuts = (0, 15, 45, 65)
    frames: list[Frame] = []
    for start, end in pairwise((*cuts, None)):
        opcode = Opcode.CONT if start else Opcode.TEXT
        frames = [
            await socket.send_frame(opcode, json.dumps(message).encode()[start:end], fin=not end)
            for (_, socket), (_, message) in zip(senders, drafts, strict=True)
        ]
    for (sender, _), (mark, message), frame in zip(senders, drafts, frames, strict=True):
        said = room.spoken(sender, target.person, mark, message, frame)
        await room.heard(target, said, "ECHO-WIRE-010")
    await room.settle()


@requirement("ECHO-WIRE-012")
async def test_flow_frames_come_together_and_in_pieces(room: Room, cast: Cast) -> None:
    """Pings stay unanswered here: a pong would come in the middle of our frame."""
    sender, socket = await _raw(room, (await cast.agents(1))[0], pong=False)
    left, right = await room.newcomers(2)
    await room.known()
    drafts = [
        (target, *await room.draft(target.person, "together")) for target in (left, right, left)
    ]
    wires = [frame_bytes(Opcode.TEXT, json.dumps(each[2]).encode()) for each in drafts]
    frame = await socket.send_bytes(b"".join(wires))
    for target, mark, message in drafts:
        said = room.spoken(sender, target.person, mark, message, frame)
        await room.heard(target, said, "ECHO-WIRE-012")
    for cut in (1, 3, 7, 40):
        mark, message = await room.draft(left.person, "in pieces " * 8)
        wire = frame_bytes(Opcode.TEXT, json.dumps(message).encode())
        await socket.send_bytes(wire[:cut])
        await asyncio.sleep(0.02)
        frame = await socket.send_bytes(wire[cut:])
        said = room.spoken(sender, left.person, mark, message, frame)
        await room.heard(left, said, "ECHO-WIRE-012")
    mark, message = await room.draft(right.person, "byte by byte")
    wire = frame_bytes(Opcode.TEXT, json.dumps(message).encode())
    frame = await socket.trickle(wire, 0.001)
    said = room.spoken(sender, right.person, mark, message, frame)
    await room.heard(right, said, "ECHO-WIRE-012")
    await room.settle()


def _of_size(message: dict[str, Any], size: int) -> str:
    """A message as JSON of exactly so many bytes."""
    text = json.dumps(message, separators=(",", ":"))
    message["payload"] += "s" * (size - len(text))
    return json.dumps(message, separators=(",", ":"))


@requirement("ECHO-WIRE-013")
async def test_frames_of_every_size_are_taken(room: Room) -> None:
    """The frames that we send have these sizes, so those of the coordinator are larger."""
    sender, target = await room.newcomers(2)
    said = []
    for size in (124, 125, 126, 127, 128, 65_535):
        mark, message = await room.draft(target.person)
        frame = await sender.socket.send_text(_of_size(message, size))
        said.append((target, room.spoken(sender, target.person, mark, message, frame)))
    await room.all_heard(said, "ECHO-WIRE-013")
    await room.settle()


@requirement("ECHO-WIRE-014", "ECHO-WIRE-015")
async def test_a_message_of_64_kib_is_not_lost(room: Room, judge: Judge) -> None:
    """It may be too much for a coordinator; then the connection ends, so that one knows."""
    sender, target = await room.newcomers(2)
    mark, message = await room.draft(target.person)
    frame = await sender.socket.send_text(_of_size(message, 65_536))
    said = room.spoken(sender, target.person, mark, message, frame)
    waits = [room.wait(target, said), sender.socket.ended(room.opener.target.timeout)]
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.sleep(0.05)
    for task in tasks:
        task.cancel()
    heard = next(iter(f for f in texts(target) if mentions(f, mark)), None)
    ended = sender.socket.closed is not None or target.socket.closed is not None
    wrong = "a message of 64 KiB is lost, and nothing tells it"
    judge.holds("ECHO-WIRE-014", heard is not None or ended, wrong, frame)
    wrong = "a message of 64 KiB is not delivered"
    judge.holds("ECHO-WIRE-015", heard is not None, wrong, frame)


@requirement("ECHO-WIRE-013")
async def test_frames_of_every_size_are_delivered(room: Room) -> None:
    """The frame of the coordinator has that size, once it is known how much it adds."""
    sender, target = await room.newcomers(2)
    first = await room.tell(sender, target)
    if first is None:
        return
    added = len(first.data) - len(str(first.value("/payload")))
    sent = []
    for size in (*range(100, 131, 5), 125, 126, 127, 65_535, 65_536):
        mark = room.cast.dialogue.new("m") + "."
        room.cast.said.add(mark)
        pad = size - added - len(mark)
        if pad >= 0 and pad + len(mark) < 65_300:
            message = {
                "type": "CHAT",
                "target_id": room.number(target.person),
                "payload": mark + "o" * pad,
            }
            frame = await sender.socket.send(message)
            sent.append((target, room.spoken(sender, target.person, mark, message, frame)))
    await room.all_heard(sent, "ECHO-WIRE-013")
    await room.settle()
