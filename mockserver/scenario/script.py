"""A scenario run backward: the coordinator's side, which awaits, answers and tells. Sans-I/O.

It sees everything that the mock of its session hears and says, by the transcript, and has its turn
whenever the mock has had one.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

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
    Perform,
    Spoilt,
    Undo,
    Word,
)
from mockserver.scenario.asking import ask, own_values
from mockserver.scenario.deeds import DeedError, Deeds
from mockserver.scenario.flow import Flow
from mockserver.scenario.heard import sight_of
from mockserver.scenario.lines import Lines
from mockserver.scenario.others import Others
from mockserver.scenario.replies import Scripted, admits, reply_to
from mockserver.scenario.watch import Watch, asks
from mockserver.session import Session
from mockserver.transcript import Entry, HttpExchange
from schemas.arazzo.criteria import worth
from schemas.arazzo.expressions import ExpressionError
from schemas.arazzo.model import Step, Workflow

if TYPE_CHECKING:
    from mockserver.app import Mock
    from mockserver.life import Life

__all__ = ["Script"]


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
        self.others: set[int] = set()
        """The numbers of the requests that were not the examined client's."""
        self._mock = mock
        self._session = session
        self._real = real
        self._others = Others(mock, session)
        self._deeds = Deeds(mock, session)
        self._lines = Lines()
        self._guests: set[tuple[str, str, str, str]] = set()
        self._watch = Watch(flow, self._lines)
        self._entries: deque[Entry] = deque()
        self._acts: deque[Act] = deque()
        self._now = session.world.clock.now()
        self._entry = session.transcript.count
        self._held = 0.0
        self._moves = 0
        self._busy = False
        self._hurried = False
        self._heard = False

    @property
    def progress(self) -> int:
        """Grows with every step that begins or ends."""
        return self._moves

    @property
    def heard(self) -> bool:
        """Has the client that is examined said anything yet?"""
        return self._heard

    @property
    def is_held(self) -> bool:
        """Does it wait for real time to pass?"""
        return self._held > 0.0

    @property
    def unlawful(self) -> set[int]:
        """The entries of the transcript with which the client broke the protocol as it was to."""
        return self._watch.unlawful

    @property
    def finished(self) -> Finished | None:
        return self.flow.finished

    def begin(self) -> None:
        """Take up the connections that are there, and begin."""
        for exchange in self._session.transcript:
            line = self._session.lines.get(exchange.connection)
            if line is not None:
                agent, channel = self.workflow.agent, line.channel.id
                self._lines.open(exchange.connection, agent, channel, sight_of(exchange))
        self._step(Began())
        self.tick()

    # What the mock tells it

    def note(self, entry: Entry) -> None:
        """Something was heard or said."""
        if isinstance(entry, HttpExchange) and self._others.whose(entry.headers):
            self.others.add(entry.number)
        self._entries.append(entry)

    def reply(self, life: Life) -> Scripted | None:
        """What the script has the coordinator answer to a request or a handshake, if anything."""
        return reply_to(life, self._whose(life), self.flow)

    def admits(self, life: Life) -> bool:
        """Does it let in somebody whom the coordinator does not know? Who was let in may come again
        with the same.
        """
        client, shown = self._whose(life), (life.name, life.request.path, life.request.query)
        if (client, *shown) not in self._guests and not admits(life, client, self.flow):
            return False
        self._guests.add((client, *shown))
        return True

    def _whose(self, life: Life) -> str:
        return self._others.whose(life.request.headers) or self.workflow.agent

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
        self.turn()  # also where another script has its turns now
        self._mock.sockets.flush(self._session)

    def give_up(self, seconds: float, *, owed: bool = True) -> None:
        """Nobody waits any longer: what has not come will not. `seconds` is how long that was. Is
        nothing `owed` in that time, its rows stay open.
        """
        self._hurried = True
        self.turn()
        while self.finished is None and self._watch.awaited:
            number = min(self._watch.awaited, key=self._patience)
            step = self._watch.awaited[number].step
            if step.never:
                self._step(Passed(number))
            else:
                what = f"{self._who(step)} within {seconds:g} s"
                self._step(Failed(number, what, unjudged=not owed))
            self._watch.awaited.pop(number, None)
            self.turn()

    def _patience(self, number: int) -> tuple[bool, bool]:
        """What must come is given up first, what need not next, and what must not come last."""
        return self._watch.awaited[number].step.never, self.flow.is_optional(number)

    def _who(self, step: Step) -> str:
        """What did not happen, in words."""
        if step.client != self.workflow.agent or step.action == "receive":
            return f"no {step.name} came"
        doing = "connected to" if step.opens else "left" if step.closes is not None else "came to"
        return f"the client never {doing} {step.name}"

    # Acts

    def _step(self, event: Event) -> None:
        self._acts.extend(self.flow.step(event))

    def _steps(self, events: Sequence[Event]) -> bool:
        for event in events:
            self._step(event)
        return bool(events)

    def _proceed(self) -> bool:
        """One thing, if there is one that can be done now."""
        if self._held and self._real() < self._held and not self._hurried:
            return False
        self._held = 0.0
        if self._acts:
            self._obey(self._acts.popleft())
            return True
        if self._entries:
            at = self._entries[0].at
            self._now = max(self._now, at)
            # What was over when it came is over before anybody looks at it.
            if not self._steps(self._watch.expired(at)):
                self._entry = self._entries[0].number
                self._see(self._entries.popleft())
            return True
        self._come_to_now()
        return self._steps(self._watch.expired(self._now))

    def _come_to_now(self) -> None:
        """What begins from here on begins after all that was said."""
        self._now = max(self._now, self._session.world.clock.now())
        self._entry = self._session.transcript.count

    def _obey(self, act: Act) -> None:
        self._moves += 1
        match act:
            case Do():
                self._do(act)
            case Perform() if self.finished is None:
                self._perform(act)
            case Undo():
                self._watch.awaited.pop(act.flight, None)
            case Word():
                self.words.append(act)
            case Finished():
                self._watch.awaited.clear()

    def _perform(self, act: Perform) -> None:
        step, number = act.step, act.flight
        self._watch.begin(act, self._now, self._entry)
        if step.never or act.spare:
            return
        if not act.again and not self._plan(number, step):
            return
        if step.client != self.workflow.agent and not self._tidies(step):
            self._play(number, step)
        if step.action == "receive":
            if self.workflow.scripted and step.closes is not None:
                self._watch.awaited[number].pushes = True
            self._push(number)
            if number in self._watch.awaited and not step.has_push:
                self._steps(self._watch.catch_up(number))

    def _tidies(self, step: Step) -> bool:
        """Is nothing left to be done that has to be? A mock that is over needs no tidying up."""
        left = itertools.dropwhile(lambda each: each.id != step.id, self.workflow.steps)
        return all(each.optional or each.never for each in left)

    def _plan(self, number: int, step: Step) -> bool:
        """What goes wrong with the answer or message of a step."""
        try:
            planned = [Fault.parse({"operation": step.name, **each}) for each in step.faults]
        except (ValueError, TypeError) as error:
            self._step(Spoilt(number, f"x-faults: {error}"))
            return False
        for fault in planned:
            self._session.faults.add(fault)
        return True

    def _push(self, number: int) -> None:
        """Have the coordinator say what the script has it say, if somebody is there."""
        awaited = self._watch.awaited.get(number)
        if awaited is None or not awaited.pushes:
            return
        lines = [self._session.lines.get(each) for each in self._lines.of(awaited.step)]
        there = [line for line in lines if line is not None and not line.ending]
        if not there:
            return
        awaited.pushes = False
        if awaited.step.closes is not None:
            self._session.coordinator.end(there[-1].connection, awaited.step.closes or 1000)
            self._mock.sockets.flush(self._session)
            return
        self._choose(number, awaited.step.push)
        try:
            payload = worth(awaited.step.push, self.flow.scope(number))
        except ExpressionError as error:
            self._step(Failed(number, str(error), unjudged=True))
            return
        self._session.coordinator.say(there[-1].connection, payload)
        self._mock.sockets.flush(self._session)

    def _do(self, act: Do) -> None:
        if self.finished is not None:
            return
        for at, deed in enumerate(act.deeds):
            self._choose(act.flight, [deed.value, deed.said])
            try:
                handed = self._deeds.do(deed, self.flow.scope(act.flight), self._named)
            except (DeedError, ExpressionError) as error:
                self._step(Spoilt(act.flight, str(error)))
                return
            if deed.kind == "wait":
                self._held = self._real() + handed
                self._acts.appendleft(Do(act.flight, act.deeds[at + 1 :]))
                return
            if deed.output:
                self.flow.told(act.flight, deed.output, handed)
        self._come_to_now()

    def _named(self, name: str) -> list[int]:
        return self._lines.named(self.workflow.agent, name)

    def _choose(self, number: int, values: Any) -> None:
        self.flow.choose(number, values, self._fresh)

    def _fresh(self, prefix: str) -> str:
        return f"{prefix}-{self._session.world.uuid()[:8]}"

    # What was heard and said

    def _see(self, entry: Entry) -> None:
        if isinstance(entry, HttpExchange):
            self._asked(entry)
        elif entry.kind in ("close", "lost"):
            if entry.connection in self._lines.clients and entry.connection not in self._lines.over:
                self._steps(self._watch.said(entry))
                self._lines.over.add(entry.connection)
        elif entry.kind == "text":
            self._steps(self._watch.said(entry))

    def _asked(self, exchange: HttpExchange) -> None:
        client = self._others.whose(exchange.headers) or self.workflow.agent
        self._heard = self._heard or client == self.workflow.agent
        number = exchange.connection
        if number:
            self._lines.open(number, client, exchange.operation, sight_of(exchange))
        self._steps(self._watch.asked(exchange, client))
        if client != self.workflow.agent and not self._acts:
            self._miss(exchange, client)
        if number:
            for each in list(self._watch.awaited):
                self._push(each)

    def _miss(self, exchange: HttpExchange, client: str) -> None:
        """A client of ours was answered otherwise than the scenario has it, and asks no more."""
        for number, awaited in list(self._watch.awaited.items()):
            step = awaited.step
            if step.client == client and asks(step, exchange) and not step.never:
                why = f"{step.name} of {client} did not go as it should"
                self._step(Failed(number, why, unjudged=True))

    # What the script does itself

    def _play(self, number: int, step: Step) -> None:
        """A client that nobody examines does its part."""
        self._choose(number, own_values(step))
        try:
            scope = self.flow.scope(number)
            asked = ask(step, scope)
            said = {name: worth(value, scope) for name, value in step.identity.items()}
            certificate = said.get("certificate", "")
            if step.operation is not None:
                self._others.ask(step, asked, certificate)
                return
            line = self._others.connect(step, asked, certificate)
        except ValueError as error:  # an expression that leads nowhere, or what is no certificate
            self._step(Failed(number, str(error), unjudged=True))
            return
        if isinstance(line, Outcome) or step.opens or step.action == "receive":
            return
        if step.closes is not None:
            self._others.leave(line, step.closes or 1000)
        else:
            self._others.say(line, asked.body)
