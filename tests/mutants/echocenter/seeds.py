"""Shorthands that turn a small edit into a seed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from .fault import Seed, Talk
from .model import TALK

if TYPE_CHECKING:
    from .model import Line

__all__ = [
    "Edit",
    "Test",
    "chat",
    "chunk",
    "end",
    "final",
    "log",
    "lose",
    "others",
    "payload",
    "routed",
    "send",
    "streamed",
    "tick",
    "when",
]

Edit: TypeAlias = "Callable[[Talk], object]"
Test: TypeAlias = "Callable[[Talk], bool]"


def when(test: Test, edit: Edit) -> Seed:
    """`edit` where `test` holds."""

    async def talk(one: Talk) -> None:
        if test(one):
            edit(one)

    return Seed(talk=talk)


def chat(edit: Edit) -> Seed:
    """Each CHAT."""
    return when(lambda one: one.kind == "CHAT", edit)


def routed(edit: Edit) -> Seed:
    """CHAT and the two stream types."""
    return when(lambda one: one.kind in TALK, edit)


def streamed(edit: Edit) -> Seed:
    """Whatever belongs to a stream: chunks, the final CHAT, the end."""
    return when(_in_stream, edit)


def chunk(edit: Edit) -> Seed:
    """CHAT_STREAM."""
    return when(lambda one: one.kind == "CHAT_STREAM", edit)


def final(edit: Edit) -> Seed:
    """A CHAT with a stream id."""
    return when(lambda one: one.kind == "CHAT" and "stream_id" in one.out, edit)


def end(edit: Edit) -> Seed:
    """CHAT_STREAM_END."""
    return when(lambda one: one.kind == "CHAT_STREAM_END", edit)


def log(edit: Edit) -> Seed:
    """SYSTEM_LOG."""
    return when(lambda one: one.kind == "SYSTEM_LOG", edit)


def _in_stream(one: Talk) -> bool:
    stream = one.kind in {"CHAT_STREAM", "CHAT_STREAM_END"}
    return stream or (one.kind == "CHAT" and "stream_id" in one.out)


def send(change: Callable[[str], str | bytes]) -> Seed:
    """Each CHAT's JSON text is changed."""
    return chat(lambda one: setattr(one, "text", change))


def payload(change: Callable[[str], Any]) -> Seed:
    """Each CHAT's text is changed; a payload that is no string passes."""

    def edit(one: Talk) -> None:
        given = one.out.get("payload")
        if isinstance(given, str):
            one.out["payload"] = change(given)

    return chat(edit)


def lose(test: Test) -> Seed:
    """Each CHAT for which `test` holds reaches nobody."""

    def edit(one: Talk) -> None:
        if test(one):
            one.copies = 0

    return chat(edit)


def others(one: Talk) -> list[Line]:
    """Every line but the sender's."""
    return [line for line in one.hub.lines if line is not one.line]


def tick(one: Talk, *key: Any) -> int:
    """How often this was asked for `key`, this time included."""
    count = int(one.memo.get(key, 0)) + 1
    one.memo[key] = count
    return count


async def pause() -> None:
    """Pretended input and output; long enough for another message to come in."""
    await asyncio.sleep(0.02)
