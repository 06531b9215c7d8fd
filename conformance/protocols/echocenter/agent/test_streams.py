"""Replies that come in pieces: that their pieces are all there, in order, and belong together."""

from __future__ import annotations

import pytest

from conformance.examiner import Examiner, Observation
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.echocenter.replies import read_account, said_by
from conformance.protocols.echocenter.situations import LAWFUL, LOSSES
from conformance.protocols.echocenter.streams import (
    CHUNK,
    END,
    FINAL,
    Piece,
    Stream,
    key_of,
    read_streams,
    said_behind,
)
from mockserver.transcript import Frame

_ORDERLY = pytest.mark.parametrize("situation", [*LAWFUL, LOSSES])

_DOCUMENTED = ("CHAT", "CHAT_STREAM", "CHAT_STREAM_END", "SYSTEM_LOG")

_TELLING = 8
"""Characters that chunks must have together for their text to be compared."""


@requirement(
    "ECHO-AGENT-STREAM-001",
    "ECHO-AGENT-STREAM-002",
    "ECHO-AGENT-STREAM-003",
    "ECHO-AGENT-STREAM-004",
    "ECHO-AGENT-STREAM-005",
)
@_ORDERLY
async def test_flow_streams_are_whole(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    for stream in read_streams(seen.frames):
        shape, frames = stream.shape, seen.shown(*stream.frames[-4:])
        what = f"the stream {stream.key}"
        finals, ends = shape.count(FINAL), shape.count(END)
        judge.holds("ECHO-AGENT-STREAM-001", finals > 0, f"{what} has no final CHAT", *frames)
        judge.holds("ECHO-AGENT-STREAM-002", finals < 2, f"{what} has {finals} CHATs", *frames)
        judge.holds("ECHO-AGENT-STREAM-003", ends > 0, f"{what} is never ended", *frames)
        judge.holds("ECHO-AGENT-STREAM-004", ends < 2, f"{what} is ended {ends} times", *frames)
        judge.holds(
            "ECHO-AGENT-STREAM-005",
            _in_order(shape),
            f"{what} came as {_told(stream)}",
            *seen.shown(*stream.frames[:12]),
        )
    for stream, again in _finals_behind_the_end(seen):
        wrong = f"the stream {stream.key} has one more CHAT behind its end"
        frames = seen.shown(*stream.frames[-2:], again)
        judge.holds("ECHO-AGENT-STREAM-002", False, wrong, *frames)


def _finals_behind_the_end(seen: Observation) -> list[tuple[Stream, Frame]]:
    """CHATs that bear the id of a stream that was ended, to somebody who waits for nothing more."""
    whole = [stream for stream in read_streams(seen.frames) if stream.complete]
    more = [
        (key_of(each.said.get("stream_id")), each) for each in read_account(seen.frames).surplus
    ]
    return [
        (stream, each.heard)
        for key, each in more
        for stream in whole
        if (stream.connection, stream.key) == (each.heard.connection, key)
        and stream.frames[-1].number < each.heard.number
        and each.target in {piece.target for piece in stream.pieces}
    ]


@requirement("ECHO-AGENT-STREAM-001")
@pytest.mark.parametrize("situation", ["at the same time"])
async def test_streams_are_kept_apart(situation: str, examiner: Examiner, judge: Judge) -> None:
    """A chunk for somebody whose own stream has another id misses its final CHAT."""
    seen = await examiner.observe(situation)
    streams = read_streams(seen.frames)
    for stream in streams:
        lost = [piece for piece in stream.pieces if _is_of_another(piece, stream, streams)]
        judge.holds(
            "ECHO-AGENT-STREAM-001",
            not lost,
            f"a chunk of the stream {stream.key} is for one whose final CHAT bears another id",
            *seen.shown(*[each.heard for each in lost[:1]], *stream.frames[-2:]),
            pointer="/stream_id",
        )


@requirement("ECHO-AGENT-STREAM-006")
@_ORDERLY
async def test_chunks_are_of_their_type(situation: str, examiner: Examiner, judge: Judge) -> None:
    """A stream that ends without any had pieces of another type, where some bear its id."""
    seen = await examiner.observe(situation)
    for stream in read_streams(seen.frames):
        strangers = [] if CHUNK in stream.shape else _strangers(seen, stream)
        judge.holds(
            "ECHO-AGENT-STREAM-006",
            not strangers,
            f"the stream {stream.key} has no CHAT_STREAM: its pieces came otherwise",
            *seen.shown(*strangers[:2], *stream.frames),
        )


@requirement("ECHO-AGENT-STREAM-007")
@_ORDERLY
async def test_each_stream_has_its_own_id(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    known: dict[tuple[int, str], Stream] = {}
    for stream in read_streams(seen.frames):
        other = known.setdefault((stream.connection, stream.key), stream)
        judge.holds(
            "ECHO-AGENT-STREAM-007",
            other is stream,
            f"two streams have the id {stream.key}",
            *seen.shown(other.frames[0], stream.frames[0]),
            pointer="/stream_id",
        )
        behind = said_behind(seen.frames, stream) if stream.complete else []
        judge.holds(
            "ECHO-AGENT-STREAM-007",
            not behind,
            f"a CHAT behind the end of the stream {stream.key} bears its id",
            *seen.shown(*stream.frames[-2:], *[each.heard for each in behind[:1]]),
            pointer="/stream_id",
        )


@requirement("ECHO-AGENT-STREAM-008")
@_ORDERLY
async def test_a_stream_is_for_one_receiver(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    for stream in read_streams(seen.frames):
        final = stream.final
        if final is not None and final.target is not None:
            others = [each for each in stream.pieces if _elsewhere(each, final)]
            judge.holds(
                "ECHO-AGENT-STREAM-008",
                not others,
                f"the stream {stream.key} is for {final.target}, but not all of it",
                *seen.shown(final.heard, *[each.heard for each in others[:2]]),
                pointer="/target_id",
            )


@requirement("ECHO-AGENT-STREAM-009")
@_ORDERLY
async def test_chunks_make_up_the_text(situation: str, examiner: Examiner, judge: Judge) -> None:
    """Judged only where the final CHAT is the whole text: it may be the last piece as well."""
    seen = await examiner.observe(situation)
    for stream in read_streams(seen.frames):
        if stream.sound and stream.final is not None:
            chunks, text = stream.chunks(), stream.final.text
            judge.holds(
                "ECHO-AGENT-STREAM-009",
                _bare("".join(chunks)) == _bare(text) or not _is_whole(text, chunks),
                f"the chunks of {stream.key} do not make up its text",
                *seen.shown(*stream.frames[-12:]),
                pointer="/payload",
                expected=text,
                actual="".join(chunks),
            )
            judge.holds(
                "ECHO-AGENT-STREAM-009",
                not _breaks_off(text, chunks),
                f"the text of {stream.key} breaks off before the last of its chunks",
                *seen.shown(*stream.frames[-12:]),
                pointer="/payload",
                expected="".join(chunks),
                actual=text,
            )


def _in_order(shape: str) -> bool:
    rest = shape.lstrip(CHUNK).lstrip(FINAL).lstrip(END)
    return not rest


def _told(stream: Stream) -> str:
    names = {CHUNK: "chunk", FINAL: "final CHAT", END: "END"}
    return ", ".join(names[kind] for kind in stream.shape[-8:])


def _strangers(seen: Observation, stream: Stream) -> list[Frame]:
    """What else bears the id of a stream before its final CHAT, and is of no documented type."""
    before = stream.frames[0].number
    return [
        heard
        for heard in seen.frames
        if heard.connection == stream.connection
        and heard.number < before
        and (said := said_by("agent", heard)) is not None
        and said.get("type") not in _DOCUMENTED
        and key_of(said.get("stream_id")) == stream.key
    ]


def _is_of_another(piece: Piece, stream: Stream, streams: list[Stream]) -> bool:
    """Is this chunk for the receiver of another stream that runs at that moment?"""
    final = stream.final
    if piece.kind != CHUNK or final is None or not _elsewhere(piece, final):
        return False
    return any(
        other.key != stream.key
        and other.final is not None
        and other.final.target == piece.target
        and other.frames[0].number < piece.heard.number < other.frames[-1].number
        for other in streams
    )


def _elsewhere(piece: Piece, final: Piece) -> bool:
    return piece.target is not None and piece.target != final.target


def _is_whole(text: str, chunks: list[str]) -> bool:
    """Does the final CHAT hold all that the chunks hold, so that it is no last piece of theirs?"""
    said = [chunk for chunk in map(_bare, chunks) if chunk]
    return (
        len(said) > 1
        and _bare(text) != said[-1]
        and sum(map(len, said)) >= _TELLING
        and all(chunk in _bare(text) for chunk in said)
    )


def _breaks_off(text: str, chunks: list[str]) -> bool:
    """Is it all that the chunks say but the last of them? No last piece is."""
    said = [chunk for chunk in map(_bare, chunks) if chunk]
    told = "".join(said[:-1])
    return len(said) > 2 and len(told) >= _TELLING and _bare(text) == told != said[-1]


def _bare(text: str) -> str:
    """Without white space, which may get lost at the edges of pieces."""
    return "".join(text.split())
