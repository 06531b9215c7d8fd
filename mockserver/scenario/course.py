"""The course of a flow: which workflows and steps are under way, and which is next. Pure."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from mockserver.scenario.acts import Act, Do, Failed, Finished, Perform, Sight, Undo, Word
from mockserver.scenario.frames import Flight, Frame, depended, scope_of, worked_out
from mockserver.scenario.inputs import InputError, shapes_of
from mockserver.scenario.matching import open_input
from mockserver.scenario.order import in_order, waited_for
from mockserver.scenario.scales import Scales
from schemas.arazzo.criteria import worth
from schemas.arazzo.expressions import ExpressionError, Scope
from schemas.arazzo.model import Scenario, Step, Workflow

__all__ = ["MOST_STEPS", "Course", "GoOn", "InputsOf", "Returned"]

MOST_STEPS = 1000
"""Steps that one flow takes, retries among them: what goes on longer goes in circles."""

InputsOf: TypeAlias = Callable[[Workflow, Mapping[str, Any]], dict[str, Any]]
"""The inputs of a workflow that another one calls, from those that it is handed. Raises
`InputError`.
"""


@dataclass(frozen=True, slots=True)
class Returned:
    """A workflow that another one called has ended: `reason` is why it broke off, and `broken` what
    was wrong in it though it did not.
    """

    flight: int
    outputs: Mapping[str, Any]
    kept: bool | None
    reason: str = ""
    broken: str = ""


@dataclass(frozen=True, slots=True)
class GoOn:
    """Something has changed in a workflow: see what can begin."""

    frame: Frame


class Course:
    """Begins workflows and steps in their order, and ends them.

    What a change entails is put on the `agenda`, never done at once: however long a scenario goes
    in circles, it goes no deeper. `acts` are what drivers have to do.
    """

    def __init__(
        self,
        scenario: Scenario,
        scales: Scales,
        *,
        forward: bool,
        inputs_of: InputsOf,
        before: Mapping[str, Mapping[str, Mapping[str, Any]]],
    ) -> None:
        self.scenario = scenario
        self.acts: list[Act] = []
        self.agenda: deque[GoOn | Returned | Failed] = deque()
        self.flights: dict[int, Flight] = {}
        self.finished: Finished | None = None
        self.workflows = {key: dict(value) for key, value in before.items()}
        """The inputs and outputs of each workflow that has begun, by key."""
        self._forward = forward
        self._scales = scales
        self._inputs_of = inputs_of
        self._numbers = itertools.count(1)
        self._places: dict[int, tuple[Frame, str]] = {}
        self._completed = set(before)
        self._steps_done: set[str] = set()
        self._waiting: list[Frame] = []
        self._taken = 0

    # What they share

    def of(self, frame: Frame) -> list[Flight]:
        """The steps of a workflow that are under way."""
        return [flight for flight in self.flights.values() if flight.frame is frame]

    def scope(
        self, frame: Frame, sight: Sight | None = None, outputs: Mapping[str, Any] | None = None
    ) -> Scope:
        return scope_of(self.scenario, self.workflows, frame, sight or Sight(), outputs or {})

    def place(self, number: int) -> tuple[Frame, str] | None:
        """Where that number belongs: a workflow, and a step or nothing. Also once it is over."""
        return self._places.get(number)

    def say(self, requirements: Sequence[str], holds: bool | None, message: str, step: str) -> None:
        rows = self._scales.rows(requirements)
        if rows:
            self.acts.append(Word(rows, holds, "" if holds else message, step))

    # Workflows

    def frame(
        self,
        key: str,
        inputs: dict[str, Any],
        *,
        caller: Flight | None = None,
        links: Mapping[str, str] | None = None,
    ) -> Frame:
        """A workflow that is to begin, those that it depends on before its own steps."""
        workflow = self.scenario.workflows[key]
        self.workflows[key] = {"inputs": inputs, "outputs": {}}
        before = [
            self._depended(each, workflow, inputs)
            for each in workflow.depends_on
            if each not in self._completed
        ]
        return Frame(
            workflow=workflow,
            steps=(*before, *in_order(workflow)),
            waited=waited_for(workflow),
            inputs=inputs,
            links=links or {},
            caller=caller,
        )

    def _depended(self, key: str, workflow: Workflow, inputs: Mapping[str, Any]) -> Step:
        """The call of a workflow that must be done before; inputs of one name are the same."""
        mine = inputs if self._forward else shapes_of(workflow)
        theirs = shapes_of(self.scenario.workflows[key])
        return depended(key, [name for name in theirs if name in mine])

    def begin(self, frame: Frame) -> None:
        # What would make an input that is given is not done.
        state = [deed for deed in frame.workflow.state if deed.output not in frame.inputs]
        if state:
            number = self._number(frame, "")
            self.acts.append(Do(number, state))
        self.agenda.append(GoOn(frame))

    def go_on(self, frame: Frame) -> None:
        """Begin what can be begun; the end, where nothing is left."""
        while not self._is_over(frame) and frame.at < len(frame.steps):
            step = frame.steps[frame.at]
            if any(self._before(frame, flight, step) for flight in self.of(frame)):
                return
            if not self._may_begin(frame, step):
                return
            frame.at += 1
            self._begin_step(frame, step)
        if not self._is_over(frame) and not any(map(self._kept_open, self.of(frame))):
            self.end(frame)

    def _is_over(self, frame: Frame) -> bool:
        caller = frame.caller
        gone = caller is not None and caller.number not in self.flights
        return self.finished is not None or frame.over or gone

    def _before(self, frame: Frame, flight: Flight, step: Step) -> bool:
        """Must what is under way be done before `step` may begin?"""
        other = flight.step
        if flight.spare:
            return False
        if other.id in step.depends_on:
            return not other.never or other.within is not None  # the others have no end
        together = bool(step.unordered) and step.unordered == other.unordered
        ahead = other.never or together or other.id in frame.waited
        return not ahead and self._kept_open(flight)

    def _may_begin(self, frame: Frame, step: Step) -> bool:
        """Are the steps of other workflows done that it depends on? What is under way is waited
        for; what is not will not come.
        """
        for name in step.depends_on:
            key, mark, _ = name.partition(".steps.")
            if not mark or name in self._steps_done:
                continue
            if any(flight.step.workflow == key for flight in self.flights.values()):
                self._waiting.append(frame)
            else:
                why = f"it depends on {name}, which was not done"
                self.end(frame, kept=None, reason=f"{step.id}: {why}", step=step.id)
            return False
        return True

    def _begin_step(self, frame: Frame, step: Step) -> None:
        for flight in self.of(frame):
            if flight.step is step and flight.spare:
                self.drop(flight)
            elif flight.step is step:
                return  # led back to while it was still awaited
        self.start(frame, step)

    def _kept_open(self, flight: Flight) -> bool:
        """Does the workflow wait for it in the end?"""
        if flight.spare:
            return False
        if flight.step.never:
            return flight.step.within is not None
        return self._forward or not flight.step.optional

    def end(
        self, frame: Frame, *, kept: bool | None = True, reason: str = "", step: str = ""
    ) -> None:
        """A workflow has come to its end, or, where it is not `kept`, it breaks off."""
        for flight in self.of(frame):
            self.drop(flight, to_the_end=kept is True)
        frame.over = True
        outputs = worked_out(frame.workflow.outputs, self.scope(frame))
        self.workflows[frame.workflow.key]["outputs"] = outputs
        if kept:
            self._completed.add(frame.workflow.key)
        held = False if kept and frame.broken else kept
        self.say(frame.workflow.requirements, held, frame.broken if kept else reason, step)
        if frame.caller is None:
            self.finished = Finished(held, outputs, frame.broken if kept else reason, step)
            self.acts.append(self.finished)
        else:
            name = frame.workflow.id
            self.agenda.append(
                Returned(
                    frame.caller.number,
                    outputs,
                    kept,
                    f"{name}: {reason}" if reason else "",
                    f"{name}: {frame.broken}" if frame.broken else "",
                )
            )

    def break_off(self, flight: Flight, reason: str) -> None:
        """Nothing that comes after could be judged."""
        frame = flight.frame
        while frame.caller is not None:
            frame = frame.caller.frame
        step = flight.step.id
        self.end(frame, kept=None, reason=f"{step}: {reason}", step=step)

    # Steps

    def start(self, frame: Frame, step: Step, after: Sight | None = None) -> Flight:
        flight = Flight(number=self._number(frame, step.id), step=step, frame=frame, after=after)
        self.flights[flight.number] = flight
        if self.is_taken(flight):
            if step.before:
                self.acts.append(Do(flight.number, step.before))
            self.take_up(flight)
        return flight

    def is_taken(self, flight: Flight) -> bool:
        """One more step is taken, or the flow breaks off: it goes in circles."""
        self._taken += 1
        if self._taken > MOST_STEPS:
            self.break_off(flight, f"{MOST_STEPS} steps were taken: it goes in circles")
        return self._taken <= MOST_STEPS

    def take_up(self, flight: Flight, *, again: bool = False) -> None:
        """Have it done, or call the workflow that it is."""
        step = flight.step
        if step.workflow:
            self._call(flight)
        else:
            self.acts.append(Perform(flight.number, step, again))

    def _call(self, flight: Flight) -> None:
        step, frame = flight.step, flight.frame
        scope = self.scope(frame, flight.after)
        handed: dict[str, Any] = {}
        links: dict[str, str] = {}
        try:
            for each in step.parameters:
                name = open_input(each.value)
                if name and name not in frame.inputs and not self._forward:
                    links[each.name] = name  # the client has yet to choose it
                else:
                    handed[each.name] = worth(each.value, scope)
            inputs = self._inputs_of(self.scenario.workflows[step.workflow], handed)
        except (ExpressionError, InputError) as error:
            unjudged = isinstance(error, InputError)
            self.agenda.append(Failed(flight.number, str(error), unjudged))
            return
        left = {name: inputs[name] for name in inputs if name not in links}
        self.begin(self.frame(step.workflow, left, caller=flight, links=links))

    def done(self, flight: Flight, outputs: Mapping[str, Any]) -> None:
        """A step was done: its outputs can be seen, and it is under way no longer."""
        step, frame = flight.step, flight.frame
        frame.done[step.id] = {**frame.done.get(step.id, {}), **outputs}
        self._steps_done.add(f"{frame.workflow.key}.steps.{step.id}")
        self.agenda.extend(map(GoOn, self._waiting))
        self._waiting.clear()
        for key in [key for key in frame.tries if key[0] == step.id]:
            del frame.tries[key]
        if step.after:
            self.acts.append(Do(flight.number, step.after))

    def leave(self, flight: Flight, *, spare: bool = False) -> None:
        """It is no longer under way, and what the client may leave out before it is left out. A
        `spare` one is still watched.
        """
        step, frame = flight.step, flight.frame
        if spare:
            flight.spare = True
            self.acts.append(Perform(flight.number, step, again=True, spare=True))
        else:
            self.flights.pop(flight.number, None)
        known = any(each is step for each in frame.steps)
        if self._forward or step.optional or step.never or not known:
            return
        earlier = frame.steps[: frame.place(step.id)]
        for other in self.of(frame):
            together = step.unordered and step.unordered == other.step.unordered
            before = any(each is other.step for each in earlier)
            kept = together or other.spare or other.paused is not None
            if other.step.optional and before and not kept:
                self.drop(other)

    def drop(self, flight: Flight, *, to_the_end: bool = True) -> None:
        """Nobody waits for it any more, nor for what it called. What must not come has not, where
        it was watched `to_the_end`.
        """
        self.flights.pop(flight.number, None)
        for other in list(self.flights.values()):
            if other.frame.caller is flight:
                self.drop(other, to_the_end=to_the_end)
        step = flight.step
        if step.never and to_the_end:
            rows = [row for each in step.criteria for row in each.requirements]
            self.say([*step.requirements, *rows], True, "", step.id)
        self.acts.append(Undo(flight.number, step))

    def forsake(self, flight: Flight) -> None:
        """It leads elsewhere: what was to be tried again after it is not."""
        while flight.then is not None and flight.then.number in self.flights:
            flight = flight.then
            self.drop(flight)

    def _number(self, frame: Frame, step: str) -> int:
        number = next(self._numbers)
        self._places[number] = (frame, step)
        return number
