"""A machine's case: judged step by step, told only where it is the shortest, and in whole."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from itertools import count
from random import Random
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition

from conformance.fuzz.budget import Budget
from conformance.fuzz.case import Case
from conformance.fuzz.exploring import Explorer
from conformance.fuzz.fuzzer import Fuzzer
from conformance.fuzz.machine import Machine, step
from conformance.judge import Judge
from conformance.marks import UnjudgeableError
from conformance.target import Target
from conformance.witness import Rulebook
from schemas import load, load_requirements

ROW, OTHER = "ECHO-CONN-001", "ECHO-CONN-002"


def judge() -> Judge:
    protocol = load("echocenter")
    return Judge(
        "check", [ROW, OTHER], Rulebook(protocol, load_requirements(protocol), strict=False)
    )


@pytest.fixture
async def living() -> AsyncIterator[Target]:
    """Somebody who takes connections: a search ends where a peer does not any more."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield Target().with_url(f"http://127.0.0.1:{port}")
    server.close()


def fuzzer(judge: Judge, target: Target, cases: int = 150) -> Fuzzer:
    """By a clock on which each look at it takes a second, so that no machine is too slow."""
    clock = count()
    return Fuzzer(Explorer(Budget(cases, lambda: next(clock)), Random(1)), judge, target)


class Counter(Machine):
    """Counts, and holds a peer to it that no count is above ten."""

    count = 0
    ended = 0

    async def begin(self) -> None:
        self.case.judge.holds(OTHER, True, "")

    @step(by=st.integers(1, 9))
    async def add(self, by: int) -> None:
        self.count += by
        self.case.judge.holds(ROW, self.count <= 10, "too much")

    @precondition(lambda self: self.count > 0)
    @step()
    async def clear(self) -> None:
        self.count = 0


async def test_the_shortest_case_is_told_with_its_steps(living: Target) -> None:
    told = judge()
    await fuzzer(told, living).machines(Counter)
    (wrong,) = [each for each in told.findings() if each.verdict == "fail"]
    assert wrong.requirement == ROW
    assert re.fullmatch(r"too much \(after: add\(by=\d\); add\(by=\d\)\)", wrong.message)


async def test_what_held_is_told_where_nothing_is_broken(living: Target) -> None:
    class Modest(Counter):
        @step()
        async def add(self) -> None:
            self.case.judge.holds(ROW, True, "")

    told = judge()
    await fuzzer(told, living, cases=5).machines(Modest)
    assert {(each.requirement, each.verdict) for each in told.findings()} == {
        (ROW, "pass"),
        (OTHER, "pass"),
    }


async def test_the_end_is_judged_and_everything_is_tidied_up(living: Target) -> None:
    begun: list[Counter] = []
    tidied: list[Counter] = []

    class AtTheEnd(Counter):
        async def begin(self) -> None:
            begun.append(self)

        @step()
        async def add(self) -> None:
            self.count += 1

        async def end(self) -> None:
            self.case.judge.holds(ROW, self.count < 3, "three")

        async def tidy(self) -> None:
            tidied.append(self)

    told = judge()
    await fuzzer(told, living).machines(AtTheEnd)
    (wrong,) = [each for each in told.findings() if each.verdict == "fail"]
    assert wrong.message == "three (after: add(); add(); add())"
    assert begun == tidied


async def test_who_cannot_be_judged_ends_the_search(living: Target) -> None:
    tries: list[int] = []

    class Nobody(Counter):
        async def begin(self) -> None:
            tries.append(1)
            raise UnjudgeableError("nobody is there")

    with pytest.raises(UnjudgeableError, match="nobody is there"):
        await fuzzer(judge(), living).machines(Nobody)
    assert len(tries) == 1


async def test_what_an_earlier_case_left_behind_is_not_the_shortest(living: Target) -> None:
    """A peer that is broken for good from its third step on."""
    steps: list[int] = []

    class Lasting(Counter):
        async def begin(self) -> None:
            self.case.judge.holds(OTHER, len(steps) < 3, "broken for good")

        @step()
        async def add(self) -> None:
            steps.append(1)
            self.case.judge.holds(ROW, len(steps) < 3, "too much")

    told = judge()
    await fuzzer(told, living).machines(Lasting)
    wrong = [each.message for each in told.findings() if each.verdict == "fail"]
    assert wrong[0].startswith("too much")


async def test_a_drawn_value_is_judged_in_a_case_of_its_own(living: Target) -> None:
    async def small(case: Case, value: Any) -> None:
        case.judge.holds(ROW, value < 100, f"{value} is too much")

    told = judge()
    await fuzzer(told, living).values(st.integers(0, 10_000), small)
    (wrong,) = [each for each in told.findings() if each.verdict == "fail"]
    assert wrong.message == "100 is too much"


async def test_a_peer_that_is_gone_ends_the_search() -> None:
    target = Target().with_url("http://127.0.0.1:9")
    told = judge()
    looking = fuzzer(told, target)
    await looking.machines(Counter)
    assert [each.requirement for each in told.findings() if each.verdict == "fail"] == [ROW]
    assert not looking.explorer.budget.over


async def test_what_breaks_in_another_way_is_looked_for_too(living: Target) -> None:
    class Twice(Counter):
        @step()
        async def clear(self) -> None:
            self.case.judge.holds(OTHER, False, "not to be cleared")

    told = judge()
    await fuzzer(told, living, cases=60).machines(Twice)
    wrong = {each.requirement for each in told.findings() if each.verdict == "fail"}
    assert wrong == {ROW, OTHER}


async def test_a_shorter_case_of_something_else_does_not_take_its_place(living: Target) -> None:
    class Both(Counter):
        @step()
        async def clear(self) -> None:
            self.case.judge.holds(OTHER, self.count == 0, "not to be cleared now")

    told = judge()
    await fuzzer(told, living).machines(Both)
    wrong = {each.requirement: each.message for each in told.findings() if each.verdict == "fail"}
    assert wrong[ROW].count("add(") == 2
    assert wrong[OTHER].endswith("clear())")
