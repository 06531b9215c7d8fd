"""Faults each of which shows in one rare place alone."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from .fault import Enrol, Fault, Gate, Listing, RestTurn, Seed, Talk, table
from .model import Answer, Refusal
from .seeds import when

if TYPE_CHECKING:
    from .hub import Hub
    from .model import Line

__all__ = ["FINE_FAULTS"]


def _body(turn: RestTurn) -> Any:
    try:
        return json.loads(turn.request.body)
    except (ValueError, RecursionError):
        return None


def _replaced(turn: RestTurn) -> None:
    """Who has a name that somebody else asks for gets another token."""
    if turn.op == "register" and turn.answer.status == 409:
        taken = turn.hub.registry.by_name(_body(turn)["username"])
        if taken is not None:
            taken.token = turn.hub.registry.new_token()


def _nameless(turn: RestTurn) -> None:
    if turn.op == "register" and turn.answer.status == 400:
        turn.answer = Answer(status=201, body={"id": 9_999, "api_token": "none"})


def _noted(turn: RestTurn) -> None:
    """Which names were refused, and how."""
    if turn.op == "register" and turn.answer.status in (400, 409):
        body = _body(turn)
        name = body.get("username") if isinstance(body, dict) else None
        turn.hub.memo.setdefault(turn.answer.status, []).append(name)


def _nobody_listed(one: Listing) -> None:
    for _ in one.hub.memo.get(400, ()):
        one.rows.append((one.hub.registry.existing, {"username": "", "token_hint": "...0000"}))


def _taken_listed(one: Listing) -> None:
    taken = one.hub.memo.get(409, ())
    one.rows += [(who, dict(row)) for who, row in one.rows if who.name in taken]


def _taken_hint(one: Listing) -> None:
    for who, row in one.rows:
        if who.name in one.hub.memo.get(409, ()):
            row["token_hint"] = "...0000"


def _told(gate: Gate) -> None:
    """The refusal of a part of a token shows the whole."""
    if gate.result is None and gate.given and len(gate.given) > 6:
        known = (one.token for one in gate.hub.registry.everyone if not one.human)
        near = next((each for each in known if each.startswith(gate.given)), None)
        if near is not None:
            gate.refusal = Refusal(status=401, reason=f"{near} was expected")


def _in_ascii(one: Enrol) -> None:
    one.name = one.name.encode("ascii", "replace").decode()


def _cut_name(one: Enrol) -> None:
    one.name = one.name[:32]


def _hints_swapped(one: Listing) -> None:
    """The rows of the last two have each other's hint."""
    if len(one.rows) > 1:
        (_, left), (_, right) = one.rows[-2:]
        left["token_hint"], right["token_hint"] = right["token_hint"], left["token_hint"]


def _unguarded(turn: RestTurn) -> None:
    if turn.op == "dev" and turn.answer.status == 401:
        who = turn.hub.registry.by_name(turn.request.path.rpartition("/")[2])
        if who is not None:
            turn.answer = Answer(status=200, body={"token": who.token})


def _registered() -> Iterator[tuple[str, str, Seed]]:
    yield "~register.taken.token", "a refused name costs its owner the token", Seed(rest=_replaced)
    yield "~register.nameless", "a registration without a name succeeds", Seed(rest=_nameless)
    yield (
        "~register.refused.listed",
        "a refused registration of nobody stands in the list",
        Seed(rest=_noted, listed=_nobody_listed),
    )
    yield (
        "~register.taken.listed",
        "who has a name that was refused is listed twice",
        Seed(rest=_noted, listed=_taken_listed),
    )
    yield (
        "~register.taken.hint",
        "who has a name that was refused gets another hint",
        Seed(rest=_noted, listed=_taken_hint),
    )
    yield "~register.name.ascii_only", "names are kept in ASCII", Seed(enrol=_in_ascii)
    yield "~register.name.cut_32", "names are cut after 32 signs", Seed(enrol=_cut_name)
    yield "list.hint.swapped", "two rows have each other's hint", Seed(listed=_hints_swapped)


def _unsigned(gate: Gate) -> None:
    """The signature of a person's token is not looked at."""
    if gate.result is None and gate.given and gate.given.count(".") == 2:
        told = gate.given.rpartition(".")[0]
        people = (one for one in gate.hub.registry.everyone if one.human)
        gate.result = next((one for one in people if one.token.startswith(f"{told}.")), None)


def _takes_newer(hub: Hub, line: Line) -> None:
    """Who leaves by one of its connections is taken for gone."""
    for one in hub.lines_of(line.principal):
        hub.lines.remove(one)


async def _mutes(hub: Hub, line: Line, data: str | bytes) -> bool:
    """Whoever said something that is no JSON is not heard any more."""
    if line in hub.memo.get("mute", ()):
        return True
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        hub.memo.setdefault("mute", set()).add(line)
    return False


async def _complains(_: Hub, line: Line, data: str | bytes) -> bool:
    """What is no JSON is answered by what is none either."""
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        line.send("ERR malformed message")
    return False


async def _any_case(hub: Hub, line: Line, data: str | bytes) -> bool:
    """A type is understood in whatever letters it is written."""
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        return False
    kind = said.get("type") if isinstance(said, dict) else None
    if not isinstance(kind, str) or kind == "CHAT" or kind.strip().upper() != "CHAT":
        return False
    await hub.received(line, json.dumps({**said, "type": "CHAT"}))
    return True


def _escaped(one: Talk) -> None:
    given = one.out.get("payload")
    if isinstance(given, str):
        one.out["payload"] = html.escape(given)


def _to_person(one: Talk) -> bool:
    return one.target is not None and one.target.human


def _to_agents(one: Talk) -> None:
    """What streams to somebody who is away goes to all agents."""
    agents = [line for line in one.hub.lines if not line.principal.human]
    one.lines = [line for line in agents if line is not one.line]


def _is_lost_stream(one: Talk) -> bool:
    return one.kind.startswith("CHAT_STREAM") and one.target is not None and not one.lines


async def _one_at_once(one: Talk) -> None:
    """A second stream to one target, while the first goes on, has the id of that."""
    key = (one.line, one.target)
    if one.kind == "CHAT_STREAM":
        one.out["stream_id"] = one.memo.setdefault(key, one.out.get("stream_id"))
    elif one.kind == "CHAT_STREAM_END":
        one.memo.pop(key, None)


def _second_person(one: Talk) -> None:
    """Who streams to any person streams to the one who came first."""
    one.lines = [line for line in one.hub.lines if line.principal.human][:1]


async def _repeat_lost(one: Talk) -> None:
    """A final CHAT that says what the last chunk said is taken for said."""
    key = (one.line, str(one.message.get("stream_id")))
    if one.kind == "CHAT_STREAM":
        one.memo[key] = one.out.get("payload")
    elif one.kind == "CHAT" and "stream_id" in one.out and one.memo.get(key) is not None:
        one.copies = int(one.memo[key] != one.out.get("payload"))


async def _to_others(one: Talk) -> None:
    """What somebody who streams says to a third party has the stream's id."""
    if one.kind == "CHAT_STREAM":
        one.memo[one.line] = (one.target, one.out.get("stream_id"))
    elif one.kind == "CHAT_STREAM_END":
        one.memo.pop(one.line, None)
    elif one.kind == "CHAT" and "stream_id" not in one.out and one.line in one.memo:
        target, name = one.memo[one.line]
        if target is not one.target:
            one.out["stream_id"] = name


def _said() -> Iterator[tuple[str, str, Seed]]:
    yield "gate.live.older_takes_newer", "who leaves is gone altogether", Seed(left=_takes_newer)
    yield "~odd.malformed.mutes", "who said what is no JSON is deaf from then on", Seed(hear=_mutes)
    yield "odd.malformed.in_text", "what is no JSON is told so in plain text", Seed(hear=_complains)
    yield "~odd.lower.routed", "a type in small letters is one too", Seed(hear=_any_case)
    yield (
        "chat.payload.escaped_for_people",
        "what people are told is escaped for HTML",
        when(lambda one: one.kind == "CHAT" and _to_person(one), _escaped),
    )
    yield (
        "stream.chunk.escaped_for_people",
        "the chunks that people are told are escaped for HTML",
        when(lambda one: one.kind == "CHAT_STREAM" and _to_person(one), _escaped),
    )
    yield (
        "stream.absent.to_agents",
        "chunks for the absent go to all",
        when(_is_lost_stream, _to_agents),
    )
    yield (
        "stream.second_person",
        "what is streamed to a person goes to the one who came first",
        when(
            lambda one: one.kind.startswith("CHAT_STREAM") and bool(one.lines) and _to_person(one),
            _second_person,
        ),
    )
    yield "stream.final.repeat_lost", "a final CHAT like the last chunk", Seed(talk=_repeat_lost)
    yield "stream.plain.to_others", "a CHAT to a third has a stream's id", Seed(talk=_to_others)
    yield "stream.id.one_at_once", "streams at once have one id", Seed(talk=_one_at_once)


_UNGUARDED: Final = (
    ("~dev.unguarded", "the dev endpoint serves whoever asks", Seed(rest=_unguarded)),
    ("~gate.accepts.unsigned", "signatures are not looked at", Seed(gate=_unsigned)),
)

FINE_FAULTS: Final[tuple[Fault, ...]] = (
    *table("1. Authentication", _registered()),
    *table("2. Connection", _UNGUARDED, reading="deployed"),
    *table("2. Connection", [("~gate.told", "a refusal shows the right token", Seed(gate=_told))]),
    *table("3. Message Protocol", _said()),
)
