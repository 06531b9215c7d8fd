"""Events and replies that a script never had: lawful, and odd; whether it goes on calling."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from conformance.examiner import Observation, Situation
from conformance.fuzz.ordeal import Ordeal, Trial
from conformance.protocols.architect.coping import mishap
from conformance.protocols.architect.desk import TAKEN_OVER, Desk, Reply
from conformance.protocols.architect.playbook import Playbook
from conformance.stage import GoneError, Play, Stage

__all__ = ["ROWS", "endure", "look", "taken_over"]

_PAUSE = 0.03
"""Seconds between something odd and the reply behind it, in which a script may go wrong."""

_TICK = 0.005

_AT_ONCE = 4
"""Trials of one reply: some scripts call but a few times."""

_NO_JSON = ("hello", "{", '{"idempotence": "cut', "{'event': 'x'}", "<b>hi</b>", "\u4e2d", "--")


def _event(trial: Trial, **fields: Any) -> str:
    odd = trial.oddities
    name = odd.rng.choice(("event", "type", "kind"))
    said = {**fields, name: f"assay_{odd.text()}", "parameters": {odd.member(): odd.value()}}
    return odd.written(odd.beside(said))


def _strange(trial: Trial) -> str:
    """A reply to somebody else: no token of a script looks like that."""
    odd = trial.oddities
    token = f"nobody's {odd.rng.getrandbits(40):x} {odd.text()}"
    return odd.written(odd.beside({"idempotence": token, "action": "assay_other"}))


def _non_map(trial: Trial) -> str:
    odd = trial.oddities
    return odd.written(odd.rng.choice((odd.text(), odd.number(), None, True, [], [odd.value()])))


def _non_json(trial: Trial) -> str:
    odd = trial.oddities
    return odd.rng.choice(_NO_JSON) + odd.rng.choice(("", " ,", "\n{"))


_BEFORE: Mapping[str, tuple[str, Callable[[Trial], str]]] = {
    "an event": ("ARCH-AGENT-EVENT-001", _event),
    "an event of no token": (
        "ARCH-AGENT-EVENT-002",
        lambda trial: _event(trial, idempotence=None),
    ),
    "no JSON": ("ARCH-AGENT-EVENT-005", _non_json),
    "no map": ("ARCH-AGENT-EVENT-006", _non_map),
    "a strange token": ("ARCH-AGENT-CORR-006", _strange),
}
"""What comes before a reply."""

_AS_REPLY: Mapping[str, str] = {
    "odd fields": "ARCH-AGENT-CORR-012",
    "odd writing": "ARCH-AGENT-WIRE-010",
    "fragments": "ARCH-AGENT-WIRE-008",
    "the same twice": "ARCH-AGENT-CORR-007",
}
"""What is odd in the reply itself."""

ROWS: Mapping[str, str] = {**{kind: row for kind, (row, _) in _BEFORE.items()}, **_AS_REPLY}
"""The row that each kind of trial is judged by."""


async def _try(desk: Desk, reply: Reply, trials: Sequence[Trial]) -> None:
    """Give a reply in which, and before which, so much is odd."""
    for trial in trials:
        if trial.kind in _BEFORE:
            desk.strike(trial.kind, _BEFORE[trial.kind][1](trial), at=reply.connection)
            await asyncio.sleep(_PAUSE)
    by = {trial.kind: trial.oddities for trial in trials if trial.kind in _AS_REPLY}
    said: Mapping[str, Any] = reply.said
    how: dict[str, Any] = {}
    if "odd fields" in by:
        said = _beside(by["odd fields"].beside(said), reply)
    text = by["odd writing"].written(said) if "odd writing" in by else json.dumps(said)
    if "fragments" in by:
        rng = by["fragments"].rng
        how = {"fragments": rng.choice((2, 5, 40)), "pinged": rng.random() < 0.5}
    desk.give(reply, text=text, **how)
    if "the same twice" in by:
        await asyncio.sleep(_PAUSE)
        desk.give(reply)
    for kind in by:
        desk.befall(kind)


def _beside(said: dict[str, Any], reply: Reply) -> dict[str, Any]:
    """A catalogue holds nothing but actions: what were added to it would be one."""
    if reply.catalogue is None:
        return said
    actions = said["parameters"]["actions"]
    kept = {name: entry for name, entry in actions.items() if name in reply.catalogue}
    return {**said, "parameters": {**said["parameters"], "actions": kept}}


async def endure(ordeal: Ordeal, stage: Stage, *, book: Playbook) -> None:
    """Let each reply be a trial until the script is silent, or all are over."""
    desk = Desk(stage, book, ordeal.name)
    desk.hurry()
    try:
        await desk.arrive()
    except GoneError:
        return
    while not ordeal.over and not desk.quiet:
        for reply in desk.fresh():
            await _try(desk, reply, ordeal.several(_AT_ONCE, stage.mark))
        await asyncio.sleep(_TICK)
    await desk.settle()


def look(ordeal: Ordeal, seen: Observation, *, usual: Observation, book: Playbook) -> None:
    """A life is over: did the script live through it, as it lives through a calm one?"""
    strikes = book.of(ordeal.name)
    wrong = mishap(seen, usual, strikes[-1], book) if strikes else ""
    if wrong:
        ordeal.breaks(wrong, certain=False)


def taken_over(name: str, play: Play) -> Situation:
    """A situation in which the mock itself says nothing."""
    return Situation(name=name, faults=[TAKEN_OVER], play=play)
