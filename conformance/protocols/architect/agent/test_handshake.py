"""How a script connects, in every situation."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from conformance.disguises import holds_secret
from conformance.examiner import Examiner
from conformance.exchange import of_transcript
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, requirement
from conformance.plugin import Suite
from conformance.protocols.architect.scripts import messages, parting
from conformance.protocols.architect.situations import NAMES, NORMAL
from conformance.sent import busiest_second, judge_unprinted
from mockserver.transcript import HttpExchange

_EVERY_SITUATION = pytest.mark.parametrize("situation", NAMES)

_VERSION = "SMP1.0"

_PATHS = ("/ws", "/")
"""That of the example, and none: which of them it is, the prose leaves open."""

_CROWD = 10
"""Silent connections at the same time from which on they are a crowd."""

_ONE_AFTER_THE_OTHER = 4
"""Handshakes within a second from which on a script wastes them while all is well."""


@requirement("ARCH-AGENT-GEN-001", "ARCH-AGENT-GEN-002")
async def test_flow_script_comes_and_speaks(examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(NORMAL)
    ended = seen.ending.describe() if seen.ending else "it runs elsewhere"
    came = any(heard.connection for heard in seen.exchanges) or bool(seen.frames)
    if not came and any(heard.path == "/" for heard in seen.exchanges if _asks_for_a_socket(heard)):
        raise UnjudgeableError("it asks for '/', which is as good a path, and served by no mock")
    judge.holds(
        "ARCH-AGENT-GEN-001",
        came,
        f"no connection was opened within {seen.seconds:.0f} s; {ended}",
        *map(of_transcript, seen.exchanges[:2]),
    )
    if came:
        judge.holds(
            "ARCH-AGENT-GEN-002",
            bool(messages(seen.frames)),
            f"connected, and silent for {seen.seconds:.0f} s; {ended}",
            *map(of_transcript, seen.exchanges[:1]),
        )


@requirement(
    "ARCH-AGENT-CONN-001",
    "ARCH-AGENT-CONN-005",
    "ARCH-AGENT-CONN-006",
    "ARCH-AGENT-CONN-007",
    "ARCH-AGENT-CONN-008",
    "ARCH-AGENT-CONN-009",
    "ARCH-AGENT-CONN-011",
)
@_EVERY_SITUATION
async def test_flow_handshake(
    situation: str, suite: Suite, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    known = [(seen.values["username"], seen.values["password"])]
    own = suite.context.target.credentials  # of one that somebody else runs
    known += [(own.username, own.password)] if own else []
    for heard in seen.exchanges:
        judge.see_request(heard)
        socket, shown = _asks_for_a_socket(heard), of_transcript(heard)
        known_path = heard.path in (_PATHS if socket else ("/ws", ""))  # none: it was no HTTP
        told = f"{heard.method} {heard.path} is asked for, and the document knows /ws alone"
        judge.holds("ARCH-AGENT-CONN-011", known_path, told, shown)
        if not socket:
            continue
        fine = heard.path in _PATHS
        judge.holds("ARCH-AGENT-CONN-001", fine, f"opened at {heard.path!r}", shown)
        _judge_offers(heard, known, judge)


def _asks_for_a_socket(heard: HttpExchange) -> bool:
    names = {name.lower() for name in heard.headers}
    return heard.path == "/ws" or "upgrade" in names or "sec-websocket-key" in names


def _judge_offers(heard: HttpExchange, known: Sequence[tuple[str, str]], judge: Judge) -> None:
    shown = of_transcript(heard)
    offered = _offered(heard)
    if not judge.holds("ARCH-AGENT-CONN-005", bool(offered), "the header is missing", shown):
        return
    name, password = next((each for each in known if each[0] in offered), known[0])
    wanted = (_VERSION, name, password)
    what = ("the version", "the user name", "the password")
    for at, row in enumerate(("ARCH-AGENT-CONN-006", "ARCH-AGENT-CONN-007", "ARCH-AGENT-CONN-008")):
        got = offered[at] if at < len(offered) else ""
        told = f"stands {'something else' if got else 'nothing'} in the place of {what[at]}"
        judge.holds(row, got == wanted[at], f"there {told}", shown)
    judge.holds(
        "ARCH-AGENT-CONN-009", len(offered) <= 3, f"{len(offered)} things are offered", shown
    )


def _offered(heard: HttpExchange) -> list[str]:
    """What the header offers, in one line or in several."""
    lines = [
        value for name, value in heard.headers.items() if name.lower() == "sec-websocket-protocol"
    ]
    return [each.strip() for each in ",".join(lines).split(",") if each.strip()]


@requirement("ARCH-AGENT-CONN-010")
@_EVERY_SITUATION
async def test_password_stands_nowhere_else(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    password = seen.values["password"]
    for heard in seen.exchanges:
        others = [
            value
            for name, value in heard.headers.items()
            if name.lower() != "sec-websocket-protocol"
        ]
        places = [heard.path, heard.query, *others, heard.body.decode("utf-8", "replace")]
        leaked = any(password in place for place in places)
        judge.holds(
            "ARCH-AGENT-CONN-010",
            not leaked,
            "the password stands in another place of the request",
            of_transcript(heard),
        )
    own = [each for each in seen.frames if each.sender == "agent"]
    for message in own:
        judge.holds(
            "ARCH-AGENT-CONN-010",
            not holds_secret(message.data, password),
            f"the password stands in a {message.kind} frame",
            *seen.shown(message),
        )


@requirement("ARCH-AGENT-CONN-015")
@_EVERY_SITUATION
async def test_password_is_not_printed(situation: str, examiner: Examiner, judge: Judge) -> None:
    """Least of all with what it offers, in the words on why it cannot connect."""
    seen = await examiner.observe(situation)
    judge_unprinted(judge, "ARCH-AGENT-CONN-015", seen, seen.values["password"], "the password")


@requirement("ARCH-AGENT-CONN-012")
@pytest.mark.parametrize("situation", ["lost", "closed", "outage", NORMAL])
async def test_keys_are_fresh(situation: str, examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(situation)
    opened = [heard for heard in seen.exchanges if heard.connection]
    if len(opened) < 2:
        raise UnjudgeableError("one connection has one key")
    keys: dict[str, HttpExchange] = {}
    for heard in opened:
        key = heard.headers.get("Sec-WebSocket-Key", "")
        before = keys.setdefault(key, heard)
        judge.holds(
            "ARCH-AGENT-CONN-012",
            before is heard,
            "two handshakes have the same key",
            *map(of_transcript, (before, heard)),
        )


@requirement("ARCH-AGENT-CONN-013", "ARCH-AGENT-CONN-014")
async def test_flow_connections_are_few(examiner: Examiner, judge: Judge) -> None:
    seen = await examiner.observe(NORMAL)
    opened = [heard for heard in seen.exchanges if heard.connection]
    if not opened:
        raise UnjudgeableError("no connection was opened")
    used = {heard.connection for heard in messages(seen.frames)}
    over = [heard for heard in opened if parting(seen.frames, heard.connection)]
    busiest = busiest_second(heard for heard in over if heard.connection in used)
    judge.holds(
        "ARCH-AGENT-CONN-013",
        busiest < _ONE_AFTER_THE_OTHER,
        f"{busiest} connections were opened, used and ended within a second",
        *map(of_transcript, over[:2]),
    )
    idle = [heard for heard in opened if heard.connection not in used]
    judge.holds(
        "ARCH-AGENT-CONN-014",
        len(idle) < _CROWD,
        f"{len(idle)} connections were opened, and nothing was said on them",
        *map(of_transcript, idle[:2]),
    )
