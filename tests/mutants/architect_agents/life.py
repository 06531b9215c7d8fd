"""A client's whole life: connections, their ends, and what comes after."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.mutants.architect_agents.links import ClosedError, Link, RefusedError
from tests.mutants.architect_agents.model import OnLoss, Reaction, Style, Tamper, Trouble
from tests.mutants.architect_agents.script import Script, muted, side_by_side, stay
from tests.mutants.architect_agents.session import HangError, LeaveError, Ledger, Session

__all__ = ["Life"]

_FIRST_REST: Final = 0.25
_LONGEST_REST: Final = 4.0
_ATTEMPTS: Final = 6
"""Connections that fail one after the other before the client gives up."""
_LASTING: Final = 5.0
"""A connection that lived so long, in seconds, makes the next rest short again."""
_AT_ONCE: Final = 0.002


async def _knock(link: Link) -> None:
    """Ask for a connection that nobody will use."""
    with contextlib.suppress(RefusedError, ClosedError, OSError):
        await link.open()
    await link.drop()


@dataclass(slots=True)
class _Past:
    """What one line has lived through."""

    connections: int = 0
    failures: int = 0
    """Attempts without a connection, one after the other."""
    short: int = 0
    """The same, and connections that hardly lasted."""

    def note(self, trouble: Trouble, lasted: float) -> None:
        """One more end, after ``lasted`` seconds."""
        unreachable = trouble is Trouble.UNREACHABLE
        self.connections += not unreachable
        self.failures = self.failures + 1 if unreachable else 0
        self.short = self.short + 1 if unreachable or lasted < _LASTING else 0


class Life:
    """Runs the lines of one style to their end."""

    def __init__(
        self,
        *,
        style: Style,
        dial: Callable[[], Link],
        ledger: Ledger,
        tamper: Tamper | None = None,
    ) -> None:
        self._style = style
        self._dial = dial
        self._ledger = ledger
        self._tamper = tamper
        self._links: dict[int, Link] = {}

    async def run(self) -> int:
        """Live, and return the exit status. Raises what kills a broken client."""
        try:
            await side_by_side(self._line(number) for number in range(self._style.connections))
        except LeaveError as leave:
            if leave.message:
                self._ledger.say(leave.message)
            return leave.status
        except HangError:
            await stay()
        return 0

    async def say_goodbye(self) -> None:
        """Close what is open."""
        if not self._style.says_goodbye:
            await self.drop()
            return
        with contextlib.suppress(TimeoutError, ClosedError, OSError):
            async with asyncio.timeout(2.0):
                await asyncio.gather(*(link.close() for link in self._links.values()))
                return
        await self.drop()

    async def drop(self) -> None:
        """Let go of what is open, as the end of a process does."""
        for link in self._links.values():
            with contextlib.suppress(ClosedError, OSError):
                await link.drop()

    async def _line(self, line: int) -> None:
        past = _Past()
        while True:
            start = asyncio.get_running_loop().time()
            trouble, why = await self._connection(line, past)
            if trouble is None:
                return
            lasted = (asyncio.get_running_loop().time() - start) / self._ledger.pace
            past.note(trouble, lasted)
            await self._after(trouble, why, past)

    async def _connection(self, line: int, past: _Past) -> tuple[Trouble | None, str]:
        """One connection from start to end; None: the script is done."""
        link, number = self._dial(), past.connections
        beside = [self._dial() for _ in range(2 if self._style.crowds and past.failures else 0)]
        try:
            await asyncio.gather(link.open(), *map(_knock, beside))
        except RefusedError as error:
            return Trouble.UNREACHABLE, str(error)
        except asyncio.CancelledError:
            await link.drop()
            raise
        self._links[line] = link
        session = Session(
            link=link,
            style=self._style,
            ledger=self._ledger,
            tamper=self._tamper,
            line=line,
            number=number,
        )
        try:
            outcome = await self._talk(session, number)
        except ClosedError as error:
            await link.drop()
            outcome = Trouble.CLOSED if error.orderly else Trouble.LOST, str(error)
        # Any other end keeps the link: who hangs holds it, who is told to stop closes it.
        self._links.pop(line, None)
        return outcome

    async def _talk(self, session: Session, number: int) -> tuple[Trouble | None, str]:
        script = Script(session)
        crowd = [self._dial() for _ in range(self._style.crowd if number == 0 else 0)]
        for place, link in enumerate(crowd):
            self._links[100 + place] = link
            await link.open()
        talking = asyncio.ensure_future(stay() if muted(self._style, number) else script.run())
        hearing = asyncio.ensure_future(session.receive_forever())
        try:
            await asyncio.wait({talking, hearing}, return_when=asyncio.FIRST_COMPLETED)
            if talking.done() and not hearing.done():
                talking.result()
                hearing.cancel()
                await asyncio.gather(hearing, return_exceptions=True)
                await session.link.close()
                if self._style.connection_per_call:
                    return Trouble.CLOSED, "one connection, one call"
                return None, ""
            # The reader knows best why the writer failed.
            await hearing
        finally:
            talking.cancel()
            hearing.cancel()
            await asyncio.gather(talking, hearing, return_exceptions=True)
        raise AssertionError("the reader ends with an exception")

    async def _after(self, trouble: Trouble, why: str, past: _Past) -> None:
        style = self._style
        reaction = self._ledger.reaction(style, trouble)
        if reaction is Reaction.HAMMER or style.connection_per_call:
            await asyncio.sleep(_AT_ONCE)
            return
        if reaction is Reaction.CRASH:
            raise ConnectionError(f"{trouble.value}: {why}")
        if reaction is Reaction.HANG:
            raise HangError
        if reaction is Reaction.QUIT:
            raise LeaveError(0)
        self._ledger.say(f"{trouble.value}: {why}")
        if past.failures >= _ATTEMPTS:
            raise LeaveError(4, f"gave up after {past.failures} attempts: {why}")
        spent = style.reconnects is not None and past.connections > style.reconnects
        if style.on_loss is OnLoss.EXIT:
            raise LeaveError(3, f"the server went away: {why}")
        if spent or (style.on_loss is OnLoss.STAY and trouble is not Trouble.UNREACHABLE):
            await stay()
        rest = min(_LONGEST_REST, _FIRST_REST * 2**past.short)
        await self._ledger.rest(rest * self._ledger.rng.uniform(0.8, 1.2))
