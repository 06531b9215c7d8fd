"""What is pushed on task streams, to whom, and what agents say on them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from typing import Any

import pytest

from conformance.clients.opener import Opener
from conformance.clients.websocket import Socket
from conformance.conversation import Refused
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, from_profile, requirement
from conformance.patience import Patience
from conformance.plugin import Suite
from conformance.protocols.stella.fleet import Fleet
from conformance.protocols.stella.jobs import Job, judge_done
from conformance.protocols.stella.streams import PROMPT, Line, Streams, task_in
from conformance.vigil import Vigil

_MANY = 11
_AGAIN = 10

_SILENCE = 3.5
"""Seconds in which nothing is said."""

_LONG = 30.0
"""Seconds of silence after which a stream may end: no document says that it lasts for ever."""


@pytest.fixture(scope="module")
async def silent(suite: Suite) -> AsyncIterator[Vigil[list[Line]]]:
    """Streams on which nothing is said, from the first check of streams on."""
    vigil: Vigil[list[Line]] = Vigil(suite.protocol, suite.context.target)
    yield vigil
    await vigil.end()


@pytest.fixture
async def streams(
    fleet: Fleet, judge: Judge, patience: Patience, silent: Vigil[list[Line]], suite: Suite
) -> Streams:
    if suite.context.profile != "quick":

        async def start(apart: Opener) -> list[Line]:
            return await _fall_silent(Streams(fleet.through(apart), judge, patience))

        silent.begin(start)
        with suppress(UnjudgeableError):  # whoever looks at them will say so
            await silent.kept()
    return Streams(fleet, judge, patience)


async def _fall_silent(streams: Streams) -> list[Line]:
    """Two streams, of which the first has been in use."""
    lines = await streams.several(2)
    await streams.pushed(lines[0], await streams.depot.make(lines[0].agent))
    return lines


# Tasks


@requirement(
    "STELLA-STREAM-008",
    "STELLA-STREAM-009",
    "STELLA-STREAM-010",
    "STELLA-STREAM-011",
    "STELLA-STREAM-013",
    "STELLA-STREAM-014",
    "STELLA-STREAM-015",
    "STELLA-STREAM-029",
)
async def test_flow_tasks_are_pushed(streams: Streams, judge: Judge) -> None:
    """Three agents in turn, two tasks each; after the last each line has a marker of its own."""
    lines = await streams.several(3)
    jobs = await streams.depot.for_elders()
    for turn in range(2):
        for line in lines:
            if turn:  # its agent is at work already
                await streams.depot.ask("heartbeat", line.agent, running=1)
            for fields in _variants(streams, turn):
                job = await streams.depot.make(line.agent, **fields)
                jobs.append(job)
                await streams.expect("STELLA-STREAM-010", line, job)
                streams.as_made(line, job)
    for line in lines:
        jobs.append(await streams.depot.make(line.agent))
        await streams.expect("STELLA-STREAM-010", line, jobs[-1])
    for line in lines:
        _judge_own(judge, line, jobs)
        _judge_forms(judge, line)
    for line in lines:
        for job in jobs:
            _judge_once(judge, line, job)


def _judge_once(judge: Judge, line: Line, job: Job) -> None:
    found = line.assigned(job)
    wrong = f"a task is pushed {len(found)} times on one connection"
    judge.holds("STELLA-STREAM-015", len(found) < 2, wrong, *found[:2])


def _judge_forms(judge: Judge, line: Line) -> None:
    """Whatever it is that is said."""
    for frame in line.heard(lambda frame: frame.kind in ("text", "binary")):
        fine = isinstance(frame.json, dict)
        judge.holds("STELLA-STREAM-008", fine, "a message is no JSON object", frame)
        kind = frame.value("/type")
        wrong = f"a message has {kind!r} for its type"
        judge.holds("STELLA-STREAM-009", isinstance(kind, str), wrong, frame)


def _variants(streams: Streams, turn: int) -> list[dict[str, Any]]:
    if not turn:
        return [{"taskType": "nomad.run", "timeout": 5}]
    script = {"project": streams.fleet.new("berth"), "startScript": "wait-for-tide; " * 500}
    return [
        {"taskType": "docker.pull", "timeout": 40},
        {"taskType": "docker.run", "timeout": 3600, "payload": script},
    ]


def _judge_own(judge: Judge, line: Line, jobs: list[Job]) -> None:
    """Nothing of another agent was said on it."""
    for job in jobs:
        if job.agent.id != line.agent.id:
            found = line.mentions(job)
            wrong = f"the task of {job.agent.name} is told on the stream of {line.agent.name}"
            judge.holds("STELLA-STREAM-011", not found, wrong, *found[:1])


@requirement("STELLA-STREAM-012", "STELLA-STREAM-015", "STELLA-TASK-016")
async def test_flow_eleven_tasks_are_pushed(streams: Streams, judge: Judge) -> None:
    line = await streams.open()
    make = streams.depot.make
    jobs = [await make(line.agent) for _ in range(3)]
    jobs += await asyncio.gather(*(make(line.agent) for _ in range(_MANY - 3)))
    for job in jobs:
        told = f"of {_MANY} tasks that were made one after the other one"
        await streams.expect("STELLA-STREAM-012", line, job, told)
    frames = [frame for job in jobs for frame in line.assigned(job)]
    ids = {str(frame.value("/task/taskId")) for frame in frames}
    wrong = f"{len(frames)} tasks are pushed under {len(ids)} ids"
    fine = len(ids) >= min(_MANY, len(frames))
    judge.holds("STELLA-TASK-016", fine, wrong, *frames[:2])


@requirement("STELLA-STREAM-024", "STELLA-STREAM-011", "STELLA-STREAM-010")
async def test_flow_streams_side_by_side(streams: Streams, judge: Judge) -> None:
    """Tasks for all of them at once; then one closes in order, one is torn, and others come."""
    lines = await streams.several(4)
    jobs = await asyncio.gather(
        *(streams.depot.make(line.agent) for _ in range(3) for line in lines)
    )
    for job in jobs:
        line = next(one for one in lines if one.agent is job.agent)
        await streams.expect("STELLA-STREAM-024", line, job, "of tasks for several agents one")
    for line in lines:
        _judge_own(judge, line, list(jobs))
    await lines[1].socket.close()
    lines[2].socket.abort()
    newcomer = await streams.open()
    for line in (lines[0], lines[3], newcomer):
        told = "after the end of other streams, and beside a new one,"
        await streams.in_use("STELLA-STREAM-024", line, told)


@requirement("STELLA-STREAM-027")
async def test_a_second_stream(streams: Streams, judge: Judge) -> None:
    line = await streams.open()
    said = await streams.fleet.stream(line.agent)
    lines = [line] + ([Line(agent=line.agent, socket=said)] if isinstance(said, Socket) else [])
    job = await streams.depot.make(line.agent)
    heard = await asyncio.gather(*(_soon(one, job) for one in lines))
    wrong = f"of an agent that opened {len(lines)} streams none brings its task"
    judge.holds("STELLA-STREAM-027", any(heard), wrong, *lines[-1].last)


async def _soon(line: Line, job: Job) -> bool:
    return await line.socket.wait(lambda f: job.named(task_in(f)), PROMPT / 2) is not None


# Cancellations


@requirement("STELLA-STREAM-016", "STELLA-STREAM-017", "STELLA-STREAM-015")
async def test_flow_cancellations_are_pushed(streams: Streams, judge: Judge) -> None:
    """Several tasks of three agents, some of which are taken back, in another order."""
    lines = await streams.several(3)
    jobs = {line.agent.id: await streams.depot.several(line.agent, 3) for line in lines}
    for line in lines:
        for job in jobs[line.agent.id]:
            await streams.pushed(line, job)
    gone: list[Job] = []
    for at in (1, 0):
        for line in lines:
            job = jobs[line.agent.id][at]
            gone.append(job)
            if at == 0:  # work has begun
                await line.socket.send(_progress(job, 30))
            await streams.fleet.cancel(line.agent, job.id)
            await streams.expect_cancelled("STELLA-STREAM-016", line, job)
    for line in lines:
        await streams.in_use("STELLA-STREAM-016", line, "after a cancellation")
        own = {job.id for job in gone if job.agent is line.agent}
        wrong_ones = [f for f in line.cancellations() if f.value("/taskId") not in own]
        wrong = "a task_cancelled names a task of its agent that was not cancelled, or another's"
        judge.holds("STELLA-STREAM-017", not wrong_ones, wrong, *wrong_ones[:1])
        for job in jobs[line.agent.id]:
            _judge_once(judge, line, job)


# What agents say


def _progress(job: Job, progress: float = 40, message: str = "Half aboard") -> dict[str, Any]:
    return {"type": "task_progress", "taskId": job.id, "progress": progress, "message": message}


def _log(job: Job, level: str = "info", message: str = "Für Größe: 世界") -> dict[str, Any]:
    return {"type": "task_log", "taskId": job.id, "level": level, "message": message}


_SAID: Mapping[str, tuple[Callable[[Job], dict[str, Any]], ...]] = {
    "STELLA-STREAM-020": (
        _progress,
        lambda job: _progress(job, 41, "One more"),
        lambda job: _progress(job, 75, "Nearly there"),
    ),
    "STELLA-STREAM-021": (
        _log,
        lambda job: _log(job, message="The crane is slow"),
        lambda job: _log(job, message="A rope broke"),
    ),
}


@pytest.mark.parametrize("row", [pytest.param(row, marks=requirement(row)) for row in _SAID])
@requirement("STELLA-STREAM-016", "STELLA-STREAM-030", "STELLA-COMP-003")
async def test_flow_reports_are_taken(row: str, streams: Streams, judge: Judge) -> None:
    """Of two tasks that were pushed the second is spoken of, while others listen."""
    line, other = await streams.several(2)
    still, job = await streams.depot.several(line.agent, 2)
    for each in (still, job):
        await streams.pushed(line, each)
    for say in _SAID[row]:
        await line.socket.send(say(job))
        await streams.in_use(row, line, "after its agent told of a task another")
    await streams.in_use(row, other, "after another agent told of its task one")
    told = [frame for one in (still, job) for frame in other.mentions(one)]
    wrong = "what one agent says of its task is told to another"
    judge.holds(row, not told, wrong, *told[:1])
    wrong = "a task is cancelled, and nobody did so"
    judge.holds(row, not line.cancellations(), wrong, *line.cancellations()[:1])
    judge_done(judge, "STELLA-COMP-003", await streams.fleet.complete(line.agent, job.id))
    await streams.fleet.cancel(line.agent, still.id)
    what = "after talk of another a task was cancelled"
    await streams.expect_cancelled("STELLA-STREAM-016", line, still, what)
    if row == "STELLA-STREAM-021":
        await _speak_louder(streams, line)


async def _speak_louder(streams: Streams, line: Line) -> None:
    """In words of which the document shows none."""
    job = await streams.depot.make(line.agent)
    await streams.pushed(line, job)
    for level in ("warn", "error"):
        await line.socket.send(_log(job, level))
        told = f"after a log line of the level {level} a task"
        if await streams.in_use("STELLA-STREAM-030", line, told) is None:
            return


@requirement("STELLA-STREAM-032", "STELLA-COMP-003")
async def test_flow_reports_of_work_that_came_otherwise(streams: Streams, judge: Judge) -> None:
    """By heartbeat, before there was a stream."""
    fleet, depot = streams.fleet, streams.depot
    agent = await fleet.register()
    job = await depot.make(agent)
    haul = await depot.fetch("heartbeat", agent, job)
    if not haul.has(job):
        raise UnjudgeableError("the task did not come by heartbeat")
    line = await streams.open(agent)
    for said in (_progress(job, 40), _log(job)):
        await line.socket.send(said)
    what = "after its agent told of a task that had come by heartbeat another"
    await streams.in_use("STELLA-STREAM-032", line, what)
    judge_done(judge, "STELLA-COMP-003", await fleet.complete(agent, job.id))


@requirement(*_SAID)
async def test_flow_reports_of_a_long_task(streams: Streams) -> None:
    """Many of them, without a pause."""
    line = await streams.open()
    job = await streams.depot.make(line.agent)
    await streams.pushed(line, job)
    for percent in range(0, 100, 4):
        for say in (_progress(job, percent), _log(job, message=f"{percent} crates are aboard")):
            await line.socket.send(say)
    for row in _SAID:
        await streams.in_use(row, line, "after many reports of one task another")


@requirement("STELLA-STREAM-020", "STELLA-STREAM-022")
async def test_flow_progress_from_end_to_end(streams: Streams, judge: Judge) -> None:
    """A coordinator that hands a task over again and again goes on to do so."""
    line, other = await streams.several(2)
    for progress in (0, 0.5, 33.3, 99.9, 100):
        job = await streams.depot.make(line.agent)
        await streams.pushed(line, job)
        looks = [await streams.depot.look(line.agent) for _ in range(2)]
        await line.socket.send(_progress(job, progress, ""))
        await streams.in_use("STELLA-STREAM-022", line, f"after progress of {progress} a task")
        after = await streams.depot.look(line.agent)
        kept = after.has(job) or not all(look.names(job) for look in looks)
        wrong = f"after progress of {progress} a task does not come any more"
        judge.holds("STELLA-STREAM-022", kept, wrong, *looks[1].said, *after.said)
        said = await streams.fleet.complete(line.agent, job.id)
        wrong = f"after progress of {progress} a completion is answered {said.outcome}"
        judge.holds("STELLA-STREAM-022", said.status == 200, wrong, said)
        if line.closed is not None:
            judge.holds("STELLA-STREAM-020", False, "progress ends the stream", *line.last)
            line = await streams.open(line.agent)
    await streams.in_use("STELLA-STREAM-020", other, "after progress of another agent a task")


@requirement("STELLA-STREAM-022")
async def test_flow_reports_leave_the_other_tasks(streams: Streams, judge: Judge) -> None:
    """As far as a coordinator hands tasks over again and again."""
    line = await streams.open()
    jobs = await streams.depot.several(line.agent, 2)
    for job in jobs:
        await streams.pushed(line, job)
    looks = [await streams.depot.look(line.agent) for _ in range(2)]
    for say in (_progress, _log):
        await line.socket.send(say(jobs[0]))
    await streams.in_use("STELLA-STREAM-022", line, "after progress and a log line a task")
    after = await streams.depot.look(line.agent)
    known = [job for job in jobs if all(look.names(job) for look in looks)]
    lost = [job for job in known if not after.has(job)]
    wrong = "tasks that came again and again do not any more, after progress and a log line"
    judge.holds("STELLA-STREAM-022", not lost, wrong, *looks[1].said, *after.said)


# Again


@requirement("STELLA-STREAM-016", "STELLA-STREAM-023", "STELLA-STREAM-024", "STELLA-STREAM-031")
async def test_flow_streams_are_opened_again(streams: Streams, judge: Judge) -> None:
    """Ended in order and torn by turns, while that of another agent stays open; at last a task of
    the first stream is taken back, and one of the last.
    """
    other, line = await streams.several(2)
    old = await streams.depot.make(line.agent)
    await streams.pushed(line, old)
    for turn in range(_AGAIN):
        await streams.end(line, politely=turn % 2 == 0)
        said = await streams.again(line.agent)
        if isinstance(said, Refused):
            wrong = f"a stream that ended is not opened again: {said.reason}"
            judge.holds("STELLA-STREAM-023", False, wrong, said.exchange)
            return
        line = said
        told = f"on the stream that was opened again for the {turn + 1}. time a task"
        if await streams.in_use("STELLA-STREAM-023", line, told) is None:
            break
    if "cancel_task" in streams.fleet.target.hooks:
        await _take_back(streams, line, old)
    await streams.in_use("STELLA-STREAM-024", other, "after the end of another's streams a task")


async def _take_back(streams: Streams, line: Line, old: Job) -> None:
    new = await streams.depot.make(line.agent)
    came = await streams.pushed(line, new)
    for row, job in (("STELLA-STREAM-016", new), ("STELLA-STREAM-031", old)):
        if job is old or came is not None:
            await streams.fleet.cancel(line.agent, job.id)
            what = "on a stream that was opened again a task was cancelled"
            await streams.expect_cancelled(row, line, job, what)


@from_profile("standard")
@requirement("STELLA-STREAM-026")
async def test_flow_silence_on_a_stream(streams: Streams, silent: Vigil[list[Line]]) -> None:
    lines, rest = await silent.kept(), silent.left(_SILENCE)
    if lines is None or silent.passed > _LONG:
        lines, rest = await _fall_silent(streams), _SILENCE
    await asyncio.gather(*(line.socket.ended(rest) for line in lines))
    for line in lines:
        await streams.in_use("STELLA-STREAM-026", line, "after some seconds of silence a task")
