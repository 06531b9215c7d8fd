"""The kinds of faults, as data: where each can strike, and what it can be told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

__all__ = [
    "DISTRIBUTIONS",
    "ENDS",
    "GENERAL",
    "KINDS",
    "LONGEST",
    "ORDER",
    "PARAMETERS",
    "PLACES",
    "Distribution",
    "Facts",
    "Kind",
    "Parameter",
    "Place",
]

Place = Literal["http", "grpc", "handshake", "websocket"]
"""What can be struck: an answer, that of a procedure, that to a WebSocket's handshake, a message
that the coordinator says.
"""

PLACES: Final[Mapping[Place, str]] = {
    "http": "an answer over HTTP",
    "grpc": "an answer over gRPC",
    "handshake": "the handshake of a WebSocket",
    "websocket": "a message on a WebSocket",
}

Kind = Literal[
    "status",
    "rate_limit",
    "stale",
    "wrong_correlation",
    "corrupt_field",
    "extra",
    "garbage",
    "corrupt",
    "empty",
    "delay",
    "drop",
    "reset",
    "half_open",
    "hang",
    "close",
    "truncate",
    "dribble",
    "fragment",
    "duplicate",
    "reorder",
]

Distribution = Literal["fixed", "uniform", "normal", "exponential", "pareto"]

LONGEST: Final = 3600
"""Seconds that a fault may hold something back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What one parameter can be. `whole` and `number` lie from `least` to `most`."""

    type: Literal["whole", "number", "text", "pointer", "choice", "any"]
    least: float = 0
    most: float = 0
    choices: tuple[str, ...] = ()
    nullable: bool = False

    def check(self, name: str, value: Any) -> None:
        """Raises `TypeError` or `ValueError` for a value that it cannot have."""
        if self.type == "any" or (value is None and self.nullable):
            return
        if self.type in ("whole", "number"):
            self._check_number(name, value)
        elif not isinstance(value, str):
            raise TypeError(f"{name} is a text, not {value!r}")
        elif self.type == "pointer" and not _POINTER.fullmatch(value):
            raise ValueError(f"{name} is a JSON Pointer such as /agent/status, not {value!r}")
        elif self.type == "choice" and value not in self.choices:
            raise ValueError(f"{name} is {' or '.join(self.choices)}, not {value!r}")

    def _check_number(self, name: str, value: Any) -> None:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or (self.type == "whole" and not isinstance(value, int)):
            raise TypeError(f"{name} is a number, not {value!r}")
        if not self.least <= value <= self.most:
            raise ValueError(f"{name} is from {self.least} to {self.most}, not {value}")


_POINTER = re.compile(r"(/([^~/]|~[01])*)*")


def _whole(least: int, most: int, *, nullable: bool = False) -> Parameter:
    return Parameter(type="whole", least=least, most=most, nullable=nullable)


def _number(least: float, most: float) -> Parameter:
    return Parameter(type="number", least=least, most=most)


PARAMETERS: Final[Mapping[str, Parameter]] = {
    "operation": Parameter(type="text"),
    "times": _whole(1, 1_000_000, nullable=True),
    "skip": _whole(0, 1_000_000),
    "every": _whole(1, 1_000_000),
    "chance": _number(0, 1),
    "status": _whole(200, 599),
    "retry_after": _whole(0, 86_400),
    "seconds": _number(0, LONGEST),
    "distribution": Parameter(
        type="choice", choices=("fixed", "uniform", "normal", "exponential", "pareto")
    ),
    "minimum": _number(0, LONGEST),
    "maximum": _number(0, LONGEST),
    "mean": _number(0, LONGEST),
    "deviation": _number(0, LONGEST),
    "shape": _number(0.1, 100),
    "code": _whole(1000, 4999),
    "last": _whole(1, 1000),
    "pointer": Parameter(type="pointer"),
    "value": Parameter(type="any"),
    "size": _whole(1, 1_000_000),
    "pause": _number(0, 60),
    "fragments": _whole(2, 1000),
    "window": _whole(1, 1000),
}
"""What each parameter can be, wherever it is used."""

GENERAL = ("operation", "times", "skip", "every", "chance")
"""What every kind can be told."""

DISTRIBUTIONS: Final[Mapping[Distribution, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "fixed": ((), ("seconds",)),
    "uniform": (("maximum",), ("minimum",)),
    "normal": (("mean", "deviation"), ("minimum", "maximum")),
    "exponential": (("mean",), ("minimum", "maximum")),
    "pareto": (("minimum", "shape"), ("maximum",)),
}
"""What a distribution of delays needs, and what it can be told beside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Where a kind can strike, its own parameters, and why it can strike nowhere else."""

    places: frozenset[Place]
    parameters: tuple[str, ...] = ()
    reason: str = ""


_OF_ANSWERS: tuple[Place, ...] = ("http", "grpc", "handshake")
_OF_BODIES: tuple[Place, ...] = ("http", "grpc", "websocket")
_ANY: tuple[Place, ...] = (*_OF_ANSWERS, "websocket")
_MESSAGES: tuple[Place, ...] = ("websocket",)

_ONE_ANSWER = "a request has one answer"
_NO_MESSAGE = "a handshake carries no message"
_FRAMES = "it is made of the frames of a WebSocket"
_NO_PIECES = "gRPC frames its messages itself"


def _facts(places: tuple[Place, ...], *parameters: str, reason: str = "") -> Facts:
    return Facts(places=frozenset(places), parameters=parameters, reason=reason)


KINDS: Final[Mapping[Kind, Facts]] = {
    "status": _facts(_OF_ANSWERS, "status", reason="a message has no status"),
    "rate_limit": _facts(_OF_ANSWERS, "retry_after", reason="a message has no status"),
    "stale": _facts(_OF_ANSWERS, "last", reason="on a WebSocket it strikes the handshake"),
    "wrong_correlation": _facts(_OF_BODIES, "pointer", reason=_NO_MESSAGE),
    "corrupt_field": _facts(_OF_BODIES, "pointer", "value", reason=_NO_MESSAGE),
    "extra": _facts(_OF_BODIES, reason=_NO_MESSAGE),
    "garbage": _facts(_OF_BODIES, reason=_NO_MESSAGE),
    "corrupt": _facts(_MESSAGES, reason="over HTTP garbage and truncate do the same"),
    "empty": _facts(_OF_BODIES, reason=_NO_MESSAGE),
    "delay": _facts(
        *(_ANY, "seconds", "distribution", "minimum", "maximum", "mean", "deviation", "shape")
    ),
    "drop": _facts(_ANY),
    "reset": _facts(_ANY),
    "half_open": _facts(_ANY),
    "hang": _facts(_MESSAGES, reason="elsewhere it is called half_open"),
    "close": _facts(_MESSAGES, "code", reason="only a WebSocket is closed with a code"),
    "truncate": _facts(("http", "websocket"), reason=_NO_PIECES),
    "dribble": _facts(("http", "websocket"), "size", "pause", reason=_NO_PIECES),
    "fragment": _facts(_MESSAGES, "fragments", reason=_FRAMES),
    "duplicate": _facts(_MESSAGES, reason=_ONE_ANSWER),
    "reorder": _facts(_MESSAGES, "window", reason=_ONE_ANSWER),
}
"""In the order in which faults of several kinds do their work on one answer or message."""

ORDER: Final[Mapping[str, int]] = {kind: place for place, kind in enumerate(KINDS)}

ENDS: Final[frozenset[str]] = frozenset({"drop", "reset", "half_open", "hang", "close"})
"""Kinds that come instead of an answer or a message: of several, the first planned counts."""
