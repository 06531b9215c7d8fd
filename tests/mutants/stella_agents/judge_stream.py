"""What is wrong with streams: handshakes, frames, messages, reconnects."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from tests.mutants.stella_agents.bugs import Cue
from tests.mutants.stella_agents.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frame
from tests.mutants.stella_agents.judge_bodies import parsed
from tests.mutants.stella_agents.model import Way, What
from tests.mutants.stella_agents.reading import Complaint, kind_of, plain, suspected
from tests.mutants.stella_agents.record import Line
from tests.mutants.stella_agents.rehearsal import PINGED, Story

__all__ = ["stream_complaints"]

_LATE: Final = 0.25
_CODES: Final = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})
_MOST: Final = 10
"""Streams that one agent may try to open in a story."""


def stream_complaints(story: Story) -> Iterator[Complaint]:
    """Everything wrong with the streams."""
    yield from _attempts(story)
    for line in story.stage.lines:
        yield from _handshake(line)
        yield from _frames(line)
        yield from _close(story, line)
        yield from _messages(story, line)
    if story.cue is Cue.ODD:
        yield from _pongs(story)
    if story.cue is Cue.BROKEN and not all(_ended(story, line) for line in story.stage.lines[:1]):
        yield suspected("goes on after a frame with reserved bits")


def _attempts(story: Story) -> Iterator[Complaint]:
    tried = [seen.at for seen in story.stage.seen if kind_of(story, seen) is What.STREAM]
    if len(tried) > _MOST:
        yield suspected(f"{len(tried)} streams")
    if any(late - early < 0.05 for early, late in pairwise(tried)):
        yield suspected("streams without a pause between them")
    lines = story.stage.lines
    keys = [line.request.header("Sec-WebSocket-Key") for line in lines]
    if len(set(keys)) < len(keys):
        yield suspected("one key for several handshakes")
    for line, following in pairwise(lines):
        if line.ended is None or line.ended > following.request.at + 0.1 + story.lag:
            yield suspected("two streams at once")
        elif following.request.at - line.ended < 0.05:
            yield suspected("opens its stream again without a pause")
    if story.cue is Cue.CLOSE and Way.STREAM in story.style.takes and len(lines) < 3:
        yield suspected("does not open its stream again")


def _handshake(line: Line) -> Iterator[Complaint]:
    for name, value in (("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")):
        if (line.request.header(name) or "").lower() != value:
            yield plain(f"{name}: {line.request.header(name)!r}")
    if len(line.request.header("Sec-WebSocket-Key") or "") != 24:
        yield plain("no key in the handshake")


def _frames(line: Line) -> Iterator[Complaint]:
    within = over = False
    for _, frame in line.frames:
        if over:
            yield plain("a frame after the close frame")
        known = frame.opcode in {CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG}
        if not frame.masked or frame.rsv or not known or not frame.minimal:
            yield plain(f"illegal frame {frame}")
        if frame.opcode >= CLOSE:
            over = over or frame.opcode == CLOSE
            continue
        if within == (frame.opcode != CONTINUATION):
            yield plain("fragments out of order")
        within = not frame.fin
    if within:
        yield plain("a message without an end")


def _close(story: Story, line: Line) -> Iterator[Complaint]:
    closes = [frame for _, frame in line.frames if frame.opcode == CLOSE]
    for frame in closes:
        code = int.from_bytes(frame.payload[:2], "big")
        if frame.payload and not (code in _CODES or 3000 <= code < 5000):
            yield plain(f"closes with {code}")
    if closes or line.cut:
        return
    if line.closed is not None:
        yield plain("no answer to a close frame")
    elif story.left is None or line.ended is None or line.ended > story.told:
        yield suspected("leaves without a close frame")


def _texts(line: Line) -> Iterator[tuple[float, Frame]]:
    """Whole messages, and when they were complete."""
    parts: list[Frame] = []
    for at, frame in line.frames:
        if frame.opcode >= CLOSE:
            continue
        parts.append(frame)
        if frame.fin:
            whole = b"".join(part.payload for part in parts)
            yield at, Frame(opcode=parts[0].opcode, payload=whole)
            parts = []


def _messages(story: Story, line: Line) -> Iterator[Complaint]:
    furthest: dict[str, float] = {}
    for at, frame in _texts(line):
        if frame.opcode == BINARY:
            yield suspected("a binary message")
            continue
        try:
            message = parsed(frame.payload)
        except ValueError as error:
            yield plain(f"no JSON: {error}")
            continue
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            yield plain(f"no message: {str(message)[:50]}")
        elif message["type"] not in {"task_progress", "task_log"}:
            yield suspected(f"a message of the type {message['type']!r}")
        else:
            yield from _message(story, at, message, furthest)


def _message(
    story: Story, at: float, message: dict[str, Any], furthest: dict[str, float]
) -> Iterator[Complaint]:
    name, kind = message.get("taskId"), message["type"]
    if not isinstance(name, str) or not name:
        yield plain(f"{kind}: taskId {name!r}")
        return
    yield from _when(story, at, name, kind)
    words = ("message",) if kind == "task_progress" else ("level", "message")
    for word in words:
        value = message.get(word)
        if value is None and kind == "task_progress":
            yield suspected(f"{kind}: no {word}")
        elif not isinstance(value, str):
            yield plain(f"{kind}: {word} {value!r}")
        elif not value:
            yield suspected(f"{kind}: {word} is empty")
    if kind == "task_progress":
        yield from _progress(name, message.get("progress"), furthest)


def _when(story: Story, at: float, name: str, kind: str) -> Iterator[Complaint]:
    work = story.stage.works.get(name)
    if work is None:
        yield suspected(f"{kind} of {name}, which nobody gave it")
        return
    if work.done and at > work.done[0][0] + 0.05 + story.lag:
        yield suspected(f"{kind} of {name} after its end")
    if work.cancelled is not None and at > work.cancelled + _LATE + story.lag:
        yield suspected(f"{kind} of {name} after it was cancelled")


def _progress(name: str, value: Any, furthest: dict[str, float]) -> Iterator[Complaint]:
    if not isinstance(value, int | float) or isinstance(value, bool):
        yield plain(f"progress {value!r}")
        return
    if not 0 <= value <= 100:
        yield suspected(f"progress {value}")
    if value < furthest.get(name, 0):
        yield suspected(f"progress of {name} goes back to {value}")
    furthest[name] = value


def _ended(story: Story, line: Line) -> bool:
    """Did it end before the agent was told to?"""
    ends = [at for at, frame in line.frames if frame.opcode == CLOSE]
    ends += [] if line.ended is None else [line.ended]
    return min(ends, default=story.told) < story.told


def _pongs(story: Story) -> Iterator[Complaint]:
    for line in story.stage.lines[:1]:
        if PINGED not in [frame.payload for _, frame in line.frames if frame.opcode == PONG]:
            yield plain("a ping without a pong")
