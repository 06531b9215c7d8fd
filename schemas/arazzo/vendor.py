"""A vendor's own OpenAPI document: its operations are found in ours by method and path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from schemas import pointer as json_pointer
from schemas.errors import PackError, Problem
from schemas.files import read
from schemas.spec import Operation, Protocol

__all__ = ["Foreign", "read_vendor"]

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
_PARAMETER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Foreign:
    """An operation as a vendor describes it. `operation` is ours, or `None` where we have none;
    `renamed` leads from the vendor's names of path parameters to ours, `parameters` are its others.
    """

    id: str
    method: str
    path: str
    operation: Operation | None
    renamed: Mapping[str, str]
    parameters: frozenset[tuple[str, str]]

    @property
    def pointer(self) -> str:
        return json_pointer.join(("paths", self.path, self.method.lower()))


def read_vendor(path: Path, protocol: Protocol) -> list[Foreign]:
    """Every operation of a vendor's document. Raises `PackError` for a file that is none."""
    document = read(path)
    if not isinstance(document, dict) or "openapi" not in document:
        message = "is no OpenAPI document"
        raise PackError(
            Problem(file=str(path), message=message, hint="OpenAPI 3 begins with openapi:")
        )
    ours = {(each.method, _shape(each.path)): each for each in protocol if not each.is_rpc}
    bases = ["", *(_base(server) for server in document.get("servers", ()))]
    return [_foreign(document, *each, ours, bases) for each in _operations(document)]


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for path, item in document.get("paths", {}).items():
        yield from ((path, method) for method in _METHODS if method in item)


def _foreign(
    document: Mapping[str, Any],
    path: str,
    method: str,
    ours: Mapping[tuple[str, str], Operation],
    bases: list[str],
) -> Foreign:
    item = document["paths"][path]
    known = (ours.get((method.upper(), _shape(base + path))) for base in bases)
    operation = next((each for each in known if each is not None), None)
    said = [*item.get("parameters", ()), *item[method].get("parameters", ())]
    parameters = [_resolved(document, each) for each in said]
    theirs, mine = (
        _PARAMETER.findall(each) for each in (path, operation.path if operation else "")
    )
    return Foreign(
        id=item[method].get("operationId", ""),
        method=method.upper(),
        path=path,
        operation=operation,
        renamed=dict(zip(reversed(theirs), reversed(mine), strict=False)),
        parameters=frozenset((each.get("name", ""), each.get("in", "")) for each in parameters),
    )


def _resolved(document: Mapping[str, Any], said: Mapping[str, Any]) -> Mapping[str, Any]:
    """A parameter, or what it refers to in the same document; nothing where that is elsewhere."""
    try:
        found = json_pointer.dig(document, json_pointer.parse(said["$ref"].removeprefix("#")))
    except LookupError:
        return {} if "$ref" in said else said
    return found if isinstance(found, dict) else {}


def _shape(path: str) -> str:
    return _PARAMETER.sub("{}", path)


def _base(server: Mapping[str, Any]) -> str:
    return urlsplit(server.get("url", "")).path.rstrip("/")
