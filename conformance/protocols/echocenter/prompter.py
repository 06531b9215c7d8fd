"""Speaks to an agent as EchoCenter does, and waits for what it answers."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

from conformance.protocols.echocenter.replies import Account, read_account
from conformance.protocols.echocenter.streams import Stream, read_streams
from conformance.stage import GoneError, Stage
from mockserver.transcript import HttpExchange

__all__ = ["BUTLER", "PERSON", "QUIET", "Prompter"]

PERSON, BUTLER = 1, 2
"""The ids of the human and of the Butler in our mock."""

QUIET = 0.8
"""Seconds in which a second answer, or a piece too many, comes if it comes at all."""

_TIRED = 8
"""The part of the patience that is left for an agent that lets it pass in vain."""

_FAREWELL = 2.5
"""Seconds that a close frame waits for its answer; our mock gives up a little earlier."""

_LAUNCH = 8.0
"""Seconds that a process may take until it connects: several start at the same time."""


class Prompter:
    """The voice of EchoCenter on one stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._own = int(stage.values["id"])
        self._tired = False
        self._read = -1
        self._account = Account()
        self._streams: list[Stream] = []

    async def arrive(self) -> None:
        """Wait until the agent is connected. Raises `GoneError` where it does not come."""
        begun = time.monotonic()

        def given_up() -> bool:
            # One that was turned away is there, and knows no better.
            entries = self.stage.entries
            refused = any(
                isinstance(each, HttpExchange) and not each.connection for each in entries
            )
            return refused and time.monotonic() - begun > self.stage.patience

        within = max(_LAUNCH, self.stage.pace.launch)
        await self.stage.until(lambda: self.stage.session.lines or given_up(), within)
        if not self.stage.session.lines:
            raise GoneError
        self.stage.pace.launched(time.monotonic() - begun)

    def tell(self, text: str, sender: int = PERSON) -> None:
        """An instruction, as the coordinator delivers it."""
        self.stage.command("chat", to=self._own, text=text, **{"from": sender})

    async def ask(self, text: str, sender: int = PERSON) -> None:
        """An instruction, and what becomes of it."""
        await self.arrive()
        self.tell(text, sender)
        await self.settle()

    def say(self, message: Any, **how: Any) -> None:
        """Any message at all, in JSON."""
        self.stage.inject(json.dumps(message).encode(), **how)

    def chat(self, sender: int, text: str, **fields: Any) -> None:
        """An instruction of somebody whom only this situation knows."""
        self.say(instruction(sender, text, **fields))

    def enrol(self, name: str) -> int:
        """Somebody else who is known to the coordinator."""
        return int(self.stage.session.coordinator.enrol(name)["id"])

    async def settle(self, quiet: float = 0.0) -> None:
        """Wait until every instruction is answered and every stream ended, or nothing more comes
        of it within the patience; then for some `quiet` seconds. Its first answers tell how long
        this agent is waited for.

        An agent that once let the patience pass in vain is waited for a fraction of it from then
        on: it is broken already, and must not hold up the others.
        """
        said, since = self._progress(), time.monotonic()
        end = since + self._patience * (2 + len(self._account.unanswered))
        while self._open and self.stage.running and time.monotonic() < end:
            await asyncio.sleep(0.01)
            silent = time.monotonic() - since
            if (now := self._progress()) != said:
                self.stage.pace.answered(silent)
                said, since = now, time.monotonic()
            elif silent > self._patience:
                self._tired = True
                break
        else:
            self._break_off()
        if quiet and self.stage.running:
            await self.stage.until(lambda: False, quiet)

    def _break_off(self) -> None:
        """It may be in the middle of an answer still: then it is not known what would come."""
        if self._open and self.stage.running:
            self._tired = True
            self.stage.excuse = "the agent was still answering when its time was up"

    @property
    def _patience(self) -> float:
        """Seconds of silence after which nothing more is taken to come."""
        pace = self.stage.pace
        return pace.seconds / _TIRED if self._tired else pace.first

    @property
    def _open(self) -> bool:
        unfinished = any(not stream.complete for stream in self._streams)
        return unfinished or bool(self._account.unanswered)

    def _progress(self) -> int:
        """How much the agent said that is no log: read anew only where something was said."""
        if self.stage.mark() != self._read:
            self._read = self.stage.mark()
            frames = self.stage.frames
            self._account, self._streams = read_account(frames), read_streams(frames)
        return len(self._account.replies) + sum(len(each.pieces) for each in self._streams)

    # Connections

    async def lose(self, restart: bool) -> None:
        """Restart, or cut the connection without a word, and wait until the agent is back."""
        before = set(self.stage.session.lines)
        if restart:
            self.stage.restart()
        else:
            self.stage.session.hang_up(code=None)
        await self.parted(before, _FAREWELL)
        await self.back(before)

    async def parted(self, connections: set[int], within: float) -> bool:
        """Did the agent end these connections, or answer their end, within so many seconds?"""
        return await self.stage.until(lambda: self._ended(connections), within)

    async def back(self, before: set[int]) -> None:
        """Wait until the agent is connected anew. Raises `GoneError` where it does not come."""
        lines = self.stage.session.lines
        if not await self.stage.until(lambda: set(lines) - before, 2 * self.stage.patience):
            raise GoneError

    def _ended(self, connections: set[int]) -> bool:
        over = {
            heard.connection
            for heard in self.stage.frames
            if heard.kind == "lost" or (heard.sender == "agent" and heard.kind == "close")
        }
        return connections <= over


def instruction(sender: int, text: str, **fields: Any) -> Mapping[str, Any]:
    """A CHAT as the document shows it, with more fields where they are given."""
    name = f"principal-{sender}"
    return {"type": "CHAT", "sender_id": sender, "sender_name": name, "payload": text, **fields}
