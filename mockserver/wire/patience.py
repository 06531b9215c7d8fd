"""Waiting for what the coordinator does not answer at once."""

from __future__ import annotations

import asyncio

from mockserver.passage import Outcome, Pending

__all__ = ["delivered"]


async def delivered(pending: Pending) -> Outcome:
    """The outcome, when it comes. A wire that stops to wait (its client went away, or its time is
    over) is cancelled here, and the coordinator is told.
    """
    outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    def take(given: Outcome) -> None:
        if not outcome.done():
            outcome.set_result(given)

    pending.take(take)
    try:
        return await outcome
    except asyncio.CancelledError:
        pending.given_up()
        raise
