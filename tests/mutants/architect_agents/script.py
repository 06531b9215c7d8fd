"""What a client says on one connection: the catalogue, then rounds of calls."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from itertools import cycle, islice
from typing import Final

from tests.mutants.architect_agents.catalogue import (
    Action,
    entries,
    find_value,
    is_catalogue,
    looks_like_error,
    read_action,
)
from tests.mutants.architect_agents.model import LIST, SERVERS, Json, Style, Tour, Trouble
from tests.mutants.architect_agents.session import BrokenError, HangError, Session

__all__ = ["Script", "side_by_side"]

_AT_ONCE: Final = 0.002


async def side_by_side(jobs: Iterable[Coroutine[None, None, None]]) -> None:
    """Run all; the first failure ends the others."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Script:
    """The requests of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._style = session.style
        self._servers: Mapping[str, Json] | None = None
        self._actions: list[Action] = []

    async def run(self) -> None:
        """All of it. Returns when a script that ends by itself is done."""
        style = self._style
        await self._session.ledger.rest(style.delay)
        jobs = [self._main()]
        if style.relist is not None:
            jobs.append(self._relist_forever(style.relist))
        if style.ping_every is not None:
            jobs.append(self._ping_forever(style.ping_every))
        if len(jobs) == 1:
            await jobs[0]
        else:
            await side_by_side(jobs)

    async def _main(self) -> None:
        style = self._style
        if style.hasty:
            listing = asyncio.ensure_future(self._list())
            try:
                await self._round()
                await listing
            finally:
                listing.cancel()
        elif style.lists:
            for _ in range(1 + (self._session.number if style.lists_more else 0)):
                await self._list()
        while style.list_loop:
            await self._list()
            await asyncio.sleep(_AT_ONCE)
        await self._rounds()

    async def _rounds(self) -> None:
        style = self._style
        done = 0
        while style.rounds is None or done < style.rounds:
            await self._round()
            done += 1
            await (
                asyncio.sleep(_AT_ONCE) if style.flood else self._session.ledger.rest(style.period)
            )

    async def _relist_forever(self, seconds: float) -> None:
        while True:
            await self._session.ledger.rest(seconds)
            await self._list()

    async def _ping_forever(self, seconds: float) -> None:
        while True:
            await self._session.link.ping()
            await self._session.ledger.rest(seconds)

    async def _list(self) -> None:
        reply = await self._session.call(LIST, {})
        if reply is None or (looks_like_error(reply) and not is_catalogue(reply)):
            return
        self._actions = [read_action(name, meta) for name, meta in entries(reply).items()]
        for meta in entries(reply).values():
            await self._look_at(meta)

    async def _look_at(self, meta: Mapping[str, Json]) -> None:
        """What the example reads with ``get``, a careless client takes for granted."""
        required = meta.get("required_parameters", ...)
        if required is ...:
            await self._meet(Trouble.REQUIRED_MISSING)
        elif required is None:
            await self._meet(Trouble.REQUIRED_NULL)
        elif not required:
            await self._meet(Trouble.REQUIRED_EMPTY)
        if "cloud_controller_only" not in meta:
            await self._meet(Trouble.FLAG_MISSING)
        if "description" not in meta:
            await self._meet(Trouble.DESCRIPTION_MISSING)

    async def _meet(self, trouble: Trouble) -> None:
        reaction = self._session.ledger.reaction(self._style, trouble)
        await self._session.suffer(reaction, trouble)

    async def _round(self) -> None:
        """Calls without parameters first: what ``servers`` tells fills in the others."""
        style = self._style
        chosen = self._chosen()
        plain = [action for action in chosen if not action.required]
        size = max(len(plain), style.batch)
        await self._batch([(action.name, {}) for action in islice(cycle(plain), size)])
        filled = ((action.name, self._parameters(action)) for action in chosen if action.required)
        await self._batch([(name, found) for name, found in filled if found is not None])

    def _chosen(self) -> list[Action]:
        style = self._style
        only = Action(name=SERVERS, required=(), kinds={}, controller_only=False)
        named = [
            Action(name=name, required=(), kinds={}, controller_only=False)
            for name in style.unlisted
        ]
        if not style.lists or style.tour is Tour.SERVERS or not self._actions:
            return [only, *named]
        found = [one for one in self._actions if one.name != LIST]
        if style.heeds_flag:
            found = [one for one in found if not one.controller_only]
        if style.tour is Tour.PLAIN:
            found = [one for one in found if not one.required]
        return [*found, *named]

    def _parameters(self, action: Action) -> Mapping[str, Json] | None:
        values = {
            name: find_value(name, action.kinds.get(name, ""), self._servers)
            for name in action.required
        }
        return None if None in values.values() else values

    async def _batch(self, calls: list[tuple[str, Mapping[str, Json]]]) -> None:
        room = asyncio.Semaphore(self._style.in_flight)

        async def one(action: str, parameters: Mapping[str, Json]) -> None:
            async with room:
                reply = await self._session.call(action, parameters)
                if action == SERVERS and reply is not None:
                    self._take_servers(reply)

        if self._style.in_flight == 1:
            for call in calls:
                await one(*call)
        else:
            await side_by_side(one(*call) for call in calls)

    def _take_servers(self, reply: Mapping[str, Json]) -> None:
        if self._session.mistaken(reply):
            # Only a client that matches wrongly gets here, and finds no servers.
            raise BrokenError(f"these are no servers: {str(reply)[:200]}")
        self._servers = reply


def muted(style: Style, connection: int) -> bool:
    """Whether nothing is said on this connection."""
    return style.mute_from is not None and connection >= style.mute_from


async def stay() -> None:
    """Nothing, for ever."""
    await asyncio.Event().wait()
    raise HangError
