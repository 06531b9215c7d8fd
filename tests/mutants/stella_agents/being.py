"""One agent as everybody in it sees it: its style, its memory, and what troubles do to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace

from tests.mutants.stella_agents.bugs import Bug, Reaction, Trouble
from tests.mutants.stella_agents.model import Draft, Fault, Item, Memory, Style, Target, Wear, What
from tests.mutants.stella_agents.wallet import Wallet

__all__ = ["Being", "BlunderError", "Crew", "LeaveError"]


class LeaveError(Exception):
    """The agent's own decision to end, with its exit status."""

    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class BlunderError(RuntimeError):
    """What a seeded crash dies of."""


class Crew:
    """Jobs that live side by side; the first failure is told by ``ended``."""

    def __init__(self) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, job: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Begin a job beside the others."""
        task = asyncio.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def dismiss(self) -> None:
        """End all jobs."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.ended.done() and not self.ended.cancelled():
            self.ended.exception()  # seen by now, or of no interest any more

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not self.ended.done():
            self.ended.set_exception(error)


@dataclass(kw_only=True, slots=True)
class Being:
    """What the parts of one agent share."""

    style: Style
    fault: Fault | None
    memory: Memory
    target: Target
    wallet: Wallet
    log: Callable[[str], None]
    interval: float = 30.0
    """Seconds between heartbeats."""
    poll_interval: float = 5.0
    beating: bool = True
    hammering: bool = False
    deaf: bool = False
    slowness: float = 1.0
    stopping: bool = False
    wants_registration: bool = False
    renewed: asyncio.Event = field(default_factory=asyncio.Event)

    def has(self, bug: Bug) -> bool:
        """Whether it suffers from ``bug``."""
        return bug in self.style.bugs

    def edited(self, item: Item) -> tuple[Item, ...]:
        """What becomes of one request or message."""
        counted = replace(item, nth=self.memory.sent[item.what])
        self.memory.sent[item.what] += 1
        if self.fault is None or self.fault.edit is None:
            return (counted,)
        return tuple(self.fault.edit(counted, self.memory))

    def wear(self, draft: Draft) -> Wear:
        """The certificate for a connection."""
        if self.wallet.generation > 1 and draft.wear is Wear.NOW:
            bug = Bug.RENEWAL_STREAM_OLD if draft.what is What.STREAM else Bug.RENEWAL_HTTP_OLD
            if self.has(bug):
                return Wear.OLD
            if self.has(Bug.RENEWAL_DROPS_CERTIFICATE):
                return Wear.NONE
        return draft.wear

    @property
    def verifies(self) -> bool:
        """Whether it cares who the orchestrator is."""
        late = self.has(Bug.UNVERIFIED_LATER) and bool(self.memory.agent_id)
        return not (late or self.has(Bug.UNVERIFIED))

    def meets(self, trouble: Trouble) -> None:
        """Live through ``trouble``, or not. Raises BlunderError, LeaveError."""
        reaction = self.style.reactions.get(trouble)
        if reaction is Reaction.CRASH:
            raise BlunderError(f"never thought of {trouble.value}")
        if reaction is Reaction.QUIT:
            raise LeaveError(0)
        if reaction is Reaction.STOP:
            self.beating = False
        elif reaction is Reaction.HAMMER:
            self.hammering = True
        elif reaction is Reaction.SLOWER:
            self.slowness = 4.0
        elif reaction is Reaction.DEAF:
            self.deaf = True
        elif reaction is Reaction.REGISTER:
            self.wants_registration = True
