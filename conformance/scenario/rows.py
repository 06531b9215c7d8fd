"""The rows of a run that plays a scenario: those that it names, and its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from conformance.recorder import OWN
from schemas.arazzo.model import Scenario, Workflow
from schemas.spec import Requirement, Role

__all__ = ["on_sight", "own_rows", "row_of"]


def row_of(scenario: Scenario, workflow: Workflow) -> str:
    """The id of a workflow's own row."""
    words = f"{scenario.name}-{workflow.id}" if workflow.id != scenario.name else scenario.name
    return OWN + re.sub(r"[^A-Z0-9]+", "-", words.upper()).strip("-")


def own_rows(
    scenario: Scenario, workflows: Iterable[Workflow], role: Role
) -> Iterator[Requirement]:
    """One for each workflow: it comes to its end."""
    for workflow in workflows:
        yield Requirement(
            id=row_of(scenario, workflow),
            level="MUST",
            role=role,
            basis="stated",
            section=f"Scenario: {scenario.title}",
            text=workflow.summary or f"The workflow {workflow.id} comes to its end.",
            capability=_capability(scenario, workflow),
        )


def on_sight(scenario: Scenario, rows: Mapping[str, Requirement]) -> Iterator[Requirement]:
    """The rows that every message of the scenario is held against, whatever it names."""
    subjects: set[str] = set()
    for workflow in scenario.workflows.values():
        for step in workflow.steps:
            if step.operation is not None:
                subjects.add(step.operation.id)
            elif step.channel is not None:
                subjects |= set(step.channel.messages)
    for row in rows.values():
        if row.rule or (row.place is not None and row.place.subject in subjects):
            yield row


def _capability(scenario: Scenario, workflow: Workflow) -> str:
    for step in workflow.steps:
        if step.operation is not None:
            return step.operation.capability
        if step.channel is not None:
            return step.channel.capability
    return next(iter(scenario.protocol.capabilities), "")
