"""Every field that a document knows, and all that its schemas ask of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas import pointer as json_pointer
from schemas.spec import Protocol

__all__ = ["Field", "Node", "at_reference", "fields", "flat", "node_of"]

_SAME_PLACE = ("allOf", "anyOf", "oneOf")
_CONDITIONAL = ("then", "else")


@dataclass(frozen=True, slots=True)
class Node:
    """A schema, and the document that its references lead into."""

    document: Mapping[str, Any]
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A place in a message, and the schemas of what stands there, flat: each without references
    and alternatives. In `pointer` a `*` stands for any item or name.
    """

    pointer: str
    nodes: tuple[Node, ...]

    @property
    def steps(self) -> tuple[str, ...]:
        return json_pointer.parse(self.pointer)

    @property
    def name(self) -> str:
        """What it is called: its last step that is a name."""
        return next((step for step in reversed(self.steps) if step != "*"), "")

    def said(self, keyword: str) -> list[Any]:
        """What the schemas say under a keyword."""
        return [node.schema[keyword] for node in self.nodes if keyword in node.schema]


def at_reference(protocol: Protocol, reference: str) -> Node:
    """The schema at a reference into one of the protocol's bundled documents."""
    name, _, fragment = reference.partition("#")
    documents = {"": protocol.openapi, "asyncapi": protocol.asyncapi, "grpc": protocol.grpc}
    document = documents[name]
    return node_of(document, json_pointer.dig(document, json_pointer.parse(fragment)))


def node_of(document: Mapping[str, Any], schema: Any) -> Node:
    """A schema in a document; one that is `true` asks for nothing."""
    return Node(document, schema if isinstance(schema, Mapping) else {})


def fields(root: Node) -> list[Field]:
    """All places below a schema, the whole first, in the order in which they are written."""
    found: dict[tuple[str, ...], list[Node]] = {}
    _collect([root], (), found, ())
    return [Field(json_pointer.join(steps), tuple(nodes)) for steps, nodes in found.items()]


def flat(nodes: Iterable[Node], seen: tuple[int, ...] = ()) -> Iterator[Node]:
    """The schemas that speak of the same value: what is referred to, and all alternatives."""
    for node in nodes:
        if id(node.schema) in seen:
            continue
        yield node
        yield from flat(_beside(node), (*seen, id(node.schema)))


def _beside(node: Node) -> Iterator[Node]:
    schema = node.schema
    if "$ref" in schema:
        target = json_pointer.dig(node.document, json_pointer.parse(schema["$ref"][1:]))
        yield node_of(node.document, target)
    for keyword in _SAME_PLACE:
        yield from (node_of(node.document, each) for each in schema.get(keyword, ()))
    for keyword in _CONDITIONAL:
        if keyword in schema:
            yield node_of(node.document, schema[keyword])


def _collect(
    nodes: Sequence[Node],
    steps: tuple[str, ...],
    found: dict[tuple[str, ...], list[Node]],
    above: tuple[int, ...],
) -> None:
    known = [node for node in flat(nodes) if id(node.schema) not in above]
    held = found.setdefault(steps, [])
    held += [node for node in known if all(node.schema is not each.schema for each in held)]
    inside = (*above, *(id(node.schema) for node in known))
    for name, children in _below(known).items():
        _collect(children, (*steps, name), found, inside)


def _below(nodes: Iterable[Node]) -> dict[str, list[Node]]:
    below: dict[str, list[Node]] = {}
    for node in nodes:
        for name, child in node.schema.get("properties", {}).items():
            below.setdefault(name, []).append(node_of(node.document, child))
        for keyword in ("items", "additionalProperties"):
            child = node.schema.get(keyword)
            if isinstance(child, Mapping):
                below.setdefault("*", []).append(Node(node.document, child))
    return below
