"""A scenario run backward: the coordinator's side, which awaits, answers and tells. Sans-I/O.

It sees everything that the mock of its session hears and says, by the transcript, and has its turn
whenever the mock has had one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mockserver.coordinator import Answer
from mockserver.faults import Fault
from mockserver.passage import Outcome
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
from mockserver.scenario.asking import ask
from mockserver.scenario.deeds import DeedError, Deeds
from mockserver.scenario.flow import Flow
from mockserver.scenario.heard import sight_of, sight_of_message
from mockserver.scenario.lines import Lines
from mockserver.scenario.matching import Match, match_client, match_message
from mockserver.scenario.others import Others
from mockserver.scenario.replies import reply_to
from mockserver.session import Session
from mockserver.transcript import Entry, Frame, HttpExchange
from schemas.arazzo.criteria import worth
from schemas.arazzo.expressions import ExpressionError
from schemas.arazzo.model import Step, Workflow

if TYPE_CHECKING:
    from mockserver.app import Mock
    from mockserver.life import Life

__all__ = ["Script"]


@dataclass(slots=True, kw_only=True)
class _Awaited:
    """A step under way: since when, by the coordinator's clock, and until when."""

    step: Step
    since: float
    until: float | None = None
    pushes: bool = False
    """Is there something that the coordinator says as soon as somebody is there to hear it?"""


class Script:
    """Plays the coordinator's side of one workflow in one session.

    `real` tells the seconds of real time, for waits. `words` are what was found of the client so
    far; `finished` what came of it all.
    """

    def __init__(
        self,
        mock: Mock,
        session: Session,
        flow: Flow,
        workflow: Workflow,
        real: Callable[[], float],
    ) -> None:
        self.flow = flow
        self.workflow = workflow
        self.words: list[Word] = []
        self._mock = mock
        self._session = session
        self._real = real
        self._others = Others(mock, session)
        self._deeds = Deeds(mock, session)
        self._theirs: dict[int, str] = {}
        self._lines = Lines()
        self._awaited: dict[int, _Awaited] = {}
        self._pauses: dict[int, float] = {}
        self._entries: deque[tuple[Entry, str]] = deque()
        self._acts: deque[Act] = deque()
        self._held = 0.0
        self._moves = 0
        self._spoilt = ""
        self._speaker = ""
        self._busy = False

    @property
    def progress(self) -> int:
        """Grows with every step that begins or ends."""
        return self._moves

    @property
    def finished(self) -> Finished | None:
        return self.flow.finished

    def begin(self) -> None:
        """Take up the connections that are there, and begin."""
        for number, line in self._session.lines.items():
            self._lines.clients[number] = self.workflow.agent
            self._lines.channels[number] = line.channel.id
        self._step(Began())
        self.turn()

    # What the mock tells it

    def note(self, entry: Entry) -> None:
        """Something was heard or said."""
        self._entries.append((entry, self._speaker))

    def reply(self, life: Life) -> Answer | None:
        """What the script has the coordinator answer to a request, if anything."""
        return reply_to(life, self._speaker or self.workflow.agent, self.flow)

    def turn(self) -> bool:
        """Look at what was heard and said since the last turn, and do what follows. Says whether
        there was anything.
        """
        if self._busy:
            return False
        self._busy = True
        done = False
        try:
            while self._proceed():
                done = True
        finally:
            self._busy = False
        return done

    def tick(self) -> None:
        """Time has passed: see what that means for what is awaited."""
        now = self._session.world.clock.now()
        for number, awaited in list(self._awaited.items()):
            if awaited.until is not None and now >= awaited.until:
                awaited.until = None
                if awaited.step.never:
                    self._step(Passed(number))
                else:
                    what = f"{self._who(awaited.step)} in time"
                    self._step(Failed(number, what))
        for number, until in list(self._pauses.items()):
            if now >= until:
                del self._pauses[number]
                self._step(Passed(number))
        self.turn()

    def give_up(self, seconds: float) -> None:
        """Nobody waits any longer: what has not come will not. `seconds` is how long that was."""
        self._held = 0.0
        self.turn()
        for _ in range(len(self.workflow.steps) * 4 + 4):
            if self.finished is not None:
                return
            blocking = [number for number, each in self._awaited.items() if not each.step.optional]
            if not blocking:
                return
            number = blocking[0]
            step = self._awaited[number].step
            if step.never:
                self._step(Passed(number))
            else:
                self._step(Failed(number, f"{self._who(step)} within {seconds:g} s"))
            self.turn()

    def _who(self, step: Step) -> str:
        """What did not happen, in words."""
        if step.client != self.workflow.agent or step.action == "receive":
            return f"no {step.name} came"
        doing = "connected to" if step.opens else "left" if step.closes is not None else "came to"
        return f"the client never {doing} {step.name}"

    # Acts

    def _step(self, event: Event) -> None:
        self._acts.extend(self.flow.step(event))

    def _proceed(self) -> bool:
        """One thing, if there is one that can be done now."""
        if self._held and self._real() < self._held:
            return False
        self._held = 0.0
        if self._acts:
            self._obey(self._acts.popleft())
            return True
        if self._entries:
            entry, speaker = self._entries.popleft()
            self._see(entry, speaker)
            return True
        return False

    def _obey(self, act: Act) -> None:
        self._moves += 1
        match act:
            case Do():
                self._do(act)
            case Perform():
                self._perform(act)
            case Pause():
                self._pauses[act.flight] = self._session.world.clock.now() + act.seconds
            case Undo():
                self._awaited.pop(act.flight, None)
                self._pauses.pop(act.flight, None)
            case Word():
                self.words.append(act)
            case Finished():
                self._awaited.clear()

    def _perform(self, act: Perform) -> None:
        step, number = act.step, act.flight
        if self._spoilt:
            why, self._spoilt = self._spoilt, ""
            self._step(Failed(number, why, unjudged=True))
            return
        now = self._session.world.clock.now()
        limit = step.within if step.never else step.timeout
        until = None if limit is None else now + limit
        self._awaited[number] = _Awaited(
            step=step, since=now, until=until, pushes=step.has_push and not step.never
        )
        for fault in step.faults:
            self._session.faults.add(Fault.parse({"operation": step.name, **fault}))
        if step.client != self.workflow.agent and step.action != "receive" and not step.never:
            self._play(number, step)
        elif step.action == "receive" and not step.never:
            self._push(number)
            self._catch_up(number, step)

    def _push(self, number: int) -> None:
        """Have the coordinator say what the script has it say, if somebody is there."""
        awaited = self._awaited.get(number)
        if awaited is None or not awaited.pushes:
            return
        lines = [self._session.lines.get(each) for each in self._lines.of(awaited.step)]
        there = [line for line in lines if line is not None and not line.ending]
        if not there:
            return
        awaited.pushes = False
        try:
            payload = worth(awaited.step.push, self.flow.scope(number))
        except ExpressionError as error:
            self._step(Failed(number, str(error), unjudged=True))
            return
        self._session.coordinator.say(there[-1].connection, payload)
        self._mock.sockets.flush(self._session)

    def _catch_up(self, number: int, step: Step) -> None:
        """What was said already may be what it awaits."""
        if step.opens or step.closes is not None or step.has_push:
            return
        for frame in list(self._lines.unread):
            if number not in self._awaited:
                return
            if self._received(number, step, frame):
                self._lines.bind(step, frame.connection)
                self._lines.unread.remove(frame)
                return

    def _do(self, act: Do) -> None:
        for at, deed in enumerate(act.deeds):
            try:
                handed = self._deeds.do(deed, self.flow.scope(act.flight), self._named)
            except (DeedError, ExpressionError) as error:
                self._spoilt = str(error)
                return
            if deed.kind == "wait":
                self._held = self._real() + float(handed)
                self._acts.appendleft(Do(act.flight, act.deeds[at + 1 :]))
                return
            if deed.output:
                self.flow.told(act.flight, deed.output, handed)

    def _named(self, name: str) -> list[int]:
        agent = self.workflow.agent
        if name:
            number = self._lines.names.get((agent, name))
            return [] if number is None else [number]
        return [number for number, client in self._lines.clients.items() if client == agent]

    # What was heard and said

    def _is_of(self, outcome: Outcome, step: Step) -> None:
        """An answer that came late was another client's all the same."""
        self._theirs[outcome.exchange.number] = step.client

    def _see(self, entry: Entry, speaker: str) -> None:
        if isinstance(entry, HttpExchange):
            client = speaker or self._theirs.pop(entry.number, self.workflow.agent)
            if entry.connection:
                self._lines.clients[entry.connection] = client
                self._lines.channels[entry.connection] = entry.operation
            self._asked(entry, client)
        elif entry.kind in ("close", "lost"):
            self._ended(entry)
        elif entry.kind == "text":
            self._said(entry)

    def _asked(self, exchange: HttpExchange, client: str) -> None:
        sight = sight_of(exchange)
        for number, awaited in list(self._awaited.items()):
            step = awaited.step
            if step.client != client or not _asks(step, exchange):
                continue
            opened = exchange.connection if step.opens else 0
            if opened and not self._lines.fits(step, opened):
                continue
            if self._takes(number, step, sight):
                if opened:
                    self._lines.bind(step, opened)
                break
        if exchange.connection:
            for number in list(self._awaited):
                self._push(number)

    def _said(self, frame: Frame) -> None:
        for number, awaited in list(self._awaited.items()):
            step = awaited.step
            if step.opens or step.closes is not None or step.channel is None:
                continue
            ours = frame.sender == "coordinator"
            if ours is not (step.action == "receive"):
                continue
            if (self._received if ours else self._heard)(number, step, frame):
                self._lines.bind(step, frame.connection)
                return
        if frame.sender == "coordinator":
            self._lines.unread.append(frame)

    def _received(self, number: int, step: Step, frame: Frame) -> bool:
        """Is that what a client was to be told?"""
        if not self._lines.fits(step, frame.connection):
            return False
        sight = sight_of_message(frame)
        said = sight.message.body
        why = match_message(step, self.flow.scope(number), said, self._mock.protocol, frame.message)
        return not why and self._takes(number, step, sight, Match({}))

    def _heard(self, number: int, step: Step, frame: Frame) -> bool:
        """Is that what a client was to say?"""
        fits = self._lines.fits(step, frame.connection) and _means(step, frame)
        return fits and self._takes(number, step, sight_of_message(frame))

    def _takes(self, number: int, step: Step, sight: Sight, match: Match | None = None) -> bool:
        """Is that what a step awaits? Then it is told."""
        if match is None:
            match = match_client(step, self.flow.scope(number), sight)
        if match.why:
            self.flow.near(number, f"it came, but {match.why}")
            return False
        seen = replace(sight, bound=match.bound)
        missed = self.flow.missed(number, seen)
        if missed:
            self.flow.near(number, f"it came, but {missed}")
            return False
        took = self._session.world.clock.now() - self._awaited[number].since
        self._over(number, step)
        self._step(Seen(number, seen, took))
        return True

    def _over(self, number: int, step: Step) -> None:
        if step.times.least <= 1 and not step.never:
            self._awaited.pop(number, None)

    def _ended(self, frame: Frame) -> None:
        for number, awaited in list(self._awaited.items()):
            step = awaited.step
            if step.closes is None or not self._lines.fits(step, frame.connection):
                continue
            ours = step.action == "receive"
            if ours is (frame.sender == "coordinator"):
                if step.closes and frame.code != step.closes:
                    told = frame.code or frame.kind
                    self.flow.near(number, f"it ended with {told}, not {step.closes}")
                    continue
                self._takes(number, step, Sight(), Match({}))
                break
        self._lines.clients.pop(frame.connection, None)

    # What the script has said and done itself

    def _play(self, number: int, step: Step) -> None:
        """A client that nobody examines does its part."""
        try:
            scope = self.flow.scope(number)
            asked = ask(step, scope)
            said = {name: worth(value, scope) for name, value in step.identity.items()}
        except ExpressionError as error:
            self._step(Failed(number, str(error)))
            return
        certificate = said.get("certificate", "")
        self._speaker = step.client
        try:
            if step.operation is not None:
                self._others.ask(step, asked, certificate, lambda said: self._is_of(said, step))
                return
            line = self._others.connect(step, asked, certificate)
            if isinstance(line, Outcome) or step.opens:
                return
            if step.closes is not None:
                self._others.leave(line, step.closes or 1000)
            else:
                self._others.say(line, asked.body)
        finally:
            self._speaker = ""


def _asks(step: Step, exchange: HttpExchange) -> bool:
    """Is a request of the kind that a step is?"""
    if step.operation is not None:
        return step.operation.id == exchange.operation
    return step.opens and step.channel is not None and step.channel.id == exchange.operation


def _means(step: Step, frame: Frame) -> bool:
    """Is a message of the kind that a step says?"""
    wanted = step.message
    if not wanted and step.channel is not None and step.body is not None:
        known = step.channel.message("agent", step.body.payload)
        wanted = known.id if known else ""
    return not wanted or wanted == frame.message
