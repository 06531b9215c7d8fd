"""Workflows and steps while they are read: what is written of them beside what it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.arazzo.model import Step, Workflow
from schemas.arazzo.page import Page, Spot
from schemas.arazzo.reuse import Placed
from schemas.arazzo.sources import Meant, Sources
from schemas.spec import Protocol

__all__ = ["Book", "Chapter", "StepDraft", "WorkflowDraft"]


@dataclass(slots=True, kw_only=True)
class StepDraft:
    """A step. The lists are its own and its workflow's together, their references followed."""

    said: Mapping[str, Any]
    at: Spot
    step: Step
    meant: Meant | None
    parameters: list[Placed]
    on_success: list[Placed]
    on_failure: list[Placed]

    @property
    def id(self) -> str:
        return self.step.id

    @property
    def outputs(self) -> set[str]:
        """The names under which something is kept of it."""
        made = {deed.output for deed in (*self.step.before, *self.step.after)}
        return {*self.step.outputs, *made} - {""}


@dataclass(slots=True, kw_only=True)
class WorkflowDraft:
    """A workflow. `inputs` is its schema, self-contained; `outputs` are those of its steps' deeds
    and of its own. `workflow` is there once all of its steps are read.
    """

    key: str
    said: Mapping[str, Any]
    at: Spot
    chapter: Chapter
    inputs: Mapping[str, Any]
    steps: list[StepDraft] = field(default_factory=list)
    shared: list[Placed] = field(default_factory=list)
    workflow: Workflow | None = None

    @property
    def id(self) -> str:
        return str(self.said["workflowId"])

    @property
    def page(self) -> Page:
        return self.chapter.page

    @property
    def by_id(self) -> dict[str, StepDraft]:
        return {draft.id: draft for draft in self.steps}


@dataclass(slots=True, kw_only=True)
class Chapter:
    """One document of a scenario, and what its sources are."""

    page: Page
    sources: Sources
    book: Book


@dataclass(slots=True, kw_only=True)
class Book:
    """All documents of a scenario. Its workflows are by key."""

    protocol: Protocol
    chapters: list[Chapter] = field(default_factory=list)
    workflows: dict[str, WorkflowDraft] = field(default_factory=dict)
