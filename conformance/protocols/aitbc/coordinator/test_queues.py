"""Queues and statistics: told, counted by priority, cleared one at a time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from conformance.exchange import MISSING, Exchange
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, exclusive, requirement
from conformance.protocols.aitbc.dialogue import COUNTERS, PRIORITIES, Dialogue, queue_sizes

pytestmark = exclusive("queues")  # queues are counted: one check at a time

_WHILE = 0.5
"""Seconds after which a queue that has not changed is taken to stand still."""

_GATHERED = 2.0
"""Seconds after which statistics tell of what was done before them."""


_WHOLE = 100.0
"""What a rate is at most, in per cent as well."""


async def _sizes(aitbc: Dialogue) -> tuple[dict[str, int], Exchange]:
    """The queue sizes. Raises `UnjudgeableError` where they cannot be made out."""
    said = await aitbc.peer.call("getQueues")
    sizes = queue_sizes(said) if said.ok else None
    if sizes is None:
        raise UnjudgeableError(f"no queue sizes can be made out (answered {said.outcome})")
    return sizes, said


async def _still(aitbc: Dialogue) -> dict[str, int]:
    """The sizes of the queues that hold something and stood still for a while: a peer may take
    waiting tasks away by itself.
    """
    before, _ = await _sizes(aitbc)
    if any(before.values()):
        await asyncio.sleep(_WHILE)
    after, _ = await _sizes(aitbc)
    return {name: size for name, size in after.items() if size and size == before.get(name)}


async def _wait_for_nobody(aitbc: Dialogue, priority: str, number: int) -> list[Exchange]:
    """Tasks that no agent can take: they wait, or go wherever this peer puts such tasks."""
    nobody = {"capabilities": [aitbc.new("nobody-has-this")]}
    body = aitbc.task(priority, requirements=nobody)
    return [await aitbc.submit(body, served=False) for _ in range(number)]


@requirement(
    "AITBC-QUEUE-001",
    "AITBC-QUEUE-002",
    "AITBC-QUEUE-003",
    "AITBC-QUEUE-005",
    "AITBC-QUEUE-013",
)
async def test_flow_queues_are_told(aitbc: Dialogue, judge: Judge) -> None:
    await _wait_for_nobody(aitbc, "low", 2)
    for _ in range(2):
        statistics = await aitbc.peer.call("getQueueStatistics")
        judge.status("AITBC-QUEUE-005", statistics, range(200, 300))
        if statistics.ok:
            _judge_statistics(judge, statistics)
        said = await aitbc.peer.call("getQueues")
        judge.status("AITBC-QUEUE-001", said, range(200, 300))
        if said.ok:
            _judge_sizes(judge, said)


def _judge_statistics(judge: Judge, said: Exchange) -> None:
    """They are of the queues and of the distribution, in whatever form."""
    judge.holds("AITBC-QUEUE-013", bool(said.json), "nothing is told", said)
    named = any(f'"{name}"'.encode() in said.answer for name in PRIORITIES)
    judge.holds("AITBC-QUEUE-013", named, "no queue is named by its priority", said)
    rest = _beside_sizes(said.json)
    judge.holds("AITBC-QUEUE-013", rest, "nothing is told of the distribution", said)


def _beside_sizes(value: Any) -> bool:
    """Is there a number that no priority names, or an object that is not one of the queues?"""
    if not isinstance(value, dict):
        return False
    rest = [item for key, item in value.items() if key not in PRIORITIES]
    return any(map(_is_no_size, rest)) or any(map(_beside_sizes, rest))


def _is_no_size(item: Any) -> bool:
    return not item.keys() & set(PRIORITIES) if isinstance(item, dict) else _is_number(item)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _judge_sizes(judge: Judge, said: Exchange) -> None:
    judge.holds(
        "AITBC-QUEUE-001", said.json is not MISSING, "the queues are not told in JSON", said
    )
    sizes = queue_sizes(said)
    if sizes is None:
        for row in ("AITBC-QUEUE-002", "AITBC-QUEUE-003"):
            judge.inconclusive(row, "no queue sizes can be made out in the answer")
        return
    missing = [priority for priority in PRIORITIES if priority not in sizes]
    judge.holds(
        "AITBC-QUEUE-002",
        not missing,
        f"nothing is said of the queue of {', '.join(missing)}",
        said,
        expected=list(PRIORITIES),
        actual=list(sizes),
    )
    judge.holds(
        "AITBC-QUEUE-003",
        all(size >= 0 for size in sizes.values()),
        f"a queue has a negative size: {sizes}",
        said,
    )


@requirement("AITBC-QUEUE-004")
@pytest.mark.parametrize("priority", PRIORITIES)
async def test_tasks_wait_in_their_own_queue(priority: str, aitbc: Dialogue, judge: Judge) -> None:
    before, first = await _sizes(aitbc)
    submitted = await _wait_for_nobody(aitbc, priority, 3)
    after, last = await _sizes(aitbc)
    grown = {name: after.get(name, 0) - before.get(name, 0) for name in after}
    strange = {
        name: by for name, by in grown.items() if by > (len(submitted) if name == priority else 0)
    }
    judge.holds(
        "AITBC-QUEUE-004",
        not strange,
        f"{len(submitted)} {priority} tasks were submitted, and queues grew by {strange}",
        first,
        *submitted,
        last,
    )


@requirement("AITBC-QUEUE-006", "AITBC-QUEUE-007")
async def test_flow_empty_queues_can_be_cleared(aitbc: Dialogue, judge: Judge) -> None:
    known = await aitbc.registered()
    for priority in (*PRIORITIES, *PRIORITIES):
        cleared = await aitbc.clear(priority)
        judge.status("AITBC-QUEUE-006", cleared, range(200, 300))
    after, told = await _sizes(aitbc)
    judge.holds(
        "AITBC-QUEUE-007", not any(after.values()), f"every queue was cleared: {after}", told
    )
    await aitbc.get(known)  # agents are no tasks: they stay
    await aitbc.submit(aitbc.task())
    await aitbc.peer.call("getTaskStatus")


@requirement("AITBC-QUEUE-006", "AITBC-QUEUE-007", "AITBC-QUEUE-008", "AITBC-QUEUE-012")
async def test_flow_clearing_empties_one_queue(aitbc: Dialogue, judge: Judge) -> None:
    """A loss is only believed where queues stood still before, and the second time."""
    for last in (False, True):
        before, first = await _sizes(aitbc)
        names = (*PRIORITIES, *reversed(PRIORITIES))  # none drives out those that came before
        tasks = [task for name in names for task in await _wait_for_nobody(aitbc, name, 1)]
        filled, told = await _sizes(aitbc)
        still = await _still(aitbc)
        grown = {name: size - before.get(name, 0) for name, size in filled.items()}
        odd = len(set(grown.values())) > 1 and all(task.ok for task in tasks)
        odd = odd and still == {name: size for name, size in filled.items() if size}
        wrong = f"of each priority two tasks were submitted, and queues grew by {grown}"
        if last or not odd:
            judge.holds("AITBC-QUEUE-012", not odd, wrong, first, *tasks, told)
        cleared = [not odd] + [
            await _clear_one(aitbc, judge, name, still, last=last) for name in PRIORITIES
        ]
        if all(cleared):
            break


async def _clear_one(
    aitbc: Dialogue, judge: Judge, priority: str, still: dict[str, int], *, last: bool
) -> bool:
    """Clear one queue, and fill it again. Is there nothing left to be looked at once more?"""
    before, _ = await _sizes(aitbc)
    cleared = await aitbc.clear(priority)
    judge.status("AITBC-QUEUE-006", cleared, range(200, 300))
    if not cleared.ok:
        return True
    after, told = await _sizes(aitbc)
    judge.holds(
        "AITBC-QUEUE-007",
        after.get(priority, 0) == 0,
        f"the {priority} queue was cleared and holds {after.get(priority)} tasks",
        cleared,
        told,
    )
    lost = {
        name: (before[name], after[name])
        for name in before.keys() & after.keys() & still.keys() - {priority}
        if after[name] < before[name]
    }
    if last or not lost:
        judge.holds(
            "AITBC-QUEUE-008",
            not lost,
            f"clearing the {priority} queue changed others (before, after): {lost}",
            cleared,
            told,
        )
    await _wait_for_nobody(aitbc, priority, 2)
    return not lost


@requirement("AITBC-QUEUE-009", "AITBC-QUEUE-010")
async def test_flow_unknown_queues_are_not_cleared(aitbc: Dialogue, judge: Judge) -> None:
    for last in (False, True):
        for name in PRIORITIES:
            await _wait_for_nobody(aitbc, name, 1)
        still = await _still(aitbc)
        emptied = False
        for unknown in ("immediate", "all", aitbc.new("queue")):
            said = await aitbc.clear(unknown, lawful=False)
            after, told = await _sizes(aitbc)
            judge.status("AITBC-QUEUE-009", said, range(400, 500))
            gone = [name for name in still if not after.get(name, 0)]
            if last or not gone:
                judge.holds(
                    "AITBC-QUEUE-010",
                    not gone,
                    f"clearing a queue called {unknown} emptied {', '.join(gone)}",
                    said,
                    told,
                )
            emptied = emptied or bool(gone)
        if not emptied:
            break


async def _refused(aitbc: Dialogue) -> list[Exchange]:
    """Tasks that are wrong, each in its own way. Raises `UnjudgeableError` where one is taken."""
    refused = []
    for body in (
        aitbc.task("immediate"),
        {"priority": "high"},
        {"task_data": {"task_type": "digest"}},
        aitbc.task("urgent", task_data="digest"),
    ):
        said = await aitbc.submit(body, lawful=False)
        if said.ok:
            raise UnjudgeableError("a task that should be refused was accepted")
        refused.append(said)
    return refused


@requirement("AITBC-QUEUE-011")
async def test_refused_tasks_wait_nowhere(aitbc: Dialogue, judge: Judge) -> None:
    before, _ = await _sizes(aitbc)
    refused = await _refused(aitbc)
    after, told = await _sizes(aitbc)
    grown = [name for name, size in after.items() if size > before.get(name, 0)]
    judge.holds(
        "AITBC-QUEUE-011",
        not grown,
        f"refused tasks wait in {', '.join(grown)}",
        *refused,
        told,
    )


@requirement("AITBC-LOAD-035")
async def test_refused_tasks_are_not_counted(aitbc: Dialogue, judge: Judge) -> None:
    """Those before them may still be distributed meanwhile, and may not be twice in a row."""
    pointer = "/stats/tasks_distributed"
    for last in (False, True):
        before = await aitbc.peer.call("getTaskStatus")
        refused = await _refused(aitbc)
        after = await aitbc.peer.call("getTaskStatus")
        old, new = before.at(pointer), after.at(pointer)
        if not isinstance(old, int) or not isinstance(new, int):
            raise UnjudgeableError("the tasks that were distributed are not counted")
        counted = new - old >= len(refused)
        if last or not counted:
            wrong = f"{len(refused)} refused tasks, and {pointer} went from {old} to {new}"
            judge.holds("AITBC-LOAD-035", not counted, wrong, before, *refused, after)
            break
        await asyncio.sleep(_WHILE)


@requirement("AITBC-LOAD-032")
async def test_agents_that_turn_active_are_counted(aitbc: Dialogue, judge: Judge) -> None:
    """Others come and go meanwhile, so what is odd is only believed the second time. Statistics may
    be those of a moment ago (a peer may gather them each second), so that one is waited for then.
    """
    for last in (False, True):
        ids = [await aitbc.registered() for _ in range(3)]
        counts = []
        for status in ("inactive", "active"):
            for agent_id in ids:
                await aitbc.update(agent_id, status)
            if last:
                await asyncio.sleep(_GATHERED)
            counts.append(await aitbc.peer.call("getTaskStatus"))
        few, many = (said.at("/stats/load_balancer_stats/active_agents") for said in counts)
        if not isinstance(few, int) or not isinstance(many, int):
            raise UnjudgeableError("the active agents are not counted")
        if many > few or last:
            wrong = f"three agents turned active, and active_agents went from {few} to {many}"
            judge.holds("AITBC-LOAD-032", many > few, wrong, *counts)
            break


@requirement(
    "AITBC-LOAD-001",
    "AITBC-LOAD-025",
    "AITBC-LOAD-026",
    "AITBC-LOAD-031",
    "AITBC-LOAD-034",
    "AITBC-QUEUE-013",
)
async def test_flow_statistics(aitbc: Dialogue, judge: Judge) -> None:
    await aitbc.registered()
    last = await aitbc.peer.call("getTaskStatus")
    judge.status("AITBC-LOAD-001", last, 200)
    for priority in PRIORITIES:
        await aitbc.submit(aitbc.task(priority))
        await _wait_for_nobody(aitbc, priority, 1)
        said = await aitbc.peer.call("getTaskStatus")
        judge.status("AITBC-LOAD-001", said, 200)
        for pointer in COUNTERS:
            _judge_counter(judge, pointer, last, said)
        _judge_sums(judge, said)
        last = said
    await _judge_agreement(aitbc, judge)
    for priority in PRIORITIES:
        await aitbc.clear(priority)
    cleared = await aitbc.peer.call("getTaskStatus")
    for pointer in COUNTERS:  # of what was done, which a cleared queue leaves as it is
        _judge_counter(judge, pointer, last, cleared)


def _judge_counter(judge: Judge, pointer: str, before: Exchange, after: Exchange) -> None:
    old, new = before.at(pointer), after.at(pointer)
    if isinstance(old, int | float) and isinstance(new, int | float):
        judge.holds(
            "AITBC-LOAD-025",
            new >= old,
            f"{pointer} went down from {old} to {new}",
            before,
            after,
            pointer=pointer,
        )


def _judge_sums(judge: Judge, said: Exchange) -> None:
    balancer = "/stats/load_balancer_stats/"
    for parts, whole in (
        (
            (f"{balancer}successful_assignments", f"{balancer}failed_assignments"),
            f"{balancer}total_assignments",
        ),
        (("/stats/tasks_completed",), "/stats/tasks_distributed"),
    ):
        told = [said.at(pointer) for pointer in (*parts, whole)]
        if all(isinstance(number, int) for number in told):
            wrong = f"{' and '.join(parts)} are {told[:-1]}, of {told[-1]} at all"
            fine = sum(told[:-1]) <= told[-1]
            judge.holds("AITBC-LOAD-031", fine, wrong, said, pointer=whole)
    pointer = f"{balancer}success_rate"
    rate = said.at(pointer)
    if isinstance(rate, int | float):
        wrong = f"{rate} of the assignments succeeded: neither a share nor per cent"
        judge.holds("AITBC-LOAD-034", rate <= _WHOLE, wrong, said, pointer=pointer)


async def _judge_agreement(aitbc: Dialogue, judge: Judge) -> None:
    """Tasks may leave their queues at any time: only queues that stand still can be compared."""
    for _ in range(5):
        before, queues = await _sizes(aitbc)
        status = await aitbc.peer.call("getTaskStatus")
        shown = status.at("/stats/queue_sizes")
        statistics = await aitbc.peer.call("getQueueStatistics")
        again = queue_sizes(statistics)
        after, _ = await _sizes(aitbc)
        if before == after and again is not None:
            wrong = f"the queues are told as {before}, and in their statistics as {again}"
            judge.holds("AITBC-QUEUE-013", again == before, wrong, queues, statistics)
        if before == after and isinstance(shown, dict):
            judge.holds(
                "AITBC-LOAD-026",
                all(shown.get(name) == size for name, size in before.items()),
                f"the queues are told as {before} and in the task status as {shown}",
                queues,
                status,
                pointer="/stats/queue_sizes",
            )
            return
    judge.inconclusive("AITBC-LOAD-026", "the queues never stood still, or cannot be made out")
