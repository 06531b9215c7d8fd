"""Every format, of every kind of record: each is legal by its own schema and says how it ended."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import reports
from reports.formats import DEFAULT_FORMATS, FORMATS, forget, write_formats
from reports.run import Run
from tests.reports.builders import (
    encoded,
    error,
    exchange,
    footer,
    frame,
    handshake,
    header,
    known,
    requirement,
    run,
    verdict,
)
from tests.reports.lifelike import records
from tests.reports.readers import legal_ctrf, legal_har, legal_junit, legal_sarif

LEGAL: dict[str, Callable[[Path], Any]] = {
    "ctrf": legal_ctrf,
    "har": legal_har,
    "junit": legal_junit,
    "sarif": legal_sarif,
}
HOSTILE = "".join(map(chr, range(0x250))) + "\u202e\u2066\ufeff`]]></failure>&amp;<!--\ufffe"


def told(made: Run, out: Path) -> dict[str, str]:
    """All that was written, by format."""
    write_formats(made, out, FORMATS)
    texts = {}
    for name, each in FORMATS.items():
        path = out / each.file
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        texts[name] = "\n".join(file.read_text("utf-8") for file in files)
    return texts


def hold(out: Path) -> None:
    for name, legal in LEGAL.items():
        legal(out / FORMATS[name].file)


def test_every_kind_of_finding_is_legal_everywhere(tmp_path: Path) -> None:
    texts = told(run(tmp_path, *records()), tmp_path / "out")
    hold(tmp_path / "out")
    for name, text in texts.items():
        assert "AITBC-REG-005" in text, name


def test_nothing_was_found(tmp_path: Path) -> None:
    told(run(tmp_path, header("A-1"), verdict("A-1"), footer()), tmp_path / "out")
    hold(tmp_path / "out")


def test_no_requirement_at_all(tmp_path: Path) -> None:
    told(run(tmp_path, header(), footer("unreachable", "nobody is there")), tmp_path / "out")
    hold(tmp_path / "out")


@pytest.mark.parametrize(
    ("end", "word"),
    [
        (b"", "has no footer"),
        (b'{"record":"verd', "cut off in line 4"),
        (encoded([footer("interrupted")]), "was interrupted"),
        (encoded([footer("unreachable", "refused")]), "could not be reached"),
        (encoded([error(), footer("broken")]), "broke off by a fault of our own"),
    ],
)
def test_a_run_that_broke_off_tells_it_everywhere(tmp_path: Path, end: bytes, word: str) -> None:
    evidence = {"exchanges": [exchange()], "frames": [frame({"a": 1})]}
    kept = [header("A-1", "A-2"), verdict("A-1"), verdict("A-2", "fail", evidence=evidence)]
    path = tmp_path / "run.jsonl"
    path.write_bytes(encoded(kept) + end)
    texts = told(Run.read(path), tmp_path / "out")
    hold(tmp_path / "out")
    for name, text in texts.items():
        assert word in text, name


def test_an_older_record_has_less_to_tell(tmp_path: Path) -> None:
    """Evidence grew with time: at first it was nothing but a message."""
    kinds: list[dict[str, Any]] = [
        {},
        {"exchanges": []},
        {"exchanges": [exchange(status=None, failure=None)]},
        {"frames": [frame("a text, no JSON"), frame("1000 bye", kind="close")]},
        {"frames": [frame({"a": 1})], "pointers": ["/a"]},
        {"pointers": ["/a"], "expected": None},
    ]
    names = [f"A-{number}" for number in range(len(kinds))]
    found = [verdict(name, "fail", evidence=kind) for name, kind in zip(names, kinds, strict=True)]
    told(
        run(tmp_path, header("A-none", *names), verdict("A-none", "warn"), *found, footer()),
        tmp_path / "out",
    )
    hold(tmp_path / "out")


def test_whatever_a_peer_says_is_carried(tmp_path: Path) -> None:
    deep: Any = "the ground"
    for _ in range(300):
        deep = [deep]
    evidence = {
        "exchanges": [
            exchange(HOSTILE, deep),
            exchange({HOSTILE: HOSTILE}, HOSTILE, status=999),
            exchange(
                request={
                    "method": HOSTILE,
                    "url": f"http://[{HOSTILE}",
                    "headers": {HOSTILE: HOSTILE},
                    "body": 0,
                }
            ),
            handshake(),
        ],
        "frames": [frame(HOSTILE, connection=HOSTILE), frame(HOSTILE, kind="raw"), frame(None)],
        "pointers": [f"/{HOSTILE}", ""],
        "expected": HOSTILE,
        "actual": {HOSTILE: [None]},
        "reproduce": HOSTILE,
    }
    row = requirement("A-1", text=HOSTILE, section=HOSTILE, capability=HOSTILE)
    head = header(
        row, "A-2", peer={"name": HOSTILE, "url": HOSTILE}, command=HOSTILE, run=HOSTILE,
        baseline=[known("A-2", HOSTILE)],
    )  # fmt: skip
    made = run(
        tmp_path,
        head,
        verdict("A-1", "fail", HOSTILE, HOSTILE, evidence=evidence),
        verdict("A-2", "fail", HOSTILE, HOSTILE, evidence=evidence),
        error(HOSTILE, HOSTILE),
        footer("complete", HOSTILE),
    )
    told(made, tmp_path / "out")
    hold(tmp_path / "out")


def test_the_same_run_gives_the_same_files(tmp_path: Path) -> None:
    made = run(tmp_path, *records())
    assert told(made, tmp_path / "a") == told(made, tmp_path / "b")
    names = sorted(path.name for path in (tmp_path / "a" / "allure-results").iterdir())
    told(made, tmp_path / "a")
    assert sorted(path.name for path in (tmp_path / "a" / "allure-results").iterdir()) == names


def test_only_what_is_asked_for_is_written(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(encoded([header("A-1"), verdict("A-1"), footer()]))
    reports.write_all(path, tmp_path / "out", ["ctrf", "markdown"])
    assert {each.name for each in (tmp_path / "out").iterdir()} == {
        "ctrf-report.json",
        "summary.md",
    }
    assert set(DEFAULT_FORMATS) <= set(FORMATS)


def test_an_older_run_is_forgotten_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "out"
    told(run(tmp_path, *records()), out)
    (out / "mine.txt").write_text("")
    (out / "allure-results" / "mine.json").write_text("")
    forget(out)
    left = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert left == {
        "mine.txt",
        "allure-results/mine.json",
        "allure-results/categories.json",
        "allure-results/environment.properties",
    }


def test_requirements_are_linked_to_where_they_can_be_read(tmp_path: Path) -> None:
    made = run(tmp_path, header("A 1"), verdict("A 1", "fail"), footer())
    write_formats(made, tmp_path, ["sarif", "allure"], "https://wiki.example/{}.html")
    hold_sarif = legal_sarif(tmp_path / "assay.sarif")
    url = "https://wiki.example/A%201.html"
    assert hold_sarif["runs"][0]["tool"]["driver"]["rules"][0]["helpUri"] == url
    (result,) = (tmp_path / "allure-results").glob("*-result.json")
    assert json.loads(result.read_text())["links"] == [{"type": "tms", "url": url, "name": "A 1"}]


@pytest.mark.parametrize("name", ["json", "har", "sarif", "ctrf", "junit"])
def test_what_was_written_is_not_held(tmp_path: Path, name: str) -> None:
    evidence = {"exchanges": [exchange("x" * 4_000, "y" * 4_000)]}
    names = [f"A-{number}" for number in range(300)]
    rows = [requirement(each, section=f"S {number % 50}") for number, each in enumerate(names)]
    found = [verdict(each, "fail", evidence=evidence) for each in names]
    made = run(tmp_path, header(*rows), *found, footer())
    path = tmp_path / "out"
    tracemalloc.start()
    try:
        FORMATS[name].write(made, path, "")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    size = path.stat().st_size
    assert size > 700_000
    assert peak < size / 2
