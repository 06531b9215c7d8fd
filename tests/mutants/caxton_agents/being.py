"""One client as everybody in it sees it: its style, its memory, and what troubles do to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.mutants.caxton_agents.bugs import Bug, Reaction, Trouble
from tests.mutants.caxton_agents.model import Fault, Item, Memory, Style, Target, What

__all__ = ["Being", "BlunderError", "LeaveError"]

_FIRST_PAUSE = 0.05
"""Seconds between the operations of the first journey."""


class LeaveError(Exception):
    """The client's own decision to end, with its exit status."""

    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class BlunderError(RuntimeError):
    """What a seeded crash dies of."""


@dataclass(kw_only=True, slots=True)
class Being:
    """What the parts of one client share."""

    style: Style
    fault: Fault | None
    memory: Memory
    target: Target
    log: Callable[[str], None]
    pace: float = 1.0
    """All its pauses are multiplied by that; not those that a coordinator asks for."""
    stalled: bool = False
    deaf: bool = False
    reads_nothing: bool = False
    """Is the answer that has just come one that tells it nothing?"""
    given_up: set[What] = field(default_factory=set)

    def has(self, bug: Bug) -> bool:
        """Whether it suffers from ``bug``."""
        return bug in self.style.bugs

    async def rest(self, seconds: float) -> None:
        """A pause of its own."""
        await asyncio.sleep(seconds * self.pace)

    async def breathe(self) -> None:
        """The pause before an operation."""
        usual = self.style.pause
        await self.rest(usual if self.memory.round else min(usual, _FIRST_PAUSE))
        if self.stalled:
            await asyncio.Event().wait()

    def edited(self, item: Item) -> tuple[Item, ...]:
        """What becomes of one request or message."""
        counted = replace(item, nth=self.memory.sent[item.what])
        self.memory.sent[item.what] += 1
        if self.fault is None or self.fault.edit is None:
            return (counted,)
        return tuple(self.fault.edit(counted, self.memory))

    def meets(self, trouble: Trouble, what: What) -> bool:
        """Live through ``trouble``, or not; True for hammering. Raises BlunderError, LeaveError."""
        reaction = self.style.reactions.get(trouble)
        if reaction is Reaction.CRASH:
            raise BlunderError(f"never thought of {trouble.value}")
        if reaction is Reaction.QUIT:
            raise LeaveError(0)
        if reaction is Reaction.STALL:
            self.stalled = True
        elif reaction is Reaction.GIVE_UP:
            self.given_up.add(what)
        elif reaction is Reaction.DEAF:
            self.deaf = True
        elif reaction is Reaction.BLANK:
            self.reads_nothing = True
        return reaction is Reaction.HAMMER
