"""Reading what a request brings."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING, Any, NoReturn

from . import wasm
from .model import Obj, Refusal, RefusedError

if TYPE_CHECKING:
    from .desk import Desk
    from .model import Turn

__all__ = ["check", "decoded", "form", "invalid", "maybe_object", "module", "number", "obj", "text"]

_DEPTH = 200
_INVALID = {
    "particular": "INVALID_REQUEST",
    "generic": "BAD_REQUEST",
    "validation": "VALIDATION_ERROR",
}


def invalid(desk: Desk, words: str, *, readable: bool = True, **details: Any) -> NoReturn:
    """Refuse what is malformed."""
    reading = desk.reading
    status = reading.invalid if readable else reading.unreadable
    code = _INVALID[reading.codes]
    raise RefusedError(Refusal(status=status, code=code, words=words, details=details))


def check(desk: Desk, holds: bool, field: str, words: str) -> None:
    """Refuse unless something holds, where the reading is strict."""
    if desk.reading.strict and not holds:
        invalid(desk, f"{field} {words}", field=field)


def obj(turn: Turn) -> Obj:
    """The JSON object of a body."""
    media = turn.call.headers.get("content-type", "application/json").partition(";")[0].strip()
    if media != "application/json":
        _bad_media(turn.desk, media)
    data = _parsed(turn.desk, turn.call.body)
    if not isinstance(data, dict):
        invalid(turn.desk, "the body is no JSON object", field="")
    return data


def maybe_object(turn: Turn) -> Obj:
    """The same where a body may be left out."""
    return obj(turn) if turn.call.body.strip() else {}


def _bad_media(desk: Desk, media: str) -> NoReturn:
    code = "UNSUPPORTED_MEDIA_TYPE" if desk.reading.bad_media == 415 else "INVALID_REQUEST"
    details = {"content_type": media}
    status = desk.reading.bad_media
    raise RefusedError(
        Refusal(status=status, code=code, words="another media type is needed", details=details)
    )


def _parsed(desk: Desk, raw: bytes) -> Any:
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        invalid(desk, "the body is no JSON", readable=False)
    if _deeper(data, _DEPTH):
        invalid(desk, f"the body is nested more than {_DEPTH} deep")
    return data


def _deeper(data: Any, depth: int) -> bool:
    level = [data]
    for _ in range(depth):
        inner: list[Any] = []
        for one in level:
            if isinstance(one, dict | list):
                inner += one.values() if isinstance(one, dict) else one
        if not inner:
            return False
        level = inner
    return True


def text(
    desk: Desk, data: Obj, name: str, *, required: bool = False, limit: int = 4096
) -> str | None:
    """A string of a body; None where it is absent, or not looked at."""
    value = data.get(name)
    if isinstance(value, str) and 0 < len(value) <= limit:
        return value
    if required:
        invalid(desk, f"{name} must be a string that is not empty", field=name)
    check(desk, value is None or (isinstance(value, str) and not value), name, "must be a string")
    return None


def number(desk: Desk, data: Obj, name: str, least: float, most: float) -> float | None:
    """A number of a body within limits; None where it is absent, or not looked at."""
    value = data.get(name)
    if value is None:
        return None
    fine = isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most
    check(desk, fine, name, f"must be a number from {least:g} to {most:g}")
    return float(value) if fine else None


# Modules.


def module(desk: Desk, op: str, raw: bytes | None) -> bytes:
    """A module that was judged."""
    if raw is None:
        if desk.reading.missing_wasm == "invalid":
            invalid(desk, "a module is needed", field="wasm")
        raw = b""
    fine = wasm.valid(raw, deeply=desk.reading.strict_wasm)
    if not desk.bent("wasm", fine, op=op, raw=raw):
        words = "this is no WebAssembly module"
        raise RefusedError(
            Refusal(status=400, code="INVALID_WASM", words=words, details={"size": len(raw)})
        )
    return raw


def decoded(desk: Desk, value: Any) -> bytes | None:
    """What a string in base64 stands for."""
    if value is None:
        return None
    if not isinstance(value, str):
        invalid(desk, "wasm_module must be a string in base64", field="wasm_module")
    try:
        return base64.b64decode(value, validate=desk.reading.strict_base64)
    except (binascii.Error, ValueError):
        if desk.reading.missing_wasm == "invalid":
            invalid(desk, "wasm_module is no base64", field="wasm_module")
        return b""


# Forms.


def form(turn: Turn) -> tuple[bytes | None, Obj | None]:
    """The module and the configuration of a multipart body."""
    desk = turn.desk
    header = turn.call.headers.get("content-type", "")
    media = header.partition(";")[0].strip().lower()
    if media == "application/json" and desk.reading.json_deploy:
        data = obj(turn)
        return decoded(desk, data.get("wasm_module")), {**data, **_config(data)}
    if media != "multipart/form-data":
        _bad_media(desk, media)
    found = re.search(r'boundary=(?:"([^"]+)"|([^;\s]+))', header)
    if found is None:
        invalid(desk, "the form has no boundary", readable=False)
    parts = _parts(desk, turn.call.body, b"--" + (found[1] or found[2]).encode())
    config = parts.get("config")
    if config is None:
        return parts.get("wasm"), None
    data = _parsed(desk, config)
    if not isinstance(data, dict):
        invalid(desk, "config is no JSON object", field="config")
    return parts.get("wasm"), data


def _config(data: Obj) -> Obj:
    config = data.get("config", {})
    return config if isinstance(config, dict) else {}


def _parts(desk: Desk, body: bytes, mark: bytes) -> dict[str, bytes]:
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        invalid(desk, "the form does not end", readable=False)
    parts: dict[str, bytes] = {}
    for piece in pieces[1:-1]:
        head, gap, content = piece.partition(b"\r\n\r\n")
        name = re.search(rb'(?i)content-disposition:[^\r]*?[; ]name="?([^";\r]*)"?', head)
        if not gap or name is None:
            invalid(desk, "a part of the form has no name", readable=False)
        parts[name[1].decode("utf-8", "replace")] = content
    return parts
