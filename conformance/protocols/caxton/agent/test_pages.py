"""How a client reads lists that come in pages, and what it asks for in queries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pytest

from conformance.examiner import Examiner, Observation
from conformance.exchange import of_transcript
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.caxton.notes import Notebook
from conformance.protocols.caxton.situations import CALM, NAMES
from conformance.protocols.caxton.story import answer_of, asked, exchanges, good, query_of, sent_at
from mockserver.transcript import HttpExchange

_EVERY_SITUATION = pytest.mark.parametrize("situation", NAMES)

_STATES = ("unloaded", "loaded", "running", "draining", "stopped", "failed")

_PERIOD = re.compile(r"[0-9]+(\.[0-9]+)?\s?(ms|[smhdw]|[a-z]{3,})", re.IGNORECASE)

_LOOKS = 4
"""First pages from which on one and the same page is read again and again, where they come"""
_SPAN = 2.0
"""seconds after each other at most, and nothing else in between."""

_TWICE = 3
"""Pages that are read twice from which on that is the rule."""

_TOGETHER = 0.02
"""Seconds below which two readers may have begun side by side."""


@requirement(
    "CAXTON-AGENT-PAGE-001",
    "CAXTON-AGENT-PAGE-004",
    "CAXTON-AGENT-PAGE-007",
    "CAXTON-AGENT-PAGE-008",
)
@_EVERY_SITUATION
async def test_flow_queries_are_lawful(situation: str, examiner: Examiner, judge: Judge) -> None:
    for heard in (await examiner.observe(situation)).exchanges:
        query = query_of(heard)
        for row, wrong in _wrong_in(heard.operation, query):
            judge.holds(row, not wrong, wrong, of_transcript(heard))


def _wrong_in(operation: str, query: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each row that judges a parameter which is there, with what is wrong with it, or nothing."""
    if operation == "listAgents":
        for name in ("limit", "offset"):
            if name in query:
                yield "CAXTON-AGENT-PAGE-001", _no_number(name, query[name], name == "limit")
        if "status" in query:
            known = query["status"] in _STATES
            wrong = "" if known else f"there is no status {query['status']!r}"
            yield "CAXTON-AGENT-PAGE-004", wrong
    if operation == "queryMessages" and "limit" in query:
        yield "CAXTON-AGENT-PAGE-007", _no_number("limit", query["limit"], True)
    if operation == "getAgentMetrics" and "period" in query:
        fits = _PERIOD.fullmatch(query["period"]) is not None
        wrong = "" if fits else f"the period {query['period']!r} is no number with a unit"
        yield "CAXTON-AGENT-PAGE-008", wrong


def _no_number(name: str, text: str, positive: bool) -> str:
    fits = text.isascii() and text.isdecimal() and (not positive or int(text) > 0)
    return "" if fits else f"the {name} {text!r} is no whole number from {int(positive)} on"


@requirement("CAXTON-AGENT-PAGE-002", "CAXTON-AGENT-PAGE-003")
@pytest.mark.parametrize("situation", CALM)
async def test_flow_lists_are_walked(situation: str, examiner: Examiner, judge: Judge) -> None:
    """By the offsets that were told, each as often as it was told. A client may have enough with
    one page.
    """
    walks: dict[tuple[tuple[str, str], ...], list[HttpExchange]] = {}
    seen = await examiner.observe(situation)
    for heard in asked(seen, "listAgents"):
        if heard.operation == "listAgents" and good(heard):
            key = tuple(sorted((k, v) for k, v in query_of(heard).items() if k != "offset"))
            walks.setdefault(key, []).append(heard)
    for pages in walks.values():
        walk = [_Page.of(h, query_of(h).get("offset", "0"), "next_offset") for h in pages]
        _judge_walk(judge, "CAXTON-AGENT-PAGE-002", walk, first="0")
    _judge_repeats(judge, seen, "listAgents", "next_offset")


@requirement("CAXTON-AGENT-PAGE-006", "CAXTON-AGENT-PAGE-003")
@pytest.mark.parametrize("situation", ["long lists"])
async def test_flow_histories_are_walked(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    """The document names no parameter for a cursor: whichever holds one that was told is it."""
    seen, known = await examiner.observe(situation), book.of(situation).pages
    pages = [heard for heard in asked(seen, "queryMessages") if good(heard) or heard.status == 400]
    walk = [_Page.of(heard, _cursor(heard, known), "next_cursor") for heard in pages]
    _judge_walk(judge, "CAXTON-AGENT-PAGE-006", walk, first="")
    _judge_repeats(judge, seen, "queryMessages", "next_cursor")


def _cursor(heard: HttpExchange, known: Mapping[str, str]) -> str:
    query = query_of(heard)
    found = next((value for value in query.values() if value in known), "")
    return found or next((value for name, value in query.items() if "cursor" in name), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """Where a page that was asked for begins, and where the next one does, if there is one."""

    heard: HttpExchange
    begins: str
    following: str

    @classmethod
    def of(cls, heard: HttpExchange, begins: str, name: str) -> _Page:
        told = answer_of(heard).get(name)
        return cls(heard=heard, begins=begins, following="" if told is None else str(told))


def _judge_walk(judge: Judge, row: str, pages: Iterable[_Page], *, first: str) -> None:
    """Each page but the first one was told before, and is not asked for more often than that."""
    left: dict[str, int] = {}
    for page in pages:
        own = page.begins
        if own != first:
            judge.holds(row, own in left, f"{own!r} was never told", of_transcript(page.heard))
            if own in left:
                judge.holds(
                    "CAXTON-AGENT-PAGE-003",
                    left[own] > 0,
                    f"the page at {own!r} is asked for once more in the same walk",
                    of_transcript(page.heard),
                )
                left[own] -= 1
        if page.following:
            left[page.following] = left.get(page.following, 0) + 1


def _judge_repeats(judge: Judge, seen: Observation, operation: str, following: str) -> None:
    """Pages that are read again at once, and nothing else in between."""
    runs: list[list[HttpExchange]] = [[]]
    pairs = 0
    before: HttpExchange | None = None
    for heard in seen.exchanges:
        paged = heard.operation == operation and good(heard)
        same = (
            paged
            and before is not None
            and before.operation == operation
            and before.query == heard.query
            and sent_at(heard) - before.real < _SPAN
        )
        if same and before is not None:
            runs[-1].append(heard)
            pairs += len(runs[-1]) == 2 and sent_at(heard) - before.real > _TOGETHER
        elif paged:
            runs.append([heard])
        before = heard
    more = [run for run in runs if len(run) > 1 and _goes_on(run[0], following)]
    worst = max(more, key=len, default=[])
    wrong = ""
    if len(worst) >= _LOOKS:
        wrong = f"the same page was read {len(worst)} times, and there are others"
    elif pairs >= _TWICE and len(more) >= _TWICE:
        wrong = f"{len(more)} pages were read twice, one after the other"
    if any(run for run in runs):
        judge.holds("CAXTON-AGENT-PAGE-003", not wrong, wrong, *exchanges(worst[:3]))


def _goes_on(heard: HttpExchange, following: str) -> bool:
    return answer_of(heard).get(following) is not None
