"""Dialogues whose transcripts differ between a lawful peer and one with a fault."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from .catalogue import actions_of
from .client import Client
from .model import Json
from .reading import Reading
from .serve import Served
from .wire_probes import WIRE_PROBES

__all__ = ["PROBES"]

_SAMPLES: Final[dict[str, Json]] = {
    "str": "srv-1",
    "int": 3,
    "float": 1.5,
    "bool": True,
    "map": {"a": 1},
    "list": ["a"],
}
_ODD_VALUES: Final = ("text", "5", "true", 1, 1.5, True, None, {"a": 1}, ["a"])
_COMMAND: Final = b'{"action": "servers", "parameters": {}, "idempotence": "c"}'
_QUIET: Final = 0.15


async def catalogue(peer: Served) -> Json:
    """The catalogue, at once, again, and on another connection."""
    told: list[Any] = []
    for n in range(2):
        client = await Client(peer).open()
        await client.until(lambda c: c.ended, 0.01)
        for m in range(2):
            reply = await client.call("list_actions", {}, f"{n}{m}")
            told.append(json.dumps(reply))
        await asyncio.sleep(0.03)
        told.append(client.told())
        client.drop()
    return told


async def commands(peer: Served) -> Json:
    """Every action: rightly, with a parameter missing, with each odd value."""
    client = await Client(peer).open()
    count = 0
    for action in actions_of(Reading()).values():
        whole = {one.name: _SAMPLES[one.kind] for one in action.params}
        tries = [whole, {}, {name.upper(): value for name, value in whole.items()}]
        tries += [{k: v for k, v in whole.items() if k != one} for one in whole]
        tries += [whole | {one: odd} for one in whole for odd in _ODD_VALUES]
        if action.name in {"server_start", "set_mods"}:
            tries += [{"a": 1, "b": 2}, {}]
        for given in tries:
            count += 1
            client.ask(action.name, given, f"m{count}")
    await client.reply(f"m{count}")
    await asyncio.sleep(_QUIET)
    told = client.told()
    client.drop()
    return told


async def leaks(peer: Served) -> Json:
    """Whether a parameter that was given once need not be given again, here or elsewhere."""
    first, second = await Client(peer).open(), await Client(peer).open()
    told = [await first.call("server_status", {"server_id": "srv-2"}, "1")]
    told += [await first.call("server_status", {}, "2"), await first.call("server_stop", {}, "3")]
    told += [await second.call("server_status", {}, "4"), await second.call("servers", {}, "5")]
    first.drop()
    second.drop()
    return told


async def tokens(peer: Served) -> Json:
    """Tokens of many forms, on replies of each kind."""
    client = await Client(peer).open()
    odd = ["aB" * 16, "0123456789abcdef" * 2, "7", " a ", "x" * 300, "é", 5, 2**60 + 1, True, 0]
    odd += ["a-b-c-d", "A" * 31, 1.5, {"a": [1]}, [1, "a"], None, "", "\U0001f600"]
    for token in odd:
        for action in ("servers", "list_actions", "nothing", "server_status"):
            client.ask(action, {}, token)
        client.ask("server_status", {"server_id": 1}, token)
        await asyncio.sleep(0.03)
    client.say('{"action": "servers", "parameters": {}}')
    await asyncio.sleep(_QUIET)
    told = client.told()
    client.drop()
    return told


async def burst(peer: Served) -> Json:
    """Many commands at once, on two connections."""
    first, second = await Client(peer).open(), await Client(peer).open()
    for n in range(40):
        for letter, client in (("a", first), ("b", second)):
            action = ("list_actions", "servers", "whoami", "log_tail")[n % 4]
            given = {"server_id": "srv-1", "lines": n} if n % 4 == 3 else {}
            client.ask(action, given, f"{letter}{n:02d}")
    await asyncio.sleep(_QUIET * 2)
    told = (first.told(), second.told())
    first.drop()
    second.drop()
    return told


async def pair(peer: Served) -> Json:
    """A slow command and a quick one, on two connections that take turns."""
    first, second = await Client(peer).open(), await Client(peer).open()
    told = []
    for n in range(3):
        first.ask("list_actions", {}, f"slow{n}")
        second.ask("list_actions", {}, f"other{n}")
        first.ask("agent_info", {}, f"quick{n}")
        await asyncio.sleep(0.1)
        told += [first.told(), second.told()]
    first.ask("log_tail", {"server_id": "srv-1", "lines": 1}, "last")
    second.drop()
    told.append(await first.reply("last"))
    told.append(await first.call("servers", token="after"))
    third = await Client(peer).open()
    third.ask("log_tail", {"server_id": "srv-1", "lines": 1}, "x")
    await asyncio.sleep(0.01)
    third.drop()
    await asyncio.sleep(0.02)
    told.append(await first.call("agent_info", token="alive"))
    first.drop()
    return told


async def many(peer: Served) -> Json:
    """A hundred and twenty commands one after the other."""
    client = await Client(peer).open()
    told = []
    for n in range(120):
        reply = await client.call("servers" if n % 2 else "agent_info", {}, f"n{n:03d}")
        told.append(json.dumps(reply))
        if reply is None:
            break
    told.append(str(len(client.messages())))
    client.drop()
    return told


_ODD: Final[tuple[str | bytes, ...]] = (
    "{",
    "hello",
    "",
    "  ",
    "[" * 100_000,
    "[" * 990 + "]" * 990,
    '{"action": "servers", "parameters": {"n": 1e999}, "idempotence": "o"}',
    "[]",
    '[{"action": "servers", "parameters": {}, "idempotence": "o"}]',
    "5",
    '"text"',
    "null",
    "{}",
    b"\x00\x01",
    _COMMAND,
    '{"action": "\\ud800", "parameters": {}, "idempotence": "\\ud800"}',
    '{"action": "servers", "parameters": {"a": "\\u0000"}, "idempotence": "o"}',
    '{"action": "café", "parameters": {}, "idempotence": "o"}',
    '{"action": "\U0001f600", "parameters": {}, "idempotence": "o"}',
    '{\n  "action": "servers",\n  "parameters": {},\n  "idempotence": "o"\n}',
    '{"action":"servers","parameters":{},"idempotence":"o"}',
    '{"parameters": {}, "idempotence": "o", "action": "servers"}',
    '{"action": "servers", "parameters": {}, "idempotence": "o", "more": 1}',
    '{"action": "servers", "parameters": {}, "idempotence": "o"',
    "{'action': 'servers', 'parameters': {}, 'idempotence': 'o'}",
    json.dumps({"action": "servers", "parameters": {"a": "x" * 1100}, "idempotence": "o"}),
    json.dumps({"action": "servers", "parameters": {"a": "x" * 70000}, "idempotence": "o"}),
    '{"action": "SERVERS", "parameters": {}, "idempotence": "o"}',
    '{"action": "serv", "parameters": {}, "idempotence": "o"}',
    '{"action": "servers2", "parameters": {}, "idempotence": "o"}',
    '{"action": " servers ", "parameters": {}, "idempotence": "o"}',
    '{"parameters": {}, "idempotence": "o"}',
    '{"action": null, "parameters": {}, "idempotence": "o"}',
    '{"action": 5, "parameters": {}, "idempotence": "o"}',
    '{"action": ["servers"], "parameters": {}, "idempotence": "o"}',
    '{"action": {"a": 1}, "parameters": {}, "idempotence": "o"}',
    '{"action": "", "parameters": {}, "idempotence": "o"}',
    json.dumps({"action": "a" * 300, "parameters": {}, "idempotence": "o"}),
    '{"action": "servers", "idempotence": "o"}',
    '{"action": "servers", "parameters": null, "idempotence": "o"}',
    '{"action": "servers", "parameters": [], "idempotence": "o"}',
    '{"action": "servers", "parameters": "a", "idempotence": "o"}',
    '{"action": "servers", "parameters": 5, "idempotence": "o"}',
    '{"action": "servers", "parameters": {"unknown": 5}, "idempotence": "o"}',
    '{"action": "servers", "parameters": {}}',
    '{"action": "servers", "parameters": {}, "idempotence": null}',
    '{"action": "servers", "parameters": {}, "idempotence": 5}',
    '{"action": "servers", "parameters": {}, "idempotence": ["a"]}',
    '{"action": "servers", "parameters": {}, "idempotence": {"a": 1}}',
    '{"action": "servers", "parameters": {}, "idempotence": ""}',
)


async def odd(peer: Served) -> Json:
    """Odd messages, each between two right commands on its own connection."""
    witness = await Client(peer).open()
    await witness.call("agent_info", {}, "w0")

    async def one(message: str | bytes) -> Json:
        client = await Client(peer).open()
        before = await client.call("agent_info", {}, "x" * 32)
        client.say(message)
        await asyncio.sleep(0.1)
        after = await client.call("servers", {}, "after")
        await asyncio.sleep(0.05)
        told = (before, after, client.told())
        client.drop()
        return told

    told = list(await asyncio.gather(*map(one, _ODD)))
    told += [await witness.call("servers", {}, "w"), witness.told()]
    witness.drop()
    return told


async def idle(peer: Served) -> Json:
    """A client that takes its time before its first command, and after it."""
    client = await Client(peer).open()
    await asyncio.sleep(0.7)
    first = await client.call("servers", {}, "1")
    await asyncio.sleep(1.7)
    second = await client.call("servers", {}, "2")
    client.drop()
    return (first, second)


async def state(peer: Served) -> Json:
    """Starting and stopping a server, twice."""
    client = await Client(peer).open()
    told = []
    for n, name in enumerate(("server_stop", "server_start", "server_stop")):
        await client.call(name, {"server_id": "srv-1"}, f"s{n}")
        told.append(await client.call("servers", {}, f"t{n}"))
    client.drop()
    return told


_QUICK_FIRST: Final = (
    catalogue,
    tokens,
    pair,
    burst,
    commands,
    leaks,
    odd,
    many,
    *WIRE_PROBES,
    state,
    idle,
)

PROBES: Final[dict[str, Callable[[Served], Awaitable[Json]]]] = {
    probe.__name__: probe for probe in _QUICK_FIRST
}
"""Every dialogue by its name, the telling ones first."""
