"""What comes of an answer, or of a message, that faults strike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from mockserver.coordinator import Answer
from mockserver.faults.bodies import UNHEARD_OF, garbled, spoiled
from mockserver.faults.kinds import Place
from mockserver.faults.manner import Manner, manner_of
from mockserver.faults.plan import Stroke, in_order
from mockserver.json_text import write_json

__all__ = ["Scene", "Struck", "StruckMessage", "strike_answer", "strike_message"]


_Value = TypeVar("_Value")


class Scene(NamedTuple):
    """Where an answer is struck. `done` are faults that did their work before there was an answer;
    `previous` is the answer before it, where there was one; `encode` writes what a procedure
    answers, and raises `ValueError` for what it cannot.
    """

    place: Place
    done: Sequence[Stroke]
    previous: Callable[[], Answer | None]
    encode: Callable[[Any], bytes]


class Struck(NamedTuple):
    """What is left of an answer: `body` as the transcript shows it, `wired` as it goes out.
    `faults` are those that found something to strike, in the order in which they were planned.
    """

    answer: Answer
    body: bytes
    wired: bytes
    manner: Manner
    faults: tuple[str, ...]


class StruckMessage(NamedTuple):
    """The same of a message."""

    data: bytes
    manner: Manner
    faults: tuple[str, ...]


def strike_answer(answer: Answer, strokes: Sequence[Stroke], scene: Scene) -> Struck:
    """Have `strokes` strike an answer, in the order of their kinds."""

    def replay(was: Answer, stroke: Stroke) -> Answer:
        return (scene.previous() or was) if stroke.kind == "stale" else was

    answer, landed = _struck(answer, strokes, replay)
    refused = scene.place == "grpc" and answer.status >= 300
    if scene.place == "grpc" and not refused and answer.raw is None:
        answer, body, wired, more = _message_of_procedure(answer, strokes, scene.encode)
        landed += more
    else:
        if answer.raw is None and not refused:  # of a refusal only code and reason go out
            said, more = _spoiled(answer.body, strokes)
            answer = replace(answer, body=said)
            landed += more
        body = wired = write_json(answer.body) if answer.raw is None else answer.raw
    promised = 0
    if scene.place == "http":
        wired, promised, more = _garbled(wired, strokes, "http")
        body = wired
        landed += more
    manner, carried = manner_of(strokes)
    told = _told(strokes, [*scene.done, *landed, *carried])
    return Struck(answer, body, wired, manner._replace(promised=promised), told)


def strike_message(said: Any, strokes: Sequence[Stroke], correlation: str) -> StruckMessage:
    """Have `strokes` strike a message, in the order of their kinds. `correlation` points to the id
    in it that answers to another message, where the document names one.
    """
    said, landed = _spoiled(said, strokes, correlation)
    data, promised, more = _garbled(write_json(said), strokes, "websocket")
    manner, carried = manner_of(strokes)
    told = _told(strokes, [*landed, *more, *carried])
    return StruckMessage(data, manner._replace(promised=promised), told)


def _message_of_procedure(
    answer: Answer, strokes: Sequence[Stroke], encode: Callable[[Any], bytes]
) -> tuple[Answer, bytes, bytes, list[Stroke]]:
    def fits(said: Any) -> bool:
        try:
            encode(said)
        except ValueError:
            return False
        return True

    said, landed = _spoiled(answer.body, strokes, fits=fits)
    wired = encode(said)
    if any(stroke.kind == "extra" for stroke in landed):
        wired += UNHEARD_OF
    sent, _, more = _garbled(wired, strokes, "grpc")
    body = sent if more else write_json(said)
    return replace(answer, body=said), body, sent, [*landed, *more]


def _spoiled(
    said: Any,
    strokes: Sequence[Stroke],
    correlation: str = "",
    fits: Callable[[Any], bool] | None = None,
) -> tuple[Any, list[Stroke]]:
    def change(was: Any, stroke: Stroke) -> Any:
        changed = spoiled(was, stroke, correlation, fits)
        if fits is not None and not fits(changed):
            raise LookupError("its type can hold no such value")
        return changed

    return _struck(said, strokes, change)


def _garbled(
    data: bytes, strokes: Sequence[Stroke], place: Place
) -> tuple[bytes, int, list[Stroke]]:
    """What goes out, how many bytes are promised (0: just those), and what struck."""
    cuts = [stroke for stroke in strokes if stroke.kind == "truncate"]
    others = [stroke for stroke in strokes if stroke.kind != "truncate"]
    whole, landed = _struck(data, others, lambda was, stroke: garbled(was, stroke, place))
    kept, cut = _struck(whole, cuts, lambda was, stroke: garbled(was, stroke, place))
    return kept, len(whole) if cut else 0, [*landed, *cut]


def _struck(
    value: _Value, strokes: Sequence[Stroke], change: Callable[[_Value, Stroke], _Value]
) -> tuple[_Value, list[Stroke]]:
    """A value once each stroke has changed it, and those that found something to change."""
    landed = []
    for stroke in in_order(strokes):
        try:
            changed = change(value, stroke)
        except LookupError:
            continue
        if changed is not value:
            landed.append(stroke)
        value = changed
    return value, landed


def _told(strokes: Sequence[Stroke], landed: Sequence[Stroke]) -> tuple[str, ...]:
    return tuple([stroke.kind for stroke in strokes if stroke in landed])
