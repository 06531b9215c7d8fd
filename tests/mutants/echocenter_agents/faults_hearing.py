"""Faults in what an agent fails to hear: odd texts, and JSON in another dress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final

from tests.mutants.echocenter_agents.model import (
    Answer,
    Chat,
    Cue,
    Do,
    Fault,
    Incoming,
    Memory,
    React,
    Step,
)
from tests.mutants.echocenter_agents.replies import echo

__all__ = ["HEARING_FAULTS", "only"]

_bad = partial(Fault, section="3.C Replying to Instructions")
_Test = Callable[[Chat, Memory], bool]


def only(answers: _Test) -> Answer:
    """Answers only the instructions that pass."""

    def answer(to: Chat, memory: Memory) -> Iterable[Step]:
        if answers(to, memory):
            yield from echo(to, memory)

    return answer


def _deaf_to(test: Callable[[str], bool]) -> Answer:
    return only(lambda to, _memory: not test(to.text))


def _payloads() -> Iterator[Fault]:
    for word, summary, test in (
        ("empty", "an empty text", lambda text: text == ""),
        ("huge", "a text of more than 16 KiB", lambda text: len(text) > 16384),
        ("long", "a text of more than 1000 characters", lambda text: len(text) > 1000),
        ("unicode", "a text beyond ASCII", lambda text: not text.isascii()),
        ("astral", "a text with an emoji", lambda text: any(ord(c) > 0xFFFF for c in text)),
        ("newline", "a text of several lines", lambda text: "\n" in text),
        ("quotes", "a text with quotes", lambda text: '"' in text),
        ("backslash", "a text with a backslash", lambda text: "\\" in text),
        ("json", "a text that looks like JSON", lambda text: text[:1] in {"{", "["}),
        ("blank", "a text of spaces", lambda text: text.isspace()),
        ("nul", "a text with a NUL character", lambda text: "\0" in text),
        ("markup", "a text with tags", lambda text: "<" in text),
        ("command", "a text with a slash in front", lambda text: text.startswith("/")),
        ("percent", "a text with a percent sign", lambda text: "%" in text),
    ):
        name, deed = f"chat.ignores.{word}", f"does not answer {summary}"
        implied = word in {"empty", "blank", "nul"}
        answer = _deaf_to(test)
        yield _bad(name=name, summary=deed, answer=answer, implied=implied, cue=Cue.PAYLOADS)
    for word, summary, test in (
        ("empty", "an empty text", lambda text: text == ""),
        ("unicode", "a text beyond ASCII", lambda text: not text.isascii()),
        ("percent", "a text with a percent sign", lambda text: "%" in text),
        ("huge", "a text of more than 16 KiB", lambda text: len(text) > 16384),
    ):
        name, deed = f"chat.dies_of.{word}", f"dies with a traceback of {summary}"
        implied, answer = word == "empty", _dying_of(test)
        yield _bad(name=name, summary=deed, answer=answer, implied=implied, cue=Cue.PAYLOADS)


def _dying_of(test: Callable[[str], bool]) -> Answer:
    def answer(to: Chat, memory: Memory) -> Iterable[Step]:
        if test(to.text):
            yield Do.CRASH
        yield from echo(to, memory)

    return answer


def _frame_needs(test: Callable[[Incoming], bool]) -> React:
    """Instructions that fail the test are lost."""
    return lambda heard, _memory: () if heard.chat is not None and not test(heard) else None


def _text(heard: Incoming) -> str:
    return heard.raw if isinstance(heard.raw, str) else heard.raw.decode(errors="replace")


def _shapes() -> Iterator[Fault]:
    known = {"type", "sender_id", "sender_name", "payload"}
    for word, summary, test in (
        (
            "extra",
            "loses instructions with a field it does not know",
            lambda h: set(h.data) <= known,
        ),
        (
            "order",
            "loses instructions whose type is not first",
            lambda h: next(iter(h.data)) == "type",
        ),
        ("compact", "loses compact JSON", lambda h: '"type": ' in _text(h)),
        ("spaces", "loses indented JSON", lambda h: "\n" not in _text(h)),
        ("escapes", "loses JSON with escapes", lambda h: "\\u" not in _text(h)),
        (
            "integer",
            "loses senders whose id is no integer",
            lambda h: isinstance(h.chat.sender_id, int),
        ),
        ("small", "loses senders whose id is beyond 2**31", _is_small),
    ):
        implied = word in {"extra", "integer", "small"}
        react = _frame_needs(test)
        name = f"chat.needs.{word}"
        yield _bad(name=name, summary=summary, react=react, implied=implied, cue=Cue.SHAPES)


def _is_small(heard: Incoming) -> bool:
    own = heard.chat.sender_id if heard.chat else 0
    return not isinstance(own, int) or own < 1 << 31


HEARING_FAULTS: Final[tuple[Fault, ...]] = (*_payloads(), *_shapes())
