"""`assay mock`: what it prints works, and it ends when it is asked."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import orjson
import pytest

import mockserver
from tests.conformance.children import Done, assay, assay_started, ended


@contextlib.asynccontextmanager
async def started(folder: Path, *words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await assay_started(folder, "mock", "aitbc", "--port", "0", *words)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def line(process: asyncio.subprocess.Process, holding: str = "") -> str:
    """The next line that it prints and that holds these words."""
    assert process.stdout is not None
    async with asyncio.timeout(30):
        while said := (await process.stdout.readline()).decode():
            if holding in said:
                return said.strip()
    raise AssertionError(f"no {holding!r}, but: {await process.communicate()}")


async def test_the_curl_that_is_printed_works_and_is_logged(tmp_path: Path) -> None:
    async with started(tmp_path, "--clock", "virtual", "--seed", "7") as process:
        url = (await line(process, "base URL")).split()[-1]
        curl = (await line(process, "try it")).split(None, 2)[2]
        assert (await line(process, "advance")).endswith(f"{url}/_assay/clock/advance")
        await line(process, "Ctrl-C")
        asked = await asyncio.create_subprocess_exec(
            *shlex.split(curl), "-sS", "--noproxy", "*", stdout=asyncio.subprocess.PIPE
        )
        out, _ = await asyncio.wait_for(asked.communicate(), 20)
        assert orjson.loads(out)["status"] == "success"
        assert "/agents/register" in await line(process, "POST")
        process.terminate()
        done = await ended(process, tmp_path)
    assert done.code == 0
    assert done.files == set(), "it writes nothing"


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
async def test_the_json_log_is_json_to_its_end_and_signals_end_it_in_order(
    tmp_path: Path, sign: signal.Signals
) -> None:
    async with started(tmp_path, "--log", "json") as process:
        ready = orjson.loads(await line(process))
        assert ready["ready"] is True
        assert ready["protocol"] == "aitbc"
        async with aiohttp.ClientSession(ready["url"]) as session:
            async with session.post("/agents/register", json={"agent_type": 5}) as said:
                assert said.status == 422
            logged = orjson.loads(await line(process))
            assert "registerAgent" in str(logged)
            process.send_signal(sign)
            done = await ended(process, tmp_path)
    assert done.code == 0
    assert done.err == ""
    for rest in done.out.splitlines():
        orjson.loads(rest)


async def test_without_a_log_only_the_welcome_is_printed(tmp_path: Path) -> None:
    async with started(tmp_path, "--log", "none") as process:
        url = (await line(process, "base URL")).split()[-1]
        await line(process, "Ctrl-C")
        async with aiohttp.ClientSession() as session, session.get(f"{url}/health") as said:
            assert said.status == 200
        os.killpg(process.pid, signal.SIGINT)
        done = await ended(process, tmp_path)
    assert done.code == 0
    assert done.out.strip() == ""


async def refused(folder: Path, *words: str) -> Done:
    done = await assay(folder, "mock", *words)
    assert done.code == 2, done.said
    assert "Traceback" not in done.said
    return done


async def test_a_port_in_use_is_refused_with_a_hint(tmp_path: Path) -> None:
    async with mockserver.start("aitbc") as mock:
        done = await refused(tmp_path, "aitbc", "--port", str(mock.port))
    assert f"cannot listen on 127.0.0.1:{mock.port}" in done.err
    assert "hint: --port 0" in done.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["aitbc", "--port", "70000"], ["--port", "70000"]),
        (["aitbc", "--port", "-1"], ["--port", "-1"]),
        (["aitbc", "--port", "x"], ["--port", "'x'"]),
        (["aitbc", "--clock", "broken"], ["--clock", "'broken'", "virtual"]),
        (["aitbc", "--port", "0", "--host", "nobody.invalid"], ["nobody.invalid"]),
        (["aitbcd"], ["aitbcd", "aitbc"]),
        ([], ["protocol"]),
    ],
)
async def test_a_usage_error_names_what_is_wrong(
    tmp_path: Path, words: list[str], told: list[str]
) -> None:
    done = await refused(tmp_path, *words)
    for word in told:
        assert word in done.err
