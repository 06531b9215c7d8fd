"""`assay mutate PROTOCOL`: which faults does the suite catch? Lawful peers are broken to see."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from conformance.cli.launch import add_coordinator, refuse_unless
from conformance.cli.mutate_peers import UnreachableError, found_peers
from conformance.cli.mutate_session import Part, Session
from conformance.context import PROFILES, RunContext
from conformance.mutation.candidates import named, sampled
from conformance.target import Target
from reports.mutation import Score
from reports.mutation_files import mutation_summary, write_mutation
from schemas import load
from schemas.spec import Protocol

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "assay mutate PROTOCOL [options] [-- COMMAND...]"
    parser.add_argument("protocol", help="id of a protocol")
    parser.add_argument("--role", choices=["coordinator", "agent"], default="coordinator")
    parser.add_argument(
        "--source",
        choices=["wire", "behaviour"],
        help="what is said is changed on its way, or the peer misbehaves by itself (default: both)",
    )
    parser.add_argument(
        "--mutants",
        default="",
        metavar="MODULE[:NAME]",
        help="who offers peers that misbehave (default: this checkout's tests)",
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="GLOB",
        help="mutants, and no other lawful peers than theirs; may be repeated",
    )
    parser.add_argument("--sample", type=int, metavar="N", help="so many, of every place and kind")
    parser.add_argument(
        "--seed", type=int, default=0, help="fixes the sample, and the suite's cases"
    )
    parser.add_argument("--seconds", type=float, metavar="S", help="begin nothing after this time")
    parser.add_argument("-j", type=int, default=2, metavar="JOBS", dest="jobs", help="side by side")
    stages = parser.add_mutually_exclusive_group()
    stages.add_argument(
        "--suspects",
        dest="stages",
        action="store_const",
        const="suspects",
        default="both",
        help="only the rows that should see each mutant, and no other lawful peers: quick",
    )
    stages.add_argument(
        "--whole",
        dest="stages",
        action="store_const",
        const="whole",
        help="the whole suite for each mutant: every row that sees it is told",
    )
    parser.add_argument("--profile", choices=PROFILES, default="standard")
    parser.add_argument("--strict", action="store_true", help="what is only implied fails too")
    parser.add_argument(
        "--timeout",
        type=float,
        metavar="S",
        help="seconds that an agent's situation lasts, or that an answer may take",
    )
    parser.add_argument(
        "--floor", type=float, default=97.0, metavar="N", help="per cent that must be caught"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="where it is written, and what is there is not done again "
        "(default: assay-mutation/PROTOCOL-ROLE.jsonl); reports go beside it",
    )
    parser.add_argument("--again", action="store_true", help="judge also what the file holds")
    parser.add_argument("--list", action="store_true", help="tell the mutants, and judge none")
    add_coordinator(parser)


def run(arguments: argparse.Namespace) -> int:
    protocol = load(arguments.protocol)
    _check(arguments)
    try:
        parts = _parts(arguments, protocol)
    except UnreachableError as error:
        print(f"assay: {error}", file=sys.stderr)
        return 3
    if arguments.list:
        _list(parts)
        return 0
    context = RunContext(
        protocol=protocol.id,
        role=arguments.role,
        target=Target(),
        run="mutate",
        seed=arguments.seed,
        profile=arguments.profile,
        strict=arguments.strict,
        patience=arguments.timeout,
    )
    out = arguments.out or Path("assay-mutation") / f"{protocol.id}-{arguments.role}.jsonl"
    code = Session(arguments, context, out, parts).judge()
    score = Score.read(out)
    write_mutation(score, out)
    print(f"\n{mutation_summary(score, floor=arguments.floor)}")
    stem = out.with_suffix("")
    print(f"reports: {stem}.html  {stem}.md  {stem}.json")
    return code or score.exit_code(arguments.floor)


def _check(arguments: argparse.Namespace) -> None:
    """Raises `PackError` for a number that is none."""
    for flag, value, least in (
        ("--sample", arguments.sample, 1),
        ("-j", arguments.jobs, 1),
        ("--seconds", arguments.seconds, 0),
        ("--floor", arguments.floor, 0),
    ):
        refuse_unless(value is None or value >= least, flag, f"is not {least} or more", value)
    lines = arguments.out is None or arguments.out.suffix == ".jsonl"
    hint = "the reports take its name, and end in .json, .html and .md"
    refuse_unless(lines, "--out", "does not end in .jsonl", str(arguments.out), hint)
    refuse_unless(arguments.floor <= 100, "--floor", "is more than 100 per cent", arguments.floor)
    above = arguments.timeout is None or arguments.timeout > 0
    refuse_unless(above, "--timeout", "is not above 0", arguments.timeout)


def _parts(arguments: argparse.Namespace, protocol: Protocol) -> list[Part]:
    """Raises `PackError` where there is nothing to judge."""
    offered = [(each, [*each.candidates()]) for each in found_peers(arguments, protocol)]
    left = [(peers, named(all_of, arguments.only)) for peers, all_of in offered]
    hint = f"see: assay mutate {protocol.id} --role {arguments.role} --list"
    some = any(chosen for _, chosen in left)
    told = " ".join(arguments.only) or None
    refuse_unless(some, "--only", "matches no mutant", told, hint)
    everything = [each for _, chosen in left for each in chosen]
    if arguments.sample is not None:
        everything = sampled(everything, arguments.sample, arguments.seed)
    wanted = {(each.mutant.source, each.name) for each in everything}
    return [
        Part(
            peers=peers,
            known=len(all_of),
            chosen=[each for each in chosen if (each.mutant.source, each.name) in wanted],
            lawful=() if arguments.only or arguments.stages == "suspects" else peers.lawful(),
        )
        for (peers, all_of), (_, chosen) in zip(offered, left, strict=True)
    ]


def _list(parts: Sequence[Part]) -> None:
    for part in parts:
        for each in part.chosen:
            why = each.mutant.lawful or ("implied" if each.implied else "")
            print(f"{part.peers.source:9}  {each.name}{f'  ({why})' if why else ''}")
        print(f"{part.peers.source}: {len(part.chosen)} of {part.known}", file=sys.stderr)
