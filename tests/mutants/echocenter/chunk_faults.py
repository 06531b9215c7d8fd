"""CHAT_STREAM, the final CHAT and CHAT_STREAM_END each by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from .fault import Fault, Seed, Talk, table
from .seeds import Edit, chunk, end, final, others, tick

if TYPE_CHECKING:
    pass

__all__ = ["CHUNK_FAULTS"]


def _lost(one: Talk) -> None:
    one.copies = 0


def _nth(number: int, edit: Edit) -> Edit:
    """Only the message of that number on a connection."""
    return lambda one: edit(one) if tick(one, one.line) == number else None


def _from(number: int, edit: Edit) -> Edit:
    return lambda one: edit(one) if tick(one, one.line) >= number else None


def _text(one: Talk) -> str:
    given = one.out.get("payload")
    return given if isinstance(given, str) else ""


def _key(one: Talk) -> tuple[int, str]:
    return one.line.principal.id, json.dumps(one.message.get("stream_id"))


def _stream_id(value: object) -> Edit:
    return lambda one: one.out.update(stream_id=value)


def _no_id(one: Talk) -> None:
    one.out.pop("stream_id", None)


def _swap(one: Talk) -> None:
    """Two chunks change places."""
    held = one.memo.pop(_key(one), None)
    if held is not None:
        one.after.append(lambda: one.hub.deliver(held))
        return
    one.memo[_key(one)] = replace(one, after=[])
    one.copies = 0


def _swapped_end(one: Talk) -> None:
    if one.kind == "CHAT_STREAM":
        _swap(one)
    elif (held := one.memo.pop(_key(one), None)) is not None:
        one.hub.deliver(held)


async def _swapped(one: Talk) -> None:
    if one.kind in {"CHAT_STREAM", "CHAT_STREAM_END"} or "stream_id" in one.out:
        _swapped_end(one)


def _grown(one: Talk) -> None:
    """Each chunk holds all earlier ones."""
    one.memo[_key(one)] = one.memo.get(_key(one), "") + _text(one)
    one.out["payload"] = one.memo[_key(one)]


async def _merged(one: Talk) -> None:
    """Chunks wait and are sent as one before the final CHAT."""
    if one.kind == "CHAT_STREAM":
        kept = one.memo.setdefault(_key(one), [])
        kept.append(replace(one, after=[]))
        one.copies = 0
    elif kept := one.memo.pop(_key(one), None):
        kept[0].out["payload"] = "".join(_text(piece) for piece in kept)
        one.hub.deliver(replace(kept[0], copies=1))


async def _held_all(one: Talk) -> None:
    """Nothing of a stream is delivered before its end."""
    if one.kind == "CHAT_STREAM_END":
        for kept in one.memo.pop(_key(one), []):
            one.hub.deliver(kept)
    elif one.kind == "CHAT_STREAM" or "stream_id" in one.out:
        one.memo.setdefault(_key(one), []).append(replace(one, after=[]))
        one.copies = 0


def _typed(kind: str) -> Edit:
    return lambda one: one.out.update(type=kind)


def _to_all(one: Talk) -> None:
    one.lines = others(one)


def _to_humans(one: Talk) -> None:
    humans = [line for line in others(one) if line.principal.human]
    one.lines = list(dict.fromkeys(one.lines + humans))


def _back(one: Talk) -> None:
    if not one.line.principal.human:
        one.lines = [*one.lines, one.line]


def _strip(one: Talk) -> None:
    one.out["payload"] = _text(one).strip()


def _cut(one: Talk) -> None:
    one.out["payload"] = _text(one)[:200]


def _close(one: Talk) -> None:
    one.after.append(lambda: one.line.close(1000))


def _parts() -> Iterator[tuple[str, str, Seed]]:
    for name, words, apply in (
        ("chunk", "chunks", chunk),
        ("final", "the final CHAT", final),
        ("end", "the end", end),
    ):
        # The sentence speaks of the final CHAT and the chunks; the end has its id by analogy.
        mark = "~" if name == "end" else ""
        yield f"stream.{name}.lost", f"{words}: lost", apply(_lost)
        yield f"stream.{name}.to_all", f"{words}: to everybody", apply(_to_all)
        yield f"stream.{name}.to_humans", f"{words}: to all humans too", apply(_to_humans)
        yield (
            f"stream.{name}.to_sender",
            f"{words}: back to the agent that sent it too",
            apply(_back),
        )
        yield (
            f"stream.{name}.twice",
            f"{words}: twice",
            apply(lambda one: setattr(one, "copies", 2)),
        )
        yield f"{mark}stream.{name}.no_id", f"{words}: without stream_id", apply(_no_id)
        yield (
            f"stream.{name}.other_id",
            f"{words}: under another stream_id than the rest",
            apply(_stream_id("stream-0")),
        )
        yield f"{mark}stream.{name}.null_id", f"{words}: stream_id is null", apply(_stream_id(None))
    yield "stream.chunk.as_chat", "chunks are delivered as CHAT", chunk(_typed("CHAT"))
    yield "stream.end.as_chat", "the end is delivered as CHAT", end(_typed("CHAT"))
    yield "stream.end.as_chunk", "the end is delivered as CHAT_STREAM", end(_typed("CHAT_STREAM"))
    yield (
        "stream.final.as_chunk",
        "the final CHAT is delivered as CHAT_STREAM",
        final(_typed("CHAT_STREAM")),
    )
    yield (
        "stream.chunk.renamed",
        "chunks are delivered as STREAM_CHUNK",
        chunk(_typed("STREAM_CHUNK")),
    )
    yield "stream.end.renamed", "the end is delivered as STREAM_END", end(_typed("STREAM_END"))


def _chunks() -> Iterator[tuple[str, str, Seed]]:
    yield "stream.chunk.swapped", "two chunks change places", Seed(talk=_swapped)
    yield "stream.chunk.first_lost", "a connection's first chunk is lost", chunk(_nth(1, _lost))
    yield "stream.chunk.second_lost", "a connection's second chunk is lost", chunk(_nth(2, _lost))
    yield (
        "stream.chunk.third_lost",
        "each third chunk is lost",
        chunk(lambda one: _lost(one) if tick(one, one.line) % 3 == 0 else None),
    )
    yield "stream.chunk.late_lost", "chunks after the tenth are lost", chunk(_from(11, _lost))
    yield "stream.chunk.64th_lost", "chunks after the 64th are lost", chunk(_from(65, _lost))
    yield (
        "stream.chunk.empty_lost",
        "empty chunks are lost",
        chunk(lambda one: _lost(one) if _text(one) == "" else None),
    )
    yield (
        "stream.chunk.blank_lost",
        "chunks of white space are lost",
        chunk(lambda one: _lost(one) if not _text(one).strip() else None),
    )
    yield "stream.chunk.repeat_lost", "a chunk equal to the one before is lost", chunk(_repeat)
    yield "stream.chunk.stripped", "blanks at the ends of chunks are lost", chunk(_strip)
    yield "stream.chunk.cut", "chunks are cut after 200 signs", chunk(_cut)
    yield "stream.chunk.grown", "each chunk holds all earlier ones", chunk(_grown)
    yield (
        "stream.chunk.no_payload",
        "chunks have no payload",
        chunk(lambda one: one.out.pop("payload", None)),
    )
    yield (
        "stream.chunk.renamed_payload",
        "a chunk's text is in `delta`",
        chunk(lambda one: one.out.update(delta=one.out.pop("payload", ""))),
    )
    yield (
        "stream.chunk.newline",
        "a line end is added to each chunk",
        chunk(lambda one: one.out.update(payload=_text(one) + "\n")),
    )
    yield "stream.chunk.merged", "chunks are delivered as one", Seed(talk=_merged)
    yield (
        "stream.chunk.humans_refused",
        "what a human streams is lost",
        chunk(lambda one: _lost(one) if one.line.principal.human else None),
    )
    yield (
        "stream.chunk.to_agents_lost",
        "what is streamed to an agent is lost",
        chunk(lambda one: _lost(one) if one.target and not one.target.human else None),
    )
    yield "stream.chunk.closes", "a chunk ends its sender's connection", chunk(_close)
    yield "~stream.held", "nothing is delivered before the end", Seed(talk=_held_all)


def _repeat(one: Talk) -> None:
    same = _key(one) in one.memo and one.memo[_key(one)] == _text(one)
    one.memo[_key(one)] = _text(one)
    if same:
        one.copies = 0


CHUNK_FAULTS: Final[tuple[Fault, ...]] = tuple(
    table("3.C Replying to Instructions", [*_parts(), *_chunks()])
)
