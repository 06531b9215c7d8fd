"""One agent lives through odd things that nobody wrote down; where it breaks, the fewest of them
that break one launched anew are looked for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from conformance.examiner import Observation
from conformance.fuzz.budget import Budget
from conformance.fuzz.oddities import Oddities

__all__ = ["Course", "Hunt", "Life", "Ordeal", "Trial"]

_MOST = 150
"""Trials of one launch: another agent lives through the next ones."""

_ENOUGH = 0.8
"""The part of the budget after which no other agent is launched for the rest of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One odd thing of a `kind`. All of it follows from `seed`: it can be done again."""

    number: int
    kind: str
    seed: str

    @property
    def oddities(self) -> Oddities:
        """What it consists of; the same each time."""
        return Oddities(Random(self.seed))  # noqa: S311


class Course:
    """All the trials of one check, numbered from 0: `kinds` in turns, each in another order."""

    def __init__(self, kinds: Sequence[str], seed: int) -> None:
        self._kinds = tuple(kinds)
        self._seed = seed
        self.length = len(self._kinds)

    def trial(self, number: int) -> Trial:
        turn, place = divmod(number, len(self._kinds))
        order = Random(f"{self._seed}/{turn}").sample(self._kinds, len(self._kinds))  # noqa: S311
        return Trial(number=number, kind=order[place], seed=f"{self._seed}/{turn}/{place}")


class Ordeal:
    """The trials of one launch: those that are `chosen`, or one after the other from a number on
    until the time is up. `number` is that of the next one.
    """

    def __init__(
        self,
        course: Course,
        budget: Budget,
        *,
        name: str,
        since: int = 0,
        chosen: Sequence[Trial] | None = None,
    ) -> None:
        self.name = name
        self.suffered: list[Trial] = []
        self.marks: list[int] = []
        self.broken = ""
        self.blamed: Trial | None = None
        self.certain = False
        self.number = since
        self._course = course
        self._budget = budget
        self._chosen = chosen

    @property
    def over(self) -> bool:
        """Will there be no other trial?"""
        at = len(self.suffered)
        if self._chosen is not None:
            return bool(self.broken) or at >= len(self._chosen)
        return bool(self.broken) or self._budget.over or at >= _MOST

    def next(self, mark: int, able: Container[str] | None = None) -> Trial | None:
        """The next trial, or nothing where it is over. `mark` is the last entry before it. Kinds
        that can't be tried just now, as they are not among those `able`, are left out.
        """
        if self.over:
            return None
        trial = self._following(able) if self._chosen is None else self._chosen[len(self.suffered)]
        if trial is not None:
            self.suffered.append(trial)
            self.marks.append(mark)
        return trial

    def _following(self, able: Container[str] | None) -> Trial | None:
        for _ in range(2 * self._course.length):
            trial = self._course.trial(self.number)
            self.number += 1
            if able is None or trial.kind in able:
                return trial
        return None

    def several(
        self, count: int, mark: Callable[[], int], able: Container[str] | None = None
    ) -> list[Trial]:
        """So many of the next trials at once, or as many as are left."""
        found: list[Trial] = []
        while len(found) < count and (trial := self.next(mark(), able)) is not None:
            found.append(trial)
        return found

    def breaks(self, what: str, trial: Trial | None = None, *, certain: bool) -> None:
        """The agent breaks over a trial, the last one unless another is named. `certain` says that
        it was seen to; otherwise it merely did nothing for a while.
        """
        if not self.broken and self.suffered:
            self.broken, self.certain = what, certain
            self.blamed = trial or self.suffered[-1]

    def forgive(self) -> None:
        """It can't be told what broke it, as with a machine that was too busy."""
        self.broken, self.blamed = "", None


@dataclass(frozen=True, kw_only=True)
class Life:
    """One launch: its ordeal, and what was seen of the agent."""

    ordeal: Ordeal
    seen: Observation

    @property
    def broken(self) -> str:
        return self.ordeal.broken


Play = Callable[[Ordeal], Awaitable[Observation]]
"""Launches an agent and puts it through an ordeal."""


class Hunt:
    """Looks for the shortest ordeal that breaks an agent, within a budget. `lives` are all that
    were played; `unsure` is what broke one that lived through the same a second time.
    """

    def __init__(self, course: Course, budget: Budget, play: Play) -> None:
        self.lives: list[Life] = []
        self.unsure: Life | None = None
        self._course = course
        self._budget = budget
        self._play = play

    async def shortest(self) -> Life | None:
        """The life with the fewest trials that broke an agent, or nothing."""
        since = 0
        while True:
            life = await self._live(since=since)
            since = life.ordeal.number
            if life.broken:
                return await self._shorten(life)
            if self._budget.spent > _ENOUGH * self._budget.seconds or not life.ordeal.suffered:
                return None

    @property
    def suffered(self) -> Mapping[str, int]:
        """How often each kind of trial was lived through."""
        counts: dict[str, int] = {}
        for life in self.lives:
            for trial in life.ordeal.suffered:
                counts[trial.kind] = counts.get(trial.kind, 0) + 1
        return counts

    async def _shorten(self, life: Life) -> Life | None:
        trials = life.ordeal.suffered
        blamed = life.ordeal.blamed
        assert blamed is not None, "it broke"
        alone = await self._live(chosen=[blamed])
        if alone.broken:
            return alone
        if not life.ordeal.certain:
            again = await self._live(chosen=trials)
            if not again.broken:
                self.unsure = life
                return None
            life = again
        return await self._fewer(life)

    async def _fewer(self, best: Life) -> Life:
        """Leave out halves, quarters and so on, as long as it still breaks."""
        trials = best.ordeal.suffered
        size = len(trials) // 2
        while size and not self._budget.quite_over:
            at = 0
            while at < len(trials) > size and not self._budget.quite_over:
                fewer = trials[:at] + trials[at + size :]
                life = await self._live(chosen=fewer)
                if life.broken:
                    best, trials = life, life.ordeal.suffered
                else:
                    at += size
            size = min(size, len(trials)) // 2
        return best

    async def _live(self, *, since: int = 0, chosen: Sequence[Trial] | None = None) -> Life:
        name = f"generated {len(self.lives) + 1}"
        ordeal = Ordeal(self._course, self._budget, name=name, since=since, chosen=chosen)
        seen = await self._play(ordeal)
        ending = seen.ending
        if ending is not None and ending.broke_down:
            blamed = ordeal.blamed
            ordeal.forgive()  # this tells more than that nothing came any more
            ordeal.breaks(ending.describe(), blamed, certain=True)
        life = Life(ordeal=ordeal, seen=seen)
        self.lives.append(life)
        return life
