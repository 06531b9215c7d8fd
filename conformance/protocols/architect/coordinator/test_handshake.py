"""Who offers the right credentials comes in: again, side by side, however the header is spelled."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from conformance.clients.websocket import Socket
from conformance.conversation import Refused
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, case, requirement
from conformance.protocols.architect.dialogue import (
    CHANNEL,
    VERSION,
    Dialogue,
    echoes,
    last,
    new_token,
)
from conformance.protocols.architect.replies import Request
from conformance.vigil import Vigil

_AGAIN = 8
_AT_ONCE = 5
_NOT_NOW = 429
_FIRST_SECOND = 1.2
_SILENCE = 4.0


@requirement("ARCH-CONN-001", "ARCH-CONN-002", "ARCH-CONN-012", "ARCH-CONN-013")
async def test_flow_right_credentials(script: Dialogue, judge: Judge) -> None:
    try:
        await (await script.connect()).close()  # locked out after an earlier run, say
    except UnjudgeableError as error:
        refused = await script.knock("once more")
        if not isinstance(refused, Refused) or refused.status == _NOT_NOW:
            raise
        judge.holds("ARCH-CONN-001", False, str(error), refused.exchange)
        return
    for turn in range(_AGAIN):
        said = await script.knock(f"visit {turn + 1}")
        row = "ARCH-CONN-002" if turn else "ARCH-CONN-001"
        if isinstance(said, Refused):
            judge.holds(row, False, f"the right credentials: {said.reason}", said.exchange)
            break
        if not script.lore.slow or turn in (0, _AGAIN - 1):
            answered = (await script.list_actions(said)).heard is not None
            told = f"connection {turn + 1} is not served: {script.why(said)}"
            judge.holds(row, answered, told, *last(said))
        _judge_choice(said.subprotocol, said, script, judge)
        await said.close()


def _judge_choice(chosen: str | None, said: Socket, script: Dialogue, judge: Judge) -> None:
    told = said.handshake.answer_headers.get("sec-websocket-protocol", "")
    judge.holds(
        "ARCH-CONN-012",
        chosen is None or chosen in script.offer,
        "a sub-protocol is selected that was not offered",
        said.handshake,
        actual=chosen,
    )
    judge.holds(
        "ARCH-CONN-013",
        script.username not in told and script.password not in told,
        "the user name or the password is selected as the sub-protocol",
        said.handshake,
    )


@requirement("ARCH-CONN-001", "ARCH-CONN-012", "ARCH-CONN-013")
async def test_selected_subprotocol_was_offered(script: Dialogue, judge: Judge) -> None:
    """Seen byte by byte: a library would not even tell what was selected, nor come in."""
    with suppress(UnjudgeableError):
        await script.come_and_go()
    said = await script.opener.raw(CHANNEL, "raw", subprotocols=script.offer, path=script.lore.path)
    if isinstance(said, Refused):
        if said.status == _NOT_NOW:  # after failed log-ins, in this run or in an earlier one
            raise UnjudgeableError(said.reason)
        judge.holds("ARCH-CONN-001", False, f"the right credentials: {said.reason}", said.exchange)
        return
    told = said.handshake.answer_headers.get("sec-websocket-protocol")
    judge.holds("ARCH-CONN-001", not said.violations, "; ".join(said.violations), said.handshake)
    names = [] if told is None else [name.strip() for name in told.split(",")]
    judge.holds(
        "ARCH-CONN-012",
        len(names) <= 1 and set(names) <= set(script.offer),
        f"{told!r} is selected as the sub-protocol: not one that was offered",
        said.handshake,
    )
    judge.holds(
        "ARCH-CONN-013",
        script.password not in (told or "") and script.username not in (told or ""),
        "the user name or the password is selected as the sub-protocol",
        said.handshake,
    )


@requirement("ARCH-CONN-003")
async def test_connections_side_by_side(script: Dialogue, judge: Judge) -> None:
    first = await script.connect("first")
    said = await asyncio.gather(*(script.knock(f"beside {n}") for n in range(_AT_ONCE)))
    for each in (first, *said):
        if isinstance(each, Refused):
            told = f"while others are open: {each.reason}"
            judge.holds("ARCH-CONN-003", False, told, each.exchange)
            return
    lines = [line for line in (first, *said) if isinstance(line, Socket)]
    replies = await asyncio.gather(*map(script.list_actions, lines))
    for line, asked in zip(lines, replies, strict=True):
        served = asked.heard is not None
        told = f"of {_AT_ONCE + 1} open connections one is not served: {script.why(line)}"
        judge.holds("ARCH-CONN-003", served, told, *last(line))


@requirement("ARCH-CONN-005")
async def test_path(script: Dialogue, judge: Judge) -> None:
    await script.come_and_go()
    judge.holds(
        "ARCH-CONN-005",
        script.lore.path == "/ws",
        f"it is served at {script.lore.path or '/'!r} and not at /ws",
    )


_SPELLINGS = {
    "as the document": ("Sec-Websocket-Protocol", ", "),
    "lower case": ("sec-websocket-protocol", ", "),
    "upper case": ("SEC-WEBSOCKET-PROTOCOL", ", "),
}


@pytest.mark.parametrize(
    ("row", "name", "comma"),
    [
        *(case("ARCH-CONN-007", *each) for each in _SPELLINGS.values()),
        case("ARCH-CONN-008", "Sec-WebSocket-Protocol", ","),
        case("ARCH-CONN-008", "Sec-WebSocket-Protocol", " ,  "),
    ],
)
async def test_spelling_of_the_header(
    row: str, name: str, comma: str, script: Dialogue, judge: Judge
) -> None:
    await script.come_and_go()
    await _served(row, script, judge, headers={name: comma.join(script.offer)})


@requirement("ARCH-CONN-009")
async def test_header_in_several_lines(script: Dialogue, judge: Judge) -> None:
    await script.come_and_go()
    headers = {"Sec-WebSocket-Protocol": (VERSION, ", ".join(script.offer[1:]))}
    await _served("ARCH-CONN-009", script, judge, headers=headers)


_IN_LOWER_CASE = {
    "upgrade": "websocket",
    "connection": "Upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": "YXNzYXktYXNzYXktYXNzYQ==",
}


@pytest.mark.parametrize(
    ("row", "headers"),
    [
        case("ARCH-WIRE-020", {"Upgrade": "WebSocket"}),
        case("ARCH-WIRE-020", {"Connection": "keep-alive, Upgrade"}),
        case("ARCH-WIRE-020", {"connection": "upgrade"}),
        case("ARCH-WIRE-020", {"Sec-WebSocket-Extensions": "x-assay; mode=1"}),
        case("ARCH-WIRE-020", _IN_LOWER_CASE),
        case("ARCH-WIRE-020", {name.upper(): value for name, value in _IN_LOWER_CASE.items()}),
    ],
)
async def test_lawful_handshakes(
    row: str, headers: dict[str, str], script: Dialogue, judge: Judge
) -> None:
    await script.come_and_go()
    await _served(row, script, judge, subprotocols=script.offer, headers=headers)


@requirement("ARCH-CONN-006")
async def test_query_after_the_path(script: Dialogue, judge: Judge) -> None:
    await script.come_and_go()
    await _served(
        "ARCH-CONN-006", script, judge, subprotocols=script.offer, query={"client": "assay"}
    )


async def _served(row: str, script: Dialogue, judge: Judge, **options: Any) -> None:
    """Such a handshake opens a connection on which a request is answered."""
    said = await script.opener.raw(CHANNEL, "odd", path=script.lore.path, **options)
    if isinstance(said, Refused):
        judge.holds(row, False, f"a lawful handshake: {said.reason}", said.exchange)
        return
    served = (await script.list_actions(said)).heard is not None
    told = f"the connection is not served: {script.why(said)}"
    judge.holds(row, served and not said.violations, told, said.handshake, *last(said))


@requirement("ARCH-CONN-010")
async def test_first_second_in_silence(script: Dialogue, judge: Judge) -> None:
    line = await script.connect("slow starter")
    await line.ended(_FIRST_SECOND)
    served = (await script.list_actions(line)).heard is not None
    told = f"a script that waits for a second first is not served: {script.why(line)}"
    judge.holds("ARCH-CONN-010", served, told, *last(line))


@requirement("ARCH-CONN-011")
async def test_longer_silence(
    script: Dialogue, vigil: Vigil[Socket | Refused], judge: Judge
) -> None:
    await script.needs_company()
    await script.come_and_go()
    line = await vigil.kept()
    if not isinstance(line, Socket):
        raise UnjudgeableError("no connection could be kept beside the others")
    await line.ended(vigil.left(_SILENCE))
    served = (await script.list_actions(line)).heard is not None
    told = f"after some seconds of silence a script is not served: {script.why(line)}"
    judge.holds("ARCH-CONN-011", served, told, *last(line))


@pytest.mark.parametrize("ending", ["in order", "in mid-request", "torn"])
@requirement("ARCH-CONN-015", "ARCH-CORR-009")
async def test_end_of_one_connection(ending: str, script: Dialogue, judge: Judge) -> None:
    await script.needs_company()
    staying, leaving = await script.connect("staying"), await script.connect("leaving")
    await script.list_actions(leaving)
    left, waiting = (
        [Request(action="list_actions", token=new_token()) for _ in range(3)] for _ in range(2)
    )
    meanwhile = asyncio.create_task(script.put_all(staying, waiting))
    await asyncio.sleep(0)  # they are on their way
    if ending != "in order":
        for request in left:
            await script.say(leaving, request)
        if ending == "torn":
            leaving.abort()
    await leaving.close()
    served = all(asked.heard is not None for asked in await meanwhile)
    served = (await script.list_actions(staying)).heard is not None and served
    told = f"after another script's end a connection is not served: {script.why(staying)}"
    judge.holds("ARCH-CONN-015", served, told, *last(leaving, 2), *last(staying))
    new = await script.knock("afterwards")
    told = f"after another script's end nobody comes in: {getattr(new, 'reason', '')}"
    judge.holds("ARCH-CONN-015", isinstance(new, Socket), told, *last(leaving, 2))
    if isinstance(new, Socket):
        await new.ended(0.05)
    others = [line for line in (staying, new) if isinstance(line, Socket)]
    heard = [f for line in others for f in line.frames if any(echoes(f, r.token) for r in left)]
    told = "a reply to who has left comes on another connection"
    judge.holds("ARCH-CORR-009", not heard, told, *last(leaving, 2), *heard[:1])
