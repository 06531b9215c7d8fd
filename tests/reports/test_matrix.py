"""Several runs side by side: what stands in each cell, what is shown, and in which form."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from reports.matrix import Matrix, matrix
from reports.matrix_file import matrix_html, matrix_pieces
from reports.matrix_text import matrix_markdown, matrix_terminal
from schemas import PackError
from schemas.files import check
from tests.reports.builders import known
from tests.reports.test_diff import made

DAEMON = {"name": "Daemon 1.0", "version": "1.0"}


@pytest.fixture
def three(tmp_path: Path) -> Matrix:
    """Two runs of one version, and one of another whose set is not the same."""
    first = {"A-1": "pass", "A-2": "pass", "A-3": "inconclusive", "A-4": "fail", "A-5": "pass"}
    again = {"A-1": "pass", "A-2": "fail", "A-3": "inconclusive", "A-4": "fail", "A-5": "pass"}
    other = {"A-1": "pass", "A-2": "pass", "A-3": "inconclusive", "A-4": "fail", "N-1": "warn"}
    return matrix(
        [
            made(tmp_path, "one", first, peer=DAEMON),
            made(tmp_path, "two", again, peer=DAEMON, started="2026-11-22T08:00:00.000Z"),
            made(tmp_path, "three", other, peer={"name": "Other"}, baseline=[known("A-4")]),
        ]
    )


def test_cells_are_in_the_order_of_the_runs_and_rows_in_that_of_the_newest_set(
    three: Matrix,
) -> None:
    rows = {row.id: [cell.verdict for cell in row.cells] for row in three.rows}
    assert list(rows) == ["A-1", "A-2", "A-3", "A-4", "N-1", "A-5"]
    assert rows["A-2"] == ["pass", "fail", "pass"]
    assert rows["N-1"] == ["", "", "warn"]
    assert rows["A-5"] == ["pass", "pass", ""]
    assert [row.id for row in three.telling] == ["A-2", "A-4", "N-1", "A-5"]
    quiet = "Besides, 1 requirement passed in all runs, 1 requirement could not be judged in any."
    assert three.quiet == quiet


def test_flaky_is_what_one_version_passed_and_broke(three: Matrix) -> None:
    assert [row.id for row in three.rows if row.flaky] == ["A-2"]


def test_peer_without_a_version_may_have_been_mended_between(tmp_path: Path) -> None:
    peer = {"name": "http://127.0.0.1:9001"}
    runs = [made(tmp_path, name, {"A-1": name}, peer=peer) for name in ("pass", "fail")]
    assert not next(matrix(runs).rows).flaky


def test_runs_with_nothing_in_common_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError):
        matrix(
            [made(tmp_path, name, {"A-1": "pass"}, role=name) for name in ("agent", "coordinator")]
        )


def test_terminal_shows_what_tells_and_counts_the_rest(three: Matrix) -> None:
    text = matrix_terminal(three, colour=False, width=80)
    assert re.search(r"\n  A-2 +MUST +pass +FAIL +pass  flaky\n", text), text
    assert re.search(r"\n  A-4 +MUST +FAIL +FAIL +known\n", text), text
    assert re.search(r"\n  N-1 +MUST +- +- +warn\n", text), text
    assert "\n  A-1" not in text
    assert three.quiet in " ".join(text.split())
    assert "3: its requirement set is not that of 1: it lacks A-5; it adds N-1." in text
    assert "2  Daemon 1.0, revision 1.0, 2026-11-22 08:00, standard" in text
    assert all(len(line) <= 80 for line in text.splitlines())
    every = matrix_terminal(three, colour=False, width=80, every=True)
    assert re.search(r"\n  A-1 +MUST +pass +pass +pass\n", every)
    assert "Besides" not in every
    assert "\x1b[31m" in matrix_terminal(three, colour=True, width=80)


def test_table_that_is_too_wide_goes_on_below(tmp_path: Path) -> None:
    runs = [made(tmp_path, str(n), {"A-1": "pass" if n % 2 else "fail"}) for n in range(12)]
    text = matrix_terminal(matrix(runs), colour=False, width=70)
    assert all(len(line) <= 70 for line in text.splitlines())
    assert text.count("\n  A-1") == 2
    assert len(re.findall("FAIL|pass ?", text.partition("\n  A-1")[2])) >= 12


def test_cut_off_run_is_there_with_what_it_has(tmp_path: Path) -> None:
    said = {"A-1": "pass", "A-2": "-"}
    cut = matrix([made(tmp_path, "one", said), made(tmp_path, "two", said, end=None)])
    for text in (
        matrix_terminal(cut, colour=False, width=90),
        matrix_markdown(cut),
        matrix_html(cut),
    ):
        assert "2 is not whole. The run has no footer" in text
    rows = orjson.loads(b"".join(matrix_pieces(cut)))["requirements"]
    assert [cell["verdict"] for cell in rows[1]["cells"]] == ["inconclusive"] * 2
    assert "ended before" in rows[1]["cells"][1]["message"]


def test_markdown_is_one_table_of_plain_text(tmp_path: Path) -> None:
    evil = {"name": "<b>x</b> | @octocat"}
    runs = [made(tmp_path, name, {"A-1": name}, peer=evil) for name in ("pass", "fail")]
    text = matrix_markdown(matrix(runs))
    assert "| **A-1** A-1 holds. | MUST | pass | **FAIL** |  |" in text
    assert "@octocat" not in text
    assert "<b>" not in text.replace("\\<", "")
    assert "1. \\<b\\>x" in text


def test_page_needs_nothing_else_and_escapes_what_a_peer_said(tmp_path: Path) -> None:
    evil = {"name": "<script>alert(1)</script>\u202e"}
    runs = [made(tmp_path, name, {"A-1": name}, peer=evil) for name in ("pass", "fail")]
    text = matrix_html(matrix(runs))
    assert "<script" not in text
    assert "\u202e" not in text
    assert "default-src &#39;none&#39;" in text
    assert not re.search(r"(src|href)=", text)
    assert " style=" not in text
    assert '<td class="cell fail">FAIL</td>' in text
    assert '<th scope="row">' in text
    assert "2: FAIL" in text


def test_page_that_would_be_too_long_keeps_what_tells(
    three: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "all (6)" in matrix_html(three)
    monkeypatch.setattr("reports.matrix_file._SHOWN", 5)
    text = matrix_html(three)
    assert "all (4)" in text
    assert three.quiet in text
    monkeypatch.setattr("reports.matrix_file._SHOWN", 2)
    assert "2 more rows would follow: JSON has them all." in matrix_html(three)


def test_json_has_every_row_and_keeps_its_schema(three: Matrix, tmp_path: Path) -> None:
    document: dict[str, Any] = orjson.loads(b"".join(matrix_pieces(three)))
    assert list(check(document, "matrix", tmp_path / "matrix.json")) == []
    assert [run["peer"] for run in document["runs"]] == ["Daemon 1.0", "Daemon 1.0", "Other"]
    rows = {row["id"]: row for row in document["requirements"]}
    assert rows["A-4"]["cells"][2] == {
        "verdict": "fail",
        "message": "A-4 was seen to fail",
        "known": "issue 12",
    }
    assert rows["N-1"]["cells"][0]["verdict"] is None
    assert rows["A-2"]["flaky"]
