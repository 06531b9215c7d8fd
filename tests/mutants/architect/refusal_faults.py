"""Faults in how a stranger is blocked, and in which sub-protocol is selected."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from .agent import Agent
from .fault import Fault, wired
from .handmade import Wire
from .model import VERSION, Admit, RefuseClose, RefuseHttp, Session, Upgrade, Verdict
from .reading import Reading

__all__ = ["REFUSAL_FAULTS"]

_POLL: Final = 0.05
_TurnAway = Callable[["_Lingering", Session], Awaitable[None]]


class _Lingering(Agent):
    """Upgrades strangers, and does something before it closes."""

    def __init__(self, reading: Reading, *, rule: _TurnAway) -> None:
        super().__init__(reading)
        self.rule = rule

    async def turn_away(self, session: Session, how: RefuseClose) -> None:
        session.notes["how"] = how
        await self.rule(self, session)

    async def finish(self, session: Session) -> None:
        """Close as the reading says."""
        await super().turn_away(session, session.notes["how"])


async def _never(agent: _Lingering, session: Session) -> None:
    """Leave it open; nothing that it sends is served."""


async def _events_first(agent: _Lingering, session: Session) -> None:
    for number in range(3):
        await agent.send_event(session, "note", {"number": number})
    await agent.finish(session)


async def _catalogue_first(agent: _Lingering, session: Session) -> None:
    await agent.send_event(session, "actions", {"actions": agent.catalogue(session)})
    await agent.finish(session)


async def _joins_events(agent: _Lingering, session: Session) -> None:
    agent.sessions[session.number] = session  # so that changes are told to it as well


async def _serves_briefly(agent: _Lingering, session: Session) -> None:
    session.refused = None

    async def later() -> None:
        await asyncio.sleep(0.5)
        await agent.finish(session)

    session.spawn(later())


async def _reveals(agent: _Lingering, session: Session) -> None:
    await session.link.close(1008, f"expected {agent.password}")


async def _kicks_others(agent: _Lingering, session: Session) -> None:
    for other in list(agent.sessions.values()):
        await other.link.close(1008, "log-in failed")
    await agent.finish(session)


async def _dies(agent: _Lingering, session: Session) -> None:
    agent.die()


def _lingers(name: str, summary: str, rule: _TurnAway, *, implied: bool = False) -> Fault:
    return Fault(
        name=name,
        summary=summary,
        section="Authentication",
        reading="policy_close",
        implied=implied,
        make=partial(_Lingering, rule=rule),
    )


class _OneCommand(Agent):
    """Closes a stranger's connection only after its first command was served."""

    async def turn_away(self, session: Session, how: RefuseClose) -> None:
        session.notes["how"] = how

    async def received(self, session: Session, data: str | bytes) -> None:
        how = session.notes.pop("how", None)
        if how is None:
            await super().received(session, data)
            return
        session.refused = None
        await super().received(session, data)
        await asyncio.gather(*session.tasks)
        session.refused = how
        await super().turn_away(session, how)


class _HttpRefusal(Agent):
    """Refuses with HTTP, and lets something out or breaks something."""

    def __init__(self, reading: Reading, *, rule: Callable[[Agent, RefuseHttp], Verdict]) -> None:
        super().__init__(reading)
        self.rule = rule

    def refusal(self, upgrade: Upgrade) -> Verdict:
        verdict = super().refusal(upgrade)
        return self.rule(self, verdict) if isinstance(verdict, RefuseHttp) else verdict


def _tells_password(agent: Agent, verdict: RefuseHttp) -> Verdict:
    body = f"expected SMP1.0, {agent.username}, {agent.password}\n"
    return RefuseHttp(status=verdict.status, body=body)


def _drops_others(agent: Agent, verdict: RefuseHttp) -> Verdict:
    for session in list(agent.sessions.values()):
        session.link.abort()
    return verdict


def _stops(agent: Agent, verdict: RefuseHttp) -> Verdict:
    agent.die()
    return verdict


def _http(
    name: str,
    summary: str,
    rule: Callable[[Agent, RefuseHttp], Verdict],
    *,
    implied: bool = False,
) -> Fault:
    return Fault(
        name=name,
        summary=summary,
        section="Authentication",
        implied=implied,
        make=partial(_HttpRefusal, rule=rule),
    )


class _Mute(Wire):
    """Neither answers a refused upgrade nor ends its connection."""

    async def refuse(self, verdict: RefuseHttp) -> None:
        await asyncio.sleep(3600)


class _HalfOpen(Wire):
    """Refuses with HTTP but goes on to speak WebSocket on the same connection."""

    async def refuse(self, verdict: RefuseHttp) -> None:
        await super().refuse(verdict)
        await self.serve(Upgrade(path="/ws", fields=()), Admit(subprotocol=None))


class _SecondTry(Wire):
    """Refuses with HTTP, and lets in whoever tries again on the same connection."""

    async def refuse(self, verdict: RefuseHttp) -> None:
        await super().refuse(verdict)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        pairs = (line.partition(":") for line in head.split("\r\n"))
        fields = tuple((name, value.strip()) for name, _, value in pairs)
        upgrade = Upgrade(path="/ws", fields=fields)
        self.writer.write(self.switching(upgrade, None).encode("latin-1"))
        await self.serve(upgrade, Admit(subprotocol=None))


class _Selects(Agent):
    """Selects another sub-protocol."""

    def __init__(self, reading: Reading, *, rule: Callable[[Agent], str]) -> None:
        super().__init__(reading)
        self.rule = rule

    def choose(self, upgrade: Upgrade) -> str | None:
        return self.rule(self)


def _selects(
    name: str,
    summary: str,
    rule: Callable[[Agent], str],
    *,
    implied: bool = False,
    by_hand: bool = True,
) -> Fault:
    return Fault(
        name=name,
        summary=summary,
        section="Authentication",
        reading="handmade" if by_hand else "natural",
        implied=implied,
        make=partial(_Selects, rule=rule),
        by_hand=by_hand,
    )


class _TwoSelections(Wire):
    """Sends the header twice."""

    def switching(self, upgrade: Upgrade, subprotocol: str | None) -> str:
        text = super().switching(upgrade, subprotocol)
        line = f"Sec-WebSocket-Protocol: {subprotocol}\r\n"
        return text.replace(line, line + line)


class _Kicks(Agent):
    """Ends the older connection of a user who logs in again."""

    async def opened(self, session: Session) -> None:
        for other in list(self.sessions.values()):
            if other is not session and session.refused is None:
                await other.link.close(4000, "logged in elsewhere")
        await super().opened(session)


class _ThreeAtMost(Agent):
    """Closes the fourth connection that is open at a time."""

    async def opened(self, session: Session) -> None:
        if len(self.sessions) > 3:
            await session.link.close(1013, "too many")
            return
        await super().opened(session)


class _Deaf(Agent):
    """Serves the first `limit` connections of its life; later ones get no answers."""

    def __init__(self, reading: Reading, *, limit: int) -> None:
        super().__init__(reading)
        self.limit = limit

    async def received(self, session: Session, data: str | bytes) -> None:
        if session.number <= self.limit:
            await super().received(session, data)


class _Impatient(Agent):
    """Closes a connection that does nothing for a while."""

    def __init__(self, reading: Reading, *, patience: float, first_only: bool) -> None:
        super().__init__(reading)
        self.patience = patience
        self.first_only = first_only

    async def opened(self, session: Session) -> None:
        await super().opened(session)
        if session.refused is None:
            session.spawn(self._watch(session))

    async def _watch(self, session: Session) -> None:
        now = asyncio.get_running_loop().time
        seen, since = 0, now()
        while now() < since + self.patience:
            await asyncio.sleep(_POLL)
            if session.count != seen:
                seen, since = session.count, now()
            if self.first_only and seen:
                return
        await session.link.close(1000, "idle")


def _connection(
    name: str, summary: str, make: Callable[[Reading], Agent], *, implied: bool = True
) -> Fault:
    return Fault(name=name, summary=summary, section="Connection", implied=implied, make=make)


REFUSAL_FAULTS: Final = (
    _lingers("auth.refusal.stays_open", "a stranger's connection is upgraded and kept", _never),
    _lingers(
        "auth.refusal.events_first", "a stranger receives events before the close", _events_first
    ),
    _lingers(
        "auth.refusal.catalogue_first",
        "a stranger receives the catalogue before the close",
        _catalogue_first,
    ),
    _lingers(
        "auth.refusal.hears_others",
        "a stranger's commands are ignored, but it hears what happens to others",
        _joins_events,
    ),
    _lingers(
        "auth.refusal.served_briefly", "a stranger is served for half a second", _serves_briefly
    ),
    _lingers(
        "auth.refusal.reason_reveals",
        "the reason of the close reveals the password",
        _reveals,
        implied=True,
    ),
    _lingers(
        "auth.refusal.closes_others", "a failed log-in closes all other connections", _kicks_others
    ),
    _lingers("auth.refusal.close_kills_server", "a failed log-in stops the server", _dies),
    Fault(
        name="auth.refusal.one_command",
        summary="a stranger's first command is served before the close",
        section="Authentication",
        reading="policy_close",
        make=_OneCommand,
    ),
    _http(
        "auth.refusal.body_reveals",
        "the body of the HTTP refusal reveals the password",
        _tells_password,
        implied=True,
    ),
    _http("auth.refusal.drops_others", "a failed log-in drops other connections", _drops_others),
    _http("auth.refusal.kills_server", "a failed log-in stops the server", _stops),
    wired(
        "auth.refusal.mute",
        "a refused upgrade gets no answer, and its connection stays",
        _Mute,
        section="Authentication",
        implied=True,
    ),
    wired(
        "auth.refusal.half_open",
        "after the HTTP refusal WebSocket frames are served on the same connection",
        _HalfOpen,
        section="Authentication",
    ),
    wired(
        "auth.refusal.second_try",
        "after the HTTP refusal a second handshake on the same connection is accepted",
        _SecondTry,
        section="Authentication",
    ),
    _selects(
        "subprotocol.username",
        "the user name is selected as the sub-protocol",
        lambda a: a.username,
        by_hand=False,
    ),
    _selects(
        "subprotocol.password",
        "the password is selected as the sub-protocol",
        lambda a: a.password,
        by_hand=False,
    ),
    _selects(
        "subprotocol.all_three",
        "the whole offer is echoed, password and all",
        lambda a: f"{VERSION}, {a.username}, {a.password}",
    ),
    _selects("subprotocol.not_offered", "`SMP1.1`, never offered, is selected", lambda a: "SMP1.1"),
    _selects("subprotocol.lower_case", "`smp1.0` is selected", lambda a: "smp1.0"),
    _selects("subprotocol.empty", "the header is sent without a value", lambda a: "", implied=True),
    wired("subprotocol.twice", "the header is sent twice", _TwoSelections, implied=True),
    _connection("connect.kicks_older", "a second log-in ends the first connection", _Kicks),
    _connection("connect.three_at_most", "a fourth open connection is closed", _ThreeAtMost),
    _connection(
        "connect.reconnect_deaf",
        "only the first connection's commands are answered",
        partial(_Deaf, limit=1),
        implied=False,
    ),
    _connection(
        "connect.sixth_deaf",
        "from the sixth connection on nothing is answered",
        partial(_Deaf, limit=5),
        implied=False,
    ),
    _connection(
        "connect.no_second_to_wait",
        "a connection without a command in its first half second is closed",
        partial(_Impatient, patience=0.5, first_only=True),
        implied=False,
    ),
    _connection(
        "connect.idle_closed",
        "a connection that is silent for 1.5 seconds is closed",
        partial(_Impatient, patience=1.5, first_only=False),
    ),
)
