"""One client on one stage, in this process: what came of it."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from tests.mutants.architect_agents.cli import live, shaped
from tests.mutants.architect_agents.faults import FAULTS
from tests.mutants.architect_agents.judge import complaints, hear, requests
from tests.mutants.architect_agents.links import parse_address
from tests.mutants.architect_agents.model import Needs, Style
from tests.mutants.architect_agents.session import Ledger
from tests.mutants.architect_agents.stage import PASSWORD, USERNAME, Record, Stage
from tests.mutants.architect_agents.styles import STYLES

__all__ = ["PACE", "Outcome", "rehearse"]

PACE: Final = 0.1
# The stage speaks ws; a context that loads no authorities costs nothing.
_UNUSED: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What one life left behind."""

    style: Style
    records: list[Record]
    status: int | None
    """None: it died of ``error``."""
    error: Exception | None
    told: bool
    """It had to be told to stop."""
    said: list[str]

    @property
    def complaints(self) -> list[str]:
        """Against anything that it sent."""
        found = [word for record in self.records for word in complaints(record)]
        keys = [
            line for r in self.records for line in hear(r).head.split("\r\n") if "-Key:" in line
        ]
        found += ["prints the password"] if any(PASSWORD in text for text in self.said) else []
        tokens = [str(one.get("idempotence")) for one in self.requests if isinstance(one, dict)]
        return [
            *found,
            *(["the same handshake key"] if len(set(keys)) < len(keys) else []),
            *(["a token on two connections"] if self._shared(tokens) else []),
        ]

    def _shared(self, tokens: list[str]) -> bool:
        return self.style.connections > 1 and len(set(tokens)) < len(tokens)

    @property
    def requests(self) -> list[object]:
        """All requests in the order of their connections."""
        return [one for record in self.records for one in requests(record)]


async def rehearse(
    name: str,
    *,
    fault: str = "",
    needs: Collection[Needs] = (),
    seconds: float,
    enough: int,
    pace: float = PACE,
) -> Outcome:
    """Run until ``enough`` messages came, or ``seconds`` have passed, or it ends by itself."""
    chosen = FAULTS[fault] if fault else None
    style = shaped(STYLES[name], chosen)
    said: list[str] = []
    ledger = Ledger(rng=random.Random(name + fault), pace=pace, say=said.append)
    stop = asyncio.Event()
    async with Stage(needs) as stage:
        address = parse_address(stage.url, username=USERNAME, password=PASSWORD, context=_UNUSED)
        life = asyncio.ensure_future(live(style, chosen, address, ledger, stop))
        deadline = asyncio.get_running_loop().time() + seconds
        while not life.done() and asyncio.get_running_loop().time() < deadline:
            await asyncio.wait({life}, timeout=0.03)
            if sum(len(record.waiting) for record in stage.records) >= enough:
                break
        told = not life.done()
        stop.set()
        status, error = None, None
        try:
            status = await life
        except Exception as caught:  # noqa: BLE001 - whatever a broken client dies of
            error = caught
        # A library whose attempt was broken off lets go of its socket a little later.
        await asyncio.sleep(0.03)
    return Outcome(
        style=style,
        # An attempt that was broken off says nothing.
        records=[record for record in stage.records if record.raw],
        status=status,
        error=error,
        told=told,
        said=said,
    )
