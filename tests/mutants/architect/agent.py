"""The agent behind the socket: who may come in, and what each message brings about.

Every step is a method of its own, so that a fault can bend exactly one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from random import Random
from typing import Final

from . import shapes
from .catalogue import Action, actions_of, describe, fits
from .model import (
    MISSING,
    VERSION,
    Admit,
    Json,
    Kind,
    Link,
    MalformedError,
    Outcome,
    RefuseClose,
    RefuseHttp,
    Request,
    Session,
    Upgrade,
    Verdict,
)
from .reading import Reading
from .world import World

__all__ = ["Agent"]

_LOCK_WINDOW: Final = 60.0
_OFTEN: Final = 0.04
_PROGRESS_AFTER: Final = 0.01


class Agent:
    """One server's state and conduct, whatever the front that carries it."""

    username = "operator"
    password = "Q7-velvet.Anchor_29"

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.world = World()
        self.actions = actions_of(reading)
        self.sessions: dict[int, Session] = {}
        self.random = Random(8090)
        self.die: Callable[[], None] = lambda: None
        """Stops the whole server; the shell sets it."""
        self.failures: list[float] = []
        self.locked_until = 0.0
        self.logins = 0
        self._numbers = count(1)
        self._events = count(1)

    # Who may come in.

    def admit(self, upgrade: Upgrade) -> Verdict:
        """Judge one upgrade request."""
        if not self.serves_path(upgrade.path):
            return RefuseHttp(status=404)
        if _now() < self.locked_until:
            return self.refusal(upgrade)
        if not self.knows(upgrade):
            self._count_failure()
            return self.refusal(upgrade)
        self.logins += 1
        return Admit(subprotocol=self.choose(upgrade))

    def serves_path(self, path: str) -> bool:
        """Whether the path is served; a query is never looked at."""
        return self.reading.any_path or path.partition("?")[0] == "/ws"

    def knows(self, upgrade: Upgrade) -> bool:
        """Whether the header is `SMP1.0, {username}, {password}` with the right values."""
        return upgrade.offers == (VERSION, self.username, self.password)

    def choose(self, upgrade: Upgrade) -> str | None:
        """The sub-protocol of an accepted upgrade: never one that was not offered."""
        return VERSION if self.reading.selects and VERSION in upgrade.offers else None

    def refusal(self, upgrade: Upgrade) -> Verdict:
        """How a client without the right header is blocked."""
        missing = not upgrade.offers
        how = self.reading.blocks_missing if missing else self.reading.blocks_wrong
        if how is None or how >= 1000:
            return RefuseClose(code=how, subprotocol=self.choose(upgrade))
        return RefuseHttp(status=how)

    def _count_failure(self) -> None:
        limit = self.reading.locks_out_after
        if not limit:
            return
        recent = [when for when in self.failures if when > _now() - _LOCK_WINDOW]
        self.failures = [*recent, _now()]
        if len(self.failures) >= limit:
            self.locked_until = _now() + self.reading.locked_for
            self.failures = []

    # The life of a connection.

    def begin(self, link: Link, upgrade: Upgrade, verdict: Admit | RefuseClose) -> Session:
        """Make the connection's record."""
        refused = verdict if isinstance(verdict, RefuseClose) else None
        session = Session(number=next(self._numbers), link=link, refused=refused)
        if refused is None:
            self.sessions[session.number] = session
        return session

    async def opened(self, session: Session) -> None:
        """Act first, before anything was received."""
        if session.refused is not None:
            await self.turn_away(session, session.refused)
            return
        if self.reading.hello_text:
            await session.link.send("hello")
        if self.reading.welcome:
            await self.send_event(session, "welcome", {"agent": "architect"})
        if self.reading.events == "often":
            session.spawn(self._tick(session))

    async def turn_away(self, session: Session, how: RefuseClose) -> None:
        """Close a connection that was upgraded only to be refused."""
        if self.reading.says_why:
            why = {"type": "closing", "message": "the handshake must be SMP1.0 with a known user"}
            await session.link.send(shapes.dump(self.reading, why))
        if how.code is None:
            session.link.abort()
        else:
            await session.link.close(how.code, how.reason)

    def ended(self, session: Session) -> None:
        """Forget a connection."""
        self.sessions.pop(session.number, None)
        for task in list(session.tasks):
            task.cancel()

    # The life of a message.

    async def received(self, session: Session, data: str | bytes) -> None:
        """Take one message; the work on it goes on beside the reader."""
        if session.refused is not None:
            return
        session.count += 1
        if isinstance(data, bytes) and self.reading.binary != "served":
            if self.reading.binary == "error":
                await self.unreadable(session, data)
            return
        try:
            message = shapes.load(data)
        except MalformedError:
            await self.unreadable(session, data)
            return
        if isinstance(message, dict):
            await self.command(session, message)
        else:
            await self.not_a_map(session, message)

    async def unreadable(self, session: Session, data: str | bytes) -> None:
        """Answer what is no JSON, or leave it alone."""
        if self.reading.malformed == "error":
            outcome = Outcome(code="malformed", text="that is no JSON map")
            message = shapes.reply(self.reading, None, outcome)
            if self.reading.tokenless == "null":
                message["idempotence"] = None
            await self.transmit(session, message)

    async def not_a_map(self, session: Session, message: Json) -> None:
        """Answer JSON that is no command."""
        await self.unreadable(session, "")

    async def command(self, session: Session, message: dict[str, Json]) -> None:
        """Take one command."""
        request = Request(
            action=message.get("action", MISSING),
            parameters=message.get("parameters", MISSING),
            token=message.get("idempotence", MISSING),
            order=session.count,
            message=message,
        )
        session.tokens.append(request.token)
        before = session.tail if self.reading.ordered else None
        session.tail = session.spawn(self.process(session, request, before))

    async def process(
        self, session: Session, request: Request, before: asyncio.Task[None] | None
    ) -> None:
        """Do a command and answer it, after `before` was answered."""
        outcome = await self.decide(session, request)
        if self.reading.jitter:
            await asyncio.sleep(self.random.uniform(0, self.reading.jitter))
        if before is not None:
            await asyncio.wait({before})
        if request.token is MISSING and self.reading.tokenless == "silent":
            return
        await self.answer(session, request, self.reply(session, request, outcome))
        await self.afterwards(session, request, outcome)

    async def decide(self, session: Session, request: Request) -> Outcome:
        """Check a command, and do it."""
        problem = self.problem(session, request)
        if problem is not None:
            return problem
        takes = self.actions[request.action].takes
        if takes:
            await asyncio.sleep(takes)
        return self.perform(session, request)

    def perform(self, session: Session, request: Request) -> Outcome:
        """Do a command that was found valid."""
        if request.action == "list_actions":
            return Outcome(result={"actions": self.catalogue(session)})
        return self.world.perform(session, self.username, request)

    # What is wrong with a command.

    def problem(self, session: Session, request: Request) -> Outcome | None:
        """The first thing that is wrong, or None."""
        odd_token = request.token is not MISSING and not isinstance(request.token, str)
        if self.reading.text_tokens_only and odd_token:
            return Outcome(code="bad_token", text="idempotence must be text")
        action = self.action_of(request)
        if action is None:
            return Outcome(code="unknown_action", text="there is no such action")
        given = request.parameters
        if given is MISSING and self.reading.parameters_optional:
            given = {}
        if not isinstance(given, dict):
            return Outcome(code="bad_parameters", text="parameters must be a map")
        return self.wrong_parameters(session, action, given)

    def action_of(self, request: Request) -> Action | None:
        """The action that a command names."""
        return self.actions.get(request.action) if isinstance(request.action, str) else None

    def wrong_parameters(
        self, session: Session, action: Action, given: dict[str, Json]
    ) -> Outcome | None:
        """What is wrong with the parameters, or None."""
        missing = self.lacking(session, action, given)
        if missing:
            return Outcome(code="missing_parameter", text=f"missing: {', '.join(missing)}")
        bad = [
            one.name
            for one in action.params
            if one.name in given and not self.fits(one.kind, given[one.name])
        ]
        if bad:
            return Outcome(code="bad_type", text=f"of another type: {', '.join(bad)}")
        known = {one.name for one in action.params}
        if self.reading.refuses_unknown_parameters and not known.issuperset(given):
            return Outcome(code="unknown_parameter", text="a parameter is not known")
        if self.reading.cloud_refused and action.cloud_only:
            return Outcome(code="forbidden", text="only the cloud controller may do this")
        return None

    def lacking(self, session: Session, action: Action, given: dict[str, Json]) -> list[str]:
        """Required parameters that did not come."""
        return [name for name in action.required if name not in given]

    def fits(self, kind: Kind, value: Json) -> bool:
        """Whether a value has the declared type."""
        return fits(kind, value)

    # What is sent.

    def catalogue(self, session: Session) -> Json:
        """The value of `parameters.actions`."""
        return {
            action.name: self.entry(action, place)
            for place, action in enumerate(self.actions.values())
        }

    def entry(self, action: Action, place: int) -> Json:
        """One action in the catalogue."""
        return describe(action, self.reading, place)

    def reply(self, session: Session, request: Request, outcome: Outcome) -> Json:
        """The reply to one command, its token included."""
        message = shapes.reply(self.reading, request, outcome)
        token = self.token(session, request, outcome)
        if token is not MISSING:
            message["idempotence"] = token
        elif self.reading.tokenless == "null":
            message["idempotence"] = None
        if self.reading.extras:
            message["took_ms"] = 1
            message["agent"] = {"version": "1.9.2"}
        return message

    def token(self, session: Session, request: Request, outcome: Outcome) -> Json:
        """The token that a reply echoes, or MISSING for none."""
        return request.token

    async def answer(self, session: Session, request: Request, message: Json) -> None:
        """Send one reply."""
        await self.transmit(session, message)

    async def transmit(self, session: Session, message: Json) -> None:
        """Send one message of any sort."""
        await session.link.send(self.encode(message))

    def encode(self, message: Json) -> str | bytes:
        """A message as the frame's payload."""
        return shapes.dump(self.reading, message)

    async def afterwards(self, session: Session, request: Request, outcome: Outcome) -> None:
        """Send what a reading sends after a reply."""
        reading = self.reading
        if reading.second_message != "none" and request.token is not MISSING and outcome.ok:
            await asyncio.sleep(_PROGRESS_AFTER)
            note = {"progress": 100} if reading.second_message == "progress" else {"done": True}
            later = {"parameters": note, "idempotence": request.token}
            await self.transmit(session, {"event": reading.second_message} | later)
        if reading.hello_text and request.order % 3 == 0:
            await session.link.send(f"# {request.order} served")
        if reading.events == "after_reply":
            await self.send_event(session, "served", {"count": request.order})
        elif outcome.ok and str(request.action).startswith(("server_st", "set_")):
            await self._tell_change(outcome)

    async def _tell_change(self, outcome: Outcome) -> None:
        for other in list(self.sessions.values()):
            heard = self.reading.events == "subscribed" and "servers" in other.topics
            if heard or self.reading.events == "after_change":
                await self.send_event(other, "server_changed", outcome.result)

    async def send_event(self, session: Session, name: str, payload: Json) -> None:
        """Send something that nobody asked for."""
        await self.transmit(session, self.event(name, payload))

    def event(self, name: str, payload: Json) -> Json:
        """An event's message."""
        message = {"event": name, "parameters": payload}
        match self.reading.event_token:
            case "null":
                message["idempotence"] = None
            case "event_id":
                message["event_id"] = f"evt-{next(self._events):06d}"
            case "none":
                pass
        return message

    async def _tick(self, session: Session) -> None:
        for number in count(1):
            await asyncio.sleep(_OFTEN)
            await self.send_event(session, "tick", {"number": number, "players": number % 7})


def _now() -> float:
    return asyncio.get_running_loop().time()
