"""Turns what one check sees into findings: each requirement kept, broken, or not to be judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from conformance.exchange import MISSING, Exchange, of_transcript
from conformance.rules import ANSWER_RULES, REQUEST_RULES
from conformance.verdict import ABSENT, Evidence, Finding, VerdictName, broken
from mockserver.transcript import HttpExchange
from schemas.spec import Protocol, Requirement
from schemas.validation import PlaceIndex, Validators, Violation

__all__ = ["Judge", "Rulebook", "UndeclaredError"]


class UndeclaredError(LookupError):
    """A check judged a requirement that it does not declare: a fault of ours, not the peer's."""


class Rulebook:
    """The requirements of one role by place and by rule, with the protocol's validators."""

    def __init__(
        self, protocol: Protocol, requirements: Mapping[str, Requirement], *, strict: bool
    ) -> None:
        self.protocol = protocol
        self.requirements = requirements
        self.strict = strict
        self.validators = Validators(protocol)
        self.places = PlaceIndex(requirements.values())
        self.rules = {row.rule: row for row in requirements.values() if row.rule}

    def broken(self, requirement: str) -> VerdictName:
        return broken(self.requirements[requirement], strict=self.strict)


class Judge:
    """The word of one check. `declared` are the requirements that the check says it judges.

    Everything that the peer answers on the way is judged as well, by the schema of its place and
    by the general rules, whichever check it was that asked.
    """

    def __init__(self, check: str, declared: Iterable[str], book: Rulebook) -> None:
        self.check = check
        self.book = book
        self._declared = [name for name in declared if name in book.requirements]
        self._known = frozenset(declared)
        self._found: dict[tuple[str, VerdictName], Finding] = {}
        self._cause = ""

    def end(self, cause: str) -> None:
        """The check breaks off here: what it has not judged is inconclusive because of `cause`."""
        self._cause = cause

    # What checks say

    def holds(
        self,
        requirement: str,
        ok: bool,
        message: str,
        *exchanges: Exchange,
        pointer: str | None = None,
        expected: Any = ABSENT,
        actual: Any = ABSENT,
    ) -> bool:
        """The requirement is kept if `ok`. `message` says what is wrong if it is not."""
        if requirement not in self._known:
            raise UndeclaredError(f"{self.check} judges {requirement} but does not declare it")
        if requirement not in self.book.requirements:
            return ok  # not selected in this run
        if ok:
            self._add(Finding(requirement=requirement, check=self.check, verdict="pass"))
            return True
        evidence = Evidence(
            exchanges=exchanges,
            pointers=() if pointer is None else (pointer,),
            expected=expected,
            actual=actual,
        )
        self._break(requirement, self.check, message, evidence)
        return False

    def status(self, requirement: str, exchange: Exchange, *accepted: int | range) -> bool:
        """The answer's status is one of those accepted (each a status or a range)."""
        if self._unavailable(exchange) and 503 not in accepted:
            self.inconclusive(requirement, f"{exchange.operation}: the peer says 503, not now")
            return False
        ok = any(
            exchange.status in want if isinstance(want, range) else exchange.status == want
            for want in accepted
        )
        wanted = " or ".join(_name(want) for want in accepted)
        return self.holds(
            requirement,
            ok,
            f"{exchange.method} {exchange.operation} was to be answered {wanted}, "
            f"and was answered {exchange.outcome}",
            exchange,
            expected=wanted,
            actual=exchange.outcome,
        )

    def equal(
        self, requirement: str, exchange: Exchange, pointer: str, expected: Any, *before: Exchange
    ) -> bool:
        """The value at `pointer` of a successful answer is `expected`.

        A lawful request that is refused breaks the requirement as well: a wrong answer must not
        hide behind an error. Only where the request itself was not lawful is nothing judged.
        """
        if not exchange.ok and not exchange.lawful:
            self.inconclusive(requirement, f"{exchange.operation} was answered {exchange.outcome}")
            return False
        if not exchange.ok:
            return self.status(requirement, exchange, range(200, 300))
        actual = exchange.at(pointer)
        return self.holds(
            requirement,
            same(actual, expected),
            f"{pointer} of {exchange.operation} is {_short(actual)}, not {_short(expected)}",
            *before,
            exchange,
            pointer=pointer,
            expected=expected,
            actual=None if actual is MISSING else actual,
        )

    def _unavailable(self, exchange: Exchange) -> bool:
        """Is this a 503 that the document allows the operation? Then the peer may say so."""
        operation = self.book.protocol.operations.get(exchange.operation)
        return exchange.status == 503 and operation is not None and "503" in operation.responses

    def inconclusive(self, requirement: str, cause: str) -> None:
        """The requirement could not be judged, because of `cause`."""
        if requirement not in self._known:
            raise UndeclaredError(f"{self.check} judges {requirement} but does not declare it")
        if requirement in self.book.requirements:
            self._add(
                Finding(
                    requirement=requirement,
                    check=self.check,
                    verdict="inconclusive",
                    message=cause,
                )
            )

    # What every message says

    def see(self, exchange: Exchange) -> None:
        """Judge an answer by the schema of its place and by the general rules."""
        self._see_body(exchange)
        if exchange.lawful:
            for name, row in self.book.rules.items():
                rule = ANSWER_RULES.get(name)
                for word in rule(exchange, self.book.protocol) if rule else ():
                    self._note(
                        row, word.message if not word.kept else "", [exchange], word.pointers
                    )

    def _see_body(self, exchange: Exchange) -> None:
        operation = self.book.protocol.operations.get(exchange.operation)
        status = exchange.status
        if operation is None or status is None or (status >= 500 and not exchange.lawful):
            return  # what hostile input breaks open, other checks judge
        key = operation.answer(status)
        shape = None if key is None else self.book.validators.at(operation.responses[key])
        if key is None or shape is None:
            return
        violations = _explain(exchange, shape.explain)
        message = None if exchange.json is MISSING else exchange.json
        for finding in self.book.places.judge(operation.id, key, message, violations):
            wrong = finding.violations
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
        try:
            message = heard.json() if heard.body else MISSING
        except ValueError:
            message = MISSING
        own = [v for v in heard.violations if not v.pointer.startswith("/path/")]
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
        if wrong:
            evidence = Evidence(exchanges=exchanges, pointers=pointers, actual=actual)
            self._break(row.id, check, wrong, evidence)
        else:
            self._add(Finding(requirement=row.id, check=check, verdict="pass"))

    # What comes of it

    def findings(self) -> list[Finding]:
        """Everything found; where the check broke off, what it still owed is inconclusive."""
        if not self._cause:
            return list(self._found.values())
        judged = {name for name, _ in self._found}
        silent = [name for name in self._declared if name not in judged]
        return [
            *self._found.values(),
            *(
                Finding(
                    requirement=name,
                    check=self.check,
                    verdict="inconclusive",
                    message=self._cause,
                )
                for name in silent
            ),
        ]

    def _break(self, requirement: str, check: str, message: str, evidence: Evidence) -> None:
        self._add(
            Finding(
                requirement=requirement,
                check=check,
                verdict=self.book.broken(requirement),
                message=message,
                evidence=evidence,
            )
        )

    def _add(self, finding: Finding) -> None:
        # The first of a kind is the one that is told: it has the shortest history.
        self._found.setdefault((finding.requirement, finding.verdict), finding)


def same(actual: Any, expected: Any) -> bool:
    """Equal as JSON: 1 and 1.0 are the same number, but `true` is no number."""
    if isinstance(actual, bool) or isinstance(expected, bool):
        return actual is expected
    if isinstance(actual, dict) and isinstance(expected, dict):
        return actual.keys() == expected.keys() and all(
            same(actual[key], expected[key]) for key in expected
        )
    if isinstance(actual, list) and isinstance(expected, list):
        return len(actual) == len(expected) and all(map(same, actual, expected))
    return bool(actual == expected)


def _explain(exchange: Exchange, explain: Any) -> list[Violation]:
    if exchange.json is MISSING:
        shown = exchange.answer[:80].decode("utf-8", "backslashreplace")
        return [Violation(pointer="", keyword="json", message="is not JSON", value=shown)]
    violations: list[Violation] = explain(exchange.json)
    return violations


def _name(want: int | range) -> str:
    return f"{want.start // 100}XX" if isinstance(want, range) else str(want)


def _short(value: Any, limit: int = 120) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
