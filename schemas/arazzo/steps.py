"""A Step Object to a `Step`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from schemas.arazzo.drafts import StepDraft, WorkflowDraft
from schemas.arazzo.expressions import NOTHING, ExpressionError
from schemas.arazzo.extras import extras
from schemas.arazzo.known import known_parameters
from schemas.arazzo.model import Action, Body, Parameter, Replacement, Step
from schemas.arazzo.names import dependency, step_id, workflow_key
from schemas.arazzo.page import Spot
from schemas.arazzo.replacements import read_replacement
from schemas.arazzo.reuse import Placed, criteria, followed, parameter, placed
from schemas.arazzo.sources import Meant

__all__ = ["read_step"]


def read_step(workflow: WorkflowDraft, said: Mapping[str, Any], at: Spot) -> StepDraft:
    """A step, with what its workflow gives to all. What is wrong is complained about."""
    meant = _meant(workflow, said, at)
    said = _renamed(said, meant)
    key = _workflow(workflow, said, at)
    parameters = _parameters(workflow, said, at, meant)
    on_success = _actions(workflow, said, at, "onSuccess", "successActions")
    on_failure = _actions(workflow, said, at, "onFailure", "failureActions")
    page = workflow.page
    channel = meant.channel if meant else None
    more = extras(page, said, at)
    more["unlawful"] |= said.get("requestBody", {}).get("x-unlawful", False)
    step = Step(
        id=said["stepId"],
        line=page.lines.line(at),
        description=said.get("description", ""),
        operation=meant.operation if meant else None,
        channel=channel,
        action=said.get("action", ""),
        message=_message(said, meant),
        workflow=key,
        parameters=[_parameter(workflow, each, meant) for each in parameters],
        body=_body(workflow, said["requestBody"], (*at, "requestBody"))
        if "requestBody" in said
        else None,
        criteria=criteria(page, said.get("successCriteria", ()), (*at, "successCriteria")),
        on_success=[_action(workflow, each) for each in on_success],
        on_failure=[_action(workflow, each) for each in on_failure],
        outputs=_outputs(workflow, said, at),
        timeout=said["timeout"] / 1000 if "timeout" in said else None,
        correlation=page.value(said.get("correlationId"), (*at, "correlationId")),
        depends_on=_depends_on(workflow, said, at),
        connection=said.get("x-connection", channel.id if channel else ""),
        **more,
    )
    return StepDraft(
        said=said,
        at=at,
        step=step,
        meant=meant,
        parameters=parameters,
        on_success=on_success,
        on_failure=on_failure,
    )


def _meant(workflow: WorkflowDraft, said: Mapping[str, Any], at: Spot) -> Meant | None:
    sources = workflow.chapter.sources
    if "operationId" in said:
        meant = sources.operation(said["operationId"], (*at, "operationId"))
    elif "operationPath" in said:
        meant = sources.pointed(said["operationPath"], (*at, "operationPath"), "operation")
    elif "channelPath" in said:
        meant = sources.pointed(said["channelPath"], (*at, "channelPath"), "channel")
    else:
        return None
    foreign = meant.foreign if meant else None
    if foreign is not None and foreign.operation is None:
        told = f"{foreign.method} {foreign.path}"
        protocol = workflow.chapter.book.protocol
        message = f"is {told}, which {protocol.id} does not have"
        key = "operationId" if "operationId" in said else "operationPath"
        workflow.page.complain((*at, key), message, said[key])
    return meant


def _renamed(said: Mapping[str, Any], meant: Meant | None) -> Mapping[str, Any]:
    """Its expressions with our names of path parameters, where a vendor's are others."""
    renamed = meant.foreign.renamed if meant and meant.foreign else {}
    changed = {old: new for old, new in renamed.items() if old != new}
    if not changed:
        return said
    names = "|".join(re.escape(name) for name in changed)
    pattern = re.compile(rf"(?<=\$request\.path\.)({names})(?![\w-])")
    found: Mapping[str, Any] = _rewritten(said, pattern, changed)
    return found


def _rewritten(said: Any, pattern: re.Pattern[str], names: Mapping[str, str]) -> Any:
    if isinstance(said, dict):
        return {key: _rewritten(item, pattern, names) for key, item in said.items()}
    if isinstance(said, list):
        return [_rewritten(item, pattern, names) for item in said]
    return pattern.sub(lambda found: names[found[1]], said) if isinstance(said, str) else said


def _workflow(workflow: WorkflowDraft, said: Mapping[str, Any], at: Spot) -> str:
    if "workflowId" not in said:
        return ""
    return workflow_key(workflow.chapter, said["workflowId"], (*at, "workflowId"))


def _parameters(
    workflow: WorkflowDraft, said: Mapping[str, Any], at: Spot, meant: Meant | None
) -> list[Placed]:
    page = workflow.page
    own = [*followed(page, said.get("parameters", ()), (*at, "parameters"), "parameters")]
    shared = [each for each in workflow.shared if _fits(workflow, each, meant)]
    return placed(page, own, shared, "parameter")


def _fits(workflow: WorkflowDraft, each: Placed, meant: Meant | None) -> bool:
    """Is a parameter that all steps are given one of this step's?"""
    name, place = each.name
    if meant is None or not place:
        return meant is None and not place
    if place in ("header", "cookie"):
        return True
    known = known_parameters(workflow.chapter.book.protocol, meant)
    theirs = meant.foreign.renamed.get(name, name) if meant.foreign else name
    return (theirs, place) in known


def _parameter(workflow: WorkflowDraft, each: Placed, meant: Meant | None) -> Parameter:
    read = parameter(workflow.page, each)
    if meant is None or meant.foreign is None or read.place != "path":
        return read
    name = meant.foreign.renamed.get(read.name, read.name)
    return Parameter(name=name, value=read.value, place=read.place)


def _message(said: Mapping[str, Any], meant: Meant | None) -> str:
    """As `x-message` says it, or the only one there is, or, of what is sent, as its payload says."""
    if "x-message" in said:
        return str(said["x-message"])
    if meant is None or meant.channel is None or {"x-open", "x-close"} & said.keys():
        return ""
    sender = "agent" if said.get("action") == "send" else "coordinator"
    payload = said.get("requestBody", {}).get("payload")
    if sender == "agent" and payload is not None:
        message = meant.channel.message("agent", payload)
        return message.id if message and message.id in meant.messages else ""
    known = [each for each in meant.messages if meant.channel.messages[each].sender == sender]
    return known[0] if len(known) == 1 else ""


def _body(workflow: WorkflowDraft, said: Mapping[str, Any], at: Spot) -> Body:
    payload = NOTHING
    if "payload" in said:
        payload = workflow.page.value(said["payload"], (*at, "payload"))
    return Body(
        payload=payload,
        content_type=said.get("contentType", ""),
        replacements=_replacements(workflow, said.get("replacements", ()), (*at, "replacements")),
    )


def _replacements(
    workflow: WorkflowDraft, said: Sequence[Mapping[str, Any]], at: Spot
) -> list[Replacement]:
    found = []
    for index, each in enumerate(said):
        here = (*at, str(index))
        if workflow.page.value(each["value"], (*here, "value")) is NOTHING:
            continue
        try:
            found.append(read_replacement(each))
        except ExpressionError as error:
            workflow.page.complain_of(error, each["target"], (*here, "target"))
    return found


def _actions(
    workflow: WorkflowDraft, said: Mapping[str, Any], at: Spot, key: str, kind: str
) -> list[Placed]:
    page = workflow.page
    own = [*followed(page, said.get(key, ()), (*at, key), kind)]
    shared = [*followed(page, workflow.said.get(kind, ()), (*workflow.at, kind), kind)]
    return placed(page, own, shared, "action")


def _action(workflow: WorkflowDraft, each: Placed) -> Action:
    page, said = workflow.page, each.said
    step = step_id(workflow, said["stepId"], (*each.at, "stepId")) if "stepId" in said else ""
    parameters = followed(page, said.get("parameters", ()), (*each.at, "parameters"), "parameters")
    return Action(
        name=said["name"],
        kind=said["type"],
        step=step,
        workflow=_workflow(workflow, said, each.at),
        parameters=[parameter(page, one) for one in parameters],
        criteria=criteria(page, said.get("criteria", ()), (*each.at, "criteria")),
        after=said.get("retryAfter", 0.0),
        limit=said.get("retryLimit", 1),
    )


def _outputs(workflow: WorkflowDraft, said: Mapping[str, Any], at: Spot) -> dict[str, Any]:
    return {
        name: workflow.page.value(value, (*at, "outputs", name))
        for name, value in said.get("outputs", {}).items()
    }


def _depends_on(workflow: WorkflowDraft, said: Mapping[str, Any], at: Spot) -> tuple[str, ...]:
    found = (
        dependency(workflow, text, (*at, "dependsOn", str(index)))
        for index, text in enumerate(said.get("dependsOn", ()))
    )
    return tuple(each for each in found if each)
