"""A reply in pieces: what is sent, what comes of it, and what must hold between the two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.exchange import MISSING
from conformance.frames import Frame
from conformance.judge import Judge, same
from conformance.protocols.echocenter.principals import Cast
from conformance.protocols.echocenter.room import Room
from conformance.protocols.echocenter.said import Guest, Said, mentions, texts

__all__ = ["STREAMED", "Stream", "came", "judge_ids", "judge_stream"]

STREAMED = tuple(f"ECHO-STREAM-{number:03}" for number in (1, 2, 3, 4, 5, 6, 9, 10, 11, 16, 21, 22))
"""What `judge_stream` judges."""

_CHUNK, _END = "CHAT_STREAM", "CHAT_STREAM_END"


@dataclass(kw_only=True)
class Stream:
    """One reply in pieces. `since` is the target's mark before it; `fields` go into each message.

    Chunks that are to be told from others' bear a mark, as every payload of a room does; `bare`
    ones do not, so that they can be anything at all.
    """

    room: Room
    sender: Guest
    target: Guest
    id: Any
    fields: dict[str, Any] = field(default_factory=dict)
    since: int = 0
    chunks: list[tuple[str, Frame]] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    final: Said | None = None
    ended: Frame | None = None

    def __post_init__(self) -> None:
        self.since = self.target.socket.mark()

    async def chunk(self, words: str = "") -> Said:
        """A piece that bears a mark."""
        said = await self.room.say(
            self.sender, self.target, words, type=_CHUNK, fields=self._fields()
        )
        self.chunks.append((said.payload, said.frame))
        self.marks.append(said.mark)
        return said

    async def bare(self, text: str) -> None:
        """A piece that is just this text."""
        await self.target.listed()
        number = self.room.number(self.target.person)
        message = {"type": _CHUNK, "target_id": number, "payload": text, **self._fields()}
        self.chunks.append((text, await self.sender.socket.send(message)))

    async def finish(self, words: str = "the whole reply") -> Said:
        """The final CHAT."""
        self.final = await self.room.say(self.sender, self.target, words, fields=self._fields())
        return self.final

    async def end(self, **more: Any) -> Frame:
        """The end, and with it nothing but what it must have, or more where it is given."""
        number = self.room.number(self.target.person)
        message = {"type": _END, "target_id": number, **self._fields(), **more}
        self.ended = await self.sender.socket.send(message)
        return self.ended

    async def arrive(self) -> None:
        """Wait until all of it is there, as long as more and more comes."""
        assert self.final is not None
        seconds = self.room.patience.seconds("stream") or 0.0
        while not self._has_chunks():
            known = len(came(self, _CHUNK))
            more = self.target.socket.wait(self._more_than(known), seconds, self.since)
            if await more is None:
                break
        await self.room.heard(self.target, self.final, "ECHO-STREAM-005")
        if not came(self, _END):
            await self.target.socket.wait(lambda _: bool(came(self, _END)), seconds, self.since)
        if self._has_chunks() and came(self, _END):
            self.room.patience.answered("stream")
        else:
            self.room.patience.hung("stream", seconds)

    def _has_chunks(self) -> bool:
        return len(_with_text(came(self, _CHUNK))) >= sum(bool(text) for text, _ in self.chunks)

    def _more_than(self, known: int) -> Callable[[Frame], bool]:
        return lambda _: len(came(self, _CHUNK)) > known

    def _fields(self) -> dict[str, Any]:
        return {"stream_id": self.id, **self.fields}


def came(stream: Stream, kind: str) -> list[Frame]:
    """What the target was sent of that type since, by the stream's sender as far as is told."""
    number = stream.room.cast.number_of(stream.sender)
    return [
        frame
        for frame in stream.target.socket.frames[stream.since :]
        if frame.sender == "peer"
        and frame.value("/type") == kind
        and (same(frame.value("/sender_id"), number) or _nobodys(stream, frame))
    ]


def _nobodys(stream: Stream, frame: Frame) -> bool:
    """It is of none of those who stream here at the same time: then it can only be this one's."""
    others = [
        stream.room.cast.number_of(guest)
        for guest in stream.room.guests
        if guest is not stream.sender and guest.streams
    ]
    return not others or any(mentions(frame, mark) for mark in stream.marks)


def judge_stream(judge: Judge, cast: Cast, stream: Stream, rows: Sequence[str]) -> None:
    """Judge what came of a stream. `rows` are those that chunks arrive, and that the end does."""
    chunks, ends = came(stream, _CHUNK), came(stream, _END)
    finals = [
        frame
        for frame in came(stream, "CHAT")
        if stream.final is not None and mentions(frame, stream.final.mark)
    ]
    _kept_types(judge, stream)
    sent = [frame for _, frame in stream.chunks]
    judge.holds(rows[0], bool(chunks), "no chunk of a stream arrived", *sent[:1])
    if stream.ended is not None:
        judge.holds(rows[1], bool(ends), "the end of a stream did not arrive", stream.ended)
    if chunks:
        _chunks_whole(judge, stream, chunks)
    judge_ids(judge, stream, chunks, finals, ends)
    _in_order(judge, stream, chunks, finals, ends)
    for frame in [*chunks, *ends]:
        _true_sender(judge, cast, stream, frame)


def _kept_types(judge: Judge, stream: Stream) -> None:
    for mark in stream.marks:
        found = [frame for frame in texts(stream.target) if mentions(frame, mark)]
        kinds = [frame.value("/type") for frame in found]
        judge.holds(
            "ECHO-STREAM-022",
            not found or _CHUNK in kinds,
            "a chunk is delivered under another type",
            *found[:1],
            pointer="/type",
            expected=_CHUNK,
        )
        wrong = "a chunk is delivered as a CHAT"
        judge.holds("ECHO-STREAM-022", "CHAT" not in kinds, wrong, *found[:1])


def _with_text(chunks: Sequence[Frame]) -> list[Frame]:
    """Those that hold something: whether an empty one is passed on makes no difference."""
    return [frame for frame in chunks if frame.value("/payload") != ""]


def _chunks_whole(judge: Judge, stream: Stream, chunks: list[Frame]) -> None:
    sent, chunks = [each for each in stream.chunks if each[0]], _with_text(chunks)
    wanted = [text for text, _ in sent]
    actual = [frame.value("/payload") for frame in chunks]
    at = next((i for i, text in enumerate(wanted) if actual[i : i + 1] != [text]), len(wanted))
    judge.holds(
        "ECHO-STREAM-010",
        actual == wanted,
        f"of {len(wanted)} chunks {len(actual)} came, and number {at + 1} is not what was sent",
        *(frame for _, frame in sent[at : at + 1]),
        *chunks[at : at + 1],
        expected=wanted[at : at + 1],
        actual=[None if value is MISSING else value for value in actual[at : at + 1]],
    )


def judge_ids(
    judge: Judge, stream: Stream, chunks: list[Frame], finals: list[Frame], ends: list[Frame]
) -> None:
    """To agents streams need not go at all: then their final CHAT is a plain one."""
    told = [frame for frame in chunks if frame.value("/stream_id") not in (MISSING, None)]
    if told:
        wanted = told[0].value("/stream_id")
        for frame in [*told, *ends]:
            actual = frame.value("/stream_id")
            if actual in (MISSING, None):
                continue  # the place of the row says it
            wrong = f"a stream has the ids {wanted!r} and {actual!r}"
            judge.holds("ECHO-STREAM-009", same(actual, wanted), wrong, told[0], frame)
    for frame in finals if told or stream.target.person.human else ():
        actual = frame.value("/stream_id")
        wrong = "the final CHAT has another stream_id than the chunks, or none"
        right = same(actual, told[0].value("/stream_id")) if told else bool(actual)
        judge.holds("ECHO-STREAM-006", right, wrong, *told[:1], frame, pointer="/stream_id")


def _in_order(
    judge: Judge, stream: Stream, chunks: list[Frame], finals: list[Frame], ends: list[Frame]
) -> None:
    places = {id(frame): at for at, frame in enumerate(stream.target.socket.frames)}
    order = [places[id(frame)] for frame in [*chunks, *finals[:1], *ends[:1]]]
    wrong = "chunks, final CHAT and end did not come in this order, or an end came twice"
    right = order == sorted(order) and len(ends) < 2
    judge.holds("ECHO-STREAM-011", right, wrong, *finals[:1], *ends[:2])


def _true_sender(judge: Judge, cast: Cast, stream: Stream, frame: Frame) -> None:
    person = stream.sender.person
    number, name = frame.value("/sender_id"), frame.value("/sender_name")
    known = cast.number_of(stream.sender)
    if number not in (MISSING, None) and known is not None:
        wrong = f"{person.name} is {known}, and streams as {number!r}"
        judge.holds("ECHO-STREAM-016", same(number, known), wrong, frame, pointer="/sender_id")
    if isinstance(name, str):
        wrong = f"{person.name} streams as {name!r}"
        judge.holds("ECHO-STREAM-016", name in person.names, wrong, frame, pointer="/sender_name")
    wrong = "a chunk or an end is delivered without its sender's name"
    judge.holds("ECHO-STREAM-021", isinstance(name, str), wrong, frame)
