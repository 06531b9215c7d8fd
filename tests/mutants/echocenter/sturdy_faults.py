"""One odd frame, and what it does to the server, to others, and to its sender."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .fault import Fault, Seed, table
from .model import LEVELS, TALK

if TYPE_CHECKING:
    from .hub import Hub
    from .model import Line

__all__ = ["ODD", "STURDY_FAULTS"]

_Frame: TypeAlias = "str | bytes"
_Test: TypeAlias = "Callable[[_Frame], bool]"
_Act: TypeAlias = "Callable[[Hub, Line], object]"


def _parsed(data: _Frame) -> Any:
    """The JSON value; `...` when there is none."""
    if isinstance(data, bytes):
        return ...
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return ...


def _value(test: Callable[[Any], bool]) -> _Test:
    def check(data: _Frame) -> bool:
        value = _parsed(data)
        return value is not ... and test(value)

    return check


def _object(test: Callable[[dict[str, Any]], bool]) -> _Test:
    return _value(lambda value: isinstance(value, dict) and test(value))


def _of(kind: str, test: Callable[[dict[str, Any]], bool]) -> _Test:
    return _object(lambda value: value.get("type") == kind and test(value))


def _chat(test: Callable[[dict[str, Any]], bool]) -> _Test:
    return _of("CHAT", test)


def _log(test: Callable[[Any], bool]) -> _Test:
    return _of("SYSTEM_LOG", lambda value: test(value.get("payload")))


def _known(value: dict[str, Any]) -> bool:
    return value.get("type") in {*TALK, "SYSTEM_LOG"}


def _surrogate(data: _Frame) -> bool:
    text = _parsed(data)
    return isinstance(text, dict) and any(
        "\ud800" <= sign <= "\udfff" for sign in str(text.get("payload"))
    )


ODD: Final[Mapping[str, tuple[str, _Test]]] = {
    "malformed": (
        "malformed JSON",
        lambda d: isinstance(d, str) and _parsed(d) is ... and d.strip() != "",
    ),
    "empty": ("an empty frame", lambda d: len(d) == 0),
    "array": ("a JSON array", _value(lambda v: isinstance(v, list))),
    "string": ("a JSON string", _value(lambda v: isinstance(v, str))),
    "number": (
        "a JSON number",
        _value(lambda v: isinstance(v, (int, float)) and not isinstance(v, bool)),
    ),
    "null": ("the JSON null", _value(lambda v: v is None)),
    "no_type": ("an object without type", _object(lambda v: "type" not in v)),
    "type_number": ("a type that is a number", _object(lambda v: isinstance(v.get("type"), int))),
    "type_array": ("a type that is an array", _object(lambda v: isinstance(v.get("type"), list))),
    "unknown": (
        "an unknown type",
        _object(lambda v: isinstance(v.get("type"), str) and not _known(v)),
    ),
    "lower": ("the type chat", _object(lambda v: v.get("type") == "chat")),
    "deep": ("deep nesting", lambda d: str(d).count("[") > 500 or str(d).count("{") > 500),
    "binary": ("a binary frame", lambda d: isinstance(d, bytes)),
    "huge": ("a frame of more than 50000 bytes", lambda d: len(d) > 50_000),
    "no_target": ("a CHAT without target_id", _chat(lambda v: "target_id" not in v)),
    "target_null": ("a target_id of null", _chat(lambda v: v.get("target_id", 0) is None)),
    "target_text": ("a target_id of text", _chat(lambda v: isinstance(v.get("target_id"), str))),
    "target_float": (
        "a target_id with a fraction",
        _chat(lambda v: isinstance(v.get("target_id"), float)),
    ),
    "target_negative": (
        "a negative target_id",
        _chat(lambda v: isinstance(v.get("target_id"), int) and v["target_id"] < 0),
    ),
    "target_huge": (
        "a target_id beyond 64 bits",
        _chat(lambda v: isinstance(v.get("target_id"), int) and v["target_id"] >= 2**63),
    ),
    "target_object": (
        "a target_id that is an object",
        _chat(lambda v: isinstance(v.get("target_id"), (dict, list))),
    ),
    "target_bool": ("a target_id of true", _chat(lambda v: v.get("target_id") is True)),
    "payload_missing": ("a CHAT without payload", _chat(lambda v: "payload" not in v)),
    "payload_null": ("a payload of null", _chat(lambda v: v.get("payload", 0) is None)),
    "payload_object": (
        "a CHAT payload that is an object",
        _chat(lambda v: isinstance(v.get("payload"), dict)),
    ),
    "payload_number": (
        "a CHAT payload that is a number",
        _chat(lambda v: isinstance(v.get("payload"), (int, float))),
    ),
    "surrogate": ("half a surrogate pair", _surrogate),
    "log_missing": ("a log without payload", _of("SYSTEM_LOG", lambda v: "payload" not in v)),
    "log_text": ("a log payload of text", _log(lambda p: isinstance(p, str))),
    "log_level": (
        "an unknown log level",
        _log(lambda p: isinstance(p, dict) and "level" in p and p["level"] not in LEVELS),
    ),
    "log_no_level": (
        "a log without level",
        _log(lambda p: isinstance(p, dict) and "level" not in p),
    ),
    "log_no_content": (
        "a log without content",
        _log(lambda p: isinstance(p, dict) and "content" not in p),
    ),
    "log_null": ("a log payload of null", _log(lambda p: p is None)),
    "stream_no_id": (
        "a chunk without stream_id",
        _of("CHAT_STREAM", lambda v: "stream_id" not in v),
    ),
    "stream_object_id": (
        "a stream_id that is an object",
        _object(lambda v: isinstance(v.get("stream_id"), (dict, list))),
    ),
    "end_alone": ("an end without payload", _of("CHAT_STREAM_END", lambda v: "payload" not in v)),
}
"""Frames that a server may refuse, but that may harm nobody else."""


def _mute_all(hub: Hub, line: Line) -> None:
    hub.memo["deaf"] = True


def _close_others(hub: Hub, line: Line) -> None:
    for one in list(hub.lines):
        if one is not line:
            one.close(1011, "internal error")


def _abort_all(hub: Hub, line: Line) -> None:
    for one in list(hub.lines):
        one.abort()


def _relay(hub: Hub, line: Line) -> None:
    """The frame is shown to all agents as a CHAT of its sender."""
    who = {"sender_id": line.principal.id, "sender_name": line.principal.name}
    agents = [one for one in hub.lines if one is not line and not one.principal.human]
    hub.tell(agents, {"type": "CHAT", **who, "payload": "unreadable"})


def _next_lost(hub: Hub, line: Line) -> None:
    hub.memo["skip"] = 1


def _closed_doors(hub: Hub, line: Line) -> None:
    hub.memo["shut"] = True


_EFFECTS: Final[Mapping[str, tuple[str, _Act]]] = {
    "crashes": ("ends the server", lambda hub, _: hub.crash()),
    "deafens_all": ("keeps the server from hearing anybody", _mute_all),
    "closes_others": ("ends all other connections", _close_others),
    "aborts_all": ("cuts all connections", _abort_all),
    "relayed": ("reaches all agents as a CHAT", _relay),
    "next_lost": ("makes the next message of anybody lost", _next_lost),
    "shuts": ("keeps everybody from connecting", _closed_doors),
}

_EFFECTS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "malformed": (
        "crashes",
        "deafens_all",
        "closes_others",
        "aborts_all",
        "relayed",
        "next_lost",
        "shuts",
    ),
    "unknown": ("crashes", "deafens_all", "closes_others", "relayed"),
    "binary": ("crashes", "deafens_all", "closes_others", "relayed"),
    "array": ("crashes", "deafens_all", "aborts_all"),
    "no_target": ("crashes", "deafens_all"),
    "target_text": ("crashes", "closes_others"),
    "huge": ("crashes", "deafens_all", "closes_others", "next_lost"),
    "deep": ("crashes", "deafens_all"),
    "empty": ("crashes", "deafens_all"),
    "payload_object": ("crashes", "closes_others"),
    "log_text": ("crashes", "deafens_all", "relayed"),
    "log_level": ("crashes", "closes_others", "relayed"),
}
"""The frames with more effects than the one that all have."""


def _seed(test: _Test, act: _Act) -> Seed:
    async def hear(hub: Hub, line: Line, data: _Frame) -> bool:
        if hub.memo.get("deaf"):
            return True
        if test(data):
            act(hub, line)
            return True
        return bool(hub.memo.pop("skip", 0))

    def closed(hub: Hub) -> bool:
        return bool(hub.memo.get("shut"))

    return Seed(
        hear=hear,
        gate=lambda gate: setattr(gate, "result", None) if closed(gate.hub) else None,
    )


def _rows() -> Iterator[tuple[str, str, Seed]]:
    for name, (words, test) in ODD.items():
        # The same end for all would be dull: take turns.
        turns = ("crashes", "deafens_all", "closes_others")
        usual = (turns[list(ODD).index(name) % len(turns)],)
        for effect in _EFFECTS_OF.get(name, usual):
            told, act = _EFFECTS[effect]
            mark = "~" if effect == "relayed" else ""
            yield f"{mark}odd.{name}.{effect}", f"{words} {told}", _seed(test, act)


STURDY_FAULTS: Final[tuple[Fault, ...]] = tuple(table("3. Message Protocol", _rows()))
