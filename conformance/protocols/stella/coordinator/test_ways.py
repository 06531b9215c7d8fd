"""One task on three ways: heartbeat, poll and stream."""

from __future__ import annotations

from typing import Any

from conformance.frames import Frame
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.stella.jobs import WAYS, Depot, Haul, Job, judge_done
from conformance.protocols.stella.streams import Line, Streams, task_in


async def _later(streams: Streams, row: str, job: Job) -> Line:
    """A stream that is opened now, until a task that is made now has come on it."""
    line = await streams.open(job.agent)
    await streams.in_use(row, line, "on a stream that was opened later")
    return line


@requirement("STELLA-TASK-016")
async def test_one_task_has_one_id(streams: Streams, judge: Judge) -> None:
    """Each agent has one task, and asks for it in another order; then it opens its stream."""
    depot = streams.depot
    for ways in (WAYS * 2, WAYS[::-1] * 2):
        job = await depot.make(await streams.fleet.register())
        haul = await depot.look(job.agent, ways)
        line = await streams.open(job.agent)
        marker = await depot.make(job.agent)
        end = await streams.pushed(line, marker)
        pushed = [task_in(f) for f in line.heard(lambda f: isinstance(task_in(f), dict))]
        rows = [*haul.rows, *(row for row in pushed if not marker.named(row))]
        ids = {str(row.get("taskId")) for row in rows}
        wrong = f"one task comes under {len(ids)} ids"
        frames = [] if end is None else [end]
        judge.holds("STELLA-TASK-016", len(ids) <= 1, wrong, *haul.said, *frames)


@requirement("STELLA-STREAM-025")
async def test_flow_tasks_without_a_stream_are_not_lost(streams: Streams, judge: Judge) -> None:
    """Made when the stream has ended; one that was never open is a matter of polls."""
    line = await streams.open()
    await streams.in_use("STELLA-STREAM-025", line)
    await streams.end(line)
    job = await streams.depot.make(line.agent)
    haul = await streams.depot.look(line.agent)
    if haul.has(job):
        judge.holds("STELLA-STREAM-025", True, "")
        return
    again = await streams.open(line.agent)
    pushed = await streams.pushed(again, job)
    if pushed is None:
        haul = await streams.depot.fetch("heartbeat", line.agent, job)
    wrong = "a task that was made while no stream was open is lost"
    judge.holds("STELLA-STREAM-025", pushed is not None or haul.has(job), wrong, haul.last)


@requirement("STELLA-STREAM-018", "STELLA-COMP-003", "STELLA-TASK-025", "STELLA-TASK-026")
async def test_flow_completed_tasks_and_the_stream(streams: Streams, judge: Judge) -> None:
    """Tasks that came on the stream, and one that came by heartbeat, are done."""
    line = await streams.open()
    jobs = await streams.depot.several(line.agent, 2)
    for job in jobs:
        await streams.pushed(line, job)
    await streams.end(line)
    jobs.append(await streams.depot.make(line.agent))
    await streams.depot.fetch("heartbeat", line.agent, jobs[2])
    for at, job in enumerate(jobs):
        done = {"success": at != 1}
        said = await streams.fleet.complete(line.agent, job.id, streams.fleet.outcome(**done))
        judge_done(judge, "STELLA-COMP-003", said)
    later = await _later(streams, "STELLA-STREAM-018", jobs[0])
    haul = await streams.depot.look(line.agent)
    for job in jobs:
        _judge_over(judge, "STELLA-STREAM-018", "completed", later, job)
        _judge_over_elsewhere(judge, ("STELLA-TASK-025", "STELLA-TASK-026"), haul, job)


@requirement("STELLA-STREAM-019", "STELLA-TASK-027", "STELLA-TASK-028")
async def test_flow_cancelled_tasks_and_the_stream(streams: Streams, judge: Judge) -> None:
    """One was pushed before, one came by poll, one never came."""
    line = await streams.open()
    pushed = await streams.depot.make(line.agent)
    await streams.pushed(line, pushed)
    await streams.fleet.cancel(line.agent, pushed.id)
    await streams.end(line)
    polled = await streams.depot.make(line.agent)
    await streams.depot.fetch("poll", line.agent, polled)
    unseen = await streams.depot.make(line.agent)
    for job in (polled, unseen):
        await streams.fleet.cancel(line.agent, job.id)
    later = await _later(streams, "STELLA-STREAM-019", pushed)
    haul = await streams.depot.look(line.agent)
    for job in (pushed, polled, unseen):
        _judge_over(judge, "STELLA-STREAM-019", "cancelled", later, job)
        _judge_over_elsewhere(judge, ("STELLA-TASK-027", "STELLA-TASK-028"), haul, job)


def _judge_over(judge: Judge, row: str, how: str, line: Line, job: Job) -> None:
    found: list[Frame] = line.assigned(job)
    wrong = f"a task that was {how} is assigned on a stream that is opened later"
    judge.holds(row, not found, wrong, *found[:1])


def _judge_over_elsewhere(judge: Judge, rows: tuple[str, str], haul: Haul, job: Job) -> None:
    for row, said in zip(rows, haul.said, strict=True):
        shown: list[Any] = [r for r in haul.rows if job.named(r)]
        here = [r for r in shown if r in (said.at("/tasks") or [])]
        wrong = f"a task that is over comes as the answer to {said.operation}"
        judge.holds(row, not here, wrong, said)


@requirement("STELLA-STREAM-013", "STELLA-STREAM-014", "STELLA-STREAM-015", "STELLA-STREAM-029")
async def test_flow_waiting_tasks_come_as_made(streams: Streams, judge: Judge) -> None:
    """As far as a stream brings what waited when it was opened."""
    agent = await streams.fleet.register()
    kinds = ("docker.pull", "docker.run", "compose.up")
    jobs = [await streams.depot.make(agent, taskType=kind) for kind in kinds]
    line = await streams.open(agent)
    jobs.append(await streams.depot.make(agent, taskType="nomad.run"))
    await streams.pushed(line, jobs[-1])
    for job in jobs:
        streams.as_made(line, job)
        found = line.assigned(job)
        wrong = f"a task is pushed {len(found)} times on one connection"
        judge.holds("STELLA-STREAM-015", len(found) < 2, wrong, *found[:2])


@requirement("STELLA-TASK-012", "STELLA-STREAM-011", "STELLA-STREAM-024")
async def test_flow_waiting_tasks_come_on_no_other_stream(streams: Streams, judge: Judge) -> None:
    """The tasks of two agents wait when a third opens its stream."""
    depot, fleet = Depot(streams.fleet), streams.fleet
    owners = [await fleet.register() for _ in range(2)]
    jobs = [await depot.make(owner) for owner in owners]
    elders = await depot.for_elders()
    line = await streams.open()
    await streams.in_use("STELLA-STREAM-024", line)
    found = [frame for job in (*jobs, *elders) for frame in line.mentions(job)]
    wrong = "a task that waits for another agent is told on a stream that is opened"
    judge.holds("STELLA-STREAM-011", not found, wrong, *found[:1])
    for owner, job in zip(owners, jobs, strict=True):
        haul = await depot.fetch("poll", owner, job)
        wrong = "a task that waited while another agent opened its stream does not come"
        judge.holds("STELLA-TASK-012", haul.has(job), wrong, haul.last)
