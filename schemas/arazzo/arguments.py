"""Are parameters and inputs those that are asked for, and are their values lawful?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs

from schemas.arazzo.checker import StepChecker
from schemas.arazzo.drafts import WorkflowDraft
from schemas.arazzo.expressing import input_names
from schemas.arazzo.known import Known, known_parameters, path_parameters
from schemas.arazzo.model import Action
from schemas.arazzo.page import unknown_places
from schemas.arazzo.reuse import Placed, followed
from schemas.errors import nearest
from schemas.validation import Shape, Validators

__all__ = ["check_arguments"]


def check_arguments(workflow: WorkflowDraft, validators: Validators) -> None:
    """Complain about parameters that nobody takes, that are missing, or of which a constant value
    could not be lawful; and about defaults of inputs that their own schema refuses.
    """
    _check_defaults(workflow)
    for draft in workflow.steps:
        _Checker(workflow, draft, validators).check()
        for placed, action in (
            *zip(draft.on_success, draft.step.on_success, strict=True),
            *zip(draft.on_failure, draft.step.on_failure, strict=True),
        ):
            _check_action(workflow, placed, action)
    _check_shared(workflow)


class _Checker(StepChecker):
    def check(self) -> None:
        draft = self._draft
        if draft.step.workflow:
            self._check_handed(draft.parameters)
        if draft.meant is None:
            return
        protocol = self._workflow.chapter.book.protocol
        known = known_parameters(protocol, draft.meant)
        for each in draft.parameters:
            if not draft.said.get("x-unlawful"):
                self._check_parameter(each, known)
        self._check_path()

    def _check_parameter(self, each: Placed, known: Known) -> None:
        step, (name, place) = self._draft.step, each.name
        foreign = self._draft.meant.foreign if self._draft.meant else None
        name = foreign.renamed.get(name, name) if foreign and place == "path" else name
        if place in ("header", "cookie", "querystring") and (name, place) not in known:
            return
        if (name, place) not in known:
            elsewhere = [where for which, where in known if which == name]
            names = [which for which, where in known if where == place]
            hint = f"in: {elsewhere[0]}" if elsewhere else nearest(name, names)
            message = f"{step.name} has no parameter {name} in {place}"
            self._complain((*each.at, "name"), message, each.said["name"], hint)
        elif known[name, place] is not None:
            self._check_value(each, self._validators.at(known[name, place]))

    def _check_value(self, each: Placed, shape: Shape | None) -> None:
        """A value goes as text, and what the text says may be a number."""
        value = each.said["value"]
        if value is None and each.said.get("in") == "header":
            return  # it is left out
        if shape is None or unknown_places(value) or any(map(shape.accepts, _readings(value))):
            return
        violations = shape.explain(value)
        self._complain((*each.at, "value"), violations[0].message, value)

    def _check_path(self) -> None:
        step = self._draft.step
        given = {each.name for each in step.parameters if each.place in ("path", "channel")}
        if step.never:
            return  # as little as tells it from the rest
        if step.operation is not None and not step.operation.is_rpc:
            needed = path_parameters(step.operation.path)
        elif step.channel is not None and not self._opened_elsewhere():
            needed = path_parameters(step.channel.path)
        else:
            return
        for name in needed:
            if name not in given:
                place = "path" if step.operation else "channel"
                hint = f"parameters: [{{name: {name}, in: {place}, value: …}}]"
                self._complain(self._draft.at, f"{step.name} needs the parameter {name}", hint=hint)

    def _opened_elsewhere(self) -> bool:
        """Is its connection given its parameters by another step?"""
        step = self._draft.step
        return any(
            each is not self._draft
            and (each.step.client, each.step.connection) == (step.client, step.connection)
            and any(given.place in ("path", "channel") for given in each.step.parameters)
            for workflow in self._workflow.chapter.book.workflows.values()
            for each in workflow.steps
        )

    def _check_handed(self, parameters: list[Placed]) -> None:
        """What the workflow that a step runs is given."""
        inner = self._workflow.chapter.book.workflows[self._draft.step.workflow]
        _check_handed(self._workflow, parameters, inner)
        required = inner.inputs.get("required", ()) if isinstance(inner.inputs, dict) else ()
        given = {each.name[0] for each in parameters}
        for name in required:
            said = inner.inputs.get("properties", {}).get(name, {})
            if name not in given and not {"default", "x-fresh"} & set(said):
                hint = f"parameters: [{{name: {name}, value: …}}]"
                self._complain(self._draft.at, f"{inner.id} needs the input {name}", hint=hint)


def _check_handed(workflow: WorkflowDraft, parameters: list[Placed], inner: WorkflowDraft) -> None:
    """What another workflow is given must be among its inputs, and fit their schema."""
    known = input_names(inner)
    for each in parameters:
        name, value = each.said["name"], each.said["value"]
        if known is not None and name not in known:
            message = f"{inner.id} has no input {name}"
            workflow.page.complain((*each.at, "name"), message, name, nearest(name, known))
        elif not unknown_places(value):
            for message in _refused(inner.inputs, {name: value}):
                workflow.page.complain((*each.at, "value"), message, value)


def _check_action(workflow: WorkflowDraft, placed: Placed, action: Action) -> None:
    """What a goto, or a retry, hands to a workflow."""
    if action.workflow:
        said = placed.said.get("parameters", ())
        handed = followed(workflow.page, said, (*placed.at, "parameters"), "parameters")
        _check_handed(workflow, list(handed), workflow.chapter.book.workflows[action.workflow])


def _check_shared(workflow: WorkflowDraft) -> None:
    """What a workflow gives to all of its steps, one of them at least must take."""
    taken = {each.name for draft in workflow.steps for each in draft.parameters}
    for each in workflow.shared:
        if each.name not in taken:
            at = (*each.at, "name")
            workflow.page.complain(at, "no step has this parameter", each.said["name"])


def _check_defaults(workflow: WorkflowDraft) -> None:
    if not isinstance(workflow.inputs, dict):
        return
    for name, said in workflow.inputs.get("properties", {}).items():
        if isinstance(said, dict) and "default" in said:
            at = (*workflow.at, "inputs", "properties", name, "default")
            for message in _refused(workflow.inputs, {name: said["default"]}):
                workflow.page.complain(at, message, said["default"])


def _refused(inputs: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[str]:
    """What a schema of inputs has against some of them."""
    schema = {key: value for key, value in inputs.items() if key != "required"}
    try:
        validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True, offline=True)
    except ValueError as error:
        yield str(error)
        return
    yield from (error.message for error in validator.iter_errors(dict(values)))


def _readings(value: Any) -> Iterator[Any]:
    """What a value can be on its way, where all is text."""
    yield value
    if isinstance(value, str):
        try:
            yield json.loads(value)
        except ValueError:
            return
    elif isinstance(value, bool | int | float):
        yield json.dumps(value)
