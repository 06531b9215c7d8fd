"""What a protocol lets its generated requests be about, and by which rows their answers go."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas import pointer as json_pointer
from schemas.validation import Violation

__all__ = ["KNOWN", "STRANGER", "Menu", "Refusal", "kind_of"]

KNOWN = "known-to-the-peer"
"""Stands in a path for the id of something that is there."""

STRANGER = "nobody-of-that-name"
"""Stands there for the id of what nobody made."""

_NUMERAL = re.compile(r"\s*[-+]?(?:\d|\.\d|inf|nan|true|false|null|none)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A row that says that a body is refused which breaks its schema at a place.

    `pointer` is a pattern, in which `*` stands for any one step; `keyword` is the schema's, or
    `json` where the body is none. `kinds` are the values there (see `kind_of`) that no reading of
    the document takes for what is wanted.
    """

    row: str
    operation: str
    pointer: str
    keyword: str
    kinds: frozenset[str] = frozenset()
    statuses: Sequence[int | range] = (range(400, 500),)

    def speaks_of(self, operation: str, violation: Violation) -> bool:
        """Is it about this fault of a request?"""
        pattern, steps = json_pointer.parse(self.pointer), violation.steps
        return (
            self.operation == operation
            and self.keyword == violation.keyword
            and len(pattern) == len(steps)
            and json_pointer.matches(pattern, steps)
            and (not self.kinds or kind_of(violation.value) in self.kinds)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """One protocol's part in the generation of requests.

    `operations` are those that are called, `parameters` those of their paths that lead to something
    which somebody must have made. `creates` tells where an answer shows the id of what is new, and
    `removes` which operations take away what their path names. `own` are the fields of a body whose
    texts must be nobody else's.

    `steady` are the operations that must serve whatever is lawful and nothing out of the ordinary,
    and what else a body must be for that, as a schema. `survives` is the row by which one may not
    answer with a server's error, whatever it is sent, and `answers` the row by which one has to
    answer at all, where nothing more is promised; `excused` are codes, at `/error/code`, with
    which that is an answer like others. `lists` show what others said, nonsense among it that was
    taken.
    """

    protocol: str
    operations: tuple[str, ...]
    parameters: tuple[str, ...] = ()
    creates: Mapping[str, str] = field(default_factory=dict)
    removes: frozenset[str] = frozenset()
    own: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    steady: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    survives: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    excused: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    refusals: tuple[Refusal, ...] = ()

    @property
    def rows(self) -> tuple[str, ...]:
        """All that its checks declare."""
        refused = [each.row for each in self.refusals]
        return tuple(dict.fromkeys([*refused, *self.survives.values(), *self.answers.values()]))

    @property
    def known(self) -> dict[str, str]:
        """For each parameter of a path, what stands for something that is there."""
        return dict.fromkeys(self.parameters, KNOWN)

    def refusal(self, operation: str, violations: Sequence[Violation]) -> Refusal | None:
        """The row by which a body with these faults is refused, if there is one. Where there are
        several faults, which of them is told is the peer's choice.
        """
        found = next(
            (
                each
                for violation in violations
                for each in self.refusals
                if each.speaks_of(operation, violation)
            ),
            None,
        )
        if found is None or len(violations) == 1:
            return found
        return Refusal(
            row=found.row, operation=operation, pointer=found.pointer, keyword=found.keyword
        )


def kind_of(value: Any) -> str:
    """`null`, `boolean`, `number`, `string`, `array` or `object`; `blank` for any of these with
    nothing in it, which a lenient reader may take for nothing at all, and `numeral` for a text that
    one may take for a value of another type.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if not value or (isinstance(value, str) and not value.strip()):
        return "blank"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "numeral" if _NUMERAL.match(value) else "string"
    return "array" if isinstance(value, list) else "object"
