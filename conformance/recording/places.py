"""Every place of a record where a value stands that may stand elsewhere too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from conformance.masking import is_secret_header
from conformance.recording.concealing import placeholders
from conformance.recording.records import OFFERED, Asked, Content, Record
from schemas import pointer as json_pointer

__all__ = ["Place", "answered", "carried", "offered", "places"]

_OFFERS = ("", "username", "password")

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

_LOGIN = {"username", "password"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A value, who said it (`agent` or `coordinator`), the name of the field that it stands in, and
    where: `path`, `query`, `header`, or `body` with a JSON Pointer. `login` says that it is one of
    a name and a password that are said together.
    """

    value: Any
    sender: str
    field: str
    where: str = "body"
    pointer: str = ""
    login: bool = False


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
    for name, value in offered(record):
        if name:
            yield Place(value=value, sender="agent", field=name, where="header", login=True)
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


def offered(record: Asked) -> list[tuple[str, str]]:
    """What a handshake offers, word for word, where that is a log-in: each with the name of what it
    is, and the version without one.
    """
    text = next((value for name, value in record.headers if name == OFFERED), "")
    words = [word.strip() for word in text.split(",")]
    login = len(words) == len(_OFFERS) and placeholders(words[-1])
    return list(zip(_OFFERS, words, strict=True)) if login else []


def answered(record: Asked) -> list[tuple[str, str]]:
    """The headers of an answer that say something."""
    return [(name, value) for name, value in record.answer_headers if name not in _TRANSPORT]


def _inside(content: Content, sender: str) -> Iterator[Place]:
    if content.kind == "text":
        yield Place(value=content.value, sender=sender, field="")
    elif content.kind == "json":
        for steps, field, login, value in _values(content.value, (), "", login=False):
            pointer = json_pointer.join(steps)
            yield Place(value=value, sender=sender, field=field, pointer=pointer, login=login)


def _values(
    value: Any, steps: tuple[str, ...], field: str, *, login: bool
) -> Iterator[tuple[tuple[str, ...], str, bool, Any]]:
    if isinstance(value, dict):
        both = value.keys() >= _LOGIN
        for key, item in value.items():
            yield from _values(item, (*steps, key), key, login=both and key in _LOGIN)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _values(item, (*steps, str(index)), field, login=False)
    else:
        yield steps, field, login, value
