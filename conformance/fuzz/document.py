"""What a generator of requests is told of a protocol: its OpenAPI document, cut to the purpose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from conformance.fuzz.menu import STRANGER
from schemas import pointer as json_pointer
from schemas.spec import Protocol

__all__ = ["described"]

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")

Seeds = Mapping[str, Sequence[Any]]


def described(
    protocol: Protocol, operations: Sequence[str], known: Mapping[str, str], examples: Seeds
) -> dict[str, Any]:
    """The document with these operations alone, and the links between them.

    `known` are values of path parameters, by name, that lead to something that is there. `examples`
    are more bodies to begin with, by operation. Who asks is the suite's affair, so nothing is left
    of credentials.
    """
    document = deepcopy(dict(protocol.openapi))
    document.pop("security", None)
    document["paths"] = dict(_paths(document, operations, known, examples))
    return document


def _paths(
    document: Mapping[str, Any],
    operations: Sequence[str],
    known: Mapping[str, str],
    examples: Seeds,
) -> Iterator[tuple[str, Any]]:
    for path, item in document["paths"].items():
        kept = {
            method: _operation(item[method], operations, examples)
            for method in _METHODS
            if method in item and item[method]["operationId"] in operations
        }
        if kept:
            told = [_resolved(document, each) for each in item.get("parameters", [])]
            yield path, {**kept, "parameters": [_parameter(each, known) for each in told]}


def _operation(said: dict[str, Any], operations: Sequence[str], examples: Seeds) -> dict[str, Any]:
    said.pop("security", None)
    for content in said.get("requestBody", {}).get("content", {}).values():
        more = examples.get(said["operationId"], ())
        shown = {f"scenario-{number}": {"value": body} for number, body in enumerate(more)}
        if shown:
            content["examples"] = {**content.get("examples", {}), **shown}
    for answer in said["responses"].values():
        links = answer.get("links", {})
        for name in [name for name, to in links.items() if to["operationId"] not in operations]:
            del links[name]
    return said


def _resolved(document: Mapping[str, Any], said: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in said:
        return said
    found: Mapping[str, Any] = json_pointer.dig(document, json_pointer.parse(said["$ref"][1:]))
    return found


def _parameter(said: Mapping[str, Any], known: Mapping[str, str]) -> Mapping[str, Any]:
    """A path leads to something that is there or to a stranger; to any text where what is made up
    is to be wrong.
    """
    if said["name"] not in known:
        return said
    kept = {name: value for name, value in said.items() if name not in ("example", "examples")}
    return {**kept, "schema": {"type": "string", "enum": [known[said["name"]], STRANGER]}}
