"""What a script awaits, and what of it is seen in all that is heard and said. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from mockserver.scenario.acts import Failed, Passed, Perform, Seen, Sight
from mockserver.scenario.flow import Flow
from mockserver.scenario.heard import sight_of, sight_of_message
from mockserver.scenario.lines import Lines
from mockserver.scenario.matching import match_client, match_message
from mockserver.transcript import Entry, Frame, HttpExchange
from schemas.arazzo.expressions import NOTHING
from schemas.arazzo.model import Step

__all__ = ["Awaited", "Watch", "asks"]

_Look = Callable[[int, Step], Sight | None]


@dataclass(slots=True, kw_only=True)
class Awaited:
    """A step under way: since when, by the coordinator's clock and by the number of the entry that
    came before it, and until when. `pushes` says that there is something that the coordinator says
    as soon as somebody is there to hear it.
    """

    step: Step
    since: float
    entry: int
    until: float | None = None
    pushes: bool = False
    spare: bool = False


class Watch:
    """Compares what comes with what is awaited. What it returns is for the flow to be told."""

    def __init__(self, flow: Flow, lines: Lines) -> None:
        self.awaited: dict[int, Awaited] = {}
        self.unlawful: set[int] = set()
        """The entries that were to break the protocol."""
        self._flow = flow
        self._lines = lines

    def begin(self, act: Perform, now: float, entry: int) -> None:
        """`timeout` is how long a client waits for its answer: not how long it may take to come."""
        step = act.step
        waits = step.action == "receive" and step.timeout is not None
        limit = step.within if step.never else step.timeout if waits else None
        self.awaited[act.flight] = Awaited(
            step=step,
            since=now,
            entry=entry,
            until=None if limit is None or act.spare else now + limit,
            pushes=step.has_push and not step.never and not act.spare,
            spare=act.spare,
        )

    def expired(self, now: float) -> list[Failed | Passed]:
        """What should have come by now, and what may come again."""
        found: list[Failed | Passed] = []
        for number, awaited in self.awaited.items():
            if awaited.until is not None and now >= awaited.until:
                awaited.until = None
                step = awaited.step
                late = f"no {step.name} came within {step.timeout or 0:g} s"
                found.append(Passed(number) if step.never else Failed(number, late))
        return found

    def asked(self, exchange: HttpExchange, client: str) -> list[Seen]:
        """Is a request one that is awaited, or a handshake?"""
        sight = sight_of(exchange)
        number = exchange.connection

        def look(_: int, step: Step) -> Sight | None:
            if step.client != client or not asks(step, exchange):
                return None
            return sight if not (step.opens and number) or self._lines.fits(step, number) else None

        found, _ = self._among(exchange, look)
        return found

    def said(self, frame: Frame) -> list[Seen]:
        """Is a message one that is awaited, or the end of a connection? What the coordinator said
        and nobody awaits yet may be awaited later.
        """
        found, taken = self._among(frame, self._look(frame))
        if frame.sender == "coordinator" and not taken:
            self._lines.unread.append(frame)
        return found

    def catch_up(self, number: int) -> list[Seen]:
        """What was said already may be what a step awaits."""
        for frame in list(self._lines.unread):
            found, taken = self._among(frame, self._look(frame), only=number)
            if taken:
                self._lines.unread.remove(frame)
                return found
        return []

    def _among(self, entry: Entry, look: _Look, only: int = 0) -> tuple[list[Seen], bool]:
        """What must not come sees all that comes after it began; of the others, one has it: those
        that are done already after those that are not. Says as well whether one has.
        """
        found: list[Seen] = []
        taken = False
        for number in [only] if only else sorted(self.awaited, key=self._rank):
            awaited = self.awaited[number]
            step = awaited.step
            if entry.number <= awaited.entry if step.never else taken:
                continue
            seen = look(number, step)
            bound = None if seen is None else self._bound(number, step, seen)
            if seen is None or bound is None:
                continue
            sight = replace(seen, bound=bound)
            missed = self._flow.missed(number, sight)
            if missed and step.action == "receive":
                self._flow.near(number, f"it came, but {missed}", sight)
                continue
            found.append(Seen(number, sight, max(0.0, entry.at - awaited.since)))
            if not missed and not step.never:
                taken = True
                self._take(number, awaited, entry)
        return found, taken

    def _rank(self, number: int) -> tuple[bool, bool]:
        awaited = self.awaited[number]
        return not awaited.step.never, awaited.spare

    def _take(self, number: int, awaited: Awaited, entry: Entry) -> None:
        step = awaited.step
        if entry.connection and step.channel is not None:
            self._lines.bind(step, entry.connection)
        if step.unlawful and step.action != "receive":
            self.unlawful.add(entry.number)
        if not awaited.spare:
            del self.awaited[number]

    def _bound(self, number: int, step: Step, sight: Sight) -> dict[str, object] | None:
        """The inputs that it shows, or nothing where its values are others than the step's."""
        match = match_client(step, self._flow.scope(number), sight)
        if match.why:
            self._flow.near(number, f"it came, but {match.why}")
            return None
        return dict(match.bound)

    def _look(self, frame: Frame) -> _Look:
        return self._message(frame) if frame.kind == "text" else self._end(frame)

    def _message(self, frame: Frame) -> _Look:
        line = self._lines.handshakes.get(frame.connection, Sight())
        sight = replace(sight_of_message(frame), request=line.request)

        def look(number: int, step: Step) -> Sight | None:
            if step.opens or step.closes is not None or step.channel is None:
                return None
            ours = frame.sender == "coordinator"
            if ours is not (step.action == "receive"):
                return None
            if not self._lines.fits(step, frame.connection):
                return None
            return sight if self._means(number, step, frame, sight) else None

        return look

    def _means(self, number: int, step: Step, frame: Frame, sight: Sight) -> bool:
        """Is a message of the kind that a step says, or is told?"""
        if step.action == "receive":
            scope, said = self._flow.scope(number), sight.message.body
            why = match_message(step, scope, said, frame.message)
            if why and (not step.message or step.message == frame.message):
                self._flow.near(number, f"it came, but {why}")
            return not why
        said = step.body.payload if step.body is not None else NOTHING
        if step.message or step.channel is None or said is NOTHING or isinstance(said, str):
            return step.message in ("", frame.message)
        known = step.channel.message("agent", said)
        return known is None or known.id == frame.message

    def _end(self, frame: Frame) -> _Look:
        line = self._lines.handshakes.get(frame.connection, Sight())

        def look(number: int, step: Step) -> Sight | None:
            if step.closes is None or not self._lines.fits(step, frame.connection):
                return None
            if (step.action == "receive") is not (frame.sender == "coordinator"):
                return None
            if step.closes and frame.code != step.closes:
                told = frame.code or frame.kind
                self._flow.near(number, f"it ended with {told}, not {step.closes}")
                return None
            return Sight(request=line.request)

        return look


def asks(step: Step, exchange: HttpExchange) -> bool:
    """Is a request of the kind that a step is?"""
    if step.operation is not None:
        return step.operation.id == exchange.operation
    return step.opens and step.channel is not None and step.channel.id == exchange.operation
