"""Faults in how tasks are made, cancelled, finished and polled for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from .fault import Completion, Creation, Seed, Turn, prefixed, table
from .model import Agent, Obj, Refusal, Task, Way
from .seeds import answering, neighbour, other_or_same, refusing

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["TASK_FAULTS"]


def _all_done(one: Completion) -> None:
    one.done = [task for task in one.agent.tasks if task.state == "pending"]


def _oldest_done(one: Completion) -> None:
    one.done = [task for task in one.agent.tasks if task.state == "pending"][:1]


def _everybody_done(one: Completion) -> None:
    agents = one.desk.agents.values()
    one.done = [task for each in agents for task in each.tasks if task.state == "pending"]


def _neighbours_done(one: Completion) -> None:
    other = neighbour(one.desk, one.agent)
    if other is not None:
        one.done = [*one.done, *other.tasks]


def _none_done(one: Completion) -> None:
    one.done = []


def _same_type_done(one: Completion) -> None:
    if one.task is not None:
        one.done = [task for task in one.agent.tasks if task.type == one.task.type]


def _refuse_unless(rule: Callable[[Completion], bool], status: int) -> Seed:
    def spoil(one: Completion) -> None:
        if one.task is not None and one.done and not rule(one):
            one.refusal = Refusal(status=status, words="the task is not yours to complete")
            one.done = []

    return Seed(complete=spoil)


def _failures_return(turn: Turn) -> None:
    """A task that failed is pending again."""
    if turn.op == "complete" and turn.answer.status == 200 and not turn.data.get("success"):
        for task in turn.agent.tasks if turn.agent is not None else []:
            if task.id == turn.task_id:
                task.state = "pending"


def _logs(turn: Turn) -> bool:
    return b'"logs":[]' in turn.call.body.replace(b" ", b"")


def _failed(turn: Turn) -> bool:
    return b'"success":false' in turn.call.body.replace(b" ", b"")


def _other_status(status: int) -> Callable[[Turn], None]:
    def spoil(turn: Turn) -> None:
        turn.answer.status = status

    return spoil


def _empty(turn: Turn) -> None:
    turn.answer.body = {}


def _too_many(turn: Turn) -> None:
    logs = turn.data.get("logs")
    if isinstance(logs, list) and len(logs) > 100:
        turn.answer.body["acknowledged"] = False


def _echo(turn: Turn) -> None:
    turn.answer.body = {"acknowledged": turn.task_id}


def _not_acknowledged_failure(turn: Turn) -> None:
    turn.answer.body["acknowledged"] = bool(turn.data.get("success"))


def _second_false(turn: Turn) -> None:
    seen = turn.memo.get(turn.who, 0)
    turn.memo[turn.who] = seen + 1
    turn.answer.body["acknowledged"] = seen == 0


_COMPLETIONS: Final = (
    ("done.all", "one completion finishes all tasks of the agent", Seed(complete=_all_done)),
    ("done.oldest", "a completion finishes the oldest task", Seed(complete=_oldest_done)),
    ("done.everybody", "one completion finishes all agents' tasks", Seed(complete=_everybody_done)),
    (
        "done.neighbour",
        "a completion finishes another agent's tasks too",
        Seed(complete=_neighbours_done),
    ),
    ("done.none", "a completion is acknowledged and forgotten", Seed(complete=_none_done)),
    (
        "done.same_type",
        "a completion finishes all tasks of its type",
        Seed(complete=_same_type_done),
    ),
    (
        "done.failure_returns",
        "a task that failed is handed over again",
        Seed(answer=_failures_return),
    ),
    (
        "refuses.second",
        "only the oldest pending task can be completed",
        _refuse_unless(
            lambda one: (
                next(task for task in one.agent.tasks if task.state == "pending") is one.task
            ),
            409,
        ),
    ),
    ("refuses.failure", "a failure cannot be reported", refusing("complete", _failed, 400)),
    ("refuses.no_logs", "a report with no logs is refused", refusing("complete", _logs, 400)),
    (
        "~refuses.offline",
        "an agent without heartbeat cannot complete",
        refusing("complete", lambda turn: turn.agent is not None and turn.agent.beat is None, 503),
    ),
    ("answer.201", "a completion is answered with 201", answering("complete", _other_status(201))),
    ("answer.202", "a completion is answered with 202", answering("complete", _other_status(202))),
    (
        "answer.many_logs",
        "a completion with very many lines of log is not acknowledged",
        answering("complete", _too_many),
    ),
    (
        "answer.empty",
        "a completion is answered with an empty object",
        answering("complete", _empty),
    ),
    ("answer.echo", "`acknowledged` is the task's id", answering("complete", _echo)),
    (
        "answer.success",
        "`acknowledged` repeats `success`",
        answering("complete", _not_acknowledged_failure),
    ),
    (
        "answer.second_false",
        "only an agent's first completion is acknowledged",
        answering("complete", _second_false),
    ),
)


# Making and cancelling.


def _misfiled(one: Creation) -> None:
    one.agent = other_or_same(one.desk, one.agent)


def _to_both(one: Creation) -> None:
    other = neighbour(one.desk, one.agent)
    if other is not None:
        other.tasks.append(one.task)


def _replaces(one: Creation) -> None:
    one.agent.tasks.clear()


def _eleventh_lost(one: Creation) -> None:
    one.filed = len(one.agent.tasks) < 10
    one.pushed = one.filed


def _fifty_first_lost(one: Creation) -> None:
    one.filed = one.pushed = len(one.agent.tasks) < 50


def _bare_again(desk: Desk, agent: Agent, task: Task, way: Way, row: Obj) -> None:
    key = ("shown", task.id, way)
    desk.memo[key] = desk.memo.get(key, 0) + 1
    if desk.memo[key] > 1 and "payload" in row:
        row["payload"] = {}


def _third_lost(one: Creation) -> None:
    one.desk.memo["made"] = one.desk.memo.get("made", 0) + 1
    one.filed = one.pushed = one.desk.memo["made"] != 3


def _offline_lost(one: Creation) -> None:
    one.filed = one.agent.beat is not None or bool(one.desk.lines)


def _same_id(one: Creation) -> None:
    one.task.id = one.desk.memo.setdefault(("id", one.agent.id), one.task.id)


def _cut_payload(one: Creation) -> None:
    one.task.payload = dict([*one.task.payload.items()][:2])


def _merged_credentials(one: Creation) -> None:
    kept = one.desk.memo.setdefault("credentials", {})
    kept.update(one.task.credentials)
    one.task.credentials = dict(kept)


def _cancels_all(desk: Desk, agent: Agent, task: Task) -> bool:
    for one in agent.tasks:
        one.state = "cancelled" if one.state == "pending" else one.state
    return False


def _cancels_other(desk: Desk, agent: Agent, task: Task) -> bool:
    for one in agent.tasks:
        if one is not task and one.state == "pending":
            one.state = "cancelled"
            break
    return True


def _cancels_neighbours(desk: Desk, agent: Agent, task: Task) -> bool:
    other = neighbour(desk, agent)
    for one in other.tasks if other is not None else []:
        one.state = "cancelled"
    return False


_MADE: Final = (
    ("made.misfiled", "a task goes to another agent", Seed(created=_misfiled)),
    ("made.both", "a task goes to another agent as well", Seed(created=_to_both)),
    ("made.replaces", "a new task replaces those before it", Seed(created=_replaces)),
    ("~made.eleventh_lost", "the eleventh task of an agent is lost", Seed(created=_eleventh_lost)),
    ("made.fifty_first_lost", "of a queue the end is cut", Seed(created=_fifty_first_lost)),
    ("again.bare", "a task comes without its work the second time", Seed(task_row=_bare_again)),
    ("made.third_lost", "the third task is lost", Seed(created=_third_lost)),
    (
        "~made.offline_lost",
        "a task for an agent without heartbeat is lost",
        Seed(created=_offline_lost),
    ),
    ("made.same_id", "all tasks of an agent have the same id", Seed(created=_same_id)),
    ("made.payload_cut", "a payload keeps its first two entries", Seed(created=_cut_payload)),
    (
        "made.credentials_merged",
        "credentials gather those of earlier tasks",
        Seed(created=_merged_credentials),
    ),
    (
        "cancel.ignored",
        "a cancelled task stays pending",
        Seed(cancelled=lambda desk, agent, task: True),
    ),
    ("cancel.all", "a cancellation takes all tasks of the agent", Seed(cancelled=_cancels_all)),
    (
        "cancel.other",
        "a cancellation takes another task of the agent",
        Seed(cancelled=_cancels_other),
    ),
    (
        "cancel.neighbour",
        "a cancellation takes another agent's tasks too",
        Seed(cancelled=_cancels_neighbours),
    ),
    (
        "cancel.told_only",
        "a task that was handed over cannot be cancelled",
        Seed(cancelled=lambda desk, agent, task: task.told),
    ),
)


def _bare_list(turn: Turn) -> None:
    turn.answer.body = turn.answer.body["tasks"]


def _no_content(turn: Turn) -> None:
    if not turn.answer.body["tasks"]:
        turn.answer.status, turn.answer.text, turn.answer.media = 204, "", ""


def _none_is_404(turn: Turn) -> None:
    if not turn.answer.body["tasks"]:
        turn.answer.status, turn.answer.body = 404, {"error": "no tasks"}


def _null_if_none(turn: Turn) -> None:
    turn.answer.body["tasks"] = turn.answer.body["tasks"] or None


def _left_out_if_none(turn: Turn) -> None:
    if not turn.answer.body["tasks"]:
        del turn.answer.body["tasks"]


_POLLS: Final = (
    ("poll.answer.list", "a poll is answered with a bare list", answering("poll", _bare_list)),
    (
        "poll.answer.204",
        "a poll without tasks is answered with 204",
        answering("poll", _no_content),
    ),
    (
        "poll.answer.404",
        "a poll without tasks is answered with 404",
        answering("poll", _none_is_404),
    ),
    ("poll.answer.null", "`tasks` is null where there are none", answering("poll", _null_if_none)),
    (
        "poll.answer.left_out",
        "`tasks` is left out where there are none",
        answering("poll", _left_out_if_none),
    ),
    (
        "heartbeat.answer.null",
        "`tasks` is null in a heartbeat's answer where there are none",
        answering("heartbeat", _null_if_none),
    ),
    (
        "heartbeat.answer.left_out",
        "`tasks` is left out of a heartbeat's answer where there are none",
        answering("heartbeat", _left_out_if_none),
    ),
    (
        "poll.refuses.second",
        "a second poll is refused",
        refusing("poll", lambda turn: turn.nth == 2, 500),
    ),
    (
        "~poll.refuses.unbeaten",
        "a poll before the first heartbeat is refused",
        refusing("poll", lambda turn: turn.agent is not None and turn.agent.beat is None, 503),
    ),
)

TASK_FAULTS: Final = (
    *table("Complete Task", prefixed("complete.", _COMPLETIONS)),
    *table("Task Stream", prefixed("task.", _MADE)),
    *table("Get Pending Tasks", prefixed("task.", _POLLS)),
)
"""Faults of tasks."""
