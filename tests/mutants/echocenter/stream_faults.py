"""Streams as a whole: their ids, their order, and streams side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from .fault import Fault, Seed, Talk, table
from .seeds import Edit, end, final, streamed, tick, when

if TYPE_CHECKING:
    from .model import Obj

__all__ = ["STREAM_FAULTS"]


def _text(one: Talk) -> str:
    given = one.out.get("payload")
    return given if isinstance(given, str) else ""


def _key(one: Talk) -> tuple[int, str]:
    return one.line.principal.id, json.dumps(one.message.get("stream_id"))


def _stream_id(value: object) -> Edit:
    return lambda one: one.out.update(stream_id=value)


def _no_id(one: Talk) -> None:
    one.out.pop("stream_id", None)


def _id_each_time(one: Talk) -> None:
    one.out["stream_id"] = f"{one.out.get('stream_id')}-{tick(one, 'id')}"


async def _end_first(one: Talk) -> None:
    """The final CHAT waits for the end, and comes after it."""
    if one.kind == "CHAT" and "stream_id" in one.out:
        one.memo[_key(one)] = replace(one, after=[])
        one.copies = 0
    elif one.kind == "CHAT_STREAM_END" and (held := one.memo.pop(_key(one), None)) is not None:
        one.after.append(lambda: one.hub.deliver(held))


async def _mixed_senders(one: Talk) -> None:
    """Chunks for one target are joined whoever sent them."""
    if one.kind != "CHAT_STREAM" or one.target is None:
        return
    state: Obj = one.memo.setdefault(("open", one.target.id), one.out)
    one.out["sender_id"], one.out["sender_name"] = state["sender_id"], state["sender_name"]


async def _stuck_target(one: Talk) -> None:
    """A second stream of the same sender goes where the first one went."""
    if one.kind == "CHAT_STREAM":
        first = one.memo.setdefault(one.line, one.target)
        if first is not None:
            one.lines = one.hub.lines_of(first)


async def _stuck_id(one: Talk) -> None:
    """A second stream of the same sender goes on under the first one's id."""
    if one.kind in {"CHAT_STREAM", "CHAT_STREAM_END"}:
        one.out["stream_id"] = one.memo.setdefault(one.line, one.out.get("stream_id"))


async def _one_at_a_time(one: Talk) -> None:
    """While somebody streams, nobody else may."""
    owner = one.memo.get("owner")
    if one.kind == "CHAT_STREAM":
        one.memo.setdefault("owner", _key(one))
        if owner is not None and owner != _key(one):
            one.copies = 0
    elif one.kind == "CHAT_STREAM_END" and owner == _key(one):
        del one.memo["owner"]


async def _ended_for_all(one: Talk) -> None:
    """After one stream's end the chunks of all open streams are lost."""
    if one.kind == "CHAT_STREAM":
        seen = one.memo.setdefault("seen", set())
        dead = one.memo.setdefault("dead", set())
        if _key(one) in dead:
            one.copies = 0
        seen.add(_key(one))
    elif one.kind == "CHAT_STREAM_END":
        one.memo.setdefault("dead", set()).update(one.memo.get("seen", set()))


async def _ended_for_others(one: Talk) -> None:
    """An id that somebody's stream had is dead for everybody."""
    name = str(one.message.get("stream_id", ""))
    ended = one.memo.setdefault("ended", set())
    if name in ended:
        one.copies = 0
    elif name and one.kind == "CHAT_STREAM_END":
        ended.add(name)


async def _end_only_bare(one: Talk) -> None:
    """An end that says something is lost."""
    if one.kind == "CHAT_STREAM_END" and one.message.get("payload"):
        one.copies = 0


async def _plain_gets_id(one: Talk) -> None:
    """A plain CHAT during a stream is taken for a part of it."""
    if one.kind == "CHAT_STREAM":
        one.memo[one.line.principal.id] = one.out.get("stream_id")
    elif one.kind == "CHAT_STREAM_END":
        one.memo.pop(one.line.principal.id, None)
    elif one.kind == "CHAT" and "stream_id" not in one.out:
        known = one.memo.get(one.line.principal.id)
        if known is not None:
            one.out["stream_id"] = known


async def _plain_lost(one: Talk) -> None:
    """A plain CHAT of somebody who streams is lost."""
    if one.kind == "CHAT_STREAM":
        one.memo[one.line.principal.id] = True
    elif one.kind == "CHAT_STREAM_END":
        one.memo.pop(one.line.principal.id, None)
    elif one.kind == "CHAT" and "stream_id" not in one.out and one.line.principal.id in one.memo:
        one.copies = 0


async def _plain_afterwards(one: Talk) -> None:
    """After the first stream a plain CHAT still has its id."""
    if one.kind == "CHAT_STREAM_END":
        one.memo[one.line.principal.id] = one.out.get("stream_id")
    elif one.kind == "CHAT" and "stream_id" not in one.out:
        known: Any = one.memo.get(one.line.principal.id)
        if known is not None:
            one.out["stream_id"] = known


def _summed(one: Talk) -> None:
    one.out["payload"] = one.memo.get(_key(one), "") or one.out.get("payload")


async def _final_summed(one: Talk) -> None:
    """The final text is replaced by the sum of the chunks."""
    if one.kind == "CHAT_STREAM":
        one.memo[_key(one)] = one.memo.get(_key(one), "") + _text(one)
    elif one.kind == "CHAT" and "stream_id" in one.out:
        _summed(one)


def _payload(change: object) -> Edit:
    return lambda one: one.out.update(payload=change)


def _close(one: Talk) -> None:
    one.after.append(lambda: one.line.close(1000))


def _wholes() -> Iterator[tuple[str, str, Seed]]:
    yield (
        "stream.id.each_other",
        "each message of a stream has another stream_id",
        streamed(_id_each_time),
    )
    yield "stream.id.missing", "stream_id is left out everywhere", streamed(_no_id)
    yield (
        "stream.id.constant",
        "all streams have the same stream_id",
        streamed(_stream_id("stream")),
    )
    yield "stream.id.stuck", "a sender's second stream has the first one's id", Seed(talk=_stuck_id)
    yield (
        "stream.id.renamed",
        "the field is called streamId",
        streamed(lambda one: one.out.update(streamId=one.out.pop("stream_id", None))),
    )
    yield (
        "stream.id.final_number",
        "the final CHAT's stream_id is a number where the chunks' is text",
        final(_stream_id(1)),
    )
    yield (
        "stream.id.cut",
        "stream_id is cut after 4 signs in the final CHAT",
        final(lambda one: one.out.update(stream_id=str(one.out["stream_id"])[:4])),
    )
    yield "stream.end.before_final", "the end comes before the final CHAT", Seed(talk=_end_first)
    yield (
        "stream.final.summed",
        "the final text is replaced by the sum of the chunks",
        Seed(talk=_final_summed),
    )
    yield "stream.final.empty", "the final text is empty", final(_payload(""))
    yield "stream.final.null", "the final text is null", final(_payload(None))
    yield "stream.final.closes", "the final CHAT ends its sender's connection", final(_close)
    yield "stream.end.closes", "the end ends its sender's connection", end(_close)
    yield (
        "stream.mixed.senders",
        "chunks of two senders to one target show as one sender's",
        Seed(talk=_mixed_senders),
    )
    yield (
        "stream.mixed.targets",
        "a second stream goes where the first one went",
        Seed(talk=_stuck_target),
    )
    yield (
        "stream.one_at_a_time",
        "while somebody streams nobody else's chunks are delivered",
        Seed(talk=_one_at_a_time),
    )
    yield "stream.ended_for_all", "the end of one stream ends all", Seed(talk=_ended_for_all)
    yield "stream.ended_for_others", "an id is used up for all", Seed(talk=_ended_for_others)
    yield "stream.end.only_bare", "an end with a payload is lost", Seed(talk=_end_only_bare)
    yield "stream.second_lost", "a connection's second stream is lost", Seed(talk=_second_lost)
    yield (
        "stream.plain.gets_id",
        "a plain CHAT during a stream is given its stream_id",
        Seed(talk=_plain_gets_id),
    )
    yield "stream.plain.lost", "a plain CHAT during a stream is lost", Seed(talk=_plain_lost)
    yield (
        "stream.plain.afterwards",
        "a plain CHAT after a stream has its stream_id",
        Seed(talk=_plain_afterwards),
    )
    yield (
        "~stream.plain.always_id",
        "a plain CHAT is given the stream_id 0",
        when(lambda one: one.kind == "CHAT" and "stream_id" not in one.out, _stream_id(0)),
    )


async def _second_lost(one: Talk) -> None:
    if one.kind == "CHAT_STREAM" and one.memo.setdefault(one.line, _key(one)) != _key(one):
        one.copies = 0


STREAM_FAULTS: Final[tuple[Fault, ...]] = tuple(table("3.C Replying to Instructions", _wholes()))
