"""What no CHAT is, and what an agent hears all the same; after each, an instruction that shows
whether anybody is still there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from conformance.protocols.echocenter.prompter import QUIET, Prompter, instruction
from conformance.stage import Stage

__all__ = ["HALF", "ODDITIES", "Oddity", "Turn"]

_A_MOMENT = 0.15
"""Seconds until the agent has heard what it was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Some messages of a kind (JSON, or the bytes themselves), and who asks afterwards.

    `kind` is that of the frames. `requirement` is the row that is judged by it.
    """

    requirement: str
    probe: int
    said: Sequence[Any]
    kind: str = "text"

    @property
    def frames(self) -> list[bytes]:
        return [
            each if isinstance(each, bytes) else json.dumps(each).encode() for each in self.said
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """A situation of one or more turns."""

    name: str
    turns: Sequence[Turn]

    async def play(self, stage: Stage) -> None:
        prompter = Prompter(stage)
        for turn in self.turns:
            await prompter.arrive()
            for data in turn.frames:
                stage.inject(data, turn.kind)
            await stage.until(lambda: not stage.session.lines, _A_MOMENT)
            await prompter.arrive()
            prompter.chat(turn.probe, "Is anybody still there?")
            await prompter.settle(QUIET / 2)


def _without(name: str, sender: int) -> Mapping[str, Any]:
    return {key: value for key, value in instruction(sender, "hi").items() if key != name}


_LOG = {"level": "INFO", "content": "somebody else's"}

_OTHER_TYPES = (
    {"type": "WELCOME", "payload": {"version": 3}},
    {"type": "SYSTEM_LOG", "sender_id": 7801, "sender_name": "a", "payload": _LOG},
    {"type": "CHAT_STREAM", "sender_id": 7802, "sender_name": "b", "payload": "x", "stream_id": 9},
    {"type": "CHAT_STREAM_END", "sender_id": 7803, "sender_name": "c", "stream_id": 9},
    {
        "type": "AUTH_STATUS_UPDATE",
        "sender_id": 7804,
        "payload": {"action_id": "a", "status": "ok"},
    },
    {
        "type": "BUTLER_AGENT_MESSAGE",
        "sender_id": 7805,
        "sender_name": "e",
        "payload": "hear, hear",
    },
    {"type": "SOMETHING_NEW", "sender_id": 7806, "sender_name": "f", "payload": "what?"},
    {"type": "chat", "sender_id": 7807, "sender_name": "g", "payload": "small letters"},
)

_OTHER_BY_TYPE = (
    {**instruction(7821, "what?"), "type": "SOMETHING_NEW"},
    {**instruction(7822, "hear, hear"), "type": "BUTLER_AGENT_MESSAGE"},
)
"""In all else as the document has a CHAT, so that whoever reads that can read them."""

_HALF_CHATS = (
    _without("sender_name", 7811),
    _without("payload", 7812),
    {**instruction(7813, ""), "payload": None},
    {**instruction(7814, ""), "payload": {"text": "hi"}},
    {**instruction(7815, ""), "payload": 5},
    {**instruction(7816, ""), "sender_name": None},
    _without("sender_id", 0),
    {**instruction(0, "from nobody"), "sender_id": None},
)

_OTHER = Turn(requirement="ECHO-AGENT-ODD-001", probe=7901, said=_OTHER_TYPES)
_ROW = "ECHO-AGENT-ODD-{:03}".format

HALF = Oddity(name="half CHATs", turns=(Turn(requirement=_ROW(8), probe=7908, said=_HALF_CHATS),))

ODDITIES = (
    Oddity(
        name="other types",
        turns=(Turn(requirement=_ROW(9), probe=7909, said=_OTHER_BY_TYPE),),
    ),
    Oddity(name="other messages", turns=(_OTHER, replace(_OTHER, probe=7902))),
    Oddity(
        name="other JSON",
        turns=(
            Turn(
                requirement=_ROW(3),
                probe=7903,
                said=({}, {"type": None}, {"type": 5}, {"type": {}}, {"payload": "hi"}),
            ),
            Turn(requirement=_ROW(4), probe=7904, said=([1], [], "CHAT", 7, True, None)),
        ),
    ),
    Oddity(
        name="no JSON",
        turns=(
            Turn(
                requirement=_ROW(5),
                probe=7905,
                said=(b'{"type": "CHAT", ', b"", b"hello", b"{'type': 'CHAT'}"),
            ),
            Turn(requirement=_ROW(6), probe=7906, said=(b"[" * 10_000 + b"]" * 10_000,)),
        ),
    ),
    Oddity(
        name="binary",
        turns=(Turn(requirement=_ROW(7), probe=7907, said=(b"\x00\x01\xff", b""), kind="binary"),),
    ),
    HALF,
)
