"""RFC 6455, as far as the task stream depends on it, and the zones of times."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any

from websockets.frames import Opcode

from conformance.clients.raw import RawSocket
from conformance.clients.rfc6455 import frame_bytes
from conformance.conversation import Refused
from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.stella.fleet import Fleet, rows_of
from conformance.protocols.stella.jobs import Depot, Job, tasks_of
from conformance.protocols.stella.streams import Line, Streams
from conformance.rfc6455_cases import (
    CLOSES,
    CUTS,
    LAWFUL_HANDSHAKES,
    PINGS,
    UNSOUND_HANDSHAKES,
    send_parts,
)

_ENDS_WITHIN = 3.0
"""Seconds that the end of a connection may take after the close frames."""

_NEVER_TOO_BIG = 8_000
"""Bytes that a peer with any limit takes."""

_ZONED = re.compile(r"(?i)(?:z|[+-]\d\d(?::?\d\d)?)$")


def _raw(line: Line) -> RawSocket:
    assert isinstance(line.socket, RawSocket)
    return line.socket


# The handshake


@requirement("STELLA-WIRE-005", "STELLA-WIRE-007")
async def test_flow_handshakes_are_sound(streams: Streams, judge: Judge) -> None:
    for offered in ([], ["assay.v2", "assay.v1"], []):
        socket = _raw(await streams.raw(subprotocols=offered))
        wrong = "; ".join(socket.violations)
        judge.holds("STELLA-WIRE-005", not socket.violations, wrong, socket.handshake)
        chosen = socket.subprotocol
        wrong = f"of {offered} the sub-protocol {chosen!r} is chosen"
        fine = chosen is None or chosen in offered
        judge.holds("STELLA-WIRE-007", fine, wrong, socket.handshake)
        _judge_no_extension(judge, socket)
        await socket.close()


def _judge_no_extension(judge: Judge, socket: RawSocket) -> None:
    chosen = socket.handshake.answer_headers.get("sec-websocket-extensions")
    wrong = f"nobody offered the extension {chosen!r}"
    judge.holds("STELLA-WIRE-007", not chosen, wrong, socket.handshake)


@requirement("STELLA-WIRE-006", "STELLA-WIRE-005", "STELLA-WIRE-007")
async def test_flow_lawful_handshakes(streams: Streams, judge: Judge) -> None:
    await (await streams.open()).socket.close()
    for name, headers in LAWFUL_HANDSHAKES.items():
        await _judge_lawful(streams, judge, name, headers)


async def _judge_lawful(
    streams: Streams, judge: Judge, name: str, headers: Mapping[str, str]
) -> None:
    agent = await streams.fleet.register()
    said = await streams.try_raw(agent, headers)
    if isinstance(said, Refused):
        wrong = f"a handshake with {name} is refused: {said.reason}"
        judge.holds("STELLA-WIRE-006", False, wrong, said.exchange)
        return
    judge.holds("STELLA-WIRE-005", not said.violations, "; ".join(said.violations), said.handshake)
    _judge_no_extension(judge, said)
    await streams.alive("STELLA-WIRE-006", Line(agent=agent, socket=said), f"opened with {name}")


@requirement("STELLA-WIRE-007")
async def test_flow_compression(streams: Streams, judge: Judge) -> None:
    """An extension that is agreed on is kept; one that is not agreed on is not used."""
    line = await streams.open(compression="deflate")
    for size in (10, 1_500):
        words = {"taskId": streams.fleet.new("task"), "level": "info", "message": "dull " * size}
        if streams.can_make:
            job = await streams.depot.make(line.agent)
            await streams.expect("STELLA-WIRE-007", line, job, "where compression was offered")
            await line.socket.send({"type": "task_log", **words, "taskId": job.id})
        await streams.alive("STELLA-WIRE-007", line, "where compression was offered a task")
    judge.holds("STELLA-WIRE-007", line.closed is None, "the stream has ended", *line.last)


@requirement("STELLA-WIRE-013")
async def test_flow_unsound_handshakes(streams: Streams, judge: Judge) -> None:
    await streams.open()
    victim = await streams.fleet.register()
    for name, options in UNSOUND_HANDSHAKES.items():
        said = await streams.try_raw(victim, see=False, **options)
        shown = said.exchange if isinstance(said, Refused) else said.handshake
        wrong = f"a handshake with {name} opens a stream"
        judge.holds("STELLA-WIRE-013", isinstance(said, Refused), wrong, shown)
    said = await streams.try_raw(victim)
    wrong = "after handshakes that are none the lawful one is refused"
    shown = said.exchange if isinstance(said, Refused) else said.handshake
    judge.holds("STELLA-WIRE-013", isinstance(said, RawSocket), wrong, shown)


# Pings and the close


@requirement("STELLA-WIRE-008")
async def test_flow_pings_are_answered(streams: Streams, judge: Judge) -> None:
    line = await streams.raw()
    socket = _raw(line)
    for payload in PINGS:
        since = socket.mark()
        sent = await socket.send_frame(Opcode.PING, payload)
        patience = streams.patience
        pong = await socket.hope(lambda frame: frame.kind == "pong", patience, "pongs", since)
        fine = pong is not None and pong.data == payload
        wrong = f"a ping of {len(payload)} bytes gets no pong with the same payload"
        judge.holds("STELLA-WIRE-008", fine, wrong, sent, *([pong] if pong else []))
        await _judge_one_pong(streams, judge, line, since)


async def _judge_one_pong(streams: Streams, judge: Judge, line: Line, since: int) -> None:
    """What comes after shows that its time has passed: the pong to another ping, or a task."""
    if streams.can_make:
        await streams.in_use("STELLA-WIRE-008", line, "after a ping a task")
    pongs = line.heard(lambda frame: frame.kind == "pong", since)
    wrong = f"one ping is answered by {len(pongs)} pongs"
    judge.holds("STELLA-WIRE-008", len(pongs) < 2, wrong, *pongs[:2])


@requirement("STELLA-WIRE-009")
async def test_flow_closes_are_answered(streams: Streams, judge: Judge) -> None:
    lines = [await streams.raw(echo=False) for _ in CLOSES]
    other = await streams.open()
    await asyncio.gather(
        *(_judge_close(streams, judge, *each) for each in zip(lines, CLOSES.values(), strict=True))
    )
    await streams.alive("STELLA-WIRE-009", other, "after the end of others a task")


async def _judge_close(streams: Streams, judge: Judge, line: Line, payload: bytes) -> None:
    socket = _raw(line)
    if streams.can_make:
        await streams.in_use("STELLA-WIRE-009", line, "before it was closed a task")
    sent = await socket.send_frame(Opcode.CLOSE, payload)
    answer = await socket.hope(lambda frame: frame.kind == "close", streams.patience, "closes")
    wrong = "a close frame is not answered by one"
    judge.holds("STELLA-WIRE-009", answer is not None, wrong, sent, *line.last)
    if answer is not None:
        gone = await socket.gone(_ENDS_WITHIN)
        wrong = "after the close frames the connection stays open"
        judge.holds("STELLA-WIRE-009", gone, wrong, sent, answer)
        wrong = "; ".join(socket.violations)
        judge.holds("STELLA-WIRE-009", not socket.violations, wrong, sent, *line.last)


# Fragments and sizes


def _log(job: Job, size: int = 0) -> bytes:
    """A task_log of so many bytes, if that is enough."""
    said = {"type": "task_log", "taskId": job.id, "level": "info", "message": "世界 🚢 "}
    bare = len(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode())
    said["message"] += "s" * (size - bare)
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


@requirement("STELLA-WIRE-010")
async def test_flow_fragments(streams: Streams) -> None:
    """Also cut within a character. A pong would come in the middle of our message: none is sent."""
    line = await streams.raw(pong=False)
    job = await streams.depot.make(line.agent)
    await streams.expect("STELLA-WIRE-010", line, job)
    data = _log(job)
    within = data.index("世".encode()) + 1
    for name, cuts in {**CUTS, "within a character": (within, within + 1)}.items():
        for pinged in (False, True):
            await send_parts(_raw(line), data, cuts, pinged=pinged)
            told = f"after a message in fragments ({name}) a task"
            if await streams.in_use("STELLA-WIRE-010", line, told) is None:
                return


@requirement("STELLA-WIRE-010")
async def test_flow_pieces(streams: Streams) -> None:
    """Bytes that come one by one, and several messages in one piece."""
    line = await streams.raw(pong=False)
    job = await streams.depot.make(line.agent)
    await streams.expect("STELLA-WIRE-010", line, job)
    wire = frame_bytes(Opcode.TEXT, _log(job))
    for pause in (0.0, 0.001):
        await _raw(line).trickle(wire, pause)
        await streams.in_use("STELLA-WIRE-010", line, "after a message byte by byte a task")
    await _raw(line).send_bytes(wire * 5)
    await streams.in_use("STELLA-WIRE-010", line, "after five messages at once a task")


@requirement("STELLA-WIRE-011")
async def test_flow_sizes(streams: Streams) -> None:
    line = await streams.open()
    job = await streams.depot.make(line.agent)
    await streams.expect("STELLA-WIRE-011", line, job)
    least = len(_log(job))
    for size in (125, 126, 127, 65_535):
        data = _log(job, size) if size >= least else _short(size)
        await line.socket.send_text(data.decode())
        if size > _NEVER_TOO_BIG and not await streams.echoes(line) and _too_big(line):
            return
        told = f"after a message of {len(data)} bytes a task"
        if await streams.in_use("STELLA-WIRE-011", line, told) is None:
            return


def _too_big(line: Line) -> bool:
    """Does the peer say so? The document sets no limit."""
    return line.closed is not None and line.closed.code == 1009


def _short(size: int) -> bytes:
    """A message of that size that is about no task."""
    return json.dumps({"type": "task_log", "message": "s" * (size - 37)}).encode()


# Times


@requirement("STELLA-WIRE-019")
async def test_times_say_their_zone(fleet: Fleet, judge: Judge) -> None:
    agent = await fleet.register()
    told: list[tuple[Exchange, Any]] = [(agent.said, agent.said.at("/certificate/expiresAt"))]
    await fleet.heartbeat(agent)
    listed = await fleet.list()
    told += [(listed, row.get("lastHeartbeat")) for row in rows_of(listed)]
    details = await fleet.get(agent.id)
    told.append((details, details.at("/lastHeartbeat")))
    if "create_task" in fleet.target.hooks:
        depot = Depot(fleet)
        haul = await depot.fetch("poll", agent, await depot.make(agent))
        told += [(said, row.get("createdAt")) for said in haul.said for row in tasks_of(said)]
    for said, time in told:
        if isinstance(time, str):
            wrong = f"a time without a zone: {time!r}"
            judge.holds("STELLA-WIRE-019", _ZONED.search(time) is not None, wrong, said)
