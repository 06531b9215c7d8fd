"""What counts as a change, which of them are regressions, and how it is told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from reports.diff import KINDS, Diff, diff
from reports.diff_file import diff_pieces
from reports.diff_text import diff_markdown, diff_terminal
from reports.run import Run
from schemas.files import check
from tests.reports.builders import footer, header, known, requirement, verdict, write

Said = dict[str, str]


def made(folder: Path, name: str, said: Said, **changes: Any) -> Run:
    """A run in which each of these requirements came to that verdict; `-` is a row without one."""
    (folder / name).mkdir(exist_ok=True)
    records = [
        verdict(identity, found, message=f"{identity} was seen to {found}" * (found != "pass"))
        for identity, found in said.items()
        if found != "-"
    ]
    end = changes.pop("end", footer())
    return Run.read(
        write(folder / name, header(*said, **changes), *records, *([end] if end else [])),
        evidence=False,
    )


def differ(folder: Path, old: Said, new: Said, *, lenient: bool = False, **changes: Any) -> Diff:
    return diff(made(folder, "old", old), made(folder, "new", new, **changes), lenient=lenient)


def one(folder: Path, before: str, after: str, *, lenient: bool = False) -> Diff:
    """The difference of one requirement, beside another that is kept; empty: the set lacks it."""
    old, new = ({"Z-1": "pass", **({"A-1": each} if each else {})} for each in (before, after))
    return differ(folder, old, new, lenient=lenient)


@pytest.mark.parametrize(
    ("before", "after", "kind", "regression"),
    [
        ("pass", "pass", "", False),
        ("inconclusive", "not-applicable", "", False),
        ("pass", "fail", "broke", True),
        ("pass", "warn", "broke", True),
        ("inconclusive", "fail", "found", True),
        ("not-applicable", "fail", "found", True),
        ("inconclusive", "warn", "found", False),
        ("", "fail", "new", True),
        ("", "warn", "new", False),
        ("", "pass", "new", False),
        ("", "inconclusive", "new", False),
        ("fail", "pass", "mended", False),
        ("warn", "pass", "mended", False),
        ("inconclusive", "pass", "judged", False),
        ("pass", "inconclusive", "unjudged", True),
        ("pass", "not-applicable", "unjudged", True),
        ("fail", "inconclusive", "unjudged", False),
        ("fail", "fail", "still", False),
        ("warn", "fail", "still", False),
        ("fail", "warn", "still", False),
        ("pass", "", "gone", False),
        ("fail", "", "gone", False),
    ],
)
def test_kind_of_each_change(
    tmp_path: Path, before: str, after: str, kind: str, regression: bool
) -> None:
    found = one(tmp_path, before, after)
    changes = [(change.kind, change.id, change.regression) for change in found.changes]
    assert changes == ([(kind, "A-1", regression)] if kind else [])
    assert found.exit_code == int(regression)
    assert found.verdict == ("worse" if regression else "no worse")
    assert found.counts == {each: int(each == kind) for each in KINDS}
    assert found.kept == 1 + ((before, after) == ("pass", "pass"))


def test_what_is_left_open_may_be_allowed_and_what_breaks_not(tmp_path: Path) -> None:
    assert one(tmp_path, "pass", "inconclusive", lenient=True).exit_code == 0
    assert one(tmp_path, "pass", "fail", lenient=True).exit_code == 1
    assert one(tmp_path, "inconclusive", "fail", lenient=True).exit_code == 1


@pytest.mark.parametrize(
    ("end", "words"),
    [(None, "record ends after line 2"), (footer("interrupted"), "interrupted")],
)
def test_run_that_is_not_whole_shows_no_absence_of_regressions(
    tmp_path: Path, end: Any, words: str
) -> None:
    found = differ(tmp_path, {"A-1": "pass"}, {"A-1": "pass"}, lenient=True, end=end)
    assert (found.verdict, found.exit_code, found.changes) == ("unclear", 1, ())
    assert found.because == ("NEW is not whole, and cannot show that nothing else broke.",)
    assert words in diff_terminal(found, colour=False, width=200)


def test_cut_off_run_tells_what_it_has(tmp_path: Path) -> None:
    old = {"A-1": "pass", "A-2": "pass", "A-3": "fail"}
    new = {"A-1": "fail", "A-2": "-", "A-3": "-"}
    found = differ(tmp_path, old, new, end=None)
    assert [(each.id, each.kind) for each in found.changes] == [
        ("A-1", "broke"),
        ("A-2", "unjudged"),
        ("A-3", "unjudged"),
    ]
    assert "ended before it was judged" in found.changes[1].message


def test_older_run_that_was_cut_off_is_a_remark_only(tmp_path: Path) -> None:
    old = made(tmp_path, "old", {"A-1": "pass", "A-2": "-"}, end=None)
    found = diff(old, made(tmp_path, "new", {"A-1": "pass", "A-2": "pass"}))
    assert found.exit_code == 0
    assert "OLD is not whole" in found.remarks[0]


def test_selection_is_no_requirement_set(tmp_path: Path) -> None:
    """What --only left out is not gone: nobody knows whether it broke."""
    whole, part = {"A-1": "pass", "B-1": "pass"}, {"A-1": "pass"}
    found = differ(tmp_path, whole, part, only="A-*")
    (change,) = found.changes
    assert (change.kind, change.after, change.regression) == ("unjudged", "", True)
    assert change.message == "--only A-* left it out"
    back = diff(found.new, found.old)
    assert [(each.kind, each.id) for each in back.changes] == [("judged", "B-1")]


def test_row_that_a_scenario_did_not_touch_is_open(tmp_path: Path) -> None:
    rows = [requirement("S-1", own=True), requirement("A-1", on_sight=True)]
    for name, touched in (("old", [verdict("A-1")]), ("new", [])):
        (tmp_path / name).mkdir()
        write(tmp_path / name, header(*rows), verdict("S-1"), *touched, footer())
    found = diff(*(Run.read(tmp_path / name / "run.jsonl") for name in ("old", "new")))
    assert [(each.kind, each.id) for each in found.changes] == [("unjudged", "A-1")]


def test_baseline_excuses_no_regression_and_is_told(tmp_path: Path) -> None:
    entry = known("A-1", "issue 12")
    found = differ(tmp_path, {"A-1": "pass"}, {"A-1": "fail"}, baseline=[entry])
    assert found.exit_code == 1
    assert found.changes[0].known == "issue 12"
    assert "baseline   issue 12" in diff_terminal(found, colour=False, width=80)


@pytest.fixture
def varied(tmp_path: Path) -> Diff:
    old = {
        "A-1": "pass", "A-2": "inconclusive", "A-3": "pass", "A-4": "fail", "A-5": "inconclusive",
        "A-6": "pass", "A-7": "fail", "A-8": "pass",
    }  # fmt: skip
    new = {
        "A-1": "fail", "A-2": "fail", "A-3": "inconclusive", "N-1": "fail", "N-2": "pass",
        "A-4": "pass", "A-5": "pass", "A-7": "fail", "A-8": "pass",
    }  # fmt: skip
    return differ(tmp_path, old, new, profile="quick")


def test_terminal_tells_every_kind_in_protocol_terms(varied: Diff) -> None:
    text = diff_terminal(varied, colour=False, width=100)
    for heading in (
        "Broke (1)", "Broken, and not judged before (1)", "No longer judged (1)",
        "New requirements (2)", "Mended (1)", "Judged now, and kept (1)",
        "Requirements that are gone (1)", "Still broken (1)",
    ):  # fmt: skip
        assert f"\n{heading}\n" in text, text
    assert "A-1 (MUST, stated)  pass -> fail\n    A-1 holds.\n    Registry\n" in text
    assert "found      A-1 was seen to fail" in text
    assert "replay     assay replay" in text
    assert "was        A-4 was seen to fail" in text
    assert "its requirement set is not that of OLD: it lacks A-6; it adds N-1, N-2" in text
    assert "its profile is quick, and standard in OLD" in text
    assert "\nWORSE\n  - 1 requirement broke: A-1." in text
    assert all(len(line) <= 100 for line in text.splitlines() if "replay" not in line)
    assert "\x1b[" not in text
    assert "\x1b[31m" in diff_terminal(varied, colour=True, width=100)


def test_no_change_is_short(tmp_path: Path) -> None:
    text = diff_terminal(differ(tmp_path, {"A-1": "pass"}, {"A-1": "pass"}), colour=False, width=80)
    assert "NO WORSE" in text
    assert "1 passed in both" in " ".join(text.split())
    assert "(0)" not in text


def test_markdown_has_findings_first_and_takes_no_mark_of_a_peer(tmp_path: Path) -> None:
    evil = "<script>x</script> | `a` @octocat #1 [x](http://evil.test) \x1b[31m\n\n# Head"
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    old = write(tmp_path / "old", header("A-1"), verdict("A-1"), footer())
    new = write(
        tmp_path / "new",
        header("A-1", peer={"name": evil}),
        verdict("A-1", "fail", message=evil),
        footer(),
    )
    text = diff_markdown(diff(Run.read(old), Run.read(new)))
    assert text.startswith("## Demo Protocol, coordinator: worse\n\n- 1 requirement broke: A-1.\n")
    row = next(line for line in text.splitlines() if line.startswith("| A-1"))
    assert len(re.findall(r"(?<!\\)\|", row)) == 5
    assert "\x1b" not in text
    assert "<script" not in re.sub(r"\\<", "", text)
    assert "@octocat" not in text
    assert "\n# Head" not in text


def test_json_keeps_its_schema(varied: Diff, tmp_path: Path) -> None:
    document = orjson.loads(b"".join(diff_pieces(varied)))
    assert list(check(document, "diff", tmp_path / "diff.json")) == []
    assert document["verdict"] == "worse"
    assert document["counts"]["new"] == 2
    broke = document["changes"][0]
    assert (broke["id"], broke["before"], broke["after"]) == ("A-1", "pass", "fail")
    gone = next(each for each in document["changes"] if each["kind"] == "gone")
    assert (gone["before"], gone["after"]) == ("pass", None)


def test_many_changes_are_cut_with_a_word(tmp_path: Path) -> None:
    ids = [f"A-{number}" for number in range(100)]
    found = differ(tmp_path, dict.fromkeys(ids, "pass"), dict.fromkeys(ids, "fail"))
    text = diff_terminal(found, colour=False, width=100)
    assert "and 70 more: A-30, " in text
    assert "and 70 more" in diff_markdown(found)
    assert len(list(orjson.loads(b"".join(diff_pieces(found)))["changes"])) == 100
