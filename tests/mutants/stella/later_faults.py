"""Faults that show late, at a second look, or beside something else that is going on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from .fault import Beat, Completion, Creation, Deletion, Enrol, Push, Renewal, Seed, Turn, table
from .model import Agent, Answer, Line, Obj, Task, Way
from .seeds import answering
from .stream import lines_of

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["LATER_FAULTS"]

_HOUR = 3600


# Registration.


def _tells_good_tokens(turn: Turn) -> None:
    if turn.op == "register" and turn.answer.status == 401:
        good = [one.text for one in turn.desk.tokens.values() if not one.spent]
        turn.answer = Answer(status=401, body={"error": "unknown token", "known": good})


def _free_when_expired(enrol: Enrol) -> None:
    holder, now = enrol.holder, enrol.desk.now()
    known = enrol.refusal is not None and enrol.refusal.status == 409 and holder is not None
    if known and holder is not None and all(p.not_after < now for p in holder.papers.values()):
        enrol.refusal = None


def _extends(enrol: Enrol) -> None:
    """A token that is tried in vain is as good as new."""
    if enrol.refusal is not None and enrol.refusal.status == 409 and enrol.token is not None:
        enrol.token.minted = enrol.desk.now()


def _key_in_ca(turn: Turn) -> None:
    certificate = turn.answer.body["certificate"]
    certificate["ca"] = certificate["ca"] + certificate["key"]


# Certificates.


def _only_deaf(one: Renewal) -> None:
    one.due = one.due and not lines_of(one.desk, one.agent)


def _note_death(one: Deletion) -> None:
    one.desk.memo["dead", one.agent.id] = one.desk.now()


def _forgives(turn: Turn) -> None:
    """A list of what was revoked that is kept for an hour."""
    died = turn.memo.get(("dead", turn.who))
    if turn.refusal is not None and died is not None and turn.desk.now() - died > _HOUR:
        caller = turn.caller
        if caller is not None and caller.id == turn.who and turn.standing != "expired":
            turn.agent, turn.refusal = caller, None


def _drops_at_first_use(turn: Turn) -> None:
    peer, caller = turn.call.peer, turn.caller
    if turn.refusal is None and peer is not None and caller is not None:
        seen = turn.memo.setdefault(("shown", caller.id), peer.fingerprint)
        if seen != peer.fingerprint:
            turn.memo["shown", caller.id] = peer.fingerprint
            caller.tasks.clear()


# Heartbeats.


def _poll_beats(turn: Turn) -> None:
    if turn.agent is not None:
        turn.agent.beat = turn.desk.now()


def _note_usage(one: Beat) -> None:
    one.desk.memo["usage", one.agent.id] = one.agent.usage


def _restore_usage(one: Beat) -> None:
    if one.data.get("status") != "healthy":
        one.agent.usage = one.desk.memo["usage", one.agent.id]


# Changes.


def _half_applied(turn: Turn) -> None:
    if turn.op == "update" and turn.answer.status in (400, 422) and turn.agent is not None:
        labels = turn.data.get("labels") if isinstance(turn.data, dict) else None
        if isinstance(labels, dict):
            turn.agent.labels.update(labels)


def _revives(turn: Turn) -> None:
    if turn.op == "update" and turn.answer.status == 200 and turn.agent is not None:
        turn.agent.life = turn.desk.now()


# Tasks.


def _no_nulls(desk: Desk, agent: Agent, task: Task, way: Way, row: Obj) -> None:
    if way == "heartbeat" and isinstance(row.get("payload"), dict):
        told = row["payload"].items()
        row["payload"] = {name: value for name, value in told if value is not None}


def _made_again(desk: Desk, agent: Agent, task: Task, way: Way, row: Obj) -> None:
    key = ("polled", task.id)
    if way == "poll" and desk.memo.setdefault(key, desk.now()) != desk.now():
        row["createdAt"] = desk.stamp(desk.now())


def _like_it(one: Completion) -> None:
    made = one.task
    if made is not None and one.done:
        one.done = [each for each in one.agent.tasks if each.payload == made.payload]


def _older_too(one: Completion) -> None:
    made = one.task
    if made is not None and one.done:
        one.done += [each for each in one.agent.tasks if each.created < made.created - 60]


def _zero_is_ten(one: Creation) -> None:
    one.task.priority = one.task.priority or 10


# The stream.


async def _errors_end(desk: Desk, line: Line, frame: str | bytes) -> bool:
    return _heard(line, frame, "task_log", "error", "done")


async def _progress_revives(desk: Desk, line: Line, frame: str | bytes) -> bool:
    return _heard(line, frame, "task_progress", None, "pending")


def _heard(line: Line, frame: str | bytes, kind: str, level: str | None, state: str) -> bool:
    try:
        said = json.loads(frame)
    except (ValueError, RecursionError):
        return False
    if isinstance(said, dict) and said.get("type") == kind and said.get("level") == level:
        for task in line.agent.tasks:
            if task.id == said.get("taskId"):
                task.state = "done" if state == "done" else "pending"
    return False


def _note_beat(desk: Desk, agent: Agent, task: Task, way: Way, row: Obj) -> None:
    if way == "heartbeat":
        desk.memo.setdefault("beaten", set()).add(task.id)


def _untold_if_beaten(one: Push) -> None:
    if one.kind == "cancelled" and one.message["taskId"] in one.desk.memo.get("beaten", ()):
        one.lines = []


async def _note_end(desk: Desk, line: Line) -> None:
    desk.memo.setdefault("ended", set()).add(line.agent.id)


async def _note_start(desk: Desk, line: Line) -> None:
    desk.memo.setdefault("ended", set()).discard(line.agent.id)


def _deaf_after_an_end(one: Push) -> None:
    if one.agent.id in one.desk.memo.get("ended", ()):
        one.lines = []


_REGISTRATION: Final = (
    (
        "~token.refused.tells_good",
        "the refusal of a token lists those that are good",
        Seed(answer=_tells_good_tokens),
    ),
    (
        "~name.taken.free_when_expired",
        "a name is free once the certificate of its holder has expired",
        Seed(enrol=_free_when_expired),
    ),
    ("token.extended", "a token that is tried in vain lives for another day", Seed(enrol=_extends)),
    (
        "~certificate.ca.with_key",
        "beside the authority's certificate `ca` holds a private key",
        answering("register", _key_in_ca),
    ),
)

_BEATS: Final = (
    (
        "renewal.only_deaf",
        "an agent whose stream is open gets no renewal",
        Seed(renew=_only_deaf),
    ),
    (
        "renewal.drops_tasks",
        "the first use of a new certificate drops all tasks",
        Seed(gate=_drops_at_first_use),
    ),
    (
        "~task.heartbeat.no_nulls",
        "a payload comes without its nulls",
        Seed(task_row=_no_nulls),
    ),
)

_SIGNS: Final = (
    ("~beat.moved_by_polls", "a poll counts as a heartbeat", answering("poll", _poll_beats)),
    (
        "~beat.usage.only_healthy",
        "the usage of who is not healthy is dropped",
        Seed(beat=_note_usage, beaten=_restore_usage),
    ),
)

_UPDATES: Final = (
    (
        "~update.refused.half",
        "an update that is refused sets its labels",
        Seed(answer=_half_applied),
    ),
    ("~update.revives", "an update makes its agent online", Seed(answer=_revives)),
)

_COMPLETIONS: Final = (
    (
        "complete.done.like_it",
        "a completion finishes all that are like it",
        Seed(complete=_like_it),
    ),
    ("complete.done.older", "a completion finishes what is older", Seed(complete=_older_too)),
)

_POLLS: Final = (
    (
        "task.poll.made_again",
        "from the second poll on a task was made just now",
        Seed(task_row=_made_again),
    ),
    ("~task.made.zero_is_ten", "a task of priority 0 gets 10", Seed(created=_zero_is_ten)),
)

_STREAMS: Final = (
    (
        "~hears.log.error_ends",
        "a log line of an error ends its task",
        Seed(hear=_errors_end),
    ),
    ("hears.progress.revives", "late progress brings a task back", Seed(hear=_progress_revives)),
    (
        "stream.cancelled.not_if_beaten",
        "of a task that a heartbeat brought no cancellation is told",
        Seed(task_row=_note_beat, push=_untold_if_beaten),
    ),
    (
        "~stream.left.deafens",
        "the end of one stream of an agent makes its others go quiet",
        Seed(joined=_note_start, left=_note_end, push=_deaf_after_an_end),
    ),
)

LATER_FAULTS: Final = (
    *table("Register Agent", _REGISTRATION),
    *table("Send Heartbeat", _BEATS),
    *table("Send Heartbeat", _SIGNS),
    *table("Update Agent", _UPDATES),
    *table("Complete Task", _COMPLETIONS),
    *table("Get Pending Tasks", _POLLS),
    *table("Task Stream", _STREAMS),
    *table(
        "Delete Agent",
        [
            (
                "delete.revoked_for_an_hour",
                "a deleted agent is let in again an hour later",
                Seed(deleted=_note_death, gate=_forgives),
            )
        ],
    ),
)
"""Faults that are seen by who looks twice."""
