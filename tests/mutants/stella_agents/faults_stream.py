"""Faults on the stream: frames, messages as a whole, connections, what is heard."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from tests.mutants.stella_agents.bugs import Bug, Cue, Reaction, Trouble
from tests.mutants.stella_agents.edits import drop, instead, on, put, raw
from tests.mutants.stella_agents.model import Edit, Fault, Item, Json, Memory, Say, What
from tests.mutants.stella_agents.seeds import bugged, habit, reacting

__all__ = ["STREAM_FAULTS"]

_SECTION: Final = "Task Stream"
_SAID: Final = (What.PROGRESS, What.LOG)


def _said(name: str, summary: str, edit: Edit, *, implied: bool = False) -> Fault:
    return Fault(
        name=f"message.{name}",
        summary=summary,
        section=_SECTION,
        implied=implied,
        edit=on(*_SAID, edit=edit),
    )


def _dumped(make: Callable[[Json], str]) -> Edit:
    return raw(lambda item: make(item.body))


def _binary(item: Item, _memory: Memory) -> list[Item]:
    assert isinstance(item, Say)
    return [replace(item, raw=json.dumps(item.body).encode())]


def _messages() -> Iterator[Fault]:
    yield _said("binary", "messages in binary frames", _binary, implied=True)
    yield _said("no_json", "messages that are no JSON", _dumped(lambda body: f"said {body!r}"))
    yield _said("list", "messages in a list", _dumped(lambda body: json.dumps([body])))
    yield _said("twice", "JSON in a JSON text", _dumped(lambda body: json.dumps(json.dumps(body))))
    yield _said("two", "two messages in one frame", _dumped(lambda b: f"{json.dumps(b)}\n" * 2))
    yield _said("cut", "messages that break off", _dumped(lambda body: json.dumps(body)[:-4]))
    yield _said("empty", "frames without anything", _dumped(lambda _body: ""))
    yield _said("null", "null in place of messages", instead(None))
    yield _said("number", "numbers in place of messages", instead(50))
    yield _said("no_type", "messages without a type", drop("type"))
    yield _said("type_null", "messages whose type is null", put("type", None))
    yield _said("type_number", "messages whose type is a number", put("type", 2))
    yield _said("wrapped", "messages in a data member", _dumped(_in_data))
    for what, names in (
        (What.PROGRESS, ("taskProgress", "progress", "TASK_PROGRESS", "task-progress")),
        (What.LOG, ("taskLog", "log", "TASK_LOG", "task.log")),
    ):
        for n, name in enumerate(names):
            yield Fault(
                name=f"{what.value}.type.wrong_{n + 1}",
                summary=f"{what.value}: its type is called {name}",
                section=_SECTION,
                implied=True,
                edit=on(what, edit=put("type", name)),
            )


def _in_data(body: Json) -> str:
    return json.dumps({"event": "task", "data": body})


_FRAMES: Final = (
    habit("frame.unmasked", "frames without a mask", masked=False),
    habit("frame.rsv1", "frames with a reserved bit", rsv=4),
    habit("frame.rsv3", "frames with another reserved bit", rsv=1),
    habit("frame.opcode", "frames of an unknown opcode", opcode=3),
    habit("frame.continuation", "messages that begin in the middle", opcode=0),
    habit("frame.no_end", "messages that never end", no_end=True),
    habit("frame.long_lengths", "lengths in more bytes than needed", long_lengths=True),
    habit("frame.close_1005", "closes with a code that is not for the wire", close_code=1005),
    habit("frame.close_999", "closes with a code below all codes", close_code=999),
    habit("frame.after_close", "talks after its close frame", talks_after_close=True),
    habit("frame.no_pong", "no pong for a ping", cue=Cue.ODD, pongs=False),
    replace(
        habit(
            "frame.takes_anything", "no end after a broken frame", cue=Cue.BROKEN, credulous=True
        ),
        implied=True,
    ),
    replace(habit("frame.no_close", "ends its stream without a close", closes=False), implied=True),
    habit("frame.no_close_answer", "no answer to a close", cue=Cue.CLOSE, answers_close=False),
    habit("shake.version_8", "asks for an old version of WebSocket", version="8"),
    replace(
        habit("shake.same_key", "one key for all handshakes", cue=Cue.CLOSE, same_key=True),
        implied=True,
    ),
    habit("shake.no_key", "asks for a WebSocket without a key", key=False),
    *(
        replace(
            habit(
                f"stream.deaf_after_{word}",
                f"hears nothing after {summary}",
                cue=Cue.ODD,
                loses=frozenset({word}),
            ),
            implied=True,
        )
        for word, summary in (
            ("ping", "a ping"),
            ("fragments", "a message in fragments"),
            ("large", "a large message"),
        )
    ),
)


def _connections() -> Iterator[Fault]:
    for name, bug, cue in (
        ("stream.two", Bug.TWO_STREAMS, Cue.PLAIN),
        ("stream.per_message", Bug.STREAM_PER_MESSAGE, Cue.PLAIN),
        ("stream.no_reconnect", Bug.NO_RECONNECT, Cue.CLOSE),
        ("stream.reconnects_once", Bug.RECONNECT_ONCE, Cue.CLOSE),
        ("stream.reopened_deaf", Bug.REOPENED_DEAF, Cue.CLOSE),
        ("stream.reopened_goes_on", Bug.REOPENED_GOES_ON, Cue.CLOSE),
        ("stream.reconnects_at_once", Bug.RECONNECTS_AT_ONCE, Cue.CLOSE),
        ("stream.reconnect_forgets", Bug.RECONNECT_FORGETS, Cue.CLOSE),
        ("stream.reconnect_beats", Bug.RECONNECT_BEATS, Cue.CLOSE),
        ("stream.close_drops_tasks", Bug.CLOSE_DROPS_TASKS, Cue.CLOSE),
    ):
        yield bugged(name, bug, _SECTION, cue=cue, implied=True)


_HEARD: Final = (
    ("unknown", Trouble.UNKNOWN),
    ("untyped", Trouble.UNTYPED),
    ("extra", Trouble.SURPLUS),
    ("misfit", Trouble.MISFIT),
    ("no_json", Trouble.NO_JSON),
    ("no_object", Trouble.NO_OBJECT),
    ("binary", Trouble.BINARY),
    ("large", Trouble.LARGE),
)


def _hearing() -> Iterator[Fault]:
    for word, trouble in _HEARD:
        for verb, reaction in (("dies", Reaction.CRASH), ("deaf", Reaction.DEAF)):
            name = f"hear.{verb}_{word}"
            yield reacting(name, trouble, reaction, Cue.ODD, section=_SECTION, implied=True)
    for verb, reaction in (("dies", Reaction.CRASH), ("quits", Reaction.QUIT)):
        name = f"hear.{verb}_close"
        yield reacting(name, Trouble.CLOSED, reaction, Cue.CLOSE, section=_SECTION, implied=True)
    for verb, reaction in (
        ("dies", Reaction.CRASH),
        ("quits", Reaction.QUIT),
        ("deaf", Reaction.DEAF),
    ):
        name = f"hear.{verb}_cancel"
        cue = Cue.CANCEL
        yield reacting(name, Trouble.CANCELLED, reaction, cue, section=_SECTION, implied=True)


STREAM_FAULTS: Final = (*_messages(), *_FRAMES, *_connections(), *_hearing())
