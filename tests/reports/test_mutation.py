"""A mutation score: read from its file, counted, and told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
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

_AT = "2026-03-01T10:00:00.000Z"
_ROWS = [
    {"id": f"A-{number}", "level": "MUST", "basis": "stated", "section": "One", "text": "It does."}
    for number in (1, 2, 3)
]
_HEADER = {
    "record": "header",
    "format": 1,
    "assay": "0.1.0",
    "protocol": {"id": "aitbc", "title": "AITBC", "version": "1"},
    "role": "coordinator",
    "profile": "standard",
    "strict": False,
    "seed": 0,
    "started": _AT,
    "requirements": _ROWS,
}


def _session(state: str = "s1") -> dict[str, Any]:
    source = {"source": "wire", "name": "the local mock", "known": 90, "chosen": 3}
    told = {"command": "assay mutate aitbc", "stages": "both", "sources": [source]}
    return {"record": "session", "at": _AT, "state": state, **told}


def _mutant(name: str, fate: str, **more: Any) -> dict[str, Any]:
    return {
        "record": "mutant",
        "at": _AT,
        "state": "s1",
        "source": "wire",
        "name": name,
        "place": "getAgent",
        "operator": "drop",
        "pointer": "/status",
        "lawful": "",
        "implied": False,
        "section": "",
        "reading": "",
        "fate": fate,
        "fail": [],
        "warn": [],
        "lost": [],
        "message": "",
        "applied": 3,
        "stage": "whole",
        "seconds": 1.5,
        **more,
    }


def _lawful(name: str, verdicts: dict[str, str], **more: Any) -> dict[str, Any]:
    told = {"stage": "whole", "seconds": 2, "verdicts": verdicts, "broke": ""}
    return {
        "record": "lawful",
        "at": _AT,
        "state": "s1",
        "source": "wire",
        "name": name,
        **told,
        **more,
    }


def _end(reason: str = "complete", **more: Any) -> dict[str, Any]:
    told = {"reason": reason, "left": 0, "left_lawful": 0, "message": ""}
    return {"record": "end", "at": _AT, **told, **more}


def _file(folder: Path, *records: dict[str, Any], tail: bytes = b"") -> Path:
    path = folder / "score.jsonl"
    lines = [orjson.dumps(each) + b"\n" for each in (_HEADER, _session(), *records)]
    path.write_bytes(b"".join(lines) + tail)
    return path


_CAUGHT = _mutant("a:drop", "caught", fail=["A-1", "A-2"])
_ALONE = _mutant("b:null", "caught", fail=["A-2"], operator="null")
_WARNED = _mutant("c:wrong", "caught", warn=["A-2"])


def test_score_is_a_share_of_what_could_be_caught(tmp_path: Path) -> None:
    fates = ["survived", "escaped", "never-applied", "lawful", "disputed", "unsteady", "error"]
    others = [_mutant(f"m{fate}", fate) for fate in fates]
    score = Score.read(_file(tmp_path, _CAUGHT, _ALONE, *others, _end()))
    assert (score.figures.counted, score.figures.score, score.figures.judged) == (4, 50.0, 9)
    assert set(score.figures.counts) == set(FATES)
    assert score.by("operator")["null"].score == 100


def test_score_is_rounded_down(tmp_path: Path) -> None:
    several = [_mutant(str(number), "caught", fail=["A-1"]) for number in range(1999)]
    score = Score.read(_file(tmp_path, *several, _mutant("x", "survived")))
    assert score.figures.score == 99.9
    assert score.exit_code(100) == 1
    assert score.exit_code(99.9) == 0


def test_rows_are_told_with_what_they_saw_and_saw_alone(tmp_path: Path) -> None:
    score = Score.read(_file(tmp_path, _CAUGHT, _ALONE, _WARNED))
    found = {row.id: (len(row.mutants), row.alone) for row in score.requirements}
    assert found == {"A-1": (1, ()), "A-2": (3, ("b:null", "c:wrong")), "A-3": (0, ())}
    assert [each["name"] for each in score.weak] == ["c:wrong"]


def test_last_record_of_the_last_state_counts(tmp_path: Path) -> None:
    old = _mutant("a:drop", "survived", state="s0")
    first = _mutant("a:drop", "error", message="it fell over")
    score = Score.read(_file(tmp_path, old, first, _CAUGHT))
    assert [each["fate"] for each in score.mutants] == ["caught"]
    assert score.stale == 1
    assert Score.read(score.path, state="s0").figures.counts["survived"] == 1


def test_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    path = _file(tmp_path, _CAUGHT, tail=b'{"record":"mutant","na')
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
        ([_CAUGHT, _lawful("plain", {"A-1": "pass"}), _end()], 0),
        ([_CAUGHT, _lawful("plain", {"A-1": "fail"}), _end()], 1),
        ([_CAUGHT, _lawful("plain", {"A-1": "warn"}), _end()], 0),
        ([_CAUGHT, _mutant("x", "survived"), _end()], 1),
        ([_CAUGHT, _mutant("x", "escaped"), _end()], 1),
        ([_CAUGHT, _mutant("x", "never-applied"), _end()], 0),
        ([_CAUGHT, _mutant("x", "disputed", lawful="by rule", fail=["A-1"]), _end()], 0),
        ([_CAUGHT, _mutant("x", "error", message="it fell over"), _end()], 4),
        ([_CAUGHT, _mutant("x", "unsteady", fail=["A-1"]), _end()], 4),
        ([_CAUGHT, _lawful("plain", {}, broke="it fell over"), _end()], 4),
        ([_end("not-green", message="plain fails A-1")], 1),
        ([_end()], 1),
        ([_CAUGHT, _end("out-of-time", left=4)], 0),
    ],
)
def test_exit_code_follows_from_floor_and_false_alarms(
    tmp_path: Path, records: list[dict[str, Any]], code: int
) -> None:
    assert Score.read(_file(tmp_path, *records)).exit_code(97) == code


def test_results_are_as_their_schema_has_them(tmp_path: Path) -> None:
    lawful = _lawful("plain", {"A-1": "fail"})
    path = _file(tmp_path, _CAUGHT, _WARNED, _mutant("x", "survived"), lawful, _end())
    told = mutation_results(Score.read(path))
    assert list(check(told, "mutation", path)) == []
    assert told["false_alarms"] == [{"peer": "plain", "rows": ["A-1"]}]
    assert told["figures"]["score"] == 66.6


def test_reports_stand_beside_the_file(tmp_path: Path) -> None:
    path = _file(tmp_path, _CAUGHT, _end())
    write_mutation(Score.read(path), path)
    beside = {each.name for each in tmp_path.iterdir()}
    assert beside == {"score.jsonl", "score.json", "score.html", "score.md"}


def test_page_needs_nothing_else_and_escapes_what_it_is_told(tmp_path: Path) -> None:
    wicked = _mutant("<script>alert(1)</script>", "error", message="<img src=x>\x1b[2J")
    path = _file(tmp_path, _CAUGHT, wicked, _end())
    write_mutation(Score.read(path), path)
    html = (tmp_path / "score.html").read_text("utf-8")
    assert "<script>" not in html
    assert "<img" not in html
    assert "\x1b" not in html
    assert "default-src &#39;none&#39;" in html
    assert "http" not in html.replace("http-equiv", "")
    assert 'href="#r-A-1"' in html


def test_survivor_is_told_with_why_it_may_be_lawful(tmp_path: Path) -> None:
    implied = _mutant("x", "survived", implied=True)
    stated = _mutant("y", "survived")
    score = Score.read(_file(tmp_path, _CAUGHT, implied, stated, _end()))
    said = mutation_summary(score, floor=97)
    assert "x  (only plain reading forbids it)" in said
    assert "NOT HELD" in said
    assert "- `x` only plain reading forbids it" in mutation_markdown(score)


def test_false_alarm_and_what_was_left_are_told(tmp_path: Path) -> None:
    lawful = _lawful("other", {"A-1": "fail"})
    records = (_CAUGHT, lawful, _end("out-of-time", left=4, left_lawful=1))
    said = mutation_summary(Score.read(_file(tmp_path, *records)), floor=97)
    assert "FALSE ALARM other: A-1" in said
    assert "Not judged: 4 mutants, 1 lawful peer." in said
