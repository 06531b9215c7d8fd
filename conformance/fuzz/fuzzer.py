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
    check's, is told what held in all of them, and of what is broken the shortest case.
    """

    def __init__(self, explorer: Explorer, judge: Judge, target: Target) -> None:
        self.explorer = explorer
        self._judge = judge
        self._target = target

    async def machines(
        self, build: Callable[[Explorer, Case], Machine], *, steps: int = 12
    ) -> None:
        """Let state machines of so many steps run, until one breaks something or the time is up."""
        _tell(await self.explorer.machines(lambda: build(self.explorer, self._case()), steps=steps))

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

        _tell(await self.explorer.values(strategy, judged))

    def _case(self) -> Case:
        return Case(self._judge, self._target)


def _tell(broken: BrokenError | None) -> None:
    if broken is not None:
        broken.tell()
