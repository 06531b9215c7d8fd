"""Replies that come in pieces: which pieces belong together, and in which order they came."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from conformance.protocols.echocenter.replies import identity, said_by
from mockserver.transcript import Frame

__all__ = ["CHUNK", "END", "FINAL", "Piece", "Stream", "key_of", "read_streams", "said_behind"]

CHUNK, FINAL, END = "c", "F", "E"

_KINDS = {"CHAT_STREAM": CHUNK, "CHAT": FINAL, "CHAT_STREAM_END": END}


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One message of a stream. `key` is empty where it bears no id, `target` `None` where it names
    nobody.
    """

    kind: str
    key: str
    target: int | None
    said: dict[str, Any]
    heard: Frame

    @property
    def text(self) -> str:
        payload = self.said.get("payload")
        return payload if isinstance(payload, str) else ""


@dataclass(slots=True, kw_only=True)
class Stream:
    """The messages of one reply, in order, on one connection."""

    connection: int
    key: str
    pieces: list[Piece] = field(default_factory=list)

    @property
    def shape(self) -> str:
        """Its kinds in order, as `cccFE` where all is well."""
        return "".join(piece.kind for piece in self.pieces)

    @property
    def streamed(self) -> bool:
        """Is it more than a CHAT that happens to bear an id?"""
        return CHUNK in self.shape or END in self.shape

    @property
    def complete(self) -> bool:
        return FINAL in self.shape and END in self.shape

    @property
    def sound(self) -> bool:
        return self.complete and self.shape.lstrip(CHUNK) == FINAL + END

    @property
    def frames(self) -> list[Frame]:
        return [piece.heard for piece in self.pieces]

    @property
    def final(self) -> Piece | None:
        return next((piece for piece in self.pieces if piece.kind == FINAL), None)

    def chunks(self) -> list[str]:
        return [piece.text for piece in self.pieces if piece.kind == CHUNK]


def read_streams(frames: Iterable[Frame]) -> list[Stream]:
    """The streams of one situation, in the order in which they began."""
    groups: dict[tuple[int, str], list[Piece]] = {}
    for heard in frames:
        piece = _piece(heard)
        if piece is None:
            continue
        key = piece.key or (_unnamed(groups, piece) if piece.kind == END else "")
        if key:
            groups.setdefault((heard.connection, key), []).append(piece)
    found = [
        stream
        for (connection, key), pieces in groups.items()
        for stream in _streams(connection, key, pieces)
    ]
    kept = [stream for stream in found if stream.streamed]
    return sorted(kept, key=lambda stream: stream.pieces[0].heard.number)


def said_behind(frames: Iterable[Frame], stream: Stream) -> list[Piece]:
    """The CHATs that bear the id of a whole stream on its connection, and come behind its end."""
    last = stream.frames[-1].number
    heard = [each for each in frames if each.connection == stream.connection]
    behind = [_piece(each) for each in heard if each.number > last]
    return [each for each in behind if each and (each.kind, each.key) == (FINAL, stream.key)]


def key_of(value: Any) -> str:
    """An id as text: "1" and 1 differ. Empty where there is none."""
    return "" if value is None else json.dumps(value, sort_keys=True)


def _piece(heard: Frame) -> Piece | None:
    said = said_by("agent", heard)
    kind = said.get("type") if said is not None else None
    if said is None or not isinstance(kind, str) or kind not in _KINDS:
        return None
    return Piece(
        kind=_KINDS[kind],
        key=key_of(said.get("stream_id")),
        target=identity(said.get("target_id")) or None,
        said=said,
        heard=heard,
    )


def _unnamed(groups: dict[tuple[int, str], list[Piece]], end: Piece) -> str:
    """The key of the stream that an END without an id ends: its fields go by analogy alone."""
    for (connection, key), pieces in groups.items():
        kinds = [piece.kind for piece in pieces]
        meant = end.target is None or any(piece.target == end.target for piece in pieces)
        if connection == end.heard.connection and meant and CHUNK in kinds and END not in kinds:
            return key
    return ""


def _streams(connection: int, key: str, pieces: list[Piece]) -> list[Stream]:
    """The streams that share an id: one after the other, or side by side to several targets."""
    whole = _in_turn(connection, key, pieces)
    targets = list(dict.fromkeys(piece.target for piece in pieces if piece.target is not None))
    if len(targets) < 2 or all(stream.sound for stream in whole):
        return whole
    parts = [[each for each in pieces if each.target in (target, None)] for target in targets]
    apart = [stream for part in parts for stream in _in_turn(connection, key, part)]
    return apart if all(stream.sound for stream in apart) else whole


def _in_turn(connection: int, key: str, pieces: list[Piece]) -> list[Stream]:
    streams: list[Stream] = []
    for piece in pieces:
        if not streams or (streams[-1].complete and piece.kind != END):
            streams.append(Stream(connection=connection, key=key))
        streams[-1].pieces.append(piece)
    return streams
