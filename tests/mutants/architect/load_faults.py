"""Faults brought out by many messages, by many connections, and by leaving."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import partial
from typing import Final

from .agent import Agent
from .fault import Fault, Section
from .model import MISSING, Json, Outcome, Request, Session
from .reading import Reading

__all__ = ["LOAD_FAULTS"]


class _Counted(Agent):
    """Breaks after so many messages or errors."""

    def __init__(self, reading: Reading, *, messages: int = 0, errors: int = 0) -> None:
        super().__init__(reading)
        self.messages = messages
        self.errors = errors

    async def received(self, session: Session, data: str | bytes) -> None:
        await super().received(session, data)
        if session.count == self.messages:
            await session.link.close(1000, "enough")

    async def afterwards(self, session: Session, request: Request, outcome: Outcome) -> None:
        await super().afterwards(session, request, outcome)
        session.notes["errors"] = session.notes.get("errors", 0) + (not outcome.ok)
        if not outcome.ok and session.notes["errors"] == self.errors:
            await session.link.close(1008, "too many errors")


class _Crowded(Agent):
    """Loses commands while more than so many are in work."""

    def __init__(self, reading: Reading, *, limit: int, everywhere: bool = False) -> None:
        super().__init__(reading)
        self.limit = limit
        self.everywhere = everywhere

    async def command(self, session: Session, message: dict[str, Json]) -> None:
        crowd = list(self.sessions.values()) if self.everywhere else [session]
        if sum(len(one.tasks) for one in crowd) < self.limit:
            await super().command(session, message)
        else:
            session.tokens.append(message.get("idempotence", MISSING))


class _OneAtATime(Agent):
    """Ends the command in work when the next one comes."""

    async def command(self, session: Session, message: dict[str, Json]) -> None:
        if session.tail is not None:
            session.tail.cancel()
        await super().command(session, message)


class _Blocking(Agent):
    """A slow command of one connection holds up all others for two seconds."""

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading)
        self.lock = asyncio.Lock()

    async def decide(self, session: Session, request: Request) -> Outcome:
        async with self.lock:
            if request.action == "list_actions":
                await asyncio.sleep(2.0)
            return await super().decide(session, request)


class _Queued(Agent):
    """Works on one command at a time, of all that all connections asked for."""

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading)
        self.lock = asyncio.Lock()

    async def decide(self, session: Session, request: Request) -> Outcome:
        async with self.lock:
            if request.action != "list_actions":
                await asyncio.sleep(0.15)
            return await super().decide(session, request)


class _Lenient(Agent):
    """Reads what is not quite JSON."""

    async def unreadable(self, session: Session, data: str | bytes) -> None:
        text = str(data).strip().replace("'", '"').replace(",}", "}")
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        if isinstance(message, dict) and "action" in message:
            await self.command(session, message)
        else:
            await super().unreadable(session, data)


class _Goodbye(Agent):
    """The end of one connection ends all others."""

    def ended(self, session: Session) -> None:
        super().ended(session)
        for other in list(self.sessions.values()):
            other.link.abort()


class _CancelsOthers(Agent):
    """The end of one connection loses the commands that others wait for."""

    def ended(self, session: Session) -> None:
        super().ended(session)
        for other in list(self.sessions.values()):
            for task in list(other.tasks):
                task.cancel()
            other.notes["deaf"] = True

    async def received(self, session: Session, data: str | bytes) -> None:
        if not session.notes.get("deaf"):
            await super().received(session, data)


class _HandsOn(Agent):
    """Goes on working for who has left, and gives the replies to another."""

    def ended(self, session: Session) -> None:
        self.sessions.pop(session.number, None)

    async def transmit(self, session: Session, message: Json) -> None:
        if session.number not in self.sessions and self.sessions:
            session = [*self.sessions.values()][-1]
        await super().transmit(session, message)


class _Abrupt(Agent):
    """A connection that ends while a command is in work stops the server."""

    def ended(self, session: Session) -> None:
        if session.tasks and session.refused is None:
            self.die()
        super().ended(session)


def _load(
    name: str,
    summary: str,
    make: Callable[[Reading], Agent],
    *,
    implied: bool = True,
    section: Section = "Commands",
) -> Fault:
    return Fault(name=name, summary=summary, section=section, implied=implied, make=make)


LOAD_FAULTS: Final = (
    _load("load.eleventh_closes", "the eleventh message closes", partial(_Counted, messages=11)),
    _load("load.fiftieth_closes", "the fiftieth message closes", partial(_Counted, messages=50)),
    _load("load.hundredth_closes", "the hundredth message closes", partial(_Counted, messages=100)),
    _load("load.two_hundredth_closes", "the 200th message closes", partial(_Counted, messages=200)),
    _load("error.third_closes", "the third error closes", partial(_Counted, errors=3)),
    _load("error.tenth_closes", "the tenth error closes", partial(_Counted, errors=10)),
    _load("load.two_in_work", "a third command in work is lost", partial(_Crowded, limit=2)),
    _load("load.eight_in_work", "a ninth command in work is lost", partial(_Crowded, limit=8)),
    _load("load.32_in_work", "the 33rd command in work is lost", partial(_Crowded, limit=32)),
    _load(
        "load.four_in_work_everywhere",
        "a fifth command in work on all connections together is lost",
        partial(_Crowded, limit=4, everywhere=True),
    ),
    _load("load.newest_only", "a new command cancels the one in work", _OneAtATime),
    _load("load.blocking", "one slow command holds up every connection for seconds", _Blocking),
    _load("load.one_queue", "commands of all connections are done one after the other", _Queued),
    _load("input.malformed.served", "single quotes and a last comma are read", _Lenient),
    _load("leave.drops_others", "the end of one connection ends all", _Goodbye, implied=False),
    _load(
        "leave.deafens_others",
        "the end of one connection deafens all",
        _CancelsOthers,
        implied=False,
    ),
    _load(
        "leave.replies_to_others",
        "what was asked on a connection that has ended is replied to on another",
        _HandsOn,
        implied=False,
    ),
    _load("leave.kills", "leaving with a command in work stops the server", _Abrupt, implied=False),
)
