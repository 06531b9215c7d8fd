"""Files that are no run, or a broken one, are refused with their line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports.record import read_records
from schemas import PackError
from schemas.files import check
from tests.reports.builders import encoded, error, footer, header, known, verdict, write


def refusal(path: Path) -> str:
    with pytest.raises(PackError) as caught:
        read_records(path)
    assert all(problem.file == str(path) for problem in caught.value.problems)
    return str(caught.value)


def test_records_are_sorted_by_kind(tmp_path: Path) -> None:
    path = write(tmp_path, header("A-1"), verdict("A-1"), error(), verdict("A-1"), footer())
    records = read_records(path)
    assert [check.times for check in records.checks["A-1"]] == [2]
    assert len(records.errors) == 1
    assert records.footer is not None
    assert (records.lines, records.cut) == (5, 0)


def test_missing_file(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in refusal(tmp_path / "run.jsonl")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"hello\n", ":1: is not a run"),
        (b"hello\nworld\n", ":1: is not a run"),
        (b'{"some": "json"}\n', ":1: is not a run"),
        (b"[]\n", ":1: is not a run"),
        (b"\n\n", ":1: is not a run"),
        (b'{"record": "header", "for', ":1: the header is cut off"),
        (b"\xff\xfe\n", ":1: is not a run"),
    ],
)
def test_no_run(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(content)
    assert words in refusal(path)


def test_verdict_before_the_header(tmp_path: Path) -> None:
    assert ":1: is not a run" in refusal(write(tmp_path, verdict("A-1"), header("A-1")))


def test_broken_line_in_the_middle(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(encoded([header("A-1")]) + b'{"record": "ver\n' + encoded([footer()]))
    assert ":2: is not JSON" in refusal(path)


def test_illegal_record_names_line_place_and_value(tmp_path: Path) -> None:
    path = write(tmp_path, header("A-1"), verdict("A-1"), verdict("A-1", "passed"), footer())
    message = refusal(path)
    assert ":3 at /verdict:" in message
    assert "did you mean 'pass'?" in message


def test_illegal_last_record_is_no_cut(tmp_path: Path) -> None:
    record: dict[str, Any] = {**footer(), "reason": "bored"}
    assert ":2 at /reason:" in refusal(write(tmp_path, header("A-1"), record))


def test_unknown_record(tmp_path: Path) -> None:
    path = write(tmp_path, header("A-1"), {"record": "remark"}, footer())
    assert ":2: is no record: none of header, verdict, coverage, ended, error, footer" in refusal(
        path
    )


def test_baseline_of_the_header_is_held_against_its_own_schema(tmp_path: Path) -> None:
    path = write(tmp_path, header("A-1", baseline=[known("A-1", "no")]))
    assert ":1 at /baseline/0/reason:" in refusal(path)


def test_two_runs_in_one_file(tmp_path: Path) -> None:
    head = header("A-1")
    assert ":2: a second header" in refusal(write(tmp_path, head, head))
    assert ":2: a second header" not in refusal(write(tmp_path, head, footer(), head))
    assert ":3: a record after the footer" in refusal(write(tmp_path, head, footer(), head))


def test_meta_schema_is_found_by_name_and_by_part() -> None:
    path = Path("run.jsonl")
    assert list(check(footer(), "run-record", path)) == []
    assert list(check(footer(), "run-record#/$defs/footer", path)) == []
    problems = list(check(footer(), "run-record#/$defs/error", path, line=7))
    assert problems
    assert {problem.line for problem in problems} == {7}


def test_what_tells_only_where_to_go_on_is_no_verdict(tmp_path: Path) -> None:
    ended = {"record": "ended", "check": "test_it"}
    path = write(tmp_path, header("A-1"), verdict("A-1"), ended, footer())
    assert list(read_records(path).checks) == ["A-1"]
