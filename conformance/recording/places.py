"""Every place of a record where a value stands that may stand elsewhere too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from conformance.masking import is_secret_header
from conformance.recording.concealing import placeholders
from conformance.recording.records import Asked, Content, Record
from schemas import pointer as json_pointer

__all__ = ["Place", "answered", "carried", "places"]

_TRANSPORT = {
    "accept-ranges",
    "alt-svc",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "etag",
    "keep-alive",
    "last-modified",
    "sec-websocket-accept",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
    "server",
    "set-cookie",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
    "via",
}
"""Headers of answers that say nothing of the protocol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A value, who said it (`agent` or `coordinator`), the name of the field that it stands in, and
    where: `path`, `query`, `header`, or `body` with a JSON Pointer.
    """

    value: Any
    sender: str
    field: str
    where: str = "body"
    pointer: str = ""


def places(record: Record) -> Iterator[Place]:
    """In the order in which they are said."""
    for place in _every(record):
        hidden = placeholders(place.value) if isinstance(place.value, str) else []
        if not hidden or hidden == [place.value]:
            yield place
        elif place.sender == "agent":  # a part of a text cannot be made an output
            yield from (replace(place, value=each) for each in hidden)


def _every(record: Record) -> Iterator[Place]:
    if not isinstance(record, Asked):
        yield from _inside(record.content, record.sender)
        return
    for name, value in record.parameters.items():
        yield Place(value=value, sender="agent", field=name, where="path")
    for name, value in record.query:
        yield Place(value=value, sender="agent", field=name, where="query")
    for name, value in carried(record):
        yield Place(value=value, sender="agent", field=name, where="header")
    yield from _inside(record.body, "agent")
    yield from _inside(record.answer, "coordinator")


def carried(record: Asked) -> list[tuple[str, str]]:
    """The headers of a request that prove who asks."""
    return [
        (name, value)
        for name, value in record.headers
        if is_secret_header(name) and placeholders(value)
    ]


def answered(record: Asked) -> list[tuple[str, str]]:
    """The headers of an answer that say something."""
    return [(name, value) for name, value in record.answer_headers if name not in _TRANSPORT]


def _inside(content: Content, sender: str) -> Iterator[Place]:
    if content.kind == "text":
        yield Place(value=content.value, sender=sender, field="")
    elif content.kind == "json":
        yield from _values(content.value, sender, (), "")


def _values(value: Any, sender: str, steps: tuple[str, ...], field: str) -> Iterator[Place]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _values(item, sender, (*steps, key), key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _values(item, sender, (*steps, str(index)), field)
    else:
        pointer = json_pointer.join(steps)
        yield Place(value=value, sender=sender, field=field, pointer=pointer)
