"""What a client did in one situation, read out of what was said, whatever the transport."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from conformance.examiner import Observation
from conformance.exchange import MISSING, Exchange, of_transcript, read_json
from mockserver.json_text import texts_in
from mockserver.transcript import Frame, HttpExchange

__all__ = [
    "about",
    "answer_of",
    "asked",
    "body_of",
    "exchanges",
    "good",
    "ids_in",
    "message_of",
    "query_of",
    "same_request",
    "sent_at",
    "shape_of",
    "spoken",
    "told_texts",
    "verb",
]

_VERBS: Mapping[str, str] = {
    "AgentService.DeployAgent": "deployAgent",
    "AgentService.ListAgents": "listAgents",
    "MessageService.SendMessage": "sendMessage",
    "MessageService.SendMessageAndWait": "sendMessage",
}


def verb(heard: HttpExchange) -> str:
    """What it asks for, whichever way it came."""
    return _VERBS.get(heard.operation, heard.operation)


def asked(seen: Observation, *verbs: str) -> list[HttpExchange]:
    """The requests for these, in their order."""
    return [heard for heard in seen.exchanges if verb(heard) in verbs]


def good(heard: HttpExchange) -> bool:
    """Was it answered with success?"""
    return 200 <= heard.status < 300


def exchanges(heard: Iterable[HttpExchange]) -> list[Exchange]:
    """As evidence shows them."""
    return [of_transcript(each) for each in heard]


def sent_at(heard: HttpExchange) -> float:
    """When it came (monotonic clock): what is written down is when its answer was ready."""
    return heard.real - heard.took


def body_of(heard: HttpExchange) -> Mapping[str, Any]:
    """A request's body, where it is an object."""
    try:
        said = heard.json() if heard.body else None
    except ValueError:
        said = None
    return said if isinstance(said, dict) else {}


def answer_of(heard: HttpExchange) -> Mapping[str, Any]:
    """An answer, where it is an object that reached the client."""
    said = read_json(heard.answer) if heard.status else MISSING
    return said if isinstance(said, dict) else {}


def message_of(heard: HttpExchange) -> Mapping[str, Any]:
    """The FIPA message that a request sends. Unset fields of protobuf are left out."""
    said = body_of(heard)
    if "." not in heard.operation:
        return said
    message = said.get("message")
    told = message if isinstance(message, dict) else {}
    return {name: value for name, value in told.items() if value not in ("", None)}


def query_of(heard: HttpExchange) -> Mapping[str, str]:
    return dict(parse_qsl(heard.query, keep_blank_values=True))


def about(heard: HttpExchange) -> str:
    """The id of what a request is about, or nothing."""
    return next(iter(heard.parameters.values()), "")


def ids_in(heard: HttpExchange) -> list[str]:
    """What a request is about, and to whom a message goes."""
    found: list[Any] = [about(heard)]
    if verb(heard) == "sendMessage":
        found.append(message_of(heard).get("receiver"))
    if heard.operation == "createDeployment":
        found.append(body_of(heard).get("agent_id"))
    return [each for each in found if isinstance(each, str) and each]


def same_request(one: HttpExchange, other: HttpExchange) -> bool:
    """Do both ask the very same? Boundaries and the order of fields do not matter."""
    kind = (one.method, one.path, one.query) == (other.method, other.path, other.query)
    return kind and (one.body == other.body or body_of(one) == body_of(other) != {})


def spoken(seen: Observation) -> Iterator[tuple[Frame, Mapping[str, Any]]]:
    """The client's messages on its WebSockets, those that are objects."""
    for frame in seen.frames:
        if frame.sender == "agent" and frame.kind in ("text", "binary"):
            said = read_json(frame.data)
            if isinstance(said, dict):
                yield frame, said


def told_texts(entries: Sequence[HttpExchange | Frame]) -> Iterator[tuple[int, str]]:
    """Every text in what the coordinator told, with the number of the entry that told it."""
    for entry in entries:
        if isinstance(entry, HttpExchange):
            said = read_json(entry.answer) if entry.status else MISSING
        elif entry.sender == "coordinator" and entry.kind in ("text", "binary"):
            said = read_json(entry.data)
        else:
            continue
        for text in texts_in(said):
            yield entry.number, text


def shape_of(said: Any) -> str:
    """A value as a text that is equal for equal values."""
    return json.dumps(said, sort_keys=True, default=str)
