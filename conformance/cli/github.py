"""GitHub Actions: what is printed can be a command, and a file is the page of the job."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reports import Run
from reports.annotations import commands
from reports.markdown import markdown
from schemas.errors import PackError, Problem

__all__ = ["commands_stopped", "in_actions", "tell"]


def in_actions() -> bool:
    """Does a runner read what is printed?"""
    return os.environ.get("GITHUB_ACTIONS") == "true"


@contextmanager
def commands_stopped() -> Iterator[None]:
    """What is printed within gives the runner no commands, whatever a peer puts into it."""
    if not in_actions():
        yield
        return
    word = f"assay-{secrets.token_hex(16)}"  # which no peer can guess
    print(f"::stop-commands::{word}", flush=True)
    try:
        yield
    finally:
        print(f"\n::{word}::", flush=True)


def tell(run: Run) -> None:
    """Print the annotations, and append the summary to the job's page where there is one.

    Raises `PackError` where that cannot be written.
    """
    for command in commands(run):
        print(command, flush=True)
    page = os.environ.get("GITHUB_STEP_SUMMARY")
    if not page:
        return
    try:
        with Path(page).open("a", encoding="utf-8") as file:
            file.write(f"{markdown(run)}\n")
    except OSError as error:
        message = f"cannot be written: {error.strerror}"
        raise PackError(Problem(file=page, message=message)) from error
