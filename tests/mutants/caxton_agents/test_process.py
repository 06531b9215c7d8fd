"""The command: a process of its own, its environment, its end."""

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

from tests.mutants.caxton_agents import FAULTS, STYLES
from tests.mutants.caxton_agents.model import What
from tests.mutants.caxton_agents.stage import TOKEN, Stage

_SCRIPT = str(Path(__file__).with_name("agent.py"))
_PATIENCE = 12.0


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
async def _agent(*options: str) -> AsyncIterator[tuple[Process, Stage]]:
    """A client that has sent a message; whatever it does, it is gone afterwards."""
    async with Stage(grpc="grpc" in options) as stage:
        target = ("--url", stage.url, "--ws-url", "ws" + stage.url.removeprefix("http") + "/ws")
        more = ("--grpc", stage.grpc, "--token", TOKEN, "--name", "n-1", "--pace", "0.3")
        process = await _start(*target, *more, *options)
        try:
            assert await _until_sent(stage), "it never sends a message"
            yield process, stage
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


async def _until_sent(stage: Stage) -> bool:
    for _ in range(round(_PATIENCE / 0.02)):
        sent = any(seen.what is What.SEND for seen in stage.seen)
        if sent or any(call.method.endswith("/SendMessage") for call in stage.calls):
            return True
        await asyncio.sleep(0.02)
    return False


async def _stopped(*options: str) -> tuple[int | None, str, str]:
    async with _agent(*options) as (process, _stage):
        process.send_signal(signal.SIGTERM)
        output, errors = await asyncio.wait_for(process.communicate(), _PATIENCE)
        return process.returncode, output.decode(), errors.decode()


async def test_sigterm_ends_in_order() -> None:
    styles = ("full", "library", "grpc", "contrary")
    ends = await asyncio.gather(*(_stopped("--style", style) for style in styles))
    assert dict(zip(styles, ends, strict=True)) == dict.fromkeys(styles, (0, "", ""))


async def test_one_journey_ends_by_itself() -> None:
    async with _agent("--style", "once") as (process, stage):
        assert await asyncio.wait_for(process.wait(), _PATIENCE) == 0
        assert stage.seen[-1].what is What.REMOVE


async def test_empty_grpc_address_means_rest() -> None:
    async with Stage() as stage:
        process = await _start(
            "--url", stage.url, "--grpc", "", "--ws-url", "--token", TOKEN, "--style", "grpc"
        )
        assert await _until_sent(stage)
        process.send_signal(signal.SIGTERM)
        await process.communicate()
        assert process.returncode == 0
        assert stage.lines, "no WebSocket at the usual place"


async def test_sigterm_faults() -> None:
    crash = asyncio.create_task(_stopped("--fault", "term.dies"))
    async with _agent("--fault", "term.ignored") as (process, _stage):
        process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.3)
        assert process.returncode is None
    status, _, errors = await crash
    assert status == 1
    assert "Traceback" in errors


async def test_list_names_everything() -> None:
    process = await _start("--list")
    output, _ = await process.communicate()
    records = [json.loads(line) for line in output.splitlines()]
    assert [each["style"] for each in records if "fault" not in each] == list(STYLES)
    assert [each["fault"] for each in records if "fault" in each] == list(FAULTS)


async def test_usage_is_refused() -> None:
    process = await _start(ASSAY_URL="", ASSAY_TOKEN="")
    _, errors = await process.communicate()
    assert process.returncode == 2
    assert b"usage" in errors
