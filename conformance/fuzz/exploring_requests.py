"""Judges the answers to requests that were made up, and keeps the shortest way to each finding."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Literal

from conformance.exchange import MISSING, Exchange, read_json
from conformance.fuzz.budget import Budget
from conformance.fuzz.calling import Caller
from conformance.fuzz.generator import Generator, Reply
from conformance.fuzz.lawfulness import Asked, Assessment, Assessor
from conformance.fuzz.shortening import smaller
from conformance.judge import Judge
from conformance.rules import not_now
from conformance.verdict import Finding

__all__ = ["Exploration", "explore"]

_BEFORE = 2
"""Requests before one without an answer that its evidence shows: they may have caused it."""

_UNSENT: Reply = {"status": 404, "headers": {}, "body": "", "broken": False}


@dataclass
class _Trail:
    """One sequence: what was said, and what its own judge finds in it."""

    judge: Judge
    said: list[Exchange] = field(default_factory=list)

    def broken(self) -> dict[str, Finding]:
        """What was found broken in it so far, by row."""
        found = (each for each in self.judge.findings() if each.verdict in ("fail", "warn"))
        return {each.requirement: each for each in found}


class Exploration:
    """One check's part of a run: it answers for the peer, and tells the check's judge at last."""

    def __init__(
        self, *, caller: Caller, assessor: Assessor, judge: Judge, budget: Budget
    ) -> None:
        self.cases = 0
        self._caller = caller
        self._menu = caller.menu
        self._assessor = assessor
        self._judge = judge
        self._budget = budget
        self._trail = self._new_trail()
        self._best: dict[str, Finding] = {}
        self._asked: dict[str, Asked] = {}
        self._passed: dict[str, Finding] = {}
        self._search = -1
        self._settled: set[str] = set()
        self._spent: set[str] = set()
        self._recent: list[Exchange] = []
        self._tainted: set[str] = set()
        self._ended = False

    # What the generator is told

    def over(self) -> bool:
        """Is it time to stop? What was found is worth some time to be made shorter."""
        fresh = self._best.keys() - self._settled
        return self._ended or (self._budget.shrunk if fresh else self._budget.over)

    async def answer(self, made_up: Asked) -> Reply | None:
        """What the peer answers, or `None` where there is nothing more to be asked of it."""
        if self.over():
            return None
        if made_up.search != self._search:
            self._search = made_up.search
            self._settled |= self._best.keys()
        if made_up.step == 0:
            self._pass(self._trail)
            self._trail = self._new_trail()
        if made_up.operation in self._spent or not all(made_up.parameters.values()):
            return _UNSENT
        self.cases += 1
        before = self._trail.broken().keys()
        said = await self._say(self._caller.meant(made_up))
        fresh = {row: one for row, one in self._trail.broken().items() if row not in before}
        for finding in fresh.values():
            self._keep(finding, made_up)
        self._ended = said.status is None and await self._is_lost(said)
        return {
            "status": said.status,
            "headers": dict(said.answer_headers),
            "body": base64.b64encode(said.answer).decode(),
            "broken": bool(fresh.keys() - self._settled),
        }

    def conclude(self) -> None:
        """Tell the check's judge of each row that was kept, and the shortest way to break each that
        was not.
        """
        self._pass(self._trail)
        for finding in (*self._best.values(), *self._passed.values()):
            self._judge.adopt(finding)

    async def shorten(self) -> None:
        """Take away from single requests what their findings do not need, while there is time."""
        for row, made_up in [*self._asked.items()]:
            body = None if made_up.body is None else read_json(made_up.body)
            while len(self._best[row].evidence.exchanges) == 1 and not self._ended:
                less = await self._less(row, made_up, body)
                if less is MISSING:
                    break
                body = less

    async def _less(self, row: str, made_up: Asked, body: Any) -> Any:
        """A body with less in it that breaks the same row, or `MISSING`."""
        for less in smaller(body):
            if self._budget.shrunk:
                break
            self._trail = self._new_trail()
            asked = replace(made_up, body=json.dumps(less).encode())
            said = await self._say(self._caller.meant(asked))
            found = self._trail.broken().get(row)
            self._ended = said.status is None and await self._is_lost(said)
            if self._ended:
                break
            if found is not None:
                self._keep(found, asked)
                return less
        return MISSING

    # One request

    async def _say(self, asked: Asked) -> Exchange:
        seen = self._assessor.assess(asked)
        alive = self._caller.is_alive(asked)
        served = seen.tame and alive and asked.operation in self._menu.steady
        said = await self._caller.send(asked, lawful=seen.lawful, served=served)
        if said.status == 429:
            self._spent.add(asked.operation)  # others may need what is left of the rate
        self._trail.said.append(said)
        if self._is_telling(asked, seen, said):
            self._trail.judge.see(said)
        if alive:
            self._judge_survived(said)
            self._judge_refused(seen, said)
        if said.ok and not seen.lawful and said.method != "GET":
            self._tainted |= {*asked.parameters.values(), self._caller.created(said)}
        self._recent = [*self._recent[-_BEFORE:], said]
        return said

    def _is_telling(self, asked: Asked, seen: Assessment, said: Exchange) -> bool:
        """Is what it says the document's affair? A peer may repeat nonsense that it took."""
        lists = said.operation in self._menu.lists
        if self._tainted if lists else self._tainted & {*asked.parameters.values()}:
            return False
        return seen.lawful or (seen.routed and not said.ok and said.status is not None)

    def _judge_survived(self, said: Exchange) -> None:
        """No request makes it fail, nor keeps it from answering."""
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
        ok = said.status in (401, 403, 429) or any(
            said.status in each if isinstance(each, range) else said.status == each
            for each in refusal.statuses
        )
        what = f"{said.operation} with a body that is wrong ({wrong}) is answered {said.outcome}"
        self._trail.judge.holds(refusal.row, ok, what, said)

    # What is kept

    def _new_trail(self) -> _Trail:
        judge = self._judge
        return _Trail(Judge(judge.check, self._menu.rows, judge.book))

    def _pass(self, trail: _Trail) -> None:
        for finding in trail.judge.findings():
            if finding.verdict == "pass":
                self._passed.setdefault(finding.requirement, finding)

    def _keep(self, finding: Finding, made_up: Asked) -> None:
        """The shortest counts, even where the peer does not show it a second time."""
        said = self._trail.said
        lost = said[-1].status is None and len(said) == 1
        way = tuple(self._recent if lost else said)
        told = replace(finding, evidence=replace(finding.evidence, exchanges=way))
        best = self._best.get(finding.requirement)
        if best is None or _length(told) < _length(best):
            self._best[finding.requirement] = told
            self._asked[finding.requirement] = made_up

    async def _is_lost(self, said: Exchange) -> bool:
        """Does it hang, or is it gone, so that there is no use in going on?"""
        return "no answer within" in said.failure or await self._caller.peer.gone()


def _length(finding: Finding) -> tuple[int, int]:
    said: Sequence[Exchange] = finding.evidence.exchanges
    return len(said), sum(len(each.url) + len(each.body) for each in said)


async def explore(
    what: Literal["requests", "sequences"],
    *,
    generator: Generator,
    caller: Caller,
    judge: Judge,
    budget: Budget,
    rng: Random,
) -> Exploration:
    """Have requests made up and judged until the time is over. The time that the generator takes to
    get ready does not count. Raises `GeneratorError` where that breaks down.
    """
    await generator.ready()
    assessor = Assessor(judge.book.protocol)
    exploration = Exploration(caller=caller, assessor=assessor, judge=judge, budget=budget)
    peer, seen = caller.peer, caller.peer.see
    peer.see = _unseen
    try:
        await generator.run(what, rng.getrandbits(64), exploration.answer, exploration.over)
        await exploration.shorten()
    finally:
        peer.see = seen
    exploration.conclude()
    return exploration


def _unseen(_: Any) -> None:
    """Answers are seen by the judge of their own sequence."""
