"""The independent agents of Stella, in this process: a scenario is over before one of them would
have started as a program.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from tests.mutants.stella_agents.cli import born, shaped
from tests.mutants.stella_agents.faults import FAULTS
from tests.mutants.stella_agents.model import Target
from tests.mutants.stella_agents.styles import STYLES
from tests.scenarios.duet import Client, Meeting

__all__ = ["STYLES", "independent"]


def independent(style: str = "", fault: str = "") -> Client:
    """One that lives in a lawful style, or has a fault. Raises `KeyError` for unknown names."""
    seeded = FAULTS[fault] if fault else None
    chosen = shaped(STYLES[style or (seeded.style if seeded else "all_ways")], seeded)

    async def come(meeting: Meeting) -> None:
        values = meeting.values
        target = Target(base=values["url"], token=values["token"], authority=values["ca"])
        life = born(chosen, seeded, target, values["name"], "seed", lambda _: None)
        living = asyncio.ensure_future(life.run())
        try:
            await asyncio.shield(living)
        finally:
            life.stop()
            with suppress(Exception, asyncio.CancelledError):
                await asyncio.wait_for(living, 2.0)

    return come
