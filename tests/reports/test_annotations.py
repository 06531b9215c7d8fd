"""What the runner is told: one line a command, and none of a peer's."""

from __future__ import annotations

import re
from pathlib import Path

from reports.annotations import commands
from tests.reports.builders import error, footer, header, requirement, run, verdict

COMMAND = re.compile(r"::(error|warning|notice) title=([^:,\r\n]*)::([^\r\n]*)")


def test_each_breach_is_a_command(tmp_path: Path) -> None:
    rows = [requirement("A-1"), requirement("A-2", level="SHOULD"), requirement("A-3")]
    found = [verdict("A-1", "fail", message="100 % wrong"), verdict("A-2", "warn", message="late")]
    made = run(tmp_path, header(*rows), *found, verdict("A-3"), footer())
    failed, warned, outcome = commands(made)
    replay = f"assay replay {tmp_path}"
    assert failed == (
        f"::error title=A-1 (MUST%2C stated)::100 %25 wrong%0AA-1 holds.%0A{replay} A-1"
    )
    assert warned == f"::warning title=A-2 (SHOULD%2C stated)::late%0AA-2 holds.%0A{replay} A-2"
    assert outcome == (
        "::notice title=Demo Protocol%3A not conformant::a peer: 33 %25 of 3 applicable "
        "requirements passed, 100 %25 were judged. The run came to its end."
    )


def test_a_run_that_was_cut_off_is_an_error(tmp_path: Path) -> None:
    first, last = commands(run(tmp_path, header("A-1"), verdict("A-1")))
    assert first.startswith("::error title=the run can vouch for the peer::The run has no footer")
    assert "inconclusive" in last


def test_no_more_are_told_than_are_shown(tmp_path: Path) -> None:
    names = [f"A-{number}" for number in range(40)]
    found = [verdict(name, "fail" if number % 2 else "warn") for number, name in enumerate(names)]
    told = list(commands(run(tmp_path, header(*names), *found, error(), footer())))
    assert [line.split(" ")[0] for line in told] == ["::error"] * 10 + ["::warning"] * 10 + [
        "::notice"
    ]
    assert told[9] == "::error title=more::13 more: see the summary and the reports"


def test_nothing_ends_a_command_but_its_line(tmp_path: Path) -> None:
    hostile = "a\r\n::stop-commands::x\n::error title=b,c::d%0A%\x1b[0m\u2028::notice::e"
    row = requirement(hostile, text=hostile, section=hostile)
    head = header(row, peer={"name": hostile})
    made = run(tmp_path, head, verdict(hostile, "fail", hostile, hostile), error(hostile, hostile))
    told = list(commands(made))
    assert len(told) == 4
    assert all(COMMAND.fullmatch(line) for line in told)
    assert all(line.isprintable() for line in told)
