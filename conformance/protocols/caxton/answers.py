"""What a reply that was waited for must be like."""

from __future__ import annotations

from typing import Any

from conformance.exchange import Exchange
from conformance.judge import Judge

__all__ = ["judge_reply"]


def judge_reply(judge: Judge, row: str, said: Exchange, message: dict[str, Any]) -> None:
    """It comes from who was asked, in that conversation, and names what it answers."""
    wanted = {
        "/message/sender": message["receiver"],
        "/message/conversation_id": message["conversation_id"],
        "/message/in_reply_to": message["reply_with"],
    }
    for pointer, value in wanted.items():
        told = said.at(pointer)
        wrong = f"{pointer[9:]} of a reply is {told!r}, not {value!r}"
        judge.holds(row, told == value, wrong, said, pointer=pointer)
