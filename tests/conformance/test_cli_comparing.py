"""`assay diff`, `report matrix`, `baseline` and the frozen sets of `requirements`."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas.files import check
from schemas.loader import pack_folder
from tests.conformance.children import HOME, Done, mutant, served
from tests.conformance.children import assay as assay_child
from tests.conformance.test_cli_certificates import assay, changed_pack, refused
from tests.reports.builders import known
from tests.reports.test_diff import made


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A folder with an old run, one that is worse, one that is the same, and an agent's."""
    made(tmp_path, "old", {"A-1": "pass", "A-2": "fail"})
    made(tmp_path, "worse", {"A-1": "fail", "A-2": "pass"})
    made(tmp_path, "same", {"A-1": "pass", "A-2": "fail"})
    made(tmp_path, "agent", {"A-1": "pass"}, role="agent")
    return tmp_path


def baseline(folder: Path, *words: str) -> Done:
    return assay(folder, "baseline", *words)


class TestDiff:
    def test_exit_code_tells_whether_it_is_worse(self, runs: Path) -> None:
        worse = assay(runs, "diff", "old", "worse/run.jsonl")
        assert (worse.code, worse.err) == (1, "")
        assert "Broke (1)" in worse.out
        assert "Mended (1)" in worse.out
        assert assay(runs, "diff", "old", "same").code == 0
        assert assay(runs, "diff", "worse", "old").code == 1

    def test_what_is_left_open_may_be_allowed(self, runs: Path) -> None:
        made(runs, "open", {"A-1": "inconclusive", "A-2": "fail"})
        assert assay(runs, "diff", "old", "open").code == 1
        assert assay(runs, "diff", "old", "open", "--allow-unjudged").code == 0

    def test_format_follows_the_file(self, runs: Path) -> None:
        done = assay(runs, "diff", "old", "worse", "--out", "new/diff.json")
        assert (done.code, done.out) == (1, "written: new/diff.json\n")
        document = orjson.loads((runs / "new" / "diff.json").read_bytes())
        assert list(check(document, "diff", runs / "diff.json")) == []
        assay(runs, "diff", "old", "worse", "--out", "diff.md")
        assert (runs / "diff.md").read_text().startswith("## ")
        assay(runs, "diff", "old", "worse", "--out", "diff.x", "--format", "markdown")
        assert (runs / "diff.x").read_text() == (runs / "diff.md").read_text()
        printed = assay(runs, "diff", "old", "worse", "--format", "markdown")
        assert printed.out == (runs / "diff.md").read_text()

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (["old", "agent"], ["agent/run.jsonl", "the agent of demo", "hint: "]),
            (["old", "none"], ["none", "cannot be read"]),
            (["old"], ["NEW"]),
            (["old", "same", "--format", "html"], ["--format", "html"]),
            (["old", "same", "--out", "a.html"], ["--out", "a.html"]),
            (["old", "same", "--out", "old/run.jsonl/x.md"], ["old/run.jsonl/x.md", "written"]),
        ],
    )
    def test_what_cannot_be_compared_is_2(
        self, runs: Path, words: list[str], told: list[str]
    ) -> None:
        refused(assay(runs, "diff", *words), *told, code=2)


class TestMatrix:
    def test_it_is_a_report_of_several_runs(self, runs: Path) -> None:
        done = assay(runs, "report", "matrix", "old", "worse", "same")
        assert (done.code, done.err) == (0, "")
        assert "A-1 MUST     pass   FAIL   pass" in done.out
        assert assay(runs, "matrix", "old", "worse", "same").out == done.out

    def test_each_format_is_written(self, runs: Path) -> None:
        for name, begins in {
            "m.html": "<!doctype html>", "m.json": "{", "m.md": "## ", "m.txt": "Demo",
        }.items():  # fmt: skip
            assert assay(runs, "report", "matrix", "old", "same", "--out", name).code == 0
            assert (runs / name).read_text().startswith(begins)

    def test_rows_that_passed_in_all_are_there_when_asked_for(self, runs: Path) -> None:
        words = ["report", "matrix", "old", "same"]
        assert "A-1" not in assay(runs, *words).out
        assert "A-1" in assay(runs, *words, "--all").out

    def test_strangers_are_refused(self, runs: Path) -> None:
        refused(assay(runs, "report", "matrix", "old", "agent"), "cannot be compared", code=2)
        refused(assay(runs, "report", "matrix"), "RUN", code=2)


class TestBaseline:
    def test_it_is_written_to_be_filled_in_and_never_over_another(self, runs: Path) -> None:
        done = baseline(runs, "old")
        assert done.code == 0, done.said
        assert "baseline.yaml: 1 known failure (0 kept, 1 new)" in done.out
        assert "Fill in the reasons" in done.out
        refused(baseline(runs, "old"), "baseline.yaml", "--update", code=2)
        refused(baseline(runs, "old", "--update", "baseline.yaml"), "/known/0/reason", code=2)

    def test_update_keeps_what_was_said(self, runs: Path) -> None:
        assert baseline(runs, "old", "--reason", "issue 12", "--expires", "2999-01-31").code == 0
        done = baseline(runs, "worse", "--update", "baseline.yaml", "--out", "next.yaml")
        assert "dropped    A-2: it does not fail now" in done.out
        assert "no reason  A-1" in done.out
        made(runs, "both", {"A-1": "fail", "A-2": "fail"})
        done = baseline(runs, "both", "--update", "baseline.yaml", "--reason", "issue 13")
        assert "2 known failures (1 kept, 1 new)" in done.out
        text = (runs / "baseline.yaml").read_text()
        assert 'reason: "issue 12"\n    expires: "2999-01-31"' in text
        assert 'reason: "issue 13"' in text

    def test_flaky_needs_a_last_day(self, runs: Path) -> None:
        words = ["old", "worse", "--reason", "issue 12"]
        refused(baseline(runs, *words), "--expires", "A-1, A-2", code=2)
        assert not (runs / "baseline.yaml").exists()
        done = baseline(runs, *words, "--expires", "2999-01-31")
        assert "flaky      A-1, A-2" in done.out

    def test_cut_off_run_is_told_and_one_that_judged_nothing_makes_none(self, runs: Path) -> None:
        made(runs, "cut", {"A-1": "fail", "A-2": "-"}, end=None)
        done = baseline(runs, "cut", "--reason", "issue 12")
        assert done.code == 0
        assert "is not whole, more may fail" in done.err
        made(runs, "nothing", {"A-1": "-"}, end=None)
        refused(baseline(runs, "nothing", "--out", "b.yaml"), "nothing was judged")

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (["none"], ["none", "cannot be read"]),
            (["old", "agent"], ["cannot be compared"]),
            (["old", "--update", "none.yaml"], ["none.yaml"]),
            (["old", "--reason", "x"], ["--reason", "too short"]),
            (["old", "--expires", "soon"], ["--expires", "'soon'", "2027-01-31"]),
            (["old", "--expires", "20270131"], ["--expires", "is no day"]),
            (["old", "--expires", "2026-11-01"], ["--expires", "over already"]),
            (["old", "--out", "old/run.jsonl/b.yaml"], ["cannot be written"]),
            ([], ["RUN"]),
        ],
    )
    def test_what_cannot_be_used_is_2(self, runs: Path, words: list[str], told: list[str]) -> None:
        refused(baseline(runs, *words), *told, code=2)

    async def test_what_was_written_makes_the_next_run_pass(self, tmp_path: Path) -> None:
        """Once around: a broken peer, its baseline, the same peer, and the day after its last."""
        words = ["test", "aitbc", "--profile", "quick", "--only", "AITBC-DISC-02[234]"]
        async with served(HOME, *mutant("discover.count.one_more")) as (url, _):
            broken = await assay_child(tmp_path, *words, "--url", url)
            assert broken.code == 1, broken.said
            assert baseline(tmp_path, "assay-report", "--reason", "issue 12").code == 0
            expected = await assay_child(
                tmp_path, *words, "--url", url, "--baseline", "baseline.yaml"
            )
        assert expected.code == 0, expected.said
        assert re.search(
            r"Known failures \(\d\)\n  AITBC-DISC-02\d MUST\n    issue 12", expected.out
        )
        assert "FAIL " not in expected.out.partition("Known failures")[2]


class TestExpectations:
    """What `assay report` tells of a run with a baseline, and with which exit code."""

    def told(self, folder: Path, entry: dict[str, Any], found: str) -> Done:
        made(folder, "run", {"A-1": found, "A-2": "pass"}, baseline=[entry])
        return assay(folder, "report", "run")

    def test_a_known_failure_is_0_with_its_reason_and_its_last_day(self, tmp_path: Path) -> None:
        done = self.told(tmp_path, known("A-1", "issue 12", expires="2026-11-21"), "fail")
        assert done.code == 0, done.said
        assert "issue 12, until 2026-11-21" in done.out

    @pytest.mark.parametrize(
        ("entry", "found", "words"),
        [
            (known("A-1"), "pass", "The baseline entry for A-1 is stale"),
            (known("A-9"), "pass", "The baseline entry for A-9 is stale"),
            (known("A-1", expires="2026-11-20"), "fail", "The baseline entry for A-1 has expired"),
            (known("A-2", expires="2026-11-30", flaky=True), "fail", "1 requirement fails beyond"),
        ],
    )
    def test_what_no_longer_holds_is_1(
        self, tmp_path: Path, entry: dict[str, Any], found: str, words: str
    ) -> None:
        done = self.told(tmp_path, entry, found)
        assert done.code == 1
        assert words in done.out


class TestFrozenSets:
    def test_they_are_shown_and_renewed(self, tmp_path: Path) -> None:
        shown = assay(tmp_path, "requirements", "aitbc", "--sets")
        assert (shown.code, shown.err) == (0, "")
        assert "coordinator set 1 of revision" in shown.out
        assert shown.out.count("present") == 2
        pack = changed_pack(tmp_path)
        changed = assay(tmp_path, "requirements", "./pack", "--sets")
        assert changed.code == 1
        assert "no frozen set: --freeze" in changed.out
        before = (pack / "frozen.yaml").read_text()
        renewed = assay(tmp_path, "requirements", "./pack", "--freeze")
        assert renewed.code == 0, renewed.said
        assert "set 2 of revision" in renewed.out
        assert (pack / "frozen.yaml").read_text().startswith(before), "nothing is taken away"
        after = (pack / "frozen.yaml").read_bytes()
        again = assay(tmp_path, "requirements", "./pack", "--freeze", "--role", "agent")
        assert "written" not in again.out
        assert (pack / "frozen.yaml").read_bytes() == after

    def test_a_pack_without_any_gets_them(self, tmp_path: Path) -> None:
        shutil.copytree(pack_folder("aitbc"), tmp_path / "pack")
        (tmp_path / "pack" / "frozen.yaml").unlink()
        assert assay(tmp_path, "requirements", "./pack", "--sets").code == 1
        assert assay(tmp_path, "requirements", "./pack", "--freeze").code == 0
        there = pack_folder("aitbc") / "frozen.yaml"
        digests = [line for line in there.read_text().splitlines() if "digest" in line]
        made_now = (tmp_path / "pack" / "frozen.yaml").read_text()
        assert all(digest in made_now for digest in digests[-1:])
