"""Tokens that open nothing, and how it is seen that they do not."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from random import Random

from conformance.clients.raw import RawSocket
from conformance.clients.websocket import Refused, Socket
from conformance.frames import Frame
from conformance.protocols.echocenter.door import SOCKET, not_now
from conformance.protocols.echocenter.listing import shows
from conformance.protocols.echocenter.room import Room
from conformance.protocols.echocenter.said import Guest, mentions

__all__ = ["REFUSALS", "judge_refused", "wrong_tokens"]

_PATIENCE = 5.0
"""Seconds in which a connection that was opened for a wrong token must have ended."""

_MOMENT = 1.0
"""Seconds in which a connection ends that is closed as soon as it is opened."""

REFUSALS = (*(f"ECHO-CONN-{number:03}" for number in range(20, 33)), "ECHO-CONN-012")
"""What `judge_refused` judges."""

_WORDS = ("null", "undefined", "None", "true", "0", "1", "*", "%", "' OR '1'='1", "../..", "admin")


def wrong_tokens(
    owner: Guest, number: int | None, hint: str | None, rng: Random
) -> Iterator[tuple[str, str | None]]:
    """What a token is not, each with the requirement that it be refused; `None` is no token."""
    token = owner.person.token
    yield "ECHO-CONN-020", None
    yield "ECHO-CONN-021", ""
    for _ in range(3):
        yield "ECHO-CONN-022", _like(token, rng)
    yield "ECHO-CONN-022", token[::-1]
    yield "ECHO-CONN-022", rng.randbytes(24).hex()
    for part in (token[:8], token[: len(token) // 2], token[:-1], token[1:], token[-4:]):
        yield "ECHO-CONN-023", part
    for longer in (f"{token}x", f"x{token}", f"xx{token}yy", token * 2, f"{token}\x00"):
        yield "ECHO-CONN-024", longer
    for other in {token.upper(), token.lower(), token.swapcase()} - {token}:
        yield "ECHO-CONN-025", other
    if hint:
        yield "ECHO-CONN-026", hint
    yield "ECHO-CONN-027", owner.person.name
    if number is not None:
        yield "ECHO-CONN-027", str(number)
    for word in _WORDS:
        yield "ECHO-CONN-028", word
    for at in {len(token) // 2, len(token) // 2 if "." in token else len(token) - 1, 0}:
        yield "ECHO-CONN-029", token[:at] + _other(token[at]) + token[at + 1 :]
    yield "ECHO-CONN-030", "t" * 600
    yield "ECHO-CONN-031", f" {token} "


def _like(token: str, rng: Random) -> str:
    """Made up in the likeness of a token: digits for digits, letters for letters."""
    digits = set("0123456789abcdef") >= set(token.lower())
    return "".join(_replaced(sign, rng, hexadecimal=digits) for sign in token)


def _replaced(sign: str, rng: Random, *, hexadecimal: bool) -> str:
    if hexadecimal:
        return rng.choice("0123456789abcdef")
    if sign.isdigit():
        return rng.choice("0123456789")
    if sign.isalpha():
        chosen = rng.choice("abcdefghijklmnopqrstuvwxyz")
        return chosen.upper() if sign.isupper() else chosen
    return sign


def _other(sign: str) -> str:
    """Another sign of the same kind."""
    return "b" if sign == "a" else "B" if sign == "A" else "1" if sign == "0" else _near(sign)


def _near(sign: str) -> str:
    return "0" if sign.isdigit() else "A" if sign.isupper() else "a"


async def judge_refused(
    room: Room, row: str, owner: Guest, token: str | None, witnesses: Sequence[Guest]
) -> None:
    """Try to connect with something that is no token, and to do something with the connection.
    The last of the `witnesses` speaks to the owner, who is away: that may cost it its connection.
    """
    query = {} if token is None else {"token": token}
    began = time.monotonic()
    said = await room.opener.open(SOCKET, "nobody", query=query)
    if isinstance(said, Refused):
        room.judge.holds(row, True, "")
        late = said.status is None and "no answer" in said.reason
        plain = said.status is None or 400 <= said.status < 500 or said.status == 101
        plain = plain or not_now(said)
        wrong = f"a wrong token was answered {said.reason}"
        room.judge.holds("ECHO-CONN-032", plain and not late, wrong, said.exchange)
        given = token or ""
        if not owner.person.human and owner.person.token not in given:  # which may be repeated
            wrong = f"the refusal of a wrong token shows that of {owner.person.name}"
            shown = shows(said.exchange, owner.person.token)
            room.judge.holds("ECHO-SECRET-001", not shown, wrong, said.exchange)
        return
    hexadecimal = set(owner.person.token.lower()) <= set("0123456789abcdef-")
    if row == "ECHO-CONN-025" and hexadecimal and await said.ended(_MOMENT) is None:
        room.judge.inconclusive(row, "tokens may be numbers, whose letters are digits without case")
        said.abort()
        return
    await _judge_ended(room, row, owner, said, witnesses)
    took = time.monotonic() - began
    wrong = f"the end of the connection took {took:.1f} s"
    room.judge.holds("ECHO-CONN-032", took < _PATIENCE, wrong, said.handshake)


async def _judge_ended(
    room: Room, row: str, owner: Guest, doubtful: Socket | RawSocket, witnesses: Sequence[Guest]
) -> None:
    """It was opened: it must end soon, and until then be of no use in either direction."""
    first, second, caller = witnesses
    mark = room.cast.dialogue.new("m") + "."
    sent = await doubtful.send(
        {"type": "CHAT", "target_id": room.number(second.person), "payload": mark}, lawful=False
    )
    said = await room.say(caller, owner.person, absent=True)
    patience = min(_PATIENCE, room.patience.glance("refusal"))
    closed = await doubtful.ended(patience)
    if closed is None:
        room.patience.hung("refusal", patience)
    await room.tell(first, second)
    came = _found(second, mark)
    room.judge.holds(row, came is None, "a wrong token was let in and heard", sent, *_one(came))
    told = next((f for f in doubtful.frames if f.sender == "peer" and mentions(f, said.mark)), None)
    wrong = "a wrong token was let in, and heard what was said to the token's owner"
    room.judge.holds(row, told is None, wrong, said.frame, *_one(told))
    wrong = "a wrong token was let in, and the connection stayed"
    room.judge.holds(row, closed is not None, wrong, doubtful.handshake)
    doubtful.abort()


def _found(guest: Guest, mark: str) -> Frame | None:
    found = (f for f in guest.socket.frames if f.sender == "peer" and mentions(f, mark))
    return next(found, None)


def _one(frame: Frame | None) -> tuple[Frame, ...]:
    return () if frame is None else (frame,)
