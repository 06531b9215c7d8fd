"""Is a request that somebody made up lawful? By our own schemas, whoever made it up."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from conformance.exchange import MISSING, read_json
from schemas import pointer as json_pointer
from schemas.spec import Operation, Protocol
from schemas.validation import Shape, Validators, Violation

__all__ = ["Asked", "Assessment", "Assessor"]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,120}")
"""What a path may hold without a router having an opinion of it."""

_LONGEST = 200
_MOST = 20
_DEEPEST = 4
_GREATEST = 100.0
"""Characters of a text, members of an array or object, levels, and numbers up to which there is
nothing out of the ordinary in a body.
"""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request that was made up. `query` in its order; `body` is `None` where there is none, and
    `step` counts within a sequence.
    """

    operation: str
    method: str
    parameters: Mapping[str, str]
    query: Sequence[tuple[str, str]] = ()
    body: bytes | None = None
    media_type: str = ""
    step: int = 0

    def leading(self, there: Mapping[str, str]) -> Asked:
        """The same with other ids in its path."""
        moved = {name: there.get(value) or value for name, value in self.parameters.items()}
        return replace(self, parameters=moved)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """`lawful` says that the document allows it. `tame` that there is nothing out of the ordinary
    in it either: no text, number or field of which a peer could think otherwise. `violations` are
    what is wrong with a body that otherwise came as it should; `routed` is that nothing about the
    path and the label can have kept it from the operation.
    """

    lawful: bool
    tame: bool
    routed: bool
    violations: tuple[Violation, ...] = ()


class Assessor:
    """Knows a protocol's requests."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._validators = Validators(protocol)
        self._closed = Validators(replace(protocol, openapi=_closed(protocol.openapi)))
        self._words = {step for each in protocol for step in each.path.split("/")}
        self._queries = {each.id: _query_shapes(protocol, each) for each in protocol}

    def assess(self, asked: Asked) -> Assessment:
        """What there is to say against a request."""
        operation = self._protocol.operations[asked.operation]
        routed = (
            asked.method == operation.method
            and all(map(self._is_id, asked.parameters.values()))
            and (asked.body is None or _label(asked.media_type) == operation.media_type)
        )
        violations, tame = self._body(operation, asked.body)
        missing = asked.body is None and operation.request_required
        lawful = (
            routed and not missing and not violations and self._is_query(operation, asked.query)
        )
        return Assessment(
            lawful=lawful,
            tame=lawful and tame and all(map(_is_tame, map(_meant, asked.query))),
            routed=routed,
            violations=tuple(violations) if routed else (),
        )

    def _is_id(self, text: str) -> bool:
        return bool(_ID.fullmatch(text)) and text not in self._words

    def _body(self, operation: Operation, raw: bytes | None) -> tuple[list[Violation], bool]:
        """What is wrong with it, and whether it is an ordinary one."""
        shape = self._validators.at(operation.request)
        if shape is None:
            return [], raw is None
        if raw is None:  # whether that is wrong or only unlabelled, a peer may see either way
            return [], False
        body = read_json(raw)
        if body is MISSING:
            return [_no_json(raw)], False
        closed = self._closed.at(operation.request)
        ordinary = closed is not None and closed.accepts(body) and _is_tame(body)
        return shape.explain(body), ordinary

    def _is_query(self, operation: Operation, query: Sequence[tuple[str, str]]) -> bool:
        shapes = self._queries[operation.id]
        names = [name for name, _ in query]
        return len(names) == len(set(names)) and all(
            name in shapes and bool(value) and _takes(shapes[name], value) for name, value in query
        )


def _label(media_type: str) -> str:
    label, _, rest = media_type.partition(";")
    known = rest.strip().lower() in ("", "charset=utf-8") or label.startswith("multipart/")
    return label.strip().lower() if known else ""


def _no_json(raw: bytes) -> Violation:
    shown = raw[:80].decode("utf-8", "backslashreplace")
    return Violation(pointer="", keyword="json", message="is not JSON", value=shown)


def _takes(shape: Shape, text: str) -> bool:
    value = read_json(text.encode("utf-8", "surrogatepass"))
    return shape.accepts(text) or (value is not MISSING and shape.accepts(value))


def _meant(pair: tuple[str, str]) -> Any:
    """The value of a pair in a query: a number where it looks like one."""
    value = read_json(pair[1].encode("utf-8", "surrogatepass"))
    return value if isinstance(value, int | float) else pair[1]


def _query_shapes(protocol: Protocol, operation: Operation) -> dict[str, Shape]:
    if operation.is_rpc:
        return {}
    said = protocol.openapi["paths"][operation.path][operation.method.lower()]
    found = {}
    for written in said.get("parameters", ()):
        told, at = written, ""
        if "$ref" in written:
            at = written["$ref"][1:]
            told = json_pointer.dig(protocol.openapi, json_pointer.parse(at))
        if told["in"] == "query":
            components = protocol.openapi.get("components", {})
            found[told["name"]] = Shape.of({**told["schema"], "components": components})
    return found


def _closed(node: Any) -> Any:
    """The same schemas, without room for fields that the document does not know."""
    if isinstance(node, list):
        return [_closed(each) for each in node]
    if not isinstance(node, Mapping):
        return node
    found = {name: _closed(each) for name, each in node.items()}
    known = isinstance(found.get("properties"), Mapping) and found.get("type") == "object"
    if known and "additionalProperties" not in found:
        found["additionalProperties"] = False
    return found


def _is_tame(value: Any, level: int = 0) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= _LONGEST and value == value.strip() and _is_plain(value)
    if isinstance(value, bool):
        return True
    if isinstance(value, int | float):
        return 0 <= value <= _GREATEST
    if isinstance(value, list | dict) and level < _DEEPEST and len(value) <= _MOST:
        children = [*value, *value.values()] if isinstance(value, dict) else value
        return all(_is_tame(each, level + 1) for each in children)
    return False


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()
