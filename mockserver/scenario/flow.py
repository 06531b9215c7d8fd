"""The flow of a workflow: which step is next, what of it held, and what follows. Pure.

`Flow.step(event) -> actions` knows neither sockets nor clocks. Forward, whoever drives it carries
steps out as the client; backward, it awaits them of one. Either tells what it saw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mockserver.scenario.acts import (
    Act,
    Began,
    Event,
    Failed,
    Finished,
    Passed,
    Pause,
    Seen,
    Sight,
    Spoilt,
    Undo,
    Word,
)
from mockserver.scenario.course import MOST_STEPS, Course, GoOn, InputsOf, Returned
from mockserver.scenario.following import follow, pause
from mockserver.scenario.frames import Flight, Frame, called, worked_out
from mockserver.scenario.inputs import supplied
from mockserver.scenario.order import spoken
from mockserver.scenario.scales import Direction, Scales, Weight
from schemas.arazzo.expressions import Scope
from schemas.arazzo.model import Action as Follow
from schemas.arazzo.model import Scenario, Step
from schemas.spec import Role

__all__ = ["MOST_STEPS", "Flow"]


class Flow:
    """One workflow of a scenario, and those that it calls, from beginning to end.

    `roles` are those of the rows that may be judged; `before` is what workflows that came before
    left behind, and `inputs_of` works out the inputs of those that are called or must be done
    before. The workflow's own inputs are taken as they are: `inputs.given` works them out.
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
        inputs_of: InputsOf | None = None,
    ) -> None:
        self.scenario = scenario
        self._forward = direction == "forward"
        self._scales = Scales(direction, roles)
        self._course = Course(
            scenario,
            self._scales,
            forward=self._forward,
            inputs_of=inputs_of or supplied(direction),
            before=before or {},
        )
        self._main = self._course.frame(workflow, dict(inputs))

    # What drivers ask

    @property
    def finished(self) -> Finished | None:
        return self._course.finished

    @property
    def workflows(self) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
        """The inputs and outputs of each workflow that has begun, by key."""
        return self._course.workflows

    @property
    def awaited(self) -> list[tuple[int, Step]]:
        """The steps that are under way, in the order in which they were begun; those that are done
        and still watched come last.
        """
        flights = sorted(self._course.flights.values(), key=lambda flight: flight.spare)
        flights = [each for each in flights if not each.step.workflow and each.paused is None]
        return [(flight.number, flight.step) for flight in flights]

    def scope(self, number: int, sight: Sight | None = None) -> Scope:
        """What the expressions of a step can see, under way or over."""
        frame, _ = self._course.place(number) or (self._main, "")
        return self._course.scope(frame, sight)

    def missed(self, number: int, sight: Sight) -> str:
        """Why what was seen is not what that step awaits; empty where it is."""
        return next((weight.message for weight in self._misses(number, sight)), "")

    def near(self, number: int, why: str, sight: Sight | None = None) -> None:
        """Something looked like that step and was not it: `sight` shows how criteria missed."""
        flight = self._course.flights.get(number)
        if flight is not None:
            flight.missed(why, self._misses(number, sight) if sight else [])

    def is_optional(self, number: int) -> bool:
        """May the client leave that step out?"""
        flight = self._course.flights.get(number)
        return flight is not None and (flight.spare or flight.spared)

    def told(self, number: int, name: str, value: Any) -> None:
        """A deed of that step handed something over: an output of its; of no step, an input."""
        frame, step = self._course.place(number) or (self._main, "")
        (frame.done.setdefault(step, {}) if step else frame.inputs)[name] = value

    def choose(self, number: int, values: Any, fresh: Callable[[str], str]) -> None:
        """What is said in our own part is ours to choose: inputs that `values` speak of, and that
        nobody has given yet, are now what the workflow has for them.
        """
        frame, _ = self._course.place(number) or (self._main, "")
        for name in sorted({each.names[0] for each in spoken(values) if each.root == "inputs"}):
            frame.choose(name, fresh)

    def step(self, event: Event) -> list[Act]:
        """What follows from an event, in order."""
        course = self._course
        course.acts = []
        self._take(event)
        while course.agenda and course.finished is None:
            self._take(course.agenda.popleft())
        return course.acts

    def _take(self, event: Event | GoOn | Returned) -> None:
        course = self._course
        if course.finished is not None:
            return
        if isinstance(event, Began):
            course.begin(self._main)
        elif isinstance(event, GoOn):
            course.go_on(event.frame)
        elif isinstance(event, Spoilt):
            self._spoilt(event)
        else:
            flight = course.flights.get(event.flight)
            if flight is not None:
                self._of_flight(flight, event)

    def _of_flight(self, flight: Flight, event: Seen | Failed | Passed | Returned) -> None:
        match event:
            case Seen():
                self._seen(flight, event)
            case Failed():
                self._fail(flight, event.reason, unjudged=event.unjudged, sight=event.sight)
            case Passed():
                self._passed(flight)
            case Returned():
                self._returned(flight, event)

    # What was seen

    def _misses(self, number: int, sight: Sight) -> list[Weight]:
        """The criteria by which what was seen is not what that step awaits."""
        flight = self._course.flights.get(number)
        scope = self.scope(number, sight)
        return [] if flight is None else self._scales.misses(flight.step, sight, scope)

    def _seen(self, flight: Flight, event: Seen) -> None:
        step, sight = flight.step, event.sight
        missed = self.missed(flight.number, sight) if self._scales.passes_over(step) else ""
        if missed:
            self._by(flight, missed, sight)
        elif step.never:
            self._break_never(flight, sight)
        elif flight.spare:
            flight.frame.bind(sight.bound)
            self._once_more(flight, sight)
        else:
            flight.frame.bind(sight.bound)
            late = ""
            if step.within is not None and event.took > step.within:
                late = f"it took {event.took:.3g} s, and not {step.within:g} s at most"
            self._weigh(flight, sight, late=late)

    def _by(self, flight: Flight, missed: str, sight: Sight) -> None:
        """It goes by. Backward, a client that was answered otherwise than it wanted to be does what
        the scenario has it do then.
        """
        self.near(flight.number, f"it came, but {missed}", sight)
        step, frame = flight.step, flight.frame
        if self._forward or step.never or flight.spare or step.action == "receive":
            return
        found = follow(step.on_failure, self._course.scope(frame, sight), flight)
        if found is None:
            return
        if found.kind == "retry":
            self._retry(flight, found, sight)
            return
        self._course.drop(flight)
        self._course.forsake(flight)
        self._obey(frame, found, sight)

    def _weigh(self, flight: Flight, sight: Sight, *, late: str = "") -> None:
        """Judge what came: it is done, or done wrong."""
        step, frame = flight.step, flight.frame
        scope = self._course.scope(frame, sight)
        words, wrong = self._scales.judge(step, sight, scope)
        wrong += [late] if late else []
        if wrong and self._forward:
            self._fail(flight, "; ".join(wrong), sight=sight, words=words)
            return
        self._course.acts += words
        if wrong:
            self._course.say(step.requirements, False, "; ".join(wrong), step.id)
            frame.breaks(step, "; ".join(wrong))
        self._count(flight, sight, scope, broken=bool(wrong))

    def _count(self, flight: Flight, sight: Sight, scope: Scope, *, broken: bool) -> None:
        flight.count += 1
        flight.near, flight.owed = "", ()
        if flight.count >= flight.step.times.least:
            self._done(flight, sight, scope, broken=broken)
        else:
            self._course.take_up(flight, again=True)

    def _once_more(self, flight: Flight, sight: Sight) -> None:
        """It was done already as often as it has to be."""
        step, most = flight.step, flight.step.times.most
        words, wrong = self._scales.judge(step, sight, self._course.scope(flight.frame, sight))
        flight.count += 1
        self._course.acts += words
        if most is not None and flight.count > most:
            wrong.append(f"{step.name} came {flight.count} times, and may {most} times at most")
        if wrong:
            self._course.say(step.requirements, False, "; ".join(wrong), step.id)
            flight.frame.breaks(step, "; ".join(wrong))

    def _done(self, flight: Flight, sight: Sight, scope: Scope, *, broken: bool) -> None:
        step, frame, course = flight.step, flight.frame, self._course
        if not broken:
            course.say(step.requirements, True, "", step.id)
        course.done(flight, {**scope.outputs, **worked_out(step.outputs, scope)})
        bounded = step.times.most is not None and not step.workflow
        course.leave(flight, spare=bounded and (not self._forward or step.action == "receive"))
        found = follow(step.on_success, scope, flight)
        if found is not None and flight.then is None:
            self._obey(frame, found, sight)
        else:
            self._over(flight)

    def _returned(self, flight: Flight, event: Returned) -> None:
        """A workflow that a step called is over."""
        step, frame = flight.step, flight.frame
        if not event.kept:
            self._fail(flight, event.reason, unjudged=event.kept is None)
            return
        scope = self._course.scope(frame, Sight(), event.outputs)
        words, wrong = self._scales.judge(step, Sight(), scope)
        if event.broken:
            frame.breaks(step, event.broken)
        if wrong and self._forward:
            self._fail(flight, "; ".join(wrong), sight=Sight(), words=words)
            return
        self._course.acts += words
        if wrong:
            frame.breaks(step, "; ".join(wrong))
        if wrong or event.broken:
            told = "; ".join([*wrong, event.broken] if event.broken else wrong)
            self._course.say(step.requirements, False, told, step.id)
        self._count(flight, Sight(), scope, broken=bool(wrong or event.broken))

    # What was not

    def _fail(
        self,
        flight: Flight,
        reason: str,
        *,
        unjudged: bool = False,
        sight: Sight | None = None,
        words: Sequence[Word] = (),
    ) -> None:
        """It was not done, or done wrong: `words` are those about what was wrong with it."""
        step, frame, course = flight.step, flight.frame, self._course
        if step.never or flight.spare:
            self._passed(flight)
            return
        if flight.near and sight is None:
            reason = f"{reason}; {flight.near}"
        found = follow(step.on_failure, course.scope(frame, sight), flight)
        came = self._forward or sight is not None  # what a client never did is over
        if found is not None and found.kind == "retry" and came:
            self._retry(flight, found, sight)
            return
        course.acts += words
        course.leave(flight)
        blamed = not flight.spared and self._blame(flight, reason, unjudged=unjudged)
        if found is not None and found.kind == "goto":
            course.forsake(flight)
            self._obey(frame, found, sight)
        elif not step.optional:
            kept = False if blamed or frame.broken else None
            course.end(frame, kept=kept, reason=f"{step.id}: {reason}", step=step.id)
        else:
            self._over(flight)

    def _blame(self, flight: Flight, reason: str, *, unjudged: bool) -> bool:
        """Say what becomes of its rows, or of those by which it was done wrong, and return whether
        it is a fault: backward, no row may oblige the client to come this way.
        """
        owed = flight.owed or flight.step.requirements
        blamed = not unjudged and (self._forward or bool(self._scales.rows(owed)))
        self._course.say(owed, False if blamed else None, reason, flight.step.id)
        return blamed

    def _spoilt(self, event: Spoilt) -> None:
        frame, _ = self._course.place(event.flight) or (self._main, "")
        flight = self._course.flights.get(event.flight)
        if flight is None:  # it was over already, or is a workflow's own
            flight = Flight(number=event.flight, step=Step(id=frame.workflow.id), frame=frame)
        step = flight.step
        rows = [row for each in step.criteria for row in each.requirements]
        self._course.say([*step.requirements, *rows], None, event.reason, step.id)
        self._course.break_off(flight, event.reason)

    def _break_never(self, flight: Flight, sight: Sight) -> None:
        step, frame, course = flight.step, flight.frame, self._course
        weights = self._scales.judged(step.criteria, course.scope(frame, sight))
        if not all(weight.holds for weight in weights):
            return
        what = f"{flight.what} came, and must not"
        rows = [row for weight in weights for row in weight.rows]
        told = not self._forward and step.action == "receive"
        if told and not self._scales.rows([*step.requirements, *rows]):
            return  # what a coordinator says is no fault of the client's
        course.say([*step.requirements, *rows], False, what, step.id)
        frame.breaks(step, what)
        course.drop(flight, to_the_end=False)
        self._over(flight)

    def _passed(self, flight: Flight) -> None:
        """A pause is over, or the time in which something must not come."""
        if flight.paused is not None:
            again, flight.paused = flight.paused, None
            self._again(flight, again, flight.after)
        elif flight.step.never or flight.spare:
            self._course.drop(flight)
            self._over(flight)

    # What follows

    def _retry(self, flight: Flight, found: Follow, sight: Sight | None) -> None:
        """Backward there is no pause: when it comes again is the client's own business."""
        if not self._course.is_taken(flight):
            return
        tries, key = flight.frame.tries, (flight.step.id, found.name)
        tries[key] = tries.get(key, 0) + 1
        flight.near, flight.owed = "", ()
        seconds = pause(found, sight) if self._forward else 0.0
        if seconds:
            flight.paused, flight.after = found, sight
            self._course.acts.append(Pause(flight.number, seconds))
        else:
            self._again(flight, found, sight)

    def _again(self, flight: Flight, found: Follow, sight: Sight | None) -> None:
        """Now: what is to be done before it, if there is anything, and then it."""
        frame = flight.frame
        if not (found.step or found.workflow):
            self._course.take_up(flight, again=True)
            return
        flight.paused = found
        self._course.acts.append(Undo(flight.number, flight.step))
        first = frame.steps[frame.place(found.step)] if found.step else called(found)
        self._course.start(frame, first, sight).then = flight

    def _over(self, flight: Flight) -> None:
        """It is behind us: on to what was to be tried again after it, or to what is next."""
        again = flight.then
        if again is None or again.number not in self._course.flights:
            self._course.agenda.append(GoOn(flight.frame))
        else:
            again.paused = None
            self._course.take_up(again, again=True)

    def _obey(self, frame: Frame, found: Follow, sight: Sight | None) -> None:
        course = self._course
        if found.kind == "end":
            course.end(frame)
        elif found.step:
            frame.at = frame.place(found.step)
            course.agenda.append(GoOn(frame))
        else:
            frame.at = len(frame.steps)
            course.start(frame, called(found), sight)
