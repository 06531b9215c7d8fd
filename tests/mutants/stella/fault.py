"""What a fault is, and the places of the orchestrator where one can be seeded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from .model import Agent, Answer, Call, Line, Obj, Op, Refusal, Standing, Task, Token, Way
from .wire import SOUND, Wire

if TYPE_CHECKING:
    from .authority import Issue
    from .desk import Desk

__all__ = [
    "Beat",
    "Completion",
    "Creation",
    "Deletion",
    "Delivery",
    "Enrol",
    "Fault",
    "Listing",
    "Push",
    "Renewal",
    "Section",
    "Seed",
    "Turn",
    "Update",
    "prefixed",
    "sectioned",
    "table",
]

Section: TypeAlias = Literal[
    "Overview",
    "Register Agent",
    "List Agents",
    "Get Agent",
    "Update Agent",
    "Delete Agent",
    "Send Heartbeat",
    "Complete Task",
    "Get Pending Tasks",
    "Task Stream",
    "Error Responses",
]


@dataclass(kw_only=True, slots=True)
class Turn:
    """One request on its way: who asks, for whom, and the answer that is about to leave."""

    desk: Desk
    op: Op
    call: Call
    who: str
    """The agent's id in the path."""
    task_id: str
    nth: int
    """1 for the first call of this operation."""
    data: Any = None
    agent: Agent | None = None
    caller: Agent | None = None
    standing: Standing = "none"
    refusal: Refusal | None = None
    answer: Answer = field(default_factory=lambda: Answer(status=500))

    @property
    def memo(self) -> dict[Any, Any]:
        """What the fault remembers in this server's life."""
        return self.desk.memo


@dataclass(kw_only=True, slots=True)
class Enrol:
    """A registration after it was judged and before it is stored."""

    desk: Desk
    turn: Turn
    token: Token | None
    name: str
    holder: Agent | None
    """Who has that name."""
    nth: int
    """Which registration of this server's life, the refused included."""
    refusal: Refusal | None
    spend: bool = True
    pause: float = 0.0
    """Seconds between judging and storing."""
    agent_id: str = ""
    shown: Obj = field(default_factory=dict)


@dataclass(kw_only=True, slots=True)
class Beat:
    """A heartbeat before it is noted."""

    desk: Desk
    turn: Turn
    agent: Agent
    data: Obj
    at: float
    revives: bool = True
    pause: float = 0.0


@dataclass(kw_only=True, slots=True)
class Renewal:
    """Whether a heartbeat's answer brings a new certificate."""

    desk: Desk
    agent: Agent
    due: bool
    left: float
    """Seconds until the current one expires."""
    nth: int
    """Which renewal this would be for the agent, from 1."""


@dataclass(kw_only=True, slots=True)
class Listing:
    """The agents of a list, after the filters."""

    desk: Desk
    query: Obj
    agents: list[Agent]
    chosen: list[Agent]


@dataclass(kw_only=True, slots=True)
class Delivery:
    """The tasks about to be handed over."""

    desk: Desk
    agent: Agent
    way: Way
    tasks: list[Task]


@dataclass(kw_only=True, slots=True)
class Completion:
    """A report of a finished task before it is noted."""

    desk: Desk
    agent: Agent
    task: Task | None
    done: list[Task]
    """What counts as finished by it."""
    refusal: Refusal | None


@dataclass(kw_only=True, slots=True)
class Update:
    """An operator's change before it is stored."""

    desk: Desk
    agent: Agent
    data: Obj
    answers: Agent
    """Whose details go back."""


@dataclass(kw_only=True, slots=True)
class Deletion:
    """What a deletion takes away."""

    desk: Desk
    agent: Agent
    removed: Agent
    parts: set[str]


@dataclass(kw_only=True, slots=True)
class Creation:
    """A task that was just made."""

    desk: Desk
    agent: Agent
    task: Task
    filed: bool = True
    pushed: bool = True


@dataclass(kw_only=True, slots=True)
class Push:
    """A message to the lines of an agent."""

    desk: Desk
    agent: Agent
    kind: Literal["assigned", "backlog", "cancelled", "other"]
    message: Obj
    lines: list[Line]
    copies: int = 1
    """0 loses it."""
    text: Callable[[str], str | bytes] | None = None
    after: list[Callable[[], Awaitable[None]]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class Seed:
    """Where a fault sits; a lawful orchestrator has none of them."""

    lax: bool = False
    """TLS takes any certificate, and the gate must tell."""
    early: Callable[[Desk, Call], Awaitable[Answer | None]] | None = None
    gate: Callable[[Turn], object] | None = None
    minted: Callable[[Desk, Token], object] | None = None
    enrol: Callable[[Enrol], object] | None = None
    enrolled: Callable[[Enrol, Agent], object] | None = None
    issue: Callable[[Issue], object] | None = None
    shown: Callable[[Desk, Agent, str, Obj], object] | None = None
    listed: Callable[[Listing], object] | None = None
    status: Callable[[Desk, Agent, str], str] | None = None
    beat: Callable[[Beat], object] | None = None
    beaten: Callable[[Beat], object] | None = None
    renew: Callable[[Renewal], object] | None = None
    deliver: Callable[[Delivery], object] | None = None
    task_row: Callable[[Desk, Agent, Task, Way, Obj], object] | None = None
    complete: Callable[[Completion], object] | None = None
    update: Callable[[Update], object] | None = None
    updated: Callable[[Update], object] | None = None
    delete: Callable[[Deletion], object] | None = None
    deleted: Callable[[Deletion], object] | None = None
    created: Callable[[Creation], object] | None = None
    cancelled: Callable[[Desk, Agent, Task], object] | None = None
    """A true value leaves the task as it was."""
    assigned: Callable[[Desk, Agent, str], Agent] | None = None
    push: Callable[[Push], object] | None = None
    hear: Callable[[Desk, Line, str | bytes], Awaitable[bool]] | None = None
    """True swallows the frame."""
    joined: Callable[[Desk, Line], Awaitable[object]] | None = None
    left: Callable[[Desk, Line], Awaitable[object]] | None = None
    answer: Callable[[Turn], object] | None = None
    wire: Wire = SOUND
    """Only a socket shows it."""
    sticks: bool = False
    """What was forced on an operation stays."""
    update_pause: float = 0.0
    """Seconds between reading an agent and writing it back whole."""


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


_SECTIONS: Mapping[str, Section] = {
    "register": "Register Agent",
    "list": "List Agents",
    "get": "Get Agent",
    "update": "Update Agent",
    "delete": "Delete Agent",
    "heartbeat": "Send Heartbeat",
    "complete": "Complete Task",
    "poll": "Get Pending Tasks",
    "stream": "Task Stream",
    "push": "Task Stream",
}


def sectioned(prefix: str, rows: Iterable[tuple[str, str, Seed]]) -> Iterator[Fault]:
    """Faults whose names begin with an operation or a way, each in the section of that."""
    for row in rows:
        section = _SECTIONS.get(row[0].removeprefix("~").partition(".")[0], "Send Heartbeat")
        yield from table(section, prefixed(prefix, [row]))
