"""The suite's own process: pytest with our plugin by name, and nobody else's."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import conformance
from conformance.context import VARIABLE, RunContext
from schemas import load

__all__ = ["suite_command", "suite_environment"]

_HOME = Path(conformance.__file__).resolve().parent

_FELT_BY_ALL = {"advance", "restart"}
"""Hooks that do something to every check of a run."""


def suite_command(context: RunContext, *, workers: int = 0, more: Sequence[str] = ()) -> list[str]:
    """The words that start it. `workers` share a coordinator's checks; `more` is for pytest."""
    words = [sys.executable, "-P", "-m", "pytest", "-c", str(_HOME / "suite.ini")]
    words += ["--rootdir", str(_HOME), "-p", "pytest_asyncio.plugin", "-p", "conformance.plugin"]
    words += ["-qq", "--no-header", "--no-summary"]
    if workers > 0 and _can_share(context):
        words += ["-p", "xdist.plugin", "-n", str(workers)]
    if context.role == "agent" and not context.command:
        words.append("--capture=no")  # whoever runs the agent must be told where it is awaited
    suite = _HOME / "protocols" / load(context.protocol).id / context.role
    scenarios = _HOME / "scenario" / context.role
    places = [scenarios] if context.scenario else [suite]
    places += [scenarios] if context.library and not context.scenario else []
    return [*words, *more, *map(str, places)]


def _can_share(context: RunContext) -> bool:
    """Checks of a coordinator can, unless one of them can make its time jump or restart it: no
    other may run beside that, and all must know of it. Nor can two workers be the same person, of
    whom a coordinator may take one connection alone. Where each worker finds a state of its own
    nobody else feels it.
    """
    target = context.target
    felt = bool(_FELT_BY_ALL & target.hooks.keys()) or _names_people(context)
    return context.role == "coordinator" and (target.apart is not None or not felt)


def _names_people(context: RunContext) -> bool:
    """Does the target name somebody who connects, with a token of its own or that of a log-in?"""
    logs_in = load(context.protocol).authentication == "token" and bool(context.target.credentials)
    return bool(context.target.principals) or logs_in


def suite_environment(context: RunContext) -> dict[str, str]:
    """What it finds in its environment: ours, less what steers the user's own pytest."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return {
        **kept,
        "PYTHONPATH": str(_HOME.parent),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        VARIABLE: context.dump(),
        **({"ASSAY_USER_PYTHONPATH": kept["PYTHONPATH"]} if "PYTHONPATH" in kept else {}),
    }
