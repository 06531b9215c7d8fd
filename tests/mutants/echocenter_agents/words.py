"""The messages an agent sends, and the text they become."""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random

from tests.mutants.echocenter_agents.model import Chat, Encoding, Json, Kind, Say

__all__ = ["chat", "chunk", "encoded", "end", "final", "log"]


def log(level: str, content: str, about: Chat | None = None) -> Say:
    """A line for the dashboard."""
    payload: Json = {"level": level, "content": content}
    message: Json = {"type": "SYSTEM_LOG", "payload": payload}
    return Say(kind=Kind.LOG, message=message, chat=about)


def chat(to: Chat, text: str) -> Say:
    """A whole reply."""
    message = {"type": "CHAT", "target_id": to.sender_id, "payload": text}
    return Say(kind=Kind.CHAT, message=message, chat=to)


def chunk(to: Chat, stream: Json, text: str) -> Say:
    """A piece of a reply."""
    message = {
        "type": "CHAT_STREAM",
        "target_id": to.sender_id,
        "stream_id": stream,
        "payload": text,
    }
    return Say(kind=Kind.CHUNK, message=message, chat=to)


def final(to: Chat, stream: Json, text: str) -> Say:
    """The CHAT that goes with a stream."""
    message = {"type": "CHAT", "target_id": to.sender_id, "stream_id": stream, "payload": text}
    return Say(kind=Kind.FINAL, message=message, chat=to)


def end(to: Chat, stream: Json, payload: Mapping[str, Json]) -> Say:
    """The end of a stream; ``payload`` is empty or has the one member of that name."""
    message = {"type": "CHAT_STREAM_END", "target_id": to.sender_id, "stream_id": stream, **payload}
    return Say(kind=Kind.END, message=message, chat=to)


def encoded(message: Json, encoding: Encoding, rng: Random) -> str:
    """``message`` as JSON text."""
    if encoding.shuffled and isinstance(message, Mapping):
        names = list(message)
        rng.shuffle(names)
        message = {name: message[name] for name in names}
    text = json.dumps(
        message,
        indent=encoding.indent,
        separators=encoding.separators,
        ensure_ascii=encoding.ascii_only,
    )
    return f"{encoding.around}{text}{encoding.around}"
