"""The peers of the five protocols, as `assay mutate` breeds its mutants from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from conformance.mutation.candidates import Candidate
from conformance.mutation.mutant import Mutant
from conformance.target import Target
from schemas.spec import Role
from tests.mutants import agents, coordinators

__all__ = ["PROVIDER", "CheckoutPeers"]

_HERE = Path(__file__).parent

_BUSIEST: Mapping[str, str] = {"aitbc": "chatty", "echocenter": "stream"}
"""The agents that say the most, where the first one does not: wire mutants want to be elicited."""


class CheckoutPeers:
    """Independent coordinators and agents: lawful ones in many readings, and hundreds of faults."""

    def candidates(self, protocol: str, role: Role) -> Sequence[Candidate]:
        """Every fault, with the rows that were seen to catch it."""
        seen, left_open = _caught_by(protocol, role), _left_open().get(protocol, {}).get(role, {})
        faults = (agents if role == "agent" else coordinators).FAULTS.get(protocol, {})
        return [
            Candidate(
                mutant=Mutant(
                    name=name,
                    source="behaviour",
                    place="",
                    operator=name.rpartition(".")[2] if "." in name else name.partition("_")[0],
                    lawful=_reason(left_open, name, implied=fault.implied),
                ),
                reading=agents.style_of(protocol, name) if role == "agent" else fault.reading,
                implied=fault.implied,
                section=fault.section,
                rows=tuple(seen.get(name, {})),
                situations=_situations(seen.get(name, {})),
            )
            for name, fault in faults.items()
        ]

    def lawful(self, protocol: str, role: Role) -> Sequence[str]:
        if role == "coordinator":
            return [*coordinators.LAWFUL.get(protocol, ())]
        known = agents.STYLES.get(protocol, ())
        return sorted(known, key=lambda style: style != _BUSIEST.get(protocol))

    def coordinator(
        self, protocol: str, reading: str, mutant: str
    ) -> AbstractAsyncContextManager[Target]:
        if mutant:  # many are caught by their silence: it need not be long
            return coordinators.served(protocol, fault=mutant, patience=2)
        return coordinators.served(protocol, reading)

    def agent(self, protocol: str, reading: str, mutant: str) -> Sequence[str]:
        return agents.command(protocol, style=reading, fault=mutant)


@cache
def _caught_by(protocol: str, role: Role) -> Mapping[str, dict[str, str]]:
    """By a fault's name the rows that catch it, as the tests know them, each with the situation
    that is enough for it, or an empty text.
    """
    suffix = "agents_caught" if role == "agent" else "caught"
    file = _HERE / f"{protocol}_{suffix}.yaml"
    table = yaml.safe_load(file.read_text("utf-8")) if file.exists() else {}
    rows: dict[str, dict[str, str]] = defaultdict(dict)
    for row, told in table.items():
        if told is not None:
            fault, _, situation = told.partition(" @ ")
            rows[fault][row] = situation
    return rows


@cache
def _left_open() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """By protocol, role and name of a fault what the document leaves open there."""
    known: Mapping[str, Any] = yaml.safe_load((_HERE / "left_open.yaml").read_text("utf-8"))
    return known


def _reason(left_open: Mapping[str, str], name: str, *, implied: bool) -> str:
    """Why it is lawful, where it is; a pattern says so of implied ones alone."""
    if name in left_open or not implied:
        return left_open.get(name, "")
    fitting = (why for glob, why in left_open.items() if fnmatchcase(name, glob))
    return next(fitting, "")


def _situations(rows: Mapping[str, str]) -> tuple[str, ...]:
    """Those that are enough for all of the rows; none where one of them may need any."""
    return tuple(sorted(set(rows.values()))) if all(rows.values()) else ()


PROVIDER = CheckoutPeers()
"""What `assay mutate` asks for where it is told nothing else."""
