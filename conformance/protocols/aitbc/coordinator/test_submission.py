"""Submitting tasks: what is taken, what is answered, what is refused and how."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from conformance.hostile import MALFORMED, NOT_OBJECTS
from conformance.judge import Judge
from conformance.lively import LIVELY
from conformance.marks import case, exclusive, requirement
from conformance.protocols.aitbc.dialogue import PRIORITIES, Dialogue

pytestmark = exclusive("queues")  # queues are counted: one check at a time

_TWO = {"model": "quill", "prompt": "only these two"}
"""What the document's own example of a task holds."""


@requirement(
    "AITBC-TASK-001",
    "AITBC-TASK-002",
    "AITBC-TASK-003",
    "AITBC-TASK-008",
    "AITBC-TASK-011",
)
async def test_flow_tasks_of_every_priority(aitbc: Dialogue, judge: Judge) -> None:
    await aitbc.able()
    ids: list[Any] = []
    requirements = {"capabilities": ["indexing"], "agent_type": "worker"}
    for priority in (*PRIORITIES, *reversed(PRIORITIES)):
        for body in (
            aitbc.task(priority, requirements=requirements),
            aitbc.task(priority, requirements={}),
            aitbc.task(priority),
        ):
            said = await aitbc.submit(body)
            row = "AITBC-TASK-001" if body.get("requirements") else "AITBC-TASK-002"
            judge.status(row, said, 200)
            judge.status("AITBC-TASK-003", said, 200)
            judge.equal("AITBC-TASK-011", said, "/priority", priority)
            if said.ok:
                task_id = said.at("/task_id")
                judge.holds(
                    "AITBC-TASK-008",
                    task_id not in ids,
                    f"the task_id {task_id!r} was given before",
                    said,
                    pointer="/task_id",
                )
                ids.append(task_id)


@requirement("AITBC-TASK-001")
@pytest.mark.parametrize(
    "data",
    [
        _TWO,
        _TWO | {"parameters": {"depth": 3, "nested": {"list": [1, "two"]}}},
        {"task_type": "digest", "model": "quill", "prompt": "p", "parameters": {}},
        *({"task_type": text, "model": text, "prompt": text} for text in LIVELY if text.strip()),
        _TWO | {"parameters": {text: text for text in LIVELY if text.strip()}},
    ],
    ids=lambda data: repr(data)[:24],
)
async def test_task_data_of_many_kinds(data: dict[str, Any], aitbc: Dialogue, judge: Judge) -> None:
    await aitbc.able()
    body = aitbc.task("low", task_data=data, requirements={"agent_type": "worker"})
    judge.status("AITBC-TASK-001", await aitbc.submit(body), 200)


@requirement("AITBC-TASK-030")
@pytest.mark.parametrize(
    "data",
    [
        {"model": "quill", "task_type": "digest"},
        {"prompt": "p", "task_type": "digest"},
        {"task_type": "digest", "parameters": {"depth": 3}},
        *({"task_type": text, "model": text, "prompt": text} for text in ("", " ")),
        _TWO | {"parameters": {"": ""}},
        _TWO | {"prompt": "Sum this up. " * 2_500},
        _TWO | {"deadline": None, "labels": ["first", 2], "source": {"page": 3}},
    ],
    ids=lambda data: repr(data)[:40],
)
async def test_task_data_of_few_words(data: dict[str, Any], aitbc: Dialogue, judge: Judge) -> None:
    await aitbc.able()
    body = aitbc.task("low", task_data=data, requirements={"agent_type": "worker"})
    judge.status("AITBC-TASK-030", await aitbc.submit(body, served=False), 200)


@requirement("AITBC-TASK-001")
async def test_labels_may_carry_parameters(aitbc: Dialogue, judge: Judge) -> None:
    await aitbc.able()
    for label in ("application/json; charset=utf-8", "application/json;charset=UTF-8"):
        said = await aitbc.peer.call(
            "submitTask", body=aitbc.task(), headers={"Content-Type": label}
        )
        judge.status("AITBC-TASK-001", said, 200)


@requirement("AITBC-TASK-009", "AITBC-TASK-012")
async def test_flow_tasks_at_the_same_time(aitbc: Dialogue, judge: Judge) -> None:
    await aitbc.able()
    priorities = [PRIORITIES[n % 5] for n in range(30)]
    answers = await asyncio.gather(*(aitbc.submit(aitbc.task(p)) for p in priorities))
    for priority, said in zip(priorities, answers, strict=True):
        judge.equal("AITBC-TASK-012", said, "/priority", priority)
    ids = [str(said.at("/task_id")) for said in answers if said.ok]
    twice = {task_id for task_id in ids if ids.count(task_id) > 1}
    shown = [said for said in answers if str(said.at("/task_id")) in twice]
    judge.holds(
        "AITBC-TASK-009",
        not twice,
        f"{len(ids)} tasks at once got {len(set(ids))} ids",
        *shown[:2],
        pointer="/task_id",
    )


@requirement("AITBC-TASK-015", "AITBC-TASK-016")
@pytest.mark.parametrize(
    "priority",
    [
        *("immediate", "Medium", "medium", "default", "background", "0", "highest", "norm"),
        *("urgent!", "as soon as the others are through with theirs"),
    ],
)
async def test_flow_unknown_priorities_are_refused(
    priority: str, aitbc: Dialogue, judge: Judge
) -> None:
    said = await aitbc.submit(aitbc.task(priority), lawful=False)
    judge.status("AITBC-TASK-015", said, 400)
    if said.status == 400:
        detail = said.at("/detail")
        wanted = f"Invalid priority: {priority}"
        ok = isinstance(detail, str) and detail.strip() == wanted.strip()
        judge.holds(
            "AITBC-TASK-016",
            ok,
            f"the detail is {detail!r}",
            said,
            pointer="/detail",
            expected=wanted,
            actual=str(detail),
        )


@requirement("AITBC-TASK-031")
@pytest.mark.parametrize("priority", ["HIGH", "High", " high"])
async def test_priorities_in_another_writing(priority: str, aitbc: Dialogue, judge: Judge) -> None:
    """Who takes it may say it again as it was, which is no priority: that is not judged twice."""
    with aitbc.peer.seen_by():
        said = await aitbc.submit(aitbc.task(priority), lawful=False)
    judge.status("AITBC-TASK-031", said, 400)


@requirement("AITBC-TASK-015")
async def test_an_empty_priority_is_refused(aitbc: Dialogue, judge: Judge) -> None:
    """As one that there is not, or as one that is missing."""
    said = await aitbc.submit(aitbc.task(""), lawful=False)
    judge.status("AITBC-TASK-015", said, 400, 422)


@requirement("AITBC-TASK-029")
@pytest.mark.parametrize(
    ("row", "without", "change"),
    [
        case("AITBC-TASK-019", "priority", {}),
        case("AITBC-TASK-019", "priority", {"requirements": {}}),
        case("AITBC-TASK-020", "task_data", {}),
        case("AITBC-TASK-020", "task_data", {"requirements": {}}),
        case("AITBC-TASK-021", "", {"task_data": "digest"}),
        case("AITBC-TASK-021", "", {"task_data": 7}),
        case("AITBC-TASK-021", "", {"task_data": ["digest"]}),
        case("AITBC-TASK-021", "", {"task_data": None}),
        case("AITBC-TASK-022", "", {"priority": 1}),
        case("AITBC-TASK-022", "", {"priority": None}),
        case("AITBC-TASK-022", "", {"priority": ["normal"]}),
        case("AITBC-TASK-022", "", {"priority": {"is": "normal"}}),
        case("AITBC-TASK-023", "", {"requirements": "indexing"}),
        case("AITBC-TASK-023", "", {"requirements": ["indexing"]}),
        case("AITBC-TASK-023", "", {"requirements": 7}),
    ],
    ids=lambda value: None if isinstance(value, str) else repr(value)[:40],
)
async def test_flow_wrong_tasks_are_refused(
    row: str, without: str, change: dict[str, Any], aitbc: Dialogue, judge: Judge
) -> None:
    body = {key: value for key, value in (aitbc.task() | change).items() if key != without}
    said = await aitbc.submit(body, lawful=False)
    judge.status(row, said, 400, 422)
    judge.holds(
        "AITBC-TASK-029",
        body.get("priority") != "normal" or "Invalid priority" not in str(said.at("/detail")),
        f"the priority normal is blamed: {said.at('/detail')!r}",
        said,
        pointer="/detail",
    )


@requirement("AITBC-TASK-024", "AITBC-GEN-006")
async def test_flow_malformed_tasks_are_refused(aitbc: Dialogue, judge: Judge) -> None:
    await aitbc.able()
    for raw in (*MALFORMED.values(), *NOT_OBJECTS.values()):
        said = await aitbc.peer.call("submitTask", raw=raw, lawful=False)
        judge.status("AITBC-TASK-024", said, 400, 422)
    judge.status("AITBC-GEN-006", await aitbc.submit(aitbc.task()), 200)
