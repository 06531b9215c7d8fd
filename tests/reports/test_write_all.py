"""All reports beside each other, each whole or not there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

import reports
from reports.files import write_whole
from schemas import PackError
from tests.reports.builders import footer, header, verdict, write


def test_exported_names_are_there() -> None:
    assert reports.__all__ == sorted(reports.__all__, key=lambda name: (name.islower(), name))
    assert all(hasattr(reports, name) for name in reports.__all__)


def test_reports_lie_beside_each_other(tmp_path: Path) -> None:
    path = write(tmp_path, header("A-1"), verdict("A-1"), footer())
    out = tmp_path / "new" / "folder"
    made = reports.write_all(path, out)
    assert made.verdict == "conformant"
    assert sorted(file.name for file in out.iterdir()) == [
        "junit.xml",
        "report.html",
        "results.json",
    ]


def test_reports_are_the_same_each_time(tmp_path: Path) -> None:
    path = write(tmp_path, header("A-1"), verdict("A-1"), footer())
    reports.write_all(path, tmp_path / "a")
    reports.write_all(path, tmp_path / "b")
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


def test_nothing_is_written_for_what_is_no_run(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text("nonsense")
    with pytest.raises(PackError):
        reports.write_all(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_old_report_survives_a_failed_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.html"
    write_whole(path, b"old")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_reports_can_be_read_by_others(tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        write_whole(tmp_path / "a", b"")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o644
