"""Which scenarios a run plays."""

from __future__ import annotations

from pathlib import Path

from conformance.context import RunContext
from conformance.scenario.alone import alone
from conformance.scenario.rows import own_rows
from mockserver.scenario.order import mains
from schemas.arazzo.document import read_scenario
from schemas.arazzo.library import scenarios
from schemas.arazzo.model import Scenario
from schemas.spec import Protocol, Requirement

__all__ = ["library", "played", "rows_of"]


def played(context: RunContext, protocol: Protocol) -> Scenario:
    """The one that a run plays instead of the suite. Raises `PackError`."""
    scenario = read_scenario(Path(context.scenario), protocol)
    return alone(scenario, context.client) if context.client else scenario


def library(protocol: Protocol) -> list[Scenario]:
    """Those that ship with a protocol."""
    return [read_scenario(path, protocol) for path in scenarios(protocol.id)]


def rows_of(context: RunContext, protocol: Protocol) -> dict[str, Requirement]:
    """The rows of its own workflows, by id."""
    scenario = played(context, protocol)
    workflows = mains(scenario, context.workflow)
    return {row.id: row for row in own_rows(scenario, workflows, context.role)}
