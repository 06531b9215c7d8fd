"""`assay mutate PROTOCOL`: which faults does the suite catch? Lawful peers are broken to see."""

from __future__ import annotations

import argparse
import asyncio
import shlex
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from conformance.cli.launch import add_coordinator, refuse_unless
from conformance.cli.mutate_peers import UnreachableError, found_peers
from conformance.context import PROFILES, RunContext
from conformance.mutation.candidates import Candidate, named, sampled
from conformance.mutation.judging import judged
from conformance.mutation.ledger import Ledger, header, state_of_suite
from conformance.mutation.peers import Peers
from conformance.mutation.runner import NotGreenError, Runner, Settings, Whole
from conformance.mutation.verdicts import Seen
from conformance.target import Target
from conformance.verdict import now
from reports import Run
from reports.mutation import Score
from reports.mutation_files import mutation_summary, write_mutation
from schemas import PackError, load, load_requirements
from schemas.errors import Problem
from schemas.spec import Protocol, Requirement

__all__ = ["add_arguments", "read_seen", "run"]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One source's share of a session."""

    peers: Peers
    known: int
    chosen: Sequence[Candidate]
    lawful: Sequence[str]


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
    rows = [*load_requirements(protocol).values()]
    session = _Session(arguments, protocol, rows, context, out)
    code = session.judge(parts)
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


def _parts(arguments: argparse.Namespace, protocol: Protocol) -> list[_Part]:
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
        _Part(
            peers=peers,
            known=len(all_of),
            chosen=[each for each in chosen if (each.mutant.source, each.name) in wanted],
            lawful=() if arguments.only or arguments.stages == "suspects" else peers.lawful(),
        )
        for (peers, all_of), (_, chosen) in zip(offered, left, strict=True)
    ]


def _list(parts: Sequence[_Part]) -> None:
    for part in parts:
        for each in part.chosen:
            why = each.mutant.lawful or ("implied" if each.implied else "")
            print(f"{part.peers.source:9}  {each.name}{f'  ({why})' if why else ''}")
        print(f"{part.peers.source}: {len(part.chosen)} of {part.known}", file=sys.stderr)


class _Session:
    """One call of the command: what is judged in it goes to the file, and is told."""

    def __init__(
        self,
        arguments: argparse.Namespace,
        protocol: Protocol,
        rows: Sequence[Requirement],
        context: RunContext,
        out: Path,
    ) -> None:
        self._arguments = arguments
        self._protocol = protocol
        self._rows = rows
        self._context = context
        self._state = state_of_suite()
        head = header(context, protocol, rows)
        self._before = Score.read(out, state=self._state) if _is_there(out) else None
        if self._before is not None:
            _same(self._before.header, head, out)
        try:
            self._ledger = Ledger(out, self._before.length if self._before else 0)
        except OSError as error:
            message = f"cannot be written: {error.strerror}"
            raise PackError(Problem(file=str(out), message=message)) from error
        if self._before is None:
            self._ledger.write(head)
        self._done = 0
        self._of = 0

    def judge(self, parts: Sequence[_Part]) -> int:
        """Judge what is not judged yet. Returns 130 where it was interrupted, else 0."""
        self._ledger.write(self._beginning(parts))
        seconds = self._arguments.seconds
        until = None if seconds is None else time.monotonic() + seconds
        todo = [(part, self._open(part)) for part in parts]
        self._of = sum(len(chosen) for _, chosen in todo)
        settings = Settings(
            context=self._context,
            judge=partial(judged, read=read_seen),
            tell=self._tell,
            state=self._state,
            jobs=self._arguments.jobs,
            until=until,
            stages=self._arguments.stages,
        )
        reason, message, left, lawful = "complete", "", 0, 0
        _end_in_order()
        try:
            for part, chosen in todo:
                runner = Runner(
                    protocol=self._protocol,
                    requirements=self._rows,
                    peers=part.peers,
                    settings=settings,
                    known=self._known(part),
                )
                more = asyncio.run(runner.judge(chosen, part.lawful))
                left, lawful = left + more[0], lawful + more[1]
        except KeyboardInterrupt:
            reason = "interrupted"
        except NotGreenError as error:
            reason, message = "not-green", str(error)
        if left or lawful:
            reason = "out-of-time"
        left = self._of - self._done if reason != "complete" else 0
        self._end(reason, left, lawful, message)
        return 130 if reason == "interrupted" else 0

    def _beginning(self, parts: Sequence[_Part]) -> dict[str, Any]:
        return {
            "record": "session",
            "at": now(),
            "state": self._state,
            "command": shlex.join(["assay", *self._arguments.argv]),
            "stages": self._arguments.stages,
            "sources": [
                {
                    "source": part.peers.source,
                    "name": part.peers.name,
                    "known": part.known,
                    "chosen": len(part.chosen),
                }
                for part in parts
            ],
        }

    def _open(self, part: _Part) -> list[Candidate]:
        """Those that the file does not hold, or holds too little of."""
        if self._before is None or self._arguments.again:
            return [*part.chosen]
        done = {
            each["name"]
            for each in self._before.mutants
            if each["source"] == part.peers.source and self._enough(each)
        }
        return [each for each in part.chosen if each.name not in done]

    def _enough(self, record: Mapping[str, Any]) -> bool:
        stages = self._arguments.stages
        if record["fate"] == "error":
            return False
        if record["stage"] == "whole" or stages == "suspects":
            return True
        return bool(stages == "both" and record["fate"] == "caught")

    def _known(self, part: _Part) -> dict[str, Whole]:
        """The whole peers that the file knows."""
        if self._before is None or self._arguments.again:
            return {}
        return {
            each["name"]: Whole(verdicts=each["verdicts"], seconds=each["seconds"])
            for each in self._before.lawful
            if each["source"] == part.peers.source
            and each["stage"] == "whole"
            and not each["broke"]
        }

    def _tell(self, record: Mapping[str, Any]) -> None:
        self._ledger.write(record)
        if record["record"] == "lawful":
            failed = [row for row, verdict in record["verdicts"].items() if verdict == "fail"]
            told = record["broke"] or (f"FALSE ALARM {' '.join(failed)}" if failed else "passes")
            print(f"{'lawful':13} {record['name'] or 'as it is'}  {told}", flush=True)
            return
        self._done += 1
        rows = [*record["fail"], *record["warn"], *record["lost"]]
        told = " ".join(rows[:3]) + (f" and {len(rows) - 3} more" if len(rows) > 3 else "")
        place = f"[{self._done}/{self._of}]"
        print(f"{record['fate']:13} {place} {record['name']}  {told}", flush=True)

    def _end(self, reason: str, left: int, lawful: int, message: str) -> None:
        self._ledger.write(
            {
                "record": "end",
                "at": now(),
                "reason": reason,
                "left": left,
                "left_lawful": lawful,
                "message": message,
            }
        )
        self._ledger.close()


def _end_in_order() -> None:
    """Whoever asks us to end, even where a shell started us deaf to Ctrl-C, has the runs ended."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))


def _is_there(out: Path) -> bool:
    return out.exists() and out.stat().st_size > 0


def _same(before: Mapping[str, Any], head: Mapping[str, Any], out: Path) -> None:
    """Raises `PackError` where a file is of something else: its figures must not be mixed."""
    for name in ("role", "profile", "strict", "seed"):
        _refuse_other(before[name], head[name], name, out)
    _refuse_other(before["protocol"]["id"], head["protocol"]["id"], "protocol", out)


def _refuse_other(theirs: object, ours: object, name: str, out: Path) -> None:
    message = f"is of another {name}: {theirs}, not {ours}"
    refuse_unless(theirs == ours, str(out), message, None, "give another name with --out")


def read_seen(record: Path) -> Seen:
    """What a run.jsonl says of each row. Whatever broke the suite leaves nothing to be believed."""
    run = Run.read(record)
    broke = next((fault.message for fault in run.faults), "")
    if not broke and not run.complete:
        broke = run.ending
    return Seen(verdicts={row.id: row.verdict for row in run.requirements}, broke=broke)
