"""What comes again and again: heartbeats and polls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from tests.mutants.stella_agents.being import Being, Crew, LeaveError
from tests.mutants.stella_agents.bugs import Bug, Trouble
from tests.mutants.stella_agents.caller import Caller
from tests.mutants.stella_agents.http_raw import LostError
from tests.mutants.stella_agents.labour import Labour
from tests.mutants.stella_agents.model import Answer, Rhythm, Way, What
from tests.mutants.stella_agents.words import heartbeat

__all__ = ["Pulse"]

_DOCUMENTED: Final = frozenset({"tasks", "certificateRenewal"})
_GONE: Final = frozenset({401, 403, 404})


class Pulse:
    """Heartbeats and polls of one agent."""

    def __init__(self, being: Being, caller: Caller, labour: Labour, crew: Crew) -> None:
        self._being = being
        self._caller = caller
        self._labour = labour
        self._crew = crew
        self._counts: list[int] = []
        self.register_again: Callable[[], Awaitable[None]] | None = None

    async def beat(self) -> None:
        """Send heartbeats for ever."""
        await self._rounds(self._being.style.pulse, self._being.interval, self.beat_once)

    async def poll(self) -> None:
        """Ask for tasks for ever."""
        await self._rounds(self._being.style.polling, self._being.poll_interval, self._poll_once)

    async def _rounds(
        self, rhythm: Rhythm, interval: float, act: Callable[[], Awaitable[None]]
    ) -> None:
        being, clock = self._being, asyncio.get_running_loop().time
        if not rhythm.at_once:
            await asyncio.sleep(rhythm.first * rhythm.gap(interval, 0, being.memory.rng))
        due, n = clock(), 0
        while rhythm.limit is None or n < rhythm.limit:
            await asyncio.sleep(min(rhythm.effort, interval))
            for _ in range(rhythm.burst if n % 4 == 3 else 1):
                if rhythm.fixed_rate:
                    self._crew.start(_awaited(act))
                else:
                    await act()
            gap = rhythm.gap(interval, n, being.memory.rng) * being.slowness
            gap = 0.02 if being.hammering else gap
            # Time that was lost is lost: nobody wants the missed ones in one go.
            due = max(clock(), due + gap) if rhythm.fixed_rate else clock() + gap
            await asyncio.sleep(due - clock())
            n += 1
        await asyncio.Event().wait()

    async def beat_once(self) -> None:
        """Send one heartbeat and do what its answer says. Raises LeaveError."""
        being = self._being
        memory = being.memory
        if not being.beating or (being.has(Bug.STOPS_WHILE_WORKING) and memory.running):
            return
        memory.running = self._running()
        body = heartbeat(being.style, memory)
        try:
            answer = await self._caller.ask(What.HEARTBEAT, body=body)
        except LostError as error:
            being.log(str(error))
            being.meets(Trouble.DROPPED)
            return
        await self._heard(answer)
        if being.has(Bug.QUITS_EARLY) and memory.sent[What.HEARTBEAT] >= 3:
            raise LeaveError(0)
        if being.has(Bug.BEAT_WAITS):
            await self._labour.rest()

    def _running(self) -> int:
        being, memory = self._being, self._being.memory
        now = self._labour.running
        if being.has(Bug.RUNNING_NEVER_FALLS):
            return len(memory.tasks)
        if being.has(Bug.RUNNING_DONE):
            return len(memory.done)
        if being.has(Bug.CANCEL_STILL_RUNNING):
            return now + len(memory.cancelled)
        if being.has(Bug.RUNNING_LATE):
            self._counts.append(now)
            return self._counts[max(0, len(self._counts) - 4)]
        return now

    async def _heard(self, answer: Answer) -> None:
        being = self._being
        if answer.status in _GONE:
            being.meets(Trouble.GONE)
            await self._forgotten(answer.status)
        elif answer.status >= 500:
            being.log(f"heartbeat: status {answer.status}")
            being.meets(Trouble.BUSY if answer.status == 503 else Trouble.BROKEN)
        elif not isinstance(answer.data, Mapping):
            being.meets(Trouble.GARBLED)
        elif 200 <= answer.status < 300:
            self._look(answer.data)
            await self._renew(answer.data.get("certificateRenewal"))
            if Way.HEARTBEAT in being.style.takes and not being.has(Bug.IGNORES_BEAT_TASKS):
                self._labour.offer(answer.data.get("tasks"), Way.HEARTBEAT)

    def _look(self, data: Mapping[str, Any]) -> None:
        if not data.keys() & _DOCUMENTED:
            self._being.meets(Trouble.BARE)
        if any(data.get(name, "") is None for name in _DOCUMENTED):
            self._being.meets(Trouble.NULLS)
        if data.keys() - _DOCUMENTED:
            self._being.meets(Trouble.EXTRA)

    async def _forgotten(self, status: int) -> None:
        being = self._being
        if being.wants_registration and self.register_again is not None:
            await self.register_again()
        elif being.style.leaves_when_gone and not being.hammering:
            raise LeaveError(3, f"status {status}: the orchestrator does not know this agent")
        else:
            being.log(f"heartbeat: status {status}")

    async def _renew(self, renewal: object) -> None:
        being = self._being
        if not isinstance(renewal, Mapping) or being.has(Bug.RENEWAL_IGNORED):
            return
        if being.has(Bug.RENEWAL_REGISTERS) and self.register_again is not None:
            await self.register_again()
        try:
            old_key = being.has(Bug.RENEWAL_OLD_KEY)
            if being.wallet.renew(renewal, old_key=old_key):
                being.memory.key = being.wallet.key
                being.renewed.set()
                being.meets(Trouble.RENEWED)
        except ValueError as error:
            being.log(f"renewal: {error}")

    async def _poll_once(self) -> None:
        being = self._being
        try:
            answer = await self._caller.ask(What.POLL)
        except LostError as error:
            being.log(str(error))
            return
        data = answer.data
        if not 200 <= answer.status < 300 or being.has(Bug.IGNORES_POLLED):
            return
        if isinstance(data, Mapping) and Way.POLL in being.style.takes:
            self._labour.offer(data.get("tasks"), Way.POLL)


async def _awaited(act: Callable[[], Awaitable[None]]) -> None:
    await act()
