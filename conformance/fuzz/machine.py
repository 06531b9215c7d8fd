"""State machines over one peer: steps in any order, each judged on the suite's own loop."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import wraps
from typing import Any

from hypothesis.stateful import RULE_MARKER, RuleBasedStateMachine, initialize, rule
from hypothesis.strategies import SearchStrategy

from conformance.fuzz.case import Case
from conformance.fuzz.exploring import Explorer
from conformance.marks import UnjudgeableError

__all__ = ["Machine", "step"]

_LONGEST = 60
"""Characters of a drawn value that the story of a case keeps."""

_Step = Callable[..., Coroutine[Any, Any, None]]


def step(**drawn: SearchStrategy[Any]) -> Callable[[_Step], Any]:
    """Marks what a machine can do next, with what is drawn for it: a coroutine function of
    `Machine`. Hypothesis's `precondition` goes above it.
    """

    def mark(act: _Step) -> Any:
        @wraps(act)
        def run(self: Machine, **values: Any) -> None:
            self.played.append((act.__name__, values))
            told = ", ".join(f"{name}={_short(value)}" for name, value in values.items())
            self.perform(f"{act.__name__}({told})", act(self, **values))

        ruled: Any = rule  # whose types know no arguments by name
        return ruled(**drawn)(run)

    return mark


class Machine(RuleBasedStateMachine):
    """One case: a beginning, some steps in any order, and the end, where what is owed until then
    is judged. A subclass keeps a model of what the document promises, and never waits for more.

    `played` is what was done: the names of the steps, and what was drawn for them.
    """

    def __init__(self, explorer: Explorer, case: Case) -> None:
        super().__init__()
        self.case = case
        self.played: list[tuple[str, dict[str, Any]]] = []
        self._explorer = explorer
        self._running = False

    async def begin(self) -> None:
        """What stands before the first step."""

    async def end(self) -> None:
        """What is judged after the last one. Not called where something was broken before."""

    async def tidy(self) -> None:
        """Clean up, whatever came of it."""

    def perform(self, words: str, act: Coroutine[Any, Any, None]) -> None:
        """Do one thing and judge it. Raises `BrokenError` and what `act` raises."""
        self._running = False
        self._explorer.ask(self._judged(words, act))
        self._running = True

    def replay(self, script: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Do these steps, but for those that can't be done now. Raises what they raise."""
        try:
            self._begin()
            for name, values in script:
                if self._can(name):
                    getattr(self, name)(**values)
        finally:
            self.teardown()

    def _can(self, name: str) -> bool:
        known = getattr(getattr(type(self), name), RULE_MARKER)
        return all(condition(self) for condition in known.preconditions)

    @initialize()
    def _begin(self) -> None:
        self.perform("", self.begin())

    def teardown(self) -> None:
        try:
            if self._running:
                self._explorer.ask(self._ended())
        finally:
            self._explorer.ask(self._tidied())

    async def _judged(self, words: str, act: Coroutine[Any, Any, None]) -> None:
        if words:
            self.case.steps.append(words)
        try:
            await act
        except UnjudgeableError:
            await self.case.settle(len(self.case.steps))
            raise
        await self.case.settle(len(self.case.steps))

    async def _ended(self) -> None:
        await self._judged("", self.end())
        self.case.tell()

    async def _tidied(self) -> None:
        try:
            await self.tidy()
        finally:
            await self.case.close()


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
