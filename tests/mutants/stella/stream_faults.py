"""Faults in how task streams come and go."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from . import stream
from .fault import Seed, Turn, prefixed, table
from .model import Agent, Line, Obj, Refusal, Task, Way
from .seeds import neighbour

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["STREAM_FAULTS"]


async def _close(desk: Desk, line: Line) -> None:
    await stream.leave(desk, line)
    await line.close(1003)


async def _joined_closes_others(desk: Desk, line: Line) -> None:
    for one in [*desk.lines]:
        if one.agent is not line.agent:
            await _close(desk, one)


async def _left_closes_others(desk: Desk, line: Line) -> None:
    if desk.memo.get("leaving"):
        return
    desk.memo["leaving"] = True
    await _joined_closes_others(desk, line)
    desk.memo["leaving"] = False


async def _left_deletes(desk: Desk, line: Line) -> None:
    desk.agents.pop(line.agent.id, None)


async def _left_drops_tasks(desk: Desk, line: Line) -> None:
    for task in line.agent.tasks:
        if task.told:
            task.state = "done"


async def _left_revokes(desk: Desk, line: Line) -> None:
    for paper in line.agent.papers.values():
        paper.revoked = True


async def _again_deaf(desk: Desk, line: Line) -> None:
    """An agent that was here before is not listened to."""
    seen = desk.memo.setdefault("seen", set())
    if line.agent.id in seen:
        desk.lines.remove(line)
    seen.add(line.agent.id)


async def _joined_silence(desk: Desk, line: Line) -> None:
    for one in [*desk.lines]:
        if one.agent is not line.agent:
            desk.lines.remove(one)


async def _joined_closes_itself(desk: Desk, line: Line) -> None:
    await _close(desk, line)


async def _swaps_agent(desk: Desk, line: Line) -> None:
    other = neighbour(desk, line.agent)
    if other is not None:
        line.agent = other


async def _tells_all_backlogs(desk: Desk, line: Line) -> None:
    for agent in desk.agents.values():
        for task in agent.tasks if agent is not line.agent else []:
            row: Obj = {"taskId": task.id, "taskType": task.type, "payload": task.payload}
            await stream.say(desk, line, {"type": "task_assigned", "task": row})


async def _clears_time(desk: Desk, line: Line) -> None:
    line.agent.labels = {}


def _refuse_second_agent(turn: Turn) -> None:
    busy = any(line.agent is not turn.agent for line in turn.desk.lines)
    if turn.op == "stream" and turn.refusal is None and busy:
        turn.refusal = Refusal(status=503, words="too many streams")


def _refuse_return(turn: Turn) -> None:
    if turn.op == "stream" and turn.refusal is None:
        seen = turn.memo.setdefault("streams", set())
        if turn.who in seen:
            turn.refusal = Refusal(status=409, words="no second time")
        seen.add(turn.who)


def _refuse_all(status: int) -> Seed:
    def judge(turn: Turn) -> None:
        if turn.op == "stream" and turn.refusal is None:
            turn.refusal = Refusal(status=status, words="no")

    return Seed(gate=judge)


def _refuse_unbeaten(turn: Turn) -> None:
    unheard = turn.agent is not None and turn.agent.beat is None
    if turn.op == "stream" and turn.refusal is None and unheard:
        turn.refusal = Refusal(status=503, words="send a heartbeat first")


def _empty_rows(desk: Desk, agent: Agent, task: Task, way: Way, row: Obj) -> None:
    if way == "stream":
        for name in ("payload", "credentials", "timeout"):
            row.pop(name, None)


async def _soon_closed(desk: Desk, line: Line) -> None:
    """An idle line is cut after a moment."""

    async def later() -> None:
        await asyncio.sleep(0.2)
        if line in desk.lines:
            await _close(desk, line)

    desk.memo[line] = asyncio.ensure_future(later())


_LIVES: Final = (
    (
        "joined.closes_others",
        "a new stream closes those of other agents",
        Seed(joined=_joined_closes_others),
    ),
    (
        "joined.silences_others",
        "a new stream makes those of other agents go quiet",
        Seed(joined=_joined_silence),
    ),
    (
        "joined.closes",
        "a stream is closed as soon as it is open",
        Seed(joined=_joined_closes_itself),
    ),
    ("joined.wrong_agent", "a stream is that of another agent", Seed(joined=_swaps_agent)),
    (
        "joined.all_backlogs",
        "a new stream is told the tasks of all",
        Seed(joined=_tells_all_backlogs),
    ),
    ("~joined.clears_labels", "a new stream clears its agent's labels", Seed(joined=_clears_time)),
    ("again.deaf", "an agent that comes back is told nothing", Seed(joined=_again_deaf)),
    ("again.refused", "an agent cannot come back", Seed(gate=_refuse_return)),
    ("left.closes_others", "the end of one stream ends all", Seed(left=_left_closes_others)),
    ("left.deletes", "the end of its stream removes an agent", Seed(left=_left_deletes)),
    (
        "~left.drops_tasks",
        "the end of its stream finishes an agent's tasks",
        Seed(left=_left_drops_tasks),
    ),
    (
        "left.revokes",
        "the end of its stream revokes an agent's certificate",
        Seed(left=_left_revokes),
    ),
    ("one_at_a_time", "only one agent can have a stream", Seed(gate=_refuse_second_agent)),
    ("refused.403", "no stream is ever granted", _refuse_all(403)),
    ("refused.404", "there is no stream", _refuse_all(404)),
    ("refused.500", "the server fails at streams", _refuse_all(500)),
    (
        "~refused.unbeaten",
        "a stream before the first heartbeat is refused",
        Seed(gate=_refuse_unbeaten),
    ),
    ("idle.closed", "a stream is cut after a moment", Seed(joined=_soon_closed)),
    ("~task.bare", "tasks on the stream are without their work", Seed(task_row=_empty_rows)),
)

STREAM_FAULTS: Final = tuple(table("Task Stream", prefixed("stream.", _LIVES)))
"""Faults of coming and going."""
