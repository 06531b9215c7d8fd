"""The word on the terminal."""

from __future__ import annotations

import io
import re

import pytest

from conformance.progress import Progress, printable
from schemas import load, load_requirements

ROW = load_requirements(load("aitbc"))["AITBC-REG-001"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_a_terminal_only_findings_are_told_each_once() -> None:
    out = io.StringIO()
    progress = Progress(out)
    progress.total = 2
    progress.step()
    progress.found("fail", ROW, "it was 500")
    progress.found("fail", ROW, "it was 501")
    progress.found("warn", ROW, "and that")
    progress.error("test_x", "boom")
    progress.close()
    assert out.getvalue() == (
        f"     FAIL  AITBC-REG-001  {ROW.text}\n           it was 500\n"
        f"     WARN  AITBC-REG-001  {ROW.text}\n           and that\n"
        "    ERROR  in test_x: boom (a fault in Assay, not of the peer)\n"
    )


def test_on_a_terminal_the_line_moves_and_is_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = Terminal()
    progress = Progress(out)
    progress.total = 9
    progress.step()
    progress.found("fail", ROW, "it was 500")
    progress.close()
    said = out.getvalue()
    assert said.startswith("\r\x1b[K1/9 checks\r\x1b[K\x1b[31;1m     FAIL\x1b[0m  AITBC-REG-001")
    assert said.endswith("\n\r\x1b[K")


def test_no_color_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = Terminal()
    Progress(out).found("warn", ROW, "x")
    assert not re.search(r"\x1b\[[0-9;]*m", out.getvalue())


def test_a_peers_text_cannot_steer_the_terminal() -> None:
    out = io.StringIO()
    Progress(out).found("fail", ROW, "\x1b[2J\x07gone\r\u202eback" + "x" * 900)
    said = out.getvalue()
    assert all(char == "\n" or char.isprintable() for char in said)
    assert len(said) < 700
    assert printable("a\x00b\u009bc\nd é世") == "a�b�c\nd é世"


def test_nobody_listening_ends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    class Broken(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    progress = Progress(Broken())
    progress.found("fail", ROW, "one")
    progress.found("warn", ROW, "two")
    assert "two" in capsys.readouterr().err
