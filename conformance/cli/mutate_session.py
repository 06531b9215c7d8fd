"""One session of `assay mutate`: what the file does not hold yet is judged, and goes there."""

from __future__ import annotations

import argparse
import asyncio
import shlex
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from conformance.cli.launch import asked_target, refuse_unless
from conformance.context import RunContext
from conformance.masking import Masker
from conformance.mutation.candidates import Candidate
from conformance.mutation.judging import judged
from conformance.mutation.ledger import Ledger, header, state_of_suite
from conformance.mutation.peers import Peers
from conformance.mutation.runner import NotGreenError, Runner, Settings, Whole
from conformance.mutation.verdicts import Seen
from conformance.verdict import now
from reports import Run
from reports.mutation import Score
from schemas import PackError, load, load_requirements
from schemas.errors import Problem

__all__ = ["Part", "Session", "read_seen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One source's share of a session."""

    peers: Peers
    known: int
    chosen: Sequence[Candidate]
    lawful: Sequence[str]


class Session:
    """One call of the command: what is judged in it goes to the file, and is told."""

    def __init__(
        self,
        arguments: argparse.Namespace,
        context: RunContext,
        out: Path,
        parts: Sequence[Part],
    ) -> None:
        protocol = load(context.protocol)
        rows = [*load_requirements(protocol).values()]
        self._parts = parts
        self._arguments = arguments
        self._protocol = protocol
        self._rows = rows
        self._context = context
        self._state = state_of_suite()
        # A command line and what went wrong may hold what must not be written down.
        self._mask = Masker(asked_target(arguments, protocol).secrets)
        head = header(context, protocol, rows)
        self._before = Score.read(out, state=self._state) if _is_there(out) else None
        if self._before is not None:
            _same(self._before.header, head, out)
            for part in parts:
                name = self._mask.text(part.peers.name)
                before = self._before.broken.get(part.peers.source, name)
                _refuse_other(before, name, "peer", out)
        try:
            self._ledger = Ledger(out, self._before.length if self._before else 0)
        except OSError as error:
            message = f"cannot be written: {error.strerror}"
            raise PackError(Problem(file=str(out), message=message)) from error
        if self._before is None:
            self._ledger.write(head)
        self._done = 0
        self._of = 0

    def judge(self) -> int:
        """Judge what is not judged yet. Returns 130 where it was interrupted, else 0."""
        self._ledger.write(self._beginning())
        todo = [(part, self._open(part)) for part in self._parts]
        self._of = sum(len(chosen) for _, chosen in todo)
        _end_in_order()
        reason, message, lawful = "complete", "", 0
        try:
            late, lawful = self._judge_all(todo)
            if late or lawful:
                reason = "out-of-time"
        except KeyboardInterrupt:
            reason = "interrupted"
        except NotGreenError as error:
            reason, message = "not-green", str(error)
        self._end(reason, self._of - self._done, lawful, message)
        return 130 if reason == "interrupted" else 0

    def _judge_all(self, todo: Sequence[tuple[Part, Sequence[Candidate]]]) -> tuple[int, int]:
        """How many mutants, and how many lawful peers, were left for want of time.

        No source uses up the time of the next one; what it leaves is the next one's.
        """
        began, seconds = time.monotonic(), self._arguments.seconds
        late = lawful = 0
        for number, (part, chosen) in enumerate(todo, start=1):
            runner = Runner(
                protocol=self._protocol,
                requirements=self._rows,
                peers=part.peers,
                settings=Settings(
                    context=self._context,
                    judge=partial(judged, read=read_seen),
                    tell=self._tell,
                    state=self._state,
                    jobs=self._arguments.jobs,
                    until=None if seconds is None else began + seconds * number / len(todo),
                    stages=self._arguments.stages,
                ),
                known=self._known(part),
            )
            left = asyncio.run(runner.judge(chosen, part.lawful))
            late, lawful = late + left[0], lawful + left[1]
        return late, lawful

    def _beginning(self) -> dict[str, Any]:
        return {
            "record": "session",
            "at": now(),
            "state": self._state,
            "command": self._mask.text(shlex.join(["assay", *self._arguments.argv])),
            "stages": self._arguments.stages,
            "sources": [
                {
                    "source": part.peers.source,
                    "name": self._mask.text(part.peers.name),
                    "known": part.known,
                    "chosen": len(part.chosen),
                }
                for part in self._parts
            ],
        }

    def _open(self, part: Part) -> list[Candidate]:
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

    def _known(self, part: Part) -> dict[str, Whole]:
        """The whole peers that the file knows."""
        if self._before is None or self._arguments.again:
            return {}
        return {
            each["name"]: Whole(
                verdicts=each["verdicts"],
                seconds=each["seconds"],
                said=None if each.get("said") is None else frozenset(map(tuple, each["said"])),
            )
            for each in self._before.lawful
            if each["source"] == part.peers.source
            and each["stage"] == "whole"
            and not each["broke"]
        }

    def _tell(self, said: Mapping[str, Any]) -> None:
        free = {name: self._mask.text(said[name]) for name in ("message", "broke") if name in said}
        record = {**said, **free}
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
                "message": self._mask.text(message),
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


_TOLD = ("fail", "warn", "pass")
"""What a verdict is that does not just say that there is none."""


def read_seen(record: Path) -> Seen:
    """What a run.jsonl says of each row. Whatever broke the suite leaves nothing to be believed;
    where it ended with the first row that fails, what it did not come to is nowhere told.
    """
    run = Run.read(record)
    broke = next((fault.message for fault in run.faults), "")
    verdicts = {row.id: row.verdict for row in run.requirements}
    if not run.complete:
        verdicts = {row: told for row, told in verdicts.items() if told in _TOLD}
        broke = broke or ("" if "fail" in verdicts.values() else run.ending)
    return Seen(verdicts=verdicts, broke=broke)
