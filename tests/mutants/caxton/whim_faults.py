"""Faults that only particular requests meet: what is lawful is refused, or odd things are done."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from .fault import Fault, Row, Seed, Spot, at, table
from .model import Answer, Call, Message, Op, Turn
from .seeds import always

__all__ = ["WHIM_FAULTS"]


def _refusal(status: int, code: str) -> Answer:
    error = {"code": code, "message": "no", "details": {}, "trace_id": "trace_0"}
    return Answer(status=status, body={"error": error})


def _refuses(op: Op, meets: Callable[[Call], bool]) -> Seed:
    def bend(nothing: Any, spot: Spot) -> Any:
        turn: Turn = spot["turn"]
        return _refusal(400, "INVALID_REQUEST") if turn.op == op and meets(turn.call) else nothing

    return at("early", bend)


def _says(text: bytes) -> Callable[[Call], bool]:
    return lambda call: text in call.body


def _quoted(call: Call) -> bool:
    return '"' in call.headers.get("content-type", "")


def _bare(call: Call) -> bool:
    """Does it leave out what the document's SDK examples leave out?"""
    return b'"strategy"' not in call.body and b'"memory"' in call.body


def _name(turn: Turn) -> str:
    found = re.search(rb'"name": ?"([^"]*)"', turn.call.body)
    return found[1].decode() if found else ""


def _burns(answer: Any, spot: Spot) -> Any:
    refusal = spot["turn"].refusal
    if refusal is not None and refusal.code == "INVALID_WASM" and spot["turn"].op == "deploy":
        spot.memo[_name(spot["turn"])] = True
    return answer


def _burnt(nothing: Any, spot: Spot) -> Any:
    turn: Turn = spot["turn"]
    used = turn.op == "deploy" and _name(turn) in spot.memo
    return _refusal(409, "AGENT_ALREADY_EXISTS") if used else nothing


def _disturbed(holder: Any, spot: Spot) -> Any:
    if holder is not None:
        holder.memory, holder.state = "1MB", "stopped"
    return holder


_DEPLOY: Final[tuple[Row, ...]] = (
    (
        "environment",
        "a configuration with an environment is refused",
        _refuses("deploy", _says(b'"environment"')),
    ),
    ("canary", "the strategy canary is refused", _refuses("deploy", _says(b'"canary"'))),
    ("bare", "a configuration without a strategy is refused", _refuses("deploy", _bare)),
    ("~quoted", "a boundary in quotes is not understood", _refuses("deploy", _quoted)),
    (
        "again",
        "a name that was once refused stays refused",
        at("answer", _burns, early=_burnt),
    ),
    ("disturbs", "a refused duplicate stops who has the name", at("name.holder", _disturbed)),
)

_STOP: Final[tuple[Row, ...]] = (
    (
        "drops",
        "what comes while an agent drains gets lost",
        at("send.receiver", lambda r, s: None if r.state == "draining" else r),
    ),
)

_LIST: Final[tuple[Row, ...]] = (
    (
        "unknown",
        "a filter by an unknown status shows everybody",
        at("list.chosen", lambda v, s: v if s["status"] in (None, "running") else v or s["all"]),
    ),
)


def _reopened(answer: Any, spot: Spot) -> Any:
    turn: Turn = spot["turn"]
    if turn.op == "task" and answer.status < 300 and answer.body["status"] == "completed":
        seen = spot.memo[turn.who] = spot.memo.get(turn.who, 0) + 1
        if seen > 1:
            answer.body["status"] = "in_progress"
    return answer


_TASK: Final[tuple[Row, ...]] = (
    ("reopened", "a completed task is in progress again", at("answer", _reopened)),
    ("stuck", "the progress that was made does not show", at("task.step", always(0.0))),
    ("endless", "a task never ends", at("task.end", always(("in_progress", 0.99)))),
    (
        "begun",
        "a new task is in progress at once",
        at("task.made", lambda task, s: replace(task, status="in_progress", progress=0.1)),
    ),
)


def _keeps(answer: Any, spot: Spot) -> Any:
    """What was refused is kept all the same, as far as it says anything."""
    turn: Turn = spot["turn"]
    if turn.op == "send" and turn.refusal is not None:
        with suppress(ValueError, AttributeError):
            said = json.loads(turn.call.body)
            spot.desk.messages.append(
                Message(
                    id=spot.desk.new_id("msg"),
                    performative=str(said.get("performative")),
                    sender=str(said.get("sender")),
                    receiver=str(said.get("receiver")),
                    content=said.get("content"),
                    conversation_id=said.get("conversation_id"),
                    at=spot.desk.now(),
                )
            )
    return answer


_SEND: Final[tuple[Row, ...]] = (
    ("refused", "what was refused is kept all the same", at("answer", _keeps)),
    (
        "replies.lost",
        "answers of agents are not kept",
        at("message.kept", lambda one, s: None if s["via"] == "agent" else one),
    ),
)

_DISTRIBUTE: Final[tuple[Row, ...]] = (
    (
        "slow",
        "the answer comes long after the wait for bids is over",
        at("pause", lambda v, s: 8.5 if s["turn"].op == "distribute" else v),
    ),
)

WHIM_FAULTS: Final[tuple[Fault, ...]] = (
    *table("Deploy Agent", _DEPLOY, prefix="deploy.refused."),
    *table("Stop Agent", _STOP, prefix="stop.", reading="contrary", implied=True),
    *table("List Agents", _LIST, prefix="list.filter.", reading="lenient", implied=True),
    *table("Query Message History", _SEND, prefix="kept.", implied=True),
    *table("Distribute Task", _DISTRIBUTE, prefix="distribute.", implied=True),
    *table("Get Task Status", _TASK, prefix="task.", implied=True),
)
"""Their names are those of the operations that they are about."""
