"""Which parameters an operation or a channel has, and what their values may be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from schemas import pointer as json_pointer
from schemas.arazzo.sources import Meant
from schemas.spec import Channel, Operation, Protocol

__all__ = ["Known", "known_parameters", "path_parameters"]

Known: TypeAlias = Mapping[tuple[str, str], str | None]
"""By name and place, the reference of a value's schema, or `None` where it is free."""


def known_parameters(protocol: Protocol, meant: Meant) -> Known:
    """All that the descriptions name. Headers and cookies may be others as well."""
    if meant.operation is not None:
        known = dict(_of_operation(protocol, meant.operation))
        theirs = meant.foreign.parameters if meant.foreign else ()
        return {**{each: None for each in theirs if each[1] != "path"}, **known}
    return dict(_of_channel(protocol, meant.channel)) if meant.channel else {}


def path_parameters(path: str) -> list[str]:
    """The names in a path's braces."""
    return re.findall(r"\{([^{}]*)\}", path)


def _of_operation(
    protocol: Protocol, operation: Operation
) -> Iterator[tuple[tuple[str, str], str | None]]:
    if operation.is_rpc:
        return
    item = protocol.openapi["paths"][operation.path]
    base = ("paths", operation.path)
    for holder, at in (
        (item, base),
        (item[operation.method.lower()], (*base, operation.method.lower())),
    ):
        for index, said in enumerate(holder.get("parameters", ())):
            steps = (*at, "parameters", str(index))
            if "$ref" in said:
                steps = json_pointer.parse(said["$ref"][1:])
                said = json_pointer.dig(protocol.openapi, steps)  # noqa: PLW2901
            schema = "#" + json_pointer.join((*steps, "schema")) if "schema" in said else None
            yield (said["name"], said["in"]), schema


def _of_channel(
    protocol: Protocol, channel: Channel
) -> Iterator[tuple[tuple[str, str], str | None]]:
    for name in path_parameters(channel.path):
        yield (name, "channel"), None
        yield (name, "path"), None
    at = ("channels", channel.id, "bindings", "ws", "query", "properties")
    for name in _dug(protocol.asyncapi, at):
        yield (name, "query"), "asyncapi#" + json_pointer.join((*at, name))


def _dug(document: Mapping[str, Any], at: tuple[str, ...]) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json_pointer.dig(document, at)
    except LookupError:
        return {}
    return found
