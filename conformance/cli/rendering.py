"""Allure's own command, where there is one: it makes a page of results."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

__all__ = ["render_allure"]

_PATIENCE = 300  # seconds


def render_allure(results: Path) -> str:
    """Has the page made beside the folder of results, and says in a sentence what came of it.

    The page is a help: where it cannot be made the results are there all the same.
    """
    said = f"allure: results in {results}"
    command = shutil.which("allure")
    if command is None:
        return f"{said}; with npm's allure they are rendered: allure generate {results}"
    page = results.absolute().parent / "allure-report"
    words = [command, "generate", str(results.absolute()), "--output", str(page)]
    try:
        done = subprocess.run(  # noqa: S603  # our own words
            words,
            cwd=results.parent,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{said}; they could not be rendered: {error}"
    if done.returncode != 0 or not (page / "index.html").exists():
        last = (done.stderr or done.stdout).strip().rpartition("\n")[2]
        return f"{said}; they could not be rendered: {last or done.returncode}"
    return f"{said}, rendered in {page}"
