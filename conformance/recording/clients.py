"""Who said what: the clients and connections of a recording, as a scenario names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from conformance.recording.concealing import placeholders
from conformance.recording.records import Asked, Record, Spoken

__all__ = ["Parties", "parties"]

_FIRST = "client"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """The client of each record, by its number, and the name of each WebSocket, by its own."""

    clients: Mapping[int, str]
    connections: Mapping[int, str]

    @property
    def names(self) -> list[str]:
        """All clients, in the order in which they came."""
        return list(dict.fromkeys(self.clients.values()))


def parties(records: Sequence[Record]) -> Parties:
    """Clients are told apart by the host that they call from and by what they prove themselves
    with. A credential that was handed to a client is its own from then on, and whoever proves
    nothing is taken for the one who was there before, so that a registration and what follows it
    belong together.
    """
    owners: dict[tuple[str, str], str] = {}
    latest: dict[str, str] = {}
    clients: dict[int, str] = {}
    lines: dict[int, str] = {}
    for record in records:
        if isinstance(record, Spoken):
            clients[record.number] = lines.get(record.connection, _FIRST)
            continue
        name = _client(record, owners, latest)
        clients[record.number] = name
        latest[record.peer] = name
        for handed in _handed(record):
            owners.setdefault((record.peer, handed), name)
        if record.connection:
            lines[record.connection] = name
    return Parties(clients=clients, connections=_connections(records, clients))


def _client(record: Asked, owners: dict[tuple[str, str], str], latest: Mapping[str, str]) -> str:
    shown = _shown(record)
    known = next((owners[record.peer, each] for each in shown if (record.peer, each) in owners), "")
    if not known:
        fresh = record.peer not in latest or (shown and _has_owned(owners, latest[record.peer]))
        known = _next(latest, owners) if fresh else latest[record.peer]
    for each in shown:
        owners.setdefault((record.peer, each), known)
    return known


def _has_owned(owners: Mapping[tuple[str, str], str], name: str) -> bool:
    """Has that client a credential already, so that another one is somebody else's?"""
    return name in owners.values()


def _next(latest: Mapping[str, str], owners: Mapping[tuple[str, str], str]) -> str:
    count = len({*latest.values(), *owners.values()})
    return _FIRST if not count else f"{_FIRST}-{count + 1}"


def _shown(record: Asked) -> list[str]:
    """What a request proves its sender with."""
    texts = [value for _, value in record.headers] + [value for _, value in record.query]
    return [each for text in texts for each in placeholders(text)]


def _handed(record: Asked) -> list[str]:
    """What an answer hands over."""
    return placeholders(f"{record.answer.value} {dict(record.answer_headers)}")


def _connections(records: Sequence[Record], clients: Mapping[int, str]) -> dict[int, str]:
    """Each client's first connection of a channel has the channel's name, the next ones a number
    behind it.
    """
    names: dict[int, str] = {}
    counts: dict[tuple[str, str], int] = {}
    for record in records:
        if isinstance(record, Asked) and record.connection:
            key = (clients[record.number], record.operation)
            counts[key] = counts.get(key, 0) + 1
            behind = "" if counts[key] == 1 else f"-{counts[key]}"
            names[record.connection] = record.operation + behind
    return names
