"""Which requirements a run is about, as `--only` says it."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

__all__ = ["EVERYTHING", "is_selected", "selection"]

EVERYTHING = "*"


def selection(globs: Sequence[str] | None) -> str:
    """What several `--only` say together, as records have it; everything where there is none."""
    return " ".join(globs) if globs else EVERYTHING


def is_selected(requirement: str, only: str) -> bool:
    """Is the id of a requirement meant by one of the globs in `only`, parted by blanks?"""
    return any(fnmatchcase(requirement, glob) for glob in only.split())
