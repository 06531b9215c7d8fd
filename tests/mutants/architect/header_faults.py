"""Faults in how the header is read, and in the path."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import partial
from typing import Final

from .agent import Agent
from .fault import Fault
from .model import VERSION, Admit, Upgrade, Verdict
from .reading import Reading

__all__ = ["HEADER_FAULTS"]


class _Headers(Agent):
    """Reads the header in a way of its own."""

    def __init__(self, reading: Reading, *, rule: Callable[[Agent, Upgrade, bool], bool]) -> None:
        super().__init__(reading)
        self.rule = rule

    def knows(self, upgrade: Upgrade) -> bool:
        return self.rule(self, upgrade, super().knows(upgrade))


def _basic(agent: Agent, upgrade: Upgrade) -> bool:
    pair = base64.b64encode(f"{agent.username}:{agent.password}".encode()).decode()
    return f"Basic {pair}" in upgrade.values("authorization")


def _in_query(agent: Agent, upgrade: Upgrade) -> bool:
    _, _, query = upgrade.path.partition("?")
    return set(query.split("&")) >= {f"username={agent.username}", f"password={agent.password}"}


def _nothing_for_password(agent: Agent, upgrade: Upgrade) -> bool:
    parts = ",".join(upgrade.values("sec-websocket-protocol")).split(",")
    return [one.strip() for one in parts] == [VERSION, agent.username, ""]


def _spelled(upgrade: Upgrade, name: str) -> bool:
    return any(key == name for key, _ in upgrade.fields)


def _headers(
    name: str,
    summary: str,
    rule: Callable[[Agent, Upgrade, bool], bool],
    *,
    implied: bool = True,
) -> Fault:
    return Fault(
        name=name,
        summary=summary,
        section="Authentication",
        reading="handmade",
        implied=implied,
        make=partial(_Headers, rule=rule),
    )


_READERS: Final = (
    _headers(
        "auth.header.basic_instead",
        "HTTP Basic credentials are accepted without the header",
        lambda a, u, ok: ok or _basic(a, u),
        implied=False,
    ),
    _headers(
        "auth.header.query_instead",
        "`username` and `password` in the query are accepted without the header",
        lambda a, u, ok: ok or _in_query(a, u),
        implied=False,
    ),
    _headers(
        "auth.password.empty",
        "an empty element is accepted as the password",
        lambda a, u, ok: ok or _nothing_for_password(a, u),
        implied=False,
    ),
    _headers(
        "auth.header.name_as_rfc",
        "only the spelling `Sec-WebSocket-Protocol` of the header's name is read",
        lambda a, u, ok: ok and _spelled(u, "Sec-WebSocket-Protocol"),
        implied=False,
    ),
    _headers(
        "auth.header.name_as_document",
        "only the spelling `Sec-Websocket-Protocol` of the header's name is read",
        lambda a, u, ok: ok and _spelled(u, "Sec-Websocket-Protocol"),
    ),
    _headers(
        "auth.header.first_line_only",
        "a list in several header lines is not put together",
        lambda a, u, ok: ok and len(u.values("sec-websocket-protocol")) == 1,
    ),
    _headers(
        "auth.header.needs_spaces",
        "a list without spaces after its commas is refused",
        lambda a, u, ok: ok and ", " in u.values("sec-websocket-protocol")[0],
    ),
    _headers(
        "auth.header.no_spaces",
        "a list with spaces after its commas is refused",
        lambda a, u, ok: ok and " " not in u.values("sec-websocket-protocol")[0],
        implied=False,
    ),
    _headers(
        "auth.header.needs_origin",
        "a client that sends no `Origin` is refused",
        lambda a, u, ok: ok and bool(u.values("origin")),
    ),
)


class _Paths(Agent):
    """Serves another path."""

    def __init__(self, reading: Reading, *, path: str) -> None:
        super().__init__(reading)
        self.path = path

    def serves_path(self, path: str) -> bool:
        return path.partition("?")[0] == self.path


class _NoQuery(Agent):
    """Takes the query for a part of the path."""

    def serves_path(self, path: str) -> bool:
        return path == "/ws"


class _Unguarded(Agent):
    """Looks at the header on `/ws` only, but serves other paths as well."""

    def admit(self, upgrade: Upgrade) -> Verdict:
        if upgrade.path.partition("?")[0] == "/ws":
            return super().admit(upgrade)
        right = ("Sec-WebSocket-Protocol", f"{VERSION}, {self.username}, {self.password}")
        fields = (*(one for one in upgrade.fields if one[0].lower() != right[0].lower()), right)
        let_in = super().admit(Upgrade(path="/ws", fields=fields))
        return let_in if upgrade.offers else _bare(let_in)


class _UncheckedElsewhere(Agent):
    """Looks at what is offered on `/ws` only; on other paths any three elements will do."""

    def admit(self, upgrade: Upgrade) -> Verdict:
        elsewhere = upgrade.path.partition("?")[0] != "/ws"
        if elsewhere and len(upgrade.offers) == 3 and upgrade.offers[0] == VERSION:
            return Admit(subprotocol=VERSION)
        return super().admit(upgrade)


def _bare(verdict: Verdict) -> Verdict:
    return Admit(subprotocol=None) if isinstance(verdict, Admit) else verdict


def _path(name: str, summary: str, make: Callable[[Reading], Agent]) -> Fault:
    return Fault(name=name, summary=summary, section="Example", implied=True, make=make)


_PATHS: Final = (
    _path("connect.path.root_only", "`/` is served and `/ws` is not", partial(_Paths, path="/")),
    _path("connect.path.slash", "`/ws/` is served and `/ws` is not", partial(_Paths, path="/ws/")),
    _path("connect.path.upper", "`/WS` is served and `/ws` is not", partial(_Paths, path="/WS")),
    _path("connect.path.query_refused", "`/ws` with a query is not served", _NoQuery),
    Fault(
        name="auth.path.unguarded",
        summary="another path than `/ws` is served without authentication",
        section="Authentication",
        reading="handmade",
        make=_Unguarded,
    ),
    Fault(
        name="auth.path.unchecked",
        summary="on another path than `/ws` any credentials are accepted",
        section="Authentication",
        reading="handmade",
        make=_UncheckedElsewhere,
    ),
)

HEADER_FAULTS: Final = (*_READERS, *_PATHS)
