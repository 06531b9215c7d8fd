"""One run of the suite on one peer: it ends, and what it says is read."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

import mockserver
from conformance.cli.mutate_session import read_seen
from conformance.context import RunContext
from conformance.mutation import judging
from conformance.mutation.judging import judged
from conformance.mutation.verdicts import Seen
from conformance.target import Target
from tests.mutants.coordinators import served


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


async def test_first_row_that_fails_is_the_last_one() -> None:
    async with served("aitbc", fault="get.agent.agent_type.number") as target:
        context = replace(_context("", only="AITBC-GET-02[4-9]"), target=target)
        whole = await judged(context, 60, read_seen)
        fast = await judged(replace(context, fail_fast=True), 60, read_seen)
    assert [*fast.verdicts.values()].count("fail") >= 1
    assert fast.broke == ""
    assert fast.verdicts.keys() < whole.verdicts.keys()


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
