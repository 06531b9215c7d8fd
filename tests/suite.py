"""Runs the suite as `assay test` does, for tests that look at what comes of it."""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import conformance
from conformance.context import VARIABLE, RunContext
from conformance.target import Hook, Target
from reports import Run
from schemas import PackError
from schemas.spec import Role

__all__ = ["run_suite", "verdicts"]

_HOME = Path(conformance.__file__).parent


async def run_suite(
    folder: Path,
    *,
    url: str = "",
    role: Role = "coordinator",
    command: Sequence[str] = (),
    only: str = "*",
    profile: str = "standard",
    hooks: Mapping[str, Hook] | None = None,
    time_scale: float = 1.0,
    answer_within: float = 10.0,
    patience: float | None = None,
) -> Run:
    """Judge one peer in a process of the suite's own and read its record. Times in seconds."""
    target = Target(url=url, hooks=hooks or {}, time_scale=time_scale, timeout=answer_within)
    run = uuid.uuid4().hex[:10]
    context = RunContext(
        protocol="aitbc",
        role=role,
        target=target,
        run=run,
        only=only,
        profile=profile,
        command=tuple(command),
        record=str(folder / f"{run}.jsonl"),
    )
    words = [sys.executable, "-P", "-m", "pytest", "-c", str(_HOME / "suite.ini")]
    words += ["--rootdir", str(_HOME), "-p", "pytest_asyncio.plugin", "-p", "conformance.plugin"]
    words += ["-qq", str(_HOME / "protocols" / "aitbc" / role)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment = {
        **kept,
        "PYTHONPATH": str(_HOME.parent),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        VARIABLE: replace(context, patience=patience).dump(),
    }
    process = await asyncio.create_subprocess_exec(
        *words,
        env=environment,
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
