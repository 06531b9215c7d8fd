"""Who asked an agent for something, and who got an answer: read from the frames alone."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from conformance.exchange import read_json
from mockserver.transcript import Frame

__all__ = [
    "Account",
    "Instruction",
    "Reply",
    "found_too_large",
    "identity",
    "read_account",
    "said_by",
]


_TOO_LARGE = 1009

_AT_ONCE = 0.1
"""Seconds within which the same message on two connections is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """A CHAT that the coordinator sent, whole and lawful: somebody waits for its answer."""

    sender: int
    name: str
    text: str
    heard: Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A CHAT of the agent. `target` is `None` where it names nobody that a message could reach."""

    target: int | None
    said: dict[str, Any]
    heard: Frame


@dataclass(slots=True, kw_only=True)
class Account:
    """What was asked and what came back, in order.

    Texts are free, so that answers are told by their receivers: of those that one sender waits
    for, each CHAT settles the oldest. `surplus` are CHATs to somebody who waits for nothing more,
    `strays` those to somebody who never asked.
    """

    instructions: list[Instruction] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    unanswered: list[Instruction] = field(default_factory=list)
    answers: list[tuple[Instruction, Reply]] = field(default_factory=list)
    surplus: list[Reply] = field(default_factory=list)
    strays: list[Reply] = field(default_factory=list)
    copies: Counter[int] = field(default_factory=Counter)

    def answered(self, sender: int) -> bool:
        """Did somebody ask, and is nothing that they asked left open?"""
        asked = any(each.sender == sender for each in self.instructions)
        return asked and all(each.sender != sender for each in self.unanswered)

    @property
    def names(self) -> dict[str, int]:
        """Those who asked, by name."""
        return {each.name: each.sender for each in self.instructions if each.name}


def read_account(frames: Iterable[Frame]) -> Account:
    """Settle the account of one situation."""
    account = Account()
    waiting: dict[int, deque[Instruction]] = {}
    for heard in frames:
        if (asked := _instruction(heard)) is not None:
            if any(_same_on_another_connection(asked, each) for each in account.instructions[-9:]):
                account.copies[asked.sender] += 1
                continue
            account.instructions.append(asked)
            waiting.setdefault(asked.sender, deque()).append(asked)
        elif (reply := _reply(heard)) is not None:
            account.replies.append(reply)
            _settle(account, waiting, reply)
    left = [each for queue in waiting.values() for each in queue]
    account.unanswered = sorted(left, key=lambda each: each.heard.number)
    return account


def _settle(account: Account, waiting: dict[int, deque[Instruction]], reply: Reply) -> None:
    if reply.target is None:
        return  # a reply without an address is judged as a message, and answers nobody
    if reply.target not in waiting:
        account.strays.append(reply)
    elif waiting[reply.target]:
        account.answers.append((waiting[reply.target].popleft(), reply))
    elif account.copies[reply.target]:
        account.copies[reply.target] -= 1
    else:
        account.surplus.append(reply)


def identity(value: Any) -> int | None:
    """The principal that a `target_id` or a `sender_id` names; 7.0 is as whole as 7 in JSON."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def found_too_large(frames: Iterable[Frame]) -> bool:
    """Did the agent close for a message that is larger than it takes? It may draw a line."""
    return any(
        heard.sender == "agent" and heard.kind == "close" and heard.code == _TOO_LARGE
        for heard in frames
    )


def said_by(sender: str, heard: Frame) -> dict[str, Any] | None:
    """The JSON object of one side's message, or `None` for anything else. That an agent's is text
    is a matter of its own: what it says in bytes it has said.
    """
    kinds = ("text", "binary") if sender == "agent" else ("text",)
    if heard.sender != sender or heard.kind not in kinds:
        return None
    said = read_json(heard.data)
    return said if isinstance(said, dict) else None


def _same_on_another_connection(one: Instruction, other: Instruction) -> bool:
    return (
        one.heard.connection != other.heard.connection
        and one.heard.data == other.heard.data
        and one.heard.real - other.heard.real < _AT_ONCE
    )


def _instruction(heard: Frame) -> Instruction | None:
    said = said_by("coordinator", heard)
    if said is None or said.get("type") != "CHAT":
        return None
    sender, name = identity(said.get("sender_id")), said.get("sender_name")
    text = said.get("payload")
    if sender is None or not isinstance(name, str) or not isinstance(text, str):
        return None  # half a CHAT: nobody owes it an answer
    return Instruction(sender=sender, name=name, text=text, heard=heard)


def _reply(heard: Frame) -> Reply | None:
    said = said_by("agent", heard)
    if said is None or said.get("type") != "CHAT":
        return None
    return Reply(target=identity(said.get("target_id")), said=said, heard=heard)
