"""Which scenarios a run plays."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path

from conformance.context import RunContext
from conformance.scenario.alone import alone
from conformance.scenario.rows import own_rows
from mockserver.scenario.order import mains
from schemas.arazzo.document import read_scenario
from schemas.arazzo.library import scenarios
from schemas.arazzo.model import Scenario
from schemas.selection import EVERYTHING, is_selected
from schemas.spec import Protocol, Requirement

__all__ = ["library", "played", "rows_of"]

_ROW = re.compile(r"\b[A-Z]+(?:-[A-Z0-9]+)+\b")
"""The id of a row, wherever a file speaks of one."""


def played(context: RunContext, protocol: Protocol) -> Scenario:
    """The one that a run plays instead of the suite. Raises `PackError`."""
    scenario = read_scenario(Path(context.scenario), protocol)
    return alone(scenario, context.client) if context.client else scenario


def library(context: RunContext, protocol: Protocol) -> list[Scenario]:
    """Those that ship with a protocol, as far as the run has a use for them: one that names none of
    the rows that are wanted, or none of the situations, is not even read.
    """
    paths = [path for path in scenarios(protocol.id) if _is_wanted(context, path)]
    return [read_scenario(path, protocol) for path in paths]


def _is_wanted(context: RunContext, path: Path) -> bool:
    name = path.name.partition(".")[0]
    if context.situations and not any(
        fnmatchcase(name, glob.partition("/")[0]) for glob in context.situations
    ):
        return False
    if context.only == EVERYTHING:
        return True
    named = _ROW.findall(path.read_text("utf-8"))
    return any(is_selected(row, context.only) for row in named)


def rows_of(context: RunContext, protocol: Protocol) -> dict[str, Requirement]:
    """The rows of its own workflows, by id."""
    scenario = played(context, protocol)
    workflows = mains(scenario, context.workflow)
    return {row.id: row for row in own_rows(scenario, workflows, context.role)}
