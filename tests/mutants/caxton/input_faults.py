"""Faults on odd input: crashes, silence, and taking what should be refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from .fault import Bend, Fault, Row, Seed, Spot, at, table
from .gate_faults import OPS
from .model import Answer, Call, Line, Turn

__all__ = ["INPUT_FAULTS"]

_JSON: Final = ("send", "create_task", "create_deployment", "update", "stop")
_FORMS: Final = ("deploy", "reload")


def _parsed(call: Call) -> Any:
    try:
        return json.loads(call.body)
    except (ValueError, RecursionError):
        return ...


def _malformed(call: Call) -> bool:
    return bool(call.body) and _parsed(call) is ... and len(call.body) < 1000


def _no_object(call: Call) -> bool:
    return bool(call.body) and not isinstance(_parsed(call), dict) and _parsed(call) is not ...


def _empty(call: Call) -> bool:
    return not call.body


def _wrong_types(call: Call) -> bool:
    data = _parsed(call)
    odd = ("performative", "sender", "receiver", "name", "agent_id", "strategy", "config")
    return isinstance(data, dict) and any(isinstance(data.get(name), int | list) for name in odd)


def _deep(call: Call) -> bool:
    return b"[[[[[[" in call.body


def _huge(call: Call) -> bool:
    return b"9" * 1000 in call.body


def _binary(call: Call) -> bool:
    return call.body.startswith(b"\xff")


_KINDS: Final[tuple[tuple[str, str, Callable[[Call], bool]], ...]] = (
    ("malformed", "a body that is no JSON", _malformed),
    ("no_object", "a body that is no object", _no_object),
    ("empty", "an empty body", _empty),
    ("types", "fields of wrong types", _wrong_types),
    ("deep", "deep nesting", _deep),
    ("huge", "huge numbers", _huge),
    ("binary", "bytes that are no UTF-8", _binary),
)

_FORM_KINDS: Final[tuple[tuple[str, str, Callable[[Call], bool]], ...]] = (
    ("boundary", "a form without a boundary", lambda call: _media(call) == "multipart/form-data"),
    (
        "other_boundary",
        "a form with another boundary",
        lambda call: _media(call).endswith("=other"),
    ),
    ("cut", "a form that is cut off", lambda call: bool(call.body) and _cut(call)),
    ("config", "a config that is no JSON", lambda call: b"{oops" in call.body),
    ("no_config", "a form without a config", lambda call: b'"config"' not in call.body),
    ("media", "another media type", lambda call: _media(call) == "text/plain"),
)


def _media(call: Call) -> str:
    return call.headers.get("content-type", "")


def _cut(call: Call) -> bool:
    return _media(call).startswith("multipart") and not call.body.rstrip().endswith(b"--")


def _crashed() -> Answer:
    return Answer(status=500, text="Internal Server Error", media="text/plain")


def _hung() -> Answer:
    return Answer(status=200, body={}, wire="hang")


def _reset() -> Answer:
    return Answer(status=200, body={}, wire="reset")


def _enveloped() -> Answer:
    error = {"code": "INTERNAL_ERROR", "message": "oops", "details": {}, "trace_id": "trace_0"}
    return Answer(status=500, body={"error": error})


_ENDS: Final[tuple[tuple[str, str, Callable[[], Answer]], ...]] = (
    ("crash", "is answered with a bare 500", _crashed),
    ("internal", "is called an internal error", _enveloped),
    ("hang", "is never answered", _hung),
    ("reset", "ends the connection", _reset),
)


def _early(op: str, odd: Callable[[Call], bool], end: Callable[[], Answer]) -> Seed:
    def bend(nothing: Any, spot: Spot) -> Any:
        turn: Turn = spot["turn"]
        return end() if turn.op == op and odd(turn.call) else nothing

    return at("early", bend)


def _bodies() -> Iterator[Fault]:
    for place, op in enumerate(_JSON):
        for turn, (name, words, odd) in enumerate(_KINDS):
            if op == "stop" and name != "malformed":
                continue  # its body may be left out, and little of it is looked at
            if op == "update" and name == "huge":
                continue
            for nth, (end, does, make) in enumerate(_ENDS):
                if (place + turn + nth) % 2 == 0:
                    row: Row = (
                        f"{op}.{name}.{end}",
                        f"{op}: {words} {does}",
                        _early(op, odd, make),
                    )
                    yield from table(OPS[op], [row], prefix="input.", implied=True)


def _forms() -> Iterator[Fault]:
    for name, words, odd in _FORM_KINDS:
        for end, does, make in _ENDS:
            row: Row = (
                f"deploy.{name}.{end}",
                f"deploy: {words} {does}",
                _early("deploy", odd, make),
            )
            yield from table(OPS["deploy"], [row], prefix="input.", implied=True)


_TAKEN: Final[dict[str, dict[str, Any]]] = {
    "send": {"message_id": "msg_0", "status": "delivered", "delivered_at": "2027-01-15T08:00:00Z"},
    "create_task": {"task_id": "task_0", "status": "created", "created_at": "2027-01-15T08:00:00Z"},
    "create_deployment": {
        "deployment_id": "deploy_0",
        "status": "initializing",
        "created_at": "2027-01-15T08:00:00Z",
    },
    "update": {"agent_id": "agent_0", "status": "updating", "deployment_id": "deploy_0"},
    "distribute": {
        "task_id": "task_0",
        "assigned_to": "agent_0",
        "status": "assigned",
        "proposals_received": 0,
    },
    "rollback": {
        "deployment_id": "deploy_0",
        "status": "rolling_back",
        "rollback_to_version": "1.0.0",
        "estimated_completion": "2027-01-15T08:00:00Z",
    },
    "deploy": {
        "agent_id": "agent_0",
        "name": "nobody",
        "status": "running",
        "deployed_at": "2027-01-15T08:00:00Z",
        "version": "1.0.0",
        "deployment_id": "deploy_0",
        "lifecycle_state": "running",
        "resource_limits": {"memory": "64MB", "cpu_fuel": 100000},
    },
}


def _taking(op: str) -> Seed:
    """What is malformed is taken with thanks."""

    def bend(answer: Any, spot: Spot) -> Any:
        turn: Turn = spot["turn"]
        refused = turn.refusal is not None and turn.refusal.code == "INVALID_REQUEST"
        return Answer(status=200, body=dict(_TAKEN[op])) if turn.op == op and refused else answer

    return at("answer", bend)


def _taken() -> Iterator[Fault]:
    for op in _TAKEN:
        row: Row = (f"{op}.taken", f"{op}: what is malformed is taken", _taking(op))
        yield from table(OPS[op], [row], prefix="input.", implied=True)


# WebSocket.


def _frame(odd: Callable[[Any], bool], act: Callable[[Line], object]) -> Bend:
    def bend(swallowed: Any, spot: Spot) -> Any:
        if not odd(spot["frame"]):
            return swallowed
        act(spot["line"])
        return True

    return bend


def _gone(line: Line) -> None:
    line.subscriptions.clear()


_SAID: Final[tuple[tuple[str, str, Callable[[Any], bool]], ...]] = (
    ("malformed", "a frame that is no JSON", lambda frame: frame == "{oops"),
    ("binary", "a binary frame", lambda frame: isinstance(frame, bytes)),
    ("list", "a frame that is a list", lambda frame: frame == "[]"),
    ("unknown", "an unknown type", lambda frame: "dance" in str(frame)),
    ("unsubscribe", "an unknown subscription", lambda frame: "nope" in str(frame)),
)


def _frames() -> Iterator[Row]:
    for name, words, odd in _SAID:
        yield (
            f"frame.{name}.abnormal",
            f"{words} breaks the connection with 1011",
            at("ws.swallowed", _frame(odd, lambda line: line.close(1011))),
        )
        yield (
            f"frame.{name}.deaf",
            f"{words} ends all subscriptions of the connection",
            at("ws.swallowed", _frame(odd, _gone)),
        )


INPUT_FAULTS: Final[tuple[Fault, ...]] = (
    *_bodies(),
    *_forms(),
    *_taken(),
    *table("Subscription Management", _frames(), prefix="input.", implied=True),
)
