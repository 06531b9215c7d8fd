"""What a client sends at a step, its expressions worked out. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from schemas import pointer as json_pointer
from schemas.arazzo.criteria import worth
from schemas.arazzo.expressions import NOTHING, Scope
from schemas.arazzo.model import Body, Step
from schemas.spec import Operation, Protocol

__all__ = ["Ask", "ask", "files", "own_values", "payload"]

_PLAIN = "-._~!$&'()*+,;=:@"
"""What stands for itself in a step of a path (RFC 3986)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request, or a handshake and what is said on its connection.

    `body` may be `NOTHING`. `anonymous` says that a header was given as `null`: what a client sends
    of its own accord, its credentials, is left out.
    """

    path: Mapping[str, str] = field(default_factory=dict)
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = NOTHING
    anonymous: bool = False

    def target(self, template: str) -> str:
        """Path and query, for a path with its parameters in braces."""
        for name, value in self.path.items():
            template = template.replace(f"{{{name}}}", quote(value, safe=_PLAIN))
        return f"{template}?{urlencode(self.query)}" if self.query else template


def ask(step: Step, scope: Scope) -> Ask:
    """Raises `ExpressionError` where an expression leads nowhere."""
    path: dict[str, str] = {}
    query: list[tuple[str, str]] = []
    headers: dict[str, str] = {}
    cookies: list[str] = []
    anonymous = False
    for parameter in step.parameters:
        value = worth(parameter.value, scope)
        match parameter.place:
            case "path" | "channel":
                path[parameter.name] = _text(value)
            case "query":
                values = value if isinstance(value, list) else [value]
                query += [(parameter.name, _text(each)) for each in values]
            case "querystring":
                query += parse_qsl(_text(value), keep_blank_values=True)
            case "header" if value is None:
                anonymous = True
            case "header":
                headers[parameter.name.lower()] = _text(value)
            case "cookie":
                cookies.append(f"{parameter.name}={_text(value)}")
    if cookies:
        headers["cookie"] = "; ".join(cookies)
    plain = step.operation is None or step.operation.media_type == "application/json"
    body = payload(step.body, scope, plain=plain) if step.body else NOTHING
    if step.body and step.body.content_type and step.operation and not _is_form(step.operation):
        headers.setdefault("content-type", step.body.content_type)
    return Ask(path=path, query=query, headers=headers, body=body, anonymous=anonymous)


def own_values(step: Step) -> list[Any]:
    """All that `ask` works out."""
    values: list[Any] = [each.value for each in step.parameters]
    if step.body is not None:
        values += [step.body.payload, *(each.value for each in step.body.replacements)]
    return [*values, *step.identity.values()]


def payload(body: Body, scope: Scope, *, plain: bool = True) -> Any:
    """What is sent. Text that is labelled as JSON, or is meant to be (`plain`) where nothing labels
    it, is a template of it: where it turns out to be none it is sent as it is. What is labelled as
    a form of a page is written as one.
    """
    said = NOTHING if body.payload is NOTHING else worth(body.payload, scope)
    is_json = "json" in body.content_type if body.content_type else plain
    if isinstance(said, str) and is_json:
        with suppress(ValueError):
            said = json.loads(said)
    for each in body.replacements:
        said = each.put(said, worth(each.value, scope))
    if body.content_type == "application/x-www-form-urlencoded" and isinstance(said, dict):
        return urlencode({name: _text(value) for name, value in said.items()})
    return said


def files(protocol: Protocol, operation: Operation) -> frozenset[str]:
    """The parts of a form that are files: their payloads stand in base64."""
    if not _is_form(operation) or not operation.request:
        return frozenset()
    steps = json_pointer.parse(operation.request.partition("#")[2])
    shape = _followed(protocol, json_pointer.dig(protocol.openapi, steps))
    parts = {name: _followed(protocol, part) for name, part in shape["properties"].items()}
    return frozenset(name for name, part in parts.items() if "contentEncoding" in part)


def _followed(protocol: Protocol, schema: Any) -> Any:
    while "$ref" in schema:
        steps = json_pointer.parse(schema["$ref"].partition("#")[2])
        schema = json_pointer.dig(protocol.openapi, steps)
    return schema


def _is_form(operation: Operation) -> bool:
    return operation.media_type == "multipart/form-data"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
