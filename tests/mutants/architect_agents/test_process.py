"""The clients as processes: command line, signals, exit statuses, tracebacks, TLS."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import ssl
import subprocess
import sys
from asyncio.subprocess import Process
from pathlib import Path
from typing import Final

import pytest

from tests.mutants.architect_agents import FAULTS, STYLES, Needs
from tests.mutants.architect_agents.stage import PASSWORD, USERNAME, Stage

AGENT: Final = str(Path(__file__).parent / "agent.py")
WAIT: Final = 8.0


async def _start(stage: Stage, *options: str, env: dict[str, str] | None = None) -> Process:
    who = ("--ws-url", stage.url, "--username", USERNAME, "--password", PASSWORD)
    return await asyncio.create_subprocess_exec(
        sys.executable,
        AGENT,
        *(() if env else who),
        *options,
        env={**os.environ, **(env or {})},
        cwd="/",
        stderr=asyncio.subprocess.PIPE,
    )


async def _end(process: Process) -> tuple[int | None, str]:
    async with asyncio.timeout(WAIT):
        _out, err = await process.communicate()
    return process.returncode, err.decode()


async def _seen(stage: Stage, number: int) -> None:
    async with asyncio.timeout(WAIT):
        # The stage tells nobody when something comes.
        while sum(len(record.waiting) for record in stage.records) < number:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def test_list_names_everything() -> None:
    done = subprocess.run(
        [sys.executable, AGENT, "--list"], capture_output=True, text=True, check=True
    )
    assert len(done.stdout.splitlines()) == len(STYLES) + len(FAULTS)


async def test_oneshot_ends_by_itself_and_reads_the_environment() -> None:
    async with Stage() as stage:
        env = {
            "ASSAY_WS_URL": stage.url,
            "ASSAY_USERNAME": USERNAME,
            "ASSAY_PASSWORD": PASSWORD,
        }
        assert await _end(await _start(stage, "--style", "oneshot", env=env)) == (0, "")


async def test_sigterm_ends_in_order() -> None:
    async def one(name: str) -> tuple[int | None, str]:
        async with Stage() as stage:
            process = await _start(stage, "--style", name, "--pace", "0.1")
            await _seen(stage, 3)
            process.send_signal(signal.SIGTERM)
            return await _end(process)

    ends = await asyncio.gather(*map(one, ("sequential", "counter", "concurrent")))
    assert ends == [(0, "")] * 3


async def test_crash_leaves_a_traceback_and_a_hang_still_ends() -> None:
    async with Stage({Needs.EVENT}) as stage:
        crash, hang = await asyncio.gather(
            _start(stage, "--fault", "event.crash"), _start(stage, "--fault", "event.hang")
        )
        status, log = await _end(crash)
        assert status == 1
        assert "Traceback" in log
        await asyncio.sleep(0.1)
        assert hang.returncode is None
        hang.send_signal(signal.SIGTERM)
        assert (await _end(hang))[0] == 0


async def test_who_is_deaf_must_be_killed() -> None:
    async with Stage() as stage:
        process = await _start(stage, "--fault", "goodbye.deaf", "--pace", "0.1")
        await _seen(stage, 3)
        process.send_signal(signal.SIGTERM)
        so_far = sum(len(record.waiting) for record in stage.records)
        await _seen(stage, so_far + 6)
        assert process.returncode is None
        process.kill()
        await _end(process)


async def test_leaver_says_why() -> None:
    async with Stage({Needs.LOST}) as stage:
        process = await _start(stage, "--style", "leaver", "--pace", "0.1")
        status, log = await _end(process)
    assert status == 3
    assert "the server went away" in log


async def test_bad_usage() -> None:
    async with Stage() as stage:
        wrong = {"ASSAY_WS_URL": "http://127.0.0.1", "ASSAY_USERNAME": "u", "ASSAY_PASSWORD": "p"}
        status, log = await _end(await _start(stage, env=wrong))
    assert status == 2
    assert "not a ws or wss URL" in log


def _certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    target = ["-subj", "/CN=localhost", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([*command.split(), *target], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate")
async def test_self_signed_certificates_are_accepted(tmp_path: Path) -> None:
    cert, context = _certificate(tmp_path)
    lawful = [("--style", "oneshot"), ("--style", "oneshot", "--ca", str(cert))]
    broken = [("--fault", "tls.ignored"), ("--fault", "tls.self_signed_refused")]
    async with Stage(ssl=context) as stage:
        started = [_start(stage, *options, "--pace", "0.02") for options in (*lawful, *broken)]
        ends = await asyncio.gather(*[_end(process) for process in await asyncio.gather(*started)])
    assert [status for status, _log in ends] == [0, 0, 4, 4]
