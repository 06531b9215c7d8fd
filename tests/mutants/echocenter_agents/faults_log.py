"""Faults in the status logs, and in JSON as such where a log is the first thing to show it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from tests.mutants.echocenter_agents.edits import (
    Test,
    as_text,
    drop,
    late,
    on,
    put,
    put_from,
    rename,
    whole,
)
from tests.mutants.echocenter_agents.model import Cue, Edit, Fault, Json, Kind, Memory, Say, Style

__all__ = ["LOG_FAULTS", "commented", "single_quoted"]

_LOG: Final = (Kind.LOG,)
_ALL: Final = tuple(Kind)
_bad = partial(Fault, section="3.A Sending Status Logs", cue=Cue.START)

_LEVELS: Final[tuple[tuple[str, str, Json], ...]] = (
    ("lower_case", "the level is in lower case", "info"),
    ("title_case", "the level is capitalised", "Info"),
    ("padded", "the level has a space at its end", "INFO "),
    ("warn", "the level is WARN", "WARN"),
    ("debug", "the level is DEBUG", "DEBUG"),
    ("critical", "the level is CRITICAL", "CRITICAL"),
    ("unknown", "the level is a word outside the list", "VERBOSE"),
    ("empty", "the level is the empty text", ""),
    ("number", "the level is a number", 20),
    ("null", "the level is null", None),
    ("list", "the level is a list", ["INFO"]),
    ("boolean", "the level is true", True),
)
_CONTENTS: Final[tuple[tuple[str, str, Json], ...]] = (
    ("null", "the content is null", None),
    ("number", "the content is a number", 42),
    ("object", "the content is an object", {"text": "Processing"}),
    ("list", "the content is a list", ["Processing"]),
    ("boolean", "the content is true", True),
)
_PAYLOADS: Final[tuple[tuple[str, str, Json], ...]] = (
    ("string", "the payload is a text", "Agent online"),
    ("null", "the payload is null", None),
    ("list", "the payload is a list of level and content", ["INFO", "Agent online"]),
    ("number", "the payload is a number", 1),
    ("empty", "the payload is an empty object", {}),
)
_TYPES: Final[tuple[tuple[str, str, bool], ...]] = (
    ("misspelt", "SYSTEMLOG", True),
    ("lower_case", "system_log", True),
    ("short", "LOG", True),
    ("hyphen", "SYSTEM-LOG", True),
    ("padded", " SYSTEM_LOG", True),
)


def _told_token() -> Iterator[Fault]:
    edit = on(_LOG, put_from("payload.content", lambda _, memory: f"in by {memory.token}"))
    yield _bad(name="log.token", summary="a log shows the token", implied=True, edit=edit)


def _values() -> Iterator[Fault]:
    for word, summary, value in _LEVELS:
        edit = on(_LOG, put("payload.level", value))
        yield _bad(name=f"log.level.{word}", summary=summary, edit=edit)
    for word, summary, value in _CONTENTS:
        edit = on(_LOG, put("payload.content", value))
        yield _bad(name=f"log.content.{word}", summary=summary, edit=edit)
    for word, summary, value in _PAYLOADS:
        yield _bad(
            name=f"log.payload.{word}", summary=summary, edit=on(_LOG, put("payload", value))
        )


def _flat(message: object, say: Say, _memory: Memory) -> Json:
    members = message if isinstance(message, dict) else {}
    return {"type": "SYSTEM_LOG", **members["payload"]} if say.kind is Kind.LOG else members


def _quoted_payload(message: object, _say: Say, _memory: Memory) -> Json:
    members = message if isinstance(message, dict) else {}
    return {**members, "payload": json.dumps(members["payload"])}


def _shapes() -> Iterator[Fault]:
    for name, summary, edit in (
        ("log.level.missing", "there is no level", drop("payload.level")),
        ("log.content.missing", "there is no content", drop("payload.content")),
        ("log.payload.missing", "there is no payload", drop("payload")),
        ("log.payload.flat", "level and content stand beside the type", whole(_flat)),
        ("log.payload.json_text", "the payload is JSON inside a text", whole(_quoted_payload)),
        ("log.payload.data", "the payload is called data", rename("payload", "data")),
        ("log.payload.capital", "the payload is called Payload", rename("payload", "Payload")),
        ("log.level.severity", "the level is called severity", rename("payload.level", "severity")),
        ("log.level.capital", "the level is called Level", rename("payload.level", "Level")),
        (
            "log.content.message",
            "the content is called message",
            rename("payload.content", "message"),
        ),
    ):
        yield _bad(name=name, summary=summary, edit=on(_LOG, edit))
    for word, value, implied in _TYPES:
        edit = on(_LOG, put("type", value))
        summary = f"logs are of type {value!r}, so that no log ever comes"
        yield _bad(name=f"log.type.{word}", summary=summary, edit=edit, implied=implied)
    for word, summary, edit in (
        ("missing", "logs have no type", drop("type")),
        ("null", "the type of logs is null", put("type", None)),
        ("number", "the type of logs is a number", put("type", 1)),
        ("key_capital", "logs have a Type in place of a type", rename("type", "Type")),
    ):
        yield _bad(name=f"log.type.{word}", summary=summary, edit=on(_LOG, edit))


def _level_is(level: str) -> Test:
    def test(say: Say, _memory: Memory) -> bool:
        return isinstance(say.message, dict) and say.message["payload"]["level"] == level

    return test


def _about_a_chat(say: Say, _memory: Memory) -> bool:
    return say.chat is not None


def _later(name: str, summary: str, edit: Edit, style: str, cue: Cue) -> Fault:
    return _bad(name=name, summary=summary, edit=edit, style=style, cue=cue)


def _sometimes() -> Iterator[Fault]:
    lower = {"WARNING": "WARN", "ERROR": "ERR", "SUCCESS": "OK"}
    for level, word in lower.items():
        edit = on(_LOG, put("payload.level", word), only=_level_is(level))
        summary = f"of the four levels only {level} is misnamed: {word}"
        yield _later(f"log.once.{level.lower()}", summary, edit, "levels", Cue.START)
    edit = on(_LOG, late(put("payload.level", None), 3))
    summary = "the level is null from the fourth log on"
    yield _later("log.later.level_null", summary, edit, "busy_logger", Cue.START)
    edit = on(_LOG, late(put("payload", "still here"), 5))
    summary = "the payload is a text from the sixth log on"
    yield _later("log.later.payload_text", summary, edit, "busy_logger", Cue.START)
    for word, summary, edit in (
        ("payload_text", "the payload is a text", put("payload", "got it")),
        ("level_received", "the level is RECEIVED", put("payload.level", "RECEIVED")),
        ("content_object", "the content is an object", put("payload.content", {"from": 1})),
    ):
        yield _later(
            f"log.acknowledging.{word}",
            f"logs about an instruction: {summary}",
            on(_LOG, edit, only=_about_a_chat),
            "chatty",
            Cue.CHAT,
        )


def single_quoted(message: Json) -> str:
    """As a careless program prints a dictionary."""
    return repr(message)


def commented(message: Json) -> str:
    """With the comment that the document's example of a log has."""
    return json.dumps(message, indent=2).replace('"level"', '// one of four\n    "level"', 1)


def _texts() -> Iterator[Fault]:
    bad = partial(Fault, section="3. Message Protocol", cue=Cue.START)
    for name, summary, make in (
        ("single_quotes", "messages are written with single quotes", single_quoted),
        ("comment", "a comment inside the JSON, copied from the example", commented),
        ("trailing_comma", "a comma after the last member", lambda m: f"{json.dumps(m)[:-1]},}}"),
        ("truncated", "the last brace is missing", lambda m: json.dumps(m)[:-1]),
        ("two_at_once", "two messages in one frame", lambda m: f"{json.dumps(m)}\n{json.dumps(m)}"),
        ("in_list", "each message is inside a list", lambda m: json.dumps([m])),
        ("in_text", "each message is JSON inside a JSON text", lambda m: json.dumps(json.dumps(m))),
        (
            "byte_order_mark",
            "a byte order mark before the JSON",
            lambda m: f"\ufeff{json.dumps(m)}",
        ),
        ("form", "messages are URL-encoded forms", lambda m: f"type={m['type']}&payload=x"),
        ("plain_text", "messages are plain text", lambda m: f"{m['type']}: hello"),
        ("yaml", "messages are YAML", lambda m: "\n".join(f"{k}: {v}" for k, v in m.items())),
        ("empty", "messages are empty texts", lambda _m: ""),
        ("not_a_number", "a member is NaN", lambda m: json.dumps({**m, "load": float("nan")})),
    ):
        yield bad(name=f"json.{name}", summary=summary, edit=on(_ALL, as_text(make)))
    whole_frames: tuple[tuple[str, str, Edit, bool], ...] = (
        ("binary", "JSON in binary frames", as_text(_as_bytes), True),
        ("utf16", "JSON as UTF-16 in binary frames", as_text(_as_utf16), False),
    )
    for name, summary, edit, implied in whole_frames:
        yield bad(name=f"json.{name}", summary=summary, edit=on(_ALL, edit), implied=implied)
    yield bad(
        name="json.greeting",
        summary="says hello in plain text before the first log",
        edit=_greet,
    )
    yield bad(
        name="json.keepalive",
        summary="sends the text 'ping' now and then, which is no JSON",
        style="busy_logger",
        edit=on(_LOG, late(as_text(lambda _m: "ping"), 3)),
    )


def _as_bytes(message: Json) -> bytes:
    return json.dumps(message).encode()


def _as_utf16(message: Json) -> bytes:
    return json.dumps(message).encode("utf-16")


def _greet(say: Say, memory: Memory) -> Iterator[Say]:
    if not sum(memory.sent.values()):
        yield replace(say, raw="hello")
    yield say


def _flood(style: Style) -> Style:
    return replace(style, log_every=0.001)


def _rates() -> Iterator[Fault]:
    yield _bad(
        name="log.flood",
        summary="hundreds of logs a second, without end",
        implied=True,
        style="busy_logger",
        reshape=_flood,
    )


LOG_FAULTS: Final[tuple[Fault, ...]] = (
    *_values(),
    *_told_token(),
    *_shapes(),
    *_sometimes(),
    *_texts(),
    *_rates(),
)
