"""What workflows and steps are called from elsewhere, and where that leads."""

from __future__ import annotations

import re

from schemas.arazzo.drafts import Chapter, WorkflowDraft
from schemas.arazzo.page import Spot, nearest

__all__ = ["dependency", "step_id", "workflow_key"]

_ELSEWHERE = re.compile(r"\$(workflows|sourceDescriptions\.([^.]+))\.([^.]+)\.steps\.([^.]+)")
_NESTED = re.compile(r"\$sourceDescriptions\.([^.]+)\.(.+)")


def workflow_key(chapter: Chapter, text: str, at: Spot) -> str:
    """The key of the workflow that a `workflowId` means; empty, and a complaint, for none."""
    found = _NESTED.fullmatch(text)
    if found is None:
        return _local(chapter, text, text, at)
    return _nested(chapter, found[1], found[2], text, at)


def _local(chapter: Chapter, name: str, text: str, at: Spot) -> str:
    page = chapter.page
    if page.prefix + name in chapter.book.workflows:
        return page.prefix + name
    known = [each["workflowId"] for each in page.said["workflows"]]
    hint = nearest(name, known)
    for source, nested in page.nested.items():
        if any(each["workflowId"] == name for each in nested.said["workflows"]):
            hint = f"$sourceDescriptions.{source}.{name}"
    page.complain(at, f"there is no workflow {name}", text, hint)
    return ""


def _nested(chapter: Chapter, source: str, name: str, text: str, at: Spot) -> str:
    page = chapter.page
    if source not in page.nested:
        if source not in chapter.sources.all:
            hint = nearest(source, chapter.sources.all)
            page.complain(at, f"there is no source {source}", text, hint)
        elif chapter.sources.all[source].kind != "arazzo":
            page.complain(at, f"{source} is no Arazzo document, and has no workflows", text)
        return ""
    key = f"{page.prefix}{source}.{name}"
    if key in chapter.book.workflows:
        return key
    known = [each["workflowId"] for each in page.nested[source].said["workflows"]]
    page.complain(at, f"{source} has no workflow {name}", text, nearest(name, known))
    return ""


def step_id(workflow: WorkflowDraft, name: str, at: Spot) -> str:
    """The id of a step of this workflow; empty, and a complaint, where there is none."""
    known = [each["stepId"] for each in workflow.said["steps"]]
    if name in known:
        return name
    workflow.page.complain(
        at, f"there is no step {name} in {workflow.id}", name, nearest(name, known)
    )
    return ""


def dependency(workflow: WorkflowDraft, text: str, at: Spot) -> str:
    """What a step's `dependsOn` means: an id, or `KEY.steps.ID` of another workflow; empty, and a
    complaint, for nothing that is there.
    """
    found = _ELSEWHERE.fullmatch(text)
    if found is None:
        return step_id(workflow, text, at)
    chapter = workflow.chapter
    if found[2] is None:
        key = _local(chapter, found[3], text, at)
    else:
        key = _nested(chapter, found[2], found[3], text, at)
    if not key:
        return ""
    other = chapter.book.workflows[key]
    known = [each["stepId"] for each in other.said["steps"]]
    if found[4] in known:
        return found[4] if other is workflow else f"{key}.steps.{found[4]}"
    hint = nearest(found[4], known)
    workflow.page.complain(at, f"there is no step {found[4]} in {other.id}", text, hint)
    return ""
