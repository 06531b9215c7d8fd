"""A file to a `Scenario`: read, its references followed, and all that is wrong with it told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from schemas import pointer as json_pointer
from schemas.arazzo.checking import check_book
from schemas.arazzo.drafts import Book, Chapter, WorkflowDraft
from schemas.arazzo.extras import deeds
from schemas.arazzo.model import Scenario, Workflow
from schemas.arazzo.names import workflow_key
from schemas.arazzo.order import order_steps
from schemas.arazzo.page import Page, Spot
from schemas.arazzo.pages import open_pages
from schemas.arazzo.protocols import choose_protocol
from schemas.arazzo.reuse import followed
from schemas.arazzo.sources import Sources
from schemas.arazzo.steps import read_step
from schemas.errors import PackError, Problem
from schemas.spec import Protocol

__all__ = ["read_scenario"]


def read_scenario(path: Path, protocol: Protocol | None = None) -> Scenario:
    """The scenario in a file, with the documents that it refers to.

    `protocol` is the one that is wanted; without it the file must say which it is of. Raises
    `PackError` with every problem found, each with file, line, pointer, and mostly a hint. What has
    not even the shape of Arazzo is told first, and by itself.
    """
    page = open_pages(path)
    found = choose_protocol(page, protocol)
    if found is None:
        raise PackError(*page.problems)
    book = Book(protocol=found)
    for each in page.walk():
        _add_workflows(Chapter(page=each, sources=Sources(each, found), book=book))
    for workflow in book.workflows.values():
        _read_steps(workflow)
    check_book(book)
    if page.problems:
        raise PackError(*_once(page.problems))
    return _scenario(page, book)


def _once(problems: Sequence[Problem]) -> Iterable[Problem]:
    """Each but once, file by file and line by line: what steps share is looked at for each."""
    found = {(each.file, each.pointer, each.message): each for each in reversed(problems)}
    return sorted(found.values(), key=lambda each: (each.file, each.line))


def _scenario(page: Page, book: Book) -> Scenario:
    info = page.said["info"]
    workflows = {key: draft.workflow for key, draft in book.workflows.items() if draft.workflow}
    return Scenario(
        path=page.path,
        protocol=book.protocol,
        title=info["title"],
        summary=info.get("summary", ""),
        description=info.get("description", ""),
        version=info["version"],
        sources={
            chapter.page.prefix + name: source
            for chapter in book.chapters
            for name, source in chapter.sources.all.items()
        },
        workflows=workflows,
        own=[draft.key for draft in book.workflows.values() if draft.page is page],
        components=page.said.get("components", {}),
        said=page.said,
        self_uri=page.said.get("$self", ""),
    )


def _add_workflows(chapter: Chapter) -> None:
    page, book = chapter.page, chapter.book
    book.chapters.append(chapter)
    for index, said in enumerate(page.said["workflows"]):
        at = ("workflows", str(index))
        key = page.prefix + said["workflowId"]
        if key in book.workflows:
            message = "another workflow has this id already"
            page.complain((*at, "workflowId"), message, said["workflowId"])
            continue
        inputs = _inlined(page, said.get("inputs", {}), (*at, "inputs"))
        draft = WorkflowDraft(key=key, said=said, at=at, chapter=chapter, inputs=inputs)
        draft.shared = [
            *followed(page, said.get("parameters", ()), (*at, "parameters"), "parameters")
        ]
        book.workflows[key] = draft


def _read_steps(draft: WorkflowDraft) -> None:
    said, at, page = draft.said, draft.at, draft.page
    seen: set[str] = set()
    for index, each in enumerate(said["steps"]):
        here = (*at, "steps", str(index))
        if each["stepId"] in seen:
            message = "another step has this id already"
            page.complain((*here, "stepId"), message, each["stepId"])
            continue
        seen.add(each["stepId"])
        draft.steps.append(read_step(draft, each, here))
    order_steps(draft)
    depends_on = (
        workflow_key(draft.chapter, text, (*at, "dependsOn", str(index)))
        for index, text in enumerate(said.get("dependsOn", ()))
    )
    draft.workflow = Workflow(
        key=draft.key,
        id=said["workflowId"],
        steps=[each.step for each in draft.steps],
        line=page.lines.line(at),
        summary=said.get("summary", ""),
        description=said.get("description", ""),
        inputs=draft.inputs,
        outputs={
            name: page.value(value, (*at, "outputs", name))
            for name, value in said.get("outputs", {}).items()
        },
        depends_on=[key for key in depends_on if key],
        requirements=tuple(said.get("x-requirements", ())),
        agent=said.get("x-agent", draft.steps[0].step.client if draft.steps else "client"),
        clients=said.get("x-clients", 1),
        exclusive=said.get("x-exclusive", ""),
        scripted=said.get("x-scripted", False),
        state=deeds(page, said.get("x-state", ()), (*at, "x-state")),
    )


def _inlined(page: Page, schema: Any, at: Spot, above: tuple[str, ...] = ()) -> Any:
    """A schema of inputs, with what it refers to among the components in its place."""
    if isinstance(schema, list):
        return [_inlined(page, item, (*at, str(i)), above) for i, item in enumerate(schema)]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#/components/inputs/"):
        return {key: _inlined(page, item, (*at, key), above) for key, item in schema.items()}
    try:
        found = json_pointer.dig(page.said, json_pointer.parse(reference[1:]))
    except LookupError:
        page.complain((*at, "$ref"), "refers to something that is not there", reference)
        return {}
    if reference in above:
        page.complain((*at, "$ref"), "inputs refer to each other in a circle", reference)
        return {}
    rest = {key: item for key, item in schema.items() if key != "$ref"}
    target = tuple(json_pointer.parse(reference[1:]))
    inlined: Mapping[str, Any] = _inlined(page, found, target, (*above, reference))
    return {**inlined, **rest} if isinstance(inlined, dict) else inlined
