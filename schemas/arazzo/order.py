"""In which order steps are done, and what depends on itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from schemas.arazzo.drafts import Book, StepDraft, WorkflowDraft
from schemas.arazzo.page import Spot

__all__ = ["check_circles", "order_steps", "reach"]


def order_steps(workflow: WorkflowDraft) -> None:
    """Put the steps into the order in which they are done: as they are written, but each behind
    those that it depends on. Complains about a circle, and leaves them as they are.
    """
    by_id = workflow.by_id
    circle = _circle(
        {
            draft.id: [each for each in draft.step.depends_on if each in by_id]
            for draft in workflow.steps
        }
    )
    if circle:
        draft = by_id[circle[0]]
        told = " -> ".join(circle)
        workflow.page.complain((*draft.at, "dependsOn"), f"the steps wait for each other: {told}")
        return
    done: dict[str, StepDraft] = {}
    for draft in workflow.steps:
        _place(draft, by_id, done)
    workflow.steps = list(done.values())


def _place(draft: StepDraft, by_id: Mapping[str, StepDraft], done: dict[str, StepDraft]) -> None:
    for each in draft.step.depends_on:
        if each in by_id and each not in done:
            _place(by_id[each], by_id, done)
    done.setdefault(draft.id, draft)


def reach(workflow: WorkflowDraft, draft: StepDraft) -> set[str]:
    """The ids of the steps that may have been done before this one: the earlier ones, and those
    from which an action leads back. It is among them itself where it may be done again.
    """
    before: dict[str, set[str]] = {each.id: set() for each in workflow.steps}
    for here, following in pairwise(workflow.steps):
        before[following.id].add(here.id)
    for each in workflow.steps:
        for action in (*each.step.on_success, *each.step.on_failure):
            if action.step:
                before[action.step].add(each.id)
            if action.step and action.kind == "retry":
                before[each.id].add(action.step)
    found: set[str] = set()
    left = list(before[draft.id])
    while left:
        step = left.pop()
        if step not in found:
            found.add(step)
            left += before[step]
    return found


def check_circles(book: Book) -> None:
    """Complain about workflows that wait for, or run, themselves."""
    edges = {key: dict(_needed(draft)) for key, draft in book.workflows.items()}
    left = set(edges)
    while circle := _circle({key: [*(edges[key].keys() & left)] for key in edges if key in left}):
        draft = book.workflows[circle[0]]
        told = " -> ".join(book.workflows[key].id for key in circle)
        at = edges[circle[0]][circle[1]]
        draft.page.complain(at, f"the workflow comes to itself again: {told}")
        left -= set(circle)


def _needed(draft: WorkflowDraft) -> Iterator[tuple[str, Spot]]:
    """The keys of the workflows that one needs, and where it says so."""
    for each in draft.steps:
        if each.step.workflow:
            yield each.step.workflow, (*each.at, "workflowId")
    for key in draft.workflow.depends_on if draft.workflow else ():
        yield key, (*draft.at, "dependsOn")


def _circle(edges: Mapping[str, Sequence[str]]) -> list[str]:
    """A way that leads back to where it began; empty where there is none."""
    known_good: set[str] = set()
    for start in edges:
        found = _walk(start, edges, [], known_good)
        if found:
            return found
    return []


def _walk(
    here: str, edges: Mapping[str, Sequence[str]], above: list[str], known_good: set[str]
) -> list[str]:
    if here in above:
        return [*above[above.index(here) :], here]
    if here in known_good:
        return []
    for each in edges[here]:
        found = _walk(each, edges, [*above, here], known_good)
        if found:
            return found
    known_good.add(here)
    return []
