"""A scenario once it is read: frozen, its references followed, its expressions understood."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from schemas.arazzo.criteria import Criterion
from schemas.spec import Channel, Operation, Protocol

__all__ = [
    "Action",
    "ActionKind",
    "Body",
    "Deed",
    "DeedKind",
    "Parameter",
    "Place",
    "Replacement",
    "Reply",
    "Scenario",
    "Source",
    "SourceKind",
    "Step",
    "Times",
    "Workflow",
]

SourceKind: TypeAlias = Literal["openapi", "asyncapi", "arazzo", "grpc"]
Place: TypeAlias = Literal["path", "query", "querystring", "header", "cookie", "channel", ""]
ActionKind: TypeAlias = Literal["end", "goto", "retry"]
DeedKind: TypeAlias = Literal["advance", "wait", "restart", "hook", "command", "close", "fault"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source description. `fields` are all that it says, for `$sourceDescriptions.NAME.url`."""

    name: str
    url: str
    kind: SourceKind
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of a step; `place` is empty where it is an input of a workflow.

    `value` is as `criteria.read_value` gives it, and so is every other value here.
    """

    name: str
    value: Any
    place: Place = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A value to be set in a payload. `put` returns the payload with it; the one given stays as it
    is. It raises `ExpressionError` where the target is not there.
    """

    target: str
    value: Any
    put: Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a step sends, before its expressions are worked out. `payload` is `NOTHING` where none
    is given.
    """

    payload: Any
    content_type: str = ""
    replacements: Sequence[Replacement] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What follows a step that succeeded or failed, where all `criteria` hold.

    `step` or `workflow` (its key) is where a goto leads, or what a retry does first. `after` is in
    seconds; a retry is made `limit` times at most.
    """

    name: str
    kind: ActionKind
    step: str = ""
    workflow: str = ""
    parameters: Sequence[Parameter] = ()
    criteria: Sequence[Criterion] = ()
    after: float = 0.0
    limit: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something done beside the steps: see docs/scenarios.md.

    `value` is its number, name or fault; `said` goes with a hook or a command, `connection` with a
    close;
    `output` is the name under which what it hands over is kept.
    """

    kind: DeedKind
    value: Any
    said: Mapping[str, Any] = field(default_factory=dict)
    connection: str = ""
    output: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the coordinator answers in a script; `text` where the body is no JSON."""

    status: int = 200
    headers: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    text: Any = None


@dataclass(frozen=True, slots=True)
class Times:
    """How often a step is done. More often than `most` is a fault; `None` says nothing of it."""

    least: int = 1
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: a request (`operation`), a message (`channel` and `action`), or a workflow (its
    key). Workflow-wide parameters and actions are already among its own.

    `message` is the id of the one that is meant, or empty for any. Times are in seconds. `line` is
    where it stands in its file. `has_push` tells a push of `null` from none. `depends_on` holds ids
    of its own workflow, and `KEY.steps.ID` for a step of another. `closes` is 0 where a connection
    may end in any way. `unlawful` tells that the client breaks the protocol in it on purpose.
    """

    id: str
    line: int = 0
    description: str = ""
    operation: Operation | None = None
    channel: Channel | None = None
    action: Literal["send", "receive", ""] = ""
    message: str = ""
    workflow: str = ""
    parameters: Sequence[Parameter] = ()
    body: Body | None = None
    criteria: Sequence[Criterion] = ()
    on_success: Sequence[Action] = ()
    on_failure: Sequence[Action] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)
    timeout: float | None = None
    correlation: Any = None
    depends_on: Sequence[str] = ()
    # What Arazzo lacks
    requirements: Sequence[str] = ()
    unlawful: bool = False
    client: str = "client"
    connection: str = ""
    identity: Mapping[str, Any] = field(default_factory=dict)
    opens: bool = False
    closes: int | None = None
    within: float | None = None
    times: Times = Times()
    optional: bool = False
    unordered: str = ""
    never: bool = False
    reply: Reply | None = None
    push: Any = None
    has_push: bool = False
    faults: Sequence[Mapping[str, Any]] = ()
    before: Sequence[Deed] = ()
    after: Sequence[Deed] = ()

    @property
    def name(self) -> str:
        """What it does, in a word."""
        if self.operation is not None:
            return self.operation.id
        if self.channel is not None:
            return self.message or self.channel.id
        return self.workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """Steps in the order in which they are done: that of the document, but for what they depend on.

    `key` is its id, with the source's name and a dot before it where it stands in another document;
    `depends_on` and all references hold keys. Only expressions stay as they were written: those of
    another document see its workflows and sources without the `prefix`.
    """

    key: str
    id: str
    steps: Sequence[Step]
    line: int = 0
    summary: str = ""
    description: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    depends_on: Sequence[str] = ()
    # What Arazzo lacks
    requirements: Sequence[str] = ()
    agent: str = "client"
    clients: int = 1
    exclusive: str = ""
    scripted: bool = False
    state: Sequence[Deed] = ()

    @property
    def prefix(self) -> str:
        """What its document's names have before them: empty in the scenario's own."""
        return self.key.removesuffix(self.id)

    def step(self, name: str) -> Step:
        """The step of that id. Raises `KeyError`."""
        return next((step for step in self.steps if step.id == name), None) or _missing(name)

    def position(self, name: str) -> int:
        """Where that step stands, from 0. Raises `KeyError`."""
        return list(self.steps).index(self.step(name))


def _missing(name: str) -> Any:
    raise KeyError(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """An Arazzo document, and those that it refers to, in one.

    `workflows` are by key; the document's own come first, in its order, and are the ones in `own`.
    `sources` are by name, those of other documents with their prefix.
    `components` and `said` are the document as it was read: it is written back unchanged.
    """

    path: Path
    protocol: Protocol
    title: str
    summary: str
    description: str
    version: str
    sources: Mapping[str, Source]
    workflows: Mapping[str, Workflow]
    own: Sequence[str]
    components: Mapping[str, Any] = field(default_factory=dict)
    said: Mapping[str, Any] = field(default_factory=dict)
    self_uri: str = ""

    @property
    def name(self) -> str:
        """Its file's name without the endings."""
        return self.path.name.partition(".")[0]

    @property
    def requirements(self) -> tuple[str, ...]:
        """All rows that it names, in order, each once."""
        found: dict[str, None] = {}
        for workflow in self.workflows.values():
            found |= dict.fromkeys(workflow.requirements)
            for step in workflow.steps:
                found |= dict.fromkeys(step.requirements)
                for criterion in step.criteria:
                    found |= dict.fromkeys(criterion.requirements)
        return tuple(found)
