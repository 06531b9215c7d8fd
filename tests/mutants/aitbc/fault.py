"""What a fault is, and the two helpers that most of them stand on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from .coordinator import Coordinator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .model import Env, Op
    from .parsing import Kind
    from .reading import Reading

__all__ = ["Aimed", "Fault", "Maker", "Row", "Section", "expand", "retable"]

Section = Literal[
    "Register Agent",
    "Discover Agents",
    "Get Agent Information",
    "Update Agent Status",
    "Submit Task",
    "Get Task Status",
    "Service Health",
    "Error Codes",
    "OpenAPI Specification",
    "Commit message",
    "General",
]
"""The part of the document that a fault offends."""


class Maker(Protocol):
    """Builds a broken coordinator in any reading."""

    def __call__(self, reading: Reading, env: Env) -> Coordinator:
        """Build it."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A single seeded bug.

    `implied` says that only the most natural reading forbids it. `reading` names a lawful peer
    in which the bug shows, for the few that the natural one hides.
    """

    name: str
    summary: str
    section: Section
    make: Maker
    implied: bool = False
    kind: Literal["field", "behaviour", "wire", "hang", "race"] = "behaviour"
    reading: str = "natural"


class Aimed(Coordinator):
    """A coordinator whose bug has a target: a field, a value, a manner."""

    def __init__(self, reading: Reading, env: Env, *, target: str = "") -> None:
        """Remember the target."""
        super().__init__(reading, env)
        self.target = target


Row: TypeAlias = "tuple[str, str, Section, type[Aimed], Sequence[str]]"
"""A family of faults: name and summary with a gap for the target, section, class, targets."""


def expand(
    rows: Iterable[Row],
    *,
    implied: bool = False,
    kind: Literal["behaviour", "race"] = "behaviour",
    reading: str = "natural",
) -> Iterator[Fault]:
    """One fault for each target of each row."""
    for name, summary, section, make, targets in rows:
        for target in targets:
            yield Fault(
                name=name.format(_label(target)),
                summary=summary.format(target),
                section=section,
                make=partial(make, target=target),
                implied=implied,
                kind=kind,
                reading=reading,
            )


def _label(target: str) -> str:
    """A target as a part of a name: dots for divisions, no spaces and braces."""
    for old, new in ((":", "."), ("/", "."), (" ", "_"), ("{", ""), ("}", "")):
        target = target.replace(old, new)
    return target


def retable(
    peer: Coordinator,
    op: Op,
    name: str,
    *,
    kind: Kind | None = None,
    required: bool | None = None,
) -> None:
    """Change one line of a peer's own field table."""
    peer.fields[op] = tuple(
        replace(
            line,
            kind=line.kind if kind is None else kind,
            required=line.required if required is None else required,
        )
        if line.name == name
        else line
        for line in peer.fields[op]
    )
