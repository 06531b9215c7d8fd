"""What a run judged of the requirements, and what it came by of the protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reports.coverage import groups, surface
from reports.html import html
from tests.reports.builders import (
    coverage,
    footer,
    header,
    message,
    operation,
    requirement,
    run,
    verdict,
)


def _surface(*operations: dict[str, Any], messages: tuple[dict[str, Any], ...] = ()) -> Any:
    return {"operations": list(operations), "messages": list(messages)}


def test_groups_count_all_that_applies(tmp_path: Path) -> None:
    rows = [requirement(f"A-{n}", level="MUST" if n < 4 else "SHOULD") for n in range(6)]
    names = ("pass", "fail", "inconclusive", "not-applicable", "pass")
    found = [verdict(f"A-{n}", name) for n, name in enumerate(names)]
    must, should = groups(run(tmp_path, header(*rows), *found, footer()).requirements, "level")
    assert (must.name, should.name) == ("MUST", "SHOULD")
    assert (must.passed.percent, must.judged.percent) == ("33 %", "66 %")
    assert (should.passed.part, should.passed.whole) == (1, 2)  # what nobody judged is one of them
    assert must.counts["inconclusive"] == must.counts["not-applicable"] == 1


def test_statuses_are_told_from_ranges_and_from_what_is_documented(tmp_path: Path) -> None:
    told = _surface(operation("get", "200", "404", "4XX", "5XX"), operation("list", "200"))
    made = run(
        tmp_path,
        header("A-1", surface=told),
        coverage(get=["200", "409"]),
        coverage(get=["302", "422", "none"]),
        footer(),
    )
    found = surface(made)
    assert found is not None
    got, listed = found.operations
    assert [(each.text, each.state) for each in got.statuses] == [
        ("200", "seen"),
        ("404", "unseen"),
        ("4XX: 409, 422", "seen"),
        ("5XX", "unseen"),
        ("302", "undocumented"),
        ("no answer", "unanswered"),
    ]
    assert (got.seen, listed.seen) == (True, False)
    assert (found.called.part, found.called.whole) == (1, 2)
    assert (found.answered.part, found.answered.whole) == (2, 5)


def test_what_is_not_claimed_is_no_gap(tmp_path: Path) -> None:
    told = _surface(
        operation("get", "200", capability="tasks"),
        messages=(message("hello"), message("bye"), message("task", capability="tasks")),
    )
    made = run(
        tmp_path, header("A-1", surface=told, unclaimed=["tasks"]), coverage("hello"), footer()
    )
    found = surface(made)
    assert found is not None
    assert found.called.whole == found.answered.whole == 0
    assert (found.sent.part, found.sent.whole) == (1, 2)
    page = html(made)
    assert "1 of 2 messages of the coordinator seen (50 %)" in page
    assert "not claimed" in page


def test_older_record_says_that_it_does_not_tell(tmp_path: Path) -> None:
    made = run(tmp_path, header("A-1"), verdict("A-1"), footer())
    assert surface(made) is None
    assert "Of operations, messages and statuses this record does not tell." in html(made)
