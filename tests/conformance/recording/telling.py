"""Records as a test likes to write them, and the document that they become."""

from __future__ import annotations

from typing import Any

from conformance.recording.document import scenario_of
from conformance.recording.records import Asked, Content, Record, Spoken
from schemas import load, load_requirements

__all__ = ["asked", "document", "spoken", "step"]

NOTHING: Any = object()


def content(value: Any) -> Content:
    if value is NOTHING:
        return Content()
    kind = "text" if isinstance(value, bytes) else "json"
    shown = value.decode() if isinstance(value, bytes) else value
    return Content(kind=kind, value=shown, label="application/json" if kind == "json" else "")


def asked(
    number: int,
    operation: str,
    body: Any = NOTHING,
    answer: Any = NOTHING,
    status: int = 200,
    **fields: Any,
) -> Asked:
    given: dict[str, Any] = {
        "number": number,
        "at": float(number),
        "peer": "127.0.0.1",
        "operation": operation,
        "method": "POST",
        "path": "/",
        "parameters": {},
        "query": [],
        "headers": [],
        "body": content(body),
        "status": status,
        "answer_headers": [],
        "answer": content(answer),
    }
    return Asked(**(given | fields))


def spoken(number: int, sender: str, message: str, said: Any = NOTHING, **fields: Any) -> Spoken:
    given: dict[str, Any] = {
        "number": number,
        "at": float(number),
        "connection": 1,
        "channel": "socket",
        "sender": sender,
        "kind": "message",
        "message": message,
        "content": content(said),
    }
    return Spoken(**(given | fields))


def document(protocol: str, *records: Record) -> dict[str, Any]:
    spec = load(protocol)
    return scenario_of(records, spec, load_requirements(spec))


def step(made: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        each for each in made["workflows"][0]["steps"] if each["stepId"] == name
    )
    return found
