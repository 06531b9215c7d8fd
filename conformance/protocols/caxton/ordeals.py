"""Answers and events that a client of caxton never had: lawful, and odd; whether it goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from conformance.examiner import Observation
from conformance.fuzz.answers import Answers
from conformance.fuzz.oddities import Oddities
from conformance.fuzz.ordeal import Ordeal, Trial
from conformance.protocols.caxton.bearing import trouble
from conformance.protocols.caxton.keeper import Keeper, Serve, plain
from conformance.protocols.caxton.notes import Notebook
from conformance.protocols.caxton.odd import ODD_ANSWERS
from conformance.protocols.caxton.seeds import crowd
from conformance.stage import GoneError, Stage
from mockserver.coordinator import Answer, Call, Later

__all__ = ["ROWS", "endure", "look"]

_FREE = ("content", "requirements", "metadata", "payload", "result", "details")
"""What holds names of its own, which say something to somebody."""

_EVENTS: tuple[Mapping[str, Any], ...] = (
    {"type": "agent.deployed", "agent_id": "agent-of-old", "timestamp": "2026-03-09T08:07:06Z"},
    {"type": "task.completed", "task_id": "task-of-old", "agent_id": "a", "result": "success"},
    {"type": "system.alert", "severity": "warning", "message": "The disk is nearly full"},
)

_TYPES = ("agent.hibernated", "weather.report", "x", "", " ", "\u4e2d.\u6587", "AGENT-DEPLOYED")

_NO_JSON = ("hello", "{", '{"type": "agent.deployed"', "{'type': 'x'}", "<b>hi</b>", "")


# Answers

_ANSWERS: Mapping[str, str] = {
    "odd fields": "CAXTON-AGENT-LIFE-003",
    "unknown states": "CAXTON-AGENT-LIFE-004",
    "other times": "CAXTON-AGENT-LIFE-011",
}


def _odd(answers: Answers, trial: Trial, call: Call, said: Answer) -> Answer | Later:
    if trial.kind in ODD_ANSWERS:
        return ODD_ANSWERS[trial.kind]()(call, lambda _: said)
    return answers.beside(call.operation, said, trial.oddities, _FREE)


# Events


def _odd_event(odd: Oddities) -> str:
    return odd.written(odd.beside(odd.rng.choice(_EVENTS)))


def _other_type(odd: Oddities) -> str:
    return odd.written(odd.beside({"type": odd.rng.choice(_TYPES), "agent_id": odd.value()}))


def _no_event(odd: Oddities) -> str:
    said = odd.rng.choice((odd.text(), odd.number(), None, True, [], [odd.value()]))
    return odd.rng.choice((odd.written(said), odd.rng.choice(_NO_JSON)))


_HEARD: Mapping[str, tuple[str, Callable[[Oddities], str]]] = {
    "an odd event": ("CAXTON-AGENT-SOCK-017", _odd_event),
    "another type": ("CAXTON-AGENT-SOCK-017", _other_type),
    "no event": ("CAXTON-AGENT-SOCK-019", _no_event),
    "fragments": ("CAXTON-AGENT-WIRE-017", lambda odd: json.dumps(odd.rng.choice(_EVENTS))),
    "the same twice": ("CAXTON-AGENT-SOCK-016", _odd_event),
}

ROWS: Mapping[str, str] = {
    **_ANSWERS,
    **{kind: row for kind, (row, _) in _HEARD.items()},
}
"""The row that each kind of trial is judged by."""


def _say(stage: Stage, trial: Trial) -> None:
    odd = trial.oddities
    data = _HEARD[trial.kind][1](odd).encode()
    pieces = odd.rng.choice((2, 3, 9)) if trial.kind == "fragments" else 1
    for _ in range(2 if trial.kind == "the same twice" else 1):
        stage.inject(data, fragments=pieces, pinged=pieces > 2)


async def endure(ordeal: Ordeal, stage: Stage, *, book: Notebook) -> None:
    """Let each answer be a trial, or say something behind it, until the client stands still or all
    are over.
    """
    keeper, answers = Keeper(stage, book, ordeal.name), Answers(stage.session.coordinator.protocol)

    def edit(call: Call, /, serve: Serve) -> Answer | Later:
        said = serve(call)
        found = None if "." in call.operation else plain(said)
        lawful = found is not None and isinstance(found.body, dict)
        able = [*(_ANSWERS if lawful else ()), *(_HEARD if stage.session.lines else ())]
        trial = ordeal.next(stage.mark(), able)
        if trial is None:
            return said
        keeper.befall(trial.kind)
        if trial.kind in _ANSWERS and found is not None:
            return _odd(answers, trial, call, found)
        if trial.kind in _HEARD:
            _say(stage, trial)
        return said

    async with keeper:
        crowd(keeper, 2)
        keeper.edits.append(edit)
        try:
            await keeper.arrive()
        except GoneError:
            return
        lives = True
        while lives and stage.running and not ordeal.over:
            lives = await keeper.lively(1)
        if lives:
            await keeper.lively(2)


def look(ordeal: Ordeal, seen: Observation, *, normal: Observation, book: Notebook) -> None:
    """A life is over: did the client live through it? One that had asked for more until its normal
    life was ended, or much more, can't have done its work.
    """
    notes, ended = book.of(ordeal.name), seen.ending is not None and not seen.ending.asked
    done = ended and seen.ending is not None and seen.ending.code == 0
    if notes.excuse or (done and len(seen.exchanges) > len(normal.exchanges) / 2):
        return
    wrong = trouble(seen, normal, book, notes, may_leave=False)
    if wrong:
        ordeal.breaks(wrong, certain=ended)
