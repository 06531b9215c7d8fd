"""A scenario once it is understood: frozen, with every name resolved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from schemas.arazzo.criteria import Criterion
from schemas.spec import Channel, Operation, Protocol

__all__ = [
    "Action",
    "Body",
    "Extras",
    "Parameter",
    "Replacement",
    "Scenario",
    "Source",
    "Step",
    "Workflow",
]

StepKind = Literal["call", "send", "receive", "workflow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One source description. Of a scenario (`arazzo`) it holds that; of any other the protocol's
    document is meant, which is known already.
    """

    name: str
    kind: Literal["openapi", "asyncapi", "grpc", "arazzo"]
    url: str
    scenario: Scenario | None = None

    @property
    def fields(self) -> dict[str, Any]:
        """What expressions can see of it."""
        return {"name": self.name, "url": self.url, "type": self.kind}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """`place` is path, query, querystring, header, cookie, channel, or empty for an input of a
    workflow. `value` may hold expressions and selectors.
    """

    name: str
    place: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A value set at a place of a body; `path` is a JSON Pointer or a JSONPath."""

    path: str
    by: Literal["jsonpointer", "jsonpath"]
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What is sent: a payload with expressions, then what replaces parts of it."""

    payload: Any
    content_type: str = ""
    replacements: Sequence[Replacement] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What follows a step that succeeded or failed, if its criteria hold."""

    name: str
    kind: Literal["end", "goto", "retry"]
    step: str = ""
    workflow: str = ""
    parameters: Sequence[Parameter] = ()
    retry_after: float = 0.0
    retry_limit: int = 1
    criteria: Sequence[Criterion] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What Arazzo cannot say of a step: the `x-` fields, by their names without it."""

    requirements: Sequence[str] = ()
    client: str = ""
    never: float | None = None
    within: float | None = None
    times: tuple[int, int] = (1, 1)
    optional: bool = False
    group: str = ""
    reply: Mapping[str, Any] | None = None
    push: Sequence[Mapping[str, Any]] = ()
    before: Sequence[Mapping[str, Any]] = ()
    after: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step. `operation` is what a call asks for; `channel` is where something is sent or
    received; `workflow` (with `source` where it is another document's) what is led through.
    """

    id: str
    kind: StepKind
    line: int = 0
    summary: str = ""
    operation: Operation | None = None
    channel: Channel | None = None
    workflow: str = ""
    source: str = ""
    parameters: Sequence[Parameter] = ()
    body: Body | None = None
    criteria: Sequence[Criterion] = ()
    on_success: Sequence[Action] = ()
    on_failure: Sequence[Action] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)
    timeout: float | None = None
    depends_on: Sequence[str] = ()
    correlation: Any = None
    extras: Extras = Extras()


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """`inputs` is the JSON Schema of what it is given; `clients` how many run it at once."""

    id: str
    steps: Sequence[Step]
    summary: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    depends_on: Sequence[str] = ()
    parameters: Sequence[Parameter] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)
    requirements: Sequence[str] = ()
    clients: int = 1
    state: Sequence[Mapping[str, Any]] = ()
    faults: Sequence[Mapping[str, Any]] = ()

    def step(self, name: str) -> Step | None:
        return next((step for step in self.steps if step.id == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One document. `raw` is what stood in the file, untouched."""

    path: str
    title: str
    version: str
    protocol: Protocol
    sources: Mapping[str, Source]
    workflows: Mapping[str, Workflow]
    components: Mapping[str, Mapping[str, Any]]
    self_uri: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)
