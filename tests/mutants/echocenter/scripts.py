"""Dialogues for the rehearsal; between them they bring every fault to light."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from .rehearsal import MemoryLine, Stage

__all__ = ["SCRIPTS"]

TEXTS: Final = (
    "  two  blanks\t and tabs ",
    "first line\r\nsecond\nthird",
    "",
    "   ",
    '{"json": [1, 2]}',
    "[DIRECTIVE] scan {target}",
    "/help",
    "@all",
    "42",
    "true",
    "null",
    "<b>bold</b> & 'single' \"double\" &amp; \\n back\\slash",
    "e\u0301 \ufb01 \u00e9 \U0001f600 \u200d\u200f \x07 \x00 end",
    "100%25 + https://example.org/a?b=c deadbeef0123456789",
    "same",
    "same",
    "x" * 70,
    "y" * 300,
    "\u00fc" * 1100,
    "z" * 5000,
    "short",
    "w" * 61000,
)


async def _rest(stage: Stage) -> None:
    """Registrations, listings, the dev endpoint."""
    for _ in range(2):
        await stage.rest("GET", "/api/users/agents")
    names = [f"Agent-{n}" for n in range(1, 13)] + ["agent-1", "Other-One"]
    for name in names:
        await stage.register(name)
        await stage.rest("GET", "/api/users/agents")
        await stage.rest("GET", f"/api/dev/mock/agent-token/{name}")
    for name in ("Existing-Agent", "Nobody", "Agent"):
        await stage.rest("GET", f"/api/dev/mock/agent-token/{name}")
    line = await stage.enter(stage.tokens["Agent-1"], "one")
    await stage.rest("GET", "/api/users/agents")
    await stage.rest("GET", "/api/dev/mock/agent-token/Agent-1")
    await stage.leave(line)
    await stage.rest("GET", "/api/users/agents")
    await stage.enter(stage.tokens["Agent-2"], "two")


async def _bodies(stage: Stage) -> None:
    """Odd registrations."""
    line = await stage.enter(stage.hub.registry.existing.token, "one")
    await stage.rest("POST", "/api/users/agents", b'{"username": "With \\u00fc"}')
    await stage.rest("GET", "/api/dev/mock/agent-token/With%20%C3%BC")
    for body in (b"", b"{", b"{}", b'{"username": 3}', b'{"username": "Existing-Agent"}'):
        await stage.rest("POST", "/api/users/agents", body)
    typed = {"content_type": "application/json; charset=utf-8"}
    await stage.rest("POST", "/api/users/agents", b'{"username": "Typed"}', **typed)
    registry = stage.hub.registry
    for token in ("nonsense", registry.existing.token, registry.operator.token):
        body = b'{"username": "Intruder"}'
        await stage.rest("POST", "/api/users/agents", body, authorization=f"Bearer {token}")
    await stage.leave(line)


async def _tokens(stage: Stage) -> None:
    """Tokens that open nothing, one fresh server's first guests."""
    token = await stage.register("Agent-1")
    admin = stage.hub.registry.admin
    boss = await stage.enter(admin.token, "boss")
    odd = (
        None, "", "nonsense", token[:8], token[-4:], token + "x", f"x{token}y", token.upper(),
        f"...{token[-4:]}", "Agent-1", "4", f" {token} ", "null", "0", "' OR '1'='1", "*",
        "g" * len(token), "a" * 48, token[:-1] + "_", "echo-center", "l" * 300,
    )  # fmt: skip
    for n, given in enumerate(odd):
        line = await stage.enter(given, f"odd-{n}")
        await stage.chat(boss, stage.hub.registry.existing.id, f"to {n}")
        await stage.chat(line, admin.id, "let me in")
        await stage.leave(line)
    line = await stage.enter(token, "one")
    await stage.chat(line, admin.id, "hello")


_UNUSUAL: Final = {"origin": "http://localhost", "connection": "keep-alive, Upgrade"}
"""Headers of a handshake."""


async def _entries(stage: Stage) -> None:
    """Coming, going, coming back."""
    names = [f"Agent-{n}" for n in range(1, 7)]
    for name in names[:3]:
        await stage.register(name)
    admin = stage.hub.registry.admin
    lines: list[MemoryLine | None] = []
    for n, name in enumerate(names):
        if n > 2:
            await stage.register(name)
        lines.append(await stage.enter(stage.tokens[name], name))
        await asyncio.sleep(0.3)
    boss = await stage.enter(admin.token, "boss", {"more": "x"}, **_UNUSUAL)
    await stage.register("Late-Agent")
    for line in lines:
        await stage.chat(line, admin.id, "present")
    await stage.leave(lines[0])
    await stage.chat(boss, 4, "while you were away")
    await stage.chat(boss, 4242, "nobody")
    await asyncio.sleep(0.3)
    for name in ("Agent-1", "Late-Agent", "Agent-1"):
        back = await stage.enter(stage.tokens[name], f"{name} again")
        await asyncio.sleep(0.1)
        await stage.chat(back, admin.id, "I am back")
        await stage.chat(boss, 4, "welcome back")
        await asyncio.sleep(0.1)
        await stage.leave(back)
    for n in range(5):
        last = await stage.enter(stage.tokens["Agent-1"], f"again {n}")
        await stage.chat(last, admin.id, f"time {n}")
        await stage.leave(last)
    await asyncio.sleep(9)
    await stage.chat(boss, 5, "still there?")
    await asyncio.sleep(9)


async def _silent(stage: Stage) -> None:
    """Who only waits."""
    line = await stage.enter(await stage.register("Agent-1"), "one")
    await asyncio.sleep(5)
    boss = await stage.enter(stage.hub.registry.admin.token, "boss")
    await stage.chat(boss, 4, "wake up")
    await stage.leave(line)
    await stage.chat(boss, 4, "gone")


async def _cast(stage: Stage) -> tuple[MemoryLine | None, ...]:
    """A human, another, and three agents."""
    registry = stage.hub.registry
    found = [await stage.enter(registry.admin.token, "boss")]
    found.append(await stage.enter(registry.operator.token, "operator"))
    for n in range(1, 4):
        found.append(await stage.enter(await stage.register(f"Agent-{n}"), f"agent {n}"))
        await asyncio.sleep(0.2)
    return tuple(found)


async def _talk(stage: Stage) -> None:
    """Orders, replies, forged fields, odd texts."""
    boss, operator, one, two, three = await _cast(stage)
    await stage.chat(boss, 4, "first order")
    await stage.chat(one, 1, "first reply")
    forged = {"sender_id": 77, "sender_name": "eve"}
    await stage.chat(boss, 4, "forged", **forged)
    await stage.chat(one, 1, "forged", **forged)
    await stage.chat(two, 6, "agent to agent", extra=True)
    await stage.chat(operator, 1, "human to human")
    await stage.chat(one, 4, "to myself")
    await stage.chat(three, 2, "three to operator")
    await stage.chat(boss, 3, "offline")
    await stage.chat(boss, 999, "unknown")
    await stage.chat(boss, 5, "after offline")
    await asyncio.sleep(0.5)
    await stage.say(boss, '{\n "type": "CHAT", "target_id": 4, "payload": "pretty"\n}')
    await stage.say(boss, '{"type":"CHAT","target_id":4,"payload":"compact"}')
    await stage.say(boss, '{"target_id": 4, "payload": "order", "type": "CHAT"}')
    await stage.say(boss, '{"type": "CHAT", "target_id": 4, "payload": "\u00fc"}')
    await stage.say(boss, ' {"type": "CHAT", "target_id": 4, "payload": "blank"}')
    for text in TEXTS:
        await stage.chat(boss, 4, text)
        await asyncio.sleep(0.1)
    await stage.chat(one, 1, "reply")
    await asyncio.sleep(30)


async def _many(stage: Stage) -> None:
    """More than twenty messages, more than ten agents."""
    boss, _, one, two, three = await _cast(stage)
    for n in range(24):
        await stage.chat(one, 1, f"news {n}")
        await stage.chat(boss, 4, f"order {n}")
    for n in range(4, 12):
        line = await stage.enter(await stage.register(f"Agent-{n}"), f"agent {n}")
        await stage.chat(boss, n + 3, f"hello {n}")
        await stage.chat(line, 1, f"hi {n}")
    await stage.chat(two, 1, "and two")
    await stage.leave(three)
    await asyncio.sleep(30)


def _log(level: Any, content: Any) -> dict[str, Any]:
    return {"type": "SYSTEM_LOG", "payload": {"level": level, "content": content}}


async def _logs(stage: Stage) -> None:
    """All levels, then talk."""
    boss, _, one, two, _ = await _cast(stage)
    for level in ("INFO", "WARNING", "ERROR", "SUCCESS"):
        await stage.say(one, _log(level, "Processing task batch #42..."))
        await stage.chat(one, 1, f"after {level}")
    await stage.chat(two, 1, "no log from me")
    await stage.chat(boss, 4, "seen")
    await stage.say(two, {**_log("INFO", "forged"), "sender_id": 9, "target_id": 4})
    await stage.say(two, _log("INFO", "l" * 600))
    await stage.chat(two, 1, "still here")
    await stage.say(two, _log("INFO", "\u00fc"))
    await stage.chat(two, 1, "still here too")


async def _log_often(stage: Stage) -> None:
    boss, _, one, _, _ = await _cast(stage)
    for n in range(12):
        await stage.say(one, _log("INFO", f"beat {n}"))
    await stage.chat(one, 1, "after many")
    await stage.chat(boss, 4, "still?")


async def _stream(
    stage: Stage, line: MemoryLine | None, target: int, name: Any, pieces: Sequence[str]
) -> None:
    fields = {"target_id": target, "stream_id": name}
    for piece in pieces:
        await stage.say(line, type="CHAT_STREAM", payload=piece, **fields)
    await stage.say(line, type="CHAT", payload="".join(pieces) + "!", **fields)
    await stage.say(line, type="CHAT_STREAM_END", **fields)


async def _streams(stage: Stage) -> None:
    """Streams one after the other, at the same time, with plain CHATs between."""
    boss, _, one, two, three = await _cast(stage)
    await _stream(stage, one, 1, "stream-one", ["a", " b ", "", "  ", "c", "c", "d" * 300])
    await stage.chat(one, 1, "plain after")
    await _stream(stage, one, 2, "stream-two", [str(n) for n in range(70)])
    await _stream(stage, boss, 4, 7, ["x", "y"])
    await _stream(stage, two, 6, "stream-agents", ["p", "q"])
    await _stream(stage, three, 6, "stream-agents", ["one that another had"])
    forged = {"sender_id": 77, "sender_name": "eve", "stream_id": "f", "target_id": 1}
    for kind in ("CHAT_STREAM", "CHAT", "CHAT_STREAM_END"):
        await stage.say(one, type=kind, payload="forged", **forged)
    for n in range(3):
        for line, name in ((one, "left"), (two, "right"), (three, "third")):
            fields = {"target_id": 1, "stream_id": name}
            await stage.say(line, type="CHAT_STREAM", payload=f"{name} {n}", **fields)
    for line in (one, two):
        fields = {"target_id": 1, "stream_id": "of both"}
        await stage.say(line, type="CHAT_STREAM", payload="the same name", **fields)
    await stage.chat(one, 2, "plain between")
    await stage.say(one, type="CHAT_STREAM_END", target_id=1, stream_id="left", payload="")
    await stage.say(two, type="CHAT_STREAM", target_id=1, stream_id="right", payload="more")
    await asyncio.sleep(1)


async def _frames(stage: Stage) -> None:
    """What no server understands, then talk among the others."""
    boss, _, one, two, _ = await _cast(stage)
    targets: tuple[Any, ...] = (None, "4", 4.5, -1, 2**64, {}, True)
    texts: tuple[Any, ...] = (None, {"a": 1}, 3, "\ud800")
    odd: tuple[Any, ...] = (
        "{", "", "[]", '"text"', "3", "null", "{}", '{"type": 3}', '{"type": []}', "[" * 900,
        '{"type": "UNKNOWN"}', '{"type": "chat"}', b"\x00\x01", json.dumps({"x": "y" * 60_000}),
        '{"type": "CHAT", "payload": "p"}', '{"type": "CHAT", "target_id": 5}',
        *(json.dumps({"type": "CHAT", "target_id": to, "payload": "p"})
          for to in targets),
        *(json.dumps({"type": "CHAT", "target_id": 5, "payload": what})
          for what in texts),
        '{"type": "SYSTEM_LOG"}', json.dumps(_log("DEBUG", "x")),
        *(json.dumps({"type": "SYSTEM_LOG", "payload": what})
          for what in ("text", None, {"level": "INFO"}, {"content": "x"})),
        '{"type": "CHAT_STREAM", "target_id": 5, "payload": "p"}',
        '{"type": "CHAT_STREAM", "target_id": 5, "payload": "p", "stream_id": {}}',
        '{"type": "CHAT_STREAM_END", "target_id": 5, "stream_id": "s"}',
    )  # fmt: skip
    for n, frame in enumerate(odd):
        if one is not None and not one.open:
            await asyncio.sleep(0.1)
            one = await stage.enter(stage.tokens["Agent-1"], f"agent 1 after {n}")
        await stage.say(one, frame)
        await stage.chat(boss, 5, f"after {n}")
        await stage.chat(two, 1, f"reply {n}")
    late = await stage.enter(stage.hub.registry.existing.token, "late")
    await stage.chat(late, 1, "late")


async def _together(stage: Stage) -> None:
    """Things that overlap."""
    names = ("Left-One", "Right-One", "Third-One")
    for name in names[:2]:
        await stage.register(name)
    boss = await stage.enter(stage.hub.registry.admin.token, "boss")
    left, right = await asyncio.gather(
        *(stage.enter(stage.tokens[name], name) for name in names[:2])
    )
    await stage.chat(left, 1, "I am left")
    await stage.chat(boss, 4, "you are left")
    await stage.chat(boss, 5, "you are right")
    await asyncio.sleep(1)
    for _ in range(2):
        await asyncio.gather(
            stage.chat(left, 5, "to right"),
            stage.chat(right, 4, "to left"),
            stage.say(boss, type="CHAT_STREAM", target_id=4, payload="s", stream_id="b"),
            _later(stage.enter(stage.hub.registry.operator.token, "operator"), 0.01),
        )
        await asyncio.gather(
            stage.say(left, type="CHAT_STREAM", target_id=1, payload="s", stream_id="l"),
            stage.say(right, type="CHAT_STREAM", target_id=1, payload="s", stream_id="r"),
        )
        await asyncio.sleep(0.2)
    await asyncio.gather(stage.chat(left, 1, "bye"), _later(stage.leave(left), 0.03))
    await asyncio.sleep(0.2)
    await asyncio.gather(*(stage.register(f"Twin-{n}") for n in range(3)))
    await stage.rest("GET", "/api/users/agents")
    await stage.chat(right, 1, "done")


async def _flood(stage: Stage) -> None:
    """More come and go than a house has chairs."""
    boss = await stage.enter(stage.hub.registry.admin.token, "boss")
    for n in range(32):
        await stage.leave(await stage.enter(stage.hub.registry.existing.token, f"guest {n}"))
    await stage.chat(boss, stage.hub.registry.operator.id, "all gone")


async def _fine(stage: Stage) -> None:
    """What shows in one rare place alone."""
    nobody = dict.fromkeys(stage.hub.desk.headers, "")
    hub, admin = stage.hub, stage.hub.registry.admin
    for name in ("Agent-1", "Agent-2", f"Agent-3 \u00e9{'n' * 40}"):
        await stage.register(name)
    await stage.rest("GET", "/api/dev/mock/agent-token/Agent-1", b"", **nobody)
    await stage.rest("GET", "/api/users/agents", b"", **nobody)
    await stage.rest("POST", "/api/users/agents", b'{"username": "Intruder"}', **nobody)
    await stage.rest("GET", "/api/users/agents")
    one = await stage.enter(stage.tokens["Agent-1"], "one")
    two = await stage.enter(stage.tokens["Agent-2"], "two")
    head, _, tail = admin.token.rpartition(".")
    forged = await stage.enter(f"{head}.x{tail[1:]}", "forged")
    await stage.leave(forged)
    boss = await stage.enter(admin.token, "boss")
    await stage.chat(one, _number(two), " blanks ")
    await stage.say(one, type="chat", target_id=_number(two), payload="small letters")
    await stage.chat(one, admin.id, "<b> & so")
    await stage.say(one, type="CHAT_STREAM", target_id=admin.id, payload="<b>", stream_id="s1")
    await stage.say(one, type="CHAT_STREAM", target_id=admin.id, payload="&", stream_id="s2")
    await stage.chat(one, admin.id, "&", stream_id="s2")
    await stage.chat(one, _number(two), "aside")
    second = await stage.enter(hub.registry.operator.token, "second")
    await stage.say(one, type="CHAT_STREAM", target_id=_number(second), payload="c", stream_id="s4")
    absent = hub.registry.existing.id
    await stage.say(one, type="CHAT_STREAM", target_id=absent, payload="a", stream_id="s3")
    again = await stage.enter(stage.tokens["Agent-2"], "again")
    await stage.leave(two)
    await stage.chat(boss, _number(again), "at the newer")
    await stage.register("Agent-1")
    await stage.rest("POST", "/api/users/agents", b'{"username": ""}')
    await stage.rest("GET", "/api/users/agents")
    await stage.enter(hub.registry.existing.token[:9], "cut")


def _number(line: MemoryLine | None) -> int:
    return 0 if line is None else line.principal.id


async def _later(work: Awaitable[Any], delay: float) -> None:
    await asyncio.sleep(delay)
    await work


SCRIPTS: Final[tuple[Callable[[Stage], Awaitable[None]], ...]] = (
    _talk,
    _streams,
    _logs,
    _frames,
    _tokens,
    _entries,
    _rest,
    _bodies,
    _together,
    _many,
    _log_often,
    _silent,
    _flood,
    _fine,
)
