"""JSON in pieces, for reports that are larger than what should be held in memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

__all__ = ["encoded", "json_pieces"]


def encoded(value: Any) -> bytes:
    """A value as JSON, indented by two."""
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2)
    except TypeError:  # a peer's body may be nested more deeply than orjson writes
        return json.dumps(value, indent=2, ensure_ascii=False).encode()


def json_pieces(document: Any) -> Iterator[bytes]:
    """A document as JSON, indented by two, with a line feed at its end.

    An iterator in it stands for an array: its items are asked for one after the other, and each is
    forgotten once it is written. Items hold no iterators.
    """
    yield from _pieces(document, b"\n")
    yield b"\n"


def _pieces(value: Any, margin: bytes) -> Iterator[bytes]:
    inner = margin + b"  "
    if isinstance(value, dict) and value:
        members = ((encoded(key) + b": ", _pieces(child, inner)) for key, child in value.items())
        yield from _bracketed(b"{", members, b"}", margin)
    elif isinstance(value, list) and value:
        yield from _bracketed(b"[", ((b"", _pieces(item, inner)) for item in value), b"]", margin)
    elif isinstance(value, Iterator):
        items = ((b"", [encoded(item).replace(b"\n", inner)]) for item in value)
        yield from _bracketed(b"[", items, b"]", margin)
    else:
        yield encoded(value)


def _bracketed(
    opening: bytes, children: Iterable[tuple[bytes, Iterable[bytes]]], closing: bytes, margin: bytes
) -> Iterator[bytes]:
    before = opening
    for key, pieces in children:
        yield before + margin + b"  " + key
        yield from pieces
        before = b","
    yield opening + closing if before is opening else margin + closing
