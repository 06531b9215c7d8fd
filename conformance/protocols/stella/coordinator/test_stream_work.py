"""Work that an agent speaks of on its stream, and that is told to it on more than one way."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from conformance.clients.websocket import Socket
from conformance.hooks import HookError
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, requirement
from conformance.protocols.stella.fleet import Fleet
from conformance.protocols.stella.jobs import WAYS, Job, judge_done, tasks_of
from conformance.protocols.stella.streams import Line, Streams

_BACK = {"heartbeat": "STELLA-TASK-025", "poll": "STELLA-TASK-026"}


def _progress(job: Job, progress: float) -> dict[str, Any]:
    return {"type": "task_progress", "taskId": job.id, "progress": progress, "message": "Aboard"}


def _log(job: Job, level: str) -> dict[str, Any]:
    return {"type": "task_log", "taskId": job.id, "level": level, "message": "A rope broke"}


def _unusual(fleet: Fleet) -> list[dict[str, Any]]:
    """Whatever of it a target may make."""
    note = 'für Größe: 世界 🚢 "quoted" & <b>bold</b>'
    nothing = {"project": fleet.new("berth"), "proxy": None, "limits": {"memory": None}}
    return [
        {"priority": 0, "timeout": 5400},
        {"payload": {"project": fleet.new("berth"), "tag": "2.30", "note": note}},
        {"credentials": {"vault.user": fleet.new("user"), "vault.secret": "p&ss <w>+%2B"}},
        {"payload": nothing},
    ]


@requirement("STELLA-STREAM-010", "STELLA-STREAM-013", "STELLA-STREAM-014", "STELLA-STREAM-029")
async def test_flow_unusual_tasks_are_pushed(streams: Streams) -> None:
    line = await streams.open()
    for fields in _unusual(streams.fleet):
        with suppress(HookError):
            job = await streams.depot.make(line.agent, **fields)
            await streams.expect("STELLA-STREAM-010", line, job)
            streams.as_made(line, job)


@requirement("STELLA-STREAM-016")
async def test_cancellations_of_what_came_twice(streams: Streams) -> None:
    """A task that was pushed and that a heartbeat or a poll has brought as well."""
    line = await streams.open()
    for way in WAYS:
        job = await streams.depot.make(line.agent)
        if await streams.pushed(line, job) is None:
            raise UnjudgeableError("the task was not pushed")
        await streams.depot.ask(way, line.agent)
        await streams.fleet.cancel(line.agent, job.id)
        told = f"after it had come with a {way} as well a task was cancelled"
        await streams.expect_cancelled("STELLA-STREAM-016", line, job, told)


@requirement(*_BACK.values())
async def test_flow_reports_of_what_is_over(streams: Streams, judge: Judge) -> None:
    """They are late, and bring nothing back; whether they end the stream is unsaid."""
    line = await streams.open()
    for way in WAYS:
        job = await streams.depot.make(line.agent)
        await streams.pushed(line, job)
        said = await streams.fleet.complete(line.agent, job.id)
        if not said.ok:
            raise UnjudgeableError(f"a task could not be completed: {said.outcome}")
        for late in (_progress(job, 90), _log(job, "info")):
            await line.socket.send(late)
        await streams.echoes(line)
        haul = await streams.depot.look(line.agent, [way, way])
        back = [one for one in haul.said if any(map(job.named, tasks_of(one)))]
        wrong = f"a task that was completed comes with a {way} after a late report of its progress"
        judge.holds(_BACK[way], not back, wrong, *back[:1])
        if line.closed is not None:
            line = await streams.open(line.agent)


@requirement("STELLA-STREAM-030")
async def test_flow_log_lines_end_no_task(streams: Streams, judge: Judge) -> None:
    line = await streams.open()
    for level in ("warn", "error"):
        job = await streams.depot.make(line.agent)
        await streams.pushed(line, job)
        looks = [await streams.depot.look(line.agent) for _ in range(2)]
        await line.socket.send(_log(job, level))
        await streams.echoes(line)
        if line.closed is not None:
            return  # which others judge
        after = await streams.depot.look(line.agent)
        kept = after.has(job) or not all(look.names(job) for look in looks)
        wrong = f"after a log line of the level {level} a task does not come any more"
        judge.holds("STELLA-STREAM-030", kept, wrong, *looks[1].said, *after.said)
        judge_done(judge, "STELLA-STREAM-030", await streams.fleet.complete(line.agent, job.id))


@requirement("STELLA-STREAM-027")
async def test_the_first_of_two_streams_ends(streams: Streams) -> None:
    """The second is left, where there may be two."""
    line = await streams.open()
    said = await streams.fleet.stream(line.agent)
    if not isinstance(said, Socket):
        return
    left = Line(agent=line.agent, socket=said)
    await streams.end(line)
    if not await streams.echoes(left) or left.closed is not None:
        return  # a coordinator may end both
    await streams.in_use("STELLA-STREAM-027", left, "after the end of the first of two streams")
