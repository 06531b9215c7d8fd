"""Tasks: how they are made, handed over in three ways, finished and cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import shapes
from .fault import Completion, Creation, Delivery, Push
from .model import Agent, Answer, Obj, Refusal, Task, Way
from .stream import lines_of, push

if TYPE_CHECKING:
    from .desk import Desk
    from .fault import Turn

__all__ = ["assigned", "cancel", "complete", "create", "deliver", "poll"]


def _pending(desk: Desk, agent: Agent) -> list[Task]:
    once = desk.reading.delivery != "until_done"
    tasks = [task for task in agent.tasks if task.state == "pending" and not (once and task.told)]
    match desk.reading.order:
        case "newest":
            tasks.reverse()
        case "priority":
            tasks.sort(key=lambda task: task.priority)
    return tasks


def deliver(desk: Desk, agent: Agent, way: Way) -> list[Obj]:
    """The pending tasks of an agent, handed over."""
    delivery = Delivery(desk=desk, agent=agent, way=way, tasks=_pending(desk, agent))
    if desk.seed.deliver is not None:
        desk.seed.deliver(delivery)
    for task in delivery.tasks:
        task.told = task.told or way != "poll" or desk.reading.delivery != "poll_peeks"
    return [shapes.task_row(desk, agent, task, way) for task in delivery.tasks]


def poll(turn: Turn) -> Answer:
    """GET /agents/{id}/tasks."""
    desk, agent = turn.desk, turn.agent
    assert agent is not None
    if desk.reading.poll_is_life:
        agent.life = desk.now()
    body: Obj = {"tasks": deliver(desk, agent, "poll")}
    if desk.reading.extras:
        body |= {"count": len(body["tasks"]), "next": None}
    return Answer(status=200, body=body)


def complete(turn: Turn) -> Answer:
    """POST /agents/{id}/tasks/{taskId}/complete."""
    desk, agent, reading = turn.desk, turn.agent, turn.desk.reading
    assert agent is not None
    data = turn.data
    if not isinstance(data, dict) or _incomplete(data, strict=reading.complete_strict):
        return shapes.refused(Refusal(status=reading.invalid, words="no such report"), reading)
    task = next((one for one in agent.tasks if one.id == turn.task_id), None)
    counts = reading.counts_foreign or (task is not None and task.state == "pending")
    done = [task] if task is not None and task.state == "pending" else []
    refusal = _complete_refusal(desk, task)
    report = Completion(desk=desk, agent=agent, task=task, done=done, refusal=refusal)
    if desk.seed.complete is not None:
        desk.seed.complete(report)
    for one in report.done:
        one.state = "done"
    if report.refusal is not None:
        return shapes.refused(report.refusal, reading)
    body: Obj = {"acknowledged": counts}
    if reading.extras:
        body["receivedAt"] = desk.stamp(desk.now())
    return Answer(status=200, body=body)


def _incomplete(data: Obj, *, strict: bool) -> bool:
    wanted = {"success": bool, "result": dict, "logs": list}
    if strict:
        return not all(isinstance(data.get(name), kind) for name, kind in wanted.items())
    return not isinstance(data.get("success"), bool)


def _complete_refusal(desk: Desk, task: Task | None) -> Refusal | None:
    reading = desk.reading
    if task is None and reading.unknown_task != 200:
        return Refusal(status=reading.unknown_task, words="Task not found")
    if task is not None and task.state != "pending" and reading.second_complete != 200:
        return Refusal(status=reading.second_complete, words="Task is no longer open")
    return None


async def create(desk: Desk, agent: Agent, wanted: Obj) -> str:
    """Make a task for an agent, and tell it at once if it listens; the id of the task."""
    task = Task(
        id=desk.new_id(),
        type=str(wanted.get("taskType", "docker.pull")),
        payload=wanted.get("payload") or {},
        credentials=wanted.get("credentials") or {},
        timeout=wanted.get("timeout", 300),
        priority=wanted.get("priority", 10),
        created=desk.now(),
    )
    made = Creation(desk=desk, agent=agent, task=task)
    if desk.seed.created is not None:
        desk.seed.created(made)
    if made.filed:
        made.agent.tasks.append(task)
    lines = lines_of(desk, made.agent)
    if made.pushed and lines:
        task.told = True
        row = shapes.task_row(desk, made.agent, task, "stream")
        await push(assigned(desk, made.agent, row))
    return task.id


def assigned(desk: Desk, agent: Agent, row: Obj) -> Push:
    """The message that brings a task; `row` is how it looks."""
    message: Obj = {"type": "task_assigned", "task": row}
    lines = lines_of(desk, agent)
    return Push(desk=desk, agent=agent, kind="assigned", message=message, lines=lines)


async def cancel(desk: Desk, agent: Agent, task: Task) -> None:
    """Take a task back, and tell the agent."""
    kept = desk.seed.cancelled is not None and desk.seed.cancelled(desk, agent, task)
    if not kept:
        task.state = "cancelled"
    if not task.told and not desk.reading.tells_untold_cancel:
        return
    message: Obj = {"type": "task_cancelled", "taskId": task.id}
    if desk.reading.extras:
        message["reason"] = "superseded"
    lines = lines_of(desk, agent)
    await push(Push(desk=desk, agent=agent, kind="cancelled", message=message, lines=lines))
