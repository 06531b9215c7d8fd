"""Hypothesis beside the suite's own loop: it draws in a thread, and what it asks happens here."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import TimeoutError as NotYetError
from contextlib import suppress
from random import Random
from typing import Any, TypeVar

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import FlakyStrategyDefinition
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from hypothesis.strategies import SearchStrategy

from conformance.fuzz.budget import Budget
from conformance.marks import UnjudgeableError

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
    `rows` are the requirements. `last` says that the peer can't be asked any more, so that no
    shorter case can be looked for.
    """

    def __init__(
        self,
        message: str,
        *,
        steps: int,
        tell: Callable[[], None],
        rows: frozenset[str] = frozenset(),
        last: bool = False,
    ) -> None:
        super().__init__(message)
        self.steps = steps
        self.tell = tell
        self.rows = rows
        self.last = last

    def alike(self, other: BrokenError) -> bool:
        """Does it break what another does, or some of it?"""
        return self.rows == other.rows or bool(self.rows & other.rows)


class _EndedError(Exception):
    """The time is up: not a finding."""


class Explorer:
    """Looks for the shortest case that breaks a requirement, within a budget. Where a case can't
    be judged at all, `UnjudgeableError`, the search ends.

    It can be asked again while there is time: for what breaks in another way, say.

    The same seed draws the same cases in the same order; how many of them is a matter of time.
    """

    def __init__(self, budget: Budget, rng: Random) -> None:
        self.budget = budget
        self.cases = 0
        self._rng = rng
        self._loop = asyncio.get_running_loop()
        self._best: BrokenError | None = None
        self._cause: UnjudgeableError | None = None
        self._left = self._ended = False
        self._machine: RuleBasedStateMachine | None = None
        self._script: list[Any] = []

    # What cases use, in the thread that draws them

    def begin(self) -> None:
        """A case begins. Raises where the time for another one is up."""
        if self._over or self._left or self._cause is not None:
            self._ended = True
            raise _EndedError
        self.cases += 1

    @property
    def _over(self) -> bool:
        if self._best is None:
            return self.cases > 0 and self.budget.over  # one there is, however slow the machine
        return self._best.last or self.budget.quite_over

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
            except UnjudgeableError as error:
                self._cause = self._cause or error
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
            self._machine = build()
            return self._machine

        def play(seed: int) -> None:
            factory: Any = hypothesis.seed(seed)(begun)
            try:
                run_state_machine_as_test(factory, settings=_settings(steps, Phase.generate))
            finally:
                if self._script:
                    self._shorten(begun)

        return await self._rounds(play)

    async def values(
        self, strategy: SearchStrategy[_D], judge: Callable[[_D], Coroutine[Any, Any, None]]
    ) -> BrokenError | None:
        """The same with values that a strategy draws, each of them judged on the suite's loop."""

        def play(seed: int) -> None:
            @hypothesis.seed(seed)
            @_settings(1, Phase.generate, Phase.shrink)
            @hypothesis.given(strategy)
            def test(value: _D) -> None:
                self.begin()
                self.ask(judge(value))

            test()

        return await self._rounds(play)

    async def _rounds(self, play: Callable[[int], None]) -> BrokenError | None:
        ended: asyncio.Future[None] = self._loop.create_future()
        self._best, self._left, self._ended = None, False, False
        self._machine, self._script = None, []

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
        while self._best is None and not self._over and not self._left:
            try:
                play(self._rng.getrandbits(64))
            except FlakyStrategyDefinition:
                continue  # what can be done next may hang on answers: another round has other cases
            except Exception as error:  # noqa: BLE001  # Hypothesis wraps what it could not repeat
                if self._best is None and self._cause is not None:
                    return self._cause
                return None if self._best is not None or self._ended else error
        return None

    def _shorten(self, begun: Callable[[], Any]) -> None:
        """Leave steps out as long as it breaks all the same: fewer and fewer at once. It takes far
        fewer cases than Hypothesis, which knows nothing of steps.
        """
        together = max(1, len(self._script) // 2)
        while together:
            at = 0
            while at < len(self._script):
                kept = self._script
                self._replayed(begun, [*kept[:at], *kept[at + together :]])
                at += together if self._script is kept else 0
            together //= 2

    def _replayed(self, begun: Callable[[], Any], script: list[Any]) -> None:
        with suppress(BrokenError, UnjudgeableError):
            begun().replay(script)

    def _keep(self, broken: BrokenError) -> None:
        """The shortest counts, even where the peer does not show it a second time; of two that
        are alike the later, as Hypothesis goes on with what is simpler alone. What breaks before
        anything was done is what an earlier finding left behind, and what breaks something else
        is another finding.
        """
        best = self._best
        if best is None or (broken.alike(best) and 0 < broken.steps <= best.steps):
            self._best = broken
            self._script = list(getattr(self._machine, "played", ()))


def _settings(steps: int, *phases: Phase) -> settings:
    return settings(
        max_examples=_EXAMPLES,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )
