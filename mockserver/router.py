"""Method and path to operation: exact paths by a look-up, those with parameters by their shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote

from schemas.spec import Channel, Operation, Protocol

__all__ = ["Channels", "Match", "Router"]

_NOTHING: Mapping[str, str] = {}


class Match(NamedTuple):
    """Where a request leads. `operation` is `None` where the path, or only the method, is unknown.

    `allowed` lists the methods of a path that is known.
    """

    operation: Operation | None
    parameters: Mapping[str, str] = _NOTHING
    allowed: tuple[str, ...] = ()


class Router:
    """The routes of one protocol. A path with fewer parameters goes before one with more."""

    def __init__(self, protocol: Protocol) -> None:
        self._exact: dict[str, dict[str, Operation]] = {}
        self._procedures: dict[str, Operation] = {}
        shaped: dict[tuple[str, ...], dict[str, Operation]] = {}
        for operation in protocol:
            if operation.is_rpc:
                self._procedures[operation.path] = operation
            elif "{" in operation.path:
                steps = tuple(operation.path.split("/"))
                shaped.setdefault(steps, {})[operation.method] = operation
            else:
                self._exact.setdefault(operation.path, {})[operation.method] = operation
        self._shaped: dict[int, list[tuple[tuple[str, ...], dict[str, Operation]]]] = {}
        for steps, methods in sorted(shaped.items(), key=lambda entry: str(entry[0]).count("{")):
            self._shaped.setdefault(len(steps), []).append((steps, methods))

    def match(self, method: str, path: str) -> Match:
        """`path` is as it came, percent-encoded; parameters come back decoded."""
        if method == "RPC":
            return Match(self._procedures.get(path))
        methods = self._exact.get(path, {})
        if method in methods:
            return Match(methods[method], _NOTHING, tuple(methods))
        allowed = list(methods)
        steps = path.split("/")
        for shape, methods in self._shaped.get(len(steps), ()):
            parameters = _fit(shape, steps)
            if parameters is None:
                continue
            if method in methods:
                return Match(methods[method], parameters, tuple(methods))
            allowed = allowed or list(methods)  # a path that is spelt out goes before a shape
        return Match(None, _NOTHING, tuple(allowed))


class Channels:
    """Path to channel, and the parameters that the path holds."""

    def __init__(self, protocol: Protocol) -> None:
        channels = protocol.channels.values()
        self._exact = {channel.path: channel for channel in channels if "{" not in channel.path}
        self._shaped = [
            (tuple(channel.path.split("/")), channel) for channel in channels if "{" in channel.path
        ]

    def match(self, path: str) -> tuple[Channel, Mapping[str, str]] | None:
        """`path` is as it came, percent-encoded; parameters come back decoded."""
        channel = self._exact.get(path)
        if channel is not None:
            return channel, _NOTHING
        steps = path.split("/") if self._shaped else []
        for shape, channel in self._shaped:
            parameters = _fit(shape, steps) if len(shape) == len(steps) else None
            if parameters is not None:
                return channel, parameters
        return None


def _fit(shape: tuple[str, ...], steps: list[str]) -> dict[str, str] | None:
    """The parameters of a path of the same length as the shape, or `None` where it is another."""
    parameters = {}
    for want, have in zip(shape, steps, strict=True):
        if want.startswith("{") and have:
            parameters[want[1:-1]] = unquote(have)
        elif want != have:
            return None
    return parameters
