"""The WebSocket of a client: opened, subscribed on, listened to, opened again."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from typing import Final

from tests.mutants.caxton_agents import words
from tests.mutants.caxton_agents.being import Being
from tests.mutants.caxton_agents.bugs import Bug, Trouble
from tests.mutants.caxton_agents.forms import encoded
from tests.mutants.caxton_agents.model import Draft, Json, Library, Say, What
from tests.mutants.caxton_agents.socket_libraries import dial_aiohttp, dial_usual
from tests.mutants.caxton_agents.socket_raw import Dialling, RefusedError, Socket, dial
from tests.mutants.caxton_agents.troubles import heard, is_event

__all__ = ["Ear"]

SOON: Final = 0.3
LONGEST: Final = 10.0
STEADY: Final = 3.0
"""Seconds of a connection after which the next pause is a short one again."""


class Ear:
    """Listens for one client."""

    def __init__(self, being: Being) -> None:
        self._being = being
        self._socket: Socket | None = None
        self._opened = 0
        self._agents: list[str] = []
        self._asked = False
        self._unsubscribed = False
        """Whether it has ended its subscriptions, and has heard of no new one since."""
        self._leaving = False

    async def run(self) -> None:
        """Listen for ever. Raises what a seeded bug dies of."""
        being, tries = self._being, 0
        loop = asyncio.get_running_loop()
        while True:
            since = loop.time()
            try:
                await self._listen()
            except OSError as error:
                if not self._leaving:
                    being.log(f"WebSocket: {error or type(error).__name__}")
            self._socket, self._asked, self._unsubscribed = None, False, False
            if self._opened and not self._leaving:
                being.meets(Trouble.CLOSED, What.CONNECT)
            if being.has(Bug.NO_RECONNECT) or (being.has(Bug.RECONNECTS_ONCE) and self._opened > 1):
                await asyncio.sleep(3600)
            tries = 0 if loop.time() - since > STEADY * being.pace else tries + 1
            if being.has(Bug.RECONNECTS_AT_ONCE):
                await asyncio.sleep(0.002)
            else:
                await being.rest(min(LONGEST, SOON * 2**tries))

    async def about(self, agent_id: str) -> None:
        """Listen to what concerns this agent, in place of the one before."""
        if self._agents == [agent_id]:
            return
        self._agents = [agent_id]
        if self._socket is not None and self._being.style.subscribes != "events":
            with suppress(OSError):
                if self._asked:
                    await self._unsubscribe()
                await self._subscribe()

    async def leave(self) -> None:
        """Come to an end in order."""
        socket, being = self._socket, self._being
        self._leaving = True
        if socket is None:
            return
        if being.has(Bug.TERM_CUTS):
            await socket.abort()
            return
        with suppress(OSError):
            async with asyncio.timeout(1.0):
                await self._unsubscribe()
                await socket.close()

    async def _listen(self) -> None:
        being = self._being
        self._socket = socket = await self._dial()
        try:
            self._opened += 1
            being.memory.subscriptions.clear()
            if being.style.subscribes == "events" or self._agents:
                await self._subscribe()
            while True:
                self._hear(await socket.receive())
        except OSError:
            raise  # it is gone already, or about to close in order
        except BaseException:
            await socket.abort()
            raise

    async def _dial(self) -> Socket:
        being = self._being
        headers = (*being.style.headers, ("X-Caxton-Token", being.target.token))
        draft = Draft(what=What.CONNECT, method="GET", path=being.target.socket, headers=headers)
        opened: Socket | None = None
        for each in being.edited(draft):
            assert isinstance(each, Draft)
            query = "&".join(f"{name}={value}" for name, value in each.query)
            dialling = Dialling(
                url=each.path + (f"?{query}" if query else ""),
                headers=each.headers,
                habits=being.style.habits,
                rng=being.memory.rng,
            )
            try:
                if being.style.socket is Library.USUAL:
                    opened = await dial_usual(dialling)
                elif being.style.socket is Library.AIOHTTP:
                    opened = await dial_aiohttp(dialling)
                else:
                    opened = await dial(dialling)
            except RefusedError as error:
                if error.status == 401:
                    being.meets(Trouble.UNAUTHORIZED, What.CONNECT)
                raise
        assert opened is not None
        return opened

    async def _subscribe(self) -> None:
        being = self._being
        if being.has(Bug.NEVER_SUBSCRIBES) or (being.has(Bug.NO_RESUBSCRIBE) and self._opened > 1):
            return
        if being.has(Bug.UNSUBSCRIBES_FIRST):
            await self._say(What.UNSUBSCRIBE, words.unsubscription(being.style, "sub_1"))
        times = 2 if being.has(Bug.SUBSCRIBES_TWICE) else 12 if being.has(Bug.SUBSCRIBES_ON) else 1
        for _ in range(times):
            await self._say(What.SUBSCRIBE, words.subscription(being.style, self._agents))
        self._asked = True

    async def _unsubscribe(self) -> None:
        """End each subscription whose id was told."""
        being = self._being
        if being.has(Bug.NEVER_UNSUBSCRIBES):
            return
        for own in being.memory.subscriptions:
            told = f"{own}0" if being.has(Bug.UNSUBSCRIBES_OTHER) else own
            for _ in range(2 if being.has(Bug.UNSUBSCRIBES_TWICE) else 1):
                await self._say(What.UNSUBSCRIBE, words.unsubscription(being.style, told))
        self._unsubscribed = bool(being.memory.subscriptions)
        being.memory.subscriptions.clear()

    async def _say(self, what: What, body: Json) -> None:
        being = self._being
        if self._socket is None:
            return
        for each in being.edited(Say(what=what, body=body)):
            assert isinstance(each, Say)
            text = each.raw
            if text is None:
                # One frame, one line: indentation is for bodies.
                encoding = replace(being.style.encoding, indent=None)
                text = encoded(each.body, encoding, being.memory.rng)
            await self._socket.send(text)

    def _hear(self, told: str | bytes) -> None:
        being = self._being
        if being.deaf:
            return
        if len(told) > 65535:
            being.meets(Trouble.LARGE, What.SUBSCRIBE)
        if isinstance(told, bytes):
            being.meets(Trouble.BINARY, What.SUBSCRIBE)
            return
        try:
            message = json.loads(told)
        except (ValueError, RecursionError):
            being.meets(Trouble.NO_JSON, What.SUBSCRIBE)
            return
        for trouble in heard(message):
            being.meets(trouble, What.SUBSCRIBE)
        if self._unsubscribed and is_event(message):
            being.meets(Trouble.UNWANTED, What.UNSUBSCRIBE)
        if isinstance(message, dict):
            self._take(message)

    def _take(self, message: dict[str, Json]) -> None:
        memory = self._being.memory
        own = message.get("subscription_id")
        said = message.get("type")
        if isinstance(own, str) and own not in memory.subscriptions and said != "unsubscribed":
            memory.subscriptions.append(own)
            self._unsubscribed = False
        names = (message.get("in_reply_to"), message.get("conversation_id"))
        memory.replies += any(isinstance(name, str) and name in memory.asked for name in names)
