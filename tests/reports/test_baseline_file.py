"""Baselines that are written: what goes in, what stays, what leaves, and how it reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports.baseline import read_baseline
from reports.baseline_file import Draft, draft, written
from reports.run import Run
from schemas import PackError
from tests.reports.builders import footer, header, known, requirement, verdict, write
from tests.reports.test_diff import made

REASON = {"reason": "issue 12"}


def entries(found: Draft) -> dict[str, dict[str, Any]]:
    return {line.entry["requirement"]: dict(line.entry) for line in found.lines}


def test_every_failure_has_an_entry_and_nothing_else_has(tmp_path: Path) -> None:
    said = {"A-1": "fail", "A-2": "pass", "A-3": "warn", "A-4": "inconclusive", "A-5": "fail"}
    found = draft([made(tmp_path, "one", said, baseline=[known("A-5")])], [], **REASON)
    assert list(entries(found)) == ["A-1", "A-5"]
    assert entries(found)["A-1"] == {"requirement": "A-1", "reason": "issue 12"}
    assert not any(line.kept or line.over or line.unexplained for line in found.lines)


def test_reasons_and_days_that_are_there_stay(tmp_path: Path) -> None:
    old = [known("A-1", "issue 7", expires="2027-05-01"), known("A-2", "issue 8")]
    said = dict.fromkeys(["A-1", "A-2", "A-3"], "fail")
    found = draft([made(tmp_path, "one", said)], old, reason="issue 99", expires="2028-01-01")
    assert entries(found) == {
        "A-1": known("A-1", "issue 7", expires="2027-05-01"),
        "A-2": known("A-2", "issue 8"),
        "A-3": known("A-3", "issue 99", expires="2028-01-01"),
    }
    assert [line.kept for line in found.lines] == [True, True, False]


def test_what_fails_no_more_leaves_and_what_was_not_judged_stays(tmp_path: Path) -> None:
    old = [known(name) for name in ("A-1", "A-2", "A-3", "A-4", "Z-9")]
    said = {"A-1": "pass", "A-2": "warn", "A-3": "inconclusive", "A-4": "not-applicable"}
    found = draft([made(tmp_path, "one", said)], old)
    assert list(entries(found)) == ["A-3", "A-4"]
    assert found.dropped == {
        "A-1": "it does not fail now",
        "A-2": "it does not fail now",
        "Z-9": "there is no such requirement",
    }
    assert [line.outcome for line in found.lines] == [None, None]


def test_what_a_run_was_not_to_judge_stays(tmp_path: Path) -> None:
    run = made(tmp_path, "one", {"A-1": "fail"}, only="A-*")
    assert list(entries(draft([run], [known("B-1")]))) == ["A-1", "B-1"]
    (tmp_path / "two").mkdir()
    path = write(tmp_path / "two", header(requirement("S-1", own=True)), verdict("S-1"), footer())
    assert list(entries(draft([Run.read(path)], [known("B-1")]))) == ["B-1"]


def test_what_fails_in_some_runs_is_flaky_and_needs_a_last_day(tmp_path: Path) -> None:
    runs = [
        made(tmp_path, "one", {"A-1": "fail", "A-2": "fail", "A-3": "fail"}),
        made(tmp_path, "two", {"A-1": "pass", "A-2": "fail", "A-3": "inconclusive"}),
    ]
    found = draft(runs, [], **REASON)
    assert found.undated == ("A-1",)
    assert {name: entry.get("flaky") for name, entry in entries(found).items()} == {
        "A-1": True,
        "A-2": None,
        "A-3": None,
    }
    assert draft(runs, [], **REASON, expires="2027-01-31").undated == ()
    dated = draft(runs, [known("A-1", expires="2026-12-24")], **REASON)
    assert entries(dated)["A-1"] == known("A-1", expires="2026-12-24", flaky=True)


@pytest.mark.parametrize("found", ["pass", "fail"])
def test_what_was_told_to_be_flaky_stays_so(tmp_path: Path, found: str) -> None:
    old = [known("A-1", expires="2027-01-31", flaky=True)]
    assert list(entries(draft([made(tmp_path, "one", {"A-1": found})], old)).values()) == old


def test_entry_whose_last_day_is_over_is_told_and_keeps_it(tmp_path: Path) -> None:
    old = [known("A-1", expires="2026-11-20")]
    found = draft([made(tmp_path, "one", {"A-1": "fail"})], old, expires="2027-01-31")
    assert list(entries(found).values()) == old
    assert [line.over for line in found.lines] == [True]


def test_runs_with_nothing_in_common_are_refused(tmp_path: Path) -> None:
    runs = [made(tmp_path, role, {"A-1": "fail"}, role=role) for role in ("agent", "coordinator")]
    with pytest.raises(PackError):
        draft(runs, [])


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    reason = 'he said: "no" # really\n\tü 𝄞 {x} \x1b'
    old = [known("A-1", reason, expires="2027-01-31", flaky=True)]
    found = draft([made(tmp_path, "one", {"A-1": "fail", "A-2": "fail"})], old, **REASON)
    path = tmp_path / "baseline.yaml"
    path.write_text(written(found), "utf-8")
    first, second = read_baseline(path)
    assert first == {**old[0], "reason": reason.replace("\x1b", "\ufffd")}
    assert second == known("A-2")
    assert "  # MUST: A-1 holds.\n  # found: A-1 was seen to fail\n" in path.read_text("utf-8")


def test_nothing_known_is_a_baseline_too(tmp_path: Path) -> None:
    path = tmp_path / "baseline.yaml"
    path.write_text(written(draft([made(tmp_path, "one", {"A-1": "pass"})], [])))
    assert read_baseline(path) == ()


def test_entry_without_a_reason_is_written_and_refused(tmp_path: Path) -> None:
    found = draft([made(tmp_path, "one", {"A-1": "fail"})], [])
    assert found.lines[0].unexplained
    path = tmp_path / "baseline.yaml"
    path.write_text(written(found))
    assert "to be filled in" in path.read_text()
    with pytest.raises(PackError, match="/known/0/reason"):
        read_baseline(path)


def test_finding_of_a_peer_cannot_leave_its_comment(tmp_path: Path) -> None:
    evil = "x\n  - requirement: Z-1\n    reason: planted\r\u2028\x85y" + "z" * 500
    path = write(tmp_path, header("A-1"), verdict("A-1", "fail", message=evil), footer())
    text = written(draft([Run.read(path)], [], **REASON))
    (tmp_path / "b.yaml").write_text(text, "utf-8")
    assert [entry["requirement"] for entry in read_baseline(tmp_path / "b.yaml")] == ["A-1"]
    assert all(len(line) <= 100 for line in text.splitlines())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("known:\n- {requirement: A, reason: one}\n- {requirement: A, reason: two}\n",
         "b.yaml:3 at /known/1/requirement: has an entry already"),
        ("known:\n- {requirement: A, reason: one, flaky: true}\n", "expires"),
        ("known:\n- {requirement: A, reason: one, expires: soon}\n", "/known/0/expires"),
    ],
)  # fmt: skip
def test_baseline_that_cannot_be_meant_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "b.yaml").write_text(text)
    with pytest.raises(PackError) as caught:
        read_baseline(tmp_path / "b.yaml")
    assert words in str(caught.value)
