"""What is wrong with the bytes of one connection; written for the tests, from the document."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from tests.mutants.architect_agents.stage import CATALOGUE, KINDS, PASSWORD, USERNAME, Record

__all__ = ["Heard", "complaints", "hear", "requests"]

_KNOWN: Final = {0, 1, 2, 8, 9, 10}


@dataclass(slots=True)
class Heard:
    """One connection, taken apart."""

    head: str = ""
    keys: list[bytes] = field(default_factory=list)
    messages: list[tuple[int, bytes]] = field(default_factory=list)
    pongs: list[bytes] = field(default_factory=list)
    close: bytes | None = None
    errors: list[str] = field(default_factory=list)


def hear(record: Record) -> Heard:
    """Cut the bytes into head and frames; stops at the first error of a frame."""
    head, found, rest = bytes(record.raw).partition(b"\r\n\r\n")
    heard = Heard(head=head.decode("latin-1"))
    if found and "upgrade" in heard.head.lower():
        try:
            _frames(rest, heard)
        except ValueError as error:
            heard.errors.append(str(error))
    return heard


def _frames(data: bytes, heard: Heard) -> None:
    parts: list[bytes] = []
    opcode = 0
    while len(data) >= 2:
        # "MUST NOT send any more data frames": a late pong is no breach.
        if heard.close is not None and data[0] & 15 < 8:
            raise ValueError("data behind the close frame")
        first, size, start = data[0], data[1] & 127, 2
        if first & 0x70:
            raise ValueError("reserved bits")
        if first & 15 not in _KNOWN:
            raise ValueError("reserved opcode")
        if not data[1] & 128:
            raise ValueError("no mask")
        if size >= 126:
            start += 2 if size == 126 else 8
            size = int.from_bytes(data[2:start])
            if size < 126 or size >> 63 or (start == 10 and size < 1 << 16):
                raise ValueError("length not minimal")
        if len(data) < start + 4 + size:
            raise ValueError("frame cut short")
        key, body = data[start : start + 4], data[start + 4 : start + 4 + size]
        data = data[start + 4 + size :]
        payload = bytes(byte ^ key[place % 4] for place, byte in enumerate(body))
        heard.keys.append(key)
        code, fin = first & 15, first >> 7
        if code >= 8:
            _control(code, fin, payload, heard)
            continue
        if (code == 0) is not bool(parts):
            raise ValueError("continuation out of place")
        parts.append(payload)
        opcode = code or opcode
        if fin:
            heard.messages.append((opcode, b"".join(parts)))
            parts = []
    if parts:
        raise ValueError("message without an end")


def _control(code: int, fin: int, payload: bytes, heard: Heard) -> None:
    if not fin or len(payload) > 125:
        raise ValueError("control frame fragmented or long")
    if code == 10:
        heard.pongs.append(payload)
    elif code == 8:
        heard.close = payload
        number = int.from_bytes(payload[:2])
        if payload and not (1000 <= number < 5000 and number not in {1004, 1005, 1006, 1015}):
            raise ValueError(f"close code {number}")
        payload[2:].decode()


def complaints(record: Record) -> list[str]:
    """All that this connection did against the document or RFC 6455."""
    heard = hear(record)
    found = [*_head(heard.head), *heard.errors, *_masks(heard.keys)]
    if record.early and "upgrade" in heard.head.lower():
        found.append("data before the upgrade was answered")
    tokens: list[Any] = []
    for nth, (opcode, raw) in enumerate(heard.messages):
        waiting = record.waiting[nth] if nth < len(record.waiting) else []
        found += _message(opcode, raw, tokens, waiting)
    return found


def _head(head: str) -> Iterator[str]:
    first, *lines = head.split("\r\n")
    if first != "GET /ws HTTP/1.1":
        yield f"request line {first!r}"
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, _colon, value = line.partition(":")
        headers.setdefault(name.lower(), []).extend(part.strip() for part in value.split(","))
    if headers.get("sec-websocket-protocol") != ["SMP1.0", USERNAME, PASSWORD]:
        yield "authentication"
    if headers.get("sec-websocket-version") != ["13"] or "host" not in headers:
        yield "version or host"
    if [value.lower() for value in headers.get("upgrade", [])] != ["websocket"]:
        yield "no upgrade"
    if "upgrade" not in [value.lower() for value in headers.get("connection", [])]:
        yield "no connection: upgrade"
    keys = headers.get("sec-websocket-key", [])
    try:
        right = len(keys) == 1 and len(base64.b64decode(keys[0], validate=True)) == 16
    except ValueError:
        right = False
    if not right:
        yield f"key {keys}"


def _masks(keys: list[bytes]) -> Iterator[str]:
    if len(keys) > 2 and len(set(keys)) < len(keys):
        yield "masking key again"


def _message(opcode: int, raw: bytes, tokens: list[Any], waiting: list[Any]) -> Iterator[str]:
    if opcode != 1:
        yield "binary frame"
        return
    try:
        request = json.loads(raw.decode(), parse_constant=_refuse, object_pairs_hook=_once)
    except ValueError as error:
        yield f"no JSON: {error}"
        return
    if not isinstance(request, dict):
        yield "no object"
        return
    yield from _struct(request)
    yield from _values(request)
    yield from _token(request, tokens, waiting)


def _refuse(word: str) -> None:
    raise ValueError(word)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key twice")
    return dict(pairs)


def _struct(request: dict[str, Any]) -> Iterator[str]:
    action = request.get("action")
    if not isinstance(action, str) or action not in CATALOGUE:
        yield f"action {action!r}"
    elif CATALOGUE[action].get("cloud_controller_only"):
        yield "not for scripts"
    if not isinstance(request.get("parameters"), dict):
        yield f"parameters {request.get('parameters')!r}"


def _values(request: dict[str, Any]) -> Iterator[str]:
    entry = CATALOGUE.get(str(request.get("action")), {})
    parameters = request.get("parameters")
    if not isinstance(parameters, dict):
        return
    known = entry.get("required_parameters")
    if known is not None:
        yield from (f"{name} is not in the catalogue" for name in parameters.keys() - set(known))
    for name in known or ():
        kind = KINDS.get(entry.get("types", {}).get(name, ""))
        if name not in parameters:
            yield f"{name} is missing"
        elif kind is not None and type(parameters[name]) is not kind:
            yield f"{name} is {parameters[name]!r}"
    if "server_id" in parameters and not str(parameters["server_id"]).startswith("srv-"):
        yield f"no server {parameters['server_id']!r}"


def _token(request: dict[str, Any], tokens: list[Any], waiting: list[Any]) -> Iterator[str]:
    token = request.get("idempotence")
    if token is None:
        yield "no token"
    elif token in waiting:
        yield "token still waits"
    elif token in tokens:
        yield "token again"
    tokens.append(token)


def requests(record: Record) -> list[Any]:
    """The requests that can be read."""
    found = []
    for _opcode, raw in hear(record).messages:
        try:
            found.append(json.loads(raw))
        except ValueError:
            continue
    return found
