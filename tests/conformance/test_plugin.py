"""The suite's plugin, over checks made up for it, in a process of its own as always."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import defaultdict
from pathlib import Path

import pytest

from conformance.target import Target
from reports import Run
from tests.conformance.children import Done, assay, ended, judged, suite

HEAD = """
import asyncio
import pytest
from pathlib import Path
from conformance.exchange import Exchange
from conformance.marks import (
    UnjudgeableError,
    case,
    exclusive,
    from_profile,
    requirement,
    undisturbed,
)

ROW = "AITBC-REG-%03d"
"""

CHECKS = (
    HEAD
    + """
@requirement(ROW % 1)
async def test_kept(judge):
    judge.holds(ROW % 1, True, "")

@requirement(ROW % 2)
async def test_broken(judge):
    odd = Exchange(operation="getHealth", method="GET", url="http://h", status=200,
                   answer=b'{"a": "\\\\ud800", "b": 99999999999999999999999}')
    judge.holds(ROW % 2, False, "it is \\ud800 broken", odd, actual=odd.at("/a"))

@requirement(ROW % 20)
async def test_implied_broken(judge):
    judge.holds(ROW % 20, False, "only implied")

@requirement(ROW % 3, ROW % 4)
async def test_raising(judge):
    judge.holds(ROW % 3, True, "")
    raise ValueError("hunter22 slipped out")

@requirement(ROW % 5, ROW % 6)
async def test_unjudgeable(judge):
    judge.holds(ROW % 5, True, "")
    raise UnjudgeableError("the moon was full")

@pytest.fixture
def weather():
    raise UnjudgeableError("it rained")

@requirement(ROW % 7)
async def test_unjudgeable_from_the_start(weather, judge):
    judge.holds(ROW % 7, False, "never said")

@pytest.fixture
def broken_fixture(judge):
    raise KeyError("no such thing")

@requirement(ROW % 8)
async def test_broken_fixture(judge, broken_fixture):
    pass

@requirement(ROW % 9)
async def test_undeclared(judge):
    judge.holds(ROW % 10, True, "")

@from_profile("standard")
@requirement(ROW % 11)
async def test_left_out(judge):
    judge.holds(ROW % 11, True, "")

@pytest.mark.parametrize("row", [case(ROW % 12), case(ROW % 13)])
async def test_cases(row, judge):
    judge.holds(row, True, "")

@requirement("AITBC-GET-001")
async def test_not_selected(judge):
    judge.holds("AITBC-GET-001", False, "never said")

@pytest.mark.parametrize("number", range(4))
@requirement(ROW % 14)
async def test_chance(number, rng, ids, judge):
    judge.inconclusive(ROW % 14, f"{number}: {rng.random()}")

@requirement(ROW % 15, ROW % 16)
async def test_peer_is_lost(peer, judge):
    for _ in range(3):
        said = await peer.call("getHealth", served=False)
    judge.status(ROW % 15, said, 200)

@exclusive("peer")
@requirement(ROW % 17)
async def test_peer_is_gone(http_client, peer, judge):
    judge.status(ROW % 17, await peer.call("getHealth"), 200)
"""
)


def told(done: Done) -> dict[str, set[tuple[str, str]]]:
    """By requirement: the verdicts with their words."""
    found = defaultdict(set)
    for record in done.records():
        if record["record"] == "verdict":
            found[record["requirement"]].add((record["verdict"], record["message"]))
    return dict(found)


def row(number: int) -> str:
    return f"AITBC-REG-{number:03}"


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """One run over all of CHECKS, in the profile `quick`."""
    folder = tmp_path_factory.mktemp("run")
    target = Target(url="http://127.0.0.1:9", secrets=("hunter22",), capabilities={"queues": False})
    fields = {"profile": "quick", "only": "AITBC-[RQ]*", "target": target, "seed": 5}
    return asyncio.run(judged(folder, {"test_made_up.py": CHECKS}, **fields))


@pytest.mark.parametrize(
    ("number", "verdicts"),
    [
        (1, {("pass", "")}),
        (2, {("fail", "it is ? broken")}),
        (20, {("warn", "only implied")}),
        (3, {("pass", "")}),
        (5, {("pass", "")}),
        (6, {("inconclusive", "the moon was full")}),
        (7, {("inconclusive", "it rained")}),
        (11, {("inconclusive", "judged from the profile 'standard' on")}),
        (12, {("pass", "")}),
        (13, {("pass", "")}),
        (18, {("inconclusive", "nothing that was said touched it")}),
        (32, {("inconclusive", "the target has no hook 'force'")}),
    ],
)
def test_each_check_comes_to_its_verdicts(
    done: Done, number: int, verdicts: set[tuple[str, str]]
) -> None:
    assert told(done)[row(number)] == verdicts


@pytest.mark.parametrize(
    ("check", "number", "words"),
    [
        ("test_raising", 4, "ValueError('••• slipped out')"),
        ("test_broken_fixture", 8, "KeyError('no such thing')"),
        ("test_undeclared", 9, "UndeclaredError("),
    ],
)
def test_an_exception_is_a_fault_of_ours_and_leaves_nothing_decided(
    done: Done, check: str, number: int, words: str
) -> None:
    (error,) = [record for record in done.records() if record.get("check") == check
                and record["record"] == "error"]  # fmt: skip
    assert words in error["message"]
    assert "Traceback (most recent call last)" in error["traceback"]
    ((verdict, message),) = told(done)[row(number)]
    assert verdict == "inconclusive"
    assert message.startswith("a fault in Assay broke the check off: ")
    assert "a fault in Assay, not of the peer" in done.out


def test_no_secret_is_told(done: Done) -> None:
    assert "hunter22" not in done.said
    assert "hunter22" not in (done.folder / "run.jsonl").read_text()


def test_a_peer_that_went_is_asked_no_more(done: Done) -> None:
    (lost,) = told(done)[row(15)]
    assert lost[0] == "fail"
    assert "cannot connect" in lost[1]
    assert told(done)[row(17)] == {("inconclusive", "the peer no longer accepts connections")}


def test_what_is_not_selected_is_not_told_and_what_is_disclaimed_not_applicable(
    done: Done,
) -> None:
    found = told(done)
    assert "AITBC-GET-001" not in found
    queues = {verdict for name in found if "-QUEUE-" in name for verdict, _ in found[name]}
    assert queues == {"not-applicable"}


def test_the_run_is_complete_and_not_green(done: Done) -> None:
    run = Run.read(done.folder / "run.jsonl")
    assert run.complete
    assert len(run.faults) == 3
    assert run.exit_code == 1


@pytest.fixture(scope="module")
def spread(done: Done, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """The same run, over two workers."""
    folder = tmp_path_factory.mktemp("spread")
    words = ("-p", "xdist.plugin", "-n", "2")
    target = Target(url="http://127.0.0.1:9", secrets=("hunter22",), capabilities={"queues": False})
    fields = {"profile": "quick", "only": "AITBC-[RQ]*", "target": target, "seed": 5}
    return asyncio.run(judged(folder, {"test_made_up.py": CHECKS}, *words, **fields))


def test_what_was_touched_is_written_once_however_checks_are_spread(
    done: Done, spread: Done
) -> None:
    for each in (done, spread):
        said = [record for record in each.records() if record["record"] == "coverage"]
        assert [record["answers"] for record in said] == [{"getHealth": ["none"]}]
        run = Run.read(each.folder / "run.jsonl")
        assert run.covered == {"getHealth": {"none"}}


def test_workers_come_to_the_same_words(done: Done, spread: Done) -> None:
    one, two = told(done), told(spread)
    for found in (one, two):
        del found[row(15)], found[row(17)]  # who finds the peer gone depends on who asks first
    assert two == one
    assert len(Run.read(spread.folder / "run.jsonl").faults) == 3


ALONE = """
import time

WHO = Path(__file__).parent / "who"

@pytest.mark.parametrize("turn", range(6))
@requirement(ROW % 1)
@MARK
async def test_the_crane(turn, judge):
    judge.holds(ROW % 1, True, "")
    for what in ("takes", "leaves"):
        with WHO.open("a") as who:
            print(what, file=who)
        time.sleep(0.2)
"""


@pytest.mark.parametrize("mark", ['exclusive("crane")', "undisturbed"])
def test_what_is_exclusive_never_runs_beside_its_like(tmp_path: Path, mark: str) -> None:
    words = ("-p", "xdist.plugin", "-n", "2")
    checks = HEAD + ALONE.replace("MARK", mark)
    asyncio.run(judged(tmp_path, {"test_made_up.py": checks}, *words))
    said = next(tmp_path.rglob("who")).read_text("utf-8").split()
    assert said == ["takes", "leaves"] * 6


async def test_the_same_seed_gives_the_same_cases_and_another_others(
    done: Done, tmp_path: Path
) -> None:
    fields = {"only": row(14)}
    again, other = await asyncio.gather(
        *(
            judged(_folder(tmp_path, str(seed)), {"test_made_up.py": CHECKS}, seed=seed, **fields)
            for seed in (5, 6)
        )
    )
    chances = told(done)[row(14)]
    assert len(chances) == 4
    assert len({message.partition(": ")[2] for _, message in chances}) == 4, "each has its own"
    assert told(again)[row(14)] == chances
    assert told(other)[row(14)].isdisjoint(chances)
    assert set(told(again)) == {row(14)}, "only what was selected is judged"


def _folder(parent: Path, name: str) -> Path:
    path = parent / name
    path.mkdir()
    return path


async def test_an_unknown_requirement_and_none_at_all_are_refused_at_collection(
    tmp_path: Path,
) -> None:
    checks = (
        HEAD
        + """
@requirement("AITBC-REG-999")
async def test_unknown(judge): pass

async def test_of_nothing(judge): pass

@requirement(ROW % 1)
async def test_good(judge): judge.holds(ROW % 1, True, "")
"""
    )
    done = await judged(tmp_path, {"test_made_up.py": checks})
    assert done.code == pytest.ExitCode.USAGE_ERROR
    assert "test_unknown judges AITBC-REG-999, which is no requirement of aitbc" in done.said
    assert "test_of_nothing declares no requirement" in done.said
    assert "test_good" not in done.said
    assert told(done) == {}, "nothing is judged by a suite that is wrong"
    run = Run.read(tmp_path / "run.jsonl")
    assert run.footer is not None
    assert run.footer["reason"] == "broken"
    assert run.exit_code == 4


async def test_a_check_that_cannot_be_imported_breaks_the_run(tmp_path: Path) -> None:
    good = HEAD + "@requirement(ROW % 1)\nasync def test_good(judge): pass"
    done = await judged(tmp_path, {"test_bad.py": "import no_such_thing", "test_good.py": good})
    run = Run.read(tmp_path / "run.jsonl")
    assert run.footer is not None
    assert run.footer["reason"] == "broken"
    (fault,) = run.faults
    assert fault.message == "a check cannot be loaded"
    assert "no_such_thing" in fault.traceback
    assert run.exit_code == 4
    assert "ERROR  in " in done.out


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
async def test_a_run_that_is_cut_off_keeps_what_was_judged(
    tmp_path: Path, sign: signal.Signals
) -> None:
    checks = (
        HEAD
        + f"""
@requirement(ROW % 1)
async def test_1(judge): judge.holds(ROW % 1, True, "")

@requirement(ROW % 2)
async def test_2(judge): judge.holds(ROW % 2, False, "wrong")

@requirement(ROW % 3)
async def test_3(judge):
    Path({str(tmp_path / "here")!r}).touch()
    await asyncio.sleep(60)
"""
    )
    process = await suite(tmp_path, {"test_made_up.py": checks})
    async with asyncio.timeout(30):
        while not (tmp_path / "here").exists():  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.02)
    os.killpg(process.pid, sign)
    done = await ended(process, tmp_path)
    assert told(done) == {row(1): {("pass", "")}, row(2): {("fail", "wrong")}}
    run = Run.read(tmp_path / "run.jsonl")
    if sign == signal.SIGINT:
        assert run.footer is not None
        assert run.footer["reason"] == "interrupted"
        assert "interrupted" in run.ending
    else:
        assert run.footer is None
        said = await assay(tmp_path, "report", "run.jsonl", "--out", "report")
        assert said.code == 1
        assert "The run has no footer: its record ends after line 5." in said.out
        assert (tmp_path / "report" / "report.html").exists()


async def test_a_check_left_out_of_quick_runs_in_standard(tmp_path: Path) -> None:
    done = await judged(tmp_path, {"test_made_up.py": CHECKS}, only=row(11), profile="standard")
    assert told(done) == {row(11): {("pass", "")}}
