"""What the Architect checks say to an agent (the server), and how they find what it replies."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.clients.opener import Opener
from conformance.clients.raw import RawSocket
from conformance.clients.websocket import Socket
from conformance.conversation import Conversation, Refused
from conformance.exchange import MISSING, Exchange, read_json
from conformance.frames import Frame
from conformance.ids import IdSource
from conformance.judge import Judge, same
from conformance.marks import UnjudgeableError
from conformance.patience import Patience
from conformance.protocols.architect.catalogue import read_catalogue
from conformance.protocols.architect.replies import Request

__all__ = ["CHANNEL", "VERSION", "Asked", "Dialogue", "Lore", "echoes", "message_of", "new_token"]

CHANNEL = "socket"
VERSION = "SMP1.0"

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_LOCKED = 3.0
"""Seconds that a peer which may have locked us out is given, twice in a run."""

_UNKNOWN = (401, 403)
"""What says that credentials are wrong, and not that there are too many connections."""

_KEPT = 5
"""Catalogues that are kept of one agent."""

_SLOW = 0.5
"""Seconds for a reply from which on checks ask less often."""

_NOT_NOW = re.compile(rb"(?i)rate.?limit|too many|too fast|throttl|slow down|busy|try again")
"""What an agent says to whom asks much: it is there, and serves others."""

_OTHER_PATHS = ("", "/", "/ws/")
"""Where an agent may serve that does not serve `/ws`: the document shows a path in its example
only."""


@dataclass(kw_only=True)
class Lore:
    """What is learnt of one peer in the course of a run, for every check to use.

    `path` is where it serves. `waits` counts how often it was waited for to let us in again;
    `first` is its first catalogue, `others` are some that told other things; `slow` says that a
    reply took it half a second or more. `odd`
    says that somebody came in a way that may have made it wary; `turned_away` is how it refused the
    right credentials before that, and after it had taken them.
    """

    patience: Patience
    path: str = "/ws"
    known: bool = False
    barred: str = ""
    waits: int = 0
    slow: bool = False
    odd: bool = False
    turned_away: Exchange | None = None
    first: Asked | None = None
    others: list[Asked] = field(default_factory=list)
    give_way: Callable[[], Awaitable[None]] | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    def keep(self, asked: Asked) -> None:
        """Keep a catalogue, if none that is kept tells the same of the actions."""
        kept = [*([self.first] if self.first else []), *self.others]
        if any(same(each.listed, asked.listed) for each in kept):
            return
        told = read_catalogue(asked.listed)
        if self.first is None:
            self.first = asked
        elif len(kept) < _KEPT and all(read_catalogue(each.listed) != told for each in kept):
            self.others.append(asked)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request, and the first message that echoed its token, if one came."""

    request: Request
    sent: Frame
    heard: Frame | None = None

    @property
    def reply(self) -> Any:
        """The reply as JSON, or `MISSING`."""
        return MISSING if self.heard is None else message_of(self.heard)

    @property
    def frames(self) -> tuple[Frame, ...]:
        """Both, as evidence."""
        return (self.sent,) if self.heard is None else (self.sent, self.heard)

    @property
    def listed(self) -> Any:
        """`parameters.actions` of the reply, or `MISSING`."""
        reply = self.reply
        inner = reply.get("parameters") if isinstance(reply, dict) else None
        return inner.get("actions", MISSING) if isinstance(inner, dict) else MISSING


def new_token() -> str:
    """A token as the document's example makes it."""
    return uuid.uuid4().hex


def message_of(frame: Frame) -> Any:
    """A message as JSON, or `MISSING`. Whether it may be binary is judged elsewhere."""
    return frame.json if frame.kind != "binary" else read_json(frame.data)


def echoes(frame: Frame, token: Any) -> bool:
    """Does this message carry that very token?"""
    said = message_of(frame)
    return isinstance(said, dict) and "idempotence" in said and same(said["idempotence"], token)


class Dialogue:
    """A script's side of the protocol, as checks like to write it."""

    def __init__(self, opener: Opener, judge: Judge, ids: IdSource, lore: Lore) -> None:
        self.opener = opener
        self.judge = judge
        self.new = ids
        self.lore = lore
        self.timeout = opener.target.timeout
        known = opener.target.credentials
        if not known:
            raise UnjudgeableError("nobody said who may log in: --user NAME:PASSWORD")
        for what in (known.username, known.password):
            if not _TOKEN.fullmatch(what):
                raise UnjudgeableError("a user name or password that no HTTP header can offer")
        self.username, self.password = known.username, known.password

    # Connections

    @property
    def offer(self) -> tuple[str, str, str]:
        """The header's three elements."""
        return (VERSION, self.username, self.password)

    async def knock(self, label: str = "script", **options: Any) -> Socket | Refused:
        """Log in with the right credentials, once."""
        path = options.pop("path", self.lore.path)
        return await self.opener.open(CHANNEL, label, subprotocols=self.offer, path=path, **options)

    async def connect(self, label: str = "script", **options: Any) -> Socket:
        """A connection. Raises `UnjudgeableError` where the right credentials are refused."""
        if self.lore.barred:
            raise UnjudgeableError(self.lore.barred)
        said = await self.knock(label, **options)
        if isinstance(said, Refused) and not self.lore.known:
            said = await self._elsewhere(said, label, options)
        if isinstance(said, Refused) and self.lore.give_way is not None:
            give_way, self.lore.give_way = self.lore.give_way, None
            await give_way()  # it may take a single connection only
            said = await self.knock(label, **options)
        if isinstance(said, Refused) and self.lore.waits < 2:
            said = await self._wait_outside(said, label, options)
        if isinstance(said, Refused):
            self._note_refusal(said)
            cause = f"the right credentials are refused: {said.reason}"
            if self.lore.waits > 1:
                self.lore.barred = cause
            raise UnjudgeableError(cause)
        self.lore.known = True
        return said

    def _note_refusal(self, said: Refused) -> None:
        """It refused somebody who came in before, is alone, and has done nothing wrong."""
        alone = all(line.closed for line in self.opener.conversations)
        fair = self.lore.facts.get("beside") and alone and not self.lore.odd
        if fair and said.status in _UNKNOWN:
            self.lore.turned_away = self.lore.turned_away or said.exchange

    async def come_and_go(self) -> None:
        """See that the right credentials are taken, and leave nothing open behind that: of one
        user no more than one connection may be let in.
        """
        await (await self.connect()).close()

    async def raw(self, label: str = "raw", **options: Any) -> RawSocket:
        """A connection on which anything can be said. Raises `UnjudgeableError` likewise."""
        said = await self.opener.raw(
            CHANNEL, label, subprotocols=self.offer, path=self.lore.path, **options
        )
        if isinstance(said, Refused):
            raise UnjudgeableError(f"the right credentials are refused: {said.reason}")
        return said

    async def _elsewhere(
        self, refused: Refused, label: str, options: Mapping[str, Any]
    ) -> Socket | Refused:
        for path in _OTHER_PATHS:
            said = await self.knock(label, **{**options, "path": path})
            if isinstance(said, Socket):
                self.lore.path = path
                return said
        return refused

    async def _wait_outside(
        self, refused: Refused, label: str, options: Mapping[str, Any]
    ) -> Socket | Refused:
        """An agent may lock everybody out for a while after failed log-ins."""
        self.lore.waits += 1
        said: Socket | Refused = refused
        for _ in range(6):
            await asyncio.sleep(_LOCKED / 6)
            said = await self.knock(label, **options)
            if isinstance(said, Socket):
                break
        return said

    async def side_by_side(self) -> bool:
        """Does one user's connection live on while another of theirs is open? An agent may serve
        the newest or the oldest alone. Learnt once in a run, on connections of its own.
        """
        if "beside" not in self.lore.facts:
            self.lore.facts["beside"] = await self._stays() or await self._stays()
        return bool(self.lore.facts["beside"])

    async def needs_company(self) -> None:
        """Raises `UnjudgeableError` where no two connections are open at the same time."""
        if not await self.side_by_side():
            raise UnjudgeableError("of one user no two connections are open at the same time")

    async def _stays(self) -> bool:
        async with await self.connect("older") as older:
            newer = await self.knock("newer")
            if isinstance(newer, Refused):
                return False
            async with newer:
                await self.list_actions(newer)
                closed = await older.ended(0.05)
                return closed is None or closed.sender != "peer" or newer.closed is not None

    # Requests

    async def say(self, line: Conversation, request: Request) -> Frame:
        """Send a request and wait for nothing."""
        return await line.send(request.payload())

    async def ask(
        self,
        line: Conversation,
        action: str,
        parameters: Any = None,
        *,
        token: Any = MISSING,
        patience: str = "requests",
        **members: Any,
    ) -> Asked:
        """Send a request and wait for its reply. `patience` counts what hangs together."""
        request = Request(
            action=action,
            parameters={} if parameters is None else parameters,
            token=new_token() if token is MISSING else token,
            members=members,
        )
        return await self.put(line, request, patience=patience)

    async def put(
        self, line: Conversation, request: Request, *, patience: str = "requests", text: str = ""
    ) -> Asked:
        """The same for a request that is ready, perhaps in a spelling of its own."""
        mark = line.mark()
        sent = await (line.send_text(text) if text else self.say(line, request))
        return await self.hear(line, Asked(request=request, sent=sent), mark, patience)

    async def hear(
        self, line: Conversation, asked: Asked, mark: int, patience: str = "requests"
    ) -> Asked:
        """Wait for the reply to what was sent after the mark."""
        token = asked.request.token
        heard = await line.hope(
            lambda frame: echoes(frame, token), self.lore.patience, patience, mark
        )
        if heard is not None:
            self.lore.slow = self.lore.slow or heard.at - asked.sent.at > _SLOW
        asked = Asked(request=asked.request, sent=asked.sent, heard=heard)
        if heard is not None and asked.request.lists and isinstance(token, str):
            self._see_catalogue(asked, heard)
        return asked

    async def put_all(
        self, line: Conversation, requests: Sequence[Request], *, patience: str = "requests"
    ) -> list[Asked]:
        """Send requests one right after the other, and wait for all the replies."""
        mark = line.mark()
        sent = [Asked(request=each, sent=await self.say(line, each)) for each in requests]
        return list(await asyncio.gather(*(self.hear(line, each, mark, patience) for each in sent)))

    async def list_actions(self, line: Conversation, **members: Any) -> Asked:
        return await self.ask(line, "list_actions", **members)

    async def alive(self, line: Conversation) -> bool:
        """Is a normal request answered with the catalogue on this connection, or is it told that
        there are too many?
        """
        asked = await self.list_actions(line)
        if isinstance(asked.listed, dict):
            return True
        return asked.heard is not None and bool(_NOT_NOW.search(asked.heard.data))

    def _see_catalogue(self, asked: Asked, frame: Frame) -> None:
        protocol = self.opener.protocol
        if isinstance(asked.listed, dict) and not asked.request.members:
            self.lore.keep(asked)
        if frame.kind == "text":
            self.judge.see_frame(frame, protocol.channels[CHANNEL], protocol.messages["catalogue"])

    # Evidence

    def why(self, line: Conversation) -> str:
        """What became of a connection, in words."""
        closed = line.closed
        if closed is None:
            return "nothing came"
        who = "the peer" if closed.sender == "peer" else "we"
        code = "" if closed.code is None else f" with {closed.code}"
        return f"{who} ended the connection{code} {closed.reason}".strip()


def last(line: Conversation, count: int = 4) -> tuple[Frame, ...]:
    """The latest of what was said, as evidence."""
    return tuple(line.frames[-count:])


def refusals(said: Iterable[Socket | Refused]) -> list[Exchange]:
    return [each.exchange for each in said if isinstance(each, Refused)]


def spelled(payload: Any, **how: Any) -> str:
    """JSON in a spelling of one's own."""
    return json.dumps(payload, **how)
