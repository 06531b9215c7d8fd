"""`assay replay RUN FINDING`: say again what led to a finding, and judge it again."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from conformance.cli.again import context_again
from conformance.cli.checking import check_again
from conformance.cli.finding import find, story_of
from conformance.cli.reach import unreachable
from conformance.cli.runs import record_of
from conformance.cli.screen import columns
from conformance.context import RunContext
from conformance.masking import Masker
from conformance.replay.again import Again, play_again
from conformance.replay.story import Story
from conformance.replay.telling import tell
from reports import Run
from reports.outcome import Found
from schemas import load_requirements
from schemas.spec import Protocol

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "assay replay RUN [FINDING] [options]"
    parser.add_argument("run", type=Path, help="the folder of a report, or its run.jsonl")
    parser.add_argument(
        "finding",
        nargs="?",
        default="",
        help="a requirement's id, ID#2 for its second finding, or a number (default: list them)",
    )
    parser.add_argument("--url", help="where the peer is now (default: where it was)")
    parser.add_argument("--user", metavar="NAME:PASSWORD", help="credentials, as the run had them")
    parser.add_argument("--grpc", metavar="HOST:PORT", help="where its procedures are called")
    parser.add_argument("--token", help="what the peer wants with each request")
    parser.add_argument("--target", type=Path, metavar="FILE", help="what flags can't say (YAML)")
    parser.add_argument("--timeout", type=float, metavar="S", help="seconds an answer may take")
    parser.add_argument(
        "--save", type=Path, metavar="FILE", help="write it as a scenario that guards against it"
    )


def run(arguments: argparse.Namespace) -> int:
    read = Run.read(record_of(arguments.run))
    if not arguments.finding:
        return _list(read)
    found = find(read, arguments.finding)
    with tempfile.TemporaryDirectory(prefix="assay-replay-") as folder:
        context, protocol = context_again(read.header, arguments, Path(folder))
        print("\n".join(_about(read, found)))
        if context.role == "agent":
            return _agent(context, found)
        reason = asyncio.run(unreachable(context.target))
        if reason:
            print(f"assay: {Masker(context.target.secrets).text(reason)}", file=sys.stderr)
            return 3
        return _coordinator(context, protocol, found, arguments.save)


def _list(read: Run) -> int:
    for found in read.findings:
        what = f"{found.number:>4}  {found.check.verdict}  {found.name}"
        print(f"{what}  {found.check.message or found.check.name}"[:160])
    if not read.findings:
        print("nothing was found that breaks a requirement")
    return 0


def _about(read: Run, found: Found) -> list[str]:
    outcome = found.outcome
    lines = [f"{found.name} ({outcome.level}, {outcome.basis}): {outcome.text}"]
    lines.append(f"found then: {found.check.message or found.check.name}")
    return [*lines, read.ending, ""] if not read.complete else [*lines, ""]


def _coordinator(context: RunContext, protocol: Protocol, found: Found, save: Path | None) -> int:
    story = story_of(found)
    shows = False
    if story is None or not story.steps:
        print("The record does not tell what led to it.")
    else:
        shows = _played(context, protocol, found, story)
    if not shows:
        shows = check_again(context, found, story)
    if save is not None:
        from conformance.cli.saving import save_scenario

        save_scenario(context, protocol, found, story, save, shows=shows)
        seen = "fails by" if shows else "passes"
        print(f"{save}: the mock passes it, and this peer {seen} it.")
        print(f"play it: assay test {protocol.id} --scenario {save} --url …")
    return 1 if shows else 0


def _played(context: RunContext, protocol: Protocol, found: Found, story: Story) -> bool:
    """Does it show on sight, in its shortest form or in all of it?"""
    row = load_requirements(protocol).get(found.outcome.id)
    judged = row if row is not None and on_sight(found, story) else None
    shortest = story.shortest()
    for part in filter(None, (shortest, story)):
        again = asyncio.run(
            play_again(part, protocol, context.target, judged, strict=context.strict)
        )
        if part is not story or again.breach is not None or shortest is None:
            _show(again, context, found, whole=part is story)
        else:
            print(f"All {len(again.came)} steps of its check were said too: nothing is wrong now.")
        if again.breach is not None:
            print(f"It shows again: {Masker(context.target.secrets).text(again.breach.message)}")
            return True
        if judged is None:
            break
    return False


def on_sight(found: Found, story: Story) -> bool:
    """Was it found by a message alone? Then any check would have found it."""
    return found.check.name != story.within


def _show(again: Again, context: RunContext, found: Found, *, whole: bool) -> None:
    count = len(again.came)
    what = "all that its check had said" if whole else "what the finding hangs on"
    print(f"{what}, {count} step{'' if count == 1 else 's'}:")
    width = columns()
    pointers = (found.check.evidence or {}).get("pointers", ())
    print("\n".join(tell(again, Masker(context.target.secrets), width, pointers)))
    print()


def _agent(context: RunContext, found: Found) -> int:
    """An agent is led through its situation again."""
    story = story_of(found)
    situation = situation_of(found, story)
    if situation:
        context = replace(context, situations=(situation,))
        print(f"The situation {situation} is played again.")
    return 1 if check_again(context, found, story) else 0


def situation_of(found: Found, story: Story | None) -> str:
    """The situation in which an agent was found out; empty where the record does not tell it."""
    within = found.check.name if story is None else story.within
    return within.partition("[")[2].removesuffix("]")
