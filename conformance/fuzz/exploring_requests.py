"""Judges the answers to requests that were made up, and keeps the shortest way to each finding."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Literal

from conformance.exchange import MISSING, Exchange, read_json
from conformance.fuzz.budget import Budget
from conformance.fuzz.calling import Caller
from conformance.fuzz.generator import Generator, Reply
from conformance.fuzz.lawfulness import Asked, Assessment, Assessor
from conformance.fuzz.menu import KNOWN
from conformance.fuzz.shortening import Way
from conformance.judge import Judge
from conformance.masking import Masker
from conformance.rules import not_now
from conformance.verdict import Finding
from schemas.validation import Shape

__all__ = ["Exploration", "RequestExplorer"]

_BEFORE = 2
"""Requests before one without an answer that its evidence shows: they may have caused it."""

_MOST = 300
"""Times that an operation may change something in one check: not all of that can be taken back."""

_ELSE = (401, 403, 404, 409, 429)
"""Statuses of a refusal for another reason, which may come before what is wrong with a body."""

_LONGEST = 256 * 1024
"""Bytes of an answer up to which links are followed out of it."""

_UNSENT: Reply = {"status": 404, "headers": {}, "body": ""}


@dataclass
class _Trail:
    """One sequence: what was said, and what its own judge finds in it."""

    judge: Judge
    said: list[Exchange] = field(default_factory=list)
    way: Way = field(default_factory=Way)

    def broken(self) -> dict[str, Finding]:
        """What was found broken in it so far, by row."""
        found = (each for each in self.judge.findings() if each.verdict in ("fail", "warn"))
        return {each.requirement: each for each in found}


class Exploration:
    """One check's part of a run: it answers for the peer, and tells the check's judge at last."""

    def __init__(self, *, caller: Caller, judge: Judge, budget: Budget) -> None:
        self.cases = 0
        self._caller = caller
        self._menu = caller.menu
        self._assessor = Assessor(judge.book.protocol)
        self._ordinary = {name: Shape.of(said) for name, said in self._menu.steady.items()}
        self._judge = judge
        self._budget = budget
        self._trail = self._new_trail()
        self._best: dict[str, Finding] = {}
        self._ways: dict[str, Way] = {}
        self._passed: dict[str, Finding] = {}
        self._spent: set[str] = set()
        self._changes: Counter[str] = Counter()
        self._since = Way()
        self._before: list[Exchange] = []
        self._recent: list[Exchange] = []
        self._tainted: set[str] = set()
        self._ended = False

    # What the generator is told

    async def begin(self) -> None:
        """Make what requests stand on. Raises `UnjudgeableError` where that is not to be had."""
        await self._renew()

    def over(self) -> bool:
        """Is it time to stop?"""
        return self._ended or self._budget.over

    async def answer(self, made_up: Asked) -> Reply | None:
        """What the peer answers, or `None` where there is nothing more to be asked of it. What is
        found is made shorter at once: that has time of its own.
        """
        if self.over():
            return None
        if made_up.step == 0:
            self._pass(self._trail)
            self._trail = self._new_trail()
        made_up = self._caller.general(made_up)
        if not self._is_worth_it(made_up):
            return _UNSENT
        self.cases += 1
        said = await self._walk(made_up)
        if self._trail.way.stands_on(KNOWN):
            self._since = self._since.on(made_up, self._caller.created(said))
        fresh = [each for row, each in self._trail.broken().items() if row not in self._best]
        for finding in fresh:
            self._keep(finding)
        await self._shorten(each.requirement for each in fresh)
        return {
            "status": said.status,
            "headers": {"content-type": said.answer_headers.get("content-type", "")},
            "body": base64.b64encode(_harmless(said)).decode(),
        }

    def _is_worth_it(self, made_up: Asked) -> bool:
        """Not where a rate is used up, nor where a path is no path."""
        unspent = self._changes[made_up.operation] < _MOST and made_up.operation not in self._spent
        return unspent and all(made_up.parameters.values()) and self._caller.is_allowed(made_up)

    def conclude(self) -> None:
        """Tell the check's judge of each row that was kept, and the shortest way to break each that
        was not.
        """
        if not self.cases:
            self._judge.end("no request was made up in time")
        self._pass(self._trail)
        for finding in (*self._best.values(), *self._passed.values()):
            self._judge.adopt([finding])

    async def _shorten(self, rows: Iterable[str]) -> None:
        """Take away from findings what they do not need, while there is time."""
        trail, since = self._trail, self._since
        for row in rows:
            if not trail.way.stands_on(KNOWN) or await self._stands_alone(row, since):
                while not self._ended and await self._shortened(row):
                    continue
        if self._trail is not trail:
            self._trail = trail  # there it goes on
            await self._renew()

    async def _stands_alone(self, row: str, since: Way) -> bool:
        """Does it show on something that nothing was done to before? Otherwise what was done to it
        is part of the way. Says no where nothing new is to be had for that.
        """
        alone = self._ways[row]
        if not await self._renew():
            return False
        return await self._breaks(row, alone) or await self._breaks(row, since)

    async def _shortened(self, row: str) -> bool:
        """Is there a way with less in it that breaks the same row?"""
        for way in self._ways[row].shorter():
            if self._budget.quite_over or self._ended:
                break
            if await self._breaks(row, way):
                return True
        return False

    async def _breaks(self, row: str, way: Way) -> bool:
        """Does this way, gone anew, end with the same row broken? Then it is the one that counts,
        for others as well that were broken on the one before.
        """
        before = self._ways[row]
        await self._replay(way)
        found = self._trail.broken()
        if row not in found or not self._is_last(found[row]):
            return False
        for other, finding in found.items():
            if self._ways.get(other) is before and self._is_last(finding):
                self._keep(finding)
        return True

    async def _replay(self, way: Way) -> None:
        """The same once more, on a trail of its own, with what is created anew."""
        if way.stands_on(KNOWN):
            await self._renew()
        self._trail = self._new_trail()
        there: dict[str, str] = {}
        for asked, created in zip(way.asked, way.created, strict=True):
            if self._ended or self._budget.quite_over:
                break
            said = await self._walk(asked.leading(there))
            there[created] = self._caller.created(said)
            if created and not there[created]:
                break  # what follows would be about something else

    async def _renew(self) -> bool:
        """Something else is there from now on that everybody stands on, if it is to be had."""
        before: list[Exchange] = []
        with self._caller.peer.seen_by(before.append):
            renewed = not self._ended and await self._caller.renew()
        if renewed:
            self._since, self._before = Way(), before
        return renewed

    def _is_last(self, finding: Finding) -> bool:
        """Was it found in what was said last?"""
        return [*finding.evidence.exchanges][-1:] == self._trail.said[-1:]

    async def _walk(self, asked: Asked) -> Exchange:
        """One more step of the trail."""
        said = await self._say(self._caller.meant(asked))
        self._trail.way = self._trail.way.on(asked, self._caller.created(said))
        self._ended = said.status is None and await self._is_lost(said)
        return said

    # One request

    async def _say(self, asked: Asked) -> Exchange:
        seen = self._assessor.assess(asked)
        alive = self._caller.is_alive(asked)
        cut_off = self._caller.is_cut_off(asked)
        served = seen.tame and alive and self._is_ordinary(asked)
        said = await self._caller.send(asked, lawful=seen.lawful, served=served)
        if said.status == 429:
            self._spent.add(asked.operation)  # others may need what is left of the rate
        self._trail.said.append(said)
        if self._is_telling(asked, seen, said) and not (cut_off and said.status is None):
            self._trail.judge.see(said)
        if alive:
            self._judge_survived(said)
            self._judge_refused(seen, said)
        if said.ok and said.method != "GET":
            self._changes[said.operation] += 1
        if said.ok and not seen.lawful and said.method != "GET":
            self._tainted |= {*asked.parameters.values(), self._caller.created(said)}
        self._recent = [*self._recent[-_BEFORE:], said]
        return said

    def _is_ordinary(self, asked: Asked) -> bool:
        """Is it one that must be served, by the protocol's own word?"""
        shape = self._ordinary.get(asked.operation)
        body = {} if asked.body is None else read_json(asked.body)
        return shape is not None and body is not MISSING and shape.accepts(body)

    def _is_telling(self, asked: Asked, seen: Assessment, said: Exchange) -> bool:
        """Is what it says the document's affair? A peer may repeat nonsense that it took."""
        lists = said.operation in self._menu.lists
        if self._tainted if lists else self._tainted & {*asked.parameters.values()}:
            return False
        return seen.lawful or (seen.routed and not said.ok and said.status is not None)

    def _judge_survived(self, said: Exchange) -> None:
        """No request makes it fail, nor keeps it from answering."""
        answers = self._menu.answers.get(said.operation)
        if answers is not None:
            self._trail.judge.holds(answers, said.status is not None, said.failure, said)
        row = self._menu.survives.get(said.operation)
        operation = self._judge.book.protocol.operations[said.operation]
        if row is None or not_now(operation, said) or said.at("/error/code") in self._menu.excused:
            return
        fine = said.status is not None and said.status < 500
        what = f"{said.operation} as nobody thought of it is answered {said.outcome}"
        self._trail.judge.holds(row, fine, what, said)

    def _judge_refused(self, seen: Assessment, said: Exchange) -> None:
        """What the document says is refused is refused."""
        refusal = self._menu.refusal(said.operation, seen.violations)
        if refusal is None or said.status is None or said.status >= 500:
            return
        wrong = seen.violations[0]
        ok = said.status in _ELSE or any(
            said.status in each if isinstance(each, range) else said.status == each
            for each in refusal.statuses
        )
        what = f"{said.operation} with a body that is wrong ({wrong}) is answered {said.outcome}"
        self._trail.judge.holds(refusal.row, ok, what, said)

    # What is kept

    def _new_trail(self) -> _Trail:
        return _Trail(self._judge.fresh(self._menu.rows))

    def _pass(self, trail: _Trail) -> None:
        for finding in trail.judge.findings():
            if finding.verdict == "pass":
                self._passed.setdefault(finding.requirement, finding)

    def _keep(self, finding: Finding) -> None:
        said = self._trail.said
        lost = said[-1].status is None and len(said) == 1
        before = self._before if self._trail.way.stands_on(KNOWN) else []
        way = tuple(self._recent if lost else [*before, *said])
        told = replace(finding, evidence=replace(finding.evidence, exchanges=way))
        self._best[finding.requirement] = told
        self._ways[finding.requirement] = self._trail.way

    async def _is_lost(self, said: Exchange) -> bool:
        """Does it hang, or is it gone, so that there is no use in going on?"""
        return "no answer within" in said.failure or await self._caller.peer.gone()


def _harmless(said: Exchange) -> bytes:
    """An answer's body as the generator may see it: the secrets in it lead nowhere."""
    if said.json is MISSING or len(said.answer) > _LONGEST:
        return b""
    return json.dumps(Masker().json(said.json)).encode()


@dataclass(frozen=True, kw_only=True)
class RequestExplorer:
    """Has requests made up for one check."""

    generator: Generator
    judge: Judge
    budget: Budget
    rng: Random

    async def explore(self, what: Literal["requests", "sequences"], caller: Caller) -> Exploration:
        """Have them made up, sent and judged until the time is over. The time that the generator
        takes to get ready does not count. Raises `GeneratorError` where that breaks down, and
        `UnjudgeableError` where what requests stand on is not to be had.
        """
        await self.generator.ready()
        exploration = Exploration(caller=caller, judge=self.judge, budget=self.budget)
        with caller.peer.seen_by():  # the judge of each sequence is shown its answers
            try:
                await exploration.begin()
                seed = self.rng.getrandbits(64)
                await self.generator.run(what, seed, exploration.answer, exploration.over)
            finally:
                await caller.leave()
        exploration.conclude()
        return exploration
