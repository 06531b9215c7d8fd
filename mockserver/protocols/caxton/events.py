"""Subscriptions, and which events they are for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mockserver.coordinator import Connection

__all__ = ["Subscription", "Subscriptions", "concerned", "matches"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What a client wants to hear on a connection. An empty list leaves the choice open."""

    id: str
    connection: Connection
    messages_only: bool
    agents: Sequence[str] = ()
    performatives: Sequence[str] = ()
    events: Sequence[str] = ()
    agent_ids: Sequence[str] = ()

    @classmethod
    def of(cls, own: str, connection: Connection, said: Mapping[str, Any]) -> Subscription:
        chosen, filters = said.get("filter", {}), said.get("filters", {})
        return cls(
            id=own,
            connection=connection,
            messages_only="filter" in said,
            agents=tuple(chosen.get("agents", ())),
            performatives=tuple(chosen.get("performatives", ())),
            events=tuple(said.get("events", ())),
            agent_ids=tuple(filters.get("agent_ids", ())),
        )

    def wants(self, event: Mapping[str, Any]) -> bool:
        """`filter` is about messages alone; where there are `events` as well, both must hold."""
        kind = str(event.get("type", ""))
        if self.events and not any(matches(pattern, kind) for pattern in self.events):
            return False
        about = concerned(event)
        if self.agent_ids and about.isdisjoint(self.agent_ids):
            return False
        if not self.messages_only:
            return True
        if not kind.startswith("message.") or (self.agents and about.isdisjoint(self.agents)):
            return False
        return not self.performatives or event.get("performative") in self.performatives

    def view(self) -> dict[str, Any]:
        return {
            "subscription_id": self.id,
            "connection": self.connection.number,
            "messages_only": self.messages_only,
            "agents": list(self.agents),
            "performatives": list(self.performatives),
            "events": list(self.events),
            "agent_ids": list(self.agent_ids),
        }


def concerned(event: Mapping[str, Any]) -> set[str]:
    """The agents that an event is about: of a message, sender and receiver (silence 4)."""
    named = (event.get(name) for name in ("agent_id", "from", "to"))
    return {name for name in named if isinstance(name, str)}


def matches(pattern: str, kind: str) -> bool:
    """A star stands for any characters, dots included; nothing else is special."""
    first, *rest = pattern.split("*")
    if not rest:
        return pattern == kind
    *middle, last = rest
    at, end = len(first), len(kind) - len(last)
    if at > end or not kind.startswith(first) or not kind.endswith(last):
        return False
    for piece in middle:  # the leftmost place leaves most room for the others
        found = kind.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


class Subscriptions:
    """By id, in the order in which they were made."""

    def __init__(self) -> None:
        self._by_id: dict[str, Subscription] = {}
        self._made = 0

    def __iter__(self) -> Iterator[Subscription]:
        return iter(list(self._by_id.values()))

    def add(self, connection: Connection, said: Mapping[str, Any]) -> Subscription:
        self._made += 1
        made = Subscription.of(f"sub_{self._made}", connection, said)
        self._by_id[made.id] = made
        return made

    def end(self, connection: Connection, own: str) -> bool:
        """End one of that connection; `False` where it has none of that id."""
        found = self._by_id.get(own)
        if found is None or found.connection is not connection:
            return False
        del self._by_id[own]
        return True

    def leave(self, connection: Connection) -> None:
        for each in self:
            if each.connection is connection:
                del self._by_id[each.id]
