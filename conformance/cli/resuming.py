"""`assay test --resume RUN`: go on where a run stopped, or where its time was over."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance.cli.runs import record_of
from conformance.context import RunContext
from conformance.recorder import ASSAY_VERSION
from reports import Run
from schemas import PackError, load_requirements
from schemas.errors import Problem
from schemas.spec import Protocol

__all__ = ["resumed"]

_KEPT = "earlier.jsonl"


def resumed(context: RunContext, protocol: Protocol, run: Path, out: Path) -> RunContext:
    """The same run, which goes on from the one in `run`, a run.jsonl or its folder. That record is
    kept in `out`, under another name: the run that goes on writes one of its own there.

    Raises `PackError` where `run` is none, or asked for something else.
    """
    record = record_of(run)
    header = Run.read(record).header
    problems = [
        Problem(file=str(record), pointer=f"/{name}", message=message, value=value, hint=hint)
        for name, message, value, hint in _differences(header, context, protocol)
    ]
    if problems:
        raise PackError(*problems)
    kept = out / _KEPT
    try:
        out.mkdir(parents=True, exist_ok=True)
        if not kept.exists() or not record.samefile(kept):
            shutil.copyfile(record, kept)
    except OSError as error:
        problem = Problem(file=str(kept), message=f"cannot be written: {error.strerror}")
        raise PackError(problem) from error
    return replace(context, earlier=str(kept.resolve()))


def _differences(
    header: Mapping[str, Any], context: RunContext, protocol: Protocol
) -> Iterator[tuple[str, str, Any, str]]:
    """In what the earlier run was about something else: its field, why, its value, and a hint."""
    about = header["protocol"]
    if (about["id"], header["role"]) != (context.protocol, context.role):
        told = f"{about['id']}, {header['role']}"
        yield "protocol", "was a run of another protocol or role", told, "give its own"
        return
    for name in ("profile", "seed", "only"):
        if header[name] != getattr(context, name):
            hint = f"go on with --{name} {header[name]}, or begin a new run"
            yield name, f"is not that of this run, {getattr(context, name)}", header[name], hint
    if header["strict"] != context.strict:
        hint = "go on with --strict" if header["strict"] else "go on without --strict"
        yield "strict", "is not as in this run", header["strict"], hint
    rows = {
        row.id: row.text for row in load_requirements(protocol).values() if context.selects(row)
    }
    judged = {row["id"]: row["text"] for row in header["requirements"]}
    if header["assay"] != ASSAY_VERSION or rows != judged:
        hint = "begin a new run"
        yield "requirements", "are not those of this Assay", header["assay"], hint
