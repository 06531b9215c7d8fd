"""Is what a scenario says lawful, as far as it can be told beforehand?

Expressions may be worth anything: where one stands, and whatever hangs on it, is left out of
account.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from schemas.arazzo.checker import StepChecker
from schemas.arazzo.drafts import WorkflowDraft
from schemas.arazzo.expressions import ExpressionError
from schemas.arazzo.known import media_types, undecided
from schemas.arazzo.page import Spot, unknown_places
from schemas.arazzo.replacements import read_replacement
from schemas.errors import nearest
from schemas.spec import Channel
from schemas.validation import Shape, Validators

__all__ = ["check_payloads"]

_BODILESS = ("GET", "HEAD", "OPTIONS", "DELETE")


def check_payloads(workflow: WorkflowDraft, validators: Validators) -> None:
    """Complain about what a step could not lawfully send, answer or say. Of what must not happen as
    little may be given as tells it from the rest.
    """
    for draft in workflow.steps:
        if not draft.said.get("x-unlawful") and not draft.step.never:
            checker = _Checker(workflow, draft, validators)
            checker.check_body()
            checker.check_reply()
            checker.check_push()


class _Checker(StepChecker):
    def _check(self, shape: Shape | None, said: Any, at: Spot, unknown: Collection[str]) -> None:
        for violation in shape.certain(said, unknown) if shape else ():
            self._complain((*at, *violation.steps), violation.message, violation.value)

    def check_body(self) -> None:
        step, said = self._draft.step, self._draft.said.get("requestBody")
        at = (*self._draft.at, "requestBody")
        if said is None:
            self._check_silence()
        elif said.get("x-unlawful"):
            return
        elif step.operation is not None:
            self._check_request(said, at)
        elif (
            step.channel is not None
            and step.action == "send"
            and not step.opens
            and step.closes is None
        ):
            self._check_sent(said, at)

    def _check_silence(self) -> None:
        """Nothing is given to be sent: is there nothing to be sent?"""
        step = self._draft.step
        if step.operation is not None and step.operation.request_required:
            hint = "requestBody: {payload: …}, or x-unlawful: true"
            self._complain(self._draft.at, f"{step.name} needs a body", hint=hint)
        elif self._draft.kind == "send" and step.channel is not None:
            hint = "requestBody: {payload: …}"
            self._complain(self._draft.at, "says nothing on the channel", hint=hint)

    def _check_request(self, said: Mapping[str, Any], at: Spot) -> None:
        operation = self._draft.step.operation
        assert operation is not None
        if operation.request is None and operation.method in _BODILESS and not operation.open:
            hint = "leave it out, or say x-unlawful: true"
            self._complain(at, f"{operation.id} takes no body", hint=hint)
            return
        kind = said.get("contentType", "").partition(";")[0].strip().lower()
        known = media_types(self._workflow.chapter.book.protocol, operation)
        if kind and known and kind not in known:
            message = f"{operation.id} takes {' or '.join(known)}"
            self._complain((*at, "contentType"), message, said["contentType"])
        elif kind in ("", operation.media_type) or operation.is_rpc:
            self._check_payload(said, at, self._validators.request(operation.id))

    def _check_sent(self, said: Mapping[str, Any], at: Spot) -> None:
        step, meant = self._draft.step, self._draft.meant
        assert step.channel is not None
        assert meant is not None
        payload = said.get("payload")
        if step.message in step.channel.messages:
            self._check_payload(said, at, self._validators.message(step.message))
        elif not step.message and not undecided(step.channel, payload):
            known = [each.type for each in step.channel.messages.values() if each.sender == "agent"]
            message = f"no message that a client says on {step.channel.id} is like this"
            self._complain((*at, "payload"), message, hint=nearest("", filter(None, known)))

    def _check_payload(self, said: Mapping[str, Any], at: Spot, shape: Shape | None) -> None:
        payload = self._replaced(said, at)
        if isinstance(payload, str) and "json" in said.get("contentType", ""):
            payload = _template(payload)
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
        unknown = unknown_places(push)
        shapes = [self._validators.message(each) for each in self._pushed(step.channel, push)]
        # Where nothing tells messages apart, it must be one of them.
        if all(shape and shape.certain(push, unknown) for shape in shapes):
            for shape in shapes[:1]:
                self._check(shape, push, (*self._draft.at, "x-push"), unknown)

    def _pushed(self, channel: Channel, push: Any) -> list[str]:
        """The messages that a push may be."""
        step, meant = self._draft.step, self._draft.meant
        assert meant is not None
        if step.message:
            return [step.message] if step.message in channel.messages else []
        if not channel.discriminator:
            each = (channel.messages[name] for name in meant.messages)
            return [message.id for message in each if message.sender == "coordinator"]
        found = None if undecided(channel, push) else channel.message("coordinator", push)
        return [found.id] if found else []


def _template(text: str) -> Any:
    """Text that is labelled as JSON is a template of it; what is none goes as it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text
