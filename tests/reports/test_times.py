"""Times of a record as numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.times import iso, milliseconds, span
from tests.reports.builders import AT, END, footer, header, run, verdict


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1970-01-01T00:00:01.5Z", 1500),
        ("1970-01-01T01:00:00+01:00", 0),
        ("2016-12-31T23:59:60Z", 7),
        ("", 7),
    ],
)
def test_milliseconds_or_what_is_said_otherwise(text: str, number: int) -> None:
    assert milliseconds(text, 7) == number


def test_there_and_back() -> None:
    assert iso(milliseconds(AT)) == AT


def test_a_run_lasts_until_its_footer_or_its_last_verdict(tmp_path: Path) -> None:
    late = {**verdict("A-1"), "at": "2026-11-21T09:30:05.000Z"}
    start = milliseconds(AT)
    assert span(run(tmp_path, header("A-1"), late, footer())) == (start, milliseconds(END))
    assert span(run(tmp_path, header("A-1"), late)) == (start, start + 5000)
    assert span(run(tmp_path, header("A-1"))) == (start, start)
