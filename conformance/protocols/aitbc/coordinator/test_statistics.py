"""Statistics of the tasks: they count what was done, agree with themselves, and never go down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, exclusive, requirement, undisturbed
from conformance.protocols.aitbc.dialogue import COUNTERS, PRIORITIES, Dialogue, queue_sizes
from conformance.protocols.aitbc.queues import refused_tasks, told_sizes, wait_for_nobody

pytestmark = exclusive("queues")  # queues are counted: one check at a time

_GATHERED = 2.0
"""Seconds after which statistics tell of what was done before them."""

_HANDED_OUT = ("/stats/tasks_distributed", "/stats/load_balancer_stats/total_assignments")
"""What counts the tasks that went to an agent."""

_CLEARED = 7
"""Waiting tasks that are cleared away at once, more than are done in a moment."""

_FEW = 6

_ACTIVE = "/stats/load_balancer_stats/active_agents"

_WHOLE = 100.0
"""What a rate is at most, in per cent as well."""


@requirement("AITBC-LOAD-035")
async def test_refused_tasks_are_not_counted(aitbc: Dialogue, judge: Judge) -> None:
    """Those before them may still be distributed meanwhile, and may not be twice in a row."""
    for last in (False, True):
        before = await aitbc.peer.call("getTaskStatus")
        refused = await refused_tasks(aitbc)
        after = await aitbc.peer.call("getTaskStatus")
        grown = [
            pointer for pointer in _HANDED_OUT if _grown(before, after, pointer) >= len(refused)
        ]
        if last or not grown:
            wrong = f"{len(refused)} tasks were refused, and are counted in {', '.join(grown)}"
            judge.holds("AITBC-LOAD-035", not grown, wrong, before, *refused, after)
            break
        await asyncio.sleep(_GATHERED)


@requirement("AITBC-LOAD-036")
async def test_cleared_tasks_are_not_completed(aitbc: Dialogue, judge: Judge) -> None:
    """Nobody could take them, and nobody did; others' may be done meanwhile, but not so many."""
    for last in (False, True):
        await wait_for_nobody(aitbc, "high", _CLEARED)
        sizes, _ = await told_sizes(aitbc)
        before = await aitbc.peer.call("getTaskStatus")
        cleared = await aitbc.clear("high")
        after = await aitbc.peer.call("getTaskStatus")
        waited = sizes.get("high", 0)
        grown = _grown(before, after, "/stats/tasks_completed")
        odd = cleared.ok and waited >= _CLEARED and grown >= waited
        if last or not odd:
            wrong = f"a queue of {waited} tasks was cleared, and tasks_completed grew by {grown}"
            judge.holds("AITBC-LOAD-036", not odd, wrong, before, cleared, after)
            break
        await asyncio.sleep(_GATHERED)


def _grown(before: Exchange, after: Exchange, pointer: str) -> int:
    """Raises `UnjudgeableError` where there is no such count."""
    old, new = before.at(pointer), after.at(pointer)
    if not isinstance(old, int) or not isinstance(new, int):
        raise UnjudgeableError(f"{pointer} is no count")
    return new - old


@undisturbed
@requirement("AITBC-LOAD-032")
async def test_agents_that_turn_active_are_counted(aitbc: Dialogue, judge: Judge) -> None:
    """What is odd is only believed the second time. Statistics may be those of a moment ago (a peer
    may gather them each second), so that one is waited for then.
    """
    for last in (False, True):
        ids = [await aitbc.registered() for _ in range(3)]
        counts = []
        for status in ("inactive", "active", "inactive"):
            for agent_id in ids:
                await aitbc.update(agent_id, status)
            if last:
                await asyncio.sleep(_GATHERED)
            counts.append(await aitbc.peer.call("getTaskStatus"))
        told = [said.at(_ACTIVE) for said in counts]
        if not all(isinstance(number, int) for number in told):
            raise UnjudgeableError("the active agents are not counted")
        few, many, fewer = told
        if few < many > fewer or last:
            wrong = f"three agents turned active, and active_agents went from {few} to {many}"
            judge.holds("AITBC-LOAD-032", many > few, wrong, *counts[:2])
            wrong = f"they turned inactive again, and it went from {many} to {fewer}"
            judge.holds("AITBC-LOAD-032", fewer < many, wrong, *counts[1:])
            break


@undisturbed
@requirement("AITBC-LOAD-037", "AITBC-LOAD-038")
async def test_flow_agents_are_counted_once_and_while_they_are_active(
    aitbc: Dialogue, judge: Judge
) -> None:
    bodies = [aitbc.registration() for _ in range(3)]
    for body in bodies:
        await aitbc.register(body)

    async def turned(status: str, fine: Callable[[int], bool]) -> tuple[Exchange, int]:
        for body in bodies:
            await aitbc.update(body["agent_id"], status)
        return await _active(aitbc, fine)

    _, without = await turned("inactive", lambda _: True)
    first, among = await turned("active", lambda number: number == without + 3)
    for status in ("busy", "stale"):
        said, number = await turned(status, lambda number: number < among)
        wrong = f"three agents turned {status}, and active_agents went from {among} to {number}"
        judge.holds("AITBC-LOAD-038", number < among, wrong, first, said, pointer=_ACTIVE)
    before, known = await turned("active", lambda number: number == among)
    again = [await aitbc.register(body, lawful=False) for body in bodies]  # which may be refused
    said, number = await _active(aitbc, lambda number: number <= known)
    wrong = f"three active agents registered again, and active_agents went from {known} to {number}"
    judge.holds("AITBC-LOAD-037", number <= known, wrong, before, *again, said, pointer=_ACTIVE)


async def _active(aitbc: Dialogue, fine: Callable[[int], bool]) -> tuple[Exchange, int]:
    """How many agents are active. What is not as it should be may be told of a moment ago."""
    said = await aitbc.peer.call("getTaskStatus")
    number = said.at(_ACTIVE)
    if isinstance(number, int) and not fine(number):
        await asyncio.sleep(_GATHERED)
        said = await aitbc.peer.call("getTaskStatus")
        number = said.at(_ACTIVE)
    if not isinstance(number, int):
        raise UnjudgeableError("the active agents are not counted")
    return said, number


@undisturbed
@requirement("AITBC-LOAD-039", "AITBC-LOAD-040")
async def test_flow_assignments_are_counted_once(aitbc: Dialogue, judge: Judge) -> None:
    """Tasks of before may be assigned meanwhile, but hardly so many again the second time. Who
    tries a task once more counts the first try as failed.
    """
    balancer = "/stats/load_balancer_stats/"
    for last in (False, True):
        await aitbc.able()
        await asyncio.sleep(_GATHERED * last)
        before = await aitbc.peer.call("getTaskStatus")
        tasks = [await aitbc.submit(aitbc.task(), served=False) for _ in range(_FEW)]
        await asyncio.sleep(_GATHERED * last)
        after = await aitbc.peer.call("getTaskStatus")
        total, failed = (
            _grown(before, after, f"{balancer}{name}_assignments") for name in ("total", "failed")
        )
        many = total - failed > len(tasks)
        succeeded = after.at(f"{balancer}successful_assignments")
        rate = after.at(f"{balancer}success_rate")
        told = isinstance(succeeded, int) and isinstance(rate, int | float)
        most = told and 0 < after.at(f"{balancer}total_assignments") <= 2 * succeeded
        none = most and rate <= 0
        if last or not (many or none):
            wrong = f"{len(tasks)} tasks were assigned {total} times, of which {failed} failed"
            judge.holds("AITBC-LOAD-039", not many, wrong, before, *tasks, after)
            wrong = f"{succeeded} assignments succeeded, and the rate of success is {rate}"
            judge.holds("AITBC-LOAD-040", not none, wrong, after, pointer=f"{balancer}success_rate")
            break


@requirement("AITBC-QUEUE-017")
async def test_counters_are_told_alike(aitbc: Dialogue, judge: Judge) -> None:
    """Only those that stood still can be compared; what differs is only believed after a while."""
    await aitbc.able()
    for _ in range(_FEW):
        await aitbc.submit(aitbc.task(), served=False)
    for last in (False, True):
        before = await aitbc.peer.call("getTaskStatus")
        statistics = await aitbc.peer.call("getQueueStatistics")
        after = await aitbc.peer.call("getTaskStatus")
        odd: dict[str, tuple[int, int]] = {}
        for pointer in COUNTERS:
            told = [*_named(statistics.json, pointer.rpartition("/")[2])]
            number = before.at(pointer)
            if number == after.at(pointer) and isinstance(number, int) and len(told) == 1:
                odd |= {} if told == [number] else {pointer: (number, told[0])}
        if last or not odd:
            wrong = f"counters differ in the task status and in the queue statistics: {odd}"
            judge.holds("AITBC-QUEUE-017", not odd, wrong, before, statistics, after)
            break
        await asyncio.sleep(_GATHERED)


def _named(value: Any, name: str) -> Iterator[int]:
    """The counts of such a name, save those of single queues."""
    for key, each in value.items() if isinstance(value, dict) else ():
        if key == name and isinstance(each, int):
            yield each
        elif key not in PRIORITIES:
            yield from _named(each, name)


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
        await wait_for_nobody(aitbc, priority, 1)
        said = await aitbc.peer.call("getTaskStatus")
        judge.status("AITBC-LOAD-001", said, 200)
        for pointer in COUNTERS:
            _judge_counter(judge, pointer, last, said)
        _judge_figures(judge, said)
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


def _judge_figures(judge: Judge, said: Exchange) -> None:
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
        before, queues = await told_sizes(aitbc)
        status = await aitbc.peer.call("getTaskStatus")
        shown = status.at("/stats/queue_sizes")
        statistics = await aitbc.peer.call("getQueueStatistics")
        again = queue_sizes(statistics)
        after, _ = await told_sizes(aitbc)
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
