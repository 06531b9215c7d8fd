"""Method and path to operation: exact paths by a look-up, those with parameters by their shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from schemas.spec import Operation, Protocol

__all__ = ["Match", "Router"]

_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Match:
    """Where a request leads. `operation` is `None` where the path, or only the method, is unknown.

    `allowed` lists the methods of a path that is known.
    """

    operation: Operation | None
    parameters: Mapping[str, str] = field(default_factory=dict)
    allowed: tuple[str, ...] = ()


class Router:
    """The routes of one protocol. A path with fewer parameters goes before one with more."""

    def __init__(self, protocol: Protocol) -> None:
        self._exact: dict[str, dict[str, Operation]] = {}
        shaped: dict[tuple[str, ...], dict[str, Operation]] = {}
        for operation in protocol:
            if "{" in operation.path:
                steps = tuple(operation.path.split("/"))
                shaped.setdefault(steps, {})[operation.method] = operation
            else:
                self._exact.setdefault(operation.path, {})[operation.method] = operation
        self._shaped = sorted(shaped.items(), key=lambda entry: sum("{" in s for s in entry[0]))

    def match(self, method: str, path: str) -> Match:
        """`path` is as it came, percent-encoded; parameters come back decoded."""
        methods = self._exact.get(path, {})
        if method in methods:
            return Match(methods[method], _NOTHING, tuple(methods))
        allowed = list(methods)
        steps = path.split("/")
        for shape, methods in self._shaped:
            parameters = _fit(shape, steps)
            if parameters is None:
                continue
            if method in methods:
                return Match(methods[method], parameters, tuple(methods))
            allowed = allowed or list(methods)  # a path that is spelt out goes before a shape
        return Match(None, _NOTHING, tuple(allowed))


def _fit(shape: tuple[str, ...], steps: list[str]) -> dict[str, str] | None:
    if len(shape) != len(steps):
        return None
    parameters = {}
    for want, have in zip(shape, steps, strict=True):
        if want.startswith("{"):
            if not have:
                return None
            parameters[want[1:-1]] = unquote(have)
        elif want != have:
            return None
    return parameters
