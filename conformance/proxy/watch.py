"""Judges what passes in both directions, message by message, and hands on what was said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from conformance.exchange import MISSING, Exchange, of_transcript
from conformance.frames import Frame as Judged
from conformance.frames import Kind
from conformance.proxy.frame_stream import Spoken
from conformance.proxy.reading import Reader
from conformance.verdict import Finding
from conformance.witness import Rulebook, Witness
from mockserver.json_text import read_json
from mockserver.transcript import Frame, HttpExchange
from schemas.spec import Channel, Requirement, Role
from schemas.validation import Violation

__all__ = ["Breach", "Line", "Passed", "Watch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """Something unlawful that passed. `requirement` is empty where no row speaks of that place;
    `fails` says whether it counts against whoever sent it.
    """

    who: Role
    subject: str
    message: str
    requirement: str = ""
    fails: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """One request with its answer, or one frame, and what was wrong with it.

    `peer` is the host that the client called from, `channel` that of a WebSocket. `failure` says
    why a request was not answered. `answered` is `False` where no more than the request has passed
    yet.
    """

    entry: HttpExchange | Frame
    peer: str = ""
    channel: str = ""
    failure: str = ""
    answered: bool = True
    breaches: Sequence[Breach] = ()


@dataclass(eq=False, slots=True, kw_only=True)
class Line:
    """An open WebSocket. `channel` is `None` for one that the document does not know. `broken_by`
    is who broke RFC 6455 first: by what follows nobody else is judged.
    """

    number: int
    peer: str
    channel: Channel | None
    now: Callable[[], float]
    broken_by: Role | None = None

    def judges(self, sender: Role) -> bool:
        return self.broken_by in (None, sender)


class Watch:
    """Knows the rows of both roles. `tell` is told of everything that passed, when it has."""

    def __init__(
        self,
        reader: Reader,
        requirements: Mapping[str, Requirement],
        tell: Callable[[Passed], None],
        *,
        strict: bool = False,
    ) -> None:
        self.reader = reader
        self._tell = tell
        self._number = 0
        self._connections = 0
        self._books: dict[Role, Rulebook] = {}
        for role in ("coordinator", "agent"):
            rows = {name: row for name, row in requirements.items() if row.role == role}
            self._books[role] = Rulebook(reader.protocol, rows, strict=strict, role=role)

    def number(self) -> int:
        """The number of the next thing that is said."""
        self._number += 1
        return self._number

    def connection(self) -> int:
        """The number of the next WebSocket."""
        self._connections += 1
        return self._connections

    def request(self, heard: HttpExchange, peer: str) -> bool:
        """A request has passed. Returns whether it was lawful."""
        witness = _Live("proxy", self._books["agent"])
        witness.see_request(heard)
        subject = _subject(heard)
        breaches = witness.breaches("agent", subject)
        if not breaches and heard.violations:
            breaches = [_unowned("agent", subject, heard.violations)]
        self._tell(Passed(entry=heard, peer=peer, answered=False, breaches=breaches))
        return bool(heard.operation) and not breaches

    def answer(
        self, heard: HttpExchange, peer: str, *, lawful: bool, failure: str = "", seen: bool = True
    ) -> None:
        """The answer to a request has passed, or was not given because of a `failure`.

        `lawful` is what the request was. `seen` says that the coordinator can be judged by it: not
        where the client did not wait, or where the body could not be read.
        """
        breaches: list[Breach] = []
        if seen:
            exchange = replace(of_transcript(heard), lawful=lawful, served=False, failure=failure)
            witness = _Live("proxy", self._books["coordinator"])
            witness.see(exchange)
            subject = f"{_subject(heard)} -> {exchange.code or heard.status or 'nothing'}"
            breaches = witness.breaches("coordinator", subject)
            if lawful and not breaches and heard.operation in self.reader.protocol.operations:
                wrong = self._wrong_answer(exchange)
                breaches = [_unowned("coordinator", subject, wrong)] if wrong else []
        self._tell(Passed(entry=heard, peer=peer, failure=failure, breaches=breaches))

    def frame(self, spoken: Spoken, sender: Role, line: Line) -> None:
        """Something was said on a WebSocket, or it ended (`lost`)."""
        frame = self._read(spoken, sender, line)
        breaches = self._judge(frame, line.channel) if line.judges(sender) else []
        if breaches and spoken.kind in ("raw", "lost"):
            line.broken_by = line.broken_by or sender
        channel = line.channel.id if line.channel else ""
        self._tell(Passed(entry=frame, peer=line.peer, channel=channel, breaches=breaches))

    def _read(self, spoken: Spoken, sender: Role, line: Line) -> Frame:
        message = ""
        wrong: Sequence[Violation] = ()
        if spoken.kind == "text" and line.channel is not None:
            message, wrong = self._understand(spoken.data, sender, line.channel)
        return Frame(
            number=self.number(),
            at=line.now(),
            real=0.0,
            connection=line.number,
            principal="",
            sender=sender,
            kind=spoken.kind,
            data=spoken.data,
            message=message,
            violations=wrong,
            fragments=spoken.fragments,
            code=spoken.code,
        )

    def _understand(
        self, data: bytes, sender: Role, channel: Channel
    ) -> tuple[str, Sequence[Violation]]:
        try:
            said = read_json(data)
        except ValueError as error:
            shown = data[:80].decode("utf-8", "backslashreplace")
            what = f"is not well-formed JSON: {error}"
            return "", (Violation(pointer="", keyword="json", message=what, value=shown),)
        message = channel.message(sender, said)
        shape = self.reader.validators.at(message.payload) if message else None
        wrong = shape.explain(said) if shape is not None and not shape.accepts(said) else ()
        return message.id if message else "", wrong

    def _judge(self, frame: Frame, channel: Channel | None) -> list[Breach]:
        role: Role = "agent" if frame.sender == "agent" else "coordinator"
        subject = f"{frame.message or frame.kind} on connection {frame.connection}"
        if channel is None:
            return []
        witness = _Live("proxy", self._books[role])
        witness.see_frame(_judged(frame), channel)
        breaches = witness.breaches(role, subject)
        if not breaches and frame.violations:
            breaches = [_unowned(role, subject, frame.violations)]
        if not breaches and frame.kind == "raw":
            what = frame.data.decode()
            breaches = [Breach(who=role, subject=subject, message=what, fails=False)]
        return breaches

    def _wrong_answer(self, exchange: Exchange) -> Sequence[Violation]:
        shape = self.reader.validators.answer(exchange.operation, exchange.status or 0)
        if shape is None or exchange.json is MISSING or shape.accepts(exchange.json):
            return ()
        return shape.explain(exchange.json)


class _Live(Witness):
    """Judges one message, and keeps all that is wrong with it."""

    def __init__(self, check: str, book: Rulebook) -> None:
        super().__init__(check, book)
        self._broken: list[Finding] = []

    def _add(self, finding: Finding) -> None:
        if finding.verdict in ("fail", "warn"):
            self._broken.append(finding)

    def breaches(self, who: Role, subject: str) -> list[Breach]:
        return [
            Breach(
                who=who,
                subject=subject,
                message=finding.message,
                requirement=finding.requirement,
                fails=finding.verdict == "fail",
            )
            for finding in self._broken
        ]


def _unowned(who: Role, subject: str, wrong: Sequence[Violation]) -> Breach:
    """What no row speaks of is told, and counts against nobody."""
    message = "; ".join(str(violation) for violation in wrong[:3])
    return Breach(who=who, subject=subject, message=message, fails=False)


def _subject(heard: HttpExchange) -> str:
    return f"{heard.method} {heard.path}" if heard.method else "a request"


def _judged(frame: Frame) -> Judged:
    """As the rules for frames like to have it."""
    return Judged(
        connection=str(frame.connection),
        sender="peer",
        kind=cast(Kind, frame.kind),
        data=frame.data,
        at=frame.at,
        seconds=0.0,
        code=frame.code,
        reason=frame.data.decode("utf-8", "replace") if frame.kind == "raw" else "",
    )
