"""One fault: what it is told, and what it may not be told."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from enum import Enum
from typing import Any

from mockserver.faults.kinds import (
    DISTRIBUTIONS,
    GENERAL,
    KINDS,
    PARAMETERS,
    Distribution,
    Kind,
    Place,
)

__all__ = ["SEEDED", "Fault", "Seeded", "nearest"]


class Seeded(Enum):
    """Stands for a value that nobody gave: it is drawn from the seed."""

    VALUE = "seeded"


SEEDED = Seeded.VALUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong. `docs/faults.md` tells of each kind and its parameters.

    It strikes the operations, the handshakes of a channel and the coordinator's messages whose id
    matches the glob `operation`, as far as its kind can. Of those it lets `skip` pass, then takes
    each `every`th, of those by `chance` (0 to 1), and ends after `times` strikes (`None`: never).
    All seconds are real time. Raises `TypeError` or `ValueError` for what its kind cannot be told.
    """

    kind: Kind
    operation: str = "*"
    times: int | None = 1
    skip: int = 0
    every: int = 1
    chance: float = 1.0
    status: int = 503
    retry_after: int | None = None
    seconds: float = 1.0
    distribution: Distribution = "fixed"
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    deviation: float | None = None
    shape: float | None = None
    code: int = 1011
    last: int = 10
    pointer: str | None = None
    value: Any = SEEDED
    size: int = 1
    pause: float = 0.01
    fragments: int = 3
    window: int = 1

    def __post_init__(self) -> None:
        _check_kind(self.kind)
        given = {
            name: getattr(self, name)
            for name, default in _DEFAULTS.items()
            if getattr(self, name) is not default
        }
        for name, value in given.items():
            PARAMETERS[name].check(name, value)
        told = [name for name, value in given.items() if value != _DEFAULTS[name]]
        _check_names(self.kind, self.distribution, told)
        if self.kind == "delay":
            self._check_distribution(told)

    @classmethod
    def parse(cls, said: Mapping[str, Any]) -> Fault:
        """From JSON. Raises `ValueError` or `TypeError` that says what is wrong."""
        unknown = set(said) - {"kind", *PARAMETERS}
        if unknown:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}{_near(unknown)}")
        kind = said.get("kind")
        _check_kind(kind)
        told = {name: _integral(name, value) for name, value in said.items() if name != "kind"}
        for name, value in told.items():
            PARAMETERS[name].check(name, value)
        _check_names(str(kind), told.get("distribution", "fixed"), told)
        return cls(kind=kind, **told)  # type: ignore[arg-type]  # it was just checked

    @property
    def places(self) -> frozenset[Place]:
        """Where it can strike."""
        return KINDS[self.kind].places

    def view(self) -> dict[str, Any]:
        """As JSON: what it is told, and the defaults of what it is not. `parse` reads it."""
        names = (*GENERAL, *_parameters(self.kind, self.distribution))
        told = {name: getattr(self, name) for name in names}
        return {
            "kind": self.kind,
            **{
                name: value
                for name, value in told.items()
                if value is not SEEDED and (value is not None or name in ("times", "value"))
            },
        }

    def _check_distribution(self, told: Collection[str]) -> None:
        needed, _ = DISTRIBUTIONS[self.distribution]
        missing = [name for name in needed if name not in told]
        if missing:
            what = " and ".join(missing)
            raise ValueError(f"a delay with the distribution {self.distribution} needs {what}")
        if self.distribution == "pareto" and not self.minimum:
            raise ValueError("minimum is above 0 with the distribution pareto")
        low, high = self.minimum or 0.0, self.maximum
        if high is not None and low > high:
            raise ValueError(f"minimum is no more than maximum: {low} is more than {high}")


_DEFAULTS = {each.name: each.default for each in fields(Fault) if each.default is not MISSING}


def nearest(word: str, known: Iterable[str]) -> str:
    """A question that offers the known word that is spelt most alike, or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean {near[0]!r}?" if near else ""


def _near(unknown: Collection[str]) -> str:
    found = nearest(min(unknown), PARAMETERS)
    return f": {found}" if found else ""


def _check_kind(kind: Any) -> None:
    if not isinstance(kind, str) or kind not in KINDS:
        near = nearest(kind, KINDS) if isinstance(kind, str) else ""
        if near:
            raise ValueError(f"there is no kind {kind!r}: {near}")
        raise ValueError(f"kind is one of {', '.join(KINDS)}, not {kind!r}")


def _parameters(kind: str, distribution: str) -> tuple[str, ...]:
    """The names that a fault of this kind can be told beside the general ones."""
    if kind != "delay":
        return KINDS[kind].parameters  # type: ignore[index]  # it was checked
    needed, others = DISTRIBUTIONS[distribution]  # type: ignore[index]  # as above
    return ("distribution", *needed, *others)


def _check_names(kind: str, distribution: str, told: Iterable[str]) -> None:
    known = (*GENERAL, *_parameters(kind, distribution))
    wrong = [name for name in told if name not in known]
    if wrong:
        whom = kind if kind != "delay" else f"a delay with the distribution {distribution}"
        own = ", ".join(known[len(GENERAL) :]) or "nothing of its own"
        raise ValueError(f"{whom} takes no {', '.join(sorted(wrong))}: it takes {own}")


def _integral(name: str, value: Any) -> Any:
    """JSON knows one kind of number: 2.0 is as whole as 2."""
    whole = PARAMETERS[name].type == "whole" and isinstance(value, float) and value.is_integer()
    return int(value) if whole else value
