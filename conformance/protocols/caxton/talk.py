"""A conversation with agents, and what the history tells of it afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from conformance.exchange import Exchange
from conformance.judge import Judge, same
from conformance.protocols.caxton.client import Agent, Client

__all__ = ["PAGE", "Talk", "judge_kept", "known_as", "remembered", "rows_of", "texts_of"]

PAGE = 50
"""Messages that are asked for at once, as many as in the document's example."""

_A_WHILE = 5.0
"""Seconds after which a message that was delivered must be in the history."""

_MOMENT = 0.2
"""Seconds in which a history grows that does so by itself."""

_TURNS = 5
"""Times that it is waited for."""

_PAGES = 20
"""Pages after which a walk has no end."""

_NAMES = ("cursor", "next_cursor", "after")
"""What the parameter may be called that takes a next_cursor: the document has none."""


class Talk:
    """One conversation: what was said in it by `sender`, who is nobody else's, and its history.
    Where its name is odd it need not be `served`.
    """

    def __init__(self, client: Client, conversation: str = "", *, served: bool = True) -> None:
        self.client = client
        self.id = conversation or client.new("talk")
        self.served = served
        self.sender = client.new("client")
        self.said: list[tuple[Exchange, dict[str, Any]]] = []

    async def say(self, receiver: Agent | str, **fields: Any) -> Exchange:
        """Send a message; `fields` go before the usual ones."""
        own = {"conversation_id": self.id, "sender": self.sender, "served": self.served, **fields}
        said, message = await self.client.send(receiver, **own)
        self.said.append((said, message))
        return said

    @property
    def answers(self) -> list[Exchange]:
        return [said for said, _ in self.said]

    @property
    def taken(self) -> dict[str, dict[str, Any]]:
        """The messages that were taken, by their ids."""
        ids = [(said.at("/message_id"), message) for said, message in self.said if said.ok]
        return {found: message for found, message in ids if isinstance(found, str)}

    async def history(self, **query: Any) -> Exchange:
        return await self.client.history(self.id, served=self.served, **{"limit": PAGE, **query})

    async def remembered(self) -> Exchange:
        """The history, as soon as it shows all that was taken; at last as it is after a while."""
        wanted = set(self.taken)
        return await remembered(
            self.client, self.id, lambda seen: wanted <= set(texts_of(seen)), served=self.served
        )

    async def settled(self) -> Exchange:
        """The history when it shows all that was taken, and grows no more: whoever heard it may
        reply a moment later.
        """
        seen = await self.remembered()
        for _ in range(_TURNS):
            await asyncio.sleep(_MOMENT)
            before, seen = seen, await self.remembered()
            if texts_of(seen) == texts_of(before):
                break
        return seen

    def strange(self, seen: Exchange) -> list[dict[str, Any]]:
        """What is shown and belongs to no conversation with this sender."""
        return [
            row
            for row in rows_of(seen)
            if known_as(row) not in self.taken
            and self.sender not in (row.get("sender"), row.get("receiver"))
        ]

    async def walk(self, limit: int) -> tuple[list[Exchange], bool]:
        """The pages from the first on, each by the `next_cursor` of the one before, and whether
        that was heeded: a peer that knows its parameter by another name shows the first again.
        """
        first = await self.history(limit=limit)
        pages, name = [first], ""
        while len(pages) < _PAGES and pages[-1].ok and _cursor(pages[-1]):
            if not name:
                name, second = await self._second(first, limit)
                if second is None:
                    return pages, False
                pages.append(second)
            else:
                pages.append(await self._turn(name, pages[-1], limit))
        return pages, True

    async def _second(self, first: Exchange, limit: int) -> tuple[str, Exchange | None]:
        for name in _NAMES:
            page = await self._turn(name, first, limit)
            if page.ok and texts_of(page) != texts_of(first):
                return name, page
        return "", None

    async def _turn(self, name: str, page: Exchange, limit: int) -> Exchange:
        query = {"conversation_id": self.id, "limit": str(limit), name: _cursor(page)}
        return await self.client.call("queryMessages", query=query, served=False)


async def remembered(
    client: Client,
    conversation: str,
    shows: Callable[[Exchange], bool],
    *,
    served: bool = True,
) -> Exchange:
    """The history of a conversation as soon as it `shows` what is wanted, is refused, or a while
    has gone by.
    """
    end, looks = client.clock.now() + _A_WHILE, 0
    while True:
        seen = await client.history(conversation, served=served, limit=PAGE)
        if not seen.ok or shows(seen) or client.clock.now() > end:
            return seen
        await client.clock.step(looks)
        looks += 1


async def judge_kept(
    judge: Judge, client: Client, said: Exchange, message: Mapping[str, Any]
) -> str:
    """A message that was taken over gRPC, from a sender who said no other in its conversation, is
    in the history as it was said. Whoever received it may have replied there. Its id in it.
    """

    def own(seen: Exchange) -> list[dict[str, Any]]:
        return [row for row in rows_of(seen) if row.get("sender") == message["sender"]]

    kept = await remembered(client, message["conversation_id"], lambda seen: bool(own(seen)))
    found = own(kept)
    wrong = f"a message that was sent over gRPC is {len(found)} times in its history"
    if judge.holds("CAXTON-XTR-011", len(found) == 1, wrong, said, kept):
        for name in ("performative", "receiver", "content"):
            there, wanted = found[0].get(name), message[name]
            wrong = f"{name} of a message over gRPC is {there!r} in the history, not {wanted!r}"
            judge.holds("CAXTON-XTR-011", same(there, wanted), wrong[:300], said, kept)
    return known_as(found[0]) if found else ""


def rows_of(seen: Exchange) -> list[dict[str, Any]]:
    """The messages that a page of the history shows."""
    rows = seen.at("/messages")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def known_as(row: Mapping[str, Any]) -> str:
    """The id of a message that is shown, as a text, whatever it is."""
    return str(row.get("message_id"))


def texts_of(seen: Exchange | Sequence[Mapping[str, Any]], name: str = "message_id") -> list[str]:
    """A field of the messages shown, where it is a text."""
    rows = rows_of(seen) if isinstance(seen, Exchange) else seen
    return [value for row in rows if isinstance(value := row.get(name), str)]


def _cursor(page: Exchange) -> str:
    found = page.at("/next_cursor")
    return found if isinstance(found, str) else ""
