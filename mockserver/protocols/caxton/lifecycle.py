"""Lives as tables: what may happen to an agent, a task or a deployment, and what follows when.

A row is read: in this state, by this event, it comes to `state`; and `after` seconds in that state
the event `then` happens by itself. `after` may be the name of an attribute that holds the seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from mockserver.protocols.caxton.agenda import Agenda, Appointment
from mockserver.protocols.caxton.answers import RefusedError

__all__ = ["AGENT", "DEPLOYMENT", "TASK", "TASK_BY_HAND", "Living", "Machine", "Step", "Table"]


@dataclass(frozen=True, slots=True)
class Step:
    state: str
    then: str = ""
    after: float | str = 0.0


Table = Mapping[tuple[str, str], Step]

AGENT: Table = {
    ("unloaded", "load"): Step("loaded", "start", "spawn"),
    ("loaded", "start"): Step("running"),
    # "Finishing current work before shutdown"
    ("loaded", "stop"): Step("draining", "drained", "grace"),
    ("running", "stop"): Step("draining", "drained", "grace"),
    ("draining", "drained"): Step("stopped"),
    ("loaded", "crash"): Step("failed"),
    ("running", "crash"): Step("failed"),
    ("draining", "crash"): Step("failed"),
    # "Remove an agent from the system": no state is named in which that must not be.
    ("loaded", "remove"): Step("unloaded"),
    ("running", "remove"): Step("unloaded"),
    ("draining", "remove"): Step("unloaded"),
    ("stopped", "remove"): Step("unloaded"),
    ("failed", "remove"): Step("unloaded"),
}

# Silence 7: `created`, `distributed`, `in_progress` and `completed` are the document's own words.
TASK: Table = {
    ("created", "announce"): Step("distributing"),
    ("distributing", "no_bids"): Step("created"),
    ("distributing", "award"): Step("distributed", "begin", 0.5),
    ("distributed", "begin"): Step("in_progress", "finish", "duration"),
    ("in_progress", "finish"): Step("completed"),
    ("distributed", "fail"): Step("failed"),
    ("in_progress", "fail"): Step("failed"),
    ("in_progress", "time_out"): Step("failed"),
}

TASK_BY_HAND: Table = {
    **TASK,
    ("distributed", "begin"): Step("in_progress", "time_out", "timeout"),
}
"""The other reading: a task goes on only when it is told to, and fails when its time is over."""

DEPLOYMENT: Table = {
    ("", "create"): Step("initializing", "begin", 0.2),
    ("initializing", "begin"): Step("in_progress", "advance", "stage_seconds"),
    ("in_progress", "advance"): Step("in_progress", "advance", "stage_seconds"),
    ("in_progress", "finish"): Step("completed"),
    # Of two deployments of one agent the newer one counts.
    ("initializing", "supersede"): Step("superseded"),
    ("in_progress", "supersede"): Step("superseded"),
    ("initializing", "roll_back"): Step("rolling_back", "rolled_back", 3.0),
    ("in_progress", "roll_back"): Step("rolling_back", "rolled_back", 3.0),
    ("completed", "roll_back"): Step("rolling_back", "rolled_back", 3.0),
    ("rolling_back", "rolled_back"): Step("rolled_back"),
    ("initializing", "fail"): Step("failed"),
    ("in_progress", "fail"): Step("failed"),
    ("rolling_back", "fail"): Step("failed"),
}


class Living(Protocol):
    """Whatever such a table speaks of. `timer` is the event that follows by itself."""

    id: str
    state: str
    timer: Appointment | None


_L = TypeVar("_L", bound=Living)


class Machine(Generic[_L]):
    """Takes things through their table. `entered` is told of each event once the state is new, and
    before what follows is put down.
    """

    def __init__(self, table: Table, agenda: Agenda, entered: Callable[[_L, str], None]) -> None:
        self._table = table
        self._agenda = agenda
        self._entered = entered

    def can(self, subject: _L, event: str) -> bool:
        return (subject.state, event) in self._table

    def step(self, subject: _L, event: str) -> None:
        """Raises `RefusedError` (`FORBIDDEN`) for what cannot happen in this state."""
        step = self._table.get((subject.state, event))
        if step is None:
            what = event.replace("_", " ")
            raise RefusedError(
                "FORBIDDEN",
                f"{subject.id} is {subject.state}: it cannot {what} now",
                id=subject.id,
                state=subject.state,
            )
        if subject.timer is not None:
            subject.timer.call_off()
            subject.timer = None
        subject.state = step.state
        self._entered(subject, event)
        if step.then and subject.state == step.state and subject.timer is None:
            after = getattr(subject, step.after) if isinstance(step.after, str) else step.after
            self.expect(subject, step.then, after)

    def expect(self, subject: _L, event: str, after: float) -> None:
        """Have an event happen by itself in `after` seconds, in place of what was to happen."""
        if subject.timer is not None:
            subject.timer.call_off()
        subject.timer = self._agenda.after(after, lambda: self.step(subject, event))
