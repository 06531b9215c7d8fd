"""A page of any run keeps its measure, and says what it leaves out."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from reports import fetched, room
from reports.html import html
from reports.record import read_records
from tests.reports.builders import (
    encoded,
    error,
    exchange,
    footer,
    header,
    known,
    run,
    verdict,
    write,
)

_LARGEST = 5_000_000


def _evidence(number: int, size: int = 300) -> dict[str, Any]:
    body = {"a": {"b": number, "text": "x" * size}}
    return {"exchanges": [exchange(body, body)], "pointers": ["/a/b"], "expected": 1}


def test_first_finding_of_each_comes_before_the_second_of_any(tmp_path: Path) -> None:
    found = [
        verdict(name, "fail", f"test_{name}_{n}", f"{name} has {n}", evidence=_evidence(n))
        for name in ("A-1", "A-2")
        for n in range(7)
    ]
    made = run(tmp_path, header("A-1", "A-2"), *found, footer())
    order = [each.name for each in room.candidates(made.findings)]
    assert order[:4] == ["A-1", "A-2", "A-1#2", "A-2#2"]
    assert len(order) == 2 * room.FULL
    page = html(made)
    assert page.count('<div class="finding">') == 2 * room.FULL
    assert "A-1 has 6" in page  # without its transcript, but not without a word
    assert "assay replay" in page


def test_findings_that_find_no_room_are_told_in_a_line(tmp_path: Path) -> None:
    names = [f"A-{n}" for n in range(1_200)]
    found = [verdict(name, "fail", evidence=_evidence(0, 900)) for name in names]
    page = html(run(tmp_path, header(*names), *found, footer()))
    assert len(page) < _LARGEST
    shown = page.count('<div class="finding">')
    assert 100 < shown < 1_200
    assert page.count("no room for its transcript here") == 1_200 - shown


def test_of_too_many_requirements_those_that_passed_go_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "ROWS", 3)
    ids = [f"A-{n}" for n in range(6)]
    found = [verdict(name, "fail" if name == "A-5" else "pass") for name in ids[1:]]
    page = html(run(tmp_path, header(*ids), *found, footer()))
    assert [name for name in ids if f'id="r-{name}"' in page] == ["A-0", "A-1", "A-5"]
    assert "3 more requirements not shown here, see results.json" in page
    assert "4 of 6 applicable requirements" in page  # what counts is counted all the same


def test_heads_of_messages_have_their_measure(tmp_path: Path) -> None:
    long = "y" * 1_000_000
    said = exchange()
    said["request"]["url"] = said["operation"] = said["failure"] = long
    said["response"]["headers"] = {f"x-{n}": long for n in range(100)}
    evidence = {"exchanges": [said], "reproduce": long}
    found = verdict("A-1", "fail", long, long, evidence=evidence)
    page = html(run(tmp_path, header("A-1"), found, error(long), footer()))
    assert len(page) < 300_000
    assert "and 40 more headers" in page
    assert "too long to be shown" in page


def test_whatever_there_is_much_of_is_cut(tmp_path: Path) -> None:
    ids = [f"A-{n}" for n in range(1_000)]
    made = run(
        tmp_path,
        header(*ids, baseline=[known(name) for name in [*ids[:300], *(f"B-{n}" for n in ids)]]),
        *(verdict(name, "fail") for name in ids[:300]),
        *(verdict(name, "inconclusive", message=f"cause {name}") for name in ids[300:]),
        *(error(f"fault {n}") for n in range(1_000)),
        footer(),
    )
    page = html(made)
    assert "and 600 more causes" in page
    assert "and 980 more, see results.json" in page
    assert len(page) < _LARGEST


def test_many_verdicts_take_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    ids = [f"A-{n}" for n in range(50)]
    few = [verdict(ids[n % 50], "fail", f"test_{n}", evidence=_evidence(n)) for n in range(500)]
    again = encoded(few) * 20  # 10 000 verdicts, 11 MB
    path.write_bytes(encoded([header(*ids)]) + again + encoded([footer()]))
    tracemalloc.start()
    records = read_records(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(check.times for checks in records.checks.values() for check in checks) == 10_000
    assert peak < 8_000_000


def test_evidence_beyond_what_memory_holds_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reports.record._ROOM", 3_000)
    found = [verdict("A-1", "fail", f"test_{n}", evidence=_evidence(n)) for n in range(9)]
    path = write(tmp_path, header("A-1"), *found, footer())
    checks = read_records(path).checks["A-1"]
    held = [isinstance(check.evidence, fetched.Fetched) for check in checks]
    assert not held[0]
    assert held[-1]
    assert [dict(check.evidence or {}) for check in checks] == [each["evidence"] for each in found]
    page = html(run(tmp_path, header("A-1"), *found, footer()))
    assert "test_8" in page
