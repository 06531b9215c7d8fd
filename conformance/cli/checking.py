"""One check run again, for a finding that no message shows by itself."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from conformance.context import RunContext
from conformance.replay.story import Story
from conformance.suite_process import suite_command, suite_environment
from reports import Run
from reports.outcome import Found, Outcome

__all__ = ["check_again", "run_quietly"]

_NAME = re.compile(r"test_\w+(\[[\w:+.\\/-]+\])?")
"""What pytest takes for the name of a check."""


def check_again(context: RunContext, found: Found, story: Story | None) -> bool:
    """Does the check that found it find it again? Tells what came of it."""
    within = story.within if story is not None else found.check.name
    name = _NAME.match(within)
    context = replace(context, only=found.outcome.id)
    if context.role == "coordinator" and not context.scenario:
        context = replace(context, library=name is None or name[0].startswith("test_workflow"))
    print(f"{name[0] if name else 'The suite'} is run again, for {found.outcome.id} alone.")
    outcome = _judged(run_quietly(context, ["-k", name[0]] if name else []), found.outcome.id)
    if outcome is None or outcome.verdict == "inconclusive":
        print(f"It could not be judged: {outcome.message if outcome else 'no check did'}")
        return True
    if outcome.verdict in ("fail", "warn"):
        print(f"It shows again: {outcome.message}")
        return True
    print("It is gone.")
    return False


def run_quietly(context: RunContext, more: Sequence[str] = ()) -> Run:
    """The suite in its own process, of which the record counts. Raises `PackError` for none."""
    Path(context.record).unlink(missing_ok=True)
    subprocess.run(  # noqa: S603  # our own words
        suite_command(context, more=more),
        env=suite_environment(context),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return Run.read(Path(context.record))


def _judged(run: Run, name: str) -> Outcome | None:
    return next((each for each in run.requirements if each.id == name), None)
