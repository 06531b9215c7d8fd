"""How an agent lives: prologue, chores, trouble, goodbye. Time and network are passed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn, Protocol

from tests.mutants.aitbc_agents.client import AskError, Client
from tests.mutants.aitbc_agents.model import (
    Chore,
    Ending,
    OnTerm,
    Op,
    Reaction,
    Style,
    Trouble,
)

__all__ = ["Clock", "LeaveError", "Life"]

FIRST_PAUSE: Final = 0.3
LONGEST_PAUSE: Final = 5.0
REFUSAL_PAUSE: Final = 1.0
# A hammering agent still leaves the machine some air: a hundred requests a second are plenty.
HAMMER_PAUSE: Final = 0.01
# After so many failed repetitions a chore that meets 500 waits for its next turn.
PATIENCE: Final = 2


class Clock(Protocol):
    """Seconds from an arbitrary start, and a way to let them pass."""

    def now(self) -> float:
        """The time."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class LeaveError(Exception):
    """The agent's own decision to end, with its exit status."""

    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def _pause(streak: int, first: float = FIRST_PAUSE, longest: float = LONGEST_PAUSE) -> float:
    return min(longest, first * 2.0 ** min(streak, 10))


@dataclass(kw_only=True, slots=True)
class _Duty:
    """A chore in the diary of one agent."""

    chore: Chore
    due: float
    done: int = 0
    streak: int = 0


class Life:
    """One agent from start to end; ``run`` returns the exit status."""

    def __init__(
        self,
        *,
        client: Client,
        style: Style,
        clock: Clock,
        interval: float,
        log: Callable[[str], None],
    ) -> None:
        self._client = client
        self._style = style
        self._clock = clock
        self._interval = interval
        self._log = log
        self._registered = False
        self._refusals = 0
        self._memory_losses = 0
        self._failures = 0
        self._rest = 0.0

    def run(self) -> int:
        """Live until the style's own end; SIGTERM arrives as an exception of the launcher's."""
        for op in self._style.prologue:
            self._insist(op)
        if self._style.ending is Ending.EXIT:
            return 0
        start = self._clock.now()
        duties = [
            _Duty(chore=chore, due=start + (self._period(chore) if chore.delayed else 0.0))
            for chore in self._style.rounds
        ]
        while self._style.ending is Ending.LIVE and duties:
            duty = min(duties, key=lambda each: each.due)
            self._clock.sleep(max(0.0, duty.due - self._clock.now()))
            self._do(duty)
            if duty.chore.limit is not None and duty.done >= duty.chore.limit:
                duties.remove(duty)
        return self._sleep_forever()

    def say_goodbye(self) -> None:
        """One last status update, if the style cares; it may fail, nobody is left to mind."""
        if self._style.on_term is not OnTerm.FAREWELL or not self._registered:
            return
        try:
            self._client.ask(Op.STATUS, last=True)
        except AskError as failure:
            self._log(f"goodbye not heard: {failure}")

    def _period(self, chore: Chore) -> float:
        return self._interval * chore.every if chore.seconds is None else chore.seconds

    def _do(self, duty: _Duty) -> None:
        retry = self._attempt(duty.chore.op, duty.streak)
        if retry is None:
            duty.done += 1
            duty.streak = 0
            duty.due = self._clock.now() + self._period(duty.chore)
        else:
            duty.streak += 1
            duty.due = self._clock.now() + retry
            # A coordinator in trouble gets a rest from the other chores too.
            self._clock.sleep(min(retry, self._rest))

    def _insist(self, op: Op) -> None:
        """One step that must work before the next; gives up after ``style.attempts``."""
        tries = 0
        while (retry := self._attempt(op, tries)) is not None:
            tries += 1
            if self._style.attempts is not None and tries >= self._style.attempts:
                raise LeaveError(4, f"gave up on {op.value} after {tries} tries")
            self._clock.sleep(retry)

    def _attempt(self, op: Op, streak: int) -> float | None:
        """Ask once. None: done with it; a number: ask again in so many seconds."""
        try:
            self._client.ask(op, modest=self._refusals > 0)
        except AskError as failure:
            return self._meet(op, failure, streak)
        self._failures = 0
        if op is Op.REGISTER:
            self._registered = True
        if op in {Op.HEARTBEAT, Op.STATUS}:
            self._memory_losses = 0
        return None

    def _meet(self, op: Op, failure: AskError, streak: int) -> float | None:
        reaction = self._style.reactions.get(failure.trouble, Reaction.COPE)
        if reaction is Reaction.QUIT:
            raise LeaveError(0)
        self._log(str(failure))
        if reaction is Reaction.COPE:
            return self._cope(op, failure, streak)
        if reaction is Reaction.IGNORE:
            self._registered = self._registered or op is Op.REGISTER
            return None
        if reaction is Reaction.HAMMER:
            self._rest = HAMMER_PAUSE
            return HAMMER_PAUSE
        return self._end(reaction, failure)

    def _end(self, reaction: Reaction, failure: AskError) -> NoReturn:
        if reaction is Reaction.EXIT:
            raise LeaveError(2, f"giving up: {failure}")
        if reaction is Reaction.CRASH:
            message = f"never thought of this: {failure}"
            raise RuntimeError(message) from failure
        self._sleep_forever()

    def _cope(self, op: Op, failure: AskError, streak: int) -> float | None:
        if failure.trouble is Trouble.REFUSED:
            return self._cope_with_refusal(op)
        if failure.trouble is Trouble.FORGOTTEN:
            self._cope_with_forgetting(op)
            return None
        if failure.trouble is Trouble.EXTRA:
            return None
        if failure.trouble is Trouble.BROKEN and self._may_skip(op, streak):
            return None
        after = failure.retry_after if self._style.heeds_retry_after else 0.0
        self._rest = max(_pause(self._failures), after)
        self._failures += 1
        return max(_pause(streak), after)

    def _cope_with_refusal(self, op: Op) -> float | None:
        if op is not Op.REGISTER:
            return None  # the same words would be refused again
        self._refusals += 1
        return _pause(self._refusals - 1, REFUSAL_PAUSE, 2 * LONGEST_PAUSE)

    def _cope_with_forgetting(self, op: Op) -> None:
        if not self._style.registers or op is Op.GET_AGENT:
            return
        self._registered = False
        # Grows while the coordinator forgets every time, so that this is no storm either.
        self._clock.sleep(_pause(self._memory_losses, FIRST_PAUSE / 3))
        self._memory_losses += 1
        self._insist(Op.REGISTER)
        if self._style.hurries:
            self._interval /= 2

    def _may_skip(self, op: Op, streak: int) -> bool:
        return streak >= PATIENCE and op is not Op.REGISTER and self._style.attempts is None

    def _sleep_forever(self) -> NoReturn:
        while True:
            self._clock.sleep(3600.0)
