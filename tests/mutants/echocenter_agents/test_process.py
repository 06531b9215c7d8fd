"""The command: environment, listing, signals, exit statuses."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.mutants.echocenter_agents import FAULTS, STYLES
from tests.mutants.echocenter_agents.stage import Line, Stage

_SCRIPT = str(Path(__file__).with_name("agent.py"))


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
async def _agent(*options: str) -> AsyncIterator[tuple[Process, Line]]:
    """An agent that has connected; whatever it does, it is gone afterwards."""
    async with Stage() as stage:
        process = await _start("--ws-url", stage.url, "--token", "t", *options)
        try:
            line = await stage.line(patience=10.0)
            assert line is not None
            yield process, line
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


async def _told_to_stop(*options: str) -> tuple[int | None, str]:
    async with _agent(*options) as (process, line):
        line.chat(7, "hello")
        assert await line.replies(1, patience=4.0)
        process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(process.communicate(), 5.0)
        return process.returncode, errors.decode()


async def test_sigterm_ends_in_order() -> None:
    styles = ("plain", "raw", "example", "aiohttp")
    ends = await asyncio.gather(*(_told_to_stop("--style", style) for style in styles))
    assert dict(zip(styles, ends, strict=True)) == dict.fromkeys(styles, (0, ""))


async def test_sigterm_faults() -> None:
    crash = asyncio.create_task(_told_to_stop("--fault", "sigterm.traceback"))
    async with _agent("--fault", "sigterm.ignored") as (process, line):
        assert await line.until(lambda seen: bool(seen.frames))
        process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.3)
        assert process.returncode is None
    status, errors = await crash
    assert status == 1
    assert "Traceback" in errors


async def test_spinning_agent_answers_nothing_and_still_ends() -> None:
    async with _agent("--fault", "spin.on_unknown_type") as (process, line):
        line.say({"type": "NEWS"})
        await asyncio.sleep(0.1)
        line.put(0x89, b"alive?")
        line.chat(7, "hello")
        assert not await line.replies(1, patience=0.4)
        assert not [frame for frame in line.frames if frame.opcode == 10]
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 3.0)


async def test_crash_leaves_a_traceback() -> None:
    async with _agent("--fault", "crash.on_malformed") as (process, line):
        line.put(0x81, b"{")
        _, errors = await asyncio.wait_for(process.communicate(), 5.0)
        assert process.returncode == 1
        assert b"Traceback" in errors


async def test_leaver_says_why() -> None:
    async with _agent("--style", "leaver") as (process, line):
        line.writer.transport.abort()
        _, errors = await asyncio.wait_for(process.communicate(), 5.0)
        assert process.returncode == 3
        assert b"connection lost" in errors


async def test_refused_agent_says_why() -> None:
    async with Stage() as stage:
        stage.refuse_with = 401
        process = await _start(ASSAY_WS_URL=stage.url, ASSAY_TOKEN="t/1", ASSAY_NAME="n")
        _, errors = await asyncio.wait_for(process.communicate(), 10.0)
        assert process.returncode == 2
        assert b"refused" in errors
        assert stage.heads[0][0] == "GET /api/ws?token=t%2F1 HTTP/1.1"


async def test_list_names_everything() -> None:
    process = await _start("--list")
    output, _ = await process.communicate()
    records = [json.loads(line) for line in output.splitlines()]
    assert [each["style"] for each in records if "fault" not in each] == list(STYLES)
    assert [each["fault"] for each in records if "fault" in each] == list(FAULTS)


async def test_usage_is_refused() -> None:
    process = await _start(ASSAY_WS_URL="", ASSAY_TOKEN="")
    _, errors = await process.communicate()
    assert process.returncode == 2
    assert b"usage" in errors
