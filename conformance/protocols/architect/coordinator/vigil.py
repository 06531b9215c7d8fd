"""A connection on which a script says nothing while other checks go on, so that waiting is free."""

from __future__ import annotations

import asyncio
import time

from conformance.clients.opener import Opener
from conformance.clients.websocket import Socket
from conformance.conversation import Refused
from conformance.protocols.architect.dialogue import CHANNEL, Dialogue
from conformance.target import Target
from schemas.spec import Protocol

__all__ = ["Vigil"]


class Vigil:
    """One silent connection; `began` is when it opened (`time.monotonic`)."""

    def __init__(self, protocol: Protocol, target: Target) -> None:
        self._opener = Opener(protocol, target, lambda *_: None)
        self._task: asyncio.Task[Socket | Refused] | None = None
        self.began = 0.0

    def begin(self, dialogue: Dialogue) -> None:
        """Open it, if nobody has, beside what the check does that comes first."""
        if self._task is None:
            self.began = time.monotonic()
            dialogue.lore.give_way = self.end
            self._task = asyncio.create_task(
                self._opener.open(
                    CHANNEL, "silent", subprotocols=dialogue.offer, path=dialogue.lore.path
                )
            )

    async def kept(self, seconds: float) -> Socket | Refused | None:
        """The connection, once nothing was said on it for so long (or it was closed)."""
        if self._task is None:
            return None
        line = await self._task
        if isinstance(line, Socket):
            await line.ended(max(0.0, self.began + seconds - time.monotonic()))
        return line

    async def end(self) -> None:
        """Close it."""
        if self._task is not None:
            await self._task
        await self._opener.close()
