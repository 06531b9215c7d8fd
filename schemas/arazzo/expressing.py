"""Does each expression lead to something that can be there?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from schemas.arazzo.criteria import Criterion
from schemas.arazzo.drafts import StepDraft, WorkflowDraft
from schemas.arazzo.expressions import Expression
from schemas.arazzo.known import path_parameters
from schemas.arazzo.order import reach
from schemas.arazzo.page import Spot, spoken
from schemas.arazzo.reuse import Placed
from schemas.errors import nearest

__all__ = ["check_expressions", "input_names"]

_Found: TypeAlias = Iterator[tuple[Spot, Expression]]

_EXCHANGE = ("url", "method", "statusCode", "request", "response", "message")

_ASKED = ("parameters", "requestBody", "correlationId", "x-identity", "x-push", "x-before")
"""What is worked out before anything is said."""


def check_expressions(workflow: WorkflowDraft) -> None:
    """Complain about each expression of a workflow that leads nowhere."""
    for draft in workflow.steps:
        _StepReader(workflow, draft).check()
    reader = _Reader(workflow, {draft.id for draft in workflow.steps})
    for at, expression in (
        *spoken(workflow.said.get("outputs", {}), (*workflow.at, "outputs")),
        *spoken(workflow.said.get("x-state", []), (*workflow.at, "x-state")),
    ):
        reader.check_name(at, expression)
        if expression.root in (*_EXCHANGE, "outputs"):
            hint = "$steps.STEP.outputs.NAME"
            reader.complain(at, expression, "a workflow sees no single exchange", hint)


class _Reader:
    """Looks up names for one workflow, or one of its steps. `done` are the steps before it."""

    def __init__(self, workflow: WorkflowDraft, done: set[str]) -> None:
        self._workflow = workflow
        self._done = done

    def complain(self, at: Spot, expression: Expression, message: str, hint: str = "") -> None:
        self._workflow.page.complain(at, message, str(expression), hint)

    def check_name(self, at: Spot, expression: Expression) -> None:
        names = expression.names
        match expression.root:
            case "inputs":
                self._check_known(at, expression, names[0], input_names(self._workflow), "input")
            case "steps":
                self._check_step(at, expression)
            case "workflows":
                self._check_workflow(at, expression)
            case "sourceDescriptions":
                self._check_source(at, expression)
            case "components":
                known = self._workflow.page.said.get("components", {}).get(names[0], {})
                self._check_known(at, expression, names[1], known, f"component among {names[0]}")

    def _check_known(
        self, at: Spot, expression: Expression, name: str, known: Iterable[str] | None, what: str
    ) -> None:
        """Whether a name is known; `None` where any may be."""
        if known is None or name in known:
            return
        head, dot, rest = name.partition(".")
        hint = nearest(name, known)
        if dot and head in known:
            hint = f"a part of {head} is {head}#/{rest.replace('.', '/')}"
        self.complain(at, expression, f"there is no {what} {name}", hint)

    def _check_step(self, at: Spot, expression: Expression) -> None:
        name, output = expression.names
        by_id = self._workflow.by_id
        if name not in by_id:
            self._check_known(at, expression, name, by_id, f"step of {self._workflow.id}, no")
        elif name not in self._done:
            self._check_later(at, expression, by_id[name])
        elif by_id[name].step.never:
            self.complain(at, expression, f"{name} must not happen, and has no outputs")
        else:
            known = _outputs(self._workflow, by_id[name])
            self._check_known(at, expression, output, known, f"output of {name} called")

    def _check_later(self, at: Spot, expression: Expression, step: StepDraft) -> None:
        message = f"{step.id} comes later"
        self.complain(at, expression, message, f"dependsOn: [{step.id}] has it done before")

    def _check_workflow(self, at: Spot, expression: Expression) -> None:
        name, side, field = expression.names
        page, book = self._workflow.page, self._workflow.chapter.book
        other = book.workflows.get(page.prefix + name)
        if other is None:
            known = [each["workflowId"] for each in page.said["workflows"]]
            self._check_known(at, expression, name, known, "workflow")
        elif side == "inputs":
            self._check_known(at, expression, field, input_names(other), f"input of {name} called")
        else:
            known = other.said.get("outputs", {})
            self._check_known(at, expression, field, known, f"output of {name} called")

    def _check_source(self, at: Spot, expression: Expression) -> None:
        name, what = expression.names
        sources = self._workflow.chapter.sources
        self._check_known(at, expression, name, sources.all, "source")
        if name in sources.all and not sources.has(name, what):
            known = sources.all[name].fields
            self._check_known(at, expression, what, known, f"field of {name} called")


class _StepReader(_Reader):
    def __init__(self, workflow: WorkflowDraft, draft: StepDraft) -> None:
        super().__init__(workflow, reach(workflow, draft))
        self._draft = draft
        group = draft.step.unordered
        self._beside = {
            each.id for each in workflow.steps if group and each.step.unordered == group
        }

    def check(self) -> None:
        for at, expression in self._asked():
            self._check_own(at, expression, done=False)
            if expression.root in _EXCHANGE:
                self.complain(at, expression, "nothing has been said yet that it could see")
        for at, expression in self._answered():
            self._check_own(at, expression, done=False)
            self._check_reply(at, expression)
        for at, expression in self._judged():
            self._check_own(at, expression, done=False)
            self._check_exchange(at, expression)
        for at, expression in self._after():
            self._check_own(at, expression, done=True)
            if at[: len(self._draft.at)] == self._draft.at:  # what all steps share fits not each
                self._check_exchange(at, expression)

    def _asked(self) -> _Found:
        draft = self._draft
        for key in _ASKED[1:]:
            yield from spoken(draft.said.get(key), (*draft.at, key))
        for each in draft.parameters:
            yield from spoken(each.said["value"], (*each.at, "value"))

    def _answered(self) -> _Found:
        draft = self._draft
        yield from spoken(draft.said.get("x-reply"), (*draft.at, "x-reply"))

    def _judged(self) -> _Found:
        draft = self._draft
        at = (*draft.at, "successCriteria")
        yield from _of_criteria(draft.said.get("successCriteria", ()), draft.step.criteria, at)
        yield from spoken(draft.said.get("outputs"), (*draft.at, "outputs"))

    def _after(self) -> _Found:
        draft = self._draft
        yield from spoken(draft.said.get("x-after"), (*draft.at, "x-after"))
        step = draft.step
        for placed, actions in (
            (draft.on_success, step.on_success),
            (draft.on_failure, step.on_failure),
        ):
            for each, action in zip(placed, actions, strict=True):
                yield from _of_criteria(
                    each.said.get("criteria", ()), action.criteria, (*each.at, "criteria")
                )
                yield from _of_parameters(each)

    def _check_own(self, at: Spot, expression: Expression, *, done: bool) -> None:
        """Names; those of the step itself are there once it is done, or its x-before is."""
        name = expression.names[0] if expression.root == "steps" else ""
        draft = self._draft
        if expression.root == "outputs":
            self._check_outputs(at, expression)
        elif name == draft.id and name not in self._done:
            early = {deed.output for deed in draft.step.before}
            known = _outputs(self._workflow, draft)
            if known is not None and expression.names[1] not in known:
                self._check_known(
                    at, expression, expression.names[1], known, f"output of {name} called"
                )
            elif not done and expression.names[1] not in early:
                self.complain(at, expression, "the step has no outputs before it is done")
        elif name in self._beside:
            self.complain(at, expression, f"{name} is done at the same time, in any order")
        else:
            self.check_name(at, expression)

    def _check_outputs(self, at: Spot, expression: Expression) -> None:
        """`$outputs` are those of the workflow that a step runs."""
        if self._draft.kind != "workflow":
            self.complain(at, expression, "a step that runs no workflow has no $outputs")
            return
        inner = self._workflow.chapter.book.workflows.get(self._draft.step.workflow)
        if inner is not None:
            known, name = inner.said.get("outputs", {}), expression.names[0]
            self._check_known(at, expression, name, known, f"output of {inner.id} called")

    def _check_reply(self, at: Spot, expression: Expression) -> None:
        if expression.root in ("response", "message", "statusCode"):
            self.complain(at, expression, "a reply sees the $request alone")
        else:
            self._check_path(at, expression)

    def _check_exchange(self, at: Spot, expression: Expression) -> None:
        step, root = self._draft.step, expression.root
        if root not in _EXCHANGE:
            return
        if self._draft.meant is None:
            if "workflowId" in self._draft.said:
                hint = "$outputs.NAME is what the workflow hands over"
                self.complain(at, expression, "a step that runs a workflow sees no exchange", hint)
        elif step.channel is None and root == "message":
            self.complain(at, expression, "a request has no message", "$response.body")
        elif step.channel is not None and root == "response" and not step.opens:
            self.complain(at, expression, "a message has no response", "$message.payload")
        else:
            self._check_path(at, expression)

    def _check_path(self, at: Spot, expression: Expression) -> None:
        step = self._draft.step
        if expression.root == "request" and expression.names[0] == "path":
            path = step.operation.path if step.operation else ""
            path = step.channel.path if step.channel else path
            known = path_parameters(path)
            self._check_known(at, expression, expression.names[1], known, "path parameter")


def input_names(workflow: WorkflowDraft) -> list[str] | None:
    """The inputs that a workflow has, and what the deeds of its `x-state` hand over; `None` where
    it says that there may be any.
    """
    inputs = workflow.inputs
    if not isinstance(inputs, dict) or _open(inputs):
        return None
    made = (deed["as"] for deed in workflow.said.get("x-state", ()) if "as" in deed)
    names = [*_properties(inputs), *made]
    return [*names, "client"] if "x-clients" in workflow.said else names


def _open(schema: Mapping[str, Any]) -> bool:
    return bool(schema.get("additionalProperties")) or bool(
        {"patternProperties", "$ref"} & schema.keys()
    )


def _properties(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from schema.get("properties", ())
        for keyword in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(keyword, ()):
                yield from _properties(part)


def _outputs(workflow: WorkflowDraft, draft: StepDraft) -> list[str] | None:
    """A step's, and those of the workflow that it runs; `None` where that is not known."""
    if "workflowId" in draft.said and not draft.step.workflow:
        return None
    inner = workflow.chapter.book.workflows.get(draft.step.workflow)
    return [*sorted(draft.outputs), *(inner.said.get("outputs", {}) if inner else ())]


def _of_criteria(
    said: Iterable[Mapping[str, Any]], understood: Iterable[Criterion], at: Spot
) -> _Found:
    """Of those that were understood, by their texts: what was not has been told of."""
    by_text = {each.text: each for each in understood}
    for index, each in enumerate(said):
        criterion = by_text.get(each["condition"])
        for expression in criterion.references if criterion else ():
            yield (*at, str(index), "condition"), expression


def _of_parameters(placed: Placed) -> _Found:
    for index, each in enumerate(placed.said.get("parameters", ())):
        yield from spoken(each.get("value"), (*placed.at, "parameters", str(index), "value"))
