"""Faults in the token that a reply echoes."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Final

from .agent import Agent
from .fault import Fault, TokenRule, tokens
from .model import MISSING, Json, Outcome, Request, Session
from .reading import Reading

__all__ = ["TOKEN_FAULTS"]


def _text(change: Callable[[str], Json]) -> TokenRule:
    """Change tokens that are text, and no others."""
    return lambda _a, _s, r, _o: change(r.token) if isinstance(r.token, str) else r.token


def _unless(lost: Callable[[Session, Request, Outcome], bool], value: Json = MISSING) -> TokenRule:
    """Lose the token in some cases."""
    return lambda _a, s, r, o: value if lost(s, r, o) else r.token


def _last_seen(agent: Agent, session: Session, request: Request, outcome: Outcome) -> Json:
    return session.tokens[-1]


def _first_seen(agent: Agent, session: Session, request: Request, outcome: Outcome) -> Json:
    return session.tokens[0]


def _previous_reply(agent: Agent, session: Session, request: Request, outcome: Outcome) -> Json:
    before = session.notes.get("token", request.token)
    session.notes["token"] = request.token
    return before


def _anybodys_last(agent: Agent, session: Session, request: Request, outcome: Outcome) -> Json:
    # The last token that came in on any connection: right for a client that is alone.
    if session.number == max(agent.sessions):
        return request.token
    seen = [one for other in agent.sessions.values() for one in other.tokens[-1:]]
    return seen[-1]


def _stale_after(limit: int) -> TokenRule:
    def rule(agent: Agent, session: Session, request: Request, outcome: Outcome) -> Json:
        late = request.order > limit and len(session.tokens) >= limit
        return session.tokens[limit - 1] if late else request.token

    return rule


def _slow_gets_newest(agent: Agent, session: Session, request: Request, outcome: Outcome) -> Json:
    slow = request.action in agent.actions and agent.actions[request.action].takes > 0
    return session.tokens[-1] if slow else request.token


def _numeric(token: str) -> Json:
    return int(token) if token.isascii() and token.isdigit() else token


def _dashed(token: str) -> str:
    groups = (token[:8], token[8:12], token[12:16], token[16:20], token[20:])
    return "-".join(groups) if len(token) == 32 else token


def _retyped(kind: type | tuple[type, ...], change: Callable[[Json], Json]) -> TokenRule:
    """Change tokens of one JSON type; true and false are no numbers."""

    def rule(agent: Agent, session: Session, request: Request, outcome: Outcome) -> Json:
        token = request.token
        hit = isinstance(token, kind) and (kind is bool or not isinstance(token, bool))
        return change(token) if hit else token

    return rule


_LOST: Final = (
    tokens("token.missing", "replies have no token", lambda *_: MISSING),
    tokens("token.null", "replies have a null token", lambda *_: None),
    tokens("token.constant", "replies have a token of the agent's own", lambda *_: "reply"),
    tokens(
        "token.missing.on_errors", "error replies have no token", _unless(lambda s, r, o: not o.ok)
    ),
    tokens(
        "token.null.on_errors",
        "error replies have a null token",
        _unless(lambda s, r, o: not o.ok, None),
    ),
    tokens(
        "token.missing.on_unknown_action",
        "the reply to an unknown action has no token",
        _unless(lambda s, r, o: o.code == "unknown_action"),
    ),
    tokens(
        "token.missing.on_missing_parameter",
        "the reply to a command that lacks a parameter has no token",
        _unless(lambda s, r, o: o.code == "missing_parameter"),
    ),
    tokens(
        "token.missing.on_bad_type",
        "the reply to an ill-typed parameter has no token",
        _unless(lambda s, r, o: o.code == "bad_type"),
    ),
    tokens(
        "token.missing.on_no_action",
        "the error for a command without an action has no token",
        _unless(lambda s, r, o: not isinstance(r.action, str)),
        implied=True,
    ),
    tokens(
        "token.missing.on_tick_rate",
        "the reply to one action, which is called well, has no token",
        _unless(lambda s, r, o: r.action == "set_tick_rate"),
    ),
    tokens(
        "token.missing.on_list_actions",
        "the reply to `list_actions` has no token",
        _unless(lambda s, r, o: r.action == "list_actions"),
    ),
    tokens(
        "token.missing.on_servers",
        "the reply to `servers` has no token",
        _unless(lambda s, r, o: r.action == "servers"),
    ),
    tokens(
        "token.missing.on_first",
        "the first reply of a connection has no token",
        _unless(lambda s, r, o: r.order == 1),
    ),
    tokens(
        "token.missing.from_eleventh",
        "from the eleventh message on replies have no token",
        _unless(lambda s, r, o: r.order > 10),
    ),
    tokens(
        "token.missing.on_reconnect",
        "replies on later connections have no token",
        _unless(lambda s, r, o: s.number > 1),
    ),
    tokens(
        "token.missing.on_repeat",
        "a token that is used again is not echoed",
        _unless(lambda s, r, o: s.tokens.count(r.token) > 1),
        implied=True,
    ),
    tokens(
        "token.missing.when_busy",
        "a reply has no token when another command came in between",
        _unless(lambda s, r, o: r.order < s.count),
    ),
)

_CHANGED: Final = (
    tokens("token.upper_case", "the token comes back in upper case", _text(str.upper)),
    tokens("token.lower_case", "the token comes back in lower case", _text(str.lower)),
    tokens("token.first_16", "only 16 characters come back", _text(lambda t: t[:16])),
    tokens("token.first_31", "only 31 characters come back", _text(lambda t: t[:31])),
    tokens("token.first_64", "only 64 characters come back", _text(lambda t: t[:64])),
    tokens(
        "token.first_255", "only 255 characters come back", _text(lambda t: t[:255]), implied=True
    ),
    tokens("token.last_lost", "the last character is lost", _text(lambda t: t[:-1])),
    tokens("token.dashed", "32 hex digits come back as a UUID with dashes", _text(_dashed)),
    tokens("token.undashed", "dashes are taken out", _text(lambda t: t.replace("-", ""))),
    tokens("token.prefixed", "the token has `re:` before it", _text(lambda t: f"re:{t}")),
    tokens("token.quoted", "the token comes back with quotes", _text(json.dumps)),
    tokens("token.reversed", "the token comes back reversed", _text(lambda t: t[::-1])),
    tokens("token.padded", "the token has a space after it", _text(lambda t: f"{t} ")),
    tokens("token.stripped", "spaces around a token are lost", _text(str.strip), implied=True),
    tokens("token.in_list", "the token comes back in a list", _text(lambda t: [t])),
    tokens("token.in_map", "the token comes back in a map", _text(lambda t: {"id": t})),
    tokens("token.digits_to_number", "a token of digits comes back as a number", _text(_numeric)),
    tokens(
        "token.ascii_only",
        "characters beyond ASCII are lost from a token",
        _text(lambda t: t.encode("ascii", "ignore").decode()),
        implied=True,
    ),
    tokens(
        "token.number_to_text",
        "a number comes back as text",
        _retyped((int, float), str),
        implied=True,
    ),
    tokens(
        "token.number_to_double",
        "a large number loses its last digits",
        _retyped(int, lambda t: int(float(t))),
        implied=True,
    ),
    tokens("token.bool_to_number", "true comes back as 1", _retyped(bool, int), implied=True),
    tokens(
        "token.map_to_text",
        "a map comes back as text",
        _retyped((dict, list), json.dumps),
        implied=True,
    ),
    tokens(
        "token.zero_lost",
        "the number 0 is taken for no token",
        _retyped(int, lambda t: t or MISSING),
        implied=True,
    ),
)

_MIXED: Final = (
    tokens("token.last_received", "a reply has the token of the newest command", _last_seen),
    tokens("token.first_received", "every reply has the connection's first token", _first_seen),
    tokens("token.previous_reply", "a reply has the token of the reply before", _previous_reply),
    tokens(
        "token.other_connection",
        "an older connection's replies have the newest connection's token",
        _anybodys_last,
    ),
    tokens(
        "token.stale_after_10", "from the eleventh command on the tenth token", _stale_after(10)
    ),
    tokens("token.stale_after_50", "from command 51 on the fiftieth token", _stale_after(50)),
    tokens(
        "token.slow_gets_newest",
        "a slow command's reply has the token of the newest command",
        _slow_gets_newest,
    ),
)


class _Renamed(Agent):
    """Puts the token somewhere else."""

    def __init__(self, reading: Reading, *, place: Callable[[Json, Json], Json]) -> None:
        super().__init__(reading)
        self.place = place

    def reply(self, session: Session, request: Request, outcome: Outcome) -> Json:
        message = super().reply(session, request, outcome)
        return self.place(message, message.pop("idempotence", None))


def _inside(message: Json, token: Json) -> Json:
    found = message.get("parameters", {})
    return message | {"parameters": {**found, "idempotence": token}}


def _placed(name: str, summary: str, place: Callable[[Json, Json], Json]) -> Fault:
    return Fault(name=name, summary=summary, section="Example", make=partial(_Renamed, place=place))


_PLACES: Final = (
    _placed("token.place.id", "the token is called `id`", lambda m, t: m | {"id": t}),
    _placed("token.place.token", "the token is called `token`", lambda m, t: m | {"token": t}),
    _placed("token.place.capital", "it is `Idempotence`", lambda m, t: m | {"Idempotence": t}),
    _placed("token.place.key", "it is `idempotence_key`", lambda m, t: m | {"idempotence_key": t}),
    _placed("token.place.parameters", "the token is within `parameters`", _inside),
    _placed(
        "token.place.header",
        "the token is within a map `meta`",
        lambda m, t: m | {"meta": {"idempotence": t}},
    ),
)


class _Swapped(Agent):
    """Exchanges the tokens of two commands that are in work together."""

    def token(self, session: Session, request: Request, outcome: Outcome) -> Json:
        waiting: list[Json] = session.notes.setdefault("waiting", [])
        others = [one for one in waiting if one != request.token]
        given = others[0] if others else request.token
        waiting.remove(given)
        return given

    async def decide(self, session: Session, request: Request) -> Outcome:
        session.notes.setdefault("waiting", []).append(request.token)
        return await super().decide(session, request)


class _InOrder(Agent):
    """Gives out the tokens in the order of the commands, though replies overtake each other."""

    def token(self, session: Session, request: Request, outcome: Outcome) -> Json:
        place = session.notes.get("place", 0)
        session.notes["place"] = place + 1
        return session.tokens[place]


class _Shared(Agent):
    """Keeps the current token for the whole server, across connections."""

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading)
        self.current: Json = MISSING

    async def decide(self, session: Session, request: Request) -> Outcome:
        self.current = request.token
        return await super().decide(session, request)

    def token(self, session: Session, request: Request, outcome: Outcome) -> Json:
        return self.current


class _Sticky(Agent):
    """Gives a reply to a command without a token the token of the command before."""

    def token(self, session: Session, request: Request, outcome: Outcome) -> Json:
        if request.token is not MISSING:
            session.notes["last"] = request.token
        return session.notes.get("last", MISSING)


class _OneAtATime(Agent):
    """Knows of each token on one connection only: the one that used it last."""

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading)
        self.owners: dict[str, Session] = {}

    async def command(self, session: Session, message: dict[str, Json]) -> None:
        self.owners[json.dumps(message.get("idempotence"))] = session
        await super().command(session, message)

    async def answer(self, session: Session, request: Request, message: Json) -> None:
        known = json.dumps(None if request.token is MISSING else request.token)
        await super().answer(self.owners.get(known, session), request, message)


def _class(
    name: str, summary: str, make: Callable[[Reading], Agent], *, implied: bool = False
) -> Fault:
    return Fault(name=name, summary=summary, section="Example", implied=implied, make=make)


TOKEN_FAULTS: Final = (
    _class(
        "token.one_at_a_time",
        "of two connections that use one token at once the later gets both replies",
        _OneAtATime,
        implied=True,
    ),
    *_LOST,
    *_CHANGED,
    *_MIXED,
    *_PLACES,
    _class("token.swapped", "two commands in work together exchange their tokens", _Swapped),
    _class("token.in_order", "tokens come back in order while replies overtake", _InOrder),
    _class("token.shared", "the current token is one for all connections", _Shared),
    _class("token.sticky", "a reply to a command without a token has the last one", _Sticky),
)
