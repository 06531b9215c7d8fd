"""One run of the suite on one peer: it ends, and what it says is read."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import mockserver
from conformance.context import RunContext
from conformance.mutation import judging
from conformance.mutation.judging import judged
from conformance.mutation.verdicts import Seen
from conformance.target import Target


def _context(url: str, only: str = "*") -> RunContext:
    target = Target(url=url)
    return RunContext(protocol="aitbc", role="coordinator", target=target, run="r", only=only)


def _size(record: Path) -> Seen:
    return Seen(verdicts={"lines": str(len(record.read_bytes().splitlines()))})


async def test_record_of_the_run_is_read() -> None:
    async with mockserver.start("aitbc") as mock:
        seen = await judged(_context(mock.url, only="AITBC-HEALTH-001"), 60, _size)
    assert int(seen.verdicts["lines"]) >= 3
    assert seen.broke == ""


async def test_suite_that_does_not_end_is_ended() -> None:
    async with mockserver.start("aitbc") as mock:
        seen = await judged(_context(mock.url), 0.01, _size)
    assert (seen.verdicts, seen.broke) == ({}, "the suite did not end within 0 s")


async def test_suite_that_leaves_no_record_tells_what_it_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = [sys.executable, "-c", "print('nothing works'); raise SystemExit(3)"]
    monkeypatch.setattr(judging, "suite_command", lambda _: words)
    seen = await judged(_context("http://127.0.0.1:9"), 60, _size)
    assert (seen.verdicts, seen.broke) == ({}, "the suite ended before it began: nothing works")
