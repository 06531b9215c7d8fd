"""Faults in tasks and their distribution."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from .fault import Fault, Row, Seed, Spot, at, table
from .seeds import always, never, on_body

__all__ = ["TASK_FAULTS"]


def _winner(choose: Any) -> Seed:
    return at("winner", choose)


def _outsider(best: Any, spot: Spot) -> Any:
    """Somebody who made no proposal, where there is one."""
    bidders = [agent for agent, _ in spot["offers"]]
    other = next((one for one in spot.desk.agents.values() if one not in bidders), None)
    return best if other is None else (other, {**best[1], "agent_id": other.id})


def _stranger_bid(best: Any, spot: Spot) -> Any:
    offers = spot["offers"]
    return best[0], {**offers[-1][1]}


def _bid(**change: Any) -> Seed:
    return _winner(lambda best, s: (best[0], {**best[1], **change}))


def _mixed(body: Any, spot: Spot) -> None:
    before = spot.memo.get("assigned", body["assigned_to"])
    spot.memo["assigned"] = body["assigned_to"]
    body["assigned_to"] = before


def _confident(body: Any, spot: Spot) -> None:
    if body["winning_bid"]:
        body["winning_bid"]["confidence"] = round(body["winning_bid"]["confidence"] * 100)


def _twice_named(offers: Any, spot: Spot) -> Any:
    named = spot["task"].participants or ()
    return [one for one in offers for _ in range(max(1, named.count(one[0].id)))]


_CALL: Final[tuple[Row, ...]] = (
    # No answer shows the bids that lost, and nothing says what makes one the best.
    (
        "~winner.worst",
        "the bid of the least confidence wins",
        _winner(lambda b, s: s["offers"][-1]),
    ),
    ("winner.outsider", "somebody wins without a bid", _winner(_outsider)),
    (
        "~winner.always_first",
        "the agent that was deployed first wins",
        _winner(lambda b, s: min(s["offers"], key=lambda o: o[0].number)),
    ),
    ("bid.foreign", "the winning bid is that of another agent", _winner(_stranger_bid)),
    ("bid.number", "the winning bid names another agent", _bid(agent_id="agent_0")),
    ("~bid.time", "the estimated time is below 0", _bid(estimated_time=-30)),
    ("~bid.percent", "confidence is a percentage", on_body("distribute", _confident)),
    (
        "~bidders.unable",
        "who lacks the capability bids too",
        at("bid.made", lambda v, s: s["invited"] and s["agent"].state == "running"),
    ),
    (
        "bidders.uninvited",
        "who does not participate bids too",
        at("bid.made", lambda v, s: s["able"] and s["agent"].state == "running"),
    ),
    ("bidders.everybody", "all agents bid for all tasks", at("bid.made", always(True))),
    (
        "bidders.dead",
        "failed agents bid too",
        at("bid.made", lambda v, s: s["invited"] and s["able"]),
    ),
    ("bidders.none", "nobody ever bids", at("bid.made", never)),
    ("~bidders.twice", "who is named twice bids twice", at("bids", _twice_named)),
    ("~bidders.first", "only the first participant is asked", at("bids", lambda v, s: v[:1])),
    (
        "proposals.zero",
        "proposals_received is 0",
        on_body("distribute", lambda b, s: b.update(proposals_received=0)),
    ),
    (
        "proposals.all",
        "proposals_received counts all agents",
        on_body("distribute", lambda b, s: b.update(proposals_received=len(s.desk.agents))),
    ),
    (
        "proposals.three",
        "proposals_received is 3",
        on_body("distribute", lambda b, s: b.update(proposals_received=3)),
    ),
    (
        "assigned.mixed",
        "the answer names the winner of the task before",
        on_body("distribute", _mixed),
    ),
    (
        "assigned.name",
        "the answer names the winner by name",
        on_body(
            "distribute",
            lambda b, s: b.update(
                assigned_to=getattr(s.desk.agents.get(b["assigned_to"]), "name", None)
            ),
        ),
    ),
    (
        "task_id.other",
        "the answer is about another task",
        on_body("distribute", lambda b, s: b.update(task_id="task_0")),
    ),
    (
        "~status.created",
        "the answer says created still",
        on_body("distribute", lambda b, s: b.update(status="created")),
    ),
)


def _started_at_once(body: Any, spot: Spot) -> None:
    if body.get("started_at"):
        body["started_at"] = spot.desk.stamp(spot.desk.tasks[body["task_id"]].created)


def _forgets(body: Any, spot: Spot) -> None:
    body.update(assigned_to=None)


def _regress(body: Any, spot: Spot) -> None:
    body["progress"] = round(max(0.0, 0.9 - 0.05 * spot.nth), 2)


def _early(task: Any, spot: Spot) -> Any:
    return replace(task, status="completed", progress=1.0)


_FOLLOWED: Final[tuple[Row, ...]] = (
    (
        "~status.created",
        "a distributed task stays created",
        on_body("task", lambda b, s: b.update(status="created")),
    ),
    ("status.completed", "a new task is completed", at("task.made", _early)),
    ("assigned.forgotten", "a distributed task is assigned to nobody", on_body("task", _forgets)),
    (
        "assigned.other",
        "the status names another agent than the distribution",
        on_body("task", lambda b, s: b.update(assigned_to=next(iter(s.desk.agents)))),
    ),
    (
        "task_id.other",
        "the status is that of another task",
        on_body("task", lambda b, s: b.update(task_id=next(iter(s.desk.tasks)))),
    ),
    (
        "~progress.percent",
        "progress is a percentage",
        on_body("task", lambda b, s: b.update(progress=round(b["progress"] * 100))),
    ),
    ("~progress.back", "progress falls", on_body("task", _regress)),
    (
        "~progress.done",
        "progress is 1 from the start",
        on_body("task", lambda b, s: b.update(progress=1.0)),
    ),
    ("~progress.last", "the end is not reached", at("task.end", lambda v, s: ("completed", 0.99))),
    ("~started.created", "it starts when it is put out", on_body("task", _started_at_once)),
    ("~progress.zero", "progress is 0 at the end", at("task.end", lambda v, s: ("completed", 0.0))),
    (
        "~times.swapped",
        "the task is estimated to end before it starts",
        on_body(
            "task",
            lambda b, s: b.update(
                started_at=b["estimated_completion"], estimated_completion=b["started_at"]
            ),
        ),
    ),
    (
        "~subtasks.same_id",
        "all subtasks have one id",
        on_body("task", lambda b, s: [one.update(id="subtask_1") for one in b["subtasks"]]),
    ),
)


def _lost(task: Any, spot: Spot) -> Any:
    """It is kept under a number that nobody was told."""
    return replace(task, id=f"{task.id}0") if spot.nth % 2 == 0 else task


def _second(task: Any, spot: Spot) -> Any:
    return replace(task, id=spot.memo.setdefault("id", task.id))


_MADE: Final[tuple[Row, ...]] = (
    ("same_id", "all tasks have the id of the first", at("task.made", _second)),
    (
        "participants.ignored",
        "the participants are forgotten",
        at("task.made", lambda t, s: replace(t, participants=None)),
    ),
    (
        "~requirements.ignored",
        "the requirements are forgotten",
        at("task.made", lambda t, s: replace(t, capabilities=())),
    ),
    (
        "participants.first",
        "only the first participant is remembered",
        at("task.made", lambda t, s: replace(t, participants=(t.participants or ())[:1] or None)),
    ),
    (
        "~status.distributed",
        "the answer says distributed",
        on_body("create_task", lambda b, s: b.update(status="distributed")),
    ),
    (
        "~status.pending",
        "the answer says pending",
        on_body("create_task", lambda b, s: b.update(status="pending")),
    ),
    (
        "id.other",
        "the answer names an id that does not exist",
        on_body("create_task", lambda b, s: b.update(task_id=b["task_id"] + "0")),
    ),
)

_AGAIN: Final[tuple[Row, ...]] = (
    (
        "other_winner",
        "a second distribution names another winner",
        on_body(
            "distribute",
            lambda b, s: b.update(assigned_to="agent_999") if s["turn"].nth > 6 else None,
        ),
    ),
)

TASK_FAULTS: Final[tuple[Fault, ...]] = (
    *table("Distribute Task", _CALL, prefix="distribute."),
    *table("Distribute Task", _AGAIN, prefix="distribute.again.", reading="lenient", implied=True),
    *table("Get Task Status", _FOLLOWED, prefix="task."),
    *table("Create Task", _MADE, prefix="create_task."),
)
