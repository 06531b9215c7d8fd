"""A finding written as a scenario, which is tried before it is trusted."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import mockserver
from conformance.cli.checking import run_quietly
from conformance.cli.finding import story_of
from conformance.context import RunContext
from conformance.replay.scenario import regression
from conformance.replay.story import Story
from conformance.scenario.options import with_scenario
from mockserver import Settings
from reports import Run
from reports.outcome import Found
from schemas import load_requirements
from schemas.arazzo.writer import to_yaml
from schemas.errors import PackError, Problem
from schemas.selection import EVERYTHING
from schemas.spec import Protocol

__all__ = ["save_all", "save_scenario"]


def save_all(run: Run, context: RunContext, protocol: Protocol, folder: Path) -> Iterator[str]:
    """Write a scenario for each requirement that a run found broken; those that are there stay as
    they are. Yields a line on each.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="assay-regressions-") as apart:
        context = replace(context, record=str(Path(apart) / "run.jsonl"))
        for found in run.findings:
            out = folder / f"{found.outcome.id.lower()}.arazzo.yaml"
            if "#" in found.name:
                continue
            if out.exists():
                yield f"{found.name}: {out} is there already"
                continue
            try:
                save_scenario(context, protocol, found, story_of(found), out, shows=True)
            except PackError as error:
                yield f"{found.name}: none, {error.problems[0].message.partition(': ')[2]}"
            else:
                yield f"{found.name}: {out}"


def save_scenario(
    context: RunContext,
    protocol: Protocol,
    found: Found,
    story: Story | None,
    out: Path,
    *,
    shows: bool,
) -> None:
    """Write the shortest scenario that a right coordinator passes, our own mock, and that the
    target fails if the finding `shows`.

    Raises `PackError` where none is to be had, and says why.
    """
    if story is None or not story.steps:
        raise _unsaved(found, "the record does not tell what led to it")
    rows = load_requirements(protocol)
    why = ""
    for part in filter(None, (story.shortest(), story)):
        try:
            document = regression(
                part,
                protocol,
                rows.get(found.outcome.id),
                rows,
                found.check.evidence or {},
                name=found.name,
                on_sight=found.check.name != story.within,
            )
        except ValueError as error:
            why = str(error)
            continue
        trial = out.with_name(f".{out.name}")
        try:
            trial.write_text(to_yaml(document), "utf-8")
            why = _tried(context, protocol, trial, shows=shows)
            if not why:
                trial.replace(out)
                return
        except OSError as error:
            raise _unsaved(found, f"{out} cannot be written: {error.strerror}") from error
        finally:
            trial.unlink(missing_ok=True)
    raise _unsaved(found, why)


def _tried(context: RunContext, protocol: Protocol, path: Path, *, shows: bool) -> str:
    """Why the scenario is no good; empty where it is."""
    right = asyncio.run(_on_the_mock(context, protocol, path))
    if right.verdict != "conformant":
        return f"our own mock does not pass it: {' '.join(right.because)}"
    if not shows:
        return ""
    played = _played(context, protocol, path)
    broken = [each for each in played.requirements if each.verdict in ("fail", "warn")]
    if not broken:
        return "the target passes it, though its check still finds the fault"
    return ""


async def _on_the_mock(context: RunContext, protocol: Protocol, path: Path) -> Run:
    settings = Settings(username="warden", password="open-sesame")  # noqa: S106  # of a mock
    async with mockserver.start(protocol.id, settings=settings) as mock:
        target = replace(context.target, secrets=(), grpc=mock.grpc, headers={}, metadata={})
        if protocol.token_header:
            target = target.with_token(settings.token, protocol)
        target = replace(target, tls=replace(target.tls, ca=mock.ca or "", cert="", key=""))
        there = replace(context, target=target.with_url(mock.url).for_protocol(protocol))
        return await asyncio.to_thread(_played, there, protocol, path)


def _played(context: RunContext, protocol: Protocol, path: Path) -> Run:
    said = argparse.Namespace(workflow="", input=[])
    context = replace(context, only=EVERYTHING, rows=(), on_sight=(), scenario="")
    return run_quietly(with_scenario(context, said, path, protocol))


def _unsaved(found: Found, why: str) -> PackError:
    hint = "its check can always be run again: assay replay without --save"
    message = f"{found.name} cannot be made a scenario: {why}"
    return PackError(Problem(file="--save", message=message, hint=hint))
