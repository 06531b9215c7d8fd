"""Runs the suite as `assay test` does, for tests that look at what comes of it."""

from __future__ import annotations

import argparse
import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from conformance.context import RunContext
from conformance.scenario.options import with_scenario
from conformance.suite_process import suite_command, suite_environment
from conformance.target import Target
from reports import Run
from schemas import PackError, load
from schemas.spec import Role

__all__ = ["run_suite", "verdicts"]


async def run_suite(
    folder: Path,
    *,
    protocol: str = "aitbc",
    target: Target | None = None,
    url: str = "",
    role: Role = "coordinator",
    command: Sequence[str] = (),
    only: str = "*",
    situation: str = "",
    profile: str = "standard",
    patience: float | None = None,
    scenario: Path | None = None,
    library: bool = True,
    fuzz: float = 0.0,
) -> Run:
    """Judge one peer in a process of the suite's own, by a scenario alone where one is given, and
    without the `library` of scenarios where it is not wanted; read its record. Times in seconds,
    `fuzz` those for generated cases: there are none unless they are asked for.
    """
    known = load(protocol)
    target = target or Target()
    target = target.with_url(url or target.url).for_protocol(known)
    run = uuid.uuid4().hex[:10]
    context = RunContext(
        protocol=protocol,
        role=role,
        target=target,
        run=run,
        only=only,
        profile=profile,
        command=tuple(command),
        library=library,
        fuzz=fuzz,
        record=str(folder / f"{run}.jsonl"),
    )
    wanted = (situation,) if situation else ()
    context = replace(context, patience=patience, situations=wanted)
    if scenario is not None:
        said = argparse.Namespace(workflow="", input=[])
        context = with_scenario(context, said, scenario, known)
    process = await asyncio.create_subprocess_exec(
        *suite_command(context),
        env=suite_environment(context),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    try:
        return Run.read(Path(context.record))
    except PackError as error:
        raise AssertionError(output.decode()) from error


def verdicts(run: Run, wanted: str) -> list[str]:
    """The ids of the requirements with that verdict, in the document's order."""
    return [outcome.id for outcome in run.requirements if outcome.verdict == wanted]
