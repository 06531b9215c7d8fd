"""Which broken message may still keep the document: the rules, each with its sentence.

Schemas and requirement rows decide, nobody's hand. A row `speaks` of a field or a status where it
has a check of its own (no place, no general rule), belongs to the same section, or to one that is
nobody's own, and names it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from conformance.mutation.catalogue_fields import Field
from conformance.mutation.catalogue_places import Body
from schemas.spec import Protocol, Requirement, Role
from schemas.validation import PlaceIndex

__all__ = ["RULES", "Law"]

RULES: Mapping[str, str] = {
    "schemas-allow": "the schemas of the place allow the result, and no row speaks of the field",
    "value-left-open": "no row says which value must stand there: the peer chooses it",
    "nobody-judges": "the document gives the body no shape, and no row speaks of it",
    "status-left-open": "no row speaks of this status, and the other one is an error as well",
    "header-left-open": "no row speaks of the header",
    "soon-enough": "it comes a moment later, and no bound is as short",
    "own-initiative": "no row says how often, or in which order, this message is said",
    "close-left-open": "no row says how the connection is closed",
    "rfc-allows": "RFC 6455 lets a message come in any number of fragments",
}

_OFTEN = r"once|one|twice|again|each|every|single|only|duplicate|repeat\w*"
_ORDER = r"order|before|after|first|then|last|next|sequence|earlier|later"
_CLOSED = r"close|closes|closed|end|ends|ended"


class Law:
    """What the rows of one role, and the schemas, have to say about a change."""

    def __init__(
        self, protocol: Protocol, requirements: Mapping[str, Requirement], role: Role
    ) -> None:
        self._rows = [row for row in requirements.values() if row.role == role]
        self._checks = [row for row in self._rows if row.place is None and not row.rule]
        self._places = PlaceIndex(self._rows)
        owned = {each.section for each in protocol}
        owned |= {each.section for each in protocol.messages.values()}
        self._owned = owned - {""}
        self._speaks = cache(self._look)

    def _look(self, pattern: str, section: str) -> bool:
        said = re.compile(pattern)
        return any(
            said.search(row.text)
            for row in self._checks
            if row.section == section or row.section not in self._owned
        )

    def speaks(self, word: str, section: str) -> bool:
        """Does a check of that section name the word?"""
        return bool(word) and self._speaks(rf"\b{re.escape(word)}\b", section)

    def structure(self, body: Body, field: Field, *, allowed: bool) -> str:
        """Of a change of form; `allowed` is whether the schemas let it pass."""
        if allowed and not self.speaks(field.name, body.section):
            return "schemas-allow"
        return ""

    def value(self, body: Body, field: Field) -> str:
        """Of another value of the right form."""
        return "" if self.speaks(field.name, body.section) else "value-left-open"

    def whole(self, body: Body) -> str:
        """Of a body that is empty or no JSON."""
        place = body.place
        owner = self._places.owner(place.subject, place.answer, "")
        return "" if body.shape is not None or owner is not None else "nobody-judges"

    def status(self, body: Body, part: str, new: int) -> str:
        """Of another status in the place of a documented one (`part`)."""
        if part.startswith("2") or new < 400 or new // 100 != int(part[0]):
            return ""
        if part.endswith("XX"):
            return "status-left-open"
        return "" if self.speaks(part, body.section) else "status-left-open"

    def header(self, name: str) -> str:
        """Of a header that is missing or says something else."""
        ruled = any("labelled" in row.rule for row in self._rows)
        named = any(name.lower() in row.text.lower() for row in self._checks)
        return "" if named or (name == "Content-Type" and ruled) else "header-left-open"

    def occurrence(self, operator: str, section: str) -> str:
        """Of a message that is missing, comes twice, or in another order."""
        words = {"missing": r"\w", "duplicated": _OFTEN, "reordered": _ORDER}[operator]
        pattern = rf"(?i)\b(?:{words})\b" if operator != "missing" else words
        own = [row for row in self._checks if row.section == section]
        spoken = any(re.search(pattern, row.text) for row in own)
        return "" if spoken else "own-initiative"

    def closing(self) -> str:
        """Of another close code, or an end without one."""
        said = re.compile(
            rf"(?i)\bcode\b.*\b(?:{_CLOSED})\b|\b(?:{_CLOSED})\b.*\bcode\b|close frame"
        )
        ruled = any(row.rule == "closed-in-order" for row in self._rows)
        return (
            "" if ruled or any(said.search(row.text) for row in self._rows) else "close-left-open"
        )
