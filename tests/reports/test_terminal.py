"""The summary: what can be acted on, in any width, and nothing that the terminal would obey."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reports.terminal import summary
from tests.reports.builders import (
    error,
    exchange,
    footer,
    frame,
    header,
    known,
    requirement,
    run,
    verdict,
)
from tests.reports.lifelike import records

_ANSI = re.compile(r"\x1b\[[0-9;]*m")

EVIDENCE = {
    "exchanges": [exchange({"a": 1}, {"status": "ok"})],
    "pointers": ["/status", "/when"],
    "expected": "success",
    "actual": "ok",
    "reproduce": "curl -X POST 'http://127.0.0.1:9001/a b'\ncurl second",
}


def test_failure_tells_all_that_one_needs(tmp_path: Path) -> None:
    record = verdict("A-1", "fail", message="says ok", evidence=EVIDENCE)
    rows = requirement("A-1", basis="example", section="3.2 Answers")
    text = summary(run(tmp_path, header(rows), record, footer()), colour=False, width=100)
    for part in (
        "FAIL A-1 (MUST, example)",
        "A-1 holds.",
        "3.2 Answers",
        "found      says ok",
        'at         /status = "ok"',
        "at         /when is missing",
        'expected   "success"',
        'actual     "ok"',
        "-> 200 OK",
        "    curl -X POST 'http://127.0.0.1:9001/a b'\n    curl second\n",
        "NOT CONFORMANT",
        "- 1 requirement fails: A-1.",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("pointers", "said"),
    [
        (["/a", "/b"], 'coordinator on agent-1, text, after 0.250 s: { "a": 2 }'),
        ([], "coordinator on human, ping, after 0.250 s"),
    ],
)
def test_one_frame_stands_for_the_conversation(
    tmp_path: Path, pointers: list[str], said: str
) -> None:
    said_before = [
        frame({"a": 1}, "assay"),
        frame({"a": 2}),
        frame(kind="ping", connection="human"),
    ]
    evidence = {**EVIDENCE, "frames": said_before, "pointers": pointers}
    record = verdict("A-1", "fail", evidence=evidence)
    text = summary(run(tmp_path, header("A-1"), record, footer()), colour=False, width=100)
    assert f"  said       {said}\n" in text
    assert "answer" not in text


def test_conformant_run_is_short(tmp_path: Path) -> None:
    made = run(tmp_path, header("A-1"), verdict("A-1"), footer())
    text = summary(made, colour=False, width=80, reports=tmp_path)
    assert "0 fail, 0 warn, 1 pass, 0 inconclusive, 0 not-applicable" in text
    assert "100 % of 1 applicable requirement passed, 100 % were judged" in text
    assert "\nCONFORMANT\n" in text
    assert "report.html" in text
    assert "(0)" not in text


def test_the_rest_is_grouped(tmp_path: Path) -> None:
    ids = [f"A-{number}" for number in range(10)]
    head = header(*ids, "B-1", "C-1", baseline=[known("C-1", "issue 12")])
    made = run(
        tmp_path,
        head,
        *(verdict(name, "inconclusive", message="no hook") for name in ids),
        verdict("B-1", "warn", message="a bit odd"),
        verdict("C-1", "fail"),
        error("ouch"),
        footer(),
    )
    text = summary(made, colour=False, width=100)
    assert "10 x no hook\n         A-0, A-1, A-2, A-3, A-4 and 5 more" in text
    assert "Warnings (1)\n  B-1 MUST\n    B-1 holds. a bit odd" in text
    assert "Known failures (1)\n  C-1 MUST\n    issue 12" in text
    assert "test_it: ouch" in text
    assert "FAIL" not in text


def test_baseline_shows_what_was_expected_what_is_stale_and_what_has_expired(
    tmp_path: Path,
) -> None:
    entries = [
        known("A-1", "issue 12", expires="2026-12-31"),
        known("A-2", "issue 13"),
        known("A-3", "issue 14", expires="2026-11-20"),
        known("A-4", "issue 15", expires="2026-11-30", flaky=True),
    ]
    verdicts = [verdict(f"A-{n}", "pass" if n == 2 else "fail") for n in range(1, 5)]
    made = run(tmp_path, header("A-1", "A-2", "A-3", "A-4", baseline=entries), *verdicts, footer())
    text = summary(made, colour=False, width=100)
    assert "Known failures (2)\n  A-1 MUST\n    issue 12, until 2026-12-31" in text
    assert "issue 15, until 2026-11-30, flaky" in text
    assert "Baseline entries that no longer hold (2)\n  A-2 stale\n" in text
    assert "  A-3 expired\n    it held until 2026-11-20; its reason: issue 14" in text
    assert "FAIL A-3 (MUST, stated)" in text


def test_command_that_fills_the_screen_is_left_to_the_page(tmp_path: Path) -> None:
    record = verdict("A-1", "fail", evidence={"reproduce": "curl " + "x" * 9_000})
    text = summary(run(tmp_path, header("A-1"), record, footer()), colour=False, width=80)
    assert "reproduce  9 kB long: copy it from report.html" in text


@pytest.mark.parametrize("width", [10, 40, 80, 200])
def test_lines_keep_the_width_but_for_commands(tmp_path: Path, width: int) -> None:
    made = run(tmp_path, *records())
    text = _ANSI.sub("", summary(made, colour=True, width=width))
    commands = ("curl", "assay replay")
    lines = [line for line in text.split("\n") if not any(word in line for word in commands)]
    assert max(map(len, lines)) <= max(width, 40)


def test_colour_is_only_added(tmp_path: Path) -> None:
    made = run(tmp_path, *records())
    plain = summary(made, colour=False, width=100)
    coloured = summary(made, colour=True, width=100)
    assert "\x1b" not in plain
    assert _ANSI.sub("", coloured).replace(" FAIL ", "FAIL").split() == plain.split()


def test_nothing_of_the_peer_reaches_the_terminal_as_a_command(tmp_path: Path) -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J\x9b2J\r\u202e evil\x08"
    evidence = {
        **EVIDENCE,
        "exchanges": [exchange({hostile: hostile}, {hostile: hostile}, operation=hostile)],
        "pointers": ["", f"/{hostile}"],
        "expected": hostile,
        "actual": {hostile: [hostile]},
        "reproduce": hostile,
    }
    spoken = {"frames": [frame({hostile: hostile}, connection=hostile)]}
    rows = requirement(hostile, text=hostile, section=hostile)
    made = run(
        tmp_path,
        header(rows, "A-2", "A-3", peer={"name": hostile, "url": hostile}),
        verdict(hostile, "fail", hostile, hostile, evidence=evidence),
        verdict(hostile, "fail", "test_frames", hostile, evidence=spoken),
        verdict("A-2", "inconclusive", hostile, hostile),
        verdict("A-3", "warn", hostile, hostile),
        error(hostile, hostile),
        footer("broken", hostile),
    )
    text = summary(made, colour=False, width=100)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    coloured = summary(made, colour=True, width=100)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", _ANSI.sub("", coloured))
