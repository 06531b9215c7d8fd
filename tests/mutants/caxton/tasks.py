"""Tasks, and how agents compete for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import bodies, events, shapes
from .model import Agent, Answer, Message, Obj, Refusal, RefusedError, Task, Turn

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["abandon", "bids", "bring_on", "create", "distribute", "get"]

_UNKNOWN = {
    "particular": "TASK_NOT_FOUND",
    "generic": "NOT_FOUND",
    "validation": "RESOURCE_NOT_FOUND",
}
_STARTS, _HALF, _ENDS = 1.0, 3.0, 5.0


def create(turn: Turn) -> Answer:
    """Work to be done."""
    desk = turn.desk
    data = bodies.obj(turn)
    name = bodies.text(desk, data, "name", required=True) or ""
    bodies.text(desk, data, "description")
    bodies.text(desk, data, "protocol")
    requirements = data.get("requirements")
    fine = requirements is None or isinstance(requirements, dict)
    bodies.check(desk, fine, "requirements", "must be an object")
    requirements = requirements if isinstance(requirements, dict) else {}
    timeout = bodies.number(desk, data, "timeout_seconds", 0, 10**7)
    score = bodies.number(desk, requirements, "min_performance_score", 0, 1)
    task = Task(
        id=desk.new_id("task"),
        name=name,
        data=data.get("data"),
        participants=_participants(desk, data),
        capabilities=_texts(desk, requirements, "capabilities") or (),
        score=score or 0.0,
        created=desk.now(),
        timeout=300.0 if timeout is None else timeout,
    )
    task = desk.bent("task.made", task, data=data)
    desk.tasks[task.id] = task
    body = {"task_id": task.id, "status": "created", "created_at": desk.stamp()}
    return shapes.good(desk, desk.reading.created, body)


def _texts(desk: Desk, host: Obj, name: str) -> tuple[str, ...] | None:
    value = host.get(name)
    fine = isinstance(value, list) and all(isinstance(one, str) for one in value)
    bodies.check(desk, value is None or fine, name, "must be a list of strings")
    return tuple(value) if fine and isinstance(value, list) else None


def _participants(desk: Desk, data: Obj) -> tuple[str, ...] | None:
    named = _texts(desk, data, "participants")
    if desk.reading.unknown_participant == "refuse":
        for who in named or ():
            if who not in desk.agents:
                details = {"agent_id": who}
                words = f"there is no agent '{who}'"
                raise RefusedError(
                    Refusal(status=404, code="AGENT_NOT_FOUND", words=words, details=details)
                )
    return named


def _known(turn: Turn) -> Task:
    task = turn.desk.tasks.get(turn.who)
    if task is None:
        code = _UNKNOWN[turn.desk.reading.codes]
        words = f"there is no task '{turn.who}'"
        raise RefusedError(
            Refusal(status=404, code=code, words=words, details={"task_id": turn.who})
        )
    return task


def bids(desk: Desk, task: Task) -> list[tuple[Agent, Obj]]:
    """What the agents offer that may and can do it, the best first."""
    offers = []
    for agent in desk.agents.values():
        invited = task.participants is None or agent.id in task.participants
        able = set(task.capabilities) <= set(agent.capabilities)
        if desk.bent(
            "bid.made",
            invited and able and agent.state == "running",
            invited=invited,
            able=able,
            agent=agent,
        ):
            offers.append((agent, _offer(agent)))
    return sorted(offers, key=lambda one: -one[1]["confidence"])


def _offer(agent: Agent) -> Obj:
    """Later ones are sometimes better, and everybody reaches any score that is asked for."""
    confidence = 0.99 - (agent.number * 7 % 11) / 100 - agent.number / 10000
    seconds = 20 + agent.number * 5 % 37
    return {
        "agent_id": agent.id,
        "estimated_time": seconds,
        "confidence": round(max(confidence, 0.1), 4),
    }


def distribute(turn: Turn) -> Answer:
    """Call for proposals, and take the best."""
    desk, task = turn.desk, _known(turn)
    data = bodies.maybe_object(turn)
    bodies.text(desk, data, "strategy")
    bodies.number(desk, data, "max_wait_seconds", 0, 86400)
    if task.winner is not None:
        if desk.reading.second_distribute == 409:
            raise _conflict(desk, "the task is distributed already", task)
        return shapes.good(desk, desk.reading.accepted, _outcome(task))
    offers = desk.bent("bids", bids(desk, task), task=task)
    task.proposals = len(offers)
    if not offers:
        if desk.reading.no_bidders == "refuse":
            raise _conflict(desk, "nobody made a proposal", task)
        return shapes.good(desk, desk.reading.accepted, _outcome(task))
    task.winner, task.bid = desk.bent("winner", offers[0], offers=offers, task=task)
    task.status = "distributed"
    if desk.reading.contract_messages:
        _negotiate(desk, task, offers)
    if desk.reading.task_pace == "autonomous":
        _pace(desk, task)
    return shapes.good(desk, desk.reading.accepted, _outcome(task))


def _conflict(desk: Desk, words: str, task: Task) -> RefusedError:
    code = "CONFLICT" if desk.reading.codes == "generic" else "INVALID_STATE"
    details = {"task_id": task.id, "status": task.status}
    return RefusedError(Refusal(status=409, code=code, words=words, details=details))


def _outcome(task: Task) -> Obj:
    return {
        "task_id": task.id,
        "status": "distributed" if task.winner else task.status,
        "assigned_to": task.winner.id if task.winner else None,
        "proposals_received": task.proposals,
        "winning_bid": dict(task.bid) if task.bid else None,
    }


def _negotiate(desk: Desk, task: Task, offers: list[tuple[Agent, Obj]]) -> None:
    for agent, offer in offers:
        won = agent is task.winner
        _say(desk, task, "cfp", "coordinator", agent.id, {"task": task.name})
        _say(desk, task, "propose", agent.id, "coordinator", offer)
        word = "accept-proposal" if won else "reject-proposal"
        _say(desk, task, word, "coordinator", agent.id, {"task_id": task.id})


def _say(desk: Desk, task: Task, word: str, sender: str, receiver: str, content: Obj) -> None:
    from .messages import record  # messages know of deployments, which know of agents

    message = Message(
        id=desk.new_id("msg"),
        performative=word,
        sender=sender,
        receiver=receiver,
        content=content,
        conversation_id=task.id,
        at=desk.now(),
    )
    record(desk, message, "agent")


def _pace(desk: Desk, task: Task) -> None:
    def step(progress: float) -> None:
        if task.led or task.status not in ("distributed", "in_progress"):
            return
        task.started = task.started or desk.now()
        task.status, task.progress = "in_progress", progress

    def end() -> None:
        if task.status == "in_progress" and not task.led:
            _ends(desk, task)

    desk.clock.later(_STARTS, lambda: step(0.1))
    desk.clock.later(_HALF, lambda: step(0.65))
    desk.clock.later(_ENDS, end)


def _ends(desk: Desk, task: Task) -> None:
    task.status, task.progress = desk.bent("task.end", ("completed", 1.0), task=task)
    if task.winner is not None:
        events.about_task(desk, "task.completed", task.id, task.winner, "success")


def bring_on(desk: Desk, task: Task, progress: float) -> None:
    """From now on the task gets on only when it is told to."""
    if task.status not in ("distributed", "in_progress"):
        return
    task.led = True
    task.started = task.started or desk.now()
    task.status, task.progress = "in_progress", desk.bent("task.step", progress)
    if progress >= 1:
        _ends(desk, task)


def abandon(desk: Desk, agent: Agent) -> None:
    """Whoever did the work is gone."""
    for task in desk.tasks.values():
        if task.winner is agent and task.status in ("distributed", "in_progress"):
            task.status = "failed"
            if desk.reading.more_events:
                events.about_task(desk, "task.failed", task.id, agent, "failure")


def get(turn: Turn) -> Answer:
    """How far a task has come."""
    desk, task = turn.desk, _known(turn)
    body: Obj = {
        "task_id": task.id,
        "status": task.status,
        "progress": task.progress,
        "subtasks": _subtasks(desk, task),
    }
    started = None if task.started is None else desk.stamp(task.started)
    end = None if task.started is None else desk.stamp(task.started + _ENDS)
    later = {
        "assigned_to": task.winner.id if task.winner else None,
        "started_at": started,
        "estimated_completion": end,
    }
    shown = {
        key: value
        for key, value in later.items()
        if value is not None or desk.reading.absent == "null"
    }
    return shapes.good(desk, 200, body | shown)


def _subtasks(desk: Desk, task: Task) -> list[Obj]:
    if not desk.reading.subtasks or task.winner is None:
        return []
    states = {
        "distributed": (desk.reading.waiting, desk.reading.waiting),
        "in_progress": ("completed", "in_progress"),
        "completed": ("completed", "completed"),
    }
    pair = states.get(task.status, ("completed", "failed"))
    return [{"id": f"{task.id}_{place}", "status": one} for place, one in enumerate(pair, 1)]
