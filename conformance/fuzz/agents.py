"""Puts an agent through generated trials, and tells what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from random import Random

from conformance.examiner import Examiner, Observation, Situation
from conformance.exchange import Exchange, of_transcript
from conformance.frames import Frame
from conformance.fuzz.budget import Budget
from conformance.fuzz.ordeal import Course, Hunt, Life, Ordeal
from conformance.judge import Judge
from conformance.stage import Play, Stage
from mockserver.transcript import HttpExchange

__all__ = ["Trials", "stays"]

_SHOWN, _TRIALS_SHOWN = 12, 4
"""Entries that a finding shows, and trials of which it shows any, the last ones."""

Endured = Callable[[Ordeal, Stage], Awaitable[None]]
"""Plays the trials of an ordeal to an agent, and says where it breaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """Generated trials for the agent of one check, within its share of the seconds."""

    examiner: Examiner
    judge: Judge
    rng: Random
    budget: Budget

    async def put_through(
        self,
        rows: Mapping[str, str],
        play: Endured,
        *,
        situation: Callable[[str, Play], Situation] = lambda name, play: Situation(
            name=name, play=play
        ),
        after: Callable[[Ordeal, Observation], None] = lambda _ordeal, _seen: None,
    ) -> Hunt:
        """Have the agent live through trials of the kinds in `rows`, each of which is judged by its
        requirement; whatever it says meanwhile is judged as ever. `after` is shown each life once
        it is over. Raises `UnjudgeableError` for an agent that we cannot launch.
        """
        judge = self.judge

        async def live(ordeal: Ordeal) -> Observation:
            async def trials(stage: Stage) -> None:
                await play(ordeal, stage)

            seen = await self.examiner.launch(situation(ordeal.name, trials))
            after(ordeal, seen)
            return seen

        hunt = Hunt(Course(list(rows), self.rng.getrandbits(32)), self.budget, live)
        found = await hunt.shortest()
        for life in hunt.lives:
            _see(judge, life.seen)
        for kind in hunt.suffered:
            if found is None and hunt.unsure is None:
                judge.holds(rows[kind], True, "")
        if found is not None:
            judge.holds(_row(judge, found, rows), False, _told(found), *_shown(found))
        elif hunt.unsure is not None:
            what = f"{hunt.unsure.broken}; when the same was said again, it lived on"
            judge.inconclusive(_row(judge, hunt.unsure, rows), what)
        return hunt


def _row(judge: Judge, life: Life, rows: Mapping[str, str]) -> str:
    """The requirement that was broken. Where several may have been, the one that weighs least: more
    has not been seen.
    """
    suffered = [rows[trial.kind] for trial in reversed(life.ordeal.suffered)]
    counted = [row for row in suffered if row in judge.book.requirements]
    lighter = [row for row in counted if judge.book.broken(row) != "fail"]
    return [*lighter, *counted, *suffered][0]


def stays(ordeal: Ordeal, seen: Observation) -> None:
    """An agent that has no reason to end breaks where it does."""
    if seen.ending is not None and not seen.ending.asked:
        what, blamed = seen.ending.describe(), ordeal.blamed
        ordeal.forgive()
        ordeal.breaks(what, blamed, certain=True)


def _see(judge: Judge, seen: Observation) -> None:
    """Judge all that it said by the schemas of their places and the general rules."""
    for heard in seen.exchanges:
        judge.see_request(heard)
    for channel in judge.book.protocol.channels.values():
        for said in seen.frames:
            if said.sender == "agent" and said.kind in ("text", "binary"):
                (frame,) = seen.shown(said)
                judge.see_frame(frame, channel)


def _told(life: Life) -> str:
    trials = life.ordeal.suffered
    kinds = ", ".join(dict.fromkeys(trial.kind for trial in trials[-_TRIALS_SHOWN:]))
    if len(trials) == 1:
        return f"after one generated message ({kinds}): {life.broken}"
    return f"after {len(trials)} generated messages (at last {kinds}): {life.broken}"


def _shown(life: Life) -> list[Exchange | Frame]:
    """What was said from the trials on, the last few of them."""
    since = life.ordeal.marks[-_TRIALS_SHOWN:][0]
    later = [entry for entry in life.seen.entries if entry.number > since]
    shown: list[Exchange | Frame] = []
    for entry in later[:_SHOWN]:
        if isinstance(entry, HttpExchange):
            shown.append(of_transcript(entry))
        else:
            shown += life.seen.shown(entry)
    return shown
