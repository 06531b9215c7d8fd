"""What a flow keeps: the workflows and the steps that are under way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mockserver.scenario.acts import Sight
from mockserver.scenario.inputs import chosen
from mockserver.scenario.scales import Weight
from schemas.arazzo.criteria import worth
from schemas.arazzo.expressions import NOTHING, ExpressionError, Scope
from schemas.arazzo.model import Action, Parameter, Scenario, Step, Workflow

__all__ = ["Flight", "Frame", "called", "depended", "scope_of", "worked_out"]


@dataclass(slots=True, kw_only=True, eq=False)
class Flight:
    """A step under way.

    `near` is why what looked like it was not it, and `owed` are the rows that this would break,
    where it was it and done wrong.
    `paused` is the retry that is still to come. `spare` is a step that is done, and of which only
    too many could come. `then` is the one that is tried again once this one is done. `after` is
    what was seen of the step that led to it.
    """

    number: int
    step: Step
    frame: Frame
    count: int = 0
    near: str = ""
    owed: Sequence[str] = ()
    paused: Action | None = None
    spare: bool = False
    then: Flight | None = None
    after: Sight | None = None

    @property
    def spared(self) -> bool:
        """May it be left out, or what called it?"""
        caller = self.frame.caller
        return self.step.optional or (caller is not None and caller.spared)

    @property
    def what(self) -> str:
        """What its step speaks of, in a word or two."""
        step = self.step
        return "a message" if step.channel is not None and not step.message else step.name

    def missed(self, why: str, misses: Sequence[Weight]) -> None:
        """Something came near it. Where those criteria alone missed that judge rows, it was the
        one: nothing else that comes near says more.
        """
        owed = [row for weight in misses for row in weight.rows]
        if owed and all(weight.rows for weight in misses):
            self.near, self.owed = why, owed
        elif not self.owed:
            self.near = why


@dataclass(slots=True, kw_only=True, eq=False)
class Frame:
    """A workflow under way.

    `caller` is the step of another one that called it; `links` are inputs that are open yet, with
    the caller's for which they stand. `broken` is what the client did wrong though the play went
    on.
    """

    workflow: Workflow
    steps: Sequence[Step]
    waited: frozenset[str]
    inputs: dict[str, Any]
    links: Mapping[str, str] = field(default_factory=dict)
    caller: Flight | None = None
    at: int = 0
    done: dict[str, dict[str, Any]] = field(default_factory=dict)
    tries: dict[tuple[str, str], int] = field(default_factory=dict)
    broken: str = ""
    over: bool = False

    def breaks(self, step: Step, what: str) -> None:
        self.broken = self.broken or f"{step.id}: {what}"

    def place(self, step: str) -> int:
        return next(at for at, each in enumerate(self.steps) if each.id == step)

    def bind(self, bound: Mapping[str, Any]) -> None:
        """Take the values of inputs that the client chose, here and where they came from."""
        self.inputs.update(bound)
        above = {self.links[name]: value for name, value in bound.items() if name in self.links}
        if above and self.caller is not None:
            self.caller.frame.bind(above)

    def choose(self, name: str, fresh: Callable[[str], str]) -> None:
        """Give an input that nobody has given the value that its workflow has for it, or the one
        that it stands for.
        """
        value = NOTHING if name in self.inputs else chosen(self.workflow, name, fresh)
        if value is not NOTHING:
            self.bind({name: value})
        elif name not in self.inputs and name in self.links and self.caller is not None:
            above, theirs = self.caller.frame, self.links[name]
            above.choose(theirs, fresh)
            if theirs in above.inputs:
                self.inputs[name] = above.inputs[theirs]


def called(follow: Action) -> Step:
    """A goto or a retry that leads to a workflow, as the step that calls it. No step of a document
    has an id with a blank in it.
    """
    name = f"{follow.kind} {follow.workflow}"
    return Step(id=name, workflow=follow.workflow, parameters=follow.parameters)


def depended(key: str, inputs: Sequence[str]) -> Step:
    """A workflow that must be done before, as the step that calls it and hands it `inputs`."""
    handed = [Parameter(name=name, value=f"$inputs.{name}") for name in inputs]
    return Step(id=f"workflow {key}", workflow=key, parameters=handed)


def scope_of(
    scenario: Scenario,
    workflows: Mapping[str, Mapping[str, Mapping[str, Any]]],
    frame: Frame,
    sight: Sight,
    outputs: Mapping[str, Any],
) -> Scope:
    """All that expressions can see at a step, with what was seen of it."""
    prefix = frame.workflow.prefix
    return Scope(
        url=sight.url,
        method=sight.method,
        status=sight.status,
        request=sight.request,
        response=sight.response,
        message=sight.message,
        inputs={**frame.inputs, **sight.bound},
        outputs=outputs,
        steps=frame.done,
        workflows=_within(prefix, workflows),
        sources={name: source.fields for name, source in _within(prefix, scenario.sources).items()},
        components=scenario.components,
        self_uri=scenario.self_uri or NOTHING,
    )


def _within(prefix: str, named: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a document sees: its own names, without the prefix that they have outside of it."""
    if not prefix:
        return named
    return {
        name.removeprefix(prefix): each for name, each in named.items() if name.startswith(prefix)
    }


def worked_out(values: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    """Outputs by name. One that leads nowhere is left out: whoever wants it is told."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        try:
            found[name] = worth(value, scope)
        except ExpressionError:
            continue
    return found
