"""Dialogues about who may come in, about frames and about the handshake."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any, Final

from .client import Client, right, trusting
from .frames import BINARY, CLOSE, CONTINUATION, PING, TEXT, encode_frame
from .model import Json
from .serve import Served

__all__ = ["WIRE_PROBES"]

_COMMAND: Final = b'{"action": "servers", "parameters": {}, "idempotence": "c"}'
_QUIET: Final = 0.15


async def _greeted(peer: Served, headers: list[str], path: str = "/ws") -> Json:
    """Status, sub-protocol and what follows, for one upgrade."""
    client = await Client(peer).open(headers, path=path)
    await client.until(lambda c: c.ended, 0.03)
    lines = [x for x in client.head.split("\r\n") if x.lower().startswith("sec-websocket-proto")]
    if client.status == 101 and not client.ended:
        client.ask("servers", {}, "g")
        await client.reply("g", 0.1)
    told = client.told()
    client.drop()
    return (client.status, lines, told)


async def logins(peer: Served) -> Json:
    """Right and wrong headers, each on its own connection."""
    user, word = peer.credentials["username"], peer.credentials["password"]
    name = "Sec-WebSocket-Protocol"
    lists = [
        f"SMP1.0, {user}, wrong",
        f"SMP1.0, nobody, {word}",
        "",
        "SMP1.0",
        "SMP1.0, a, b",
        f"SMP1.0, {word}, {user}",
        f"SMP1.0, {user}, {word.swapcase()}",
        f"SMP1.0, {user.upper()}, {word}",
        f"SMP1.0, {user}, {word[:5]}",
        f"SMP1.0, {user}, {word}x",
        f"SMP1.0, {user}, {word[:8]}zzz",
        f"SMP1.0, {user}, {'z' * len(word)}",
        f"SMP1.0, {user}, {user}",
        f"SMP1.0, {user[:3]}, {word}",
        f"SMP1.0, {user}",
        f"SMP1.0, {word}",
        f"SMP9.9, {user}, {word}",
        f"SMP2.0, {user}, {word}",
        f"SMP1.1, {user}, {word}",
        f"smp1.0, {user}, {word}",
        f"{user}, {word}",
        f"{user}, {word}, SMP1.0",
        f"{user}, SMP1.0, {word}",
        f"SMP1.0, {user}, {word}, more",
        f"more, SMP1.0, {user}, {word}",
    ]
    told = [await _greeted(peer, [f"{name}: {one}"] if one else []) for one in lists]
    basic = base64.b64encode(f"{user}:{word}".encode()).decode()
    told.append(await _greeted(peer, [f"Authorization: Basic {basic}"]))
    told.append(await _greeted(peer, [], f"/ws?username={user}&password={word}"))
    told.append(await _greeted(peer, [], "/other"))
    return told


async def headers(peer: Served) -> Json:
    """The right header in every lawful spelling, and other paths."""
    user, word = peer.credentials["username"], peer.credentials["password"]
    name = "Sec-WebSocket-Protocol"
    told = [
        await _greeted(peer, lines)
        for lines in (
            [f"{name}: SMP1.0, {user}, {word}"],
            [f"{name}: SMP1.0,{user},{word}"],
            [f"Sec-Websocket-Protocol: SMP1.0, {user}, {word}"],
            [f"{name}: SMP1.0", f"{name}: {user}, {word}"],
            [f"{name}: {right(peer)}", "Sec-WebSocket-Extensions: x-none"],
        )
    ]
    header = [f"{name}: {right(peer)}"]
    told += [await _greeted(peer, header, path) for path in ("/ws?a=1", "/", "/ws/", "/WS")]
    return told


async def again(peer: Served) -> Json:
    """Log-ins one after the other, then side by side."""
    told: list[Any] = []
    for _ in range(7):
        client = await Client(peer).open()
        told.append((client.status, await client.call("servers"), client.told()))
        client.drop()
        await asyncio.sleep(0.01)
    clients = [await Client(peer).open() for _ in range(5)]
    told += [(one.status, await one.call("servers"), one.told()) for one in clients]
    for one in clients:
        one.drop()
    return told


async def failures(peer: Served) -> Json:
    """A wrong log-in beside a right connection, and a right one after it; then eleven wrong."""
    told: list[Any] = []
    wrong = ["Sec-WebSocket-Protocol: SMP1.0, operator, wrong"]
    first = await Client(peer).open()
    told.append(await first.call("servers"))
    told += [await _greeted(peer, wrong), await _greeted(peer, wrong)]
    told.append(await first.call("agent_info", token="again"))
    told.append(await _greeted(peer, [f"Sec-WebSocket-Protocol: {right(peer)}"]))
    told += [await _greeted(peer, wrong) for _ in range(7)]
    told += [await _greeted(peer, wrong) for _ in range(3)]
    first.drop()
    return told


async def stranger(peer: Served) -> Json:
    """What one hears who is not let in, while another changes something."""
    friend = await Client(peer).open()
    client = await Client(peer).open(["Sec-WebSocket-Protocol: SMP1.0, operator, wrong"])
    client.ask("list_actions", {}, "s1")
    await friend.call("set_autostart", {"server_id": "srv-1", "enabled": True})
    client.ask("servers", {}, "s2")
    await asyncio.sleep(_QUIET)
    later = await friend.call("servers", token="later")
    told = (client.status, client.told(), client.head.count("Anchor"), later)
    body = client.head + str(client.seen)
    client.drop()
    friend.drop()
    return (*told, "Q7-velvet" in body)


async def refused_body(peer: Served) -> Json:
    """The whole HTTP answer to a stranger."""
    port = int(peer.url.rpartition(":")[2])
    client = Client(peer)
    context = peer.url.startswith("wss")
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=trusting() if context else None
    )
    writer.write(
        b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Protocol: SMP1.0, operator, wrong\r\n\r\n"
    )
    await asyncio.sleep(0.05)
    writer.write(encode_frame(TEXT, _COMMAND, mask=b"abcd"))
    got = b""
    try:
        async with asyncio.timeout(0.3):
            while piece := await reader.read(65536):
                got += piece
    except (TimeoutError, OSError):
        got += b"<still open>"
    writer.transport.abort()
    return (client.status, [x for x in got.split(b"\r\n") if not x.startswith(b"Date")])


_Act = Callable[[Client], Awaitable[None]]


def _sends(*parts: bytes, pause: float = 0.0) -> _Act:
    async def act(client: Client) -> None:
        for part in parts:
            client.raw(part)
            if pause:
                await asyncio.sleep(pause)

    return act


def _masked(opcode: int, payload: bytes, *, fin: bool = True, reserved: int = 0) -> bytes:
    return encode_frame(opcode, payload, fin=fin, reserved=reserved, mask=b"\x01\x02\x03\x04")


def _sized(size: int) -> bytes:
    start = b'{"action": "servers", "idempotence": "z", "parameters": {"a": "'
    return _masked(TEXT, start + b"x" * (size - len(start) - 3) + b'"}}')


_SPLIT: Final = (_COMMAND[:20], _COMMAND[20:40], _COMMAND[40:])
_LETTER: Final = '{"action": "é", "parameters": {}, "idempotence": "é"}'.encode()
_THREE: Final = (
    _masked(TEXT, _SPLIT[0], fin=False),
    _masked(CONTINUATION, _SPLIT[1], fin=False),
    _masked(CONTINUATION, _SPLIT[2]),
)

_WIRE: Final[tuple[_Act, ...]] = (
    _sends(_masked(PING, b"one"), _masked(PING, b"two"), _masked(PING, b"")),
    _sends(_masked(PING, b"p" * 125)),
    _sends(_masked(10, b"unasked")),
    _sends(*_THREE),
    _sends(_THREE[0], _masked(PING, b"in"), *_THREE[1:]),
    _sends(_THREE[0], _masked(CONTINUATION, b"", fin=False), *_THREE[1:]),
    _sends(_masked(TEXT, _LETTER[:13], fin=False), _masked(CONTINUATION, _LETTER[13:])),
    _sends(_masked(CONTINUATION, _COMMAND)),
    _sends(_THREE[0], _masked(TEXT, _COMMAND)),
    _sends(encode_frame(TEXT, _COMMAND)),
    _sends(_masked(TEXT, _COMMAND, reserved=0x40)),
    _sends(_masked(3, _COMMAND)),
    _sends(_masked(11, b"")),
    _sends(_masked(PING, b"p" * 126)),
    _sends(_masked(PING, b"p", fin=False)),
    _sends(_masked(TEXT, b'{"action": "\xff", "parameters": {}, "idempotence": "u"}')),
    _sends(*(_sized(size) for size in (125, 126, 127))),
    _sends(_sized(65535)),
    _sends(_sized(65536)),
    _sends(_sized(65537)),
    _sends(_masked(BINARY, _COMMAND)),
    _sends(_masked(TEXT, _COMMAND) + _masked(TEXT, _COMMAND.replace(b'"c"', b'"d"'))),
    _sends(*(_masked(TEXT, _COMMAND)[a : a + 20] for a in range(0, 80, 20)), pause=0.03),
    _sends(_masked(CLOSE, b"")),
    _sends(_masked(CLOSE, b"\x03\xe8bye"), _masked(TEXT, _COMMAND)),
    _sends(_masked(CLOSE, b"\x03")),
    _sends(_masked(CLOSE, (1006).to_bytes(2, "big"))),
    _sends(_masked(CLOSE, (5000).to_bytes(2, "big"))),
    _sends(_masked(CLOSE, b"\x03\xe8\xff")),
    _sends(_masked(CLOSE, (4321).to_bytes(2, "big"))),
)


async def wire(peer: Served) -> Json:
    """Frames of every legal and illegal kind, each on its own connection."""

    async def one(act: _Act) -> Json:
        client = await Client(peer).open()
        await act(client)
        await client.until(lambda c: c.ended, 0.3)
        ended = client.ended
        client.ask("servers", {}, "after")
        await client.until(lambda c: c.ended, 0.15)
        told = (client.status, client.key_ok, ended, client.told())
        client.drop()
        return told

    told = list(await asyncio.gather(*map(one, _WIRE)))
    last = await Client(peer).open()
    last.drop()
    return [*told, last.status]


_UPGRADE: Final = {
    "Host": "agent",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


async def upgrades(peer: Served) -> Json:
    """Upgrade requests that are right in an unusual way, or wrong."""
    told: list[Any] = []
    for first, change in (
        ("GET /ws HTTP/1.1", {"Origin": "http://agent"}),
        ("GET /ws HTTP/1.1", {}),
        ("GET /ws HTTP/1.1", {"Upgrade": "WebSocket"}),
        ("GET /ws HTTP/1.1", {"Connection": "keep-alive, Upgrade"}),
        ("GET /ws HTTP/1.1", {"Sec-WebSocket-Extensions": "permessage-deflate"}),
        ("GET /ws HTTP/1.1", {"Sec-WebSocket-Key": ""}),
        ("GET /ws HTTP/1.1", {"Sec-WebSocket-Key": "short"}),
        ("GET /ws HTTP/1.1", {"Sec-WebSocket-Version": "8"}),
        ("GET /ws HTTP/1.1", {"Sec-WebSocket-Version": ""}),
        ("POST /ws HTTP/1.1", {}),
        ("GET /elsewhere HTTP/1.1", {}),
        ("GET /ws HTTP/1.1", {"Upgrade": ""}),
    ):
        fields = _UPGRADE | {"Sec-WebSocket-Protocol": right(peer)} | change
        if not change:
            fields = {name.lower(): value for name, value in fields.items()}
        lines = [f"{name}: {value}" for name, value in fields.items() if value]
        client = await Client(peer).open(request="\r\n".join([first, *lines]))
        await client.until(lambda c: c.ended, 0.03)
        head = [x for x in client.head.split("\r\n") if not x.startswith("Date")]
        told.append((client.status, head if client.status in {0, 101, 426} else []))
        client.drop()
    return told


WIRE_PROBES: Final[tuple[Callable[[Served], Awaitable[Json]], ...]] = (
    again,
    headers,
    logins,
    failures,
    stranger,
    refused_body,
    upgrades,
    wire,
)
