"""The coordinator's hand in one situation of a client: it changes what is answered and what is
told, waits for what the client does, and notes what befell it.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from conformance.protocols.caxton.notes import Notebook, Notes, Strike
from conformance.protocols.caxton.story import sent_at
from conformance.stage import GoneError, Stage
from conformance.timed import Timed
from mockserver.coordinator import Answer, Call, Connection, Heard, Later
from mockserver.protocols.caxton import CaxtonCoordinator
from mockserver.protocols.caxton.answers import RefusedError
from mockserver.transcript import Frame, HttpExchange

__all__ = ["Ear", "Edit", "Keeper", "Serve", "plain"]

_LAUNCH = 15.0
"""Seconds that a process may take until it says anything: several start at the same time."""

Serve = Callable[[Call], "Answer | Later"]


class Edit(Protocol):
    """What a play makes of a call: it may have it served, changed or not, and change what comes of
    it, or refuse.
    """

    def __call__(self, call: Call, /, serve: Serve) -> Answer | Later: ...


Ear = Callable[[Connection, Heard, Callable[[], None]], None]
"""The same for a message on a WebSocket: the last argument has it heard as usual."""


class Keeper(Timed):
    """One situation."""

    def __init__(self, stage: Stage, book: Notebook, situation: str) -> None:
        self.stage = stage
        self.book = book
        self.notes: Notes = book.of(situation)
        super().__init__(self.notes)
        self.edits: list[Edit] = []
        self.ears: list[Ear] = []
        self.first = stage.mark()
        self.take_over()

    def leave(self) -> None:
        """Answer as usual again: a client that is led on must not meet this elsewhere."""
        self.edits.clear()
        self.ears.clear()

    # What the coordinator says

    @property
    def coordinator(self) -> CaxtonCoordinator:
        found = self.stage.session.coordinator
        assert isinstance(found, CaxtonCoordinator)
        return found

    def take_over(self) -> None:
        """Have answers and ears changed; once more for each coordinator after a restart."""
        coordinator = self.coordinator
        answered, heard = coordinator.answer, coordinator.hear

        def answer(call: Call) -> Answer | Later:
            serve: Serve = answered
            for edit in self.edits:
                serve = partial(edit, serve=serve)
            return serve(call)

        def hear(connection: Connection, what: Heard) -> None:
            usual = partial(heard, connection, what)
            for ear in self.ears:
                usual = partial(ear, connection, what, usual)
            usual()

        vars(coordinator).update(answer=answer, hear=hear)

    def refused(self, call: Call, code: str, message: str, **details: Any) -> Answer:
        """A refusal in the coordinator's own words."""
        return self.coordinator.worded(RefusedError(code, message, **details), call.operation)

    def limited(self, call: Call, until: float) -> Answer:
        """A 429 that tells when it is over (seconds since 1970, whole)."""
        now = self.stage.session.world.clock.now()
        said = self.refused(call, "RATE_LIMITED", "too many of these")
        told = {
            "Retry-After": str(max(1, math.ceil(until - now))),
            "X-RateLimit-Limit": "10",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(math.ceil(until)),
        }
        return replace(said, headers={**said.headers, **told})

    def inject(self, said: Any, connection: Connection, kind: str = "text") -> None:
        """Say on one connection what no coordinator would: JSON, or the bytes themselves."""
        line = self.stage.session.lines.get(connection.number)
        if line is not None:
            data = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.stage.mock.mock.sockets.inject(line, data, kind)

    def tell(self, said: Any, **how: Any) -> None:
        """Say a message in JSON on each connection."""
        self.stage.inject(json.dumps(said).encode(), **how)

    def restart(self) -> None:
        self.stage.restart()
        self.take_over()

    # What the client does

    @property
    def exchanges(self) -> list[HttpExchange]:
        entries = self.stage.session.transcript.since(self.first)
        return [each for each in entries if isinstance(each, HttpExchange)]

    @property
    def frames(self) -> list[Frame]:
        """What the client said on its WebSockets."""
        said = self.stage.session.transcript.since(self.first)
        return [each for each in said if isinstance(each, Frame) and each.sender == "agent"]

    def asked(self, *operations: str) -> list[HttpExchange]:
        """The requests of those operations, or all but handshakes."""
        wanted = operations or None
        return [
            h
            for h in self.exchanges
            if (h.operation in wanted if wanted else h.operation != "events")
        ]

    async def arrive(self) -> None:
        """Wait for the first request. Raises `GoneError` where none comes."""
        begun, within = time.monotonic(), max(_LAUNCH, self.stage.pace.launch)
        if not await self.stage.until(lambda: self.exchanges, within):
            raise GoneError
        self.stage.pace.launched(time.monotonic() - begun)

    async def connected(self, within: float | None = None) -> bool:
        """Wait for a WebSocket, of a client that opens any."""
        if not self.book.listens:
            return False
        return await self.stage.until(lambda: self.stage.session.lines, within)

    async def lively(self, count: int = 3, within: float | None = None) -> bool:
        """Wait until it has asked for so much from now on. One that is silent for so long that it
        counts as standing still may merely be slow, and is given more time.
        """
        before = len(self.asked())
        limit = self.book.patience if within is None else within
        enough = await self.stage.until(lambda: len(self.asked()) >= before + count, limit)
        return enough or (within is None and await self._after_all(before + count))

    async def _after_all(self, wanted: int) -> bool:
        asked = self.asked()
        last = max([self.notes.began, *map(sent_at, asked[-1:])])
        if time.monotonic() - last > self.book.silence:
            more = max(0.0, last + self.stage.pace.longest - time.monotonic())
            if await self.stage.until(lambda: len(self.asked()) > len(asked), more):
                self.book.pause = max(self.book.pause, time.monotonic() - last)
        return len(self.asked()) >= wanted

    async def seen(self, operations: Iterable[str], within: float) -> bool:
        """Wait until each of these was asked for, or at least everything that the client asks."""
        wanted = set(operations) & self.book.asks

        def all_of_them() -> bool:
            return wanted <= {each.operation for each in self.exchanges}

        return await self.stage.until(all_of_them, within)

    async def live(self, seconds: float) -> None:
        """Let time pass."""
        await self.stage.until(lambda: False, seconds)

    def befall(self, kind: str) -> None:
        """Note that something befell the client just now."""
        self.notes.strikes.append(
            Strike(kind=kind, real=time.monotonic(), number=self.stage.mark())
        )

    def mark(self, name: str) -> None:
        self.notes.marks[name] = time.monotonic()


def plain(said: Answer | Later) -> Answer | None:
    """A successful answer that is there already."""
    return said if isinstance(said, Answer) and said.status < 300 else None
