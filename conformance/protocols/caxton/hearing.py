"""What a client hears on its WebSocket that is odd, and how the WebSocket is lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from conformance.protocols.caxton.calm import Scene
from conformance.protocols.caxton.keeper import Keeper
from conformance.protocols.caxton.seeds import crowd
from mockserver import Fault
from mockserver.coordinator import Connection, Heard

__all__ = [
    "LOSSES",
    "PINGS",
    "broken_frames",
    "heard_amid",
    "lost_connections",
    "pieces",
    "unacknowledged",
]

PINGS = (b"", b"one", bytes(range(125)), b"the last")

_ALREADY = 0.6
"""Seconds in which a client says what it says about what it heard."""

_SUBSCRIBED = 1.3
"""Seconds in which a client that comes back has subscribed again."""

_PARTED = 2.5
"""Seconds in which a connection that was ended is gone."""

_REFUSED = 2.0
"""Seconds for which nobody is let in."""

_BACK = 12.0
"""Seconds in which a client that follows events is back, whatever its pauses."""

_BESIDE = {"x_unheard_of": {"since": ["a later", None, 1.5e3, {"version": True}]}}
_WHEN = "2026-03-09T08:07:06Z"

_DEPLOYED: Mapping[str, Any] = {
    "type": "agent.deployed",
    "agent_id": "agent-of-old",
    "timestamp": _WHEN,
}
_SENT: Mapping[str, Any] = {
    "type": "message.sent",
    "message_id": "msg-of-old",
    "from": "agent-of-old",
    "to": "agent-of-yore",
    "performative": "inform",
}
_COMPLETED: Mapping[str, Any] = {
    "type": "task.completed",
    "task_id": "task-of-old",
    "agent_id": "agent-of-old",
    "result": "success",
}
_ALERT: Mapping[str, Any] = {
    "type": "system.alert",
    "severity": "warning",
    "message": "The disk is nearly full",
    "details": {"disk_percent": 91},
}
_FAILED: Mapping[str, Any] = {**_DEPLOYED, "type": "agent.failed"}

_KNOWN = (_DEPLOYED, _SENT, _COMPLETED, _ALERT, _FAILED)

_UNKNOWN: Sequence[Any] = (
    {"type": "agent.hibernated", "agent_id": "agent-of-old", "timestamp": _WHEN},
    {"type": "weather.report", "sky": ["grey", None]},
    {"type": "AGENT.DEPLOYED"},
    {"type": ""},
    {"type": None},
    {"type": 3},
    {"hello": "client"},
    {},
    *({**event, **_BESIDE} for event in _KNOWN),
)

_NO_EVENTS: Sequence[Any] = (
    b"hello",
    b"",
    b'{"type": "agent.deployed", ',
    b"[1]",
    b'"text"',
    b"7",
    b"null",
    {"type": "notice", "text": "z" * 100_000},
)
_BINARY = (b"\x00\x01\xff", b'{"type": "agent.deployed"}')

_TWICE: Sequence[Any] = (
    *(each for event in _KNOWN for each in (event, event)),
    *reversed(_KNOWN),
    b'\n{ "type" :\t"task.completed" ,"task_id":"task-of-old",\r\n"agent_id":"a","result":"ok"} ',
)

HEARD: Mapping[str, tuple[Sequence[Any], Sequence[bytes]]] = {
    "odd events": (_UNKNOWN, ()),
    "doubled events": (_TWICE, ()),
    "odd messages": (_NO_EVENTS, _BINARY),
}
"""Texts and binary messages by situation."""


def heard_amid(name: str) -> Scene:
    """It is said before a subscription is acknowledged, and after; and to whom unsubscribed too."""
    texts, binary = HEARD[name]

    async def play(keeper: Keeper) -> None:
        crowd(keeper, 2)

        def say(connection: Connection) -> None:
            for said in texts:
                keeper.inject(said, connection)
            for data in binary:
                keeper.inject(data, connection, "binary")

        def ear(connection: Connection, heard: Heard, usual: Callable[[], None]) -> None:
            if heard.message == "subscribe":
                say(connection)
            usual()
            if heard.message in ("subscribe", "unsubscribe"):
                keeper.stage.mock.mock.sockets.flush(keeper.stage.session)
                say(connection)

        keeper.ears.append(ear)
        await _listening(keeper)
        keeper.befall(name)
        await keeper.lively()
        await _back(keeper)

    return play


async def _listening(keeper: Keeper) -> None:
    """Wait until it has subscribed, of a client that does, and had the time to hear."""
    await keeper.arrive()
    if await keeper.connected(keeper.stage.patience):
        await keeper.stage.until(lambda: keeper.frames, keeper.stage.patience)
        await keeper.live(_ALREADY)


async def _back(keeper: Keeper) -> None:
    """Silence 3: a connection may be ended over what came on it."""
    if keeper.book.listens and not keeper.stage.session.lines:
        await keeper.connected(_BACK)
        await keeper.live(_ALREADY)


async def unacknowledged(keeper: Keeper) -> None:
    """The first subscription of a connection is acknowledged in other words, others not at all."""
    crowd(keeper, 2)
    known: set[int] = set()

    def ear(connection: Connection, heard: Heard, usual: Callable[[], None]) -> None:
        if heard.message != "subscribe":
            usual()
            return
        made = keeper.coordinator.subscriptions.add(connection, heard.data)
        if connection.number not in known:
            known.add(connection.number)
            keeper.inject({"event": "subscription", "ok": True, "id": made.id}, connection)

    keeper.ears.append(ear)
    await _listening(keeper)
    keeper.befall("unacknowledged")
    await keeper.lively()
    await _back(keeper)


async def pieces(keeper: Keeper) -> None:
    """Pings, events of every length, and an acknowledgement in fragments with a ping in between."""
    crowd(keeper, 2)
    sockets = keeper.stage.mock.mock.sockets

    def ear(connection: Connection, heard: Heard, usual: Callable[[], None]) -> None:
        line = keeper.stage.session.lines.get(connection.number)
        if heard.message != "subscribe" or line is None:
            usual()
            return
        made = keeper.coordinator.subscriptions.add(connection, heard.data)
        for data in PINGS:
            keeper.inject(data, connection, "ping")
        for length in (300, 70_000):
            keeper.inject({**_ALERT, "message": "y" * length}, connection)
        event = json.dumps(_SENT).encode()
        sockets.inject(line, event, fragments=3)
        told = json.dumps({"type": "subscribed", "subscription_id": made.id}).encode()
        sockets.inject(line, told, fragments=3, pinged=True)

    keeper.ears.append(ear)
    await _listening(keeper)
    keeper.befall("pieces")
    await keeper.lively()
    await _back(keeper)


LOSSES: Sequence[tuple[str, int | None]] = (("closed", 1001), ("lost", None))


async def lost_connections(keeper: Keeper) -> None:
    """The WebSocket is closed, lost without a word, and refused for a while."""
    crowd(keeper, 2)
    await _listening(keeper)
    for kind, code in LOSSES:
        if not await keeper.connected(_BACK):
            return
        await keeper.live(_ALREADY)
        await _end(keeper, kind, code)
    if not await keeper.connected(_BACK):
        return
    await keeper.live(_ALREADY)
    faults = keeper.stage.session.faults
    faults.add(Fault(kind="status", operation="events", status=503, times=None))
    await _end(keeper, "refused", 1012)
    await keeper.live(_REFUSED)
    faults.clear()
    await keeper.connected(_BACK)
    await keeper.live(_SUBSCRIBED)
    await keeper.lively(2)


async def _end(keeper: Keeper, kind: str, code: int | None) -> None:
    session = keeper.stage.session
    before = set(session.lines)
    keeper.befall(kind)
    session.hang_up(code, "as it happens")
    await _parted(keeper, before)


async def _parted(keeper: Keeper, before: set[int]) -> bool:
    """Are these connections gone, within a moment?"""
    lines = keeper.stage.session.lines
    return await keeper.stage.until(lambda: not before & set(lines), _PARTED)


_BROKEN_FRAMES = (
    b"\xf1\x02{}",  # reserved bits, which nobody asked for
    b"\x83\x02{}",  # a reserved opcode
)


async def broken_frames(keeper: Keeper) -> None:
    """Frames that nobody may take for good, each on a connection of its own."""
    crowd(keeper, 2)
    await _listening(keeper)
    for data in _BROKEN_FRAMES:
        if not await keeper.connected(_BACK):
            return
        await keeper.live(0.2)
        before = set(keeper.stage.session.lines)
        keeper.stage.inject(data, "raw")
        if not await _parted(keeper, before):
            return  # it is settled that it takes them
