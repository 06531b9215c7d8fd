"""A mutation score: read from its file, counted, and told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports.mutation import FATES, Score
from reports.mutation_files import (
    mutation_markdown,
    mutation_results,
    mutation_summary,
    write_mutation,
)
from schemas import PackError
from schemas.files import check
from tests.reports.mutation_builders import (
    ALONE,
    CAUGHT,
    WARNED,
    a_file,
    a_lawful,
    a_mutant,
    an_end,
)


def test_score_is_a_share_of_what_could_be_caught(tmp_path: Path) -> None:
    fates = ["survived", "escaped", "never-applied", "lawful", "disputed", "unsteady", "error"]
    others = [a_mutant(f"m{fate}", fate) for fate in fates]
    score = Score.read(a_file(tmp_path, CAUGHT, ALONE, *others, an_end()))
    assert (score.figures.counted, score.figures.score, score.figures.judged) == (4, 50.0, 9)
    assert set(score.figures.counts) == set(FATES)
    assert score.by("operator")["null"].score == 100


def test_score_is_rounded_down(tmp_path: Path) -> None:
    several = [a_mutant(str(number), "caught", fail=["A-1"]) for number in range(1999)]
    score = Score.read(a_file(tmp_path, *several, a_mutant("x", "survived")))
    assert score.figures.score == 99.9
    assert score.exit_code(100) == 1
    assert score.exit_code(99.9) == 0


def test_rows_are_told_with_what_they_saw_and_saw_alone(tmp_path: Path) -> None:
    score = Score.read(a_file(tmp_path, CAUGHT, ALONE, WARNED))
    found = {row.id: (len(row.mutants), row.alone) for row in score.requirements}
    assert found == {"A-1": (1, ()), "A-2": (3, ("b:null", "c:wrong")), "A-3": (0, ())}


def test_warning_of_what_is_stated_is_told(tmp_path: Path) -> None:
    stated = a_mutant("m", "caught", source="behaviour", warn=["A-1"])
    implied = a_mutant("n", "caught", source="behaviour", warn=["A-1"], implied=True)
    score = Score.read(a_file(tmp_path, CAUGHT, WARNED, stated, implied))
    assert [each["name"] for each in score.weak] == ["m"]
    assert "though it is stated: m\n" in mutation_summary(score, floor=97)


def test_last_record_of_the_last_state_counts(tmp_path: Path) -> None:
    old = a_mutant("a:drop", "survived", state="s0")
    first = a_mutant("a:drop", "error", message="it fell over")
    score = Score.read(a_file(tmp_path, old, first, CAUGHT))
    assert [each["fate"] for each in score.mutants] == ["caught"]
    assert score.stale == 1
    assert Score.read(score.path, state="s0").figures.counts["survived"] == 1


def test_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    path = a_file(tmp_path, CAUGHT, tail=b'{"record":"mutant","na')
    score = Score.read(path)
    assert len(score.mutants) == 1
    assert path.read_bytes()[score.length :] == b'{"record":"mutant","na'
    assert score.ending == "The last session was cut off."


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no header"),
        (b"hello\n", "is not JSON"),
        (b'{"record":"footer"}\n', "is no record of header"),
        (b'{"record":"header"}\n', "format"),
    ],
)
def test_file_of_something_else_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "other.jsonl"
    path.write_bytes(content)
    with pytest.raises(PackError, match=r"other\.jsonl") as refused:
        Score.read(path)
    assert said in str(refused.value)


def test_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="cannot be read"):
        Score.read(tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    ("records", "code"),
    [
        ([CAUGHT, a_lawful("plain", {"A-1": "pass"}), an_end()], 0),
        ([CAUGHT, a_lawful("plain", {"A-1": "fail"}), an_end()], 1),
        ([CAUGHT, a_lawful("plain", {"A-1": "warn"}), an_end()], 0),
        ([CAUGHT, a_mutant("x", "survived"), an_end()], 1),
        ([CAUGHT, a_mutant("x", "escaped"), an_end()], 1),
        ([CAUGHT, a_mutant("x", "never-applied"), an_end()], 0),
        ([CAUGHT, a_mutant("x", "disputed", lawful="by rule", fail=["A-1"]), an_end()], 0),
        ([CAUGHT, a_mutant("x", "error", message="it fell over"), an_end()], 4),
        ([CAUGHT, a_mutant("x", "unsteady", fail=["A-1"]), an_end()], 4),
        ([CAUGHT, a_lawful("plain", {}, broke="it fell over"), an_end()], 4),
        ([an_end("not-green", message="plain fails A-1")], 1),
        ([an_end()], 1),
        ([CAUGHT, an_end("out-of-time", left=4)], 0),
    ],
)
def test_exit_code_follows_from_floor_and_false_alarms(
    tmp_path: Path, records: list[dict[str, Any]], code: int
) -> None:
    assert Score.read(a_file(tmp_path, *records)).exit_code(97) == code


def test_results_are_as_their_schema_has_them(tmp_path: Path) -> None:
    lawful = a_lawful("plain", {"A-1": "fail"})
    path = a_file(tmp_path, CAUGHT, WARNED, a_mutant("x", "survived"), lawful, an_end())
    told = mutation_results(Score.read(path))
    assert list(check(told, "mutation", path)) == []
    assert told["false_alarms"] == [{"peer": "plain", "rows": ["A-1"]}]
    assert told["figures"]["score"] == 66.6
    assert told["lawful_peers"] == 1


def test_peer_that_only_some_rows_judged_is_not_counted_as_judged_whole(tmp_path: Path) -> None:
    narrow = a_lawful("other", {"A-1": "fail"}, stage="suspects")
    score = Score.read(a_file(tmp_path, a_lawful("plain", {"A-1": "pass"}), narrow, an_end()))
    assert score.judged_whole == 1
    assert [*score.false_alarms] == ["other"]


def test_reports_stand_beside_the_file(tmp_path: Path) -> None:
    path = a_file(tmp_path, CAUGHT, an_end())
    write_mutation(Score.read(path), path)
    beside = {each.name for each in tmp_path.iterdir()}
    assert beside == {"score.jsonl", "score.json", "score.html", "score.md"}


def test_page_needs_nothing_else_and_escapes_what_it_is_told(tmp_path: Path) -> None:
    wicked = a_mutant("<script>alert(1)</script>", "error", message="<img src=x>\x1b[2J")
    path = a_file(tmp_path, CAUGHT, wicked, an_end())
    write_mutation(Score.read(path), path)
    html = (tmp_path / "score.html").read_text("utf-8")
    assert "<script>" not in html
    assert "<img" not in html
    assert "\x1b" not in html
    assert "default-src &#39;none&#39;" in html
    assert "http" not in html.replace("http-equiv", "")
    assert 'href="#r-A-1"' in html


def test_survivor_is_told_with_why_it_may_be_lawful(tmp_path: Path) -> None:
    implied = a_mutant("x", "survived", implied=True)
    stated = a_mutant("y", "survived")
    score = Score.read(a_file(tmp_path, CAUGHT, implied, stated, an_end()))
    said = mutation_summary(score, floor=97)
    assert "x  (only plain reading forbids it)" in said
    assert "NOT HELD" in said
    assert "- `x` only plain reading forbids it" in mutation_markdown(score)


def test_false_alarm_and_what_was_left_are_told(tmp_path: Path) -> None:
    lawful = a_lawful("other", {"A-1": "fail"})
    records = (CAUGHT, lawful, an_end("out-of-time", left=4, left_lawful=1))
    said = mutation_summary(Score.read(a_file(tmp_path, *records)), floor=97)
    assert "FALSE ALARM other: A-1" in said
    assert "Not judged: 4 mutants, 1 lawful peer." in said
