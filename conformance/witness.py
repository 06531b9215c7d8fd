"""What every message says by itself: judged by the schema of its place and by the general rules."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.exchange import MISSING, Exchange, of_transcript, read_json
from conformance.frame_rules import FRAME_RULES
from conformance.frames import Frame
from conformance.rules import (
    ANSWER_RULES,
    GARBLED_OPEN,
    REFUSAL_RULES,
    REQUEST_RULES,
    optional_nulls,
)
from conformance.tally import Tally
from conformance.verdict import ABSENT, Evidence, Finding, VerdictName, broken
from mockserver.transcript import HttpExchange
from schemas.spec import Channel, Message, Operation, Place, Protocol, Requirement, Role
from schemas.validation import PlaceIndex, Validators, Violation

if TYPE_CHECKING:
    from conformance.replay.lead import Lead

__all__ = ["Rulebook", "Witness"]


_BREACHES: tuple[VerdictName, ...] = ("fail", "warn")


class Rulebook:
    """The requirements of one role by place and by rule, with the protocol's validators.

    What the peer answers about a capability that is `disclaimed` is nobody's concern.
    """

    def __init__(
        self,
        protocol: Protocol,
        requirements: Mapping[str, Requirement],
        *,
        strict: bool,
        role: Role = "coordinator",
        disclaimed: Collection[str] = (),
    ) -> None:
        self.protocol = protocol
        self.role = role
        self.requirements = requirements
        self.strict = strict
        self.validators = Validators(protocol)
        self.places = PlaceIndex(requirements.values())
        self.rules = {row.rule: row for row in requirements.values() if row.rule}
        self._disclaimed = frozenset(disclaimed)

    def concerns(self, operation: str) -> bool:
        """Is an answer of that operation to be judged? Unknown ones are: rules are for all."""
        known = self.protocol.operations.get(operation)
        return known is None or known.capability not in self._disclaimed

    def broken(self, requirement: str) -> VerdictName:
        return broken(self.requirements[requirement], strict=self.strict)


class Witness:
    """Judges whatever it is shown, whichever check caused it, and keeps what it found.

    `check` is the name under which findings go that no message of its own brings.
    """

    def __init__(self, check: str, book: Rulebook) -> None:
        self.check = check
        self.book = book
        self.tally = Tally()
        self._found: dict[tuple[str, VerdictName], Finding] = {}

    def see(self, exchange: Exchange) -> None:
        """Judge an answer by the schema of its place and by the general rules."""
        status = exchange.status
        self.tally.answered(exchange.operation, status)
        if not self.book.concerns(exchange.operation):
            return
        if not exchange.lawful and (status is None or status >= 500):
            return  # what hostile input breaks open, other checks judge
        self._see_body(exchange)
        for name, row in self.book.rules.items():
            rule = ANSWER_RULES.get(name) if exchange.lawful or name in REFUSAL_RULES else None
            for word in rule(exchange, self.book.protocol) if rule else ():
                self._note(row, word.message if not word.kept else "", [exchange], word.pointers)

    def breach(self, requirement: str) -> Finding | None:
        """What broke a requirement first, if anything did."""
        found = (self._found.get((requirement, verdict)) for verdict in _BREACHES)
        return next((each for each in found if each is not None), None)

    def _see_body(self, exchange: Exchange) -> None:
        operation = self.book.protocol.operations.get(exchange.operation)
        status = exchange.status
        if operation is None or status is None:
            return
        if self.book.protocol.openapi.get(GARBLED_OPEN) and _is_turned_away(exchange, operation):
            return
        key = operation.answer(status)
        shape = None if key is None else self.book.validators.at(operation.responses[key])
        if key is None or shape is None:
            return
        violations = _explain(exchange, shape.explain)
        message = None if exchange.json is MISSING else exchange.json
        for finding in self.book.places.judge(operation.id, key, message, violations):
            wrong = finding.violations
            if finding.requirement.place and _is_unread(finding.requirement.place, exchange):
                continue
            self._note(
                finding.requirement,
                "; ".join(str(violation) for violation in wrong[:3]),
                [exchange],
                tuple(violation.pointer for violation in wrong),
                actual=wrong[0].value if wrong else ABSENT,
            )

    def see_request(self, heard: HttpExchange, base: str = "") -> None:
        """Judge what an agent sent: its body by the schema of its place, the rest by the rules."""
        exchange = of_transcript(heard, base)
        self.tally.answered(heard.operation, heard.status)
        try:
            message = heard.json() if heard.body or heard.said is not None else MISSING
        except ValueError:
            message = MISSING
        nulls = optional_nulls(heard, self.book.protocol)
        own = [v for v in heard.violations if not v.pointer.startswith("/path/") and v not in nulls]
        if message is not MISSING:
            for finding in self.book.places.judge(heard.operation, "", message, own):
                wrong = finding.violations
                self._note(
                    finding.requirement,
                    "; ".join(str(violation) for violation in wrong[:3]),
                    [exchange],
                    tuple(violation.pointer for violation in wrong),
                    actual=wrong[0].value if wrong else ABSENT,
                    who="requests",
                )
        for name, row in self.book.rules.items():
            rule = REQUEST_RULES.get(name)
            for word in rule(heard, self.book.protocol) if rule else ():
                self._note(row, "" if word.kept else word.message, [exchange], who="requests")

    def see_frame(self, frame: Frame, channel: Channel, message: Message | None = None) -> None:
        """Judge what the peer said on a channel: by the schema of its message, and by the rules.

        `message` is which one it is, where the channel itself can't tell.
        """
        for name, row in self.book.rules.items():
            rule = FRAME_RULES.get(name)
            for word in rule(frame, self.book.protocol) if rule else ():
                self._judged(
                    row,
                    f"frames of {channel.id}",
                    "" if word.kept else word.message,
                    Evidence(frames=[frame], pointers=word.pointers),
                )
        if frame.sender == "peer" and frame.json is not MISSING:
            known = message or channel.message(self.book.role, frame.json)
            if known is not None:
                self._see_message(frame, known)

    def _see_message(self, frame: Frame, message: Message) -> None:
        self.tally.messages.add(message.id)
        shape = self.book.validators.message(message.id)
        violations = shape.explain(frame.json) if shape else []
        for finding in self.book.places.judge(message.id, "", frame.json, violations):
            wrong = finding.violations
            evidence = Evidence(
                frames=[frame],
                pointers=tuple(violation.pointer for violation in wrong),
                actual=wrong[0].value if wrong else ABSENT,
            )
            told = "; ".join(str(violation) for violation in wrong[:3])
            self._judged(finding.requirement, f"messages {message.id}", told, evidence)

    def _note(
        self,
        row: Requirement,
        wrong: str,
        exchanges: Sequence[Exchange],
        pointers: Sequence[str] = (),
        *,
        actual: Any = ABSENT,
        who: str = "answers",
    ) -> None:
        check = f"{who} of {exchanges[-1].operation or 'no known operation'}"
        self._judged(
            row, check, wrong, Evidence(exchanges=exchanges, pointers=pointers, actual=actual)
        )

    def _judged(self, row: Requirement, check: str, wrong: str, evidence: Evidence) -> None:
        if wrong:
            self._break(row.id, check, wrong, evidence)
        else:
            self._add(Finding(requirement=row.id, check=check, verdict="pass"))

    def _break(
        self,
        requirement: str,
        check: str,
        message: str,
        evidence: Evidence,
        because: Sequence[str] = (),
    ) -> None:
        causes = [self.book.broken(row) for row in because if row in self.book.requirements]
        light = causes and "fail" not in causes
        self._add(
            Finding(
                requirement=requirement,
                check=check,
                verdict="warn" if light else self.book.broken(requirement),
                message=message,
                evidence=replace(evidence, lead=self._lead()),
            )
        )

    def _lead(self) -> Lead | None:
        """What led to what is judged now, where somebody keeps it."""
        return None

    def _add(self, finding: Finding) -> None:
        # The first of a kind is the one that is told: it has the shortest history.
        self._found.setdefault((finding.requirement, finding.verdict), finding)


def _is_unread(place: Place, exchange: Exchange) -> bool:
    """Is it within what the peer need not say there?"""
    return any(f"{place.pointer}/".startswith(f"{pointer}/") for pointer in exchange.unread)


def _is_turned_away(exchange: Exchange, operation: Operation) -> bool:
    """Is it a 400 for a body that is no JSON object? Many frameworks say that by themselves, in a
    form of their own, before anybody who knows the document is asked.
    """
    wanted = operation.request is not None and operation.media_type == "application/json"
    garbled = wanted and not isinstance(read_json(exchange.body), dict)
    return exchange.status == 400 and not exchange.lawful and garbled


def _explain(exchange: Exchange, explain: Any) -> list[Violation]:
    if exchange.json is MISSING:
        shown = exchange.answer[:80].decode("utf-8", "backslashreplace")
        return [Violation(pointer="", keyword="json", message="is not JSON", value=shown)]
    violations: list[Violation] = explain(exchange.json)
    return violations
