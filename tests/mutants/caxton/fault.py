"""What a fault is, and how one is seeded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["Bend", "Fault", "Row", "Section", "Seed", "Spot", "at", "table"]

Section: TypeAlias = Literal[
    "API Overview",
    "Authentication",
    "Deploy Agent",
    "Hot Reload Agent",
    "Agent Lifecycle States",
    "List Agents",
    "Get Agent Details",
    "Update Agent",
    "Stop Agent",
    "Remove Agent",
    "Send Message",
    "Subscribe to Messages",
    "Query Message History",
    "Create Task",
    "Distribute Task",
    "Get Task Status",
    "Create Deployment",
    "Monitor Deployment",
    "Rollback Deployment",
    "Get System Metrics",
    "Get Agent Metrics",
    "WebSocket Events",
    "Subscription Management",
    "Error Responses",
    "Rate Limiting",
    "gRPC",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Spot:
    """Where a value passes: the facts at hand there, by name."""

    desk: Desk
    nth: int
    """How often a value has passed here, this one included."""
    facts: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        """A fact; `KeyError` where the point has none of that name."""
        return self.facts[name]

    @property
    def memo(self) -> dict[Any, Any]:
        """What the fault remembers in this server's life."""
        return self.desk.memo


Bend: TypeAlias = Callable[[Any, Spot], Any]
"""From the value that a lawful coordinator goes on with to that of a faulty one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seed:
    """The points at which a fault bends a value; a lawful coordinator has none."""

    bends: Mapping[str, Bend] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A single seeded bug: one deviation from the named lawful reading.

    `implied` says that the rule which it breaks is read out of the document, not read in it.
    """

    name: str
    section: Section
    summary: str
    seed: Seed
    reading: str = "natural"
    implied: bool = False


Row: TypeAlias = tuple[str, str, Seed]


def at(point: str, bend: Bend, /, **more: Bend) -> Seed:
    """A seed with one point; further ones by name, with `_` for the dots."""
    others = {name.replace("_", ".", 1): one for name, one in more.items()}
    return Seed(bends={point: bend} | others)


def table(
    section: Section,
    rows: Iterable[Row],
    *,
    prefix: str = "",
    reading: str = "natural",
    implied: bool = False,
) -> Iterator[Fault]:
    """Faults of one section; a name that starts with `~` marks an implied one."""
    for name, summary, seed in rows:
        yield Fault(
            name=prefix + name.removeprefix("~"),
            section=section,
            summary=summary,
            seed=seed,
            reading=reading,
            implied=implied or name.startswith("~"),
        )
