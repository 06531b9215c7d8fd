"""The command: a process of its own, its environment, its files, its end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.mutants.stella_agents import FAULTS, STYLES
from tests.mutants.stella_agents.stage import INTERVAL, TOKEN, Stage

_SCRIPT = str(Path(__file__).with_name("agent.py"))
_PATIENCE = 10.0


async def _start(*options: str, **environment: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        _SCRIPT,
        *options,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )


@asynccontextmanager
async def _agent(*options: str, **environment: str) -> AsyncIterator[tuple[Process, Stage]]:
    """An agent that has registered; whatever it does, it is gone afterwards."""
    async with Stage() as stage:
        target = ("--url", stage.url, "--ca", stage.ca, "--token", TOKEN, "--name", "n-1")
        process = await _start(*target, *options, **environment)
        try:
            assert await _until_beats(stage, 2), "it never sends heartbeats"
            yield process, stage
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


async def _until_beats(stage: Stage, number: int) -> bool:
    for _ in range(round(_PATIENCE / 0.02)):
        if sum(seen.path.endswith("/heartbeat") for seen in stage.seen) >= number:
            return True
        await asyncio.sleep(0.02)
    return False


async def _stopped(*options: str, **environment: str) -> tuple[int | None, str, str]:
    async with _agent(*options, **environment) as (process, _stage):
        process.send_signal(signal.SIGTERM)
        output, errors = await asyncio.wait_for(process.communicate(), _PATIENCE)
        return process.returncode, output.decode(), errors.decode()


def _modes(folder: Path) -> list[int]:
    """Of all files that are there."""
    return [path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()]


async def test_sigterm_ends_in_order(tmp_path: Path) -> None:
    styles = ("all_ways", "library", "aiohttp", "leaver")
    ends = await asyncio.gather(
        *(_stopped("--style", style, TMPDIR=str(tmp_path)) for style in styles)
    )
    assert dict(zip(styles, ends, strict=True)) == dict.fromkeys(styles, (0, "", ""))
    assert _modes(tmp_path) == [], "it leaves its key behind"


async def test_key_is_only_for_its_owner(tmp_path: Path) -> None:
    async with _agent(TMPDIR=str(tmp_path)):
        assert _modes(tmp_path) == [0o600, 0o600]


async def test_running_task_is_reported_at_the_end() -> None:
    async with _agent() as (process, stage):
        stage.give("long", 30)
        await asyncio.sleep(3 * INTERVAL)
        process.send_signal(signal.SIGTERM)
        since = time.monotonic()
        assert await asyncio.wait_for(process.wait(), _PATIENCE) == 0
        assert time.monotonic() - since < 4.0
        (work,) = stage.works.values()
        ((_, body),) = work.done
        assert body["success"] is False


async def test_sigterm_faults() -> None:
    crash = asyncio.create_task(_stopped("--fault", "term.dies"))
    async with _agent("--fault", "term.ignored") as (process, _stage):
        process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.3)
        assert process.returncode is None
    status, _, errors = await crash
    assert status == 1
    assert "Traceback" in errors


async def test_forgotten_agent_says_why() -> None:
    async with _agent() as (process, stage):
        stage.forgotten = time.monotonic()
        _, errors = await asyncio.wait_for(process.communicate(), _PATIENCE)
        assert process.returncode == 3
        assert b"does not know this agent" in errors


async def test_refused_agent_says_why() -> None:
    async with Stage() as stage:
        stage.forgotten = time.monotonic()
        process = await _start(ASSAY_URL=stage.url, ASSAY_CA=stage.ca, ASSAY_TOKEN="t")
        _, errors = await asyncio.wait_for(process.communicate(), _PATIENCE)
        assert process.returncode == 2
        assert b"refused with status 401" in errors


async def test_list_names_everything() -> None:
    process = await _start("--list")
    output, _ = await process.communicate()
    records = [json.loads(line) for line in output.splitlines()]
    assert [each["style"] for each in records if "fault" not in each] == list(STYLES)
    assert [each["fault"] for each in records if "fault" in each] == list(FAULTS)


async def test_usage_is_refused() -> None:
    unknown, bare = await asyncio.gather(
        _start(ASSAY_URL="", ASSAY_TOKEN=""),
        _start("--url", "https://127.0.0.1:1", "--token", "t", ASSAY_CA=""),
    )
    for process in (unknown, bare):
        _, errors = await process.communicate()
        assert process.returncode == 2
        assert b"usage" in errors
