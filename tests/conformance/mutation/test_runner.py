"""Mutants are judged: in stages, side by side, from a green start, and within their time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from conformance.context import RunContext
from conformance.mutation.candidates import Candidate
from conformance.mutation.mutant import Mutant
from conformance.mutation.peers import Peer
from conformance.mutation.runner import NotGreenError, Runner, Settings, Whole
from conformance.mutation.verdicts import Seen
from conformance.target import Target
from schemas import load, load_requirements
from schemas.files import check, meta_schema

_PROTOCOL = load("aitbc")
_ROWS = load_requirements(_PROTOCOL)
_GREEN = {row.id: "pass" for row in _ROWS.values() if row.role == "coordinator"}


def _candidate(name: str, *rows: str, lawful: str = "", reading: str = "plain") -> Candidate:
    mutant = Mutant(name=name, source="behaviour", place="", operator="drop", lawful=lawful)
    return Candidate(mutant=mutant, reading=reading, rows=rows)


class _Peers:
    """Peers that are no more than a name, which is their URL."""

    source = "behaviour"
    name = "made up"

    def __init__(self, *, together: bool = True) -> None:
        self.together = together
        self.open: set[str] = set()
        self.most = 0

    def candidates(self) -> Sequence[Candidate]:
        return []

    def lawful(self) -> Sequence[str]:
        return []

    def whole(self, reading: str) -> Any:
        return self._peer(reading)

    def broken(self, candidate: Candidate) -> Any:
        return self._peer(candidate.name)

    @asynccontextmanager
    async def _peer(self, name: str) -> AsyncIterator[Peer]:
        self.open.add(name)
        self.most = max(self.most, len(self.open))
        yield Peer(target=Target(url=name))
        self.open.discard(name)


class _Suite:
    """Says of each peer what it is told to: the rows that a peer fails, by its name."""

    def __init__(self, fails: Mapping[str, Sequence[str]]) -> None:
        self.fails = fails
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    async def __call__(self, context: RunContext, limit: float) -> Seen:
        assert limit > 0
        name = context.target.url
        self.asked.append((name, context.rows))
        await asyncio.sleep(0)
        rows = context.rows or tuple(_GREEN)
        failed = self.fails.get(name, ())
        return Seen(verdicts={row: "fail" if row in failed else "pass" for row in rows})


def _runner(
    suite: _Suite, peers: _Peers | None = None, **more: Any
) -> tuple[Runner, list[Mapping[str, Any]]]:
    told: list[Mapping[str, Any]] = []
    context = RunContext(protocol="aitbc", role="coordinator", target=Target(), run="r")
    settings = Settings(context=context, judge=suite, tell=told.append, state="s", **more)
    runner = Runner(
        protocol=_PROTOCOL,
        requirements=[*_ROWS.values()],
        peers=peers or _Peers(),
        settings=settings,
    )
    return runner, told


def _fates(told: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, str]]:
    return {
        each["name"]: (each["fate"], each["stage"]) for each in told if each["record"] == "mutant"
    }


async def test_what_the_whole_peer_never_says_is_not_looked_at() -> None:
    suite = _Suite({})
    runner, told = _runner(suite)
    said = frozenset({("getAgent", "request"), ("getAgent", "200")})
    runner.known["plain"] = Whole(verdicts=_GREEN, seconds=1, said=said)
    names = {"said": "200.body", "unsaid": "404.body"}
    mutants = [
        Mutant(name=name, source="wire", place="getAgent", operator="drop", part=part)
        for name, part in names.items()
    ]
    await runner.judge([Candidate(mutant=each, reading="plain") for each in mutants], [])
    assert _fates(told)["unsaid"] == ("never-applied", "whole")
    assert {name for name, _ in suite.asked} == {"said"}


async def test_whole_suite_sees_only_what_the_suspects_let_through() -> None:
    suite = _Suite({"seen": ["AITBC-REG-001"], "elsewhere": ["AITBC-DOC-001"]})
    runner, told = _runner(suite, jobs=1)
    names = ("seen", "elsewhere", "unseen")
    left = await runner.judge([_candidate(name, "AITBC-REG-001") for name in names], [])
    assert left == (0, 0)
    assert _fates(told) == {
        "seen": ("caught", "suspects"),
        "elsewhere": ("caught", "whole"),
        "unseen": ("survived", "whole"),
    }
    assert suite.asked == [
        ("plain", ()),
        ("seen", ("AITBC-REG-001",)),
        ("elsewhere", ("AITBC-REG-001",)),
        ("elsewhere", ()),
        ("unseen", ("AITBC-REG-001",)),
        ("unseen", ()),
    ]


async def test_records_are_as_their_schema_has_them() -> None:
    runner, told = _runner(_Suite({"seen": ["AITBC-REG-001"]}))
    await runner.judge([_candidate("seen", "AITBC-REG-001")], ["plain", "other"])
    assert meta_schema("mutation-record")
    for each in told:
        assert list(check(each, "mutation-record", __file__)) == []  # type: ignore[arg-type]
    assert [each["name"] for each in told] == ["plain", "seen", "other"]


async def test_suspects_alone_are_asked_where_that_is_wanted() -> None:
    suite = _Suite({})
    runner, told = _runner(suite, jobs=1, stages="suspects")
    several = [_candidate("a", "AITBC-REG-001"), _candidate("b", "AITBC-REG-002")]
    await runner.judge(several, [])
    both = ("AITBC-REG-001", "AITBC-REG-002")
    assert suite.asked == [("plain", both), ("a", both[:1]), ("b", both[1:])]
    assert set(_fates(told).values()) == {("survived", "suspects")}


async def test_lawful_one_is_shown_to_the_whole_suite_at_once() -> None:
    suite = _Suite({"odd": ["AITBC-DOC-001"]})
    runner, told = _runner(suite, jobs=1)
    await runner.judge([_candidate("odd", "AITBC-REG-001", lawful="by-rule: it may")], [])
    assert suite.asked == [("plain", ()), ("odd", ())]
    assert _fates(told) == {"odd": ("disputed", "whole")}


async def test_each_reading_is_judged_whole_once() -> None:
    suite = _Suite({})
    runner, _ = _runner(suite, jobs=1)
    runner.known["plain"] = Whole(verdicts=_GREEN, seconds=1)
    several = [
        _candidate("a"),
        _candidate("b", reading="other"),
        _candidate("c", reading="other"),
    ]
    await runner.judge(several, ["plain", "other", "third"])
    assert [name for name, _ in suite.asked] == ["other", "a", "b", "c", "third"]


async def test_where_time_is_short_readings_are_judged_whole_only_for_what_gets_through() -> None:
    suite = _Suite({"seen": ["AITBC-REG-001"], "late": ["AITBC-DOC-001"]})
    runner, told = _runner(suite, jobs=1, until=time.monotonic() + 60)
    several = [
        _candidate("seen", "AITBC-REG-001"),
        _candidate("late", "AITBC-REG-002", reading="other"),
        _candidate("later", "AITBC-REG-003", reading="other"),
    ]
    await runner.judge(several, ["plain", "other"])
    assert suite.asked == [
        ("plain", ("AITBC-REG-001",)),
        ("other", ("AITBC-REG-002", "AITBC-REG-003")),
        ("seen", ("AITBC-REG-001",)),
        ("late", ("AITBC-REG-002",)),
        ("other", ()),
        ("late", ()),
        ("later", ("AITBC-REG-003",)),
        ("later", ()),
        ("plain", ()),
    ]
    assert _fates(told) == {
        "seen": ("caught", "suspects"),
        "late": ("caught", "whole"),
        "later": ("survived", "whole"),
    }


async def test_peer_that_is_not_green_before_it_is_broken_ends_it_all() -> None:
    suite = _Suite({"plain": ["AITBC-REG-001"]})
    runner, told = _runner(suite)
    with pytest.raises(NotGreenError, match=r"plain.*AITBC-REG-001"):
        await runner.judge([_candidate("a")], [])
    assert _fates(told) == {}


async def test_lawful_peer_that_nothing_deviates_from_fails_alone() -> None:
    suite = _Suite({"other": ["AITBC-REG-001"]})
    runner, told = _runner(suite)
    await runner.judge([_candidate("a")], ["plain", "other"])
    assert told[-1]["name"] == "other"
    assert told[-1]["verdicts"]["AITBC-REG-001"] == "fail"


async def test_nothing_is_begun_when_the_time_is_over() -> None:
    suite = _Suite({})
    runner, told = _runner(suite, until=time.monotonic())
    left = await runner.judge([_candidate("a"), _candidate("b")], ["plain", "other"])
    assert left == (2, 2)
    assert (suite.asked, told) == ([], [])


@pytest.mark.parametrize(("together", "most"), [(True, 3), (False, 1)])
async def test_as_many_are_open_as_may_be(together: bool, most: int) -> None:
    peers = _Peers(together=together)
    runner, told = _runner(_Suite({}), peers, jobs=3)
    await runner.judge([_candidate(str(number)) for number in range(9)], [])
    assert len(_fates(told)) == 9
    assert peers.most == most


async def test_broken_suite_is_an_error_of_its_own() -> None:
    async def broke(context: RunContext, limit: float) -> Seen:
        assert limit
        if context.target.url == "a":
            return Seen(verdicts={}, broke="it fell over")
        return Seen(verdicts=_GREEN)

    runner, told = _runner(broke)  # type: ignore[arg-type]
    await runner.judge([_candidate("a"), _candidate("b")], [])
    assert {name: fate for name, (fate, _) in _fates(told).items()} == {
        "a": "error",
        "b": "survived",
    }


async def test_peer_that_cannot_be_had_is_an_error_of_its_own() -> None:
    class _Unserved(_Peers):
        def broken(self, candidate: Candidate) -> Any:
            raise OSError("no address") if candidate.name == "a" else ValueError(candidate.name)

        @asynccontextmanager
        async def _peer(self, name: str) -> AsyncIterator[Peer]:
            yield Peer(target=Target(url=name))
            raise RuntimeError("it ended badly")

    runner, told = _runner(_Suite({}), _Unserved())
    with pytest.raises(NotGreenError, match="it ended badly"):
        await runner.judge([_candidate("a")], [])
    runner.known["plain"] = Whole(verdicts=_GREEN, seconds=1)
    await runner.judge([_candidate("a"), _candidate("b")], [])
    errors = [each["message"] for each in told if each["record"] == "mutant"]
    assert [("no address" in each, "'b'" in each) for each in errors] == [
        (True, False),
        (False, True),
    ]


@pytest.mark.parametrize(("jobs", "fate"), [(2, "lawful"), (1, "disputed")])
async def test_what_ends_oddly_beside_others_is_judged_once_more_alone(
    jobs: int, fate: str
) -> None:
    """Here a lawful one fails as long as it has company, or the first time."""
    peers = _Peers()
    asked: list[str] = []

    async def busy(context: RunContext, limit: float) -> Seen:
        assert limit
        name = context.target.url
        for _ in range(3):
            await asyncio.sleep(0)
        hurt = name == "slow" and not asked.count(name)
        asked.append(name)
        assert name != "slow" or hurt or peers.open == {"slow"}
        row = "AITBC-REG-001"
        return Seen(verdicts=_GREEN | ({row: "fail"} if hurt else {}))

    runner, told = _runner(busy, peers, jobs=jobs)  # type: ignore[arg-type]
    names = ("slow", "other", "third")
    assert await runner.judge([_candidate(name, lawful="odd") for name in names], []) == (0, 0)
    assert {name: found for name, (found, _) in _fates(told).items()} == {
        "slow": fate,
        "other": "lawful",
        "third": "lawful",
    }
    assert len(told) == 1 + len(names), "each is told once"
