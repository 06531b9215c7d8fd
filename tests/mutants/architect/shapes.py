"""The outer form of what the agent sends, and its text."""

from __future__ import annotations

import json
import math
from typing import NoReturn

from .model import Json, MalformedError, Outcome, Request
from .reading import Reading

__all__ = ["dump", "load", "reply"]


def reply(reading: Reading, request: Request | None, outcome: Outcome) -> dict[str, Json]:
    """A reply without its token; `request` is None when the message could not be read."""
    if not outcome.ok:
        return _failure(reading, outcome)
    match reading.shape:
        case "status":
            return {"status": "ok", "parameters": outcome.result}
        case "success":
            return {"success": True, "parameters": outcome.result}
        case "both":
            return {"success": True, "error": None, "parameters": outcome.result}
        case "action":
            name = None if request is None else request.action
            return {"action": name, "parameters": outcome.result}
        case "result" if "actions" not in outcome.result:
            return {"result": outcome.result}
        case _:
            # The catalogue stands in `parameters.actions` in every reading: the example says so.
            return {"parameters": outcome.result}


def _failure(reading: Reading, outcome: Outcome) -> dict[str, Json]:
    match reading.shape:
        case "status":
            return {"status": "error", "message": outcome.text}
        case "success":
            return {"success": False, "parameters": {"reason": outcome.code}}
        case "both":
            return {"success": False, "error": outcome.code}
        case "plain":
            return {"parameters": {"code": outcome.code, "message": outcome.text}}
        case "action":
            return {"action": "error", "parameters": {"code": outcome.code, "text": outcome.text}}
        case "nested":
            return {"parameters": {"error": outcome.text}}
        case "result":
            return {"error": {"code": outcome.code, "message": outcome.text}}
        case "error_text":
            return {"error": outcome.text}


def dump(reading: Reading, message: Json) -> str:
    """A message as JSON text."""
    ascii_only = reading.ascii_only
    while True:
        text = json.dumps(
            message,
            ensure_ascii=ascii_only,
            indent=2 if reading.pretty else None,
            sort_keys=reading.sorted_keys,
            allow_nan=False,
        )
        # A lone surrogate, as a token may hold one, cannot be written but as an escape.
        if ascii_only or not any("\ud800" <= char <= "\udfff" for char in text):
            return text
        ascii_only = True


def load(data: str | bytes) -> Json:
    """Read JSON. Raises MalformedError for anything else, and for what could not be echoed."""
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
        return json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise MalformedError(str(error)[:80]) from error


def _no_constant(name: str) -> NoReturn:
    raise MalformedError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise MalformedError(f"{text[:20]} is too large")
    return number
