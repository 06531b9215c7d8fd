"""Turns what one check sees into findings: each requirement kept, broken, or not to be judged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from conformance.exchange import MISSING, Exchange
from conformance.frames import Frame
from conformance.rules import not_now
from conformance.verdict import ABSENT, Evidence, Finding
from conformance.witness import Rulebook, Witness

if TYPE_CHECKING:
    from conformance.replay.journal import Journal
    from conformance.replay.lead import Lead

__all__ = ["Judge", "UndeclaredError"]


class UndeclaredError(LookupError):
    """A check judged a requirement that it does not declare: a fault of ours, not the peer's."""


class Judge(Witness):
    """The word of one check. `declared` are the requirements that the check says it judges, and
    `journal` keeps what leads to a finding.

    Everything that the peer answers on the way is judged as well, by the schema of its place and
    by the general rules, whichever check it was that asked.
    """

    def __init__(
        self,
        check: str,
        declared: Iterable[str],
        book: Rulebook,
        journal: Journal | None = None,
    ) -> None:
        super().__init__(check, book)
        self._journal = journal
        self._declared = [name for name in declared if name in book.requirements]
        self._known = frozenset(declared)
        self._cause = ""

    def end(self, cause: str) -> None:
        """The check breaks off here: what it has not judged is inconclusive because of `cause`."""
        self._cause = cause

    def _lead(self) -> Lead | None:
        return None if self._journal is None else self._journal.lead(self.check)

    # What checks say

    def judges(self, requirement: str) -> bool:
        """Is it one that the check declares, and that counts in this run?"""
        return requirement in self._known and requirement in self.book.requirements

    def holds(
        self,
        requirement: str,
        ok: bool,
        message: str,
        *shown: Exchange | Frame,
        pointer: str | None = None,
        expected: Any = ABSENT,
        actual: Any = ABSENT,
        because: Sequence[str] = (),
    ) -> bool:
        """The requirement is kept if `ok`. `message` says what is wrong if it is not, and what is
        `shown`, exchanges and frames in their order, is the evidence. Where it is broken `because`
        others are, it weighs no more than they do.
        """
        if requirement not in self._known:
            raise UndeclaredError(f"{self.check} judges {requirement} but does not declare it")
        if requirement not in self.book.requirements:
            return ok  # not selected in this run
        if ok:
            self._add(Finding(requirement=requirement, check=self.check, verdict="pass"))
            return True
        evidence = Evidence(
            exchanges=tuple(each for each in shown if isinstance(each, Exchange)),
            frames=tuple(each for each in shown if isinstance(each, Frame)),
            pointers=() if pointer is None else (pointer,),
            expected=expected,
            actual=actual,
        )
        self._break(requirement, self.check, message, evidence, because)
        return False

    def status(self, requirement: str, exchange: Exchange, *accepted: int | range) -> bool:
        """The answer's status is one of those accepted (each a status or a range)."""
        if self._unavailable(exchange) and exchange.status not in accepted:
            what = f"{exchange.operation}: the peer says {exchange.status}, not now"
            self.inconclusive(requirement, what)
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
        """Does the peer say that it cannot serve now, as the document allows the operation?"""
        operation = self.book.protocol.operations.get(exchange.operation)
        return operation is not None and not_now(operation, exchange)

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

    # What comes of it

    def fresh(self, declared: Iterable[str] = ()) -> Judge:
        """Another for the same check, which has heard nothing yet; of what is `declared`, where
        that is not the same.
        """
        judge = Judge(self.check, frozenset(declared) or self._known, self.book)
        judge.tally = self.tally  # what it comes by, the check came by
        return judge

    def adopt(self, findings: Iterable[Finding]) -> None:
        """Take over what another found."""
        for finding in findings:
            self._add(finding)

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


def _name(want: int | range) -> str:
    return f"{want.start // 100}XX" if isinstance(want, range) else str(want)


def _short(value: Any, limit: int = 120) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
