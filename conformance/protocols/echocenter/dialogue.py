"""What the EchoCenter checks ask a coordinator over REST, and how open answers are read."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.clients import HttpClient
from conformance.exchange import MISSING, Exchange
from conformance.ids import IdSource, base36

__all__ = ["Dialogue", "incomplete", "numbers_in", "objects_in", "row_of", "rows_of", "token_in"]

_TOKENS = ("apitoken", "token", "agenttoken", "accesstoken", "jwt", "apikey", "secret")
"""What a token may be called, the likeliest first; how it is handed over is left open."""

_NUMBERS = ("id", "agentid", "userid", "principalid", "accountid")


class Dialogue:
    """The REST endpoints of an EchoCenter, as checks like to call them.

    An administrator proves who it is by the headers of the target's operator or of the target or,
    where these say nothing of it and the target has credentials, by the token of a log-in.
    """

    def __init__(self, peer: HttpClient, ids: IdSource) -> None:
        self.peer = peer
        self.new = ids
        self._admin: Mapping[str, str] | None = None
        self._log_in: Exchange | None = None
        self._logging_in = asyncio.Lock()
        self.lists: list[Exchange] = []

    def name(self) -> str:
        """A name for an agent, of the kind that the document's example has. It is short, for
        nothing says how long a name may be: the number behind the run's id is written in few signs.
        """
        stem, _, number = self.new("Sc").rpartition("-")
        return f"{stem}-{base36(int(number))}"

    async def register(self, username: str, *, label: str = "application/json") -> Exchange:
        """Register an agent. An administrator may be refused, so that is for checks to judge."""
        headers = {**await self.administering(), "Content-Type": label}
        body = {"username": username}
        return await self.peer.call("createAgent", body=body, headers=headers, served=False)

    async def register_oddly(self, raw: bytes) -> Exchange:
        """Send something that registers nobody."""
        headers = await self.administering()
        return await self.peer.call("createAgent", raw=raw, headers=headers, lawful=False)

    async def agents(self) -> Exchange:
        """The list of the agents. All are kept in `lists`, whatever they were asked for."""
        headers = await self.administering()
        said = await self.peer.call("listAgents", headers=headers, served=False)
        self.lists.append(said)
        return said

    async def administer_as(self, bearer: str | None, operation: str) -> Exchange:
        """Ask for the list, or register somebody, with that token or with no credentials at all."""
        body: dict[str, Any] = (
            {"body": {"username": self.name()}} if operation == "createAgent" else {}
        )
        return await self.peer.call(
            operation,
            headers={} if bearer is None else {"Authorization": f"Bearer {bearer}"},
            anonymous=True,
            lawful=False,
            served=False,
            **body,
        )

    async def dev_token(self, name: str) -> Exchange:
        """What the dev endpoint shows for a name. It need not be there."""
        headers = await self.administering()
        return await self.peer.call(
            "getAgentToken", {"username": name}, headers=headers, served=False
        )

    async def dev_token_as(self, bearer: str | None, name: str) -> Exchange:
        """The same, with that token or with no credentials at all."""
        return await self.peer.call(
            "getAgentToken",
            {"username": name},
            headers={} if bearer is None else {"Authorization": f"Bearer {bearer}"},
            anonymous=True,
            lawful=False,
            served=False,
        )

    async def presence(self) -> Exchange:
        """Who is connected, where that is told at all."""
        headers = await self.administering()
        return await self.peer.call("getPresence", headers=headers, served=False)

    async def log_in(self) -> Exchange | None:
        """The log-in of the target's person, made once. `None` where it has no credentials."""
        known = self.peer.target.credentials
        async with self._logging_in:  # many may ask at once, before it is answered
            if self._log_in is None and known:
                body = {"username": known.username, "password": known.password}
                self._log_in = await self.peer.call("logIn", body=body, served=False)
        return self._log_in

    async def administering(self) -> Mapping[str, str]:
        """The headers by which an administrator is known."""
        if self._admin is None:
            self._admin = self.peer.target.operator.headers or await self._bearer()
        return self._admin

    async def _bearer(self) -> Mapping[str, str]:
        named = {name.lower() for name in self.peer.target.headers}
        said = None if "authorization" in named else await self.log_in()
        token = MISSING if said is None or not said.ok else token_in(said.json)
        proven = bool(token) and isinstance(token, str)
        return {"Authorization": f"Bearer {token}"} if proven else {}


def objects_in(data: Any) -> Iterator[dict[str, Any]]:
    """Every object of a JSON document, the outer before the inner."""
    if isinstance(data, dict):
        yield data
    children = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    for child in children:
        yield from objects_in(child)


def token_in(data: Any) -> Any:
    """The token that an answer shows, wherever it stands; `MISSING` where there is none.

    Something that is no text, or an empty one, is given only where nothing better stands.
    """
    if isinstance(data, str):
        return data
    found = [
        (_TOKENS.index(_plain(key)), value)
        for holder in objects_in(data)
        for key, value in holder.items()
        if _plain(key) in _TOKENS and not isinstance(value, dict | list)
    ]
    found.sort(key=lambda each: (not (each[1] and isinstance(each[1], str)), each[0]))
    return found[0][1] if found else MISSING


def numbers_in(data: Any, name: str) -> list[int]:
    """The numbers that an answer gives somebody of that name, the likeliest first."""
    named = [each for each in objects_in(data) if name in each.values()]
    for holders in (named, [] if named else objects_in(data)):
        numbers = [
            (_NUMBERS.index(_plain(key)), value)
            for holder in holders
            for key, value in holder.items()
            if _plain(key) in _NUMBERS and isinstance(value, int) and not isinstance(value, bool)
        ]
        if numbers:
            return list(dict.fromkeys(value for _, value in sorted(numbers)))
    return []


def rows_of(data: Any, name: str) -> list[dict[str, Any]]:
    """The rows of a list for that name: objects that hold it, or that stand under it."""
    rows = [
        value
        for holder in objects_in(data)
        for key, value in holder.items()
        if key == name and isinstance(value, dict)
    ]
    return rows or [each for each in objects_in(data) if name in each.values()]


def row_of(data: Any, name: str) -> dict[str, Any] | None:
    """The first of them."""
    return next(iter(rows_of(data, name)), None)


def incomplete(said: Exchange) -> bool:
    """Does a list say itself that it goes on elsewhere? The form of the list is left open."""
    data, headers = said.json, said.answer_headers
    shown = max((len(each) for each in _lists_in(data)), default=0)
    total = headers.get("x-total-count", "")
    if re.search(r"rel=\"?next", headers.get("link", "")):
        return True
    if shown and total.isdecimal() and int(total) > shown:
        return True
    if not isinstance(data, dict):
        return False
    holders = [data, *(value for value in data.values() if isinstance(value, dict))]
    return any(_goes_on(holder, shown) for holder in holders)


def _lists_in(data: Any) -> Iterator[list[Any]]:
    """The lists that may be the one that was asked for: at the top, or in an object there."""
    if isinstance(data, list):
        yield data
    for holder in objects_in(data):
        yield from (value for value in holder.values() if isinstance(value, list))


_MORE = (
    "next",
    "nextcursor",
    "nextpage",
    "nextpagetoken",
    "nexttoken",
    "hasmore",
    "hasnext",
    "hasnextpage",
)
_PAGES = ("pages", "totalpages", "lastpage", "pagecount")
_TOTALS = ("total", "totalcount", "totalitems", "count")
_LIMITS = ("limit", "perpage", "pagesize")


def _goes_on(holder: dict[str, Any], shown: int) -> bool:
    said = {_plain(key): value for key, value in holder.items()}
    if any(said.get(key) for key in _MORE):
        return True
    if any(_is_above(said.get(key), 1) for key in _PAGES):
        return True
    full = any(_is_above(said.get(key), 0) and shown >= int(said[key]) for key in _LIMITS)
    return full or (shown > 0 and any(_is_above(said.get(key), shown) for key in _TOTALS))


def _is_above(value: Any, limit: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > limit


def _plain(key: Any) -> str:
    return str(key).lower().replace("_", "").replace("-", "")
