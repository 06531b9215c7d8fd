"""Judges the mutants: first the whole peers, then each broken one, then the lawful ones left.

Each mutant is shown to the rows that should see it, and to the whole suite only where those let it
through. What comes of it is told as records, as they fall (`schemas/meta/mutation-record`).
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from conformance.context import RunContext
from conformance.mutation.breaking import Said, never_said
from conformance.mutation.candidates import Candidate, suspects
from conformance.mutation.peers import Peer, Peers
from conformance.mutation.verdicts import Judgement, Seen, judgement
from conformance.verdict import now
from schemas.spec import Protocol, Requirement

__all__ = ["NotGreenError", "Runner", "Settings", "Whole"]

Stages = Literal["both", "suspects", "whole"]

_LIMIT = 90.0
"""Seconds that a suite may always take; it may take `_TIMES` as long as for the whole peer."""

_TIMES = 8

_DOUBTFUL = ("disputed", "unsteady", "error")
"""Fates that a busy machine brings as well: such a mutant is judged once more, alone."""


class NotGreenError(Exception):
    """A peer that nobody broke fails: what the suite says of a broken one would mean nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the mutants are judged.

    `context` holds what all runs share. `judge` runs the suite once, within so many seconds;
    `tell` is given each record; `state` is that of the suite. `jobs` is how many go on side by
    side; `until` a time of `time.monotonic` from which on nothing new is begun. With `stages` of
    `suspects` the whole suite is left out, with `whole` the first stage is.
    """

    context: RunContext
    judge: Callable[[RunContext, float], Awaitable[Seen]]
    tell: Callable[[Mapping[str, Any]], None]
    state: str
    jobs: int = 2
    until: float | None = None
    stages: Stages = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """What was said of a lawful peer: the verdict of each row, how long it took in seconds, and
    what the peer said of what can be broken on its way, where that is known.
    """

    verdicts: Mapping[str, str]
    seconds: float
    said: Said | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """One run of the suite: what it saw, how often something was broken, and what had passed."""

    seen: Seen
    applied: int | None = None
    said: Said | None = None


@dataclass
class Runner:
    """One source of mutants, judged. `known` are the whole peers of an earlier run, by reading.

    Where time is short, a peer that mutants deviate from is judged by their rows first, and whole
    only when one of them gets through these: many readings have no more than one mutant.
    """

    protocol: Protocol
    requirements: Sequence[Requirement]
    peers: Peers
    settings: Settings
    known: dict[str, Whole] = field(default_factory=dict)
    _narrow: dict[str, Whole] = field(default_factory=dict, init=False)
    """What was said of the whole peers by the rows of their mutants alone."""
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict, init=False)
    _doubtful: list[tuple[Candidate, Mapping[str, Any]]] = field(default_factory=list, init=False)

    @property
    def _jobs(self) -> int:
        return self.settings.jobs if self.peers.together else 1

    async def judge(
        self, candidates: Sequence[Candidate], lawful: Sequence[str]
    ) -> tuple[int, int]:
        """Judge them all, and return how many of either were left for want of time.

        Raises `NotGreenError` where a peer fails that is whole; lawful peers that no candidate
        deviates from come last, and fail alone.
        """
        readings = list(dict.fromkeys(each.reading for each in candidates))
        narrow = self.settings.stages == "suspects" or self._is_short(len(readings))
        bases = [name for name in readings if name not in self.known]
        late = await self._side_by_side(
            self._base(name, candidates if narrow else ()) for name in bases
        )
        if late:
            return len(candidates), sum(name not in self.known for name in lawful)
        left = await self._side_by_side(self._mutant(each) for each in candidates)
        await self._settle_doubts()
        others = [name for name in lawful if name not in self.known]
        return left, await self._side_by_side(self._lawful(name) for name in others)

    def _is_short(self, readings: int) -> bool:
        """Is there less time than all these may take? One of them alone is worth a whole run: what
        it never says need not be broken.
        """
        return self.settings.until is not None and self.settings.stages == "both" and readings > 1

    async def _side_by_side(self, jobs: Iterable[Any]) -> int:
        """A few at a time, in order; returns how many were not begun. One that breaks off ends
        the others too.
        """
        waiting = iter(jobs)
        left = 0

        async def work() -> None:
            nonlocal left
            for job in waiting:
                if self._late():
                    job.close()
                    left += 1
                else:
                    await job

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._jobs):
                    group.create_task(work())
        except* NotGreenError as errors:
            raise errors.exceptions[0] from None
        return left

    def _late(self) -> bool:
        return self.settings.until is not None and time.monotonic() >= self.settings.until

    async def _base(self, reading: str, candidates: Sequence[Candidate] = ()) -> None:
        """Judge a whole peer, only by the rows of its mutants where candidates are given."""
        looks = [
            (self._suspects(each), each.situations)
            for each in candidates
            if each.reading == reading
        ]
        rows, situations = _together(looks) if looks else ((), ())
        seen = await self._lawful(reading, rows, situations)
        wrong = [row for row, verdict in seen.verdicts.items() if verdict == "fail"]
        if wrong or seen.broke or "pass" not in seen.verdicts.values():
            told = seen.broke or (", ".join(wrong) and f"it fails {', '.join(wrong)}")
            raise NotGreenError(
                f"{self.peers.name}, {reading or 'as it is'}, is not green before anything is "
                f"broken: {told or 'nothing passes'}"
            )

    async def _lawful(
        self, reading: str, rows: tuple[str, ...] = (), situations: tuple[str, ...] = ()
    ) -> Seen:
        began = time.monotonic()
        whole = partial(self.peers.whole, reading)
        look = await self._run(whole, rows, situations, _LIMIT * _TIMES)
        seen, seconds = look.seen, time.monotonic() - began
        narrow = bool(rows or situations)
        if not seen.broke:
            known = self._narrow if narrow else self.known
            known[reading] = Whole(verdicts=seen.verdicts, seconds=seconds, said=look.said)
        self.settings.tell(
            {
                "record": "lawful",
                "at": now(),
                "state": self.settings.state,
                "source": self.peers.source,
                "name": reading,
                "stage": "suspects" if narrow else "whole",
                "seconds": round(seconds, 1),
                "verdicts": dict(seen.verdicts),
                "said": None if look.said is None else sorted(map(list, look.said)),
                "broke": seen.broke,
            }
        )
        return seen

    async def _mutant(self, candidate: Candidate) -> None:
        record = await self._judged(candidate)
        if self._jobs > 1 and record["fate"] in _DOUBTFUL:
            self._doubtful.append((candidate, record))
        else:
            self.settings.tell(record)

    async def _settle_doubts(self) -> None:
        """What was judged beside others and came to an odd end is judged alone, while there is
        time.
        """
        while self._doubtful:
            candidate, record = self._doubtful.pop(0)
            self.settings.tell(record if self._late() else await self._judged(candidate))

    async def _judged(self, candidate: Candidate) -> Mapping[str, Any]:
        began = time.monotonic()
        mutant = candidate.mutant
        stage, found, applied = await self._stages(candidate)
        return {
            "record": "mutant",
            "at": now(),
            "state": self.settings.state,
            "source": mutant.source,
            "name": mutant.name,
            "place": mutant.place,
            "operator": mutant.operator,
            "pointer": mutant.pointer,
            "lawful": mutant.lawful,
            "implied": candidate.implied,
            "section": candidate.section,
            "reading": candidate.reading,
            "fate": found.fate,
            "fail": list(found.fail),
            "warn": list(found.warn),
            "lost": list(found.lost),
            "message": found.message,
            "applied": applied,
            "stage": stage,
            "seconds": round(time.monotonic() - began, 1),
        }

    async def _stages(self, candidate: Candidate) -> tuple[str, Judgement, int | None]:
        base = self.known.get(candidate.reading) or self._narrow[candidate.reading]
        if never_said(candidate.mutant, base.said, self.protocol):
            return "whole", judgement(candidate, base.verdicts, Seen(verdicts=base.verdicts), 0), 0
        rows = self._suspects(candidate)
        only = self.settings.stages == "suspects"
        if rows and self.settings.stages != "whole" and (only or not candidate.mutant.lawful):
            found, applied = await self._look(candidate, base, rows, candidate.situations)
            # Where nothing could be broken yet, the whole suite may still elicit it.
            if only or found.fate in ("caught", "error"):
                return "suspects", found, applied
        found, applied = await self._look(candidate, await self._whole(candidate.reading), (), ())
        return "whole", found, applied

    async def _whole(self, reading: str) -> Whole:
        """What the whole suite says of a peer that nothing breaks: it is asked once."""
        async with self._locks.setdefault(reading, asyncio.Lock()):
            if reading not in self.known:
                await self._base(reading)
        return self.known[reading]

    async def _look(
        self, candidate: Candidate, base: Whole, rows: tuple[str, ...], situations: tuple[str, ...]
    ) -> tuple[Judgement, int | None]:
        limit = max(_LIMIT, _TIMES * base.seconds)
        take = partial(self.peers.broken, candidate)
        enough = self.settings.stages != "whole"  # one row that fails
        look = await self._run(take, rows, situations, limit, fail_fast=enough)
        return judgement(candidate, base.verdicts, look.seen, look.applied), look.applied

    async def _run(
        self,
        take: Callable[[], AbstractAsyncContextManager[Peer]],
        rows: tuple[str, ...],
        situations: tuple[str, ...],
        limit: float,
        *,
        fail_fast: bool = False,
    ) -> _Look:
        """What the suite says of a peer. Whatever goes wrong with a peer before or behind it is an
        error of that one alone.
        """
        look = _Look(seen=Seen(verdicts={}))
        try:
            async with take() as peer:
                context = replace(
                    self.settings.context,
                    run=secrets.token_hex(5),
                    target=peer.target,
                    command=peer.command,
                    rows=rows,
                    situations=situations,
                    fail_fast=fail_fast,
                    library=self.settings.context.library and not rows,
                    fuzz=0.0 if rows else self.settings.context.fuzz,  # chance has the last word
                )
                seen = await self.settings.judge(context, limit)
                look = _Look(seen=seen, applied=peer.applied(), said=peer.said())
        except Exception as error:  # noqa: BLE001  # peers may be anybody's
            broke = replace(look.seen, broke=f"the peer went wrong: {error!r}")
            look = replace(look, seen=broke)
        return look

    def _suspects(self, candidate: Candidate) -> tuple[str, ...]:
        role = self.settings.context.role
        return suspects(candidate, self.protocol, self.requirements, role)


def _together(
    looks: Iterable[tuple[tuple[str, ...], tuple[str, ...]]],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The rows and situations that serve all of them; none, for everything, where one needs all."""
    rows, situations = zip(*looks, strict=True)
    return _united(rows), _united(situations)


def _united(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    listed = list(parts)
    return tuple(sorted({name for part in listed for name in part})) if all(listed) else ()
