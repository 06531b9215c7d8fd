"""A recording to a scenario: an Arazzo 1.1 document in which every record is a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.recording.clients import Parties, parties
from conformance.recording.correlation import Correlation
from conformance.recording.issued import issued
from conformance.recording.meaning import Meaning
from conformance.recording.records import Asked, Record, Spoken
from conformance.recording.steps import Steps, is_told, name_of
from schemas.spec import Protocol, Requirement
from schemas.validation import Validators

__all__ = ["scenario_of"]

_SOURCES = {"openapi": "rest", "asyncapi": "socket", "grpc": "rpc"}


def scenario_of(
    records: Sequence[Record],
    protocol: Protocol,
    requirements: Mapping[str, Requirement],
    *,
    title: str = "",
) -> dict[str, Any]:
    """The document. Secrets must have been taken out of the records before (see `Concealer`).

    Raises `ValueError` where nothing was recorded that a scenario could tell.
    """
    ordered = sorted(records, key=lambda record: record.number)
    told = _without_echoes([record for record in ordered if is_told(record, protocol)])
    if not told:
        raise ValueError("nothing was recorded that a scenario could tell")
    names = _names(told)
    who = parties(ordered)
    correlation = Correlation(told, names, Meaning(protocol))
    sources = _sources(protocol)
    writer = Steps(
        protocol=protocol,
        requirements=requirements,
        sources=sources,
        parties=who,
        correlation=correlation,
        validators=Validators(protocol),
        issued=issued(told, names),
    )
    steps = [writer.step(record, names[record.number]) for record in told]
    workflow: dict[str, Any] = {"workflowId": "recorded"}
    if any(isinstance(record, Spoken) for record in told):
        workflow["x-scripted"] = True
    if correlation.inputs:
        workflow["inputs"] = {"type": "object", "properties": correlation.inputs}
    workflow["steps"] = steps
    return {
        "arazzo": "1.1.0",
        "info": _info(told, len(ordered) - len(told), protocol, who, title),
        "sourceDescriptions": [_source(kind, name, protocol) for kind, name in sources.items()],
        "workflows": [workflow],
    }


def _sources(protocol: Protocol) -> dict[str, str]:
    documents = {
        "openapi": protocol.openapi.get("paths"),
        "asyncapi": protocol.channels,
        "grpc": protocol.grpc,
    }
    return {kind: _SOURCES[kind] for kind, document in documents.items() if document}


def _source(kind: str, name: str, protocol: Protocol) -> dict[str, Any]:
    key = "x-type" if kind == "grpc" else "type"
    return {"name": name, "url": f"assay:{protocol.id}/{kind}.yaml", key: kind}


def _names(told: Sequence[Record]) -> dict[int, str]:
    """A name for each step, by the number of its record."""
    counts: dict[str, int] = {}
    names: dict[int, str] = {}
    for record in told:
        name = name_of(record)
        counts[name] = counts.get(name, 0) + 1
        names[record.number] = name if counts[name] == 1 else f"{name}-{counts[name]}"
    return names


def _without_echoes(told: Sequence[Record]) -> list[Record]:
    """Whoever hears a close frame answers with one, and that tells nothing new."""
    closed: set[int] = set()
    kept: list[Record] = []
    for record in told:
        if isinstance(record, Spoken):
            if record.connection in closed:
                continue
            if record.kind == "close":
                closed.add(record.connection)
        kept.append(record)
    return kept


def _info(
    told: Sequence[Record], left: int, protocol: Protocol, who: Parties, title: str
) -> dict[str, Any]:
    asked = sum(isinstance(record, Asked) for record in told)
    said = len(told) - asked
    clients = len(who.names)
    summary = (
        f"{_count(asked, 'request')} and {_count(said, 'message')} of {_count(clients, 'client')}."
    )
    info = {"title": title or f"{protocol.title}, recorded", "summary": summary}
    if left:
        info["description"] = (
            f"{_count(left, 'thing')} that passed cannot be told here: what the document does not "
            "know, what is no JSON, what was not answered, and ends without a word."
        )
    return {**info, "version": "1.0.0"}


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
