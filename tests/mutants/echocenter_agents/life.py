"""How an agent lives: connect, say hello, listen and answer, come back. Dialling is passed in."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import replace
from itertools import count
from typing import Final

from tests.mutants.echocenter_agents.enrolment import enrol
from tests.mutants.echocenter_agents.links import GoneError, Link, RefusedError
from tests.mutants.echocenter_agents.model import (
    LEVELS,
    Chat,
    Do,
    Fault,
    Incoming,
    Kind,
    Loss,
    Memory,
    Pause,
    Say,
    Step,
    Style,
    Target,
)
from tests.mutants.echocenter_agents.words import encoded, log

__all__ = ["Dial", "LeaveError", "Life"]

Dial = Callable[[str, Style], Awaitable[Link]]

# A connection that lived shorter than this proves nothing: the pauses go on growing.
SHORT_LIFE: Final = 2.0
PATIENCE: Final = 40


class LeaveError(Exception):
    """The agent's own decision to end, with its exit status."""

    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class BlunderError(RuntimeError):
    """What a seeded crash dies of."""


class Life:
    """One agent from start to end."""

    def __init__(
        self,
        *,
        style: Style,
        fault: Fault | None,
        dial: Dial,
        target: Target,
        memory: Memory,
        say: Callable[[str], None],
    ) -> None:
        self._style = style
        self._fault = fault
        self._dial = dial
        self._target = target
        self._memory = memory
        self._say = say
        self._others: list[Link] = []
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Live; only exceptions end it: LeaveError, or whatever a seeded bug dies of."""
        try:
            await self._live()
        finally:
            for link in self._others:
                await link.abort()

    async def _live(self) -> None:
        if not self._style.starts:
            await asyncio.Event().wait()
        await self._enrol()
        streak = 0
        while True:
            try:
                link = await self._open()
            except RefusedError as refused:
                # 5xx is a server in trouble; anything else says that asking again is useless.
                fatal = refused.status < 500
                loss = self._style.on_refusal if fatal else self._style.on_loss
                await self._lose(loss, f"refused: {refused}", streak)
                streak += 1
                continue
            except OSError as error:
                await self._lose(self._style.on_loss, f"cannot connect: {error}", streak)
                streak += 1
                continue
            born = time.monotonic()
            why = await self._spend(link)
            streak = streak + 1 if time.monotonic() - born < SHORT_LIFE else 0
            await self._lose(self._style.on_loss, why, streak)

    async def _enrol(self) -> None:
        body = self._style.enrols
        if body is not None:
            why = await enrol(self._target.base, body(f"{self._memory.name}-aide"))
            if why:
                self._say(why)

    async def _open(self) -> Link:
        for _ in range(self._style.churn):
            await (await self._dial_once()).abort()
        for _ in range(self._style.twins):
            self._others.append(await self._dial_once())
        return await self._dial_once()

    async def _dial_once(self) -> Link:
        target = Target(base=self._target.base, token=self._target.token, n=self._memory.connection)
        token = target.token
        if self._style.prints:
            self._say(self._style.prints.replace("{token}", token))
        headers = tuple(
            (name, value.replace("{token}", token)) for name, value in self._style.headers
        )
        return await self._dial(self._style.address(target), replace(self._style, headers=headers))

    async def _lose(self, loss: Loss, why: str, streak: int) -> None:
        if loss.crashes:
            raise BlunderError(why)
        if loss.says_why:
            self._say(why)
        if loss.stays:
            await asyncio.Event().wait()
        if not loss.again:
            raise LeaveError(loss.status)
        if streak >= PATIENCE and loss.longest_pause > 1.0:
            raise LeaveError(4, f"gave up: {why}")
        await asyncio.sleep(min(loss.longest_pause, loss.first_pause * 2.0 ** min(streak, 10)))

    async def _spend(self, link: Link) -> str:
        """One connection from its opening to its loss; says why it was lost."""
        self._memory.connection += 1
        crew = _Crew()
        try:
            crew.start(self._listen(link, crew))
            crew.start(self._report(link))
            if self._style.ping_every is not None:
                crew.start(self._ping(link, self._style.ping_every))
            await crew.ended
        except GoneError as gone:
            return str(gone)
        finally:
            await crew.dismiss()
            await link.close()
        return "nothing left to do"

    async def _report(self, link: Link) -> None:
        for level, content in self._style.hello:
            await self._do(link, log(level, content))
        for message in self._style.also:
            await self._do(link, Say(kind=Kind.OTHER, message=message))
        if self._style.log_every is None:
            return
        for n in count():
            await asyncio.sleep(self._style.log_every)
            await self._do(link, log(LEVELS[n % len(LEVELS)], f"tick {n}"))

    async def _ping(self, link: Link, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            await link.ping()

    async def _listen(self, link: Link, crew: _Crew) -> None:
        while True:
            incoming = self._parse(await link.receive())
            unusual = self._react(incoming)
            if unusual is not None:
                await self._perform(link, unusual)
            elif incoming.chat is not None:
                crew.start(self._answer(link, incoming.chat))
            elif incoming.broken:
                self._say("ignored something that is no JSON")

    def _react(self, incoming: Incoming) -> Iterable[Step] | None:
        if self._fault is None or self._fault.react is None:
            return None
        return self._fault.react(incoming, self._memory)

    def _parse(self, raw: str | bytes) -> Incoming:
        try:
            data = json.loads(raw)
        except (ValueError, RecursionError):
            return Incoming(raw=raw, broken=True)
        if not isinstance(data, Mapping) or data.get("type") != "CHAT":
            return Incoming(raw=raw, data=data)
        sender = data.get("sender_id")
        if sender is None or isinstance(sender, bool | dict | list):
            return Incoming(raw=raw, data=data)
        memory = self._memory
        chat = Chat(
            sender_id=sender,
            payload=data.get("payload"),
            frame=data,
            n=len(memory.chats),
            connection=memory.connection - 1,
        )
        memory.chats.append(chat)
        return Incoming(raw=raw, data=data, chat=chat)

    async def _answer(self, link: Link, chat: Chat) -> None:
        if not self._style.serial:
            await self._answer_now(link, chat)
            return
        async with self._turn:
            await self._answer_now(link, chat)

    async def _answer_now(self, link: Link, chat: Chat) -> None:
        if self._style.acknowledges:
            await self._do(link, log("INFO", "an instruction has come", chat))
        if self._style.think:
            await asyncio.sleep(self._style.think)
        own = self._fault.answer if self._fault else None
        await self._perform(link, (own or self._style.answer)(chat, self._memory))

    async def _perform(self, link: Link, steps: Iterable[Step]) -> None:
        for step in steps:
            await self._do(link, step)

    async def _do(self, link: Link, step: Step) -> None:
        if not isinstance(step, Say) or self._fault is None or self._fault.edit is None:
            await self._do_as_is(link, step)
            return
        for edited in self._fault.edit(step, self._memory):
            await self._do_as_is(link, edited)

    async def _do_as_is(self, link: Link, step: Step) -> None:
        if isinstance(step, Say):
            await self._send(link, step)
        elif isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
        else:
            await self._misbehave(link, step)

    async def _send(self, link: Link, say: Say) -> None:
        # Counted first: whoever is edited while this one waits for the line comes later.
        self._memory.sent[say.kind] += 1
        message = say.message
        if self._style.extras and isinstance(message, Mapping):
            message = {**self._style.extras, **message}
        raw = say.raw
        if raw is None:
            raw = encoded(message, self._style.encoding, self._memory.rng)
        size = self._style.fragment
        if size is None or isinstance(raw, bytes):
            await link.send(raw)
        else:
            await link.send_parts([raw[n : n + size] for n in range(0, len(raw), size)])

    async def _misbehave(self, link: Link, do: Do) -> None:
        if do is Do.CRASH:
            raise BlunderError("never thought of this")
        if do is Do.QUIT:
            raise LeaveError(0)
        if do is Do.DROP:
            await link.abort()
        if do is Do.TWIN:
            self._others.append(await self._dial_once())
        if do is Do.SPIN:
            # Nothing else runs from here on, so the signal must end the process by itself.
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            while True:
                time.sleep(0.002)  # noqa: ASYNC251 - that is the bug
        if do is Do.HANG:
            await asyncio.Event().wait()


class _Crew:
    """Tasks that live as long as one connection; the first failure ends all."""

    def __init__(self) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, job: Coroutine[object, object, None]) -> None:
        """Begin a job beside the others."""
        task = asyncio.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def dismiss(self) -> None:
        """End all jobs."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not self.ended.done():
            self.ended.set_exception(error)
