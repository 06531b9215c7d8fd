"""How requests that were made up are sent: in the run's own names, to what is there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from conformance.clients import HttpClient
from conformance.exchange import MISSING, Exchange, read_json
from conformance.fuzz.lawfulness import Asked
from conformance.fuzz.menu import KNOWN, STRANGER, Menu
from conformance.ids import IdSource

__all__ = ["Caller"]


class Caller:
    """Sends them for one protocol. `known` are the ids of things that are there, by the parameter
    that leads to them; what is created on the way is there as well, until it is removed.
    """

    def __init__(
        self, peer: HttpClient, ids: IdSource, menu: Menu, known: Mapping[str, str]
    ) -> None:
        self.peer = peer
        self.menu = menu
        self.known = known
        self._ids = ids
        self._alive = {*known.values()}
        self._stood = {*known.values()}

    def meant(self, asked: Asked) -> Asked:
        """The request with what it stands for: ids that are there, and names that are new."""
        there = {
            name: self.known.get(name, value) if value == KNOWN else value
            for name, value in asked.parameters.items()
        }
        return replace(asked, parameters=there, body=self._filled(asked.operation, asked.body))

    async def renew(self) -> bool:
        """Put something new in the place of what is known, to which nothing was done yet. Says
        whether there is any.
        """
        return False

    async def leave(self) -> None:
        """Take away what was made, where that is wanted. Nobody sees what is answered."""

    def stand_on(self, known: Mapping[str, str]) -> None:
        """That is what is known from now on; what is empty is not to be had."""
        there = {name: value for name, value in known.items() if value}
        self.known = {**self.known, **there}
        self._alive |= {*there.values()}
        self._stood |= {*there.values()}

    def general(self, asked: Asked) -> Asked:
        """The request with what stands for it, where it has learnt an id that everybody stands
        on.
        """
        return asked.leading(dict.fromkeys(self._stood, KNOWN))

    def is_allowed(self, asked: Asked) -> bool:
        """May it be sent? Nothing is changed but what the run has made, and not what takes away
        something that other requests stand on.
        """
        values = {*asked.parameters.values()}
        spoils = asked.operation in self.menu.removes and KNOWN in values
        ours = values <= self._alive | {KNOWN, STRANGER}
        return not spoils and (ours or asked.method == "GET")

    def is_alive(self, asked: Asked) -> bool:
        """Is all that its path names there?"""
        return all(value in self._alive for value in asked.parameters.values())

    def is_cut_off(self, asked: Asked) -> bool:
        """May whoever asks so be left without an answer, as somebody who is gone?"""
        del asked
        return False

    async def send(self, asked: Asked, *, lawful: bool, served: bool) -> Exchange:
        """Its answer, and no second try where a rate is used up."""
        said = await self.call(asked, lawful=lawful, served=served)
        self.learn(asked, said)
        return said

    async def call(self, asked: Asked, *, lawful: bool, served: bool, **more: Any) -> Exchange:
        """Send it, with whatever else goes with it."""
        headers: Mapping[str, str] = more.pop("headers", {})
        label = {"content-type": asked.media_type} if asked.media_type else {}
        return await self.peer.call(
            asked.operation,
            asked.parameters,
            raw=asked.body,
            query=[*asked.query],
            headers={**headers, **label},
            lawful=lawful,
            served=served,
            patient=False,
            **more,
        )

    @property
    def created_ids(self) -> set[str]:
        """What is there because of these requests."""
        return self._alive - self._stood

    def learn(self, asked: Asked, said: Exchange) -> None:
        """What is there now, and what is no longer."""
        created = self.created(said)
        if created:
            self._alive.add(created)
        if said.status is not None and asked.operation in self.menu.removes:
            self._alive -= set(asked.parameters.values())

    def created(self, said: Exchange) -> str:
        """The id of what an answer says that was created; empty where that is nothing."""
        pointer = self.menu.creates.get(said.operation)
        found = said.at(pointer) if said.ok and pointer is not None else MISSING
        return found if isinstance(found, str) else ""

    def filled(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        """A body as it is sent: names in it become the run's own, with what they were behind."""
        own = {
            name: f"{self._ids('made-up')}-{body[name]}"
            for name in self.menu.own.get(operation, ())
            if isinstance(body.get(name), str) and body[name]
        }
        return {**body, **own}

    def _filled(self, operation: str, raw: bytes | None) -> bytes | None:
        body = MISSING if raw is None else read_json(raw)
        filled = self.filled(operation, body) if isinstance(body, dict) else body
        return raw if filled == body else json.dumps(filled).encode()
