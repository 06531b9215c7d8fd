"""How tasks get on, once somebody has them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest

from conformance.exchange import MISSING, Exchange
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, from_profile, requirement
from conformance.protocols.caxton.client import Client
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.labour import Labour, found_nobody, task_id_of
from conformance.times import parse_time

_TIMEOUT = 90
"""Seconds that the tasks of these checks may take."""

_JUMPS = (0.5, 1.0, 1.5, 2.0, 6.0, 15.0, 30.0)
"""Seconds between looks at a task where time can jump: more than half of its timeout in all."""

_IDLE = 30.0
"""Seconds for which a task lies before it is distributed, where time can jump."""

_ENDED = ("completed", "failed")

_NEAR = 0.1
"""How far a task may get between the hook and our look."""


@pytest.fixture
def labour(client: Client) -> Labour:
    return Labour(client)


async def _awarded(labour: Labour, crew: Crew) -> tuple[Exchange, str]:
    """A task that is somebody's. Raises `UnjudgeableError` where nobody took it."""
    agent = await crew.mate(labour.client)
    made = await labour.put_out(agent, timeout_seconds=_TIMEOUT)
    if labour.client.clock.can_jump:
        await labour.client.clock.jump(_IDLE)
    said = [await labour.distribute(task_id)] if (task_id := task_id_of(made)) else []
    if not said or not said[0].ok:
        raise UnjudgeableError(f"a task was not distributed: {(said or [made])[0].outcome}")
    if found_nobody(said[0]):
        raise UnjudgeableError("nobody bid for a task")
    return made, task_id_of(made)


@requirement(
    "CAXTON-TGT-012",
    "CAXTON-TGT-013",
    "CAXTON-TGT-014",
    "CAXTON-TGT-015",
    "CAXTON-TGT-016",
    "CAXTON-TGT-019",
    "CAXTON-TGT-022",
    "CAXTON-TGT-024",
)
@from_profile("standard")
async def test_flow_a_task_gets_on(
    client: Client, crew: Crew, labour: Labour, judge: Judge
) -> None:
    said = await labour.look(client.new("task"), served=False)
    judge.status("CAXTON-TGT-013", said, 404)
    made, task_id = await _awarded(labour, crew)
    looks = [await labour.look(task_id)]
    for number, seconds in enumerate(_JUMPS[: None if client.clock.can_jump else 4]):
        await (client.clock.jump(seconds) if client.clock.can_jump else client.clock.step(number))
        looks.append(await labour.look(task_id))
        if _status(looks[-1]) in _ENDED and _status(looks[-2]) in _ENDED:
            break
    for seen in looks:
        judge.equal("CAXTON-TGT-012", seen, "/task_id", task_id)
        _judge_times(judge, made, seen)
        _judge_start(client, judge, made, seen)
        _judge_parts(judge, seen)
    _judge_course(judge, looks)
    await client.clock.jump(_TIMEOUT + 30)
    late = await labour.look(task_id)
    wrong = f"{_TIMEOUT + 30} s after it was assigned a task of {_TIMEOUT} s is in progress"
    judge.holds("CAXTON-TGT-019", _status(late) != "in_progress", wrong, made, late)
    await client.clock.jump(_TIMEOUT)
    _judge_course(judge, [*looks, late, await labour.look(task_id)])


def _status(seen: Exchange) -> str:
    return str(seen.at("/status"))


def _judge_start(client: Client, judge: Judge, made: Exchange, seen: Exchange) -> None:
    """It starts when somebody has it, and not when it is put out."""
    created, started = (
        parse_time(each) for each in (made.at("/created_at"), seen.at("/started_at"))
    )
    if created is None or started is None or not client.clock.can_jump:
        return
    gap = (started - created).total_seconds()
    wrong = f"a task that was distributed {_IDLE:g} s after its creation started {gap:.1f} s after"
    judge.holds("CAXTON-TGT-024", gap > _IDLE / 2, wrong, made, seen, pointer="/started_at")


def _judge_course(judge: Judge, looks: Sequence[Exchange]) -> None:
    """What is seen of one task, in order."""
    for before, after in pairwise(looks):
        far, near = (each.at("/progress") for each in (before, after))
        if isinstance(far, int | float) and isinstance(near, int | float):
            wrong = f"the progress of a task goes from {far} to {near}"
            judge.holds("CAXTON-TGT-014", near >= far, wrong, before, after, pointer="/progress")
        if _status(before) in _ENDED:
            wrong = f"a task that was {_status(before)} is {_status(after)}"
            fine = _status(after) == _status(before)
            judge.holds("CAXTON-TGT-015", fine, wrong, before, after, pointer="/status")


def _judge_parts(judge: Judge, seen: Exchange) -> None:
    told = seen.at("/subtasks")
    parts = told if isinstance(told, list) else []
    ids = [str(each.get("id")) for each in parts if isinstance(each, dict)]
    wrong = f"the subtasks of a task have the ids {ids}"
    judge.holds("CAXTON-TGT-022", len(ids) == len(set(ids)), wrong, seen, pointer="/subtasks")


def _judge_times(judge: Judge, made: Exchange, seen: Exchange) -> None:
    """To a second: times may be told without their fractions."""
    created = parse_time(made.at("/created_at"))
    started, ends = (parse_time(seen.at(f"/{n}")) for n in ("started_at", "estimated_completion"))
    pairs = [(created, started, "started_at"), (started or created, ends, "estimated_completion")]
    for first, second, name in pairs:
        if first is not None and second is not None:
            gap = (second - first).total_seconds()
            wrong = f"the {name} of a task lies {-gap:.1f} s too early"
            judge.holds("CAXTON-TGT-016", gap > -1.0, wrong, made, seen, pointer=f"/{name}")


@requirement(*(f"CAXTON-TGT-{number:03}" for number in (14, 15, 17, 18, 23)))
@from_profile("standard")
async def test_flow_a_task_is_brought_on(
    client: Client, crew: Crew, labour: Labour, judge: Judge
) -> None:
    _, task_id = await _awarded(labour, crew)
    for progress in (0.35, 0.75):
        await client.hooks("progress", {"task": task_id, "progress": progress})
        seen = await labour.look(task_id)
        shown = seen.at("/progress")
        fine = isinstance(shown, int | float) and -0.001 <= shown - progress <= _NEAR
        wrong = f"a task that was brought on to {progress} shows {shown!r}"
        judge.holds("CAXTON-TGT-017", fine, wrong, seen, pointer="/progress")
    await client.hooks("progress", {"task": task_id, "progress": 1})
    done = await labour.look(task_id)
    judge.equal("CAXTON-TGT-018", done, "/status", "completed")
    shown = done.at("/progress")
    wrong = f"a task that is completed has the progress {shown!r}"
    fine = _status(done) != "completed" or shown in (MISSING, None, 1)
    judge.holds("CAXTON-TGT-023", fine, wrong, done, pointer="/progress")
    await client.clock.jump(_TIMEOUT + 30)
    _judge_course(judge, [done, await labour.look(task_id)])
