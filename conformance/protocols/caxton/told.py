"""What the coordinator told a client of, and as what: the id of one thing is none of another."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.exchange import MISSING, read_json
from conformance.protocols.caxton.story import answer_of, body_of, verb
from mockserver.transcript import Frame, HttpExchange

__all__ = ["Told", "agents_told", "name_in"]

_KEYS: Mapping[str, tuple[str, ...]] = {
    "deployment": ("deployment_id", "id"),
    "task": ("task_id", "id"),
    "message": ("message_id",),
}
"""Under which names ids of a kind are told. Those of agents stand under many."""

_NAME = "name"

_IDS = ("agent_id", "agent_ids", "agents", "assigned_to", "id", "participants")
"""Under which of these an agent's id is told and never its name: clients call themselves, as who
sends a message, by either.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Every text that was told, under each field's name, with the first entry that told it so."""

    first: Mapping[str, Mapping[str, int]]

    @classmethod
    def in_entries(cls, entries: Iterable[HttpExchange | Frame]) -> Told:
        found: dict[str, dict[str, int]] = {}
        for entry in entries:
            for key, text in _texts(_said(entry), ""):
                found.setdefault(text, {}).setdefault(key, entry.number)
        return cls(first=found)

    def before(self, entry: HttpExchange | Frame, kind: str, text: str) -> bool:
        """Was it told as the id of an `agent`, a `task`, a `deployment` or a `message` before?"""
        under = self.first.get(text, {})
        keys: Collection[str] = _KEYS.get(kind) or (_IDS if _NAME in under else under)
        return any(under[key] < entry.number for key in keys if key in under)

    def named(self, entry: HttpExchange | Frame, text: str) -> bool:
        """Was it told as a name before that?"""
        return self.first.get(text, {}).get(_NAME, entry.number) < entry.number


def name_in(heard: HttpExchange) -> str:
    """Under which name an agent is to be deployed."""
    config = body_of(heard).get("config")
    return str(config.get("name")) if isinstance(config, dict) else ""


def agents_told(heard: HttpExchange) -> Iterator[tuple[str, str]]:
    """Names and ids of the agents that an answer tells of."""
    said = answer_of(heard)
    if verb(heard) == "deployAgent":
        yield name_in(heard), str(said.get("agent_id"))
    listed = said.get("agents") if verb(heard) == "listAgents" else [said]
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict) and isinstance(each.get("name"), str) and "agent_id" in each:
            yield each["name"], str(each["agent_id"])


def _said(entry: HttpExchange | Frame) -> Any:
    if isinstance(entry, HttpExchange):
        return read_json(entry.answer) if entry.status else MISSING
    spoken = entry.sender == "coordinator" and entry.kind in ("text", "binary")
    return read_json(entry.data) if spoken else MISSING


def _texts(said: Any, key: str) -> Iterator[tuple[str, str]]:
    """Each text with the name of the field that holds it, or the list that it is in."""
    if isinstance(said, str):
        yield key, said
    elif isinstance(said, dict):
        for name, value in said.items():
            yield from _texts(value, name)
    elif isinstance(said, list):
        for value in said:
            yield from _texts(value, key)
