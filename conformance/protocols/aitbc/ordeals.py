"""Answers that an AITBC agent never had: lawful, and odd; whether it goes on asking."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import cast

from conformance.examiner import Observation
from conformance.fuzz.oddities import Oddities
from conformance.fuzz.ordeal import Ordeal
from conformance.stage import Stage
from mockserver.coordinator import Answer, Call
from schemas.spec import Protocol
from schemas.validation import Validators

__all__ = ["ROWS", "endure", "pauses_of", "silence_of"]

_FEW = 3
"""Pauses of which a rhythm can be read."""


def _fields(odd: Oddities, said: Answer) -> Answer:
    return replace(said, body=odd.beside(said.body))


def _one_field(odd: Oddities, said: Answer) -> Answer:
    return replace(said, body={odd.member(): odd.value(), **said.body})


def _words(odd: Oddities, said: Answer) -> Answer:
    """What tells people something may say anything."""
    told = {"message": odd.text()} if "message" in said.body else {}
    return replace(said, body={**said.body, **told})


def _writing(odd: Oddities, said: Answer) -> Answer:
    return replace(said, body=None, raw=odd.written(said.body).encode())


_KINDS: Mapping[str, tuple[str, Callable[[Oddities, Answer], Answer]]] = {
    "odd fields": ("AITBC-AGENT-GEN-014", _fields),
    "an odd field": ("AITBC-AGENT-GEN-014", _one_field),
    "odd words": ("AITBC-AGENT-GEN-016", _words),
    "odd writing": ("AITBC-AGENT-GEN-016", _writing),
}

ROWS: Mapping[str, str] = {kind: row for kind, (row, _) in _KINDS.items()}
"""The row that each kind of trial is judged by."""


async def endure(ordeal: Ordeal, stage: Stage, *, protocol: Protocol, silence: float) -> None:
    """Make answers odd until the agent falls silent, for so many seconds, or all is tried."""
    coordinator, validators = stage.session.coordinator, Validators(protocol)
    usual = cast("Callable[[Call], Answer]", coordinator.answer)

    def answer(call: Call) -> Answer:
        said = usual(call)
        if said.status >= 300 or not isinstance(said.body, dict):
            return said
        trial = ordeal.next(stage.mark())
        if trial is None:
            return said
        odd = _KINDS[trial.kind][1](trial.oddities, said)
        shape = validators.at(protocol.operations[call.operation].responses.get(str(said.status)))
        return odd if shape is None or not shape.explain(odd.body or said.body) else said

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
