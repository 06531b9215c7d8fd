"""What goes between a flow and whoever drives it: events in, actions out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from schemas.arazzo.expressions import NOTHING, Said
from schemas.arazzo.model import Deed, Step

__all__ = [
    "Act",
    "Began",
    "Do",
    "Event",
    "Failed",
    "Finished",
    "Passed",
    "Pause",
    "Perform",
    "Seen",
    "Sight",
    "Spoilt",
    "Undo",
    "Word",
]

_SILENCE = Said()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What was seen of a step. `bound` are inputs whose value it showed."""

    url: Any = NOTHING
    method: Any = NOTHING
    status: Any = NOTHING
    request: Said = _SILENCE
    response: Said = _SILENCE
    message: Said = _SILENCE
    bound: Mapping[str, Any] = field(default_factory=dict)


# Events


@dataclass(frozen=True, slots=True)
class Began:
    """It may begin."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A step was done, `took` seconds after it was begun."""

    flight: int
    sight: Sight
    took: float = 0.0


@dataclass(frozen=True, slots=True)
class Failed:
    """A step was not done, or could not be: `unjudged` where the peer has no part in that. `sight`
    is what was seen all the same.
    """

    flight: int
    reason: str
    unjudged: bool = False
    sight: Sight | None = None


@dataclass(frozen=True, slots=True)
class Passed:
    """A pause is over, or the time in which something must not happen."""

    flight: int


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A deed could not be done: nothing that comes after it could be judged."""

    flight: int
    reason: str


Event: TypeAlias = Began | Seen | Failed | Passed | Spoilt


# Actions


@dataclass(frozen=True, slots=True)
class Perform:
    """Carry a step out, or begin to await it. `Flow.scope` knows what its expressions see.

    It may be done `again`. A `spare` one is done already as often as it has to be: see whether it
    is done too often.
    """

    flight: int
    step: Step
    again: bool = False
    spare: bool = False


@dataclass(frozen=True, slots=True)
class Undo:
    """Nobody waits for that step any more."""

    flight: int
    step: Step


@dataclass(frozen=True, slots=True)
class Pause:
    """Let `seconds` pass, and say so."""

    flight: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Do:
    """Do these, one after another, before the next action; what one hands over is `told`. Where one
    cannot be done, the actions after it are void, words aside.
    """

    flight: int
    deeds: Sequence[Deed]


@dataclass(frozen=True, slots=True)
class Word:
    """Rows were kept or broken; `holds` is `None` where they could not be judged."""

    requirements: Sequence[str]
    holds: bool | None
    message: str
    step: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The flow is over. `kept` is `None` where it could not be judged to the end; `step` is the one
    that it broke off at.
    """

    kept: bool | None
    outputs: Mapping[str, Any]
    reason: str = ""
    step: str = ""


Act: TypeAlias = Perform | Undo | Pause | Do | Word | Finished
