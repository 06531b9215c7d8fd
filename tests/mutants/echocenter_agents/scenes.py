"""What the other side does for each cue, so that every fault gets its chance to show."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from tests.mutants.echocenter_agents.model import Cue
from tests.mutants.echocenter_agents.stage import Line, Stage

__all__ = ["ODD_PAYLOADS", "SCENES"]

# Everything here answers within milliseconds, or not at all.
QUIET: Final = 0.1
# Long enough for faults that come back after a while.
LONG_QUIET: Final = 0.5

ODD_PAYLOADS: Final = (
    "",
    "   ",
    'say "hi"',
    "back\\slash",
    "two\nlines\r\n\tand a tab",
    '{"type": "CHAT", "target_id": 9}',
    "[1, 2]",
    "caf\u00e9 \u4e2d\u6587",
    "robot \U0001f916",
    "nul\0byte",
    "<b>bold</b> & more",
    "/help",
    "100% %s %(name)s {0} {name}",
    "x" * 2000,
    "y" * 40000,
)
_FRAGMENT: Final = b'{"type": "CHAT", "sender_id": 7, "sender_name": "u", "payload": "in parts"}'


async def _settle(line: Line, quiet: float = QUIET) -> None:
    """Wait until nothing has come for ``quiet`` seconds."""
    before, still = -1, 0.0
    for _ in range(60):
        if len(line.frames) != before:
            before, still = len(line.frames), 0.0
        elif still >= quiet or line.gone:
            return
        await asyncio.sleep(0.02)
        still += 0.02


async def _begun(stage: Stage, n: int = 0) -> Line | None:
    line = await stage.line(n, patience=1.2)
    if line is not None:
        await _settle(line)
    return line


async def _start(stage: Stage, _fault: str) -> None:
    line = await _begun(stage)
    await asyncio.sleep(0.3)
    if line is not None and line.typed("SYSTEM_LOG"):
        await asyncio.sleep(0.1)


async def _ticking(stage: Stage, _fault: str) -> None:
    await _begun(stage)
    await asyncio.sleep(1.4)


async def _chat(stage: Stage, _fault: str) -> None:
    if (line := await _begun(stage)) is not None:
        line.chat(7, "hello there, agent")
        await _settle(line, LONG_QUIET)
        line.chat(7, "and hello again")
        await _settle(line, LONG_QUIET)


async def _repeat(stage: Stage, _fault: str) -> None:
    if (line := await _begun(stage)) is not None:
        for _ in range(2):
            line.chat(7, "the same words")
            await _settle(line)


async def _senders(stage: Stage, _fault: str) -> None:
    if (line := await _begun(stage)) is not None:
        for n, sender in enumerate((7, 8, 7, 9)):
            line.chat(sender, f"number {n} comes from {sender}")
            await _settle(line)


async def _together(stage: Stage, _fault: str) -> None:
    if (line := await _begun(stage)) is not None:
        line.chat(7, "the seventh speaks for himself")
        line.chat(8, "the eighth does so too")
        await _settle(line, LONG_QUIET)


async def _many(stage: Stage, _fault: str) -> None:
    if (line := await _begun(stage)) is not None:
        for n in range(14):
            line.chat(7 + n % 3, f"instruction {n}")
            await line.replies(n + 1, patience=0.1)
        await _settle(line, LONG_QUIET)


async def _payloads(stage: Stage, _fault: str) -> None:
    if (line := await _begun(stage)) is not None:
        for text in ODD_PAYLOADS:
            line.chat(7, text)
        await _settle(line)


async def _shapes(stage: Stage, _fault: str) -> None:
    if (line := await _begun(stage)) is None:
        return
    base = {"type": "CHAT", "sender_id": 7, "sender_name": "u", "payload": "caf\u00e9"}
    line.say({**base, "id": 501, "target_id": 99, "timestamp": "2026-01-01T00:00:00Z"})
    line.put(0x81, json.dumps(dict(reversed(base.items()))).encode())
    line.put(0x81, json.dumps(base, separators=(",", ":")).encode())
    line.put(0x81, json.dumps(base, indent=3, ensure_ascii=False).encode())
    for sender in ("u-7", (1 << 53) + 1, (1 << 31) + 5):
        line.chat(sender, "who am I?")
    await _settle(line)


def _followed_by_probe(*raws: bytes, first: int = 0x81) -> Callable[[Stage, str], Awaitable[None]]:
    """Odd messages, then an instruction that shows whether anybody is still there."""

    async def scene(stage: Stage, _fault: str) -> None:
        if (line := await _begun(stage)) is None:
            return
        for raw in raws:
            line.put(first, raw)
        await asyncio.sleep(0.05)
        line.put(0x89, b"alive?")
        line.chat(7, "still there?")
        await _settle(line)

    return scene


def _objects(*messages: object) -> tuple[bytes, ...]:
    return tuple(json.dumps(message).encode() for message in messages)


async def _ping(stage: Stage, _fault: str) -> None:
    if (line := await _begun(stage)) is not None:
        for payload in (b"", b"one", b"\xff" * 125, b"three"):
            line.put(0x89, payload)
            await asyncio.sleep(0.02)
        line.chat(7, "that was enough")
        await _settle(line)


async def _frames(stage: Stage, _fault: str) -> None:
    if (line := await _begun(stage)) is not None:
        line.asked += [(7, "in parts")] * 2
        line.put(0x01, _FRAGMENT[:20])
        line.put(0x00, _FRAGMENT[20:40])
        line.put(0x80, _FRAGMENT[40:])
        line.put(0x01, _FRAGMENT[:30])
        line.put(0x89, b"between")
        line.put(0x80, _FRAGMENT[30:])
        line.chat(7, "x" * 300)
        line.chat(7, "y" * 70000)
        await _settle(line)


async def _bad_frames(stage: Stage, fault: str) -> None:
    line = await _begun(stage)
    if line is None:
        return
    rule = fault.rpartition(".")[2]
    if rule == "masked":
        line.put(0x81, _FRAGMENT, masked=True)
    elif rule == "order":
        line.put(0x01, _FRAGMENT[:20])
        line.put(0x81, _FRAGMENT)
    else:
        first = {"rsv": 0xC1, "opcode": 0x83, "control": 0x09, "utf8": 0x81}[rule]
        line.put(first, b'"\xff\xfe"' if rule == "utf8" else b"xyz")
    await _settle(line, 0.2)


async def _close(stage: Stage, _fault: str) -> None:
    if (line := await _begun(stage)) is not None:
        line.put(0x88, b"\x03\xe8bye")
        await _settle(line, 0.2)
        line.writer.close()
        await asyncio.sleep(0.05)


async def _restart(stage: Stage, _fault: str) -> None:
    if (line := await _begun(stage)) is None:
        return
    line.chat(7, "before the restart")
    await _settle(line)
    line.put(0x88, b"\x03\xf4restart")
    await asyncio.sleep(0.05)
    line.writer.close()
    if (again := await _begun(stage, 1)) is not None:
        again.chat(8, "after the restart")
        await _settle(again, 0.2)


async def _outage(stage: Stage, _fault: str) -> None:
    if (line := await _begun(stage)) is not None:
        stage.refuse_with = 503
        line.writer.transport.abort()
        await asyncio.sleep(1.0)


async def _refusal(stage: Stage, _fault: str) -> None:
    stage.refuse_with = 401
    await asyncio.sleep(0.7)


async def _bad_accept(stage: Stage, _fault: str) -> None:
    stage.wrong_accept = True
    await _begun(stage)


_CHAT: Final = {"type": "CHAT", "sender_id": 7, "sender_name": "u", "payload": "hi"}


def _chat_with(**members: object) -> dict[str, object]:
    kept = {name: value for name, value in _CHAT.items() if members.get(name, 0) != "absent"}
    return {**kept, **{name: value for name, value in members.items() if value != "absent"}}


SCENES: Final[Mapping[Cue, Callable[[Stage, str], Awaitable[None]]]] = {
    Cue.START: _start,
    Cue.CHAT: _chat,
    Cue.REPEAT: _repeat,
    Cue.SENDERS: _senders,
    Cue.TOGETHER: _together,
    Cue.MANY: _many,
    Cue.PAYLOADS: _payloads,
    Cue.SHAPES: _shapes,
    Cue.OTHERS: _followed_by_probe(
        *_objects(
            {"type": "SYSTEM_LOG", "sender_id": 5, "payload": {"level": "INFO", "content": "x"}},
            {"type": "CHAT_STREAM", "sender_id": 5, "payload": "a", "stream_id": "s"},
            {"type": "CHAT_STREAM_END", "sender_id": 5, "stream_id": "s"},
            {"type": "AUTH_STATUS_UPDATE", "payload": {"action_id": "a", "status": "approved"}},
            {"type": "SOMETHING_NEW", "sender_id": 5, "payload": "what?"},
            {"type": "chat", "sender_id": 5, "payload": "small letters"},
        )
    ),
    Cue.MALFORMED: _followed_by_probe(b'{"type": "CHAT", ', b"", b"hello", b"{'type': 'CHAT'}"),
    Cue.NOT_OBJECT: _followed_by_probe(b"[1]", b'"CHAT"', b"7", b"null", b"true", b"[]"),
    Cue.NO_TYPE: _followed_by_probe(b"{}", b'{"type": null}', b'{"type": 5}', b'{"type": {}}'),
    Cue.BAD_CHAT: _followed_by_probe(
        *_objects(
            _chat_with(sender_name="absent"),
            _chat_with(payload="absent"),
            _chat_with(payload=None),
            _chat_with(payload={"text": "hi"}),
            _chat_with(payload=5),
            _chat_with(sender_id="absent"),
            _chat_with(sender_id=None),
        )
    ),
    Cue.BINARY: _followed_by_probe(b"\x00\x01\xff", first=0x82),
    Cue.DEEP: _followed_by_probe(b"[" * 10000 + b"]" * 10000),
    Cue.DIRECTIVE: _followed_by_probe(*_objects(_chat_with(payload="[DIRECTIVE] sweep the floor"))),
    Cue.PING: _ping,
    Cue.FRAMES: _frames,
    Cue.BAD_FRAMES: _bad_frames,
    Cue.CLOSE: _close,
    Cue.RESTART: _restart,
    Cue.OUTAGE: _outage,
    Cue.REFUSAL: _refusal,
    Cue.BAD_ACCEPT: _bad_accept,
}
"""SIGTERM is missing: only a process can be told."""


async def play(cue: Cue, stage: Stage, style: str, fault: str) -> None:
    """The scene for ``cue``; styles that log all the time are watched for longer."""
    scene = _ticking if cue is Cue.START and style == "busy_logger" else SCENES[cue]
    await scene(stage, fault)
