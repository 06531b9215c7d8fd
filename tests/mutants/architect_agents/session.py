"""One connection: requests go out, incoming messages find the request that waits for them."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn

from tests.mutants.architect_agents.catalogue import is_catalogue, looks_like_error
from tests.mutants.architect_agents.links import ClosedError, Link
from tests.mutants.architect_agents.model import (
    ABSENT,
    LIST,
    Absent,
    Draft,
    Encoding,
    Json,
    Match,
    Moment,
    Reaction,
    Style,
    Tamper,
    TokenView,
    Trouble,
)

__all__ = ["BrokenError", "HangError", "LeaveError", "Ledger", "Session", "encode"]

_AT_ONCE: Final = 0.002
"""What a tight loop rests, in seconds: without it the machine would do nothing else."""


class BrokenError(Exception):
    """The client was not prepared for this, and dies of it."""


class HangError(Exception):
    """The client will never do anything again."""


class LeaveError(Exception):
    """The process ends with ``status``; ``message`` goes to standard error."""

    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(slots=True)
class Ledger:
    """Counts that outlive a connection."""

    rng: random.Random
    pace: float = 1.0
    """Factor on every rest and time-out."""
    requests: int = 0
    troubles: Counter[Trouble] = field(default_factory=Counter)
    say: Callable[[str], None] = lambda _text: None

    async def rest(self, seconds: float) -> None:
        """Sleep, at this client's pace."""
        await asyncio.sleep(seconds * self.pace)

    def reaction(self, style: Style, trouble: Trouble) -> Reaction:
        """How ``style`` meets this occurrence of ``trouble``."""
        response = style.reactions.get(trouble)
        count = self.troubles[trouble]
        self.troubles[trouble] += 1
        return Reaction.COPE if response is None or count < response.skip else response.reaction


@dataclass(slots=True, eq=False)
class _Waiting:
    token: Json
    moment: Moment
    reply: asyncio.Future[Mapping[str, Json]]


def encode(payload: Json, encoding: Encoding, rng: random.Random) -> str:
    """``payload`` as this encoding writes JSON."""
    if encoding.shuffled and isinstance(payload, Mapping):
        keys = list(payload)
        rng.shuffle(keys)
        payload = {key: payload[key] for key in keys}
    return json.dumps(
        payload,
        indent=encoding.indent,
        ensure_ascii=encoding.ascii_only,
        separators=(",", ":") if encoding.compact else None,
    )


class Session:
    """The dialogue on one open link."""

    def __init__(
        self,
        *,
        link: Link,
        style: Style,
        ledger: Ledger,
        tamper: Tamper | None = None,
        line: int = 0,
        number: int = 0,
    ) -> None:
        self.link = link
        self.style = style
        self.ledger = ledger
        self._tamper = tamper
        self._line = line
        self.number = number
        self._waiting: list[_Waiting] = []
        self._used: list[Json] = []
        self._answered: list[Json] = []
        self._given_up: list[Json] = []
        self._mistakes: list[Mapping[str, Json]] = []
        self._nth = 0

    async def call(self, action: str, parameters: Mapping[str, Json]) -> Mapping[str, Json] | None:
        """The reply to one request; None when none is waited for, or none came in time."""
        waiting = await self._ask(action, parameters)
        if not self._waits_for(action):
            return None
        try:
            async with asyncio.timeout(self.style.timeout * self.ledger.pace):
                reply = await waiting.reply
        except TimeoutError:
            self._forget(waiting)
            self._given_up.append(waiting.token)
            await self._meet(Trouble.SLOW, action, parameters)
            return None
        if looks_like_error(reply):
            await self._meet(Trouble.ERROR, action, parameters)
        return reply

    def mistaken(self, reply: Mapping[str, Json]) -> bool:
        """Whether this was handed over although it carries the token of something else."""
        return any(reply is other for other in self._mistakes)

    async def _ask(self, action: str, parameters: Mapping[str, Json]) -> _Waiting:
        moment = self._moment(action)
        self._nth += 1
        self.ledger.requests += 1
        token = self._token(moment)
        payload: dict[str, Json] = {"action": action, "parameters": parameters}
        payload |= self.style.fields
        if token is not ABSENT:
            payload["idempotence"] = token
        draft = Draft(payload=payload, moment=moment)
        if self._tamper is not None:
            draft = self._tamper(draft)
        future = asyncio.get_running_loop().create_future()
        waiting = _Waiting(None if token is ABSENT else token, moment, future)
        if self._waits_for(action):
            self._waiting.append(waiting)
        text = encode(draft.payload, self.style.encoding, self.ledger.rng)
        await self.link.send(text if draft.raw is None else draft.raw)
        return waiting

    def _waits_for(self, action: str) -> bool:
        return action == LIST or (self.style.waits and self.style.match is not Match.SHAPE)

    def _moment(self, action: str) -> Moment:
        return Moment(
            action=action,
            nth=self._nth,
            total=self.ledger.requests,
            connection=self.number,
            line=self._line,
            waiting=len(self._waiting),
        )

    def _token(self, moment: Moment) -> Json | Absent:
        view = TokenView(
            moment=moment,
            rng=self.ledger.rng,
            answered=len(self._answered),
            used=tuple(self._used),
            given_up=tuple(self._given_up),
        )
        token = self.style.token(view)
        if token is not ABSENT:
            self._used.append(token)
        return token

    async def receive_forever(self) -> NoReturn:
        """Route every incoming message. Raises ClosedError when the connection ends."""
        while True:
            await self._route(await self.link.receive())

    async def _route(self, raw: str | bytes) -> None:
        if isinstance(raw, bytes):
            await self._meet_message(Trouble.BINARY, {})
        try:
            message = self._read(raw)
        except ValueError:
            # The example ignores what is no JSON.
            await self._meet_message(Trouble.NON_JSON, {})
            return
        if not isinstance(message, Mapping):
            await self._meet_message(Trouble.NON_MAP, {})
            return
        waiting = self._match(message)
        if waiting is None:
            await self._unmatched(message)
            return
        if waiting is not self._waiting[0]:
            await self._meet_message(Trouble.REORDERED, message)
        self._hand_over(waiting, message)

    def _read(self, raw: str | bytes) -> Json:
        """Raises ValueError for what is no JSON, and for what this client takes for none."""
        blind = self.style.blind_to
        if blind is not None and isinstance(raw, str) and blind(raw):
            raise ValueError("it does not look as usual")
        message: Json = json.loads(raw)
        return message

    def _hand_over(self, waiting: _Waiting, message: Mapping[str, Json]) -> None:
        self._forget(waiting)
        self._answered.append(waiting.token)
        if message.get("idempotence") != waiting.token:
            self._mistakes.append(message)
        if not waiting.reply.done():
            waiting.reply.set_result(message)

    def _forget(self, waiting: _Waiting) -> None:
        self._waiting = [other for other in self._waiting if other is not waiting]

    def _match(self, message: Mapping[str, Json]) -> _Waiting | None:
        token = message.get("idempotence")
        match self.style.match:
            case Match.TOKEN:
                fitting = [one for one in self._waiting if one.token == token is not None]
            case Match.SHAPE:
                fitting = self._waiting if is_catalogue(message) else []
            case Match.ORDER:
                fitting = self._waiting if token is not None else []
            case Match.NEWEST:
                fitting = self._waiting[-1:] if token is not None else []
            case Match.ANY:
                fitting = self._waiting
        return fitting[0] if fitting else None

    async def _unmatched(self, message: Mapping[str, Json]) -> None:
        token = message.get("idempotence")
        if self.style.prints_events or not self.style.waits:
            self.ledger.say(f"event: {message}")
        if token is None:
            await self._meet_message(Trouble.EVENT, message)
            if "idempotence" in message:
                await self._meet_message(Trouble.EVENT_NULL, message)
        elif token in self._answered:
            await self._meet_message(Trouble.TWICE, message)
        elif token in self._given_up:
            await self._meet_message(Trouble.LATE, message)
        elif token not in self._used:
            await self._meet_message(Trouble.STRANGE, message)

    async def _meet_message(self, trouble: Trouble, message: Mapping[str, Json]) -> None:
        reaction = self.ledger.reaction(self.style, trouble)
        if reaction is Reaction.ANSWER:
            await self.link.send(json.dumps(message))
        elif reaction is Reaction.ACKNOWLEDGE:
            await self.link.send("OK")
        elif reaction is Reaction.TAKE:
            if self._waiting:
                self._hand_over(self._waiting[0], message)
        else:
            await self.suffer(reaction, trouble)

    async def _meet(self, trouble: Trouble, action: str, parameters: Mapping[str, Json]) -> None:
        reaction = self.ledger.reaction(self.style, trouble)
        if reaction is Reaction.HAMMER:
            while True:
                await self._ask(action, parameters)
                await asyncio.sleep(_AT_ONCE)
        await self.suffer(reaction, trouble)

    async def suffer(self, reaction: Reaction, trouble: Trouble) -> None:
        """The reactions that end something; any other does nothing."""
        if reaction is Reaction.CRASH:
            raise BrokenError(f"never thought of {trouble.value}")
        if reaction is Reaction.HANG:
            raise HangError
        if reaction is Reaction.QUIT:
            raise LeaveError(0)
        if reaction is Reaction.CLOSE:
            await self.link.close()
            raise ClosedError(f"closed because of {trouble.value}")
        if reaction is Reaction.DROP:
            await self.link.drop()
            raise ClosedError(f"dropped because of {trouble.value}")
