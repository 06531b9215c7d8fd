"""Has a document the shape of Arazzo 1.1, and our own fields theirs?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from schemas.errors import Problem
from schemas.files import Lines, check

__all__ = ["shape_problems"]


def shape_problems(said: Any, path: Path, lines: Lines) -> Iterator[Problem]:
    """What the schemas of Arazzo and of scenarios have against a document."""
    yield from check(said, "arazzo", path)
    yield from check(said, "scenario", path)
