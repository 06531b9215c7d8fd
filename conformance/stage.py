"""What happens to an agent in a situation, for those that are more than faults."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

from conformance.agent_process import AgentProcess
from conformance.frames import Frame
from conformance.patience import Pace
from mockserver import RunningMock
from mockserver.session import Session
from mockserver.transcript import Entry, HttpExchange
from mockserver.transcript import Frame as Heard

__all__ = ["GoneError", "Play", "Stage", "of_heard"]

_TICK = 0.01
"""Seconds between two looks at what the agent did."""


class GoneError(Exception):
    """The agent has ended: there is nobody left to play to."""


class Stage:
    """The coordinator's side of one situation: what the agent says is seen, and it can be spoken
    to. `pace` is how slow it has shown itself to be, here and elsewhere; `values` are what it was
    started with. `excuse` is why nothing that takes time can be held against the agent, or empty.
    """

    def __init__(
        self,
        mock: RunningMock,
        pace: Pace,
        values: Mapping[str, str],
        agent: AgentProcess | None = None,
        *,
        before: int = 0,
    ) -> None:
        self.mock = mock
        self.pace = pace
        self.values = values
        self.restarted: int | None = None
        self.excuse = ""
        self._agent = agent
        self._before = before

    @property
    def session(self) -> Session:
        return self.mock.session

    @property
    def patience(self) -> float:
        """Seconds that the agent is waited for."""
        return self.pace.seconds

    @property
    def entries(self) -> list[Entry]:
        """What was said in this situation so far."""
        return self.session.transcript.since(self._before)

    @property
    def frames(self) -> list[Heard]:
        """What was said on WebSockets in this situation so far."""
        return [entry for entry in self.entries if isinstance(entry, Heard)]

    @property
    def handshakes(self) -> list[HttpExchange]:
        """The handshakes that opened a connection."""
        exchanges = (entry for entry in self.entries if isinstance(entry, HttpExchange))
        return [exchange for exchange in exchanges if exchange.connection]

    @property
    def running(self) -> bool:
        """Does the agent still run, as far as we can know?"""
        return self._agent is None or self._agent.running

    def mark(self) -> int:
        """The number of the last entry, to wait for what comes after it."""
        return self.session.transcript.count

    async def until(self, seen: Callable[[], Any], within: float | None = None) -> bool:
        """Wait until something is to be seen; `False` where it is not within the patience, or
        within as many seconds. An agent that has ended is not waited for.
        """
        end = time.monotonic() + (self.patience if within is None else within)
        while not seen():
            if time.monotonic() >= end or not self.running:
                return bool(seen())
            await asyncio.sleep(_TICK)
        return True

    async def connected(self, count: int = 1) -> None:
        """Wait for the agent to be connected. Raises `GoneError` where it does not come."""
        if not await self.until(lambda: len(self.session.lines) >= count):
            raise GoneError

    def command(self, name: str, **said: Any) -> Any:
        """Have the coordinator do something that its control interface offers."""
        self.session.coordinator.catch_up()
        done = self.session.coordinator.command(name, said)
        self.mock.mock.sockets.flush(self.session)
        return done

    def inject(
        self, data: bytes, kind: str = "text", fragments: int = 1, *, pinged: bool = False
    ) -> None:
        """Say something on every connection that no coordinator would: text, binary, ping, or raw
        bytes. A text in fragments may be `pinged` in its middle.
        """
        for line in list(self.session.lines.values()):
            self.mock.mock.sockets.inject(line, data, kind, fragments, pinged=pinged)

    def restart(self) -> None:
        """The coordinator restarts: connections end, and what it does not keep is forgotten."""
        self.restarted = self.mark()
        self.session.forget()


Play = Callable[[Stage], Awaitable[None]]

_SENDERS: Mapping[str, Literal["peer", "assay"]] = {"agent": "peer", "coordinator": "assay"}


def of_heard(heard: Heard, opened: float) -> Frame:
    """What a mock heard or said, as evidence shows it. `opened` is when its connection was."""
    kind: Any = heard.kind
    in_words = kind == "close" or (kind == "raw" and heard.sender == "agent")
    return Frame(
        connection=f"{heard.principal or 'agent'} #{heard.connection}",
        sender=_SENDERS[heard.sender],
        kind=kind,
        data=b"" if in_words else heard.data,
        at=heard.real,
        seconds=max(0.0, heard.real - opened),
        code=heard.code,
        reason=heard.data.decode("utf-8", "backslashreplace") if in_words else "",
    )
