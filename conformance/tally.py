"""Which operations, statuses and messages a check came by: the measure of what a run touched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.verdict import now
from schemas.spec import Protocol, Role

__all__ = ["NONE", "Tally", "surface"]

NONE = "none"
"""Stands for the status of a request that was not answered."""


class Tally:
    """What was said, each kind of it once. `answers` are statuses by operation, `messages` the
    peer's own.
    """

    def __init__(self) -> None:
        self.answers: dict[str, set[str]] = {}
        self.messages: set[str] = set()

    def answered(self, operation: str, status: int | None) -> None:
        """An operation was asked for; `status` is `None` or 0 where nothing was answered."""
        if operation:
            self.answers.setdefault(operation, set()).add(str(status) if status else NONE)

    def news(self, other: Tally) -> Tally:
        """What is here and not in the `other` one."""
        new = Tally()
        for operation, statuses in self.answers.items():
            if fresh := statuses - other.answers.get(operation, set()):
                new.answers[operation] = fresh
        new.messages = self.messages - other.messages
        return new

    def add(self, other: Tally) -> None:
        """Take in what the `other` one has."""
        for operation, statuses in other.answers.items():
            self.answers.setdefault(operation, set()).update(statuses)
        self.messages |= other.messages

    def __bool__(self) -> bool:
        return bool(self.answers or self.messages)

    def record(self, check: str) -> dict[str, Any]:
        """As it stands in run.jsonl."""
        return {
            "record": "coverage",
            "at": now(),
            "check": check,
            "answers": {name: sorted(self.answers[name]) for name in sorted(self.answers)},
            "messages": sorted(self.messages),
        }

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Tally:
        """What `record` made of one."""
        tally = cls()
        tally.answers = {name: set(found) for name, found in record["answers"].items()}
        tally.messages = set(record["messages"])
        return tally


def surface(protocol: Protocol, role: Role) -> dict[str, Any]:
    """All that could be touched: every operation with its documented statuses, and every message
    that the judged side may send.
    """
    operations = [
        {
            "id": each.id,
            "method": each.method,
            "path": each.path,
            "capability": each.capability,
            "answers": list(each.responses),
        }
        for each in protocol.operations.values()
    ]
    messages = [
        {"id": each.id, "channel": channel.id, "capability": each.capability}
        for channel in protocol.channels.values()
        for each in channel.messages.values()
        if each.sender == role
    ]
    return {"operations": operations, "messages": messages}
