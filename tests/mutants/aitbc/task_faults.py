"""Faults in submitting tasks, in the statistics and in the queues."""

from __future__ import annotations

import json
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from uuid import NAMESPACE_URL, uuid5

from .coordinator import Coordinator
from .fault import Aimed, Fault, Row, Section, expand
from .model import PRIORITIES, Call, Env, Json, Obj, Op, RefusalError, Reply, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .reading import Reading

__all__ = ["TASK_FAULTS"]

_SUBMIT: Final[Section] = "Submit Task"
_STATUS: Final[Section] = "Get Task Status"
_QUEUES: Final[Section] = "Commit message"


class _PriorityRefused(Aimed):
    def priority_of(self, data: Obj) -> str:
        if data["priority"] == self.target:
            return self.bad_priority(self.target)
        return super().priority_of(data)


class _BadPriority(Aimed):
    """Something else than the documented refusal of a priority."""

    def bad_priority(self, priority: str) -> str:
        match self.target:
            case "accepted":
                self.queues.setdefault(priority, [])
                return priority
            case "becomes_normal":
                return "normal"
            case "as_422" | "as_404" | "as_500" | "as_200":
                raise RefusalError(int(self.target[3:]), f"Invalid priority: {priority}")
            case _:
                raise RefusalError(400, self._detail(priority))

    def _detail(self, priority: str) -> Json:
        details: Obj = {
            "unnamed": "Invalid priority",
            "lowered": f"Invalid priority: {priority.lower()}",
            "quoted": f"Invalid priority: {priority!r}",
            "unformatted": "Invalid priority: {priority}",
            "listed": [{"loc": ["body", "priority"], "msg": f"Invalid priority: {priority}"}],
            "other_words": "Bad Request",
        }
        return details[self.target]

    def sizes(self) -> Obj:
        sizes = super().sizes()
        return {name: sizes[name] for name in PRIORITIES}


class _LoosePriority(Aimed):
    def priority_of(self, data: Obj) -> str:
        sent = data["priority"]
        if self.target == "case_blind":
            return super().priority_of({**data, "priority": sent.lower()})
        if self.target == "trimmed":
            return super().priority_of({**data, "priority": sent.strip()})
        near = (name for name in PRIORITIES if sent and name.startswith(sent))
        return super().priority_of({**data, "priority": next(near, sent)})


class _PriorityDefault(Coordinator):
    def accept(self, op: Op, body: Json) -> Obj:
        if op is Op.SUBMIT and isinstance(body, dict) and body.get("priority") is None:
            body = {**body, "priority": "normal"}
        return super().accept(op, body)


class _MemberRequired(Aimed):
    """Demands a member that the document's own example leaves out or empty."""

    def accept(self, op: Op, body: Json) -> Obj:
        data = super().accept(op, body)
        if op is not Op.SUBMIT:
            return data
        outer, _, inner = self.target.partition(".")
        held = data.get(outer)
        if held is None or (inner == "filled" and not held) or (inner and inner not in held):
            raise RefusalError(422, f"Validation error: {self.target}: Field required")
        return data


class _TaskId(Aimed):
    """Ids that are not fresh UUIDs."""

    def __init__(self, reading: Reading, env: Env, *, target: str = "") -> None:
        super().__init__(reading, env, target=target)
        self._made = 0
        self._last = ""

    async def new_task_id(self, data: Obj) -> Json:
        self._made += 1
        if self.target == "every_second" and self._made % 2 == 0:
            return self._last
        self._last = await super().new_task_id(data)
        ids = {
            "by_content": str(uuid5(NAMESPACE_URL, json.dumps(data, sort_keys=True))),
            "by_priority": str(uuid5(NAMESPACE_URL, data["priority"])),
            "counted": str(self._made),
            "named": f"task_{data['priority']}_{self._made}",
            "hex": self._last.replace("-", ""),
            "braced": "{" + self._last + "}",
        }
        return ids.get(self.target, self._last)


class _Misfiled(Aimed):
    """A task of one priority lands in the queue of another; `target` is `from:to`."""

    def file(self, task: Task) -> None:
        source, goal = self.target.split(":")
        if source in (task.priority, "any"):
            task = replace(task, priority=goal)
        super().file(task)


class _Filed(Aimed):
    """Queues that do not gain exactly one task."""

    def file(self, task: Task) -> None:
        super().file(task)
        if self.target == "twice":
            super().file(task)
        elif self.target == "everywhere":
            self.queues = {name: [*queue, task] for name, queue in self.queues.items()}
        elif self.target == "replaces":
            self.queues[task.priority] = [task]
        elif self.target == "drives_out":
            self.queues[task.priority] = self.queues[task.priority][-20:]
        elif self.target == "type_alone" and task.requirements.keys() == {"agent_type"}:
            self.queues[task.priority].pop()


class _NeverCounted(Aimed):
    def listed_sizes(self) -> Obj:
        return super().listed_sizes() | {self.target: 0}

    def sizes(self) -> Obj:
        return super().sizes() | {self.target: 0}


class _StatsOdd(Aimed):
    async def do_stats(self, call: Call) -> Reply:
        reply = await super().do_stats(call)
        if self.target == "empty":
            return replace(reply, body={})
        return replace(reply, body={"queue_sizes": dict.fromkeys(PRIORITIES, 17)})


class _RefusedButFiled(Coordinator):
    """A task with an unknown priority is refused and filed as normal nevertheless."""

    def bad_priority(self, priority: str) -> str:
        task = Task(task_id="", priority="normal", requirements={}, submitted_at=self.now())
        self.file(task)
        return super().bad_priority(priority)


class _Sizes(Aimed):
    """Queue sizes that are counted wrongly everywhere."""

    def sizes(self) -> Obj:
        return COUNTS[self.target](super().sizes(), self.queues)


COUNTS: Final[Mapping[str, Callable[[Obj, Mapping[str, list[Task]]], Obj]]] = MappingProxyType(
    {
        "one_more": lambda sizes, _: {name: size + 1 for name, size in sizes.items()},
        "capped_at_3": lambda sizes, _: {name: min(size, 3) for name, size in sizes.items()},
        "total_in_each": lambda sizes, _: dict.fromkeys(sizes, sum(sizes.values())),
        "reversed": lambda sizes, _: dict(zip(sizes, [*sizes.values()][::-1], strict=True)),
        "negative": lambda sizes, _: {name: -size for name, size in sizes.items()},
        "only_filled": lambda sizes, _: {name: size for name, size in sizes.items() if size},
        "capitals": lambda sizes, _: {name.upper(): size for name, size in sizes.items()},
        "ids": lambda _, queues: {k: [one.task_id for one in row] for k, row in queues.items()},
    }
)


class _Disagreeing(Aimed):
    """The queue endpoints tell other sizes than /tasks/status."""

    def listed_sizes(self) -> Obj:
        sizes = super().listed_sizes()
        if self.target == "one_more":
            return {name: size + 1 for name, size in sizes.items()}
        if self.target == "zero":
            return dict.fromkeys(sizes, 0)
        return {name: size for name, size in sizes.items() if name != self.target}


class _Figures(Aimed):
    """Counters that are impossible."""

    def __init__(self, reading: Reading, env: Env, *, target: str = "") -> None:
        super().__init__(reading, env, target=target)
        self._reads = 0
        self._refused = 0
        self._active = 0

    def _most(self, active: int) -> int:
        self._active = max(self._active, active)
        return self._active

    async def do_submit(self, call: Call) -> Reply:
        try:
            return await super().do_submit(call)
        except RefusalError:
            self._refused += 1
            raise

    def figures(self) -> Obj:
        self._reads += 1
        figures = super().figures()
        match self.target:
            case "counts_refused":
                return figures | {"tasks_distributed": figures["tasks_distributed"] + self._refused}
            case "falling":
                return figures | {"tasks_distributed": max(0, 1000 - self._reads)}
            case "invented":
                return figures | {"tasks_distributed": 1000 + self._reads}
            case "flat":
                balancer: Obj = figures.pop("load_balancer_stats")
                return balancer | figures
            case _:
                return figures

    def balancer(self) -> Obj:
        balancer = super().balancer()
        changes: Mapping[str, Obj] = {
            "assigns_refused": {"total_assignments": balancer["total_assignments"] + self._refused},
            "rate_of_text": {"success_rate": "0.0%"},
            "rate_above_all": {"success_rate": 1000.0},
            "active_constant": {"active_agents": 0},
            "active_counts_all": {"active_agents": len(self.agents)},
            "active_never_falls": {"active_agents": self._most(balancer["active_agents"])},
            "sums_differ": {"failed_assignments": 5},
            "falling_assignments": {"total_assignments": max(0, 1000 - self._reads)},
        }
        return balancer | changes.get(self.target, {})


class _ReadDrains(Coordinator):
    async def do_status(self, call: Call) -> Reply:
        reply = await super().do_status(call)
        self.queues = {name: [] for name in PRIORITIES}
        return reply


class _Clearing(Aimed):
    """Clearing that hits the wrong queue."""

    def clear(self, priority: str) -> int:
        if self.target == "nothing":
            return len(self.queues[priority])
        if self.target == "twenty":
            held = self.queues[priority]
            self.queues[priority] = held[20:]
            return min(20, len(held))
        if self.target == "one":
            taken, self.queues[priority] = self.queues[priority][:1], self.queues[priority][1:]
            return len(taken)
        if self.target == "all_but_one":
            count = len(self.queues[priority])
            self.queues[priority] = self.queues[priority][:1]
            return count
        if self.target == "all":
            return sum(super(_Clearing, self).clear(name) for name in PRIORITIES)
        if self.target == "other":
            index = PRIORITIES.index(priority)
            return super().clear(PRIORITIES[index - 1])
        return super().clear("normal")


class _ClearExtra(Aimed):
    """Clearing with side effects or with a false count."""

    def clear(self, priority: str) -> int:
        count = super().clear(priority)
        if self.target == "agents":
            self.agents = {}
        elif self.target == "crashes_when_empty" and not count:
            message = "pop from an empty deque"
            raise IndexError(message)
        elif self.target == "counts_zero":
            return 0
        elif self.target == "counts_one_more":
            return count + 1
        elif self.target == "completes":
            self.counters.completed += count
        elif self.target == "disables":
            del self.queues[priority]
        return count

    def file(self, task: Task) -> None:
        self.queues[task.priority].append(task)

    def sizes(self) -> Obj:
        return {name: len(self.queues.get(name, ())) for name in PRIORITIES}


class _ClearsForGood(Coordinator):
    """A queue that was cleared takes nothing any more."""

    def __init__(self, reading: Reading, env: Env) -> None:
        super().__init__(reading, env)
        self._shut: set[str] = set()

    def clear(self, priority: str) -> int:
        self._shut.add(priority)
        return super().clear(priority)

    def file(self, task: Task) -> None:
        if task.priority not in self._shut:
            super().file(task)


class _ClearRefused(Aimed):
    async def do_clear(self, call: Call) -> Reply:
        if call.arg == self.target:
            return self.unknown_queue(call.arg)
        return await super().do_clear(call)


class _ClearUnknown(Aimed):
    def unknown_queue(self, priority: str) -> Reply:
        if self.target == "crash":
            raise KeyError(priority)
        if self.target == "clears_all":
            self.queues = {name: [] for name in PRIORITIES}
            return super().unknown_queue(priority)
        return Reply(status=200, body={"status": "success", "cleared_count": 0})


def _rows() -> Iterator[Row]:
    codes = ("as_422", "as_404", "as_500", "as_200")
    words = ("unnamed", "lowered", "quoted", "unformatted", "listed", "other_words")
    refusals = ("accepted", "becomes_normal", *codes, *words)
    ids = ("by_content", "by_priority", "counted", "named", "every_second")
    swaps = (f"{name}:{PRIORITIES[index - 1]}" for index, name in enumerate(PRIORITIES))
    moves = (*swaps, "any:normal")
    sizes = ("one_more", "total_in_each", "reversed", "negative", "only_filled", "ids", "capitals")
    needed = ("task_data.task_type", "task_data.parameters", "requirements", "requirements.filled")
    clears = ("nothing", "one", "twenty", "all_but_one", "all", "other", "always_normal")
    extras = ("agents", "crashes_when_empty", "disables")
    figures = ("falling", "flat", "rate_of_text", "falling_assignments")
    yield "submit.priority.{}.refused", "{} is refused", _SUBMIT, _PriorityRefused, PRIORITIES
    yield "submit.bad_priority.{}", "a bad priority: {}", _SUBMIT, _BadPriority, refusals
    yield "submit.priority.{}", "a beginning will do: {}", _SUBMIT, _LoosePriority, ("prefix",)
    yield "submit.needs.{}", "{} is demanded", _SUBMIT, _MemberRequired, needed
    yield "submit.id.{}", "task ids are made badly: {}", _SUBMIT, _TaskId, ids
    yield "submit.filed.{}", "filed in the wrong queue, {}", _SUBMIT, _Misfiled, moves
    yield "submit.gain.{}", "a queue gains wrongly: {}", _SUBMIT, _Filed, ("twice", "everywhere")
    yield "status.sizes.{}", "queue sizes are wrong: {}", _STATUS, _Sizes, sizes
    yield "status.figures.{}", "figures are wrong: {}", _STATUS, _Figures, figures
    yield "clear.clears.{}", "clears the wrong tasks: {}", _QUEUES, _Clearing, clears
    yield "clear.extra.{}", "clearing goes wrong: {}", _QUEUES, _ClearExtra, extras
    yield "clear.{}.refused", "the queue {} is refused", _QUEUES, _ClearRefused, PRIORITIES
    yield "clear.unknown.{}", "an unknown queue: {}", _QUEUES, _ClearUnknown, ("clears_all",)


def _implied_rows() -> Iterator[Row]:
    differ = ("one_more", "zero", *PRIORITIES)
    loose = ("case_blind", "trimmed")
    refused = ("counts_refused", "assigns_refused")
    actives = ("active_constant", "active_counts_all", "active_never_falls")
    figures = ("invented", "rate_above_all", "sums_differ", *refused, *actives)
    needed = ("task_data.model", "task_data.prompt")
    counts = ("counts_zero", "counts_one_more", "completes")
    alone = ("type_alone",)
    sizes = ("capped_at_3",)  # zero at all times has who hands every task over at once
    yield "submit.gain.{}", "a new task {} the others", _SUBMIT, _Filed, ("replaces", "drives_out")
    yield "submit.lost.{}", "a task for {} is taken and does not wait", _SUBMIT, _Filed, alone
    yield "status.sizes.{}", "queue sizes are wrong: {}", _STATUS, _Sizes, sizes
    yield "submit.priority.{}", "priorities compare loosely: {}", _SUBMIT, _LoosePriority, loose
    yield "submit.needs.{}", "{} is demanded", _SUBMIT, _MemberRequired, needed
    yield "submit.id.{}", "task ids look odd: {}", _SUBMIT, _TaskId, ("hex", "braced")
    yield "status.figures.{}", "figures are wrong: {}", _STATUS, _Figures, figures
    yield "queues.uncounted.{}", "{} is never counted", _QUEUES, _NeverCounted, PRIORITIES
    yield "queues.stats.{}", "their statistics are {}", _QUEUES, _StatsOdd, ("empty", "others")
    yield "queues.differ.{}", "differ from /tasks/status: {}", _QUEUES, _Disagreeing, differ
    yield "clear.extra.{}", "the count is wrong: {}", _QUEUES, _ClearExtra, counts
    unknown = ("crash", "answered")
    yield "clear.unknown.{}", "an unknown queue: {}", _QUEUES, _ClearUnknown, unknown


def _faults() -> Iterator[Fault]:
    yield from expand(_rows())
    yield from expand(_implied_rows(), implied=True)
    plain: tuple[tuple[str, str, Section, type[Coordinator], bool], ...] = (
        ("submit.priority.default", "a missing one is normal", _SUBMIT, _PriorityDefault, False),
        ("submit.refused_but_filed", "a refused task is filed", _SUBMIT, _RefusedButFiled, False),
        ("clear.for_good", "a cleared queue takes nothing more", _QUEUES, _ClearsForGood, True),
        ("status.drains", "reading the figures empties the queues", _STATUS, _ReadDrains, True),
    )
    for name, summary, section, make_plain, implied in plain:
        yield Fault(name=name, summary=summary, section=section, make=make_plain, implied=implied)


TASK_FAULTS: Final = tuple(_faults())
