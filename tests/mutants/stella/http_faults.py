"""Faults of the HTTP service itself: statuses, bodies, and what bad input does to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from .desk import PREFIX
from .fault import Enrol, Seed, Turn, prefixed, table
from .model import Answer, Call, Op, Refusal
from .seeds import answering, status_of

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["HTTP_FAULTS"]

_OPS: Final[tuple[Op, ...]] = (
    "register",
    "list",
    "get",
    "update",
    "delete",
    "heartbeat",
    "poll",
    "complete",
)


def _media(turn: Turn) -> None:
    turn.answer.media = "text/html"


def _no_media(turn: Turn) -> None:
    turn.answer.media = ""


def _garbage(turn: Turn) -> None:
    turn.answer.text = "<!doctype html><p>It works"


def _comma(turn: Turn) -> None:
    turn.answer.text = json.dumps(turn.answer.body)[:-1] + ",}"


def _twice(turn: Turn) -> None:
    text = json.dumps(turn.answer.body)
    turn.answer.text = f"{text}\n{text}"


def _half(turn: Turn) -> None:
    text = json.dumps(turn.answer.body)
    turn.answer.text = text[: max(1, len(text) // 2)]


def _empty(turn: Turn) -> None:
    turn.answer.text = ""


def _null(turn: Turn) -> None:
    turn.answer.body = None


def _string(turn: Turn) -> None:
    turn.answer.body = json.dumps(turn.answer.body)


def _wire(kind: Any) -> Any:
    def spoil(turn: Turn) -> None:
        turn.answer.wire = kind

    return spoil


def _enveloped(turn: Turn) -> None:
    turn.answer.body = {"data": turn.answer.body}


_ANSWERS: Final = (
    ("~media.html", "calls itself HTML", _media),
    ("~media.none", "has no Content-Type", _no_media),
    ("garbage", "is no JSON", _garbage),
    ("comma", "has a comma too many", _comma),
    ("twice", "comes twice in one body", _twice),
    ("half", "is cut in half", _half),
    ("empty", "is empty", _empty),
    ("null", "is null", _null),
    ("string", "is JSON inside a string", _string),
    ("enveloped", "comes inside `data`", _enveloped),
    ("truncated", "is shorter than its Content-Length", _wire("truncate")),
    ("reset", "is a broken connection", _wire("reset")),
    ("hang", "never comes", _wire("hang")),
)


def _answers() -> Iterator[tuple[str, str, Seed]]:
    for name, words, change in _ANSWERS:
        for op in _OPS:
            mark, bare = ("~", name[1:]) if name.startswith("~") else ("", name)
            yield f"{mark}{op}.{bare}", f"the answer to {op} {words}", answering(op, change)


def _statuses() -> Iterator[tuple[str, str, Seed]]:
    yield "register.200", "a registration is answered with 200", status_of("register", 200)
    yield "register.202", "a registration is answered with 202", status_of("register", 202)
    yield "list.201", "a list is answered with 201", status_of("list", 201)
    yield "list.206", "a list is answered with 206", status_of("list", 206)
    yield "get.201", "details are answered with 201", status_of("get", 201)
    yield "poll.202", "a poll is answered with 202", status_of("poll", 202)
    yield "heartbeat.201", "a heartbeat is answered with 201", status_of("heartbeat", 201)
    yield "delete.201", "a deletion is answered with 201", status_of("delete", 201)


# Bad input.


def _is_bad(call: Call) -> bool:
    if call.method not in ("POST", "PUT"):
        return False
    try:
        return not isinstance(json.loads(call.body), dict)
    except (ValueError, RecursionError):
        return True


def _op(call: Call) -> str:
    tail = call.path.removeprefix(PREFIX)
    if tail == "/register":
        return "register"
    if tail.endswith("/heartbeat"):
        return "heartbeat"
    if tail.endswith("/complete"):
        return "complete"
    return "update" if call.method == "PUT" else "other"


_INPUTS: Final = ("register", "update", "heartbeat", "complete")


def _fails(op: str) -> Seed:
    async def early(desk: Desk, call: Call) -> Answer | None:
        if _op(call) == op and _is_bad(call):
            return Answer(status=500, body={"error": "internal error"})
        return None

    return Seed(early=early)


def _accepts(op: str) -> Seed:
    bodies: dict[str, Any] = {
        "register": {"agentId": "", "token": ""},
        "update": {},
        "heartbeat": {"tasks": []},
        "complete": {"acknowledged": True},
    }

    async def early(desk: Desk, call: Call) -> Answer | None:
        if _op(call) == op and _is_bad(call):
            return Answer(status=201 if op == "register" else 200, body=bodies[op])
        return None

    return Seed(early=early)


def _sticks(op: str, *, wire: Any) -> Seed:
    """The first malformed body is the last thing that the service hears."""

    async def early(desk: Desk, call: Call) -> Answer | None:
        bad = _op(call) == op and _is_bad(call)
        if bad or desk.memo.get("broken"):
            desk.memo["broken"] = True
            return Answer(status=500, body={"error": "broken"}, wire=wire)
        return None

    return Seed(early=early)


def _forgets(op: str) -> Seed:
    async def early(desk: Desk, call: Call) -> Answer | None:
        if _op(call) == op and _is_bad(call):
            desk.agents.clear()
        return None

    return Seed(early=early)


def _loses_beats(op: str) -> Seed:
    async def early(desk: Desk, call: Call) -> Answer | None:
        if _op(call) == op and _is_bad(call):
            for agent in desk.agents.values():
                agent.tasks.clear()
        return None

    return Seed(early=early)


def _inputs() -> Iterator[tuple[str, str, Seed]]:
    for op in _INPUTS:
        bad = f"a malformed body for {op}"
        yield f"~{op}.fails", f"{bad} is answered with 500", _fails(op)
        yield f"~{op}.accepted", f"{bad} is taken", _accepts(op)
        yield f"{op}.breaks", f"{bad} makes every later call fail", _sticks(op, wire="normal")
        yield f"{op}.kills", f"{bad} takes the service down", _sticks(op, wire="die")
        yield f"~{op}.forgets", f"{bad} makes all agents forgotten", _forgets(op)
        yield f"~{op}.drops_tasks", f"{bad} drops all tasks", _loses_beats(op)


def _nameless_taken(enrol: Enrol) -> None:
    """Who brings no proper name is given one."""
    data = enrol.turn.data
    odd = isinstance(data, dict) and not isinstance(data.get("name"), str)
    if odd and enrol.token is not None and enrol.refusal is not None:
        enrol.refusal, enrol.name = None, f"agent-{enrol.nth}"


def _nameless_fails(enrol: Enrol) -> None:
    data = enrol.turn.data
    if isinstance(data, dict) and not isinstance(data.get("name"), str):
        enrol.refusal = Refusal(status=500, words="KeyError: 'name'")


_NAMELESS: Final = (
    ("~nameless.accepted", "an agent without a name is given one", Seed(enrol=_nameless_taken)),
    (
        "~nameless.fails",
        "an agent without a name is answered with 500",
        Seed(enrol=_nameless_fails),
    ),
)

_AT_MOST: Final = 12
"""Calls that a miser serves within a second."""


async def _throttled(desk: Desk, call: Call) -> Answer | None:
    times: list[float] = desk.memo.setdefault("calls", [])
    now = desk.env.clock()
    times[:] = [one for one in times if now - one < 1.0]
    times.append(now)
    if len(times) <= _AT_MOST:
        return None
    return Answer(status=429, body={"error": "slow down"}, headers={"Retry-After": "1"})


_RATES: Final = (
    ("~throttled", "the thirteenth call of a second is refused", Seed(early=_throttled)),
    ("forced.sticks", "what was unavailable once stays so", Seed(sticks=True)),
)

HTTP_FAULTS: Final = (
    *table("Error Responses", prefixed("input.", _NAMELESS)),
    *table("Error Responses", prefixed("http.", _RATES)),
    *table("Overview", prefixed("http.", _answers())),
    *table("Overview", prefixed("http.status.", _statuses())),
    *table("Error Responses", prefixed("input.", _inputs())),
)
"""Faults of the service."""
