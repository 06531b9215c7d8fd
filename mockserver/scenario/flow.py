"""The flow of a workflow: which step is next, what of it held, and what follows. Pure.

`Flow.step(event) -> actions` knows neither sockets nor clocks. Forward, whoever drives it carries
steps out as the client; backward, it awaits them of one. Either tells what it saw.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.scenario.acts import (
    Act,
    Began,
    Do,
    Event,
    Failed,
    Finished,
    Passed,
    Pause,
    Perform,
    Seen,
    Sight,
    Undo,
    Word,
)
from mockserver.scenario.frames import Flight, Frame, called, defaults, scope_of, worked_out
from mockserver.scenario.order import in_order, waited_for
from mockserver.scenario.scales import Direction, Scales
from schemas.arazzo.criteria import worth
from schemas.arazzo.expressions import ExpressionError, Scope
from schemas.arazzo.model import Action as Follow
from schemas.arazzo.model import Scenario, Step
from schemas.spec import Role

__all__ = ["MOST_STEPS", "Flow"]

MOST_STEPS = 1000
"""Steps that one flow takes: what goes on longer goes in circles."""


class Flow:
    """One workflow of a scenario, and those that it calls, from beginning to end.

    `roles` are those of the rows that may be judged; `before` is what workflows that came before
    left behind. Inputs are taken as they are: `inputs.given` works them out.
    """

    def __init__(
        self,
        scenario: Scenario,
        workflow: str,
        *,
        direction: Direction,
        inputs: Mapping[str, Any],
        roles: Mapping[str, Role],
        before: Mapping[str, Mapping[str, Mapping[str, Any]]] | None = None,
    ) -> None:
        self.scenario = scenario
        self.finished: Finished | None = None
        self.workflows = {key: dict(value) for key, value in (before or {}).items()}
        """The inputs and outputs of each workflow that has begun, by key."""
        self._forward = direction == "forward"
        self._scales = Scales(direction, roles)
        self._numbers = itertools.count(1)
        self._flights: dict[int, Flight] = {}
        self._places: dict[int, tuple[Frame, str]] = {}
        self._taken = 0
        self._acts: list[Act] = []
        self._main = self._frame(workflow, dict(inputs))

    # What drivers ask

    @property
    def awaited(self) -> list[tuple[int, Step]]:
        """The steps that are under way, in the order in which they were begun."""
        return [
            (flight.number, flight.step)
            for flight in self._flights.values()
            if not flight.step.workflow and not flight.paused
        ]

    def scope(self, number: int, sight: Sight | None = None) -> Scope:
        """What the expressions of a step under way can see; those of the workflow itself for 0."""
        flight = self._flights.get(number)
        return self._scope(flight.frame if flight else self._main, sight)

    def missed(self, number: int, sight: Sight) -> str:
        """Why what was seen is not what that step awaits; empty where it is: what comes on a
        channel is passed over until it fits.
        """
        flight = self._flights[number]
        scope = self._scope(flight.frame, sight)
        weights = self._scales.others(flight.step.criteria, scope)
        weights += self._scales.judged(flight.step.criteria, scope) if self._forward else []
        return next((weight.message for weight in weights if not weight.holds), "")

    def near(self, number: int, why: str) -> None:
        """Something looked like that step and was not it: told where it never comes."""
        self._flights[number].near = why

    def told(self, number: int, name: str, value: Any) -> None:
        """A deed of that step handed something over: an output of its; of no step, an input."""
        frame, step = self._places.get(number, (self._main, ""))
        (frame.done.setdefault(step, {}) if step else frame.inputs)[name] = value

    def step(self, event: Event) -> list[Act]:
        """What follows from an event, in order."""
        self._acts = []
        if self.finished is not None:
            return self._acts
        if isinstance(event, Began):
            self._begin(self._main)
            return self._acts
        flight = self._flights.get(event.flight)
        if flight is None:
            return self._acts
        match event:
            case Seen():
                self._seen(flight, event)
            case Failed():
                self._fail(flight, event.reason, unjudged=event.unjudged)
            case Passed():
                self._passed(flight)
        return self._acts

    # Workflows

    def _frame(self, key: str, inputs: dict[str, Any], caller: Flight | None = None) -> Frame:
        workflow = self.scenario.workflows[key]
        self.workflows[key] = {"inputs": inputs, "outputs": {}}
        return Frame(
            workflow=workflow,
            steps=in_order(workflow),
            waited=waited_for(workflow),
            inputs=inputs,
            caller=caller,
        )

    def _begin(self, frame: Frame) -> None:
        if frame.workflow.state:
            self._acts.append(Do(0, frame.workflow.state))
        self._go_on(frame)

    def _go_on(self, frame: Frame) -> None:
        """Begin what can be begun; the end, where nothing is left."""
        while frame.at < len(frame.steps):
            step = frame.steps[frame.at]
            if any(self._before(frame, flight, step) for flight in self._of(frame)):
                return
            frame.at += 1
            if not any(each.step is step for each in self._of(frame)):  # led back to, say
                self._start(frame, step)
            if self.finished is not None:
                return
        if not any(self._kept_open(each) for each in self._of(frame)):
            self._end(frame, kept=not frame.broken, reason=frame.broken)

    def _before(self, frame: Frame, flight: Flight, step: Step) -> bool:
        """Must what is under way be done before `step` may begin?"""
        other = flight.step
        if other.id in step.depends_on:
            return True
        together = bool(step.unordered) and step.unordered == other.unordered
        ahead = other.never or together or other.id in frame.waited
        return not ahead and self._kept_open(flight)

    def _kept_open(self, flight: Flight) -> bool:
        """Does the workflow wait for it in the end?"""
        if flight.step.never:
            return flight.step.within is not None
        return self._forward or not flight.step.optional

    def _end(self, frame: Frame, *, kept: bool | None, reason: str = "", step: str = "") -> None:
        for flight in self._of(frame):
            self._drop(flight)
        outputs, missing = worked_out(frame.workflow.outputs, self._scope(frame))
        if kept and missing:
            kept, reason = False, missing
        self.workflows[frame.workflow.key]["outputs"] = outputs
        self._say(frame.workflow.requirements, kept, reason, step)
        caller = frame.caller
        if caller is None:
            self.finished = Finished(kept, outputs, reason, step)
            self._acts.append(self.finished)
        elif kept:
            self._weigh(caller, Sight(), outputs)
        else:
            what = f"{frame.workflow.id}: {reason}"
            self._fail(caller, what, unjudged=kept is None)

    # Steps that begin

    def _start(self, frame: Frame, step: Step) -> None:
        self._taken += 1
        flight = Flight(number=next(self._numbers), step=step, frame=frame)
        self._flights[flight.number] = flight
        self._places[flight.number] = (frame, step.id)
        if self._taken > MOST_STEPS:
            self._fail(flight, f"{MOST_STEPS} steps were taken: it goes in circles")
            return
        if step.before:
            self._acts.append(Do(flight.number, step.before))
        self._take_up(flight)

    def _take_up(self, flight: Flight, *, again: bool = False) -> None:
        step = flight.step
        if not step.workflow:
            self._acts.append(Perform(flight.number, step, again))
            return
        try:
            scope = self._scope(flight.frame)
            inputs = {each.name: worth(each.value, scope) for each in step.parameters}
        except ExpressionError as error:
            self._fail(flight, str(error))
            return
        known = {**defaults(self.scenario.workflows[step.workflow]), **inputs}
        self._begin(self._frame(step.workflow, known, flight))

    # Steps that end

    def _seen(self, flight: Flight, event: Seen) -> None:
        step, sight = flight.step, event.sight
        passes = step.never or step.action == "receive" or not self._forward
        missed = self.missed(flight.number, sight) if passes else ""
        if missed:
            flight.near = f"it came, but {missed}"
            return
        if step.never:
            self._break_never(flight, sight)
            return
        flight.frame.inputs.update(sight.bound)
        late = ""
        if step.within is not None and event.took > step.within:
            late = f"it took {event.took:.3g} s, and not {step.within:g} s at most"
        self._weigh(flight, sight, late=late)

    def _weigh(
        self,
        flight: Flight,
        sight: Sight,
        handed: Mapping[str, Any] | None = None,
        *,
        late: str = "",
    ) -> None:
        """Judge what came: it is done, or done wrong."""
        step, frame = flight.step, flight.frame
        scope = self._scope(frame, sight, handed)
        weights = self._scales.judged(step.criteria, scope)
        for weight in weights:
            self._say(weight.rows, weight.holds, weight.message, step.id)
        if self._forward:
            weights += self._scales.others(step.criteria, scope)
        wrong = [weight.message for weight in weights if not weight.holds]
        wrong += [late] if late else []
        if wrong and self._forward:
            self._fail(flight, "; ".join(wrong), sight=sight)
            return
        if wrong:
            self._say(step.requirements, False, "; ".join(wrong), step.id)
            frame.breaks(step, "; ".join(wrong))
        flight.count += 1
        if flight.count >= step.times.least:
            self._done(flight, sight, handed or {}, broken=bool(wrong))
        elif self._forward:
            self._take_up(flight, again=True)

    def _done(
        self, flight: Flight, sight: Sight, handed: Mapping[str, Any], *, broken: bool
    ) -> None:
        step, frame = flight.step, flight.frame
        scope = self._scope(frame, sight, handed)
        found, _ = worked_out(step.outputs, scope)  # who wants what is not there is told
        frame.done[step.id] = {**frame.done.get(step.id, {}), **handed, **found}
        if not broken:
            self._say(step.requirements, True, "", step.id)
        if step.after:
            self._acts.append(Do(flight.number, step.after))
        follow = self._follow(step.on_success, scope, flight)
        self._leave(flight)
        if follow is not None:
            self._obey(frame, follow)
            return
        if frame.returns is not None and frame.returns[0] == step.id:
            frame.at, frame.returns = frame.returns[1], None
        self._go_on(frame)

    def _fail(
        self, flight: Flight, reason: str, *, unjudged: bool = False, sight: Sight | None = None
    ) -> None:
        step, frame = flight.step, flight.frame
        if step.never:
            self._passed(flight)
            return
        if flight.near and sight is None:
            reason = f"{reason}; {flight.near}"
        follow = self._follow(step.on_failure, self._scope(frame, sight), flight)
        if follow is not None and follow.kind == "retry":
            self._retry(flight, follow)
            return
        self._leave(flight)
        if step.optional:
            self._go_on(frame)
            return
        rows = [row for each in step.criteria for row in each.requirements] if flight.near else []
        self._say([*step.requirements, *rows], None if unjudged else False, reason, step.id)
        if follow is not None and follow.kind == "goto":
            self._obey(frame, follow)
            return
        kept = None if unjudged and not frame.broken else False
        self._end(frame, kept=kept, reason=f"{step.id}: {reason}", step=step.id)

    def _break_never(self, flight: Flight, sight: Sight) -> None:
        step, frame = flight.step, flight.frame
        weights = self._scales.judged(step.criteria, self._scope(frame, sight))
        if not all(weight.holds for weight in weights):
            return
        what = f"{step.name} came, and must not"
        rows = [row for weight in weights for row in weight.rows]
        self._say([*step.requirements, *rows], False, what, step.id)
        frame.breaks(step, what)
        self._leave(flight)
        self._acts.append(Undo(flight.number, step))
        self._go_on(frame)

    def _passed(self, flight: Flight) -> None:
        """A pause is over, or the time in which something must not come."""
        if flight.paused:
            flight.paused = False
            self._take_up(flight, again=True)
        elif flight.step.never:
            self._drop(flight)
            self._go_on(flight.frame)

    # What follows

    def _follow(self, actions: Sequence[Follow], scope: Scope, flight: Flight) -> Follow | None:
        """The first action whose criteria hold; a retry only while it has tries left."""
        for action in actions:
            tried = flight.frame.tries.get((flight.step.id, action.name), 0)
            spent = action.kind == "retry" and tried >= action.limit
            if not spent and all(each.judge(scope).holds for each in action.criteria):
                return action
        return None

    def _retry(self, flight: Flight, follow: Follow) -> None:
        frame, step = flight.frame, flight.step
        key = (step.id, follow.name)
        frame.tries[key] = frame.tries.get(key, 0) + 1
        flight.near = ""
        if follow.step or follow.workflow:  # something else is done first, and then it again
            first = frame.steps[frame.place(follow.step)] if follow.step else called(follow)
            frame.returns = (first.id, frame.place(step.id))
            self._drop(flight)
            if follow.after:
                self._acts.append(Pause(0, follow.after))
            self._start(frame, first)
        elif follow.after:
            flight.paused = True
            self._acts.append(Pause(flight.number, follow.after))
        else:
            self._take_up(flight, again=True)

    def _obey(self, frame: Frame, follow: Follow) -> None:
        if follow.kind == "end":
            self._end(frame, kept=not frame.broken, reason=frame.broken)
        elif follow.step:
            frame.at = frame.place(follow.step)
            self._go_on(frame)
        else:
            frame.at = len(frame.steps)
            self._start(frame, called(follow))

    def _leave(self, flight: Flight) -> None:
        """It is no longer under way, and what the client may leave out before it is left out."""
        self._flights.pop(flight.number, None)
        step, frame = flight.step, flight.frame
        if self._forward or step.optional or step.never or step not in frame.steps:
            return
        earlier = frame.steps[: frame.place(step.id)]
        for other in self._of(frame):
            together = step.unordered and step.unordered == other.step.unordered
            if other.step.optional and other.step in earlier and not together:
                self._drop(other)

    def _drop(self, flight: Flight) -> None:
        """Nobody waits for it any more, nor for what it called."""
        del self._flights[flight.number]
        for other in list(self._flights.values()):
            if other.frame.caller is flight:
                self._drop(other)
        if flight.step.never:
            self._say(flight.step.requirements, True, "", flight.step.id)
        self._acts.append(Undo(flight.number, flight.step))

    # What they share

    def _say(
        self, requirements: Sequence[str], holds: bool | None, message: str, step: str
    ) -> None:
        rows = self._scales.rows(requirements)
        if rows:
            self._acts.append(Word(rows, holds, "" if holds else message, step))

    def _of(self, frame: Frame) -> list[Flight]:
        return [flight for flight in self._flights.values() if flight.frame is frame]

    def _scope(
        self, frame: Frame, sight: Sight | None = None, outputs: Mapping[str, Any] | None = None
    ) -> Scope:
        return scope_of(self.scenario, self.workflows, frame, sight or Sight(), outputs or {})
