"""Queues: told, counted by priority, cleared one at a time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from conformance.exchange import MISSING, Exchange
from conformance.judge import Judge
from conformance.marks import exclusive, requirement
from conformance.protocols.aitbc.dialogue import PRIORITIES, Dialogue, queue_sizes
from conformance.protocols.aitbc.queues import refused_tasks, told_sizes, wait_for_nobody

pytestmark = exclusive("queues")  # queues are counted: one check at a time

_WHILE = 0.5
"""Seconds after which a queue that has not changed is taken to stand still."""

_FEW = 3

_LONG = 25
"""Tasks beyond what is taken at once in most places."""


async def _still(aitbc: Dialogue) -> dict[str, int]:
    """The sizes of the queues that hold something and stood still for a while: a peer may take
    waiting tasks away by itself.
    """
    before, _ = await told_sizes(aitbc)
    if any(before.values()):
        await asyncio.sleep(_WHILE)
    after, _ = await told_sizes(aitbc)
    return {name: size for name, size in after.items() if size and size == before.get(name)}


@requirement(
    "AITBC-QUEUE-001",
    "AITBC-QUEUE-002",
    "AITBC-QUEUE-003",
    "AITBC-QUEUE-005",
    "AITBC-QUEUE-013",
)
async def test_flow_queues_are_told(aitbc: Dialogue, judge: Judge) -> None:
    await wait_for_nobody(aitbc, "low", 2)
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
    before, first = await told_sizes(aitbc)
    submitted = await wait_for_nobody(aitbc, priority, 3)
    after, last = await told_sizes(aitbc)
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
    after, told = await told_sizes(aitbc)
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
        before, first = await told_sizes(aitbc)
        names = (*PRIORITIES, *reversed(PRIORITIES))  # none drives out those that came before
        tasks = [task for name in names for task in await wait_for_nobody(aitbc, name, 1)]
        filled, told = await told_sizes(aitbc)
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
    before, _ = await told_sizes(aitbc)
    cleared = await aitbc.clear(priority)
    judge.status("AITBC-QUEUE-006", cleared, range(200, 300))
    if not cleared.ok:
        return True
    after, told = await told_sizes(aitbc)
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
    await wait_for_nobody(aitbc, priority, 2)
    return not lost


@requirement("AITBC-QUEUE-007", "AITBC-QUEUE-014")
async def test_flow_long_queues_are_emptied_and_filled_again(aitbc: Dialogue, judge: Judge) -> None:
    """Where tasks that nobody can take do wait, they do so after a clearing as well."""
    before, _ = await told_sizes(aitbc)
    await wait_for_nobody(aitbc, "normal", _LONG)
    filled, _ = await told_sizes(aitbc)
    cleared = await aitbc.clear("normal")
    emptied, told = await told_sizes(aitbc)
    left = emptied.get("normal", 0)
    wrong = f"a queue of {filled.get('normal')} tasks was cleared and holds {left}"
    judge.holds("AITBC-QUEUE-007", not cleared.ok or not left, wrong, cleared, told)
    waited = filled.get("normal", 0) - before.get("normal", 0) == _LONG
    for _ in range(2):
        await wait_for_nobody(aitbc, "normal", _LONG)
        again, seen = await told_sizes(aitbc)
        fine = bool(again.get("normal", 0)) or not waited
        if fine:
            break
        await asyncio.sleep(_WHILE)
    wrong = f"{_LONG} tasks waited; their queue was cleared, and of as many more none waits"
    judge.holds("AITBC-QUEUE-014", fine, wrong, cleared, seen)


@requirement("AITBC-QUEUE-015")
async def test_waiting_tasks_are_not_driven_out(aitbc: Dialogue, judge: Judge) -> None:
    """Where those that nobody can take wait, more of them do not end the waiting of the first."""
    for last in (False, True):
        await aitbc.clear("low")
        tasks = await wait_for_nobody(aitbc, "low", _FEW)
        await asyncio.sleep(_WHILE)
        few, _ = await told_sizes(aitbc)
        tasks += await wait_for_nobody(aitbc, "low", _LONG)
        many, told = await told_sizes(aitbc)
        kept, waits = few.get("low", 0) == _FEW and all(t.ok for t in tasks), many.get("low", 0)
        odd = kept and waits < len(tasks)
        if last or not odd:
            wrong = f"{_FEW} tasks waited, {_LONG} more were taken, and {waits} are there at once"
            judge.holds("AITBC-QUEUE-015", not odd, wrong, *tasks[-1:], told)
            break


@requirement("AITBC-QUEUE-016")
async def test_tasks_wait_whatever_they_require(aitbc: Dialogue, judge: Judge) -> None:
    """A task for a type of agents that there are none of: it waits as others for nobody do, unless
    it is refused (silence 4).
    """
    nobody = {"agent_type": aitbc.new("no-such-type")}
    for last in (False, True):
        before, first = await told_sizes(aitbc)
        await wait_for_nobody(aitbc, "critical", _FEW)
        between, _ = await told_sizes(aitbc)
        body = aitbc.task("critical", requirements=nobody)
        tasks = [await aitbc.submit(body, served=False) for _ in range(_FEW)]
        after, told = await told_sizes(aitbc)
        sizes = [each.get("critical", 0) for each in (before, between, after)]
        wait = sizes[1] - sizes[0] == _FEW and all(task.ok for task in tasks)
        odd = wait and sizes[2] == sizes[1]
        if last or not odd:
            wrong = f"{_FEW} tasks were taken that require a type alone, and none of them waits"
            judge.holds("AITBC-QUEUE-016", not odd, wrong, first, *tasks[:1], told)
            break
        await asyncio.sleep(_WHILE)


@requirement("AITBC-QUEUE-009", "AITBC-QUEUE-010")
async def test_flow_unknown_queues_are_not_cleared(aitbc: Dialogue, judge: Judge) -> None:
    for last in (False, True):
        for name in PRIORITIES:
            await wait_for_nobody(aitbc, name, 1)
        still = await _still(aitbc)
        emptied = False
        for unknown in ("immediate", "all", aitbc.new("queue")):
            said = await aitbc.clear(unknown, lawful=False)
            after, told = await told_sizes(aitbc)
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


@requirement("AITBC-QUEUE-011")
async def test_refused_tasks_wait_nowhere(aitbc: Dialogue, judge: Judge) -> None:
    before, _ = await told_sizes(aitbc)
    refused = await refused_tasks(aitbc)
    after, told = await told_sizes(aitbc)
    grown = [name for name, size in after.items() if size > before.get(name, 0)]
    judge.holds(
        "AITBC-QUEUE-011",
        not grown,
        f"refused tasks wait in {', '.join(grown)}",
        *refused,
        told,
    )
