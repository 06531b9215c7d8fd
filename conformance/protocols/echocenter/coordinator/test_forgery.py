"""Nobody speaks in the name of another."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.echocenter.audit import AMBIENT
from conformance.protocols.echocenter.principals import Cast
from conformance.protocols.echocenter.room import Room

pytestmark = requirement(*AMBIENT)

_FORGED: list[tuple[str, dict[str, Any]]] = [
    ("ECHO-CHAT-013", {"sender_id": "other"}),
    ("ECHO-CHAT-013", {"sender_id": 1}),
    ("ECHO-CHAT-013", {"sender_id": 0}),
    ("ECHO-CHAT-014", {"sender_name": "admin"}),
    ("ECHO-CHAT-014", {"sender_name": "other"}),
    ("ECHO-CHAT-014", {"sender_id": "other", "sender_name": "other", "sender_role": "ADMIN"}),
    ("ECHO-CHAT-013", {"sender_id": "other", "sender_name": "other", "sender": "other"}),
]


@requirement("ECHO-CHAT-013", "ECHO-CHAT-014", "ECHO-CHAT-015")
@pytest.mark.parametrize("by_person", [False, True])
async def test_flow_nobody_speaks_in_the_name_of_another(
    by_person: bool,  # pytest gives it by name
    room: Room,
    cast: Cast,
    judge: Judge,
) -> None:
    target, other = await room.agents(2)
    forger = await room.human() if by_person else (await room.agents(3))[2]
    names: dict[Any, dict[str, Any]] = {
        "other": {
            "sender_id": room.number(other.person),
            "sender_name": other.person.name,
            "sender": {"id": room.number(other.person), "name": other.person.name},
        }
    }
    forger.may_end = True  # nothing says that such a message is put up with
    for row, claimed in _FORGED:
        fields = {key: names.get(value, {}).get(key, value) for key, value in claimed.items()}
        said = await room.say(forger, target, "believe me", fields=fields)
        frame = await room.wait(target, said)
        wrong = "a CHAT in which its sender names itself is lost"
        judge.holds("ECHO-CHAT-015", frame is not None, wrong, said.frame)
        if frame is not None:
            number = frame.value("/sender_id")
            wrong = f"{forger.person.name} speaks as {number!r}, {frame.value('/sender_name')!r}"
            right = number == cast.number_of(forger)
            if row == "ECHO-CHAT-014":
                right = frame.value("/sender_name") in forger.person.names
            judge.holds(row, right, wrong, said.frame, frame)
        if forger.socket.closed is not None:
            break
    await room.settle()
