"""The wire by hand in memory: every broken one writes other bytes than the lawful one."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final, cast

from . import FAULTS, LAWFUL, Fault
from .fault import Seed
from .frames import BINARY, CLOSE, CONT, PING, PONG, TEXT, build
from .hub import Hub
from .model import Principal, Refusal, Request
from .rehearsal import TIME
from .virtual import run
from .wire import Wire

_WIRED: Final = [fault for fault in FAULTS.values() if fault.seed.wire is not None]
_MASK: Final = b"\x11\x22\x33\x44"
_KEYS: Final = ("dGhlIHNhbXBsZSBub25jZQ==", "x3JJHMbDL1EzLkh9GBhXDw==", "AQIDBAUGBwgJCgsMDQ4PEA==")


class _Writer:
    """What the wire needs of a StreamWriter and its transport."""

    def __init__(self, name: str, notes: list[str], reader: asyncio.StreamReader) -> None:
        self.transport = self
        self._name = name
        self._notes = notes
        self._reader = reader
        self._closed = False
        self._unread: int | None = None
        """Bytes that nobody takes; none where they are read at once."""

    def stop_reading(self) -> None:
        self._unread = 0

    def get_write_buffer_size(self) -> int:
        return self._unread or 0

    async def drain(self) -> None:
        if self._unread:
            await asyncio.Event().wait()

    def write(self, data: bytes) -> None:
        if self._unread is not None:
            self._unread += len(data)
        self._notes.append(f"{self._name} < {TIME.sub('TIME', data.decode('latin-1'))}")

    def is_closing(self) -> bool:
        return self._closed

    def close(self, how: str = "closed") -> None:
        if not self._closed:
            self._closed = True
            self._notes.append(f"{self._name} {how}")
            self._reader.feed_eof()

    def abort(self) -> None:
        self.close("aborted")


class _Peer:
    """One connection to a wire."""

    def __init__(self, hub: Hub, wire: type[Wire], name: str, key: str, notes: list[str]) -> None:
        self.reader = asyncio.StreamReader()
        self.writer = _Writer(name, notes, self.reader)
        headers = {"sec-websocket-key": key, "upgrade": "websocket"}
        token = {"boss": hub.registry.admin, "one": hub.registry.existing}.get(
            name.split(maxsplit=1)[0], hub.registry.operator
        ).token
        request = Request(method="GET", path="/api/ws", query={"token": token}, headers=headers)
        verdict = hub.admit(request)
        assert isinstance(verdict, (Principal, Refusal))
        socket = wire(hub, request, b"", self.reader, cast("asyncio.StreamWriter", self.writer))
        self.task = asyncio.get_running_loop().create_task(socket.run(verdict))

    async def send(self, *frames: bytes) -> None:
        if not self.writer.is_closing():
            self.reader.feed_data(b"".join(frames))
        await asyncio.sleep(0.01)

    async def end(self) -> None:
        self.writer.close("left")
        await asyncio.wait([self.task], timeout=3)


def _frame(opcode: int, payload: bytes, **more: Any) -> bytes:
    return build(opcode, payload, **{"mask": _MASK, **more})


def _chat(target: int, text: str) -> bytes:
    message = {"type": "CHAT", "target_id": target, "payload": text}
    return json.dumps(message, ensure_ascii=False).encode()


def _sized(size: int) -> bytes:
    return _frame(TEXT, _chat(1, "s" * (size - len(_chat(1, "")))))


async def _dialogue(seed: Seed, reading: str) -> list[str]:
    notes: list[str] = []
    hub = Hub(LAWFUL[reading], seed)
    hub.crash = lambda: notes.append("CRASH")
    wire = seed.wire or Wire
    boss = _Peer(hub, wire, "boss", _KEYS[0], notes)
    one = _Peer(hub, wire, "one", _KEYS[1], notes)
    await asyncio.sleep(0.01)
    for text in ("hello", "ü é", "x" * 400, "y" * 2000, "z" * 70_000):
        await one.send(_frame(TEXT, _chat(1, text)))
    for size in range(60, 130):  # so that what goes out has 125 bytes once, whatever is around it
        await one.send(_sized(size))
    for size in (0xFFFF, 0x10000):
        await one.send(_sized(size))
    raw = _chat(1, "in pieces ü, of several bytes")
    at = raw.index("ü".encode()) + 1
    first, middle, last = raw[:10], raw[10:at], raw[at:]
    await one.send(_frame(TEXT, first, fin=False), _frame(CONT, middle, fin=False))
    await one.send(_frame(PING, b"between"))
    await boss.send(_frame(TEXT, _chat(3, "half")[:9], fin=False))
    await one.send(_frame(CONT, last))
    await boss.send(_frame(CONT, _chat(3, "half")[9:]))
    await one.send(_frame(TEXT, _chat(1, "first")), _frame(TEXT, _chat(1, "second")))
    slow = _frame(TEXT, _chat(1, "slow"))
    await one.send(slow[:5])
    await one.send(slow[5:])
    for payload in (b"", b"a", b"b" * 125):
        await one.send(_frame(PING, payload))
    await one.send(_frame(PONG, b"unasked"))
    await one.send(_frame(BINARY, b"\x00"))
    await _deafness(hub, wire, notes)
    await boss.send(_frame(TEXT, _chat(3, "did you hear?")))
    await _breaches(hub, wire, notes)
    await _farewells(hub, wire, notes)
    await one.send(_frame(CLOSE, (1000).to_bytes(2, "big") + b"bye"))
    await asyncio.sleep(2)
    await boss.send(_frame(TEXT, _chat(3, "are you there?")))
    await one.end()
    await boss.end()
    await hub.close()
    return notes


async def _deafness(hub: Hub, wire: type[Wire], notes: list[str]) -> None:
    """Somebody is told much, and does not read."""
    deaf = _Peer(hub, wire, "deaf", _KEYS[2], notes)
    talker = _Peer(hub, wire, "one more", _KEYS[2], notes)
    deaf.writer.stop_reading()
    for _ in range(10):
        await talker.send(_frame(TEXT, _chat(2, "d" * 50_000)))
    await talker.end()
    await deaf.end()


async def _breaches(hub: Hub, wire: type[Wire], notes: list[str]) -> None:
    chat = _chat(1, "broken")
    for n, frame in enumerate(
        (
            build(TEXT, chat),
            _frame(TEXT, chat, rsv=4),
            _frame(3, chat),
            _frame(CONT, chat),
            _frame(TEXT, b'{"type": "CHAT", "target_id": 1, "payload": "\xff"}'),
            _frame(PING, b"", fin=False),
        )
    ):
        peer = _Peer(hub, wire, f"breach {n}", _KEYS[2], notes)
        await peer.send(frame)
        await peer.end()


async def _farewells(hub: Hub, wire: type[Wire], notes: list[str]) -> None:
    for n, payload in enumerate((b"", b"\x03", (4000).to_bytes(2, "big"))):
        peer = _Peer(hub, wire, f"farewell {n}", _KEYS[2], notes)
        await peer.send(_frame(CLOSE, payload))
        await peer.end()


def test_every_wire_fault_shows() -> None:
    readings = {fault.reading for fault in _WIRED}
    lawful = {reading: run(_dialogue(Seed(), reading)) for reading in readings}
    assert lawful["natural"] == run(_dialogue(Seed(), "natural"))

    def seen(fault: Fault) -> bool:
        return run(_dialogue(fault.seed, fault.reading)) != lawful[fault.reading]

    assert [fault.name for fault in _WIRED if not seen(fault)] == []
