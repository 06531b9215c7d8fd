"""A scenario by the name that people give it."""

from __future__ import annotations

import difflib
from pathlib import Path

from schemas.arazzo.library import scenarios
from schemas.errors import PackError, Problem
from schemas.loader import protocol_ids

__all__ = ["find_scenario", "find_shipped"]

_ENDING = ".arazzo.yaml"


def find_scenario(said: str, protocol: str = "") -> Path:
    """The file of that path, or else as `find_shipped` does."""
    path = Path(said)
    return path if path.exists() else find_shipped(said, protocol)


def find_shipped(said: str, protocol: str = "") -> Path:
    """The shipped scenario of that name: `NAME` of a given protocol, `PROTOCOL/NAME` of any. Raises
    `PackError` with the nearest name.
    """
    before, slash, name = said.rpartition("/")
    names = {
        f"{each}/{file.name.removesuffix(_ENDING)}": file
        for each in ([protocol] if protocol else protocol_ids())
        for file in scenarios(each)
    }
    wanted = f"{before or protocol}/{name}" if slash or protocol else said
    if wanted in names:
        return names[wanted]
    near = difflib.get_close_matches(wanted, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "see: assay scenarios"
    raise PackError(Problem(file=said, message="is no file and no scenario that ships", hint=hint))
