"""Scenarios built by hand, without files, and a flow that is told what came in a few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from mockserver.scenario.acts import (
    Act,
    Began,
    Do,
    Event,
    Failed,
    Finished,
    Passed,
    Pause,
    Perform,
    Seen,
    Sight,
    Spoilt,
    Undo,
    Word,
)
from mockserver.scenario.flow import Flow
from mockserver.scenario.scales import Direction
from schemas import load
from schemas.arazzo.criteria import Criterion, read_criterion, read_value
from schemas.arazzo.expressions import NOTHING, Said
from schemas.arazzo.model import Action, Body, Deed, Parameter, Scenario, Step, Workflow
from schemas.spec import Protocol, Role

ROLES: Mapping[str, Role] = {
    "C-1": "coordinator",
    "C-2": "coordinator",
    "A-1": "agent",
    "A-2": "agent",
}
OK = "$statusCode == 200"


@cache
def known(protocol: str) -> Protocol:
    """Read once: it is asked for by every step."""
    return load(protocol)


def criterion(condition: str, *rows: str, **fields: Any) -> Criterion:
    return read_criterion({"condition": condition, "x-requirements": rows, **fields})


def step(name: str, *criteria: str | Criterion, does: str = "getAgent", **fields: Any) -> Step:
    """A request of AITBC, or what `workflow` or `action` say. Values are as a document has them."""
    if "workflow" not in fields and "action" not in fields:
        fields["operation"] = known("aitbc").operations[does]
    for key in ("outputs", "push", "correlation"):
        if key in fields:
            fields[key] = read_value(fields[key])
    if "payload" in fields:
        fields["body"] = Body(payload=read_value(fields.pop("payload")))
    if isinstance(fields.get("parameters"), dict):
        fields["parameters"] = [
            Parameter(name=key, value=read_value(value))
            for key, value in fields["parameters"].items()
        ]
    read = [each if isinstance(each, Criterion) else criterion(each) for each in criteria]
    return Step(id=name, criteria=read, **fields)


def receive(name: str, *criteria: str | Criterion, **fields: Any) -> Step:
    return step(name, *criteria, action="receive", **fields)


def action(kind: Any, *criteria: str, name: str = "", **fields: Any) -> Action:
    read = [criterion(each) for each in criteria]
    return Action(name=name or kind, kind=kind, criteria=read, **fields)


def deed(kind: Any, value: Any, **fields: Any) -> Deed:
    return Deed(kind=kind, value=value, **fields)


def workflow(*steps: Step, id: str = "main", key: str = "", **fields: Any) -> Workflow:  # noqa: A002  # as it is called
    fields["outputs"] = read_value(fields.get("outputs", {}))
    if isinstance(fields.get("inputs"), Sequence):
        fields["inputs"] = {"properties": {name: {} for name in fields["inputs"]}}
    return Workflow(key=key or id, id=id, steps=steps, **fields)


def scenario(*workflows: Workflow, protocol: Protocol | None = None, **fields: Any) -> Scenario:
    return Scenario(
        path=Path("built.arazzo.yaml"),
        protocol=protocol or known("aitbc"),
        title="Built by hand",
        summary="",
        description="",
        version="1",
        sources=fields.pop("sources", {}),
        workflows={each.key: each for each in workflows},
        own=[each.key for each in workflows if not each.prefix],
        **fields,
    )


def sight(status: Any = 200, body: Any = NOTHING, **fields: Any) -> Sight:
    return Sight(status=status, response=Said(body=body), **fields)


def heard(body: Any = NOTHING) -> Sight:
    return Sight(status=101, message=Said(body=body))


class Played:
    """A flow, and what it wanted done so far: each answer is a list of short words."""

    def __init__(
        self,
        *workflows: Workflow,
        backward: bool = False,
        inputs: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        direction: Direction = "backward" if backward else "forward"
        self.scenario = scenario(*workflows)
        self.flow = Flow(
            self.scenario,
            workflows[0].key,
            direction=direction,
            inputs=inputs or {},
            roles=ROLES,
            **fields,
        )
        self.numbers: dict[str, int] = {}
        self.words: list[Word] = []

    def begin(self) -> list[str]:
        return self(Began())

    def saw(self, name: str, status: Any = 200, body: Any = NOTHING, **fields: Any) -> list[str]:
        took = fields.pop("took", 0.0)
        return self(Seen(self.numbers[name], sight(status, body, **fields), took))

    def heard(self, name: str, body: Any = NOTHING, took: float = 0.0) -> list[str]:
        return self(Seen(self.numbers[name], heard(body), took))

    def failed(self, name: str, why: str = "gone", *, unjudged: bool = False) -> list[str]:
        return self(Failed(self.numbers[name], why, unjudged))

    def passed(self, name: str) -> list[str]:
        return self(Passed(self.numbers[name]))

    def spoilt(self, name: str, why: str = "no hook") -> list[str]:
        return self(Spoilt(self.numbers[name], why))

    def __call__(self, event: Event) -> list[str]:
        return [self._told(act) for act in self.flow.step(event)]

    @property
    def awaited(self) -> list[str]:
        return [each.id for _, each in self.flow.awaited]

    @property
    def finished(self) -> Finished:
        assert self.flow.finished is not None
        return self.flow.finished

    def verdicts(self) -> dict[str, bool | None]:
        """What was said last of each row."""
        return {row: word.holds for word in self.words for row in word.requirements}

    def _told(self, act: Act) -> str:
        match act:
            case Perform():
                self.numbers[act.step.id] = act.flight
                return (
                    f"{act.step.id}{' again' if act.again else ''}{' spare' if act.spare else ''}"
                )
            case Undo():
                return f"undo {act.step.id}"
            case Pause():
                return f"pause {act.seconds:g}"
            case Do():
                self.numbers["deeds"] = act.flight
                return f"do {' '.join(each.kind for each in act.deeds)}"
            case Word():
                self.words.append(act)
                return f"{' '.join(act.requirements)}={act.holds}"
            case Finished():
                return f"finished {act.kept}"
