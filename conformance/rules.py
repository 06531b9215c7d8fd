"""The general rules: what is judged on every message, whatever its endpoint.

A requirement row names the rule that judges it; a protocol without such a row is not judged by
that rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from conformance.exchange import MISSING, Exchange
from mockserver.transcript import HttpExchange
from schemas import pointer as json_pointer
from schemas.spec import Operation, Protocol
from schemas.validation import Violation

__all__ = [
    "ANSWER_RULES",
    "GARBLED_OPEN",
    "NULLS_OPEN",
    "REFUSAL_RULES",
    "REQUEST_RULES",
    "RuleWord",
    "not_now",
    "optional_nulls",
]

GARBLED_OPEN = "x-garbled-open"
"""What says in an OpenAPI document that a 400 for what is no JSON object may have any form."""

NULLS_OPEN = "x-nulls-open"
"""What says in an OpenAPI document that a null may stand for what is optional and not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleWord:
    """What a rule says of one exchange: kept, or not and why."""

    kept: bool
    message: str = ""
    pointers: tuple[str, ...] = ()


Rule = Callable[[Exchange, Protocol], Iterator[RuleWord]]


def _answered(exchange: Exchange, _: Protocol) -> Iterator[RuleWord]:
    yield RuleWord(kept=exchange.status is not None, message=exchange.failure)


def not_now(operation: Operation, exchange: Exchange) -> bool:
    """Does it say that it cannot serve now, as the document allows this operation to say? What is
    said for ever is another matter.
    """
    if exchange.status == 429:
        return operation.answer(429) is not None and not exchange.starved
    return exchange.status == 503 and "503" in operation.responses


def _served(exchange: Exchange, protocol: Protocol) -> Iterator[RuleWord]:
    operation = protocol.operations.get(exchange.operation)
    if operation is None or exchange.status is None or not exchange.served:
        return
    if not_now(operation, exchange):
        return
    known = [status for status in operation.responses if status.startswith("2")]
    yield RuleWord(
        kept=exchange.ok and operation.answer(exchange.status) is not None,
        message=f"a lawful {exchange.operation} was answered {exchange.status}, "
        f"not {' or '.join(known)}",
    )


def _labelled_json(exchange: Exchange, _: Protocol) -> Iterator[RuleWord]:
    """Both ways: JSON is called so, and what is called so is JSON. A refusal in a line of text that
    happens to be JSON is none.
    """
    if exchange.operation == "" or exchange.method == "RPC" or not exchange.answer:
        return
    if not exchange.lawful and not isinstance(exchange.json, dict | list):
        return
    label = exchange.answer_headers.get("content-type", "")
    media_type = label.partition(";")[0].strip().lower()
    called_so = media_type == "application/json" or media_type.endswith("+json")
    if exchange.json is not MISSING:
        message = f"a JSON body came as {label or 'nothing'}"
        yield RuleWord(kept=called_so, message=message)
    elif called_so:
        yield RuleWord(kept=False, message=f"what came as {label} is no JSON")


def _detailed_errors(exchange: Exchange, _: Protocol) -> Iterator[RuleWord]:
    """In the envelope `{"error": {...}}`; what is no such envelope is another row's affair."""
    if exchange.ok or exchange.operation == "" or exchange.method == "RPC":
        return
    told = exchange.at("/error")
    if isinstance(told, dict):
        yield RuleWord(
            kept=isinstance(told.get("details", ""), dict | None),
            message=f"an error of status {exchange.status} comes without details in an object",
            pointers=("/error",),
        )


def _small_statuses(exchange: Exchange, _: Protocol) -> Iterator[RuleWord]:
    """The status of what is answered, and of what is listed in it."""
    if not exchange.ok or not isinstance(exchange.json, dict) or exchange.method == "RPC":
        return
    told = {"/status": exchange.json.get("status")}
    for name, rows in exchange.json.items():
        for number, row in enumerate(rows if isinstance(rows, list) else []):
            if isinstance(row, dict):
                told[f"/{name}/{number}/status"] = row.get("status")
    texts = {pointer: value for pointer, value in told.items() if isinstance(value, str)}
    for pointer, value in texts.items():
        if value != value.lower():
            yield RuleWord(kept=False, message=f"a status is {value!r}", pointers=(pointer,))
            return
    if texts:
        yield RuleWord(kept=True)


def _unthrottled(exchange: Exchange, _: Protocol) -> Iterator[RuleWord]:
    if exchange.status is not None:
        kept = not exchange.throttled and exchange.status != 429
        yield RuleWord(kept=kept, message="answered 429 before it was served, if it was")


def _kept_alive(exchange: Exchange, _: Protocol) -> Iterator[RuleWord]:
    if exchange.status is not None:
        yield RuleWord(
            kept=not exchange.reconnected,
            message="a kept-alive connection ended without an answer; a new one was served",
        )


ANSWER_RULES: Mapping[str, Rule] = {
    "answered": _answered,
    "served": _served,
    "labelled-json": _labelled_json,
    "detailed-errors": _detailed_errors,
    "small-statuses": _small_statuses,
    "unthrottled": _unthrottled,
    "kept-alive": _kept_alive,
}

REFUSAL_RULES = frozenset({"labelled-json", "detailed-errors"})
"""Those that hold as well of how unlawful requests are refused."""


RequestRule = Callable[[HttpExchange, Protocol], Iterator[RuleWord]]

_LEGAL_PATH = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/\[\]^|]|%[0-9A-Fa-f]{2})*")
"""With the four that RFC 3986 would have encoded and the URL Standard leaves alone: browsers, Node
and HTTPX send them as they are, and no server mistakes them for something else.
"""

_PREFIX = re.compile(r"(?i)v[0-9]+|api|rest")
"""Steps that agents of other releases put in front."""

_ALIKE = 0.65
"""How alike two words are when one is taken for the other misspelt (1.0 is the same)."""


def _well_formed(exchange: HttpExchange, _: Protocol) -> Iterator[RuleWord]:
    garbled = [violation for violation in exchange.violations if violation.keyword == "http"]
    yield RuleWord(kept=not garbled, message=garbled[0].message if garbled else "")


def _documented_method(exchange: HttpExchange, protocol: Protocol) -> Iterator[RuleWord]:
    known = _at_path(protocol, exchange)
    if any(operation.method == exchange.method for operation in known):
        yield RuleWord(kept=True)
    elif known and not all(map(_open, known)) and not _is_apart(exchange, protocol):
        methods = " or ".join(operation.method for operation in known)
        yield RuleWord(
            kept=False,
            message=f"{exchange.method} {exchange.path}: the document says {methods}",
        )


def _exact_path(exchange: HttpExchange, protocol: Protocol) -> Iterator[RuleWord]:
    if _at_path(protocol, exchange):
        yield RuleWord(kept=True)
    elif (meant := _meant(protocol, exchange.path)) is not None:
        yield RuleWord(
            kept=False, message=f"{exchange.path} is called, and the document says {meant.path}"
        )


def _documented_path(exchange: HttpExchange, protocol: Protocol) -> Iterator[RuleWord]:
    if not exchange.path:
        return  # it was no HTTP
    known = _at_path(protocol, exchange)
    kept = any(operation.method == exchange.method for operation in known)
    if kept or not known or all(map(_open, known)) or _is_apart(exchange, protocol):
        yield RuleWord(
            kept=kept,
            message=f"{exchange.method} {exchange.path} is no endpoint that the document knows",
        )


def _json_body(exchange: HttpExchange, protocol: Protocol) -> Iterator[RuleWord]:
    operation = protocol.operations.get(exchange.operation)
    if operation is not None and operation.request is not None and exchange.body:
        broken = [v for v in exchange.violations if v.keyword == "json"]
        yield RuleWord(kept=not broken, message=broken[0].message if broken else "")


def _labelled_body(exchange: HttpExchange, protocol: Protocol) -> Iterator[RuleWord]:
    operation = protocol.operations.get(exchange.operation)
    if operation is None or operation.is_rpc:
        return
    if operation.request is not None and exchange.body:
        label = exchange.headers.get("Content-Type", "")
        wanted = operation.media_type
        what = "a JSON body" if wanted == "application/json" else "a form"
        yield RuleWord(
            kept=label.partition(";")[0].strip().lower() == wanted,
            message=f"{what} is labelled {label or 'not at all'}",
        )


def _body_present(exchange: HttpExchange, protocol: Protocol) -> Iterator[RuleWord]:
    operation = protocol.operations.get(exchange.operation)
    if operation is not None and operation.request_required:
        yield RuleWord(
            kept=bool(exchange.body), message=f"{exchange.operation} was called without a body"
        )


def optional_nulls(exchange: HttpExchange, protocol: Protocol) -> list[Violation]:
    """What is wrong with a body only because something optional is null and not left out, where the
    protocol leaves that open.
    """
    operation = protocol.operations.get(exchange.operation)
    if operation is None or operation.request is None or not protocol.openapi.get(NULLS_OPEN):
        return []
    found = [v for v in exchange.violations if v.value is None and v.keyword in {"type", "enum"}]
    return [v for v in found if _is_optional(protocol, operation.request, v.steps)]


def _is_optional(protocol: Protocol, reference: str, steps: tuple[str, ...]) -> bool:
    """Does a schema know that member by its name, and not ask for it?"""
    document, required = protocol.openapi, True
    node = json_pointer.dig(document, json_pointer.parse(reference.lstrip("#")))
    for step in steps:
        while "$ref" in node:
            node = json_pointer.dig(document, json_pointer.parse(node["$ref"].lstrip("#")))
        if step not in node.get("properties", ()):
            return False
        required = step in node.get("required", ())
        node = node["properties"][step]
    return not required


def _no_nulls(exchange: HttpExchange, protocol: Protocol) -> Iterator[RuleWord]:
    operation = protocol.operations.get(exchange.operation)
    if operation is not None and operation.request is not None and exchange.body:
        nulls = optional_nulls(exchange, protocol)
        told = ", ".join(violation.pointer for violation in nulls)
        yield RuleWord(kept=not nulls, message=f"what is optional is null: {told}")


def _sound_handshake(exchange: HttpExchange, protocol: Protocol) -> Iterator[RuleWord]:
    if exchange.operation in protocol.channels:
        broken = [v for v in exchange.violations if v.keyword == "websocket"]
        yield RuleWord(kept=not broken, message=broken[0].message if broken else "")


def _encoded_path(exchange: HttpExchange, _: Protocol) -> Iterator[RuleWord]:
    yield RuleWord(
        kept=_LEGAL_PATH.fullmatch(exchange.path) is not None,
        message=f"{exchange.path!r} holds characters that a path must encode",
    )


REQUEST_RULES: Mapping[str, RequestRule] = {
    "well-formed-http": _well_formed,
    "documented-method": _documented_method,
    "exact-path": _exact_path,
    "documented-path": _documented_path,
    "json-body": _json_body,
    "labelled-body": _labelled_body,
    "body-present": _body_present,
    "encoded-path": _encoded_path,
    "sound-handshake": _sound_handshake,
    "no-nulls": _no_nulls,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Endpoint:
    """Where something can be asked for. `open` is one of which the document gives the path alone,
    and neither method nor answers.
    """

    method: str
    path: str
    open: bool


def _endpoints(protocol: Protocol) -> list[_Endpoint]:
    operations = [
        _Endpoint(method=each.method, path=each.path, open=each.open) for each in protocol
    ]
    channels = protocol.channels.values()
    return operations + [_Endpoint(method="GET", path=each.path, open=False) for each in channels]


def _is_apart(exchange: HttpExchange, protocol: Protocol) -> bool:
    """Is it for something of its own that the document does not know, where a documented endpoint
    only happens to be: DELETE of what can be read, or `/agents/unregister` beside `/agents/{id}`?
    """
    last = exchange.path.rpartition("/")[2]
    ends = {endpoint.path.rpartition("/")[2] for endpoint in _endpoints(protocol)}
    if exchange.method == "DELETE" and last not in ends:
        return True
    return exchange.method in {"HEAD", "OPTIONS"} or any(_is_opposite(end, last) for end in ends)


def _open(endpoint: _Endpoint) -> bool:
    return endpoint.open


def _at_path(protocol: Protocol, exchange: HttpExchange) -> list[_Endpoint]:
    """The endpoints at a path. One that is spelt out goes before one with a parameter."""
    endpoints = _endpoints(protocol)
    exact = [endpoint for endpoint in endpoints if endpoint.path == exchange.path]
    if exact:
        return exact
    steps = exchange.path.split("/")
    return [
        endpoint
        for endpoint in endpoints
        if len(shape := endpoint.path.split("/")) == len(steps)
        and all(
            have if want.startswith("{") else want == have
            for want, have in zip(shape, steps, strict=True)
        )
    ]


def _meant(protocol: Protocol, path: str) -> _Endpoint | None:
    """The endpoint that an unknown path comes close to: misspelt, doubled or behind a prefix."""
    steps = [step for step in path.split("/") if step]
    if path == "/" + "/".join(steps) + "/":
        return None  # a slash at the end is a habit, not a mistake
    steps = _bare(steps)
    shapes = ((endpoint, _bare(endpoint.path.split("/")[1:])) for endpoint in _endpoints(protocol))
    return next((endpoint for endpoint, shape in shapes if _close(shape, steps)), None)


def _bare(steps: list[str]) -> list[str]:
    """The steps without a prefix: the document's own may be what is missing, or wrong."""
    while steps and _PREFIX.fullmatch(steps[0]):
        steps = steps[1:]
    return steps


def _close(shape: list[str], steps: list[str]) -> bool:
    words = [(want, have) for want, have in zip(shape, steps, strict=False) if want[0] != "{"]
    return len(shape) == len(steps) and all(_alike(want, have.lower()) for want, have in words)


def _alike(want: str, have: str) -> bool:
    return not _is_opposite(want, have) and SequenceMatcher(None, want, have).ratio() >= _ALIKE


def _is_opposite(want: str, have: str) -> bool:
    """`unregister` is no misspelt `register`."""
    return len(have) > len(want) > 0 and have.endswith(want)
