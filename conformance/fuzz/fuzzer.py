"""What a check that generates its cases starts from."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from hypothesis.strategies import SearchStrategy

from conformance.fuzz.case import Case
from conformance.fuzz.exploring import BrokenError, Explorer
from conformance.fuzz.machine import Machine
from conformance.judge import Judge
from conformance.target import Target

__all__ = ["Fuzzer"]

_D = TypeVar("_D")


class Fuzzer:
    """Generates the cases of one check. Each has a judge of its own; `judge`, which is the
    check's, is told what held in all of them, and of each requirement that is broken the shortest
    case that was found.
    """

    def __init__(self, explorer: Explorer, judge: Judge, target: Target) -> None:
        self.explorer = explorer
        self._judge = judge
        self._target = target
        self._known: set[str] = set()

    async def machines(
        self, build: Callable[[Explorer, Case], Machine], *, steps: int = 12
    ) -> None:
        """Let state machines of so many steps run until the time is up, or the peer is gone."""

        def built() -> Machine:
            return build(self.explorer, self._case())

        await self._search(lambda: self.explorer.machines(built, steps=steps))

    async def values(
        self,
        strategy: SearchStrategy[_D],
        act: Callable[[Case, _D], Coroutine[Any, Any, None]],
    ) -> None:
        """The same with values that a strategy draws, and what is done with each of them."""

        async def judged(value: _D) -> None:
            case = self._case()
            try:
                await act(case, value)
                await case.settle(len(repr(value)))
                case.tell()
            finally:
                await case.close()

        await self._search(lambda: self.explorer.values(strategy, judged))

    def _case(self) -> Case:
        return Case(self._judge, self._target, frozenset(self._known))

    async def _search(self, look: Callable[[], Coroutine[Any, Any, BrokenError | None]]) -> None:
        broken = await look()
        while broken is not None:
            broken.tell()
            self._known |= broken.rows
            if broken.last or self.explorer.budget.over:
                return
            broken = await look()
