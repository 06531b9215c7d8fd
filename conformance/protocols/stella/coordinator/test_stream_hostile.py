"""What nobody should say on a stream: whatever becomes of who says it, others are served."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest
from websockets.frames import Opcode

from conformance.judge import Judge
from conformance.marks import case, requirement
from conformance.protocols.stella.hostility import BINARY, MESSAGES, TEXTS, large
from conformance.protocols.stella.siege import UNHARMED, Act, Siege
from conformance.protocols.stella.streams import Streams

_OWN = "STELLA-STREAM-028"


def _text(text: str) -> Act:
    return lambda socket: socket.send_text(text, lawful=False)


def _message(message: Mapping[str, Any], task_id: str) -> Act:
    said = {key: task_id if value == "TASK" else value for key, value in message.items()}
    return lambda socket: socket.send(said, lawful=False)


def _binary(data: bytes) -> Act:
    return lambda socket: socket.send_frame(Opcode.BINARY, data)


async def _besiege(streams: Streams, judge: Judge, row: str, acts: Iterable[Act]) -> None:
    siege = Siege(streams, judge, row)
    await siege.begin()
    job = await siege.own_job()
    await siege.endure(acts)
    await siege.judge_own(_OWN, job)


@pytest.mark.parametrize(("row", "words"), [case(row, TEXTS[row]) for row in TEXTS])
@requirement(UNHARMED, _OWN)
async def test_flow_texts_of_no_use(
    row: str, words: Sequence[str], streams: Streams, judge: Judge
) -> None:
    await _besiege(streams, judge, row, map(_text, words))


@pytest.mark.parametrize(("row", "messages"), [case(row, MESSAGES[row]) for row in MESSAGES])
@requirement(UNHARMED, _OWN)
async def test_flow_messages_of_no_use(
    row: str, messages: Sequence[Mapping[str, Any]], streams: Streams, judge: Judge
) -> None:
    nobody = streams.fleet.new("task")
    await _besiege(streams, judge, row, (_message(said, nobody) for said in messages))


@requirement("STELLA-ODD-009", UNHARMED, _OWN)
async def test_flow_binary_messages(streams: Streams, judge: Judge) -> None:
    await _besiege(streams, judge, "STELLA-ODD-009", map(_binary, BINARY))


@requirement("STELLA-ODD-010", UNHARMED, _OWN)
async def test_flow_large_messages(streams: Streams, judge: Judge) -> None:
    await _besiege(streams, judge, "STELLA-ODD-010", map(_text, large()))


@requirement("STELLA-ODD-011", UNHARMED)
async def test_flow_reports_of_the_tasks_of_others(streams: Streams, judge: Judge) -> None:
    """Of one that was pushed to its agent, and of one that waits for an agent without a stream."""
    siege = Siege(streams, judge, "STELLA-ODD-011")
    await siege.begin()
    owner = await streams.fleet.register()
    waiting = await streams.depot.make(owner)
    pushed = await streams.depot.make(siege.listener.agent)
    await streams.pushed(siege.listener, pushed)
    said = [
        {"type": kind, "taskId": job.id, "message": "By a stranger", **more}
        for job in (waiting, pushed)
        for kind, more in (
            ("task_progress", {"progress": 60}),
            ("task_progress", {"progress": 100}),
            ("task_log", {"level": "error"}),
        )
    ]
    await siege.endure(_message(each, "") for each in said)
    haul = await streams.depot.fetch("heartbeat", owner, waiting)
    wrong = "after reports by another agent a task does not come to its owner any more"
    judge.holds("STELLA-ODD-011", haul.has(waiting), wrong, haul.last)
    told = siege.listener.cancellations()
    wrong = "reports by another agent cancel a task"
    judge.holds("STELLA-ODD-011", not told, wrong, *told[:1])
    done = await streams.fleet.complete(pushed.agent, pushed.id)
    wrong = f"after reports by another agent a completion is answered {done.outcome}"
    judge.holds("STELLA-ODD-011", done.status == 200, wrong, done)
