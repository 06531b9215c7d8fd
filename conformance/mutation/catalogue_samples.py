"""A lawful message in which every documented field stands, made of the schemas alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from conformance.mutation.catalogue_fields import Node, flat, node_of
from mockserver.json_text import texts_in
from schemas.validation import Shape

__all__ = ["sampled"]

_DEEPEST = 12

_TEXTS = (
    "text-1",
    "a3f1c2d4-5b6e-4f70-8192-a3b4c5d6e7f8",
    "2026-03-05T06:07:08Z",
    "http://127.0.0.1:7007",
    "AGFzbQEAAAA=",
    "3.1.0",
    "1h",
    "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n",
    "-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n",
)
"""Texts of common forms, for patterns that no example shows."""


def sampled(root: Node, examples: Sequence[Any] = ()) -> Any:
    """A message with every field, of which values are taken from `examples` where these fit. It
    need not keep conditions that one field sets on another.
    """
    texts = [*dict.fromkeys([*texts_in(list(examples)), *_TEXTS])]
    return _sample([root], texts, 0)


def _sample(nodes: Sequence[Node], texts: Sequence[str], depth: int) -> Any:
    known = list(flat(nodes))
    for each in _named(known):
        return each
    kind = _kind(known)
    if depth > _DEEPEST:
        return None
    if kind == "object":
        return _object(known, texts, depth)
    if kind == "array":
        items = [Node(node.document, node.schema["items"]) for node in known if _lists(node)]
        return [_sample(items, texts, depth + 1) if items else "text-1"]
    return _scalar(kind, known, texts)


def _named(known: Iterable[Node]) -> Iterator[Any]:
    """The values that schemas name themselves, the most binding first."""
    held = list(known)
    yield from (node.schema["const"] for node in held if "const" in node.schema)
    yield from (each for node in held for each in node.schema.get("enum", ()))
    yield from (each for node in held for each in node.schema.get("examples", ()))


def _scalar(kind: str, known: Sequence[Node], texts: Sequence[str]) -> Any:
    if kind == "string":
        return _text(known, texts)
    if kind in ("integer", "number"):
        return _number(known)
    return {"boolean": True, "null": None}.get(kind, "text-1")


def _lists(node: Node) -> bool:
    return isinstance(node.schema.get("items"), Mapping)


def _kind(known: Iterable[Node]) -> str:
    said = [node.schema["type"] for node in known if "type" in node.schema]
    kinds = [each for one in said for each in ([one] if isinstance(one, str) else one)]
    if any("properties" in node.schema for node in known):
        kinds.append("object")
    return next((kind for kind in kinds if kind != "null"), "null" if kinds else "")


def _object(known: Sequence[Node], texts: Sequence[str], depth: int) -> dict[str, Any]:
    members: dict[str, list[Node]] = {}
    for node in known:
        for name, child in node.schema.get("properties", {}).items():
            members.setdefault(name, []).append(node_of(node.document, child))
        more = node.schema.get("additionalProperties")
        if isinstance(more, Mapping):
            members.setdefault("any-name", []).append(Node(node.document, more))
    return {name: _sample(nodes, texts, depth + 1) for name, nodes in members.items()}


def _text(known: Sequence[Node], texts: Sequence[str]) -> str:
    keywords = ("pattern", "format", "minLength", "maxLength", "not")
    asked = [
        {key: node.schema[key] for key in keywords if key in node.schema}
        for node in known
        if any(key in node.schema for key in keywords)
    ]
    shape = Shape.of({"allOf": asked} if asked else {})
    return next((text for text in texts if shape.accepts(text)), texts[0])


def _number(known: Sequence[Node]) -> int | float:
    least = [node.schema["minimum"] for node in known if "minimum" in node.schema]
    more = [node.schema["exclusiveMinimum"] for node in known if "exclusiveMinimum" in node.schema]
    most = [node.schema["maximum"] for node in known if "maximum" in node.schema]
    number: int | float = min([max([1, *least, *(each + 1 for each in more)]), *most])
    return number
