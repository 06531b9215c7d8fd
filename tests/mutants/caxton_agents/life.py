"""How a client lives: journey after journey, an ear beside them, and an end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

from tests.mutants.caxton_agents.being import Being, BlunderError, LeaveError
from tests.mutants.caxton_agents.bugs import Bug
from tests.mutants.caxton_agents.caller import Caller
from tests.mutants.caxton_agents.ear import Ear
from tests.mutants.caxton_agents.journey import Journey

__all__ = ["Life"]

DAWDLING: Final = 30.0
BETWEEN: Final = 1.0
"""Seconds between two journeys."""


class Life:
    """One client from start to end."""

    def __init__(self, being: Being) -> None:
        self._being = being
        self._caller = Caller(being)
        deaf = being.style.socket is None or being.has(Bug.SILENT)
        ears = 0 if deaf else 2 if being.has(Bug.TWO_SOCKETS) else 1
        self._ears = [Ear(being) for _ in range(ears)]
        self._journey = Journey(being, self._caller, self._ears)
        self._told = asyncio.Event()

    @property
    def rounds(self) -> int:
        """Journeys that came to their end."""
        return self._being.memory.round

    def stop(self) -> None:
        """Tell it to stop, as SIGTERM does."""
        if not self._being.has(Bug.TERM_IGNORED):
            self._told.set()

    async def run(self) -> None:
        """Live until told to stop. Raises LeaveError, and whatever a seeded bug dies of."""
        being = self._being
        if being.has(Bug.LEAKS_TOKEN):
            being.log(f"calling with {being.memory.token}")
        told = asyncio.ensure_future(self._told.wait())
        body = asyncio.ensure_future(self._travel())
        ears = [asyncio.ensure_future(ear.run()) for ear in self._ears]
        jobs: list[asyncio.Task[Any]] = [told, body, *ears]
        try:
            await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            for job in jobs[1:]:
                if job.done():
                    _raised(job)
            await self._end(body)
            for ear in ears:
                if ear.done():
                    _raised(ear)
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
            await self._caller.close()

    async def _travel(self) -> None:
        being = self._being
        if being.has(Bug.SILENT):
            await asyncio.sleep(3600)
        while True:
            await self._journey.travel()
            if being.style.once:
                return
            being.memory.round += 1
            await being.rest(BETWEEN)

    async def _end(self, body: asyncio.Future[None]) -> None:
        """Everything that a good client does after it was told to stop."""
        being = self._being
        if being.has(Bug.TERM_CRASHES):
            raise BlunderError("never thought of being told to stop")
        if being.has(Bug.TERM_DAWDLES):
            await asyncio.sleep(DAWDLING)
        if being.has(Bug.TERM_GOES_ON):
            await asyncio.sleep(1.0)
        body.cancel()
        await asyncio.gather(body, return_exceptions=True)
        for ear in self._ears:
            await ear.leave()
        if being.style.tidy and not being.stalled:
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._journey.tidy()
        if being.has(Bug.TERM_FAILS):
            raise LeaveError(1, "told to stop")


def _raised(job: asyncio.Future[Any]) -> None:
    """Raise what a job died of; of several at once, the first."""
    error = job.exception()
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if error is not None:
        raise error
