"""/api/ws?token=: good tokens that are refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from .fault import Fault, Gate, Seed, prefixed, table
from .model import Principal, Refusal

if TYPE_CHECKING:
    from .hub import Hub
    from .model import Line

__all__ = ["ENTRY_FAULTS"]


def _gate(edit: Callable[[Gate], object]) -> Seed:
    return Seed(gate=edit)


def _refuse(test: Callable[[Gate, Principal], bool]) -> Seed:
    """Some good tokens do not open."""

    def edit(gate: Gate) -> None:
        if gate.result is not None and test(gate, gate.result):
            gate.result, gate.refusal = None, gate.hub.refusal()

    return _gate(edit)


def _seen(gate: Gate, key: object) -> int:
    count = int(gate.hub.memo.get(key, 0)) + 1
    gate.hub.memo[key] = count
    return count


def _refused() -> Iterator[tuple[str, str, Seed]]:
    def live(gate: Gate) -> list[Line]:
        return gate.hub.lines

    def nth_agent(gate: Gate, who: Principal) -> int:
        agents = list(gate.hub.registry.agents())
        return agents.index(who) if who in agents else -1

    def header(name: str) -> Seed:
        return _refuse(lambda gate, _: name not in gate.request.headers)

    yield (
        "new",
        "agents registered since the start do not get in",
        _refuse(lambda gate, who: nth_agent(gate, who) > 0),
    )
    yield (
        "second_agent",
        "only the first new agent gets in",
        _refuse(lambda gate, who: nth_agent(gate, who) > 1),
    )
    yield (
        "fifth_agent",
        "only the first four new agents get in",
        _refuse(lambda gate, who: nth_agent(gate, who) > 4),
    )
    yield (
        "registered_later",
        "who was registered after the first connection does not get in",
        Seed(gate=_late_birth),
    )
    yield (
        "second_time",
        "a token opens only once",
        _refuse(lambda gate, who: _seen(gate, who.id) > 1),
    )
    yield (
        "third_time",
        "a token opens only twice",
        _refuse(lambda gate, who: _seen(gate, who.id) > 2),
    )
    yield "after_leaving", "who left once does not get in again", Seed(gate=_barred, left=_bars)
    yield "humans", "humans do not get in", _refuse(lambda _, who: who.human)
    yield (
        "second_live",
        "only one principal at a time gets in",
        _refuse(lambda gate, _: len(live(gate)) >= 1),
    )
    yield (
        "third_live",
        "only two connections at a time are possible",
        _refuse(lambda gate, _: len(live(gate)) >= 2),
    )
    yield (
        "fifth_live",
        "only four connections at a time are possible",
        _refuse(lambda gate, _: len(live(gate)) >= 4),
    )
    yield (
        "ever_ten",
        "the eleventh connection is refused",
        _refuse(lambda gate, _: _seen(gate, "all") > 10),
    )
    yield (
        "while_human",
        "agents do not get in while a human is there",
        _refuse(
            lambda gate, who: not who.human and any(line.principal.human for line in live(gate))
        ),
    )
    yield (
        "without_human",
        "agents do not get in unless a human is there",
        _refuse(
            lambda gate, who: not who.human and not any(line.principal.human for line in live(gate))
        ),
    )
    yield "needs_bearer", "the token must be in a header too", header("authorization")
    yield "~needs_origin", "a client without Origin is refused", header("origin")
    yield (
        "refuses_origin",
        "a client with Origin is refused",
        _refuse(lambda gate, _: "origin" in gate.request.headers),
    )
    yield (
        "more_words",
        "a client whose Connection says more than Upgrade is refused",
        _refuse(lambda gate, _: "," in gate.request.headers.get("connection", "")),
    )
    yield (
        "needs_protocol",
        "a client that offers no sub-protocol is refused",
        header("sec-websocket-protocol"),
    )
    yield "needs_agent", "a client without User-Agent is refused", header("user-agent")
    yield (
        "~other_parameter",
        "a further query parameter makes the token unseen",
        _refuse(lambda gate, _: len(gate.request.query) > 1),
    )
    yield (
        "needs_name",
        "a query parameter `name` is required too",
        _refuse(lambda gate, _: "name" not in gate.request.query),
    )
    yield "parameter", "the parameter is called api_token", _gate(_parameter)
    yield "~burst", "two connections within 50 ms: the second is refused", Seed(gate=_burst)
    yield (
        "listed",
        "a token stops working when the agent is listed",
        Seed(
            gate=_gone_token,
            listed=lambda one: one.hub.memo.update({who.id: True for who, _ in one.rows}),
        ),
    )


def _parameter(gate: Gate) -> None:
    gate.result = gate.hub.registry.by_token(gate.request.query.get("api_token"))


def _late_birth(gate: Gate) -> None:
    if gate.result is not None:
        born = gate.hub.memo.setdefault("born", {one.id for one in gate.hub.registry.everyone})
        if gate.result.id not in born:
            gate.result = None


def _barred(gate: Gate) -> None:
    if gate.result is not None and gate.result.id in gate.hub.memo.get("barred", ()):
        gate.result = None


def _bars(hub: Hub, line: Line) -> None:
    """Whoever left is taken for still connected."""
    hub.memo.setdefault("barred", set()).add(line.principal.id)


def _burst(gate: Gate) -> None:
    now = asyncio.get_running_loop().time()
    if gate.result is not None:
        if now - gate.hub.memo.get("then", 0.0) < 0.05:
            gate.result = None
        gate.hub.memo["then"] = now


def _gone_token(gate: Gate) -> None:
    if gate.result is not None and gate.hub.memo.get(gate.result.id):
        gate.result = None


def _moved(path: str) -> Seed:
    """The socket is elsewhere: what comes to /api/ws is not found."""

    def edit(gate: Gate) -> None:
        if gate.request.path != path:
            gate.result, gate.refusal = None, Refusal(status=404, reason=f"try {path}")

    return _gate(edit)


def _redirected(gate: Gate) -> None:
    where = urlencode({"token": gate.given or ""})
    gate.result, gate.refusal = None, Refusal(status=302, reason=f"/ws?{where}")


def _paths() -> Iterator[tuple[str, str, Seed]]:
    yield "moved", "nothing is at the path: 404 for every token", _moved("/ws")
    yield "redirected", "the socket answers with a redirect", _gate(_redirected)


ENTRY_FAULTS: Final[tuple[Fault, ...]] = (
    *table("2. Connection", prefixed("gate.refuses.", _refused())),
    *table("2. Connection", prefixed("gate.path.", _paths())),
)
