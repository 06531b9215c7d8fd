"""`python -m tests.mutants`: peers to try the suites on by hand."""

from __future__ import annotations

import asyncio
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.target import read_target
from schemas import load
from tests.mutants.__main__ import listing, main, target_file
from tests.mutants.coordinators import FAULTS, LAWFUL, served


@pytest.mark.parametrize("protocol", LAWFUL)
def test_the_list_names_everything(protocol: str) -> None:
    rows = [line.split("\t") for line in listing(protocol).splitlines()]
    assert [row[1] for row in rows if row[0] == "reading"] == [*LAWFUL[protocol]]
    assert [row[1] for row in rows if row[0] == "fault"] == [*FAULTS[protocol]]
    assert all(row[-1] for row in rows)


@pytest.mark.parametrize("protocol", LAWFUL)
async def test_its_target_file_says_all_that_is_known(protocol: str, tmp_path: Path) -> None:
    async with served(protocol) as target:
        path = tmp_path / "target.yaml"
        path.write_text(target_file(target), "utf-8")
        assert replace(read_target(path, load(protocol)), secrets=()) == replace(target, secrets=())


@pytest.mark.parametrize("protocol", LAWFUL)
async def test_a_peer_is_served_until_it_is_told_to_end(protocol: str) -> None:
    fault = next(iter(FAULTS[protocol]))
    words = [sys.executable, "-m", "tests.mutants", protocol, "--fault", fault]
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    assert b"://127.0.0.1:" in await process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0


@pytest.mark.parametrize("words", [["--fault", "nobody"], ["--reading", "nobody"]])
def test_who_is_not_known_is_wrong_usage(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["stella", *words])
    assert ended.value.code == 2
    assert "--list names them" in capsys.readouterr().err
