"""Mutants to be judged: which are chosen, and which rows should see each."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from random import Random

from conformance.mutation.mutant import Mutant
from schemas.spec import Protocol, Requirement, Role

__all__ = ["Candidate", "named", "sampled", "suspects"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A mutant, and what is known of it before it is judged.

    `reading` is the lawful peer that it deviates from, by name. `implied` says that only plain
    reading forbids it, so that a warning is all that can be asked. `section` is the document's,
    `rows` are those known to see it: both say where to look first. `situations` are globs of what
    an agent is led through, where not everything is needed to show it.
    """

    mutant: Mutant
    reading: str = ""
    implied: bool = False
    section: str = ""
    rows: tuple[str, ...] = ()
    situations: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.mutant.name


def named(candidates: Iterable[Candidate], globs: Collection[str]) -> list[Candidate]:
    """Those whose name one of the globs matches; all where there are none.

    A name that stands there letter by letter matches too: names may hold brackets.
    """
    return [
        each
        for each in candidates
        if not globs or any(each.name == glob or fnmatchcase(each.name, glob) for glob in globs)
    ]


def sampled(candidates: Sequence[Candidate], size: int, seed: int) -> list[Candidate]:
    """So many of them, spread over places and operators: always the same for one seed."""
    chance = Random(f"{seed}/{len(candidates)}")  # noqa: S311
    groups: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
    for each in candidates:
        groups[each.mutant.source, each.mutant.place or each.section].append(each)
    queues = list(groups.values())
    chance.shuffle(queues)
    for queue in queues:
        chance.shuffle(queue)
    chosen: list[Candidate] = []
    met: Counter[str] = Counter()
    while len(chosen) < size and queues:
        for queue in queues[: size - len(chosen)]:
            # of what is left here, the operator that was met least
            pick = min(queue, key=lambda each: met[each.mutant.operator])
            queue.remove(pick)
            met[pick.mutant.operator] += 1
            chosen.append(pick)
        queues = [queue for queue in queues if queue]
    order = {each.name: number for number, each in enumerate(candidates)}
    return sorted(chosen, key=lambda each: order[each.name])


def suspects(
    candidate: Candidate, protocol: Protocol, requirements: Iterable[Requirement], role: Role
) -> tuple[str, ...]:
    """The rows that should see a mutant: those known to, else those of its place and section, and
    the general rules where it is not a field of a body that is broken.

    Empty where nothing says where to look: then only the whole suite can tell.
    """
    rows = [row for row in requirements if row.role == role and not row.untestable]
    known = {row.id for row in rows}
    if any(name in known for name in candidate.rows):
        return tuple(name for name in candidate.rows if name in known)
    mutant, place = candidate.mutant, candidate.mutant.place
    ruled = not mutant.pointer or "header" in mutant.part
    sections = [candidate.section] if candidate.section else []
    for kind in (protocol.operations, protocol.messages, protocol.channels):
        sections += [kind[place].section] if place in kind else []
    near = {
        row.id
        for row in rows
        if (place and row.place is not None and row.place.subject == place)
        or any(_same_section(row.section, section) for section in sections)
    }
    return tuple(row.id for row in rows if near and (row.id in near or (ruled and row.rule)))


def _same_section(ours: str, theirs: str) -> bool:
    """Is it the same section, whether or not it is told with its number and its chapter?"""
    one, other = _words(ours), _words(theirs)
    return bool(one and other) and (one in other or other in one)


def _words(section: str) -> str:
    """Without what counts it (`3.`, `A.`), and what stands in brackets behind it."""
    plain = re.sub(r"\(.*\)", "", section)
    return " ".join(word for word in re.findall(r"[a-z_]{2,}", plain.casefold()))
