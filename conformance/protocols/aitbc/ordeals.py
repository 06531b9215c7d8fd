"""Answers that an AITBC agent never had: lawful, and odd; whether it goes on asking."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any, cast

from conformance.examiner import Observation
from conformance.fuzz.answers import Answers
from conformance.fuzz.oddities import Oddities
from conformance.fuzz.ordeal import Ordeal
from conformance.stage import Stage
from mockserver.coordinator import Answer, Call

__all__ = ["ROWS", "endure", "pauses_of", "silence_of"]

_FEW = 3
"""Pauses of which a rhythm can be read."""


def _fields(odd: Oddities, said: Answer) -> Any:
    return odd.beside(said.body)


def _one_field(odd: Oddities, said: Answer) -> Any:
    return {odd.member(): odd.value(), **said.body}


def _words(odd: Oddities, said: Answer) -> Any:
    """What tells people something may say anything."""
    return {**said.body, "message": odd.text()} if "message" in said.body else said.body


def _shuffled(odd: Oddities, said: Answer) -> Any:
    return odd.shuffled(said.body)


_KINDS: Mapping[str, tuple[str, Callable[[Oddities, Answer], Any]]] = {
    "odd fields": ("AITBC-AGENT-GEN-014", _fields),
    "an odd field": ("AITBC-AGENT-GEN-014", _one_field),
    "odd words": ("AITBC-AGENT-GEN-016", _words),
    "odd writing": ("AITBC-AGENT-GEN-016", _shuffled),
}

ROWS: Mapping[str, str] = {kind: row for kind, (row, _) in _KINDS.items()}
"""The row that each kind of trial is judged by."""


async def endure(ordeal: Ordeal, stage: Stage, *, silence: float) -> None:
    """Make answers odd until the agent falls silent, for so many seconds, or all is tried."""
    coordinator = stage.session.coordinator
    answers = Answers(coordinator.protocol)
    usual = cast("Callable[[Call], Answer]", coordinator.answer)

    def answer(call: Call) -> Answer:
        said = usual(call)
        if said.status >= 300 or not isinstance(said.body, dict):
            return said
        trial = ordeal.next(stage.mark())
        if trial is None:
            return said
        odd = trial.oddities
        said = answers.kept(call.operation, said, _KINDS[trial.kind][1](odd, said))
        if trial.kind != "odd writing":
            return said
        return replace(said, body=None, raw=odd.written(said.body).encode())

    vars(coordinator)["answer"] = answer
    await stage.until(lambda: stage.entries, stage.pace.launch)
    while stage.running and stage.entries:
        before, over = len(stage.entries), ordeal.over
        came = await stage.until(partial(_more, stage, before), silence or stage.patience)
        if over or (not came and not silence):
            return
        if not came and stage.running:
            ordeal.breaks(f"it asks nothing more for {silence:.1f} s", certain=False)
            return


def _more(stage: Stage, before: int) -> bool:
    return len(stage.entries) > before


def silence_of(normal: Observation) -> float:
    """Seconds of silence that tell something of an agent; 0 where none do, as it speaks seldom."""
    pauses = pauses_of(normal)
    return max(3.0, 4 * max(pauses)) if len(pauses) >= _FEW else 0.0


def pauses_of(seen: Observation) -> list[float]:
    """The seconds between its requests."""
    return [later.real - earlier.real for earlier, later in pairwise(seen.exchanges)]
