"""Whatever a script says wrongly, its connection goes on, and so do all others."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from conformance.clients.websocket import Socket
from conformance.hostile import MALFORMED, NOT_OBJECTS, oversized
from conformance.judge import Judge
from conformance.marks import case, requirement
from conformance.protocols.architect.catalogue import misfits, read_catalogue
from conformance.protocols.architect.dialogue import Dialogue, last
from conformance.protocols.architect.replies import Request
from conformance.protocols.architect.survey import survey_of

_ERRORS = 12
_SLOW = "slow"
_LARGE = 60_000
_TOO_BIG = 1009

_INHERITED = ("constructor", "__proto__")
"""Names that a look-up finds in some languages, whatever was put into the table."""


def _call(**members: Any) -> bytes:
    said = {"action": "list_actions", "parameters": {}, "idempotence": "odd", **members}
    return json.dumps({k: v for k, v in said.items() if v is not ...}).encode()


_BLANK = {"empty": b"", "spaces": b"   ", "line feed": b"\n"}
_ACTIONS = {
    "missing": _call(action=...),
    "null": _call(action=None),
    "number": _call(action=7),
    "list": _call(action=["list_actions"]),
    "map": _call(action={"name": "list_actions"}),
    "empty": _call(action=""),
    "long": _call(action="a" * 3000),
    "with a slash": _call(action="../list_actions"),
    "private": _call(action="__class__"),
    "an empty map": b"{}",
}
_PARAMETERS = {
    "missing": _call(parameters=...),
    "null": _call(parameters=None),
    "list": _call(parameters=[]),
    "text": _call(parameters="none"),
    "number": _call(parameters=5),
    "extra": _call(parameters={"assay_extra": 1, "__proto__": {"x": 1}}),
    "of servers": _call(action="servers", parameters={"assay_extra": [None]}),
}
_ODD_TOKENS = {
    "null": _call(idempotence=None),
    "number": _call(idempotence=12),
    "list": _call(idempotence=["t"]),
    "map": _call(idempotence={"t": 1}),
    "empty": _call(idempotence=""),
    "long": _call(idempotence="t" * 5000),
}
_TEXTS = {
    "lone surrogate": b'{"action":"list_actions","parameters":{"a":"\\ud800"},"idempotence":"u"}',
    "lone surrogate as token": b'{"action":"list_actions","parameters":{},"idempotence":"\\udc00"}',
    "null character": b'{"action":"list_actions","parameters":{"a":"\\u0000"},"idempotence":"u"}',
    "null character as action": b'{"action":"a\\u0000b","parameters":{},"idempotence":"u"}',
    "beyond ASCII": _call(parameters={"näme": "Grüße, 世界"}),
    "beyond ASCII as it is": '{"action":"Grüße","parameters":{"ä":"世界"}}'.encode(),
    "emoji": '{"action":"🌍","parameters":{"🚀":"🌍"},"idempotence":"u"}'.encode(),
    "a name twice": b'{"action":"x","action":"list_actions","parameters":{},"idempotence":"u"}',
}
_HUGE = {**oversized(), "deep": b'{"action":' + b'{"a":' * 1500 + b"1" + b"}" * 1501}
_HUGE["a huge number"] = b'{"action":"list_actions","parameters":{"n":1' + b"0" * 400 + b".5e999}}"

_NO_JSON = {name: data for name, data in MALFORMED.items() if data and b"\xff" not in data}
_SAID: list[Any] = [
    case("ARCH-ROB-001", _NO_JSON),
    case("ARCH-ROB-002", _BLANK),
    case("ARCH-ROB-003", NOT_OBJECTS),
    case("ARCH-ROB-004", _ACTIONS),
    case("ARCH-ROB-005", _PARAMETERS),
    case("ARCH-ROB-006", _ODD_TOKENS),
    case("ARCH-ROB-007", _TEXTS),
    case("ARCH-ROB-008", _HUGE),
]


@pytest.mark.parametrize(("row", "said"), _SAID)
@requirement("ARCH-ROB-020")
async def test_odd_messages(
    row: str, said: dict[str, bytes], script: Dialogue, judge: Judge
) -> None:
    """Of a slow peer only what remains after all of a sort is looked at."""
    here, there = await _two(script)
    final = [*said][-1]
    for name, data in said.items():
        await here.send_text(data.decode(), lawful=False)
        if script.lore.slow and name != final and here.closed is None:
            continue
        if len(data) > _LARGE and await _refused_as_large(here, script):
            here = await script.connect("here again")
        elif not await _judge_alive(row, here, there, script, judge):
            here, there = await _two(script, " again")


async def _refused_as_large(line: Socket, script: Dialogue) -> bool:
    """Any peer may say that a message is too large for it, if it is large.

    It says so while the message is on its way, and ends with what it never read: TCP then resets
    the connection, and the close frame may be lost. Of what is large an end by a reset is as good.
    """
    await script.alive(line)
    end = line.closed
    return end is not None and end.sender == "peer" and (end.code == _TOO_BIG or end.kind == "lost")


@requirement("ARCH-ROB-009", "ARCH-ROB-020")
async def test_binary_message(script: Dialogue, judge: Judge) -> None:
    here, there = await _two(script)
    for data in (b"\x00\xff\xfe", _call(), b""):
        await here.send_bytes(data, lawful=False)
        if not await _judge_alive("ARCH-ROB-009", here, there, script, judge):
            break


@requirement("ARCH-ROB-010", "ARCH-ROB-011", "ARCH-ROB-012", "ARCH-ROB-020")
async def test_flow_errors_in_requests(script: Dialogue, judge: Judge) -> None:
    """Each sort of error, and each told twice: what follows the reply is no end either."""
    async with await script.connect("reader") as reader:
        listing = await script.list_actions(reader)
    actions = read_catalogue(listing.listed).values()
    needy = [each for each in actions if each.required and each.callable and not each.drastic]
    wrong: dict[str, list[tuple[str, Any]]] = {
        "ARCH-ROB-010": [(name, {}) for name in (script.new("no-such-action"), *_INHERITED)],
        "ARCH-ROB-011": [(each.name, {}) for each in needy[:2]],
        "ARCH-ROB-012": [
            (each.name, {**each.filled(script.new("no-such")), name: value})
            for each in needy[:3]
            for name in each.required
            for _, value in [*misfits(each.kind(name))][:1]
        ],
    }
    for row, calls in wrong.items():
        here, there = await _two(script)
        for name, parameters in calls or [("list_actions", {})]:
            for _ in range(2):
                await here.send({"action": name, "parameters": parameters, "idempotence": "wrong"})
                await here.wait(lambda f: b'"wrong"' in f.data, 0.2, here.mark() - 1)
                if not await _judge_alive(row, here, there, script, judge):
                    return
        for line in filter(None, (here, there)):
            await line.close()


async def _two(script: Dialogue, again: str = "") -> tuple[Socket, Socket | None]:
    """A connection on which odd things are said, and another where there can be one."""
    beside = await script.side_by_side()
    here = await script.connect("here" + again)
    return here, await script.connect("there" + again) if beside else None


async def _judge_alive(
    row: str, here: Socket, there: Socket | None, script: Dialogue, judge: Judge
) -> bool:
    """The connection answers, and still does after the answer; others and new ones do, too."""
    if there is None:
        alive = await script.alive(here) and await script.alive(here)
        told = f"the connection does not go on after that: {script.why(here)}"
        return judge.holds(row, alive, told, *last(here))
    alive, fine = await asyncio.gather(script.alive(here), script.alive(there))
    alive = alive and (script.lore.slow or await script.alive(here))
    told = f"the connection does not go on after that: {script.why(here)}"
    judge.holds(row, alive, told, *last(here))
    told = f"another connection does not go on after what one script said: {script.why(there)}"
    judge.holds("ARCH-ROB-020", fine, told, *last(here, 3), *last(there, 2))
    if not (alive and fine):
        new = await script.knock("afterwards")
        told = "nobody comes in after what one script said"
        judge.holds("ARCH-ROB-020", isinstance(new, Socket), told, *last(here))
    return alive and fine


@requirement("ARCH-ROB-021")
async def test_request_without_a_token(script: Dialogue, judge: Judge) -> None:
    line = await script.connect()
    for _ in range(2):
        await line.send({"action": "list_actions", "parameters": {}})
        alive = await script.alive(line)
        told = f"after a request without a token nothing is answered: {script.why(line)}"
        judge.holds("ARCH-ROB-021", alive, told, *last(line))


@requirement("ARCH-ROB-024")
async def test_many_errors(script: Dialogue, judge: Judge) -> None:
    line = await script.connect()
    for turn in range(_ERRORS):
        await line.send(
            {
                "action": script.new("no-such-action"),
                "parameters": {},
                "idempotence": f"wrong {turn}",
            }
        )
        if script.lore.slow and turn < _ERRORS - 1:
            continue
        alive = await script.alive(line)
        told = f"after {turn + 1} errors nothing is answered: {script.why(line)}"
        if not judge.holds("ARCH-ROB-024", alive, told, *last(line)):
            return


@requirement("ARCH-ROB-025")
async def test_slow_action_holds_nobody_up(script: Dialogue, judge: Judge) -> None:
    """One script calls all that can be called; another is answered meanwhile."""
    await script.needs_company()
    survey = await survey_of(script)
    busy, idle = await script.connect("busy"), await script.connect("idle")
    calls = [survey.best(name) for name in survey.full]
    requests = [
        Request(action=call.action.name, parameters=call.asked.request.parameters, token=_SLOW)
        for call in calls
        if call is not None and call.answered
    ][:24]
    alone = time.monotonic()
    await script.list_actions(idle)
    alone = time.monotonic() - alone
    for request in requests:
        await script.say(busy, request)
    await asyncio.sleep(0.02)
    began = time.monotonic()
    asked = await script.list_actions(idle)
    took = time.monotonic() - began
    told = f"while another is served a script waits {took:.1f} s, and {alone:.1f} s otherwise"
    ok = asked.heard is not None and took < 1.0 + 3 * alone
    judge.holds("ARCH-ROB-025", ok, told, *asked.frames)
