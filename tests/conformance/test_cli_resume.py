"""`assay test --resume`: what ended is not done again, and the rest is."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

import mockserver
from conformance.resuming import check_id, read_earlier
from mockserver import RunningMock
from tests.conformance.children import Done, assay

ASKED = ("--only", "AITBC-STAT-*", "--out", "out")


@pytest.fixture
async def mock() -> AsyncIterator[RunningMock]:
    async with mockserver.start("aitbc") as running:
        yield running


def ended(done: Done) -> list[str]:
    return [each["check"] for each in done.records("out/run.jsonl") if each["record"] == "ended"]


def verdicts(records: list[Any]) -> list[Any]:
    return [each for each in records if each["record"] == "verdict" and each["check"] != "run"]


def cut_in_half(record: Path) -> list[Any]:
    """The run as it were, had it died in the middle of a line."""
    whole = record.read_bytes().split(b"\n")
    kept = whole[: len(whole) // 2]
    record.write_bytes(b"\n".join([*kept, whole[len(kept)][:20]]))
    return [orjson.loads(line) for line in kept]


async def test_run_that_died_goes_on_where_it_was(tmp_path: Path, mock: RunningMock) -> None:
    asked = ("test", "aitbc", "--url", mock.url, "--fuzz", "0", *ASKED)
    whole = await assay(tmp_path, *asked)
    assert whole.code == 0, whole.said
    checks, found = ended(whole), verdicts(whole.records("out/run.jsonl"))
    before = cut_in_half(tmp_path / "out" / "run.jsonl")
    there = {each["check"] for each in before if each["record"] == "ended"}
    assert there
    assert len(there) < len(checks)

    done = await assay(tmp_path, *asked, "--resume", "out")
    assert done.code == 0, done.said
    header, *records = done.records("out/run.jsonl")
    assert header["continues"] == {"run": before[0]["run"], "chapter": 1}
    assert sorted(ended(done)) == sorted(checks), "each of them once"
    last = max(at for at, each in enumerate(before) if each["record"] == "ended")
    kept = verdicts(before[:last])
    assert verdicts(records)[: len(kept)] == kept, "as they fell, with their times"
    assert _told(verdicts(records)) == _told(found)
    assert (tmp_path / "out" / "earlier.jsonl").exists()


def _told(found: list[Any]) -> dict[str, str]:
    return {each["requirement"]: each["verdict"] for each in found}


async def test_only_what_generates_its_cases_goes_on_after_a_whole_run(
    tmp_path: Path, mock: RunningMock
) -> None:
    asked = ("test", "aitbc", "--url", mock.url, *ASKED, "--fuzz", "1")
    whole = await assay(tmp_path, *asked)
    assert whole.code == 0, whole.said
    done = await assay(tmp_path, *asked, "--resume", "out")
    assert done.code == 0, done.said
    times = Counter(ended(done))
    again = {check for check, count in times.items() if count == 2}
    assert again
    assert all("stateful" in check or "made_up" in check for check in again), again
    assert set(times.values()) == {1, 2}


@pytest.mark.parametrize(
    ("more", "word"),
    [
        (("--seed", "3"), "--seed 0"),
        (("--profile", "quick"), "--profile standard"),
        (("--strict",), "without --strict"),
        (("--only", "AITBC-GET-*"), "--only AITBC-STAT-*"),
    ],
)
async def test_another_run_is_none_to_go_on_from(
    tmp_path: Path, mock: RunningMock, more: tuple[str, ...], word: str
) -> None:
    asked = ("test", "aitbc", "--url", mock.url, "--fuzz", "0", *ASKED)
    (tmp_path / "out").mkdir()
    record = tmp_path / "out" / "run.jsonl"
    record.write_bytes(orjson.dumps(_header(mock.url)) + b"\n")
    done = await assay(tmp_path, *asked, *more, "--resume", "out")
    assert done.code == 2, done.said
    assert word in done.err
    assert record.exists(), "it is left as it was"


def _header(url: str) -> dict[str, Any]:
    return {
        "record": "header", "format": 1, "run": "r1", "assay": "0.1.0", "role": "coordinator",
        "protocol": {"id": "aitbc", "title": "", "version": "", "document": ""},
        "peer": {"name": url}, "seed": 0, "profile": "standard", "strict": False,
        "only": "AITBC-STAT-*", "started": "2026-11-01T00:00:00Z", "command": "", "claimed": [],
        "unclaimed": [], "requirements": [], "baseline": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("node", "known"),
    [
        ("a/test_b.py::test_c", "a/test_b.py::test_c"),
        ("a/test_b.py::test_c@socket", "a/test_b.py::test_c"),
        ("a/test_b.py::test_c[x@y]", "a/test_b.py::test_c[x@y]"),
        ("a/test_b.py::test_c[x@y]@socket", "a/test_b.py::test_c[x@y]"),
    ],
)
def test_check_has_one_id_however_checks_are_spread(node: str, known: str) -> None:
    assert check_id(node) == known


def test_what_broke_off_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    said = [
        {"record": "header", "run": "r1", "continues": {"run": "r0", "chapter": 4}},
        {"record": "verdict", "check": "test_done", "requirement": "A", "verdict": "fail"},
        {"record": "ended", "check": "a.py::test_done"},
        {"record": "coverage", "check": "test_broke", "answers": {}, "messages": []},
        {"record": "verdict", "check": "answers of x", "requirement": "B", "verdict": "pass"},
        {"record": "verdict", "check": "test_broke", "requirement": "C", "verdict": "fail"},
        {"record": "error", "check": "test_broke"},
        {"record": "verdict", "check": "run", "requirement": "D", "verdict": "inconclusive"},
    ]
    path.write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in said) + b'{"record": "ver')
    found = read_earlier(path)
    assert (found.run, found.chapter, found.ended) == ("r1", 5, frozenset({"a.py::test_done"}))
    assert [each.get("requirement") for each in found.records] == ["A", None, None, "B"]
