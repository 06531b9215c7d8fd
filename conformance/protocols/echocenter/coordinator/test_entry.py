"""Who is let in, and who is not."""

from __future__ import annotations

import asyncio
from random import Random
from urllib.parse import urlsplit

from conformance.exchange import MISSING
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, requirement
from conformance.protocols.echocenter.audit import AMBIENT
from conformance.protocols.echocenter.dialogue import Dialogue, row_of
from conformance.protocols.echocenter.door import SOCKET
from conformance.protocols.echocenter.entry import REFUSALS, judge_refused, wrong_tokens
from conformance.protocols.echocenter.listing import hint_of
from conformance.protocols.echocenter.principals import Cast
from conformance.protocols.echocenter.room import Room

pytestmark = requirement(*AMBIENT)

_AT_ONCE = 8


_REFUSED = 0.2
"""Seconds in which a second connection ends that is opened and not wanted."""

_SIGNED = 16
"""Signs of a signature, at least."""


@requirement(*REFUSALS)
async def test_flow_wrong_tokens_are_refused(
    room: Room, cast: Cast, echo: Dialogue, rng: Random
) -> None:
    first, second, caller, owner = await room.newcomers(4)
    caller.may_end = True
    await room.leave(owner)
    row = row_of((await echo.agents()).json, owner.person.name)
    hint = MISSING if row is None else hint_of(row)
    known = hint if isinstance(hint, str) else None
    theirs = {one.token for one in cast.known}
    number = cast.number(owner.person)
    tries = [each for each in wrong_tokens(owner, number, known, rng) if each[1] not in theirs]
    for at in range(0, len(tries), _AT_ONCE):
        await asyncio.gather(
            *(
                judge_refused(room, name, owner, token, (first, second, caller))
                for name, token in tries[at : at + _AT_ONCE]
            )
        )
    await room.tell(second, first, "still here", "ECHO-CONN-012")
    for person in (owner.person, await cast.newcomer()):
        guest = await room.enter(person, "ECHO-CONN-012")
        await room.known()
        await room.tell(first, guest, "welcome", "ECHO-CONN-012")
    await room.settle()


@requirement("ECHO-CONN-033", "ECHO-CONN-032")
async def test_a_persons_token_needs_its_signature(room: Room) -> None:
    """Where it is a signed one, of three parts."""
    human = await room.human()
    signature = human.person.token.rpartition(".")[2]
    if human.person.token.count(".") != 2 or len(signature) < _SIGNED:
        raise UnjudgeableError("the token of the person known is not a signed one")
    first, second, caller = await room.newcomers(3)
    caller.may_end = True
    await room.leave(human)
    at = len(human.person.token) - len(signature) // 2
    for sign in {"A", "b"} - {human.person.token[at]}:
        token = human.person.token[:at] + sign + human.person.token[at + 1 :]
        await judge_refused(room, "ECHO-CONN-033", human, token, (first, second, caller))
    await room.settle()


@requirement("ECHO-CONN-005")
async def test_handshake_of_the_documents_client_opens(room: Room, cast: Cast) -> None:
    parts = urlsplit(room.opener.target.url)
    first, second = (await cast.agents(2))[:2]
    example = {"Origin": f"{parts.scheme}://{parts.netloc}", "User-Agent": None}
    guest = await room.enter(first, "ECHO-CONN-005", raw=True, headers=example)
    other = await room.enter(second)
    await room.known()
    log = {"level": "SUCCESS", "content": "Agent Online"}
    await guest.socket.send({"type": "SYSTEM_LOG", "payload": log})
    await room.tell(other, guest, "scan", "ECHO-CONN-005")
    await room.tell(guest, other, "Roger that!", "ECHO-CONN-005")
    await room.settle()


@requirement("ECHO-CONN-006", "ECHO-CONN-007")
async def test_flow_the_query_may_be_written_otherwise(room: Room, cast: Cast) -> None:
    first, second, third = await cast.newcomers(3)
    token = "".join(f"%{byte:02X}" for byte in first.token.encode())
    path = room.opener.protocol.channels[SOCKET].path
    await room.enter(first, "ECHO-CONN-006", query=None, path=f"{path}?token={token}")
    query = {"client": "scout", "token": second.token, "v": "2"}
    await room.enter(second, "ECHO-CONN-007", query=query)
    await room.enter(third, "ECHO-CONN-007", query={"token": third.token, "lang": "de"})
    await room.known()
    await room.settle()


@requirement("ECHO-CONN-003", "ECHO-CONN-013", "ECHO-CHAT-024")
async def test_flow_who_left_comes_back(room: Room, judge: Judge) -> None:
    """And is who it was, is heard and hears, and hears everything once."""
    stays, goes = await room.newcomers(2)
    before = await room.tell(goes, stays, "first")
    for turn in range(12):
        if turn % 2:
            room.vanish(goes)
        else:
            await room.leave(goes)
        goes = await room.enter(goes.person, "ECHO-CONN-003")
        await room.tell(stays, goes, "welcome back", "ECHO-CHAT-024")
        after = await room.tell(goes, stays, "again", "ECHO-CHAT-024")
        if before is not None and after is not None:
            for pointer in ("/sender_id", "/sender_name"):
                judge.holds(
                    "ECHO-CONN-013",
                    before.value(pointer) == after.value(pointer),
                    f"{pointer} of who came back is another",
                    before,
                    after,
                    pointer=pointer,
                )
    await room.tell(stays, goes, "and again", "ECHO-CHAT-024")
    await room.settle()


@requirement("ECHO-CONN-008", "ECHO-CONN-011")
async def test_flow_coming_and_going_disturbs_nobody(room: Room, cast: Cast, judge: Judge) -> None:
    first, second, third, fourth = await room.newcomers(4)
    people = await cast.newcomers(5)
    together = await asyncio.gather(*(room.enter(one, "ECHO-CONN-008") for one in people))
    await room.known()
    for guest in together:
        heard = await room.tell(guest, first, "who am I", "ECHO-CONN-008")
        _judge_identity(judge, guest.person.name, heard)
        await room.tell(first, guest, "you are", "ECHO-CONN-008")
    await room.leave(third)
    await room.tell(first, second, "", "ECHO-CONN-011")
    room.vanish(fourth)
    await room.tell(second, first, "", "ECHO-CONN-011")
    newcomer = (await room.newcomers(1))[0]
    heard = await room.tell(newcomer, first, "", "ECHO-CONN-008")
    _judge_identity(judge, newcomer.person.name, heard)
    back = await room.enter(third.person)
    await room.tell(back, second, "", "ECHO-CONN-011")
    await room.tell(second, back, "", "ECHO-CONN-011")
    await room.settle()


def _judge_identity(judge: Judge, name: str, heard: Frame | None) -> None:
    if heard is not None:
        shown = heard.value("/sender_name")
        judge.holds(
            "ECHO-CONN-008", shown == name, f"{name} is taken for {shown!r}", heard, expected=name
        )


@requirement("ECHO-CHAT-029")
async def test_flow_who_has_two_connections_overhears_nobody(room: Room) -> None:
    """What others say to each other is not for who is here twice, a person or an agent."""
    people = await room.people(1)
    first, second, third = await room.agents(3)
    for guest in (*people, third):
        await room.enter_again(guest)
    for turn in range(2):
        await room.tell(first, second, f"between us {turn}", "ECHO-CHAT-029")
        await room.tell(second, first, f"of course {turn}", "ECHO-CHAT-029")
    await room.settle()


@requirement("ECHO-CONN-010")
async def test_flow_a_second_connection_leaves_an_agent_within_reach(
    room: Room, judge: Judge
) -> None:
    other, first = await room.newcomers(2)
    second = await room.enter_again(first)
    said = await room.say(other, first, "at one of your connections")
    heard = await room.wait_any([first, *([] if second is None else [second])], said)
    wrong = f"{first.person.name} has two connections and is reached at none"
    judge.holds("ECHO-CONN-010", heard is not None, wrong, said.frame)
    if second is not None:
        await room.leave(second)
    await room.leave(first)
    back = await room.enter(first.person)
    await room.tell(other, back, "once", "ECHO-CONN-010")
    newer = await room.enter_again(back)
    if newer is not None and await newer.socket.ended(_REFUSED) is None:
        other.may_end = True  # should nobody be there to hear it
        await room.leave(back)
        said = await room.say(other, newer, "at the newer of your connections")
        if newer.socket.closed is None:
            await room.heard(newer, said, "ECHO-CONN-010")
    await room.settle()
