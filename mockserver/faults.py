"""Faults that a mock can be told to show: which answer they strike, and what they do to it.

Pure: a plan decides, the wire shell carries out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, Literal, get_args

__all__ = ["OF_ANSWERS", "OF_MESSAGES", "Fault", "FaultPlan", "Kind"]

Kind = Literal[
    "status",
    "delay",
    "drop",
    "extra",
    "duplicate",
    "reorder",
    "corrupt",
    "fragment",
    "close",
    "hang",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

OF_ANSWERS: frozenset[Kind] = frozenset({"status", "delay", "drop", "extra"})
OF_MESSAGES: frozenset[Kind] = frozenset(KINDS) - {"status"}

_RANGES = {
    "times": range(1, 1_000_001),
    "skip": range(1_000_001),
    "status": range(200, 600),
    "seconds": range(3601),
    "code": range(1000, 5000),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong.

    `status`: the coordinator answers so, worded as the protocol words that status, and does
    nothing. `delay`: the answer comes `seconds` later (real time). `drop`: the call is served, but
    the connection ends without an answer. `extra`: a JSON object in the answer carries a field
    that no document knows.

    On a WebSocket, `delay`, `drop` and `extra` mean the same for one message that the coordinator
    says. `duplicate`: it is said twice. `reorder`: it is said after the next. `corrupt`: it is cut
    in the middle, so that it is no JSON. `fragment`: it comes in three fragments. `close`: the
    connection ends in its stead, with `code`. `hang`: from here on the connection is silent, and
    nothing that comes on it is read.

    It strikes the operations, the handshakes of a channel and the coordinator's messages that
    match the glob `operation` by their id, after `skip` of them, and `times` times (`None`: for
    ever).
    """

    kind: Kind
    operation: str = "*"
    times: int | None = 1
    skip: int = 0
    status: int = 503
    seconds: float = 1.0
    code: int = 1011

    @classmethod
    def parse(cls, said: Mapping[str, Any]) -> Fault:
        """From JSON. Raises `ValueError` or `TypeError` that says what is wrong."""
        unknown = set(said) - set(cls.__slots__)
        if unknown:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
        if said.get("kind") not in KINDS:
            raise ValueError(f"kind is one of {', '.join(KINDS)}, not {said.get('kind')!r}")
        if not isinstance(said.get("operation", "*"), str):
            raise TypeError(f"operation is a text, not {said['operation']!r}")
        for name, allowed in _RANGES.items():
            value = said.get(name, allowed[0])
            if name == "times" and value is None:
                continue
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not whole and not (name == "seconds" and isinstance(value, float)):
                raise TypeError(f"{name} is a number, not {value!r}")
            if not allowed[0] <= value <= allowed[-1]:
                raise ValueError(f"{name} is from {allowed[0]} to {allowed[-1]}, not {value}")
        return cls(**said)


class FaultPlan:
    """The faults that are still to strike, in the order in which they were planned."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._faults = list(faults)

    def __iter__(self) -> Any:
        return iter(self._faults)

    def __bool__(self) -> bool:
        return bool(self._faults)

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)

    def clear(self) -> None:
        self._faults.clear()

    def strike(self, operation: str, kinds: frozenset[Kind] = OF_ANSWERS) -> list[Fault]:
        """The faults that strike this call of `operation`; each is used up by it once.

        `kinds` are those that can: no answer comes in fragments.
        """
        struck, left = [], []
        for fault in self._faults:
            if fault.kind not in kinds or not fnmatchcase(operation, fault.operation):
                left.append(fault)
            elif fault.skip:
                left.append(replace(fault, skip=fault.skip - 1))
            else:
                struck.append(fault)
                if fault.times is None or fault.times > 1:
                    less = None if fault.times is None else fault.times - 1
                    left.append(replace(fault, times=less))
        self._faults = left
        return struck
