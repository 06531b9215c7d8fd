"""What a stella agent is told that is odd: answers of another form, messages that are none."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from conformance.protocols.stella.foreman import Edit, Foreman
from conformance.protocols.stella.plays import Scene
from mockserver.coordinator import Answer, Call

__all__ = ["LENGTHS", "PINGS", "STREAM_TURNS", "Turn", "in_pieces", "odd_answers", "odd_messages"]

PINGS = (b"", b"one", bytes(range(125)), b"the last")

LENGTHS = (300, 70_000)
"""Bytes of messages whose lengths are told in 16 and in 64 bits."""

_BESIDE = {"x_unheard_of": {"since": ["a later", None, 1.5e3, {"version": True}]}}


# Answers


def _beats(edit: Callable[[Answer], Answer]) -> Edit:
    """An edit of successful answers to heartbeats alone."""

    def apply(call: Call, said: Answer) -> Answer:
        meant = call.operation == "sendHeartbeat" and said.status == 200
        return edit(said) if meant else said

    return apply


def _with(said: Answer, **fields: Any) -> Answer:
    return replace(said, body={**said.body, **fields})


def _more(call: Call, said: Answer) -> Answer:
    """Fields that no document knows, in the answer and in what it holds."""
    del call
    if not isinstance(said.body, dict):
        return said
    body = {name: _fuller(value) for name, value in said.body.items()}
    return replace(said, body={**body, **_BESIDE})


def _fuller(value: Any) -> Any:
    if isinstance(value, list):
        return [{**each, **_BESIDE} if isinstance(each, dict) else each for each in value]
    return {**value, **_BESIDE} if isinstance(value, dict) else value


def _other_times(call: Call, said: Answer) -> Answer:
    """The same times, as ISO 8601 writes them elsewhere."""
    del call
    return replace(said, body=_moved(said.body))


def _moved(value: Any) -> Any:
    if isinstance(value, dict):
        times = {"expiresAt", "createdAt"}
        return {k: _elsewhere(v) if k in times else _moved(v) for k, v in value.items()}
    return [_moved(each) for each in value] if isinstance(value, list) else value


def _elsewhere(said: str) -> str:
    told = datetime.fromisoformat(said).astimezone(timezone(timedelta(hours=5, minutes=30)))
    return told.replace(microsecond=123456).isoformat()


def _page(said: Answer) -> Answer:
    return replace(said, body=None, raw=b"<html>Back soon</html>", media_type="text/html")


_ANSWERS: Mapping[str, Sequence[Edit]] = {
    "more": (_more,),
    "null": (_beats(lambda said: _with(said, certificateRenewal=None)),),
    "garbled": (
        _beats(_page),
        _beats(lambda said: replace(said, body={})),
        _beats(lambda said: replace(said, body={"tasks": None})),
        _beats(lambda said: replace(said, body=[])),
    ),
    "times": (_other_times,),
}


def odd_answers(kind: str) -> Scene:
    """Answers are of a kind: from the beginning where they are lawful, else for a few heartbeats.
    Tasks are given in their midst, or afterwards.
    """
    lawful = kind != "garbled"

    async def play(foreman: Foreman) -> None:
        if lawful:
            foreman.edits += _ANSWERS[kind]
        await foreman.arrive()
        await foreman.beats(1)
        probes = [foreman.task(kind)]
        foreman.befall(kind, *(task["taskId"] for task in probes))
        for edit in () if lawful else _ANSWERS[kind]:
            foreman.edits[:] = [edit]
            await foreman.beats(1)
        if not lawful:
            foreman.edits.clear()
        await foreman.done(foreman.give(*probes))
        await foreman.beats(3)

    return play


# Messages of the stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Some messages of a kind (JSON, or the bytes themselves); tasks follow on the same stream.

    `kind` is that of the frames.
    """

    name: str
    said: Sequence[Any]
    kind: str = "text"

    @property
    def frames(self) -> list[bytes]:
        return [
            each if isinstance(each, bytes) else json.dumps(each).encode() for each in self.said
        ]


_WRONG_TASKS: tuple[Any, ...] = (
    None,
    [],
    "t-1",
    {},
    {"taskType": "docker.pull"},
    {"taskId": None},
    {"taskId": 7},
)

STREAM_TURNS = (
    Turn(
        name="untyped",
        said=(
            {"type": "agent_config", "logLevel": "warn"},
            {"type": "TASK_ASSIGNED", "task": None},
            {"type": None},
            {"type": 3},
            {"hello": "agent"},
            {},
        ),
    ),
    Turn(name="no JSON", said=(b"hello", b"", b'{"type": "task_assigned", ', [1], "text", 7, None)),
    Turn(name="binary", said=(b"\x00\x01\xff", b"{}"), kind="binary"),
    Turn(name="large", said=({"type": "notice", "text": "z" * 100_000},)),
    Turn(
        name="wrong tasks",
        said=(
            {"type": "task_assigned"},
            {"type": "task_cancelled"},
            {"type": "task_cancelled", "taskId": None},
            {"type": "task_cancelled", "taskId": "nobody-knows-it"},
            *({"type": "task_assigned", "task": task} for task in _WRONG_TASKS),
        ),
    ),
    Turn(
        name="more on the stream",
        said=({"type": "task_cancelled", "taskId": "nobody-knows-it", **_BESIDE},),
    ),
)


def odd_messages(turn: Turn) -> Scene:
    """Something odd is said on the stream, and then there is something to do."""

    async def play(foreman: Foreman) -> None:
        await foreman.arrive()
        if not await foreman.connected():
            return
        await foreman.done(foreman.give(foreman.task("before")))
        more = _BESIDE if turn.name == "more on the stream" else {}
        task = {**foreman.task(turn.name), **more}
        foreman.befall(turn.name, task["taskId"])
        for data in turn.frames:
            foreman.stage.inject(data, turn.kind)
        await foreman.live(0.5)
        if not foreman.stage.session.lines:  # silence 12: it may end a stream over this
            await foreman.connected()
        if "stream" in foreman.book.ways and foreman.stage.session.lines:
            foreman.say({"type": "task_assigned", "task": task, **more})
        else:
            foreman.give(task)
        await foreman.done([task["taskId"]])
        await foreman.beats(2)

    return play


async def in_pieces(foreman: Foreman) -> None:
    """Pings, and tasks in fragments, with a ping between them, and of every length."""
    await foreman.arrive()
    if not await foreman.connected():
        return
    stage = foreman.stage
    for number, data in enumerate(PINGS):
        stage.inject(data, "ping")
        await stage.until(lambda want=number + 1: _pongs(foreman) >= want, 2.0)  # type: ignore[misc]
    for name, how in (("fragments", {}), ("ping between", {"pinged": True})):
        task = foreman.task(name)
        if await foreman.connected():
            foreman.say({"type": "task_assigned", "task": task}, fragments=3, **how)
            await foreman.done([task["taskId"]])
    for length in LENGTHS:
        task = foreman.task(f"{length} bytes")
        task["payload"] = {**task["payload"], "note": "y" * length}
        if await foreman.connected():
            foreman.tell("stream", task)
            await foreman.done([task["taskId"]])


def _pongs(foreman: Foreman) -> int:
    return sum(heard.sender == "agent" and heard.kind == "pong" for heard in foreman.stage.frames)
