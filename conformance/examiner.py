"""Examines an agent: plays the coordinator, launches it, and lets it live through situations."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import mockserver
from conformance.agent_process import AgentProcess, Ending
from conformance.context import RunContext
from conformance.frames import Frame
from conformance.marks import UnjudgeableError
from conformance.patience import Pace
from conformance.stage import GoneError, Play, Stage, of_heard
from mockserver import Fault, RunningMock, Settings
from mockserver.transcript import Entry, HttpExchange
from mockserver.transcript import Frame as Heard
from schemas.spec import Protocol

__all__ = ["PATIENCE", "Examiner", "Observation", "Situation"]

PATIENCE = {"quick": 2.5, "standard": 5.0, "exhaustive": 20.0}
"""Seconds that a situation lasts, by profile, and longer for an agent that shows itself slower."""

_CONTACT = 60.0
"""Seconds that an agent which we did not launch is waited for."""


_AT_ONCE = 8
"""Situations that are played side by side."""

_IN_VAIN = 3
"""Of those that saw nothing so many are played again alone, before it is known not to help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Something that an agent must cope with: faults, perhaps a restart that forgets it, perhaps
    something that is said to it.

    `restart_after` is how many requests beyond its registration an agent makes before the
    coordinator restarts; `None` for never. `commands` are told to the coordinator before the agent
    starts. A situation with a `play` ends with it, any other when the patience does.
    """

    name: str
    faults: Sequence[Fault] = ()
    restart_after: int | None = None
    commands: Sequence[tuple[str, Mapping[str, Any]]] = ()
    play: Play | None = None


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What an agent did in one situation.

    `restarted` is the number of the last entry before the (last) restart, or `None`. `ending` is
    `None` for an agent that we did not launch. `values` are what it was started with. `played` is
    the number of the last entry before it was asked to end, and `until` when that was (monotonic
    clock). `excuse` is why nothing that takes time can be held against it, or empty.
    """

    situation: str
    entries: tuple[Entry, ...]
    seconds: float
    restarted: int | None = None
    ending: Ending | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    played: int = sys.maxsize
    until: float = 0.0
    excuse: str = ""

    @cached_property
    def exchanges(self) -> tuple[HttpExchange, ...]:
        """The requests that it made, handshakes among them."""
        return tuple(entry for entry in self.entries if isinstance(entry, HttpExchange))

    @cached_property
    def frames(self) -> tuple[Heard, ...]:
        """What was said on its WebSockets, on either side."""
        return tuple(entry for entry in self.entries if isinstance(entry, Heard))

    @property
    def struck(self) -> list[HttpExchange]:
        """The exchanges that a fault struck."""
        return [exchange for exchange in self.exchanges if exchange.faults]

    def shown(self, *heard: Heard) -> list[Frame]:
        """Frames as evidence shows them."""
        opened = {each.connection: each.real for each in self.exchanges if each.connection}
        return [of_heard(each, opened.get(each.connection, each.real)) for each in heard]


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
        self._pace = Pace(context.patience or PATIENCE[context.profile])

    async def observe(self, name: str) -> Observation:
        """What the agent did in that situation. Raises `UnjudgeableError` where none ever came."""
        if not self._played:  # once, even where nobody came: each check would wait anew
            self._played = True
            await (self._play_all() if self._context.command else self._attend())
        if name not in self._seen and self._context.command and self._came:
            self._seen[name] = await self._play(self._situations[name])  # left out at first
        if name not in self._seen:
            raise UnjudgeableError("no agent ever connected")
        return self._seen[name]

    async def launch(self, situation: Situation) -> Observation:
        """What an agent that is launched for it alone does in a situation beyond the known ones.
        Raises `UnjudgeableError` where we can't launch any.
        """
        if not self._context.command:
            raise UnjudgeableError("only an agent that Assay launches can be asked so much")
        return await self._play(situation)

    def excuse(self, name: str) -> str:
        """Why nothing that takes time can be held against the agent in that situation."""
        seen = self._seen.get(name)
        return "" if seen is None else seen.excuse

    @property
    def _came(self) -> bool:
        """Did the agent say anything when all was well?"""
        first = next(iter(self._situations))
        return first in self._seen and bool(self._seen[first].exchanges)

    async def _play_all(self) -> None:
        first, *rest = self._situations.values()
        others = [situation for situation in rest if self._context.plays(situation.name)]
        self._seen[first.name] = await self._play(first)
        self._pace.settle()
        if not self._seen[first.name].exchanges:
            return  # it says nothing when all is well: nothing is learned by making it worse
        room = asyncio.Semaphore(_AT_ONCE)

        async def one(situation: Situation) -> Observation:
            async with room:
                return await self._play(situation)

        in_vain = 0
        for seen in await asyncio.gather(*map(one, others)):
            again = seen
            # It may not bear company, a fixed port of its own, say.
            if not seen.exchanges and in_vain < _IN_VAIN:
                again = await self._play(self._situations[seen.situation])
                in_vain = 0 if again.exchanges else in_vain + 1
            self._seen[seen.situation] = again

    async def _play(self, situation: Situation) -> Observation:
        """One life. What the agent keeps on disk no other life must find, so it gets a folder."""
        with tempfile.TemporaryDirectory(prefix="assay-", ignore_cleanup_errors=True) as folder:
            return await self._play_in(folder, situation)

    async def _play_in(self, folder: str, situation: Situation) -> Observation:
        async with self._mock(port=0) as mock:
            for name, said in situation.commands:
                mock.session.coordinator.command(name, said)
            values = {**self._values(mock, situation.name), "dir": folder}
            agent = AgentProcess(self._context.command, values)
            stage = Stage(mock, self._pace, values, agent)
            began = time.monotonic()
            await agent.start()
            try:
                await self._let_live(stage, situation)
            finally:
                played, until = stage.mark(), time.monotonic()
                ending = await agent.end()
            return Observation(
                situation=situation.name,
                entries=tuple(stage.entries),
                seconds=time.monotonic() - began,
                restarted=stage.restarted,
                excuse=stage.excuse,
                ending=ending,
                values=values,
                played=played,
                until=until,
            )

    async def _let_live(self, stage: Stage, situation: Situation) -> None:
        for fault in situation.faults:
            stage.session.faults.add(fault)
        if situation.play is not None:
            with contextlib.suppress(GoneError):
                await situation.play(stage)
        else:
            await self._watch(stage, situation)

    async def _watch(self, stage: Stage, situation: Situation) -> None:
        """Let the situation last, from the agent's first word on."""
        began = time.monotonic()
        if await stage.until(lambda: stage.entries, stage.pace.launch):
            stage.pace.launched(time.monotonic() - began)
        end = time.monotonic() + stage.patience
        while time.monotonic() < end and stage.running:
            await asyncio.sleep(0.02)
            wanted = situation.restart_after
            if stage.restarted is None and wanted is not None and len(stage.entries) > wanted:
                stage.restart()
                end = time.monotonic() + stage.patience

    def _mock(self, port: int) -> AbstractAsyncContextManager[RunningMock]:
        listen = self._context.listen
        return mockserver.start(
            self._protocol,
            host=listen.get("host", "127.0.0.1"),
            port=port,
            seed=self._context.seed,
            clock="adjustable",
            tls=listen.get("tls"),
            settings=self._settings(),
        )

    def _settings(self) -> Settings:
        known = self._context.target.credentials
        password = known.password if known else secrets.token_urlsafe(12)
        return Settings(username=known.username or "assay", password=password)

    async def _attend(self) -> None:
        """Wait for an agent that somebody else runs, and lead it through the situations in turn."""
        async with self._mock(self._context.listen.get("port", 0)) as mock:
            values = self._values(mock, "")
            print(self._invitation(mock, values), file=sys.stderr, flush=True)
            heard = asyncio.Event()
            mock.mock.listener = lambda _: heard.set()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(heard.wait(), _CONTACT)
            if not heard.is_set():
                return
            for situation in self._situations.values():
                for name, said in situation.commands:
                    mock.session.coordinator.command(name, said)
                self._seen[situation.name] = await self._lead(mock, situation, values)
                self._pace.settle()

    async def _lead(
        self, mock: RunningMock, situation: Situation, values: Mapping[str, str]
    ) -> Observation:
        before = mock.session.transcript.count if self._seen else 0
        stage = Stage(mock, self._pace, values, before=before)
        began = time.monotonic()
        await self._let_live(stage, situation)
        mock.session.faults.clear()
        return Observation(
            situation=situation.name,
            entries=tuple(stage.entries),
            seconds=time.monotonic() - began,
            restarted=stage.restarted,
            excuse=stage.excuse,
            values=values,
            until=time.monotonic(),
        )

    def _invitation(self, mock: RunningMock, values: Mapping[str, str]) -> str:
        """Where an agent that somebody else runs is awaited, and what it needs to come in."""
        told = [f"waiting for an agent at {mock.url}"]
        told += [
            f"  WebSocket  {mock.ws_url}{each.path}" for each in self._protocol.channels.values()
        ]
        told += [f"  gRPC  {mock.grpc}"] if mock.grpc else []
        needed = ("token", "username", "password", "ca")
        if self._protocol.channels:
            told += [f"  {name}  {values[name]}" for name in needed if values[name]]
        return "\n".join(told)

    def _values(self, mock: RunningMock, situation: str) -> dict[str, str]:
        """What the command's placeholders and the agent's environment hold."""
        name = "-".join(filter(None, ("agent", situation, self._context.run)))
        return {
            **mock.values,
            "token": secrets.token_hex(24),
            "username": mock.mock.settings.username,
            "password": mock.mock.settings.password,
            "name": name,
            **mock.session.coordinator.enrol(name),
        }
