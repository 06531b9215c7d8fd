"""`assay` itself, `report`, `requirements` and `lint`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from conformance.cli import COMMANDS
from conformance.context import RunContext
from conformance.masking import Masker
from conformance.recorder import Recorder
from conformance.target import Target
from conformance.verdict import Finding
from schemas import load, load_requirements
from schemas.loader import pack_folder
from tests.conformance.children import assay

AITBC = load("aitbc")
ROWS = load_requirements(AITBC)


@pytest.mark.parametrize("command", [None, *COMMANDS])
async def test_help_is_there_for_every_command(tmp_path: Path, command: str | None) -> None:
    done = await assay(tmp_path, *([command] if command else []), "--help")
    assert done.code == 0
    assert done.err == ""
    assert "usage: assay" in done.out
    if command is None:
        assert all(name in done.out for name in COMMANDS)
        assert "exit codes: 0 conformant" in done.out
    else:
        assert COMMANDS[command] in done.out


@pytest.mark.parametrize("words", [[], ["judge"], ["--fast"]])
async def test_an_unknown_command_is_refused(tmp_path: Path, words: list[str]) -> None:
    done = await assay(tmp_path, *words)
    assert done.code == 2
    assert "Traceback" not in done.said
    assert "assay: error: " in done.err


def record(folder: Path, *, footer: bool = True, wrong: bool = False) -> None:
    """A run of one requirement, as the suite would have left it."""
    context = RunContext(
        protocol="aitbc",
        role="coordinator",
        target=Target(name="mine", url="http://h"),
        run="r1",
        only="AITBC-REG-001",
    )
    recorder = Recorder(folder / "run.jsonl")
    recorder.header(context, AITBC, ROWS.values())
    finding = Finding(
        requirement="AITBC-REG-001", check="c", verdict="fail" if wrong else "pass", message="m"
    )
    recorder.write(finding.record(Masker()))
    if footer:
        recorder.footer("complete")
    recorder.close()


class TestReport:
    async def test_a_folder_and_a_file_give_the_same_reports(self, tmp_path: Path) -> None:
        record(tmp_path)
        of_folder = await assay(tmp_path, "report", ".")
        of_file = await assay(tmp_path, "report", "run.jsonl", "--out", "again")
        assert (of_folder.code, of_file.code) == (0, 0)
        for name in ("report.html", "results.json", "junit.xml"):
            assert (tmp_path / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
        assert "reports: again/report.html" in of_file.out

    async def test_a_failing_run_is_1_and_one_without_a_footer_never_0(
        self, tmp_path: Path
    ) -> None:
        for name in ("bad", "cut"):
            (tmp_path / name).mkdir()
        record(tmp_path / "bad", wrong=True)
        record(tmp_path / "cut", footer=False)
        assert (await assay(tmp_path, "report", "bad")).code == 1
        cut = await assay(tmp_path, "report", "cut")
        assert cut.code == 1
        assert "The run has no footer" in cut.out

    @pytest.mark.parametrize("text", [None, "", "{}\n", "no json\n"])
    async def test_what_is_no_run_is_refused(self, tmp_path: Path, text: str | None) -> None:
        if text is not None:
            (tmp_path / "run.jsonl").write_text(text)
        done = await assay(tmp_path, "report", "run.jsonl")
        assert done.code == 2
        assert "run.jsonl" in done.err
        assert "Traceback" not in done.said


class TestRequirements:
    async def test_all_are_listed_a_line_each(self, tmp_path: Path) -> None:
        done = await assay(tmp_path, "requirements", "aitbc")
        assert done.code == 0
        assert [line.split()[0] for line in done.out.splitlines()] == list(ROWS)

    async def test_role_and_glob_choose(self, tmp_path: Path) -> None:
        done = await assay(
            tmp_path, "requirements", "aitbc", "--role", "agent", "--only", "*-REG-*"
        )
        listed = {line.split()[0] for line in done.out.splitlines()}
        assert listed == {name for name in ROWS if name.startswith("AITBC-AGENT-REG-")}
        assert len(listed) > 5

    async def test_an_unknown_protocol_is_refused(self, tmp_path: Path) -> None:
        done = await assay(tmp_path, "requirements", "nobodys")
        assert done.code == 2
        assert "nobodys" in done.err


class TestLint:
    async def test_what_ships_is_whole(self, tmp_path: Path) -> None:
        done = await assay(tmp_path, "lint")
        assert done.code == 0, done.said
        assert done.out.startswith("aitbc: ")

    async def test_a_broken_copy_is_refused_at_its_place(self, tmp_path: Path) -> None:
        shutil.copytree(pack_folder("aitbc"), tmp_path / "mine")
        rows = tmp_path / "mine" / "requirements.yaml"
        lines = rows.read_text("utf-8").splitlines()
        at = next(n for n, text in enumerate(lines) if text.strip() == "level: MUST")
        lines[at] = lines[at].replace("MUST", "MUSTN")
        rows.write_text("\n".join(lines), "utf-8")
        done = await assay(tmp_path, "lint", "./mine")
        assert done.code == 2
        assert f"requirements.yaml:{at + 1}" in done.err
        assert "'MUSTN'" in done.err
        assert "1 problem" in done.err
        assert "Traceback" not in done.said
