"""Faults in streamed replies: what is missing, what is out of order, whose id it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from tests.mutants.echocenter_agents.edits import (
    STREAM,
    doubled,
    drop,
    late,
    on,
    put,
    put_from,
    rename,
    silent,
    whole,
)
from tests.mutants.echocenter_agents.faults_chat import sender
from tests.mutants.echocenter_agents.model import (
    Answer,
    Chat,
    Cue,
    Do,
    Edit,
    Fault,
    Json,
    Kind,
    Memory,
    Pause,
    Say,
    Step,
)
from tests.mutants.echocenter_agents.replies import Minter, pieces, said, streamed, uuid
from tests.mutants.echocenter_agents.words import chunk, end, final

__all__ = ["STREAM_FAULTS"]

_bad = partial(Fault, section="3.C streaming", style="stream")
_CHUNK, _FINAL, _END = (Kind.CHUNK,), (Kind.FINAL,), (Kind.END,)
_PARTS: Final = (
    (_CHUNK, "chunk", "chunks"),
    (_FINAL, "final", "final CHATs"),
    (_END, "end", "ENDs"),
)
_GAP: Final = 0.04


def _other_id(say: Say, _memory: Memory) -> Json:
    own = say.message.get("stream_id") if isinstance(say.message, dict) else None
    return f"{own}-{say.kind.value}"


def _fresh_id(_say: Say, memory: Memory) -> Json:
    return uuid(memory)


def _first_sender(_say: Say, memory: Memory) -> Json:
    return memory.chats[0].sender_id


def _fields() -> Iterator[Fault]:
    for kinds, word, those in _PARTS:
        analogy = word != "final"
        for name, summary, edit, implied in (
            ("stream_id_missing", "bear no stream_id", drop("stream_id"), analogy),
            ("stream_id_null", "bear stream_id null", put("stream_id", None), analogy),
            ("stream_id_other", "bear another stream_id", put_from("stream_id", _other_id), False),
            ("stream_id_name", "call it streamId", rename("stream_id", "streamId"), analogy),
            ("target_missing", "name no target", drop("target_id"), analogy),
            ("target_null", "have the target null", put("target_id", None), analogy),
            ("target_one", "go to 1", put("target_id", 1), analogy),
            (
                "target_first",
                "go to the first sender",
                put_from("target_id", _first_sender),
                analogy,
            ),
        ):
            yield _bad(
                name=f"stream.{word}.{name}",
                summary=f"{those} {summary}",
                edit=on(kinds, edit),
                implied=implied,
                cue=Cue.SENDERS,
            )
    for name, summary, edit in (
        ("chunk.payload_missing", "chunks hold no payload", drop("payload")),
        ("chunk.payload_null", "the payload of chunks is null", put("payload", None)),
        ("chunk.payload_number", "the payload of chunks is a number", put("payload", 1)),
        ("chunk.payload_object", "the payload of chunks is an object", whole(_delta)),
    ):
        yield _bad(name=f"stream.{name}", summary=summary, edit=on(_CHUNK, edit), implied=True)
    for name, summary, edit in (
        ("final.payload_missing", "the final CHAT has no payload", drop("payload")),
        ("final.payload_null", "the payload of the final CHAT is null", put("payload", None)),
        ("final.payload_object", "the payload of the final CHAT is an object", whole(_delta)),
    ):
        yield _bad(name=f"stream.{name}", summary=summary, edit=on(_FINAL, edit))


def _delta(message: object, _say: Say, _memory: Memory) -> Json:
    members = message if isinstance(message, dict) else {}
    return {**members, "payload": {"delta": members.get("payload")}}


def _types() -> Iterator[Fault]:
    for kinds, word, value, implied in (
        (_CHUNK, "chunk.type_lower_case", "chat_stream", False),
        (_CHUNK, "chunk.type_misspelt", "CHAT_STREAMING", False),
        (_CHUNK, "chunk.type_chunk", "CHAT_STREAM_CHUNK", False),
        (_CHUNK, "chunk.type_chat", "CHAT", False),
        (_FINAL, "final.type_final", "CHAT_FINAL", False),
        (_FINAL, "final.type_stream", "CHAT_STREAM", False),
        (_END, "end.type_lower_case", "chat_stream_end", False),
        (_END, "end.type_misspelt", "CHAT_STREAM_DONE", False),
        (_END, "end.type_short", "CHAT_END", False),
        (_END, "end.type_order", "CHAT_END_STREAM", False),
        (_END, "end.type_chat", "CHAT", False),
    ):
        yield _bad(
            name=f"stream.{word}",
            summary=f"{word.partition('.')[0]} messages of a stream have the type {value}",
            edit=on(kinds, put("type", value)),
            implied=implied,
        )


def _ordered(arrange: Callable[[list[Say], Say, Say], Iterable[Step]]) -> Answer:
    """A stream whose chunks, final CHAT and END come as ``arrange`` says."""

    def answer(to: Chat, memory: Memory) -> Iterable[Step]:
        stream = uuid(memory)
        chunks = [chunk(to, stream, part) for part in pieces(said(to), 4)]
        return arrange(chunks, final(to, stream, said(to)), end(to, stream, {}))

    return answer


def _orders() -> Iterator[Fault]:
    for word, summary, arrange in (
        ("final_missing", "no final CHAT", lambda c, _f, e: (*c, e)),
        ("end_missing", "no END", lambda c, f, _e: (*c, f)),
        ("chunks_only", "neither final CHAT nor END", lambda c, _f, _e: c),
        ("end_only", "nothing but an END", lambda _c, _f, e: (e,)),
        ("end_before_final", "the END before the final CHAT", lambda c, f, e: (*c, e, f)),
        ("final_first", "the final CHAT before the chunks", lambda c, f, e: (f, *c, e)),
        ("end_first", "the END before all else", lambda c, f, e: (e, *c, f)),
        ("chunk_after_final", "a chunk after the final CHAT", lambda c, f, e: (*c[:3], f, c[3], e)),
        ("chunk_after_end", "a chunk after the END", lambda c, f, e: (*c[:3], f, e, c[3])),
        ("late_chunk", "a chunk half a second after the END", _with_late_chunk),
        ("end_twice", "two ENDs", lambda c, f, e: (*c, f, e, e)),
        ("final_twice", "two final CHATs", lambda c, f, e: (*c, f, f, e)),
        ("final_after_end", "one more CHAT behind the END", lambda c, f, e: (*c, f, e, f)),
        ("final_each", "a CHAT after each chunk", _with_many_finals),
        ("end_each", "an END after each chunk", _with_many_ends),
        ("reversed", "the chunks in reverse order", lambda c, f, e: (*c[::-1], f, e)),
        ("chunk_lost", "one chunk is lost, so that they do not make the text", _with_a_gap),
        (
            "chunk_doubled",
            "each chunk twice",
            lambda c, f, e: (*[x for y in c for x in (y, y)], f, e),
        ),
        ("dies", "dies with a traceback in the middle", lambda c, _f, _e: (*c[:2], Do.CRASH)),
        ("stalls", "falls silent in the middle", lambda c, _f, _e: c[:2]),
    ):
        implied = word in {"reversed", "chunk_lost", "chunk_doubled"}
        answer, name = _ordered(arrange), f"stream.order.{word}"
        yield _bad(name=name, summary=f"a stream with {summary}", answer=answer, implied=implied)
    yield _bad(
        name="stream.order.extra_chat",
        summary="after the stream, the text comes again as a plain CHAT",
        edit=on(_END, _and_a_chat),
        implied=True,
    )


def _with_late_chunk(chunks: list[Say], last: Say, ending: Say) -> Iterable[Step]:
    return (*chunks[:3], last, ending, Pause(0.5), chunks[3])


def _with_many_finals(chunks: list[Say], last: Say, ending: Say) -> Iterable[Step]:
    return (*(each for part in chunks for each in (part, last)), ending)


def _with_many_ends(chunks: list[Say], last: Say, ending: Say) -> Iterable[Step]:
    return (*(each for part in chunks for each in (part, ending)), last, ending)


def _with_a_gap(chunks: list[Say], last: Say, ending: Say) -> Iterable[Step]:
    return (*chunks[:1], *chunks[2:], last, ending)


def _and_a_chat(say: Say, memory: Memory) -> Iterable[Step]:
    text = said(say.chat) if say.chat else ""
    message: Json = {"type": "CHAT", "target_id": sender(say, memory), "payload": text}
    return (say, replace(say, kind=Kind.OTHER, message=message))


def _always(value: Json) -> Minter:
    return lambda _memory: value


def _by_sender(memory: Memory) -> Json:
    return f"to-{memory.chats[-1].sender_id}"


def _by_connection(memory: Memory) -> Json:
    return memory.connection


def _ids() -> Iterator[Fault]:
    for word, summary, mint, cue in (
        ("constant", "every stream has the same id", _always("stream-1"), Cue.SENDERS),
        ("zero", "every stream has the id 0", _always(0), Cue.SENDERS),
        ("empty", "every stream has the empty id", _always(""), Cue.SENDERS),
        ("by_sender", "all streams to one sender share an id", _by_sender, Cue.REPEAT),
        ("by_connection", "all streams of one connection share an id", _by_connection, Cue.SENDERS),
        ("colliding", "streams at the same time share an id", _always("now"), Cue.TOGETHER),
    ):
        answer = streamed(mint, count=4, gap=_GAP if word == "colliding" else 0.0)
        yield _bad(name=f"stream.id.{word}", summary=summary, answer=answer, implied=True, cue=cue)
    yield _bad(
        name="stream.id.left_over",
        summary="a CHAT that is no stream bears the id of the last one",
        answer=_left_over,
        implied=True,
        cue=Cue.SENDERS,
    )
    for word, summary, value in (
        ("object", "stream ids are objects", {"id": 1}),
        ("list", "stream ids are lists", [1]),
    ):
        edit = on(STREAM, put("stream_id", value))
        yield _bad(name=f"stream.id.{word}", summary=summary, edit=edit, implied=True)
    changing: tuple[tuple[str, str, Edit], ...] = (
        ("each", "every message of a stream has its own id", put_from("stream_id", _fresh_id)),
        ("kind", "ids are of another type in the final CHAT", put_from("stream_id", _retyped)),
    )
    for word, summary, edit in changing:
        yield _bad(name=f"stream.id.{word}", summary=summary, edit=on(STREAM, edit))


def _left_over(to: Chat, memory: Memory) -> Iterable[Step]:
    """Every second reply is streamed."""
    last = memory.texts.pop("left_over", "")
    if last:
        yield final(to, last, said(to))
        return
    memory.texts["left_over"] = str(uuid(memory))
    yield from streamed(_always(memory.texts["left_over"]), count=4)(to, memory)


def _retyped(say: Say, _memory: Memory) -> Json:
    own = say.message.get("stream_id") if isinstance(say.message, dict) else None
    return [own] if say.kind is Kind.FINAL else own


def _shared_variable(part: Kind, name: str) -> Answer:
    """A slow stream; one kind of message takes a value from the latest instruction."""

    def answer(to: Chat, memory: Memory) -> Iterable[Step]:
        stream = uuid(memory)
        memory.texts["stream"] = str(stream)
        for text in pieces(said(to), 5):
            yield _shared(chunk(to, stream, text), part, name, memory)
            yield Pause(_GAP)
        yield _shared(final(to, stream, said(to)), part, name, memory)
        yield _shared(end(to, stream, {}), part, name, memory)

    return answer


def _shared(say: Say, part: Kind, name: str, memory: Memory) -> Say:
    if say.kind is not part or not isinstance(say.message, dict):
        return say
    latest: Json = memory.chats[-1].sender_id
    if name == "stream_id":
        latest = memory.texts["stream"]
    return replace(say, message={**say.message, name: latest})


def _woven(to: Chat, memory: Memory) -> Iterable[Step]:
    """Two that wait at the same time get their chunks in each other's stream."""
    waiting = memory.texts.pop("waiting", None)
    if waiting is None:
        memory.texts["waiting"] = str(to.n)
        yield Pause(3 * _GAP)
        if memory.texts.get("waiting") == str(to.n):
            del memory.texts["waiting"]
            yield from streamed(uuid, count=4)(to, memory)
        return
    first = memory.chats[int(waiting)]
    streams = (uuid(memory), uuid(memory))
    for ours, theirs in zip(pieces(said(to), 4), pieces(said(first), 4), strict=True):
        yield chunk(to, streams[0], theirs)
        yield chunk(first, streams[1], ours)
    for each, stream in ((to, streams[0]), (first, streams[1])):
        yield final(each, stream, said(each))
        yield end(each, stream, {})


def _mixed() -> Iterator[Fault]:
    for part in (Kind.CHUNK, Kind.FINAL, Kind.END):
        for name in ("target_id", "stream_id"):
            yield _bad(
                name=f"stream.mixed.{part.value}_{name}",
                summary=f"with two streams at once, the {name} of each {part.value} is the newer's",
                answer=_shared_variable(part, name),
                style="interleaved",
                cue=Cue.TOGETHER,
                implied=name == "target_id" and part is not Kind.FINAL,
            )
    yield _bad(
        name="stream.mixed.texts",
        summary="two streams at once hold each other's chunks",
        answer=_woven,
        style="interleaved",
        cue=Cue.TOGETHER,
        implied=True,
    )


def _later() -> Iterator[Fault]:
    for word, summary, edit in (
        ("no_final", "no final CHAT", on(_FINAL, late(silent, 1))),
        ("no_end", "no END", on(_END, late(silent, 1))),
        ("two_finals", "two final CHATs", on(_FINAL, late(doubled, 1))),
        (
            "final_id",
            "another id in its final CHAT",
            on(_FINAL, late(put_from("stream_id", _other_id), 1)),
        ),
    ):
        name = f"stream.second.{word}"
        deed = f"the second stream has {summary}"
        yield _bad(name=name, summary=deed, edit=edit, cue=Cue.SENDERS)


STREAM_FAULTS: Final[tuple[Fault, ...]] = (
    *_fields(),
    *_types(),
    *_orders(),
    *_ids(),
    *_mixed(),
    *_later(),
)
