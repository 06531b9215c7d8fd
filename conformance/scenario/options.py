"""What a command line says of a scenario."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance.context import RunContext
from conformance.scenario.alone import alone, clients
from conformance.scenario.inputs import read_inputs
from conformance.scenario.rows import on_sight, own_rows
from conformance.scenario.values import of_target
from mockserver.scenario.inputs import InputError, given, given_by_name, shapes_of
from mockserver.scenario.order import mains
from mockserver.scenario.scales import Direction
from schemas import PackError, load_requirements
from schemas.arazzo.document import read_scenario
from schemas.arazzo.model import Workflow
from schemas.errors import Problem
from schemas.spec import Protocol

__all__ = ["with_scenario"]


_SECRET = ("token", "password")


def with_scenario(
    context: RunContext, arguments: argparse.Namespace, path: Path, protocol: Protocol
) -> RunContext:
    """The run that plays a scenario, and judges the rows that it names. Raises `PackError`."""
    scenario = read_scenario(path, protocol)
    wanted, client = arguments.workflow, getattr(arguments, "client", "")
    _known("--workflow", wanted, list(scenario.workflows), f"{path} has no such workflow")
    _known("--client", client, clients(scenario), f"nobody of that name does anything in {path}")
    if client:
        scenario = alone(scenario, client)
    rows = load_requirements(protocol)
    workflows = mains(scenario, wanted)
    inputs = read_inputs(arguments.input)
    _check_inputs(context, protocol, workflows, inputs)
    own = [row.id for row in own_rows(scenario, workflows, context.role)]
    named = [row for row in scenario.requirements if row in rows]
    seen = [row.id for row in on_sight(scenario, rows) if row.id not in named]
    secrets = (*context.target.secrets, *_secrets(workflows, inputs))
    return replace(
        context,
        target=replace(context.target, secrets=secrets),
        scenario=str(path.resolve()),
        workflow=wanted,
        client=client,
        inputs=inputs,
        rows=(*own, *named, *seen),
        on_sight=tuple(seen),
    )


def _check_inputs(
    context: RunContext, protocol: Protocol, workflows: Sequence[Workflow], said: Mapping[str, Any]
) -> None:
    """What is wrong with the inputs is told before anything is played."""
    names = list(dict.fromkeys(name for each in workflows for name in shapes_of(each)))
    for name in said:
        _known("--input", name, names, "no workflow that is played has such an input")
    direction: Direction = "forward" if context.role == "coordinator" else "backward"
    known = of_target(context.target, protocol)
    for each in workflows:
        try:
            given(each, direction, given_by_name(each, said), known, lambda prefix: prefix)
        except InputError as error:
            raise PackError(Problem(file="--input", message=str(error))) from error


def _secrets(workflows: Sequence[Workflow], said: Mapping[str, Any]) -> Iterator[str]:
    """The inputs whose schema has the format `password`, and those that are a target's secrets."""
    for workflow in workflows:
        for name, shape in shapes_of(workflow).items():
            secret = name in _SECRET or shape.get("format") == "password"
            if secret and isinstance(said.get(name), str):
                yield said[name]


def _known(flag: str, wanted: str, names: Sequence[str], message: str) -> None:
    if wanted and wanted not in names:
        near = difflib.get_close_matches(wanted, names, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names) or 'none'}"
        raise PackError(Problem(file=flag, message=message, value=wanted, hint=hint))
