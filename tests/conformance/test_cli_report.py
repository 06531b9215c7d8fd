"""`assay report` in every format, the same words for `assay test`, and what a runner is told."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest

from reports.formats import FORMATS
from tests.conformance.children import assay
from tests.conformance.peers import closed_port
from tests.reports.builders import footer, header, verdict, write


def broken(folder: Path, message: str = "wrong") -> None:
    found = verdict("A-1", "fail", message=message, evidence={"pointers": ["/a"]})
    write(folder, header("A-1", "A-2"), found, verdict("A-2"), footer())


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


class TestFormats:
    async def test_all_that_are_asked_for_are_written_and_told(self, tmp_path: Path) -> None:
        broken(tmp_path)
        done = await assay(tmp_path, "report", ".", "--format", ",".join(FORMATS), "--out", "out")
        assert done.code == 1, done.said
        assert files(tmp_path / "out") == {each.file for each in FORMATS.values()}
        assert all(f"out/{each.file}" in done.out for each in FORMATS.values())

    async def test_spaces_and_doubles_do_no_harm(self, tmp_path: Path) -> None:
        broken(tmp_path)
        done = await assay(tmp_path, "report", ".", "--format", "ctrf, har,ctrf,", "--out", "out")
        assert done.code == 1, done.said
        assert files(tmp_path / "out") == {"ctrf-report.json", "run.har"}

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (["--format", "junt"], ["--format", "'junt'", "did you mean 'junit'"]),
            (["--format", "html,pdf-x"], ["--format", "'pdf-x'"]),
            (["--format", ""], ["--format", "there is html"]),
            (["--requirement-url", "wiki/{}"], ["--requirement-url", "wiki/{}", "https://"]),
            (["--requirement-url", "https://h/"], ["--requirement-url", "{}"]),
            (["--out", "run.jsonl/x"], ["run.jsonl/x", "cannot be written"]),
        ],
    )
    async def test_what_cannot_be_is_refused(
        self, tmp_path: Path, words: list[str], told: list[str]
    ) -> None:
        broken(tmp_path)
        done = await assay(tmp_path, "report", ".", *words)
        assert done.code == 2, done.said
        assert "Traceback" not in done.said
        assert all(word in done.err for word in told), done.err
        assert files(tmp_path) == {"run.jsonl"}

    async def test_a_test_takes_the_same_words_and_forgets_older_reports(
        self, tmp_path: Path
    ) -> None:
        url = f"http://127.0.0.1:{await closed_port()}"
        out = tmp_path / "assay-report"
        out.mkdir()
        (out / "report.html").write_text("of an older run")
        words = ["test", "aitbc", "--url", url, "--report"]
        done = await assay(tmp_path, *words, "sarif,allure")
        assert done.code == 3, done.said
        assert files(out) == {"run.jsonl", "assay.sarif", "allure-results"}
        done = await assay(tmp_path, *words, "pdf")
        assert done.code == 2
        assert "--report" in done.err
        assert "assay.sarif" in files(out), "refused before anything was done"


class TestAllure:
    def stand_in(self, folder: Path, body: str) -> str:
        """A PATH whose `allure` is this script."""
        path = folder / "bin" / "allure"
        path.parent.mkdir()
        path.write_text(f"#!{sys.executable}\nimport sys, pathlib\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path.parent)

    async def test_results_are_added_and_rendered_where_that_can_be(self, tmp_path: Path) -> None:
        broken(tmp_path)
        page = (
            "page = pathlib.Path(sys.argv[sys.argv.index('--output') + 1])\n"
            "page.mkdir()\n(page / 'index.html').write_text(' '.join(sys.argv[1:3]))"
        )
        (tmp_path / "results").mkdir()
        (tmp_path / "results" / "other-result.json").write_text("{}")
        done = await assay(
            tmp_path, "report", ".", "--allure", "results", PATH=self.stand_in(tmp_path, page)
        )
        assert done.code == 1, done.said
        assert len(list((tmp_path / "results").glob("*-result.json"))) == 3
        assert f"rendered in {tmp_path / 'allure-report'}" in done.out
        said = (tmp_path / "allure-report" / "index.html").read_text()
        assert said == f"generate {tmp_path / 'results'}"

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            ("sys.exit('no such word')", "could not be rendered: no such word"),
            ("", "could not be rendered: 0"),
            (None, "allure generate results"),
        ],
    )
    async def test_a_page_that_is_not_made_fails_nothing(
        self, tmp_path: Path, body: str | None, told: str
    ) -> None:
        broken(tmp_path)
        path = str(tmp_path) if body is None else self.stand_in(tmp_path, body)
        done = await assay(tmp_path, "report", ".", "--allure", "results", PATH=path)
        assert done.code == 1
        assert told in done.out
        assert list((tmp_path / "results").glob("*-result.json"))


class TestGitHub:
    async def test_the_runner_is_told_beside_the_summary(self, tmp_path: Path) -> None:
        broken(tmp_path, "::error::mine")
        page = tmp_path / "page.md"
        page.write_text("what was there\n")
        done = await assay(
            tmp_path, "report", ".", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(page)
        )
        assert done.code == 1
        lines = done.out.splitlines()
        word = lines[0].removeprefix("::stop-commands::")
        assert word != lines[0]
        end = lines.index(f"::{word}::")
        assert any("::error::mine" in line for line in lines[:end])
        told = [line.partition("::")[2].partition(" ")[0] for line in lines[end + 1 :]]
        assert told == ["error", "notice"]
        assert page.read_text("utf-8").startswith("what was there\n## Not conformant")

    async def test_and_alone_where_nothing_else_is_asked_for(self, tmp_path: Path) -> None:
        broken(tmp_path)
        done = await assay(tmp_path, "report", ".", "--format", "github")
        assert done.code == 1
        assert [line[:7] for line in done.out.splitlines()] == ["::error", "::notic"]
        assert files(tmp_path) == {"run.jsonl"}

    async def test_elsewhere_nobody_is_told(self, tmp_path: Path) -> None:
        broken(tmp_path)
        done = await assay(tmp_path, "report", ".")
        assert "::" not in done.out

    async def test_a_page_that_cannot_be_written_is_refused(self, tmp_path: Path) -> None:
        broken(tmp_path)
        done = await assay(
            tmp_path, "report", ".", "--format", "github", GITHUB_STEP_SUMMARY=str(tmp_path)
        )
        assert done.code == 2
        assert "cannot be written" in done.err

    async def test_the_suite_is_quiet_too(self, tmp_path: Path) -> None:
        url = f"http://127.0.0.1:{await closed_port()}"
        done = await assay(tmp_path, "test", "aitbc", "--url", url, GITHUB_ACTIONS="true")
        assert done.code == 3
        assert done.out.startswith("::stop-commands::")
        data = json.loads((tmp_path / "assay-report" / "results.json").read_text())
        assert data["verdict"] == "inconclusive"
