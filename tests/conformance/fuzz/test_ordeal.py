"""The fewest trials that break an agent, of those that it was put through."""

from __future__ import annotations

import math
from collections.abc import Callable

from conformance.agent_process import Ending
from conformance.examiner import Observation
from conformance.fuzz.budget import Budget
from conformance.fuzz.ordeal import Course, Hunt, Life, Ordeal, Trial

KINDS = ("text", "fields", "twice", "type")
CRASH = Ending(code=1, output="Traceback (most recent call last)", asked=False, stubborn=False)


class Agent:
    """Breaks where what it lived through so far is too much. Time goes on by one with a trial."""

    def __init__(
        self, breaks: Callable[[list[Trial]], bool], *, crashes: bool = False, seconds: float = 60
    ) -> None:
        self.breaks = breaks
        self.crashes = crashes
        self.time = 0.0
        self.launched = 0
        budget = Budget(seconds, lambda: self.time)
        self.hunt = Hunt(Course(KINDS, seed=3), budget, self.live)

    async def live(self, ordeal: Ordeal) -> Observation:
        self.launched += 1
        while (trial := ordeal.next(mark=0)) is not None:
            self.time += 1
            if self.breaks(ordeal.suffered):
                if self.crashes:
                    return Observation(situation="x", entries=(), seconds=0, ending=CRASH)
                ordeal.breaks("it fell silent", trial, certain=False)
        return Observation(situation="x", entries=(), seconds=0)

    async def broken(self) -> list[str] | None:
        found: Life | None = await self.hunt.shortest()
        return None if found is None else [trial.kind for trial in found.ordeal.suffered]


def kinds(trials: list[Trial]) -> list[str]:
    return [trial.kind for trial in trials]


def test_the_same_seed_makes_the_same_trials_each_kind_in_turn() -> None:
    course, again = Course(KINDS, seed=9), Course(KINDS, seed=9)
    trials = [course.trial(number) for number in range(12)]
    assert trials == [again.trial(number) for number in range(12)]
    for turn in range(3):
        assert sorted(kinds(trials[4 * turn : 4 * turn + 4])) == sorted(KINDS)
    assert trials[0].oddities.value() == trials[0].oddities.value()
    assert trials != [Course(KINDS, seed=8).trial(number) for number in range(12)]


async def test_a_sound_agent_lives_until_the_time_is_up() -> None:
    agent = Agent(lambda _: False, seconds=20)
    assert await agent.broken() is None
    assert 16 <= agent.time <= 20
    assert sum(agent.hunt.suffered.values()) == agent.time


async def test_one_trial_that_breaks_it_is_found_alone() -> None:
    agent = Agent(lambda suffered: suffered[-1].kind == "type", crashes=True)
    assert await agent.broken() == ["type"]
    assert agent.launched == 2


async def test_a_sequence_that_breaks_it_is_made_short() -> None:
    agent = Agent(lambda all_: kinds(all_)[-1] == "twice" and "fields" in kinds(all_[:-1]))
    assert await agent.broken() == ["fields", "twice"]


async def test_silence_counts_only_where_it_comes_again() -> None:
    agent = Agent(lambda suffered: agent.launched == 1 and len(suffered) == 5)
    assert await agent.broken() is None
    assert agent.hunt.unsure is not None
    assert agent.launched == 3, "the last trial alone, and then all of them again"


async def test_a_crash_counts_though_it_does_not_come_again() -> None:
    agent = Agent(lambda suffered: agent.launched == 1 and len(suffered) == 5, crashes=True)
    found = await agent.broken()
    assert found is not None
    assert len(found) == 5


async def test_what_breaks_it_late_is_not_made_short_for_ever() -> None:
    agent = Agent(lambda suffered: len(suffered) >= 20, seconds=25)
    found = await agent.broken()
    assert found is not None
    assert len(found) == 20
    assert agent.time <= 2 * 25 + 1 + 20


async def test_an_agent_that_ends_by_itself_is_launched_anew() -> None:
    class Brief(Agent):
        async def live(self, ordeal: Ordeal) -> Observation:
            self.launched += 1
            ordeal.several(3, lambda: 0)
            self.time += 3
            return Observation(situation="x", entries=(), seconds=0)

    agent = Brief(lambda _: False, seconds=30)
    assert await agent.broken() is None
    assert agent.launched >= 8
    numbers = [trial.number for life in agent.hunt.lives for trial in life.ordeal.suffered]
    assert numbers == list(range(len(numbers)))


def test_kinds_that_cannot_be_tried_are_left_out() -> None:
    ordeal = Ordeal(Course(KINDS, seed=1), Budget(math.inf), name="x")
    found = ordeal.several(6, lambda: 0, able={"text", "type"})
    assert set(kinds(found)) == {"text", "type"}
    assert ordeal.next(0, able=()) is None
