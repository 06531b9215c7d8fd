"""Is what a scenario says lawful, as far as it can be told beforehand?

Expressions may be worth anything: where one stands, and whatever hangs on it, is left out of
account.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from schemas import pointer as json_pointer
from schemas.arazzo.drafts import StepDraft, WorkflowDraft
from schemas.arazzo.expressions import ExpressionError
from schemas.arazzo.page import Spot, unknown_places
from schemas.arazzo.replacements import read_replacement
from schemas.errors import nearest
from schemas.validation import Shape, Validators

__all__ = ["check_payloads"]

_BODILESS = ("GET", "HEAD", "OPTIONS", "DELETE")


def check_payloads(workflow: WorkflowDraft, validators: Validators) -> None:
    """Complain about what a step could not lawfully send, answer or say."""
    for draft in workflow.steps:
        if not draft.said.get("x-unlawful"):
            checker = _Checker(workflow, draft, validators)
            checker.check_body()
            checker.check_reply()
            checker.check_push()


class _Checker:
    def __init__(self, workflow: WorkflowDraft, draft: StepDraft, validators: Validators) -> None:
        self._workflow = workflow
        self._draft = draft
        self._validators = validators

    def _complain(self, at: Spot, message: str, value: Any = None, hint: str = "") -> None:
        self._workflow.page.complain(at, message, value, hint)

    def _check(self, shape: Shape | None, said: Any, at: Spot, unknown: Collection[str]) -> None:
        for violation in shape.certain(said, unknown) if shape else ():
            self._complain((*at, *violation.steps), violation.message, violation.value)

    def check_body(self) -> None:
        step, said = self._draft.step, self._draft.said.get("requestBody")
        at = (*self._draft.at, "requestBody")
        if said is None:
            if step.operation is not None and step.operation.request_required:
                hint = "requestBody: {payload: …}, or x-unlawful: true"
                self._complain(self._draft.at, f"{step.name} needs a body", hint=hint)
        elif said.get("x-unlawful"):
            return
        elif step.operation is not None:
            self._check_request(said, at)
        elif step.channel is not None and step.action == "send":
            self._check_sent(said, at)

    def _check_request(self, said: Mapping[str, Any], at: Spot) -> None:
        operation = self._draft.step.operation
        assert operation is not None
        if operation.request is None and operation.method in _BODILESS:
            hint = "leave it out, or say x-unlawful: true"
            self._complain(at, f"{operation.id} takes no body", hint=hint)
            return
        kind = said.get("contentType", "").partition(";")[0].strip().lower()
        fixed = operation.request is not None and not operation.is_rpc
        if fixed and kind not in ("", operation.media_type):
            message = f"{operation.id} takes {operation.media_type}"
            self._complain((*at, "contentType"), message, said["contentType"])
            return
        self._check_payload(said, at, self._validators.request(operation.id))

    def _check_sent(self, said: Mapping[str, Any], at: Spot) -> None:
        step, meant = self._draft.step, self._draft.meant
        assert step.channel is not None
        assert meant is not None
        payload = said.get("payload")
        if step.message in step.channel.messages:
            self._check_payload(said, at, self._validators.message(step.message))
        elif not step.message and not _undecided(step.channel.discriminator, payload):
            known = [each.type for each in step.channel.messages.values() if each.sender == "agent"]
            message = f"no message that a client says on {step.channel.id} is like this"
            self._complain((*at, "payload"), message, hint=nearest("", filter(None, known)))

    def _check_payload(self, said: Mapping[str, Any], at: Spot, shape: Shape | None) -> None:
        payload = self._replaced(said, at)
        if shape is not None and payload is not None and "payload" in said:
            self._check(shape, payload, (*at, "payload"), unknown_places(payload))

    def _replaced(self, said: Mapping[str, Any], at: Spot) -> Any:
        """The payload with its replacements, as they are written."""
        payload = said.get("payload")
        if "" in unknown_places(payload):
            return payload
        for index, each in enumerate(said.get("replacements", ())):
            try:
                payload = read_replacement(each).put(payload, each["value"])
            except ExpressionError as error:
                here = (*at, "replacements", str(index), "target")
                self._complain(here, str(error), each["target"])
        return payload

    def check_reply(self) -> None:
        step, said = self._draft.step, self._draft.said.get("x-reply", {})
        if step.operation is None or step.reply is None or said.get("x-unlawful"):
            return
        if "body" in said:
            shape = self._validators.answer(step.operation.id, step.reply.status)
            self._check(
                shape,
                said["body"],
                (*self._draft.at, "x-reply", "body"),
                unknown_places(said["body"]),
            )

    def check_push(self) -> None:
        step = self._draft.step
        if step.channel is None or not step.has_push:
            return
        push = self._draft.said["x-push"]
        message = step.message
        if not message and not _undecided(step.channel.discriminator, push):
            found = step.channel.message("coordinator", push)
            message = found.id if found else ""
        if message in step.channel.messages:
            at = (*self._draft.at, "x-push")
            self._check(self._validators.message(message), push, at, unknown_places(push))


def _undecided(discriminator: str, payload: Any) -> bool:
    """Does an expression decide which message a payload is?"""
    place = json_pointer.parse(discriminator)
    places = [json_pointer.parse(each) for each in unknown_places(payload)]
    return any(json_pointer.matches(each, place) for each in places)
