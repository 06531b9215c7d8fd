"""Takes over what the mock says: a play decides when, how and in what company it goes out."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from conformance.protocols.architect.playbook import Playbook, Strike
from conformance.protocols.architect.scripts import messages
from conformance.stage import GoneError, Stage
from mockserver import Fault
from mockserver.json_text import read_json
from mockserver.protocols.architect import ArchitectCoordinator
from mockserver.transcript import Frame as Heard

__all__ = ["TAKEN_OVER", "Desk", "Reply", "Turn", "plainly"]

TAKEN_OVER = Fault(kind="drop", operation="reply", times=None)
"""The fault of every situation that is played from a desk: the mock itself says nothing."""

_TICK = 0.005
_CALLS = 24
"""Replies that a play has a hand in."""

_LAUNCH = 8.0
"""Seconds that a process may take until it connects: several start at the same time."""

_AFTER = 0.05
"""Seconds after which what a script says was not on its way before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the mock wanted to reply on a connection."""

    connection: int
    said: Mapping[str, Any]

    @property
    def catalogue(self) -> Mapping[str, Any] | None:
        """The actions, where it is the reply to `list_actions`."""
        parameters = self.said.get("parameters")
        actions = parameters.get("actions") if isinstance(parameters, dict) else None
        return actions if isinstance(actions, dict) else None


class Desk:
    """The coordinator's voice in one situation: calm, unless a play has it otherwise.

    What the mock would say unasked is left out, and so are its errors: replies beyond the catalogue
    are the coordinator's own affair, and each situation is about one thing.
    """

    def __init__(self, stage: Stage, book: Playbook, situation: str) -> None:
        self.stage = stage
        book.patience = stage.patience
        assert isinstance(stage.session.coordinator, ArchitectCoordinator)
        self._mock = stage.session.coordinator
        book.listed = frozenset(self._mock.actions)
        self._book = book
        self._situation = situation
        self._strikes = book.strikes.setdefault(situation, [])
        self.habits = book.habits
        self._read = stage.mark()
        self._replies: list[Reply] = []
        self._said = 0
        self._spoke = 0.0
        self._struck = 0.0
        self._last = time.monotonic()

    def hurry(self) -> None:
        """Have every action done at once: replies overtake each other where a play wants it."""
        actions = self._mock.actions.items()
        self._mock.actions = {name: replace(action, takes=None) for name, action in actions}

    # What the script does

    async def arrive(self) -> None:
        """Wait until the script is connected. Raises `GoneError` where it does not come."""
        begun = time.monotonic()

        def given_up() -> bool:
            tried, waited = bool(self.stage.entries), time.monotonic() - begun
            return tried and waited > self.stage.patience * (0.1 if self._book.shut_out else 1.0)

        within = max(_LAUNCH, self.stage.pace.launch)
        await self.stage.until(lambda: self.stage.session.lines or given_up(), within)
        if not self.stage.session.lines:
            self._book.shut_out = True
            raise GoneError
        self.stage.pace.launched(time.monotonic() - begun)
        self.wake()

    def wake(self) -> None:
        """Its silence counts from now on."""
        self._last = time.monotonic()

    def fresh(self) -> list[Reply]:
        """The replies that are to be given, oldest first; each is told once."""
        self._look()
        replies, self._replies = self._replies, []
        return replies

    @property
    def said(self) -> int:
        """The messages that the script has sent."""
        self._look()
        return self._said

    @property
    def quiet(self) -> bool:
        """Has it been silent for so long that it tells something, or ended? What it is told gives
        it time anew.
        """
        self._look()
        silence = self.habits.silence(self._said, self.stage.patience)
        return not self.stage.running or time.monotonic() - self._last > silence

    def _look(self) -> None:
        if self.stage.mark() == self._read:
            return
        for entry in self.stage.session.transcript.since(self._read):
            if not isinstance(entry, Heard):
                continue
            if entry.sender == "coordinator" and "drop" in entry.faults:
                self._take_over(entry)
            elif messages([entry]):
                self._said += 1
                self._spoke = self._last = entry.real
        self._read = self.stage.mark()

    def _take_over(self, heard: Heard) -> None:
        said = read_json(heard.data)  # exactly: a token must come back as it went
        if "event" in said:
            return
        calm = {"idempotence", "action", "parameters"}
        told = {name: value for name, value in said.items() if name in calm}
        self._replies.append(Reply(connection=heard.connection, said=told))

    # What is said to it

    def give(
        self, reply: Reply, *, text: str = "", fragments: int = 1, pinged: bool = False
    ) -> None:
        """Give a reply out, as it is or as another text."""
        data = (text or json.dumps(reply.said)).encode("utf-8", "backslashreplace")
        self.tell(reply.connection, data, fragments=fragments, pinged=pinged)

    def tell(self, connection: int, data: bytes, kind: str = "text", **how: Any) -> None:
        """Say anything on one connection, if it is still there."""
        line = self.stage.session.lines.get(connection)
        self._last = time.monotonic()
        if line is not None:
            self.stage.mock.mock.sockets.inject(line, data, kind, **how)

    def strike(self, kind: str, data: bytes | str, how: str = "text", at: int = 0) -> None:
        """Something befalls the script: it is told this on all its connections, or on one."""
        said = data.encode("utf-8", "backslashreplace") if isinstance(data, str) else data
        for connection in [at] if at else list(self.stage.session.lines):
            self.tell(connection, said, how)
        self.befall(kind)

    def befall(self, kind: str) -> None:
        """Note that something befell the script just now."""
        self._struck = self._last = time.monotonic()
        self._strikes.append(Strike(kind=kind, number=self.stage.mark(), real=self._struck))

    # Going on

    async def serve(self, turn: Turn | None = None, calls: int = _CALLS) -> None:
        """Give replies as `turn` does, so many of them and no longer than the patience lasts; then
        plainly, until the script has said something since the last strike.
        """
        turn = turn or plainly
        end, turns = time.monotonic() + self.stage.patience, 0
        while turns < calls and time.monotonic() < end and not self.quiet:
            for reply in self.fresh():
                turns += 1
                await (turn if turns <= calls else plainly)(self, reply)
            await asyncio.sleep(_TICK)
        await self.settle()

    async def settle(self) -> None:
        """Give replies plainly until the script shows that it lives on, or that it does not."""
        while not self.quiet and self._spoke < self._struck + _AFTER:
            self._give_all()
            await asyncio.sleep(_TICK)
        if not self.quiet:
            self._book.unfinished.add(self._situation)
        self._give_all()

    def _give_all(self) -> None:
        for reply in self.fresh():
            self.give(reply)

    async def linger(self, seconds: float) -> None:
        """Give replies plainly for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.stage.running:
            self._give_all()
            await asyncio.sleep(_TICK)
        self._give_all()


Turn = Callable[[Desk, Reply], Awaitable[None]]


async def plainly(desk: Desk, reply: Reply) -> None:
    """As the mock would."""
    desk.give(reply)
