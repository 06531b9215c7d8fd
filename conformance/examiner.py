"""Examines an agent: plays the coordinator, launches it, and lets it live through situations."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import mockserver
from conformance.agent_process import AgentProcess, Ending
from conformance.context import RunContext
from conformance.marks import UnjudgeableError
from mockserver import Fault, RunningMock
from mockserver.transcript import HttpExchange
from schemas.spec import Protocol

__all__ = ["PATIENCE", "Examiner", "Observation", "Situation"]

PATIENCE = {"quick": 2.5, "standard": 5.0, "exhaustive": 20.0}
"""Seconds that a situation lasts, by profile."""

_CONTACT = 60.0
"""Seconds that an agent which we did not launch is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Something that an agent must cope with: faults, and perhaps a restart that forgets it.

    `restart_after` is how many requests beyond its registration an agent makes before the
    coordinator restarts; `None` for never.
    """

    name: str
    faults: Sequence[Fault] = ()
    restart_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What an agent did in one situation.

    `restarted` is the number of the last exchange before the restart, or `None`. `ending` is
    `None` for an agent that we did not launch.
    """

    situation: str
    exchanges: tuple[HttpExchange, ...]
    seconds: float
    restarted: int | None = None
    ending: Ending | None = None

    @property
    def struck(self) -> list[HttpExchange]:
        """The exchanges that a fault struck."""
        return [exchange for exchange in self.exchanges if exchange.faults]


class Examiner:
    """Plays each situation once, when it is first asked for, and remembers what it saw.

    The first situation has the machine to itself; the others are played side by side, each with a
    mock and an agent of its own, so that waiting costs once.
    """

    def __init__(
        self, protocol: Protocol, context: RunContext, situations: Sequence[Situation]
    ) -> None:
        self._protocol = protocol
        self._context = context
        self._situations = {situation.name: situation for situation in situations}
        self._seen: dict[str, Observation] = {}
        self._played = False
        self._patience = context.patience or PATIENCE[context.profile]

    async def observe(self, name: str) -> Observation:
        """What the agent did in that situation. Raises `UnjudgeableError` where none ever came."""
        if not self._played:  # once, even where nobody came: each check would wait anew
            self._played = True
            await (self._play_all() if self._context.command else self._attend())
        if name not in self._seen:
            raise UnjudgeableError("no agent ever connected")
        return self._seen[name]

    async def _play_all(self) -> None:
        first, *others = self._situations.values()
        self._seen[first.name] = await self._play(first)
        if not self._seen[first.name].exchanges:
            return  # it says nothing when all is well: nothing is learned by making it worse
        for seen in await asyncio.gather(*(self._play(situation) for situation in others)):
            again = seen
            if not seen.exchanges:  # it may not bear company, a fixed port of its own, say
                again = await self._play(self._situations[seen.situation])
            self._seen[seen.situation] = again

    async def _play(self, situation: Situation) -> Observation:
        listen = self._context.listen
        async with mockserver.start(
            self._protocol, host=listen.get("host", "127.0.0.1"), seed=self._context.seed
        ) as mock:
            for fault in situation.faults:
                mock.session.faults.add(fault)
            agent = AgentProcess(self._context.command, self._values(mock, situation.name))
            began = time.monotonic()
            await agent.start()
            try:
                restarted = await self._watch(mock, situation, agent, 0)
            finally:
                ending = await agent.end()
            return Observation(
                situation=situation.name,
                exchanges=tuple(mock.session.transcript),
                seconds=time.monotonic() - began,
                restarted=restarted,
                ending=ending,
            )

    async def _watch(
        self, mock: RunningMock, situation: Situation, agent: AgentProcess | None, before: int
    ) -> int | None:
        """Let the situation last; returns the number of the last exchange before a restart."""
        restarted: int | None = None
        end = time.monotonic() + self._patience
        while time.monotonic() < end and (agent is None or agent.running):
            await asyncio.sleep(0.02)
            said = mock.session.transcript.count - before
            wanted = situation.restart_after
            if restarted is None and wanted is not None and said > wanted:
                restarted = mock.session.transcript.count
                mock.session.forget()
                end = time.monotonic() + self._patience
        return restarted

    async def _attend(self) -> None:
        """Wait for an agent that somebody else runs, and lead it through the situations in turn."""
        listen = self._context.listen
        async with mockserver.start(
            self._protocol,
            host=listen.get("host", "127.0.0.1"),
            port=listen.get("port", 0),
            seed=self._context.seed,
        ) as mock:
            print(f"waiting for an agent at {mock.url}", file=sys.stderr, flush=True)
            heard = asyncio.Event()
            mock.mock.listener = lambda _: heard.set()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(heard.wait(), _CONTACT)
            if not heard.is_set():
                return
            for situation in self._situations.values():
                self._seen[situation.name] = await self._lead(mock, situation)

    async def _lead(self, mock: RunningMock, situation: Situation) -> Observation:
        before = mock.session.transcript.count if self._seen else 0
        began = time.monotonic()
        for fault in situation.faults:
            mock.session.faults.add(fault)
        restarted = await self._watch(mock, situation, None, before)
        mock.session.faults.clear()
        return Observation(
            situation=situation.name,
            exchanges=tuple(mock.session.transcript.since(before)),
            seconds=time.monotonic() - began,
            restarted=restarted,
        )

    def _values(self, mock: RunningMock, situation: str) -> Mapping[str, str]:
        """What the command's placeholders and the agent's environment hold."""
        return {
            "url": mock.url,
            "ws_url": mock.url.replace("http", "ws", 1),
            "host": mock.host,
            "port": str(mock.port),
            "token": secrets.token_urlsafe(24),
            "username": "assay",
            "password": secrets.token_urlsafe(12),
            "ca": "",
            "name": f"agent-{situation}-{self._context.run}",
        }
