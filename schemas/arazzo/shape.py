"""Has a document the shape of Arazzo 1.1, and our own fields theirs?"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from schemas import pointer as json_pointer
from schemas.errors import Problem
from schemas.files import Lines, check, meta_schema

__all__ = ["shape_problems"]


def shape_problems(said: Any, path: Path, lines: Lines) -> Iterator[Problem]:
    """What is wrong with the shape of a document, by the schemas of Arazzo and of scenarios."""
    if not isinstance(said, dict) or "arazzo" not in said:
        message = "is no Arazzo document"
        yield Problem(file=str(path), line=1, message=message, hint="it begins with arazzo: 1.1.0")
        return
    version = said["arazzo"]
    if not isinstance(version, str) or not re.match(r"1\.1\.\d", version):
        yield Problem(
            file=str(path),
            line=lines.line(["arazzo"]),
            pointer="/arazzo",
            message="is a version that is not understood",
            value=version,
            hint="arazzo: 1.1.0",
        )
        return
    yield from check(said, "arazzo", path, lines=lines)
    yield from check(said, "scenario", path, lines=lines)
    for steps, name, like in _misspelt(said):
        yield Problem(
            file=str(path),
            line=lines.line(steps),
            pointer=json_pointer.join(steps),
            message=f"{name!r} is no field that is known here",
            hint=f"did you mean {like!r}?",
        )


def _misspelt(said: Mapping[str, Any]) -> Iterator[tuple[list[str], str, str]]:
    """Fields with x- that are nearly ours. What is nothing like ours is another tool's."""
    for steps, part, kind in _parts(said):
        known = [name for name in _fields(kind) if name.startswith("x-")]
        for name in part:
            if name.startswith("x-") and name not in known:
                near = difflib.get_close_matches(name, known, n=1, cutoff=0.85)
                if near:
                    yield [*steps, name], name, near[0]


def _parts(said: Mapping[str, Any]) -> Iterator[tuple[list[str], Mapping[str, Any], str]]:
    """The objects that have fields of ours, with their places. Those of a wrong type have been
    told of.
    """
    yield [], said, ""
    for steps, source in _listed(said, [], "sourceDescriptions"):
        yield steps, source, "source"
    for at, workflow in _listed(said, [], "workflows"):
        yield at, workflow, "workflow"
        for steps, step in _listed(workflow, at, "steps"):
            yield steps, step, "step"
            for place, criterion in _listed(step, steps, "successCriteria"):
                yield place, criterion, "criterion"


def _listed(
    said: Mapping[str, Any], at: list[str], key: str
) -> Iterator[tuple[list[str], Mapping[str, Any]]]:
    items = said.get(key)
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            yield [*at, key, str(index)], item


def _fields(kind: str) -> list[str]:
    schema = meta_schema("scenario")
    part = schema["$defs"][kind] if kind else schema
    return list(part["properties"])
