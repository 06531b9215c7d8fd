"""How a mutant of the wire is called: by its place, then what is done there."""

from __future__ import annotations

from conformance.mutation.catalogue_rules import RULES
from conformance.mutation.mutant import Mutant
from schemas.spec import Place

__all__ = ["made"]


def made(
    place: Place | str,
    operator: str,
    *,
    part: str = "",
    pointer: str = "",
    value: str = "",
    rule: str = "",
) -> Mutant:
    """`rule` is the name of the one by which it is lawful, or empty."""
    subject = place if isinstance(place, str) else place.subject
    where = ".".join(each for each in (subject, part, pointer) if each)
    what = f"{operator}-{value}" if value else operator
    return Mutant(
        name=f"{where}:{what}",
        source="wire",
        place=subject,
        operator=operator,
        pointer=pointer,
        lawful=f"{rule}: {RULES[rule]}" if rule else "",
        part=part,
        value=value,
    )
