"""What a command line says of a scenario."""

from __future__ import annotations

import argparse
import difflib
from dataclasses import replace
from pathlib import Path

from conformance.context import RunContext
from conformance.scenario.inputs import read_inputs
from conformance.scenario.rows import on_sight, own_rows
from mockserver.scenario.order import mains
from schemas import PackError, load_requirements
from schemas.arazzo.document import read_scenario
from schemas.errors import Problem
from schemas.spec import Protocol

__all__ = ["with_scenario"]


def with_scenario(
    context: RunContext, arguments: argparse.Namespace, path: Path, protocol: Protocol
) -> RunContext:
    """The run that plays a scenario, and judges the rows that it names. Raises `PackError`."""
    scenario = read_scenario(path, protocol)
    wanted = arguments.workflow
    if wanted and wanted not in scenario.workflows:
        near = difflib.get_close_matches(wanted, scenario.workflows, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(scenario.own)}"
        message = f"{path} has no such workflow"
        raise PackError(Problem(file="--workflow", message=message, value=wanted, hint=hint))
    rows = load_requirements(protocol)
    workflows = mains(scenario, wanted)
    own = [row.id for row in own_rows(scenario, workflows, context.role)]
    named = [row for row in scenario.requirements if row in rows]
    seen = [row.id for row in on_sight(scenario, rows) if row.id not in named]
    return replace(
        context,
        scenario=str(path.resolve()),
        workflow=wanted,
        inputs=read_inputs(arguments.input),
        rows=(*own, *named, *seen),
        on_sight=tuple(seen),
    )
