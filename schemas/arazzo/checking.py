"""All that can be said against a scenario before it is run."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schemas.arazzo.arguments import check_arguments
from schemas.arazzo.drafts import Book, WorkflowDraft
from schemas.arazzo.expressing import check_expressions
from schemas.arazzo.order import check_circles
from schemas.arazzo.page import Spot
from schemas.arazzo.payloads import check_payloads
from schemas.arazzo.sense import check_sense
from schemas.errors import nearest
from schemas.loader import load_requirements, requirement_ids
from schemas.validation import Validators

__all__ = ["check_book"]


def check_book(book: Book) -> None:
    """Complain about all that is wrong with the meaning of a scenario's documents. Raises
    `PackError` where the protocol's own files are broken.
    """
    check_circles(book)
    validators = Validators(book.protocol)
    for workflow in book.workflows.values():
        check_sense(workflow)
        check_expressions(workflow)
        check_arguments(workflow, validators)
        check_payloads(workflow, validators)
    _check_requirements(book)
    _check_deeds(book)


def _check_requirements(book: Book) -> None:
    named = [(flow, *each) for flow in book.workflows.values() for each in _requirements(flow)]
    known = requirement_ids(book.protocol) if named else frozenset()
    unknown = [each for each in named if each[2] not in known]
    rows = load_requirements(book.protocol) if unknown else {}
    for workflow, at, name in unknown:
        if name not in rows:
            message = f"{book.protocol.id} has no such requirement"
            workflow.page.complain(at, message, name, _like(name, rows))


def _like(name: str, rows: Mapping[str, Any]) -> str:
    """A hint, and not all the hundreds that there are."""
    near = difflib.get_close_matches(name, rows, n=1)
    return f"did you mean {near[0]!r}?" if near else "assay requirements lists them"


def _requirements(workflow: WorkflowDraft) -> Iterator[tuple[Spot, str]]:
    yield from _named(workflow.said, workflow.at)
    for draft in workflow.steps:
        yield from _named(draft.said, draft.at)
        for index, criterion in enumerate(draft.said.get("successCriteria", ())):
            yield from _named(criterion, (*draft.at, "successCriteria", str(index)))


def _named(said: Mapping[str, Any], at: Spot) -> Iterator[tuple[Spot, str]]:
    for index, name in enumerate(said.get("x-requirements", ())):
        yield (*at, "x-requirements", str(index)), name


def _check_deeds(book: Book) -> None:
    """Deeds end connections that there are, and hooks are none that are misspelt."""
    connections = {
        draft.step.connection
        for workflow in book.workflows.values()
        for draft in workflow.steps
        if draft.step.connection
    }
    hooks = [*book.protocol.hooks, "enrol", "restart"]
    for workflow in book.workflows.values():
        for at, deed in _deeds(workflow):
            name = deed.get("connection")
            if name is not None and name not in connections:
                where = (*at, "connection")
                hint = nearest(name, sorted(connections))
                workflow.page.complain(where, "no step has this connection", name, hint)
            hook = deed.get("hook", "enrol")
            # A target may have hooks of its own, and the mock has commands beside them.
            near = difflib.get_close_matches(hook, hooks, n=1, cutoff=0.85)
            if hook not in hooks and near:
                hint = f"did you mean {near[0]!r}?"
                workflow.page.complain((*at, "hook"), "is no hook", hook, hint)


def _deeds(workflow: WorkflowDraft) -> Iterator[tuple[Spot, Mapping[str, Any]]]:
    lists: list[tuple[Spot, Sequence[Mapping[str, Any]]]] = [
        ((*workflow.at, "x-state"), workflow.said.get("x-state", ()))
    ]
    for draft in workflow.steps:
        for key in ("x-before", "x-after"):
            lists.append(((*draft.at, key), draft.said.get(key, ())))  # noqa: PERF401
    for at, deeds in lists:
        yield from (((*at, str(index)), deed) for index, deed in enumerate(deeds))
