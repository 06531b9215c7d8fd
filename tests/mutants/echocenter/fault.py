"""What a fault is, and the places of the server where one can be seeded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from .hub import Hub
    from .model import Answer, Line, Obj, Principal, Refusal, Request
    from .wire import Wire

__all__ = [
    "Enrol",
    "Fault",
    "Gate",
    "Listing",
    "RestTurn",
    "Section",
    "Seed",
    "Talk",
    "prefixed",
    "table",
    "wired",
]

Section: TypeAlias = Literal[
    "1. Authentication",
    "2. Connection",
    "3. Message Protocol",
    "3.A Sending Status Logs",
    "3.B Receiving Instructions",
    "3.C Replying to Instructions",
]


@dataclass(kw_only=True, slots=True)
class Enrol:
    """A registration before it is stored."""

    hub: Hub
    name: str
    token: str
    id: int
    nth: int
    """1 for the first registration of this server's life."""
    shown: Obj = field(default_factory=dict)
    """Overrides of the answer's fields."""
    refuse: Answer | None = None
    pause: float = 0.0
    """Seconds between looking and writing."""


@dataclass(kw_only=True, slots=True)
class Listing:
    """The rows of a listing, each beside its agent, before they are wrapped."""

    hub: Hub
    rows: list[tuple[Principal, Obj]]
    nth: int


@dataclass(kw_only=True, slots=True)
class RestTurn:
    """A REST request with the answer that is about to leave."""

    hub: Hub
    op: str
    request: Request
    answer: Answer


@dataclass(kw_only=True, slots=True)
class Gate:
    """A request for the socket and what the server makes of it."""

    hub: Hub
    request: Request
    given: str | None
    result: Principal | None
    refusal: Refusal | None = None
    hang: bool = False


@dataclass(kw_only=True, slots=True)
class Talk:
    """A message on its way: who said what, what goes out, and to which lines."""

    hub: Hub
    line: Line
    message: Obj
    out: Obj
    lines: list[Line]
    target: Principal | None
    copies: int = 1
    """0 loses the message."""
    delay: float = 0.0
    text: Callable[[str], str | bytes] | None = None
    """What becomes of the JSON text."""
    more: list[tuple[Line, Obj]] = field(default_factory=list)
    after: list[Callable[[], object]] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The type that the sender gave."""
        return str(self.message.get("type"))

    @property
    def memo(self) -> dict[Any, Any]:
        """What the fault remembers in this server's life."""
        return self.hub.memo


@dataclass(frozen=True, kw_only=True, slots=True)
class Seed:
    """Where a fault sits; a lawful server has none of them."""

    enrol: Callable[[Enrol], object] | None = None
    enrolled: Callable[[Hub, Principal], object] | None = None
    listed: Callable[[Listing], object] | None = None
    early: Callable[[Hub, Request], Awaitable[Answer | None]] | None = None
    rest: Callable[[RestTurn], object] | None = None
    dev: Callable[[Hub, str, Principal | None], Principal | None] | None = None
    gate: Callable[[Gate], object] | None = None
    joined: Callable[[Hub, Line], object] | None = None
    left: Callable[[Hub, Line], object] | None = None
    hear: Callable[[Hub, Line, str | bytes], Awaitable[bool]] | None = None
    """True swallows the frame."""
    talk: Callable[[Talk], Awaitable[None]] | None = None
    wire: type[Wire] | None = None


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


def table(
    section: Section,
    rows: Iterable[tuple[str, str, Seed]],
    *,
    reading: str = "natural",
    implied: bool = False,
) -> Iterator[Fault]:
    """Faults of one section; a name that starts with `~` marks an implied one."""
    for name, summary, seed in rows:
        yield Fault(
            name=name.removeprefix("~"),
            section=section,
            summary=summary,
            seed=seed,
            reading=reading,
            implied=implied or name.startswith("~"),
        )


def prefixed(prefix: str, rows: Iterable[tuple[str, str, Seed]]) -> Iterator[tuple[str, str, Seed]]:
    """The same rows under longer names; the mark of an implied one stays in front."""
    for name, summary, seed in rows:
        mark = "~" if name.startswith("~") else ""
        yield f"{mark}{prefix}{name.removeprefix('~')}", summary, seed


def wired(rows: Iterable[tuple[str, str, type[Wire]]]) -> Iterator[Fault]:
    """Faults of a wire by hand; everything else is the natural reading.

    Its messages are longer than 125 bytes, those of the exact one need not be.
    """
    for name, summary, wire in rows:
        yield Fault(
            name=f"wire.{name.removeprefix('~')}",
            section="2. Connection",
            summary=summary,
            seed=Seed(wire=wire),
            reading="exact" if name == "out.size_125" else "natural",
            implied=name.startswith("~"),
        )
