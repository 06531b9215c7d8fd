"""Hypothesis beside the suite's own loop: it draws in a thread, and what it asks happens here."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import TimeoutError as NotYetError
from random import Random
from typing import Any, TypeVar

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from hypothesis.strategies import SearchStrategy

from conformance.fuzz.budget import Budget

__all__ = ["BrokenError", "Explorer"]

_T = TypeVar("_T")
_D = TypeVar("_D")

_EXAMPLES = 25
"""Cases of one round. Each round has a seed of its own; the time is looked at before each case, as
Hypothesis itself knows none.
"""


class BrokenError(AssertionError):
    """Raised by a case in which the peer broke a requirement: Hypothesis then makes it shorter.

    `steps` is how much was said until then; `tell` tells the check's own judge what was found.
    """

    def __init__(self, message: str, *, steps: int, tell: Callable[[], None]) -> None:
        super().__init__(message)
        self.steps = steps
        self.tell = tell


class _EndedError(Exception):
    """The time is up: not a finding."""


class Explorer:
    """Looks for the shortest case that breaks a requirement, within a budget.

    The same seed draws the same cases in the same order; how many of them is a matter of time.
    """

    def __init__(self, budget: Budget, rng: Random) -> None:
        self.budget = budget
        self.cases = 0
        self._rng = rng
        self._loop = asyncio.get_running_loop()
        self._best: BrokenError | None = None
        self._left = self._ended = False

    # What cases use, in the thread that draws them

    def begin(self) -> None:
        """A case begins. Raises where the time for another one is up."""
        over = self.budget.over if self._best is None else self.budget.shrunk
        if over or self._left:
            self._ended = True
            raise _EndedError
        self.cases += 1

    def ask(self, question: Coroutine[Any, Any, _T]) -> _T:
        """Have the suite's loop answer. Raises what `question` raises; what it finds is kept."""
        asked = asyncio.run_coroutine_threadsafe(question, self._loop)
        while True:
            try:
                return asked.result(timeout=1.0)
            except NotYetError:
                if self._left:
                    self._ended = True
                    raise _EndedError from None
                if asked.done():
                    raise
            except BrokenError as broken:
                self._keep(broken)
                raise

    # What checks use, on the suite's loop

    async def machines(
        self, build: Callable[[], RuleBasedStateMachine], *, steps: int = 12
    ) -> BrokenError | None:
        """Let state machines run, each of so many steps, until one breaks something or the time is
        up: the shortest case that was found, told to nobody yet, or nothing.
        """

        def begun() -> RuleBasedStateMachine:
            self.begin()
            return build()

        def play(seed: int) -> None:
            factory: Any = hypothesis.seed(seed)(begun)
            run_state_machine_as_test(factory, settings=_settings(steps))

        return await self._rounds(play)

    async def values(
        self, strategy: SearchStrategy[_D], judge: Callable[[_D], Coroutine[Any, Any, None]]
    ) -> BrokenError | None:
        """The same with values that a strategy draws, each of them judged on the suite's loop."""

        def play(seed: int) -> None:
            @hypothesis.seed(seed)
            @_settings(1)
            @hypothesis.given(strategy)
            def test(value: _D) -> None:
                self.begin()
                self.ask(judge(value))

            test()

        return await self._rounds(play)

    async def _rounds(self, play: Callable[[int], None]) -> BrokenError | None:
        ended: asyncio.Future[None] = self._loop.create_future()

        def tell(error: Exception | None) -> None:
            if ended.done():
                return
            ended.set_result(None) if error is None else ended.set_exception(error)

        def work() -> None:
            error = self._explore(play)
            if not self._left:
                self._loop.call_soon_threadsafe(tell, error)

        threading.Thread(target=work, name="assay-explorer", daemon=True).start()
        try:
            await ended
        finally:
            self._left = True
        return self._best

    def _explore(self, play: Callable[[int], None]) -> Exception | None:
        """Round after round: what went wrong that is no finding."""
        while self._best is None and not self.budget.over and not self._left:
            try:
                play(self._rng.getrandbits(64))
            except Exception as error:  # noqa: BLE001  # Hypothesis wraps what it could not repeat
                return None if self._best is not None or self._ended else error
        return None

    def _keep(self, broken: BrokenError) -> None:
        """The shortest counts, even where the peer does not show it a second time."""
        if self._best is None or broken.steps < self._best.steps:
            self._best = broken


def _settings(steps: int) -> settings:
    return settings(
        max_examples=_EXAMPLES,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
