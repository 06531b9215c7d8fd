"""A scenario as a situation of an agent: the examiner plays it like any other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from conformance.examiner import Situation
from conformance.scenario.judging import Part
from conformance.scenario.values import of_start
from conformance.stage import Play, Stage
from mockserver.scenario.acts import Finished, Word
from mockserver.scenario.flow import Flow
from mockserver.scenario.inputs import given, given_by_name, supplied
from mockserver.scenario.script import Script
from schemas.spec import Role

__all__ = ["Played", "situation_of"]

_TICK = 0.01
"""Seconds between two looks at what the agent did."""

_LAUNCH = 8.0
"""Seconds that a process may take until its first word: several start at the same time."""


class Played:
    """What came of each scenario that was played, by the name of its situation."""

    def __init__(self, roles: Mapping[str, Role], inputs: Mapping[str, Any]) -> None:
        self.roles = roles
        self.inputs = inputs
        self._scripts: dict[str, Script] = {}

    def keep(self, name: str, script: Script) -> None:
        self._scripts[name] = script

    def words(self, name: str) -> list[Word]:
        return list(self._scripts[name].words) if name in self._scripts else []

    def others(self, name: str) -> frozenset[int]:
        """The numbers of the requests that others made than the agent that is examined."""
        return frozenset(self._scripts[name].others) if name in self._scripts else frozenset()

    def unlawful(self, name: str) -> set[int]:
        """The numbers of the entries that were to break the protocol."""
        return self._scripts[name].unlawful if name in self._scripts else set()

    def finished(self, name: str) -> Finished | None:
        return self._scripts[name].finished if name in self._scripts else None


def situation_of(part: Part, played: Played) -> Situation:
    """Raises `InputError` where an input is given that the workflow does not have."""
    return Situation(name=part.name, play=_play(part, played))


def _play(part: Part, played: Played) -> Play:
    async def play(stage: Stage) -> None:
        known = of_start(stage.values)
        said = given_by_name(part.workflow, played.inputs)
        inputs = given(part.workflow, "backward", said, known, lambda text: text)
        flow = Flow(
            part.scenario,
            part.workflow.key,
            direction="backward",
            inputs=inputs,
            roles=played.roles,
            inputs_of=supplied("backward", known),
        )
        script = Script(stage.mock.mock, stage.session, flow, part.workflow, time.monotonic)
        played.keep(part.name, script)
        stage.session.script = script
        script.begin()
        try:
            await _live(stage, script)
        finally:
            # A scenario that is asked for says what is owed. In the suite no document limits the
            # time, and the checks that are about the row know how long an agent may take.
            script.give_up(stage.patience, owed=bool(part.row))
            stage.session.script = None

    return play


async def _live(stage: Stage, script: Script) -> None:
    """Until it is over; each step is waited for as long as the patience lasts, the first word of
    all for longer, and a wait of the scenario's own as long as it takes.
    """
    last = time.monotonic()
    progress = script.progress
    patience = max(_LAUNCH, 2 * stage.patience)
    while script.finished is None and stage.running:
        script.tick()
        if script.progress != progress or script.is_held:
            progress, last = script.progress, time.monotonic()
        if time.monotonic() - last > patience:
            return
        if script.heard and patience != stage.patience:
            patience, last = stage.patience, time.monotonic()
        await asyncio.sleep(_TICK)
