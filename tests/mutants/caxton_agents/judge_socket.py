"""What is wrong on the WebSocket: frames, messages, subscriptions, connections."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from tests.mutants.caxton_agents.bugs import Cue
from tests.mutants.caxton_agents.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Frame,
)
from tests.mutants.caxton_agents.judge_fields import body_complaints
from tests.mutants.caxton_agents.model import What
from tests.mutants.caxton_agents.reading import Complaint, plain, suspected
from tests.mutants.caxton_agents.record import Line
from tests.mutants.caxton_agents.rehearsal import PINGED, Story

__all__ = ["socket_complaints"]

_AT_ONCE: Final = 0.02
_LONG: Final = 0.4
_ID: Final = re.compile(r"sub_\d+_\d+")


def socket_complaints(story: Story) -> Iterator[Complaint]:
    """What is wrong with all its WebSockets."""
    if story.style.socket is None:
        return
    lines = story.stage.lines
    yield from _connections(story)
    keys = [line.request.header("Sec-WebSocket-Key") for line in lines]
    if len(set(keys)) < len(keys):
        yield suspected("a key that another handshake had")
    for n, line in enumerate(lines):
        yield from _shake(line)
        yield from _frames(line)
        yield from _subscriptions(story, line)
        if line.spoilt and (line.ended is None or line.ended > story.told):
            yield suspected("goes on after a frame that is forbidden")
        if any(other.opened < (line.ended or story.told) - 0.01 for other in lines[n + 1 :]):
            yield suspected("two WebSockets at once")


def _connections(story: Story) -> Iterator[Complaint]:
    lines = story.stage.lines
    gone_early = story.left is not None and story.left < story.told
    wanted = 3 if story.cue is Cue.CLOSE and not story.style.once else 1
    if len(lines) < wanted and not gone_early:
        yield suspected(f"{len(lines)} WebSockets where {wanted} are due")
    tries = [seen for seen in story.stage.seen if seen.what is What.CONNECT]
    ends = sorted(
        [seen.at for seen in tries if seen.answered >= 400]
        + [at for line in lines if (at := line.closed or (line.ended if line.cut else None))]
    )
    for seen in tries:
        if any(0 < seen.at - end < _AT_ONCE for end in ends):
            yield suspected("opens its WebSocket again without a pause")


def _shake(line: Line) -> Iterator[Complaint]:
    key = line.request.header("Sec-WebSocket-Key") or ""
    if len(key) != 24:
        yield plain(f"Sec-WebSocket-Key: {key!r}")
    if line.request.header("Sec-WebSocket-Version") != "13":
        yield plain(f"Sec-WebSocket-Version: {line.request.header('Sec-WebSocket-Version')}")


def _frames(line: Line) -> Iterator[Complaint]:
    closed = within = False
    parts = b""
    pongs: list[bytes] = []
    for _, frame in line.frames:
        if closed:
            yield plain("a frame after its close frame")
        yield from _form(frame)
        closed = closed or frame.opcode == CLOSE
        if frame.opcode == PONG:
            pongs.append(frame.payload)
        if frame.opcode >= CLOSE:
            yield from _close(frame)
            continue
        if within != (frame.opcode == CONTINUATION):
            yield plain(f"opcode {frame.opcode} {'within' if within else 'outside'} a message")
        parts, within = parts + frame.payload, not frame.fin
        if frame.fin:
            yield from _message(parts)
            parts = b""
    if within:
        yield plain("a message without an end")
    if line.closed is not None and not line.cut and not closed:
        yield plain("no answer to a close frame")
    own_end = line.closed is None and not line.cut and not line.spoilt
    if line.subscriptions and own_end and not closed:
        yield suspected("leaves without a close frame")


def _form(frame: Frame) -> Iterator[Complaint]:
    if not frame.masked:
        yield plain("a frame without a mask")
    if frame.rsv:
        yield plain(f"reserved bits {frame.rsv:03b}")
    if not frame.minimal:
        yield plain("a length in more bytes than needed")
    if frame.opcode not in {CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG}:
        yield plain(f"opcode {frame.opcode}")
    if frame.opcode >= CLOSE and (len(frame.payload) > 125 or not frame.fin):
        yield plain("a control frame that is too long or in fragments")
    if frame.opcode == BINARY:
        yield suspected("a binary message")


def _close(frame: Frame) -> Iterator[Complaint]:
    if frame.opcode != CLOSE or not frame.payload:
        return
    code = int.from_bytes(frame.payload[:2], "big")
    lawful = (1000 <= code <= 1014 and code not in {1004, 1005, 1006}) or 3000 <= code <= 4999
    if len(frame.payload) == 1 or not lawful:
        yield plain(f"close frame {frame.payload[:8]!r}")
    try:
        frame.payload[2:].decode()
    except ValueError:
        yield plain("a reason that is no UTF-8")


def _message(data: bytes) -> Iterator[Complaint]:
    try:
        message: Any = json.loads(data)
    except ValueError:
        yield plain(f"no JSON: {data[:40]!r}")
        return
    kind = message.get("type") if isinstance(message, dict) else None
    if not isinstance(kind, str):
        yield plain(f"a message without a type: {data[:40]!r}")
    elif kind in {"subscribe", "unsubscribe"}:
        yield from body_complaints(What(kind), message)
    else:
        yield suspected(f"nobody documents messages of type {kind!r}")


def _subscriptions(story: Story, line: Line) -> Iterator[Complaint]:
    told = line.subscriptions
    lived = (line.ended or story.told) - line.opened
    about_agents = story.style.subscribes != "events"
    if not told and lived > _LONG and (not about_agents or story.cue is Cue.CLOSE):
        yield suspected("subscribes to nothing")
    if len(set(told)) < len(told):
        yield suspected(f"subscribes {len(told)} times to {len(set(told))} things")
    known = {f"sub_{n + 1}_{story.stage.lines.index(line)}" for n in range(len(told))}
    ended = _ID.findall(" ".join(str(text) for text in _ended(line)))
    if len(_ended(line)) != len(ended) or not set(ended) <= known or len(set(ended)) < len(ended):
        yield suspected(f"ends {_ended(line)}, having {sorted(known)}")
    own_end = not (line.closed or line.cut or line.spoilt) and story.left is not None
    if own_end and known - set(ended) and line.ended and lived > 0.1:
        yield suspected(f"leaves without ending {sorted(known - set(ended))}")
    if story.cue is Cue.ODD and told and line.ended and lived > _LONG:
        pongs = [frame.payload for _, frame in line.frames if frame.opcode == PONG]
        if PINGED not in pongs:
            yield plain("no pong for a ping")


def _ended(line: Line) -> list[str]:
    found = []
    for text in _texts(line):
        try:
            message = json.loads(text)
        except ValueError:
            continue
        if isinstance(message, dict) and message.get("type") == "unsubscribe":
            found.append(str(message.get("subscription_id")))
    return found


def _texts(line: Line) -> Iterator[bytes]:
    parts = b""
    for _, frame in line.frames:
        if frame.opcode in {CONTINUATION, TEXT}:
            parts += frame.payload
            if frame.fin:
                yield parts
                parts = b""
