"""Faults in the way tasks are taken, done, cancelled and reported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from tests.mutants.stella_agents.bugs import Bug, Cue
from tests.mutants.stella_agents.edits import doubled, late, on, path, put, put_from, silent
from tests.mutants.stella_agents.model import Edit, Fault, Item, Json, Memory, Task, What
from tests.mutants.stella_agents.seeds import bugged, restyled

__all__ = ["TASK_FAULTS"]

_DONE: Final = "Complete Task"
_STREAM: Final = "Task Stream"


def _takings() -> Iterator[Fault]:
    beat = "Send Heartbeat"
    for name, bug, section, more in (
        ("task.never_completed", Bug.NEVER_COMPLETES, _DONE, {}),
        ("task.first_only", Bug.FIRST_ONLY, beat, {"style": "heartbeats"}),
        ("task.last_only", Bug.LAST_ONLY, beat, {"style": "heartbeats"}),
        ("task.first_of_polled", Bug.FIRST_ONLY, "Get Pending Tasks", {"style": "polls"}),
        ("task.first_ever", Bug.FIRST_EVER, beat, {}),
        ("task.busy_drops", Bug.BUSY_DROPS, beat, {}),
        ("task.two_and_no_more", Bug.STUCK_AFTER_TWO, _DONE, {}),
        ("task.ignores_heartbeat", Bug.IGNORES_BEAT_TASKS, beat, {"style": "heartbeats"}),
        ("task.ignores_polled", Bug.IGNORES_POLLED, "Get Pending Tasks", {"style": "polls"}),
        ("task.ignores_assigned", Bug.IGNORES_ASSIGNED, _STREAM, {"style": "streams"}),
        ("task.needs_payload", Bug.NEEDS_PAYLOAD, "Get Pending Tasks", {"style": "polls"}),
        ("task.needs_credentials", Bug.NEEDS_CREDENTIALS, _STREAM, {"style": "streams"}),
    ):
        yield bugged(name, bug, section, implied=name != "task.never_completed", **more)


def _repeats() -> Iterator[Fault]:
    weak: dict[str, Any] = {"implied": True}
    yield bugged("task.completed_later_again", Bug.COMPLETES_LATER_AGAIN, _DONE, **weak)
    yield bugged("task.before_work", Bug.BEFORE_WORK, _DONE, **weak)
    yield bugged("task.at_both_ends", Bug.TWICE_IN_WORK, _DONE, **weak)
    yield bugged("task.no_dedupe", Bug.NO_DEDUPE, _DONE, **weak)
    yield bugged("task.no_dedupe_polled", Bug.NO_DEDUPE, _DONE, style="polls", **weak)
    yield bugged("task.dedupe_per_way", Bug.DEDUPE_PER_WAY, _DONE, **weak)
    yield bugged("task.forgets_done", Bug.FORGETS_DONE, _DONE, **weak)
    yield _told("completed_twice", "reports each task twice", doubled, **weak)
    yield _told("second_lost", "does not report any task after the first", late(silent, 1), **weak)


def _told(name: str, summary: str, edit: Edit, **more: Any) -> Fault:
    return Fault(
        name=f"task.{name}",
        summary=summary,
        section=_DONE,
        edit=on(What.COMPLETE, edit=edit),
        **more,
    )


def _reports() -> Iterator[Fault]:
    weak: dict[str, Any] = {"implied": True}
    yield bugged("task.mixes_ids", Bug.MIXES_IDS, _DONE, **weak)
    yield bugged("task.mixes_results", Bug.MIXES_RESULTS, _DONE, **weak)
    yield bugged("task.unknown_ignored", Bug.UNKNOWN_IGNORED, _DONE, **weak)
    yield bugged("task.unknown_succeeds", Bug.UNKNOWN_SUCCEEDS, _DONE, **weak)
    yield bugged("task.timeout_in_ms", Bug.TIMEOUT_IN_MS, "Send Heartbeat", **weak)
    gives_up: dict[str, Any] = {"cue": Cue.TROUBLE, "implied": True}
    yield bugged("task.gives_up_report", Bug.GIVES_UP_REPORT, _DONE, **gives_up)
    turned = on(What.COMPLETE, edit=put_from("success", _turned))
    yield Fault(
        name="task.again_otherwise",
        summary="reports the opposite where a report of the same task failed",
        section=_DONE,
        edit=turned,
        **gives_up,
    )
    yield Fault(
        name="task.again_emptier",
        summary="leaves the result away where a report of the same task failed",
        section=_DONE,
        edit=on(What.COMPLETE, edit=put_from("result", _emptied)),
        **gives_up,
    )
    unknown: dict[str, Any] = {"cue": Cue.UNKNOWN, "implied": True}
    yield bugged("task.insists_at_404", Bug.INSISTS, _DONE, **unknown)
    for word, template in (
        ("upper", "upper"),
        ("short", "short"),
        ("dashless", "dashless"),
        ("own", "own"),
        ("first", "first"),
    ):
        summary = f"completes a task under the wrong id: {word}"
        yield _told(f"id_{word}", summary, _wrong_id(template), implied=word == "first")
    yield _told(
        "logs_of_another", "sends the logs of the first task with each", _first_logs, **weak
    )
    yield _told(
        "result_of_another", "sends the result of the first task with each", _first_result, **weak
    )


def _wrong_id(how: str) -> Edit:
    def edit(item: Item, memory: Memory) -> list[Item]:
        right = getattr(item, "task", "")
        wrong = {
            "upper": right.upper(),
            "short": right[:8],
            "dashless": right.replace("-", ""),
            "own": memory.agent_id,
            "first": next(iter(memory.tasks), right),
        }[how]
        place = f"/api/v1/agents/{memory.agent_id}/tasks/{quote(wrong, safe='')}/complete"
        return list(path(place)(item, memory))

    return edit


def _kept(name: str, item: Item, memory: Memory) -> Json:
    """What the first report had there, marked so that it can be told."""
    return memory.texts.setdefault(f"first {name}", getattr(item, "task", ""))


def _first_logs(item: Item, memory: Memory) -> list[Item]:
    line: Json = {
        "timestamp": "2027-02-03T04:05:06Z",
        "level": "info",
        "message": f"about {_kept('logs', item, memory)}",
    }
    return list(put("logs", [line])(item, memory))


def _first_result(item: Item, memory: Memory) -> list[Item]:
    return list(put("result", {"of": _kept("result", item, memory)})(item, memory))


def _turned(item: Item, memory: Memory) -> Json:
    """What is true the first time, and the opposite from then on."""
    told = f"success of {getattr(item, 'task', '')}"
    again, success = told in memory.texts, bool(dict(getattr(item, "body", None) or {})["success"])
    memory.texts[told] = "told"
    return success is not again


def _emptied(item: Item, memory: Memory) -> Json:
    """A result the first time, and nothing in it from then on."""
    told = f"result of {getattr(item, 'task', '')}"
    again = told in memory.texts
    memory.texts[told] = "told"
    return {} if again else {"digest": "sha256:0a"}


def _cancels() -> Iterator[Fault]:
    for word, bug in (
        ("ignored", Bug.CANCEL_IGNORED),
        ("chatters", Bug.CANCEL_CHATTERS),
        ("wrong", Bug.CANCEL_WRONG),
        ("all", Bug.CANCEL_ALL),
        ("succeeds", Bug.CANCEL_SUCCEEDS),
    ):
        yield bugged(f"cancel.{word}", bug, _STREAM, cue=Cue.CANCEL, implied=True)
    for word, bug in (("ignored", Bug.CANCEL_IGNORED), ("all", Bug.CANCEL_ALL)):
        name = f"cancel.silent_{word}"
        style = "silent_cancel"
        yield bugged(name, bug, _STREAM, cue=Cue.CANCEL, implied=True, style=style)


def _progresses() -> Iterator[Fault]:
    for word, summary, steps in (
        ("backwards", "progress runs backwards", (90, 60, 30, 0)),
        ("jumps_back", "progress goes back once", (0, 50, 20, 100)),
        ("over_100", "progress comes to more than all", (0, 50, 100, 150)),
        ("per_mille", "progress in thousandths", (0, 250, 750, 1000)),
    ):
        yield Fault(
            name=f"progress.{word}",
            summary=summary,
            section=_STREAM,
            implied=True,
            reshape=restyled(progress=steps),
        )
    yield bugged("progress.after_end", Bug.PROGRESS_AFTER_END, _STREAM, implied=True)
    for what in (What.PROGRESS, What.LOG):
        yield Fault(
            name=f"{what.value}.of_another",
            summary=f"{what.value}: told of another task than the one that is meant",
            section=_STREAM,
            implied=True,
            edit=on(what, edit=put_from("taskId", _another)),
        )


def _another(item: Item, memory: Memory) -> Json:
    """A task that is long done, where there is one."""
    own = getattr(item, "task", "")
    done = [each for each in memory.done if each != own]
    return done[0] if done else f"{own}0"


def _secrets(task: Task | None) -> Mapping[str, Any]:
    return dict(task.credentials or {}) if task else {}


def _leaks() -> Iterator[Fault]:
    def told(item: Item, memory: Memory) -> Json:
        secrets = _secrets(memory.tasks.get(getattr(item, "task", "")))
        return ", ".join(f"{name}={value}" for name, value in secrets.items()) or "nothing"

    for word, what, where in (
        ("result", What.COMPLETE, "result.login"),
        ("logs", What.COMPLETE, "logs.*.message"),
        ("progress", What.PROGRESS, "message"),
        ("log_message", What.LOG, "message"),
    ):
        yield Fault(
            name=f"leak.credentials_in_{word}",
            summary=f"sends the credentials of a task back: {word.replace('_', ' ')}",
            section=_DONE,
            implied=True,
            edit=on(what, edit=put_from(where, told)),
        )
    for word, bug in (
        ("token_printed", Bug.LEAKS_TOKEN),
        ("key_printed", Bug.LEAKS_KEY),
        ("jwt_printed", Bug.LEAKS_JWT),
        ("credentials_printed", Bug.LEAKS_CREDENTIALS),
    ):
        yield bugged(f"leak.{word}", bug, "Register Agent", implied=True)


TASK_FAULTS: Final = (
    *_takings(),
    *_repeats(),
    *_reports(),
    *_cancels(),
    *_progresses(),
    *_leaks(),
)
