"""A story as a scenario that guards against what was found. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.recording.document import scenario_of
from conformance.replay.criterion import wanted
from conformance.replay.recorded import Recorded
from conformance.replay.story import Deed, Opening, Step, Story, Utterance
from schemas.spec import Protocol, Requirement

__all__ = ["regression"]

_LEFT_TO_THE_PEER = ("x-reply", "x-push")
"""What the peer said was wrong: backward, the mock's own state says it right."""


def regression(
    story: Story,
    protocol: Protocol,
    row: Requirement | None,
    rows: Mapping[str, Requirement],
    evidence: Mapping[str, Any],
    *,
    name: str,
    on_sight: bool,
) -> dict[str, Any]:
    """The document: it says the story again, with everything of the run's own making made up anew,
    and expects what the `evidence` did.

    Raises `ValueError` where a scenario cannot tell the story, or not what was to be expected.
    """
    steps = [step for step in story.steps if _is_told(step)]
    if any(step.cut for step in steps):
        raise ValueError("a body of it was too long to be kept in the record")
    if any(isinstance(step, Deed) for step in steps):
        raise ValueError("hooks of the target are part of it")
    records = Recorded(protocol).records(steps)
    title = f"{name}: {row.text}" if row is not None else name
    document = scenario_of(records, protocol, rows, title=title)
    workflow = document["workflows"][0]
    if len(workflow["steps"]) != len(steps):
        raise ValueError("not all of it can be told: see what a scenario leaves out")
    workflow["workflowId"] = "regression"
    own = _made_anew(workflow, story.run)
    for step, told in zip(steps, workflow["steps"], strict=True):
        _open(step, told)
    judged = max((at for at, step in enumerate(steps) if step.shown), default=len(steps) - 1)
    if not on_sight:
        _expect(steps[judged], workflow["steps"][judged], evidence, own, row)
    document["info"]["summary"] = "What led to a finding, and what is to be expected there."
    return document


def _is_told(step: Step) -> bool:
    """What the peer says unasked, and what hooks do, is told only where something hangs on it."""
    if isinstance(step, Utterance) and step.sender == "peer":
        return step.needed or step.shown
    return not isinstance(step, Deed) or step.needed


def _open(step: Step, told: dict[str, Any]) -> None:
    """What was answered then is no measure; but what was refused need not be served."""
    for field in _LEFT_TO_THE_PEER:
        told.pop(field, None)
    if isinstance(step, Opening | Deed):
        return
    kept = [each for each in told.pop("successCriteria", ()) if "x-requirements" in each]
    if isinstance(step, Utterance):
        if step.sender == "peer":
            told.pop("x-unlawful", None)  # that it broke the protocol is what must not be
        return
    if step.shown:
        told["successCriteria"] = [{"condition": "$statusCode >= 100"}]
    elif step.status is not None and step.status >= 400:
        told["successCriteria"] = [{"condition": "$statusCode >= 400"}]
    elif kept:
        told["successCriteria"] = kept


def _expect(
    step: Step,
    told: dict[str, Any],
    evidence: Mapping[str, Any],
    own: Mapping[str, str],
    row: Requirement | None,
) -> None:
    of_frame = isinstance(step, Utterance)
    about_own = any(expression in repr(told) for expression in own.values())
    conditions = wanted(evidence, own, of_frame=of_frame, about_own=about_own)
    if not conditions:
        raise ValueError("what was expected is for its check alone to judge")
    named = {"x-requirements": [row.id]} if row is not None else {}
    told["successCriteria"] = [{"condition": each, **named} for each in conditions]


# What the run made up


def _made_anew(workflow: dict[str, Any], run: str) -> dict[str, str]:
    """Has every id of the run's own making be an input that is fresh each time; returns the
    expression of each.
    """
    words = re.compile(rf"(?:\w[\w.@+-]*)?{re.escape(run)}(?:[\w.@+-]*\w)?")
    properties: dict[str, Any] = dict(workflow.get("inputs", {}).get("properties", {}))
    own: dict[str, str] = {}
    for name, shape in properties.items():
        default = str(shape.get("default", ""))
        if words.fullmatch(default):
            own[default] = f"$inputs.{name}"
            properties[name] = _fresh(default, run)
    for word in dict.fromkeys(_words(workflow["steps"], words)):
        if word not in own:
            name = _unnamed(word.partition(run)[0], properties)
            own[word] = f"$inputs.{name}"
            properties[name] = _fresh(word, run)
    workflow["steps"] = _said(workflow["steps"], words, own)
    if properties:
        workflow["inputs"] = {"type": "object", "properties": _said(properties, words, {})}
    return own


def _fresh(word: str, run: str) -> dict[str, Any]:
    prefix = word.partition(run)[0].strip("-_.") or "made"
    return {"type": "string", "x-fresh": prefix}


def _unnamed(prefix: str, taken: Mapping[str, Any]) -> str:
    name = re.sub(r"[^A-Za-z0-9_]+", "_", prefix).strip("_").lower() or "made"
    if name in ("token", "username", "password", "url", "agent"):
        name = f"own_{name}"
    number, made = 2, name
    while made in taken:
        made, number = f"{name}-{number}", number + 1
    return made


def _words(value: Any, words: re.Pattern[str]) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _words(item, words)
    elif isinstance(value, list):
        for item in value:
            yield from _words(item, words)
    elif isinstance(value, str):
        yield from words.findall(value)


def _said(value: Any, words: re.Pattern[str], own: Mapping[str, str]) -> Any:
    """With expressions in place of what was made up."""
    if isinstance(value, Mapping):
        return {key: _said(item, words, own) for key, item in value.items()}
    if isinstance(value, list):
        return [_said(item, words, own) for item in value]
    if not isinstance(value, str) or not own:
        return value
    if value in own:
        return own[value]
    return words.sub(lambda match: f"{{{own[match[0]]}}}", value)
