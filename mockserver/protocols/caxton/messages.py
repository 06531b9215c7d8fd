"""All that was said, in the order in which it was said."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mockserver.world import iso

__all__ = ["Message", "Messages"]

_KEPT = 50_000
"""Messages that are kept; older ones make room."""

_OPTIONAL = ("reply_with", "in_reply_to", "ontology", "language")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message. `number` counts from 1, `at` is in seconds since 1970; what was not given is
    empty. `answers` is the id of the message that it answers, where an agent answered one.
    """

    number: int
    id: str
    performative: str
    sender: str
    receiver: str
    content: Any
    conversation_id: str
    at: float
    reply_with: str = ""
    in_reply_to: str = ""
    ontology: str = ""
    language: str = ""
    answers: str = ""

    def told(self) -> dict[str, Any]:
        """As the history tells it: with what was given, and nothing else."""
        optional = {name: getattr(self, name) for name in _OPTIONAL}
        return {
            "message_id": self.id,
            "performative": self.performative,
            "sender": self.sender or None,
            "receiver": self.receiver,
            "content": self.content,
            "conversation_id": self.conversation_id,
            **{name: value for name, value in optional.items() if value},
            "timestamp": iso(self.at),
        }

    def fipa(self) -> Mapping[str, Any]:
        """As a `FipaMessage`, whose fields are all there."""
        told = {name: getattr(self, name) for name in _OPTIONAL}
        return {
            "performative": self.performative,
            "sender": self.sender,
            "receiver": self.receiver,
            "content": self.content,
            "conversation_id": self.conversation_id,
            **told,
        }

    def event(self) -> dict[str, Any]:
        """What `message.sent` tells of it."""
        return {
            "message_id": self.id,
            "from": self.sender or None,
            "to": self.receiver,
            "performative": self.performative,
            "conversation_id": self.conversation_id,
        }


class Messages:
    """The history, as a whole and by conversation."""

    def __init__(self) -> None:
        self._all: deque[Message] = deque()
        self._of: dict[str, deque[Message]] = {}
        self._count = 0

    def next_number(self) -> int:
        self._count += 1
        return self._count

    def add(self, message: Message) -> None:
        self._all.append(message)
        self._of.setdefault(message.conversation_id, deque()).append(message)
        if len(self._all) > _KEPT:
            old = self._all.popleft()
            own = self._of[old.conversation_id]
            own.popleft()
            if not own:
                del self._of[old.conversation_id]

    def of(self, conversation_id: str) -> Sequence[Message]:
        """Those of a conversation, or all where none is named."""
        return self._of.get(conversation_id, ()) if conversation_id else self._all

    def page(
        self, conversation_id: str, after: int, limit: int, *, newest_first: bool
    ) -> tuple[list[Message], int, int]:
        """One page behind the message of number `after` (0: from the start), how many there are in
        all, and the number to go on from (0: there is nothing more).
        """
        found = list(self.of(conversation_id))
        total = len(found)
        if newest_first:
            left = [each for each in reversed(found) if not after or each.number < after]
        else:
            left = [each for each in found if each.number > after]
        page = left[:limit]
        return page, total, page[-1].number if len(left) > limit else 0
