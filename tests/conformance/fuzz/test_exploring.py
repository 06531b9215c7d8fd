"""Hypothesis within a budget: it finds, shrinks, ends in time, and draws the same again."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from conformance.fuzz.budget import Budget
from conformance.fuzz.exploring import BrokenError, Explorer


def explorer(seconds: float = 20.0, seed: int = 1) -> Explorer:
    return Explorer(Budget(seconds), Random(seed))


def machine(look: Explorer, limit: int) -> type[RuleBasedStateMachine]:
    class Counter(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.count = 0

        @rule(by=st.integers(1, 9))
        def add(self, by: int) -> None:
            look.ask(self.added(by))

        async def added(self, by: int) -> None:
            await asyncio.sleep(0)
            self.count += by
            if self.count > limit:
                raise BrokenError(f"{self.count} is too much", steps=self.count, tell=lambda: None)

    return Counter


async def test_the_shortest_case_is_found() -> None:
    look = explorer()
    broken = await look.machines(machine(look, limit=10))
    assert broken is not None
    assert broken.steps == 11


async def test_a_right_peer_is_asked_until_the_time_is_up() -> None:
    look = explorer(seconds=0.3)
    assert await look.machines(machine(look, limit=10**9)) is None
    assert look.cases > 1


async def test_values_are_drawn_too() -> None:
    look = explorer()

    async def judged(text: str) -> None:
        if "0" in text:
            raise BrokenError(text, steps=len(text), tell=lambda: None)

    broken = await look.values(st.text("0123456789"), judged)
    assert str(broken) == "0"


async def first_texts(seed: int) -> list[Any]:
    look = explorer(seed=seed)
    texts: list[str] = []

    async def judged(text: str) -> None:
        texts.append(text)
        if len(texts) >= 60:
            raise BrokenError("enough", steps=0, tell=lambda: None)

    await look.values(st.text(), judged)
    return texts[:60]


async def first_steps(seed: int) -> list[Any]:
    look = explorer(seed=seed)
    steps: list[int] = []

    class Steps(RuleBasedStateMachine):
        @rule(number=st.integers(0, 99))
        def step(self, number: int) -> None:
            look.ask(self.stepped(number))

        async def stepped(self, number: int) -> None:
            steps.append(number)
            if len(steps) >= 60:
                raise BrokenError("enough", steps=0, tell=lambda: None)

    await look.machines(Steps)
    return steps[:60]


@pytest.mark.parametrize("first", [first_texts, first_steps])
async def test_the_same_seed_draws_the_same(first: Callable[[int], Awaitable[list[Any]]]) -> None:
    assert await first(1) == await first(1)
    assert await first(1) != await first(2)


async def test_a_fault_of_ours_is_no_finding() -> None:
    look = explorer()

    async def judged(_: int) -> None:
        raise LookupError("a fault of ours")

    with pytest.raises(LookupError, match="a fault of ours"):
        await look.values(st.integers(), judged)


async def test_what_does_not_come_again_counts_all_the_same() -> None:
    look = explorer(seconds=2.0)
    seen: list[int] = []

    async def once(_: int) -> None:
        if not seen:
            seen.append(1)
            raise BrokenError("once", steps=3, tell=lambda: None)

    assert str(await look.values(st.integers(), once)) == "once"


async def test_who_is_cancelled_leaves_no_thread_behind() -> None:
    look = explorer()
    looking = asyncio.ensure_future(look.values(st.integers(), forever))
    await asyncio.sleep(0.05)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    for thread in threading.enumerate():
        if thread.name == "assay-explorer":
            await asyncio.to_thread(thread.join, 30)
            assert not thread.is_alive()


async def forever(_: int) -> None:
    await asyncio.sleep(3600)
