"""What is recorded: one request with its answer, or one thing said on a WebSocket, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

import orjson

from conformance.proxy.watch import Passed
from mockserver.json_text import read_json
from mockserver.transcript import Frame, HttpExchange, escaped

__all__ = ["OFFERED", "Asked", "Content", "Record", "Spoken", "dump", "parse", "record_of"]

OFFERED = "sec-websocket-protocol"
"""The header of a handshake that may hold a log-in: a version, a name, a password."""

Pairs: TypeAlias = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A body or a message: `kind` is `json`, `text` for anything else, or empty for none at all."""

    kind: str = ""
    value: Any = None
    label: str = ""
    """Its Content-Type, where it has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request and its answer. `number` orders all that was said, `at` is in seconds since 1970.

    `peer` is the host that the client called from. `status` is 0 where no answer came: `failure`
    says why, and `cut` that it was the coordinator who gave none. `connection` is the number of the
    WebSocket that a handshake opened. Names of headers are in lower case.
    """

    number: int
    at: float
    peer: str
    operation: str
    method: str
    path: str
    parameters: Mapping[str, str]
    query: Pairs
    headers: Pairs
    body: Content
    status: int
    answer_headers: Pairs
    answer: Content
    lawful: bool = True
    kept: bool = True
    """Did the answer keep the protocol?"""
    failure: str = ""
    cut: bool = False
    connection: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """Something said on a WebSocket: `kind` is message, close, or lost. `channel` and `message` are
    ids of the AsyncAPI document, and empty where it knows none.
    """

    number: int
    at: float
    connection: int
    channel: str
    sender: str
    kind: str
    message: str = ""
    content: Content = field(default_factory=Content)
    code: int | None = None
    lawful: bool = True


Record: TypeAlias = Asked | Spoken

_LEFT_OUT = ("ping", "pong", "raw")


def record_of(passed: Passed) -> Record | None:
    """What is worth recording of something that passed; `None` where nothing is."""
    entry = passed.entry
    if isinstance(entry, HttpExchange):
        return _asked(passed, entry) if entry.method else None
    return None if entry.kind in _LEFT_OUT else _spoken(passed, entry)


def _asked(passed: Passed, entry: HttpExchange) -> Asked:
    rpc = entry.method == "RPC"
    headers, answered = _pairs(entry.headers), _pairs(entry.answer_headers)
    said = entry.said if entry.said is not None else _read(entry.body)
    label = dict(headers).get("content-type", "")
    return Asked(
        number=entry.number,
        at=entry.at,
        peer=passed.peer,
        operation=entry.operation,
        method=entry.method,
        path=escaped(entry.path),
        parameters={name: escaped(value) for name, value in entry.parameters.items()},
        query=[(escaped(k), escaped(v)) for k, v in parse_qsl(entry.query, keep_blank_values=True)],
        headers=headers,
        body=_content(said, entry.body, "" if rpc else label, empty=rpc),
        status=entry.status,
        answer_headers=answered,
        answer=_content(_read(entry.answer), entry.answer, dict(answered).get("content-type", "")),
        lawful=not entry.violations,
        kept=not any(breach.who == "coordinator" for breach in passed.breaches),
        failure=passed.failure,
        cut=bool(passed.failure) and any(b.who == "coordinator" for b in passed.breaches),
        connection=entry.connection,
    )


def _spoken(passed: Passed, entry: Frame) -> Spoken:
    kind = entry.kind if entry.kind in ("close", "lost") else "message"
    return Spoken(
        number=entry.number,
        at=entry.at,
        connection=entry.connection,
        channel=passed.channel,
        sender=entry.sender,
        kind=kind,
        message=entry.message,
        content=_content(_read(entry.data), entry.data, "") if kind == "message" else Content(),
        code=entry.code,
        lawful=not entry.violations,
    )


_NOTHING: Any = object()


def _read(data: bytes) -> Any:
    try:
        return read_json(data) if data else _NOTHING
    except ValueError:
        return _NOTHING


def _content(said: Any, data: bytes, label: str, *, empty: bool = False) -> Content:
    if said is not _NOTHING and said is not None:
        return Content(kind="json", value=said, label=label)
    if data:
        text = data.decode("utf-8", "backslashreplace")
        return (
            Content(kind="json", label=label)
            if said is None
            else Content(kind="text", value=text, label=label)
        )
    return Content(kind="json", value={}, label=label) if empty else Content(label=label)


def _pairs(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name.lower(), escaped(value)) for name, value in headers.items()]


def dump(record: Record) -> bytes:
    """One line of JSON, without its end."""
    kind = "asked" if isinstance(record, Asked) else "spoken"
    return orjson.dumps({"is": kind, **asdict(record)})


def parse(line: bytes) -> Record:
    """Raises `ValueError` for what `dump` did not write."""
    said = orjson.loads(line)
    kind = said.pop("is", "") if isinstance(said, dict) else ""
    known = {"asked": Asked, "spoken": Spoken}.get(kind)
    if known is None or not said.keys() <= {each.name for each in fields(known)}:
        raise ValueError("it is no line of a recording")
    try:
        for name in ("body", "answer", "content"):
            if name in said:
                said[name] = Content(**said[name])
        for name in ("query", "headers", "answer_headers"):
            if name in said:
                said[name] = [(str(key), str(value)) for key, value in said[name]]
        made: Record = known(**said)
    except TypeError as error:
        raise ValueError(f"it is no line of a recording: {error}") from error
    return made
