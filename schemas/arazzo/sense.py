"""Do a step's fields go together?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schemas.arazzo.drafts import StepDraft, StepKind, WorkflowDraft
from schemas.arazzo.page import Spot
from schemas.arazzo.sources import Meant
from schemas.errors import nearest

__all__ = ["check_sense"]

_WORDS: Mapping[StepKind, str] = {
    "operation": "a request",
    "send": "a send",
    "receive": "a receive",
    "open": "x-open",
    "close": "x-close",
    "workflow": "a workflow",
}

_GOES_WITH: Mapping[str, tuple[StepKind, ...]] = {
    "requestBody": ("operation", "send"),
    "correlationId": ("receive",),
    "x-message": ("send", "receive"),
    "x-connection": ("send", "receive", "open", "close"),
    "x-identity": ("operation", "send", "receive", "open"),
    "x-times": ("operation", "send", "receive", "close", "workflow"),
    "x-reply": ("operation", "open"),
    "x-push": ("receive",),
    "x-faults": ("operation", "send", "receive", "open"),
    "x-open": ("open",),
    "x-close": ("close",),
}

_HINTS: Mapping[tuple[str, StepKind], str] = {
    ("requestBody", "receive"): "x-push is what is said, successCriteria what it must be like",
    ("x-reply", "receive"): "what the coordinator says is x-push",
    ("x-reply", "send"): "what the coordinator says is the x-push of a receive",
    ("x-push", "operation"): "what the coordinator answers is x-reply",
    ("x-push", "send"): "what the client says is requestBody",
}

_NEVER = ("x-optional", "x-times", "x-unordered", "x-reply", "x-push", "x-faults", "outputs")
"""What makes no sense of a step that must not happen."""


def check_sense(workflow: WorkflowDraft) -> None:
    """Complain about fields that contradict each other or that nothing could come of."""
    for draft in workflow.steps:
        for key, message, hint in _contradictions(draft.said, draft.kind):
            value = draft.said[key] if isinstance(draft.said[key], str | int) else None
            workflow.page.complain((*draft.at, key), message, value, hint)
        _check_refusal(workflow, draft)
        if draft.meant is not None:
            _check_action(workflow, draft, draft.meant)
            _check_message(workflow, draft, draft.meant)
        _check_judging(workflow, draft)
        _check_waiting(workflow, draft)
    _check_groups(workflow)
    _check_agent(workflow)


def _contradictions(said: Mapping[str, Any], kind: StepKind) -> Iterator[tuple[str, str, str]]:
    for key, kinds in _GOES_WITH.items():
        if said.get(key, False) is not False and kind not in kinds:
            words = " or ".join(_WORDS[each] for each in kinds)
            message = f"{key} goes with {words}, and this is {_WORDS[kind]}"
            yield key, message, _HINTS.get((key, kind), "")
    if said.get("x-never"):
        for key in _NEVER:
            if said.get(key, False) is not False:
                yield key, f"{key} makes no sense with x-never: it must not happen", ""


def _check_refusal(workflow: WorkflowDraft, draft: StepDraft) -> None:
    """A handshake that is granted has no answer of the script's: its reply refuses it."""
    reply = draft.said.get("x-reply")
    if draft.kind == "open" and isinstance(reply, Mapping):
        status = reply.get("status", 200)
        if isinstance(status, int) and status < 400:
            message = "the reply to a handshake refuses it, and this status does not"
            at = (*draft.at, "x-reply", "status")
            workflow.page.complain(at, message, status, "leave it out where it is to be granted")


def _check_action(workflow: WorkflowDraft, draft: StepDraft, meant: Meant) -> None:
    page, said = workflow.page, draft.said
    name = next(key for key in ("operationId", "operationPath", "channelPath") if key in said)
    action = said.get("action")
    if meant.operation is not None and action:
        message = "an action goes with a channel, and this is an operation of HTTP or gRPC"
        page.complain((*draft.at, "action"), message, action, "leave it out")
    elif meant.channel is not None and not action:
        hint = f"action: {meant.action}" if meant.action else "action: send, or action: receive"
        page.complain((*draft.at, name), "says not what is done on the channel", said[name], hint)
    elif (
        meant.action and action != meant.action and not said.get("x-open") and "x-close" not in said
    ):
        message = f"what is said there the client can only {meant.action}"
        page.complain((*draft.at, "action"), message, action, f"action: {meant.action}")


def _check_message(workflow: WorkflowDraft, draft: StepDraft, meant: Meant) -> None:
    name = draft.said.get("x-message")
    if meant.channel is None or name is None:
        return
    sender = "agent" if draft.said.get("action") == "send" else "coordinator"
    known = [each for each in meant.messages if meant.channel.messages[each].sender == sender] or [
        each.id for each in meant.channel.messages.values() if each.sender == sender
    ]
    if name in known:
        return
    at = (*draft.at, "x-message")
    other = meant.channel.messages.get(name)
    if other is not None and other.sender != sender:
        message = f"is said by the {other.sender}"
        workflow.page.complain(at, message, name, nearest(name, known))
    else:
        message = f"{meant.channel.id} has no such message"
        workflow.page.complain(at, message, name, nearest(name, known))


def _check_judging(workflow: WorkflowDraft, draft: StepDraft) -> None:
    """Rows are judged by the criteria of steps, and not by those that choose what comes next."""
    for placed in (*draft.on_success, *draft.on_failure):
        for index, criterion in enumerate(placed.said.get("criteria", ())):
            if "x-requirements" in criterion:
                at = (*placed.at, "criteria", str(index), "x-requirements")
                message = "only a successCriteria judges requirements"
                workflow.page.complain(at, message, hint="put it into the step's successCriteria")


def _check_waiting(workflow: WorkflowDraft, draft: StepDraft) -> None:
    by_id = workflow.by_id
    for index, text in enumerate(draft.said.get("dependsOn", ())):
        if text in by_id and by_id[text].step.never:
            at = (*draft.at, "dependsOn", str(index))
            workflow.page.complain(at, "depends on what must not happen", text)


def _check_groups(workflow: WorkflowDraft) -> None:
    """Those of one `x-unordered` stand side by side."""
    closed: set[str] = set()
    before = ""
    for draft in workflow.steps:
        name = draft.step.unordered
        if name and name != before and name in closed:
            at: Spot = (*draft.at, "x-unordered")
            message = "steps that may come in any order stand side by side"
            workflow.page.complain(at, message, name, "move it beside the others, or rename it")
        closed.add(before)
        before = name


def _check_agent(workflow: WorkflowDraft) -> None:
    name = workflow.said.get("x-agent")
    clients = _clients(workflow, ())
    if name is not None and name not in clients:
        at = (*workflow.at, "x-agent")
        message = "no step has this client"
        workflow.page.complain(at, message, name, nearest(name, clients))


def _clients(workflow: WorkflowDraft, above: Sequence[str]) -> list[str]:
    """Those of a workflow and of the workflows that it runs."""
    found = dict.fromkeys(draft.step.client for draft in workflow.steps if not draft.step.workflow)
    for draft in workflow.steps:
        key = draft.step.workflow
        if key and key not in (*above, workflow.key):
            inner = workflow.chapter.book.workflows[key]
            found |= dict.fromkeys(_clients(inner, (*above, workflow.key)))
    return list(found)
