"""`assay record` as a child: what it tells, what it writes, how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
import yaml

import mockserver
from mockserver import RunningMock, Settings
from tests.conformance.children import Done, assay, assay_started, ended
from tests.conformance.peers import Line, closed_port, listening
from tests.conformance.proxy.watching import answer, until

CLIENT = """
import json, os, sys, urllib.request
base = os.environ["ASSAY_URL"]
assert sys.argv[1] == base, sys.argv
def ask(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(base + path, data, {"Content-Type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked) as said:
        return json.load(said)
who = "Crane-1"
ask("/agents/register", {"agent_id": who, "agent_type": "worker", "capabilities": ["c"],
    "services": ["s"], "endpoints": {"http": "http://a"}, "metadata": {"password": "CANARY-5"}})
print("registered", ask(f"/agents/{who}")["status"])
"""


@contextlib.asynccontextmanager
async def recording(
    folder: Path, *words: str, protocol: str = "aitbc"
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await assay_started(folder, "record", protocol, *words)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def url_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(30):
        while said := (await process.stdout.readline()).decode():
            if " at http" in said:
                return said.split()[-1]
    raise AssertionError(await process.communicate())


async def led(folder: Path, mock: RunningMock, *words: str, code: str = CLIENT) -> Done:
    """A recording of a client that is launched by it."""
    (folder / "client.py").write_text(code, "utf-8")
    client = [sys.executable, "client.py", "{url}"]
    return await assay(folder, "record", "aitbc", "--upstream", mock.url, *words, "--", *client)


def scenario(folder: Path, name: str = "recording.arazzo.yaml") -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((folder / name).read_text("utf-8"))
    return found


def texts(folder: Path) -> list[str]:
    """All that was written so far."""
    return [path.read_text("utf-8") for path in folder.iterdir()]


async def test_client_that_is_launched_is_recorded(tmp_path: Path) -> None:
    async with mockserver.start("aitbc") as mock:
        done = await led(tmp_path, mock, "--out", "mine.arazzo.yaml")
    assert done.code == 0, done.said
    assert "registered" in done.out
    assert "2 requests, 0 messages, 0 unlawful, 0 doubtful" in done.out
    assert "written: mine.arazzo.yaml (2 steps)" in done.out
    assert done.files == {"client.py", "mine.arazzo.yaml"}, "nothing is left beside it"
    made = scenario(tmp_path, "mine.arazzo.yaml")
    assert [each["stepId"] for each in made["workflows"][0]["steps"]] == [
        "registerAgent",
        "getAgent",
    ]
    assert "CANARY" not in done.said + str(made)


async def test_ctrl_c_writes_what_was_recorded(tmp_path: Path) -> None:
    async with (
        mockserver.start("aitbc") as mock,
        recording(tmp_path, "--upstream", mock.url) as process,
    ):
        url = await url_of(process)
        async with aiohttp.ClientSession() as session, session.get(f"{url}/health") as response:
            assert response.status == 200
        process.send_signal(signal.SIGINT)
        done = await ended(process, tmp_path)
    assert done.code == 0, done.said
    assert len(scenario(tmp_path)["workflows"][0]["steps"]) == 1


async def test_crash_leaves_a_part_from_which_the_scenario_is_written(tmp_path: Path) -> None:
    part = tmp_path / "recording.arazzo.yaml.part"
    async with (
        mockserver.start("aitbc") as mock,
        recording(tmp_path, "--upstream", mock.url) as process,
    ):
        url = await url_of(process)
        async with aiohttp.ClientSession() as session, session.get(f"{url}/health") as response:
            assert response.status == 200
        await until(lambda: b"healthy" in part.read_bytes())  # it is kept just after it passed
        process.kill()
        await process.communicate()
        again = await assay(tmp_path, "record", "aitbc", "--upstream", mock.url)
    assert again.code == 2
    assert "--from recording.arazzo.yaml.part" in again.err
    done = await assay(tmp_path, "record", "aitbc", "--from", "recording.arazzo.yaml.part")
    assert (done.code, done.out) == (0, "written: recording.arazzo.yaml (1 step)\n")
    assert len(scenario(tmp_path)["workflows"][0]["steps"]) == 1


async def test_unlawful_request_is_told_in_a_line_with_its_place_and_row(tmp_path: Path) -> None:
    refused = "import sys\nsys.excepthook = lambda *_: sys.exit(0)\n"
    code = refused + CLIENT.replace('"services": ["s"]', '"services": 5')
    async with mockserver.start("aitbc") as mock:
        done = await led(tmp_path, mock, "--proxy", code=code)
    line = next(each for each in done.out.splitlines() if "FAIL" in each)
    assert "agent  POST /agents/register  /services: " in line
    assert "  AITBC-AGENT-" in line
    assert done.code == 1
    assert done.files == {"client.py"}, "a proxy records nothing"


@pytest.mark.parametrize("words", [(), ("--proxy",)])
async def test_unlawful_answer_is_the_coordinators(tmp_path: Path, words: tuple[str, ...]) -> None:
    async def serve(line: Line) -> None:
        while await line.heard():
            await line.say(answer(200, b'{"status": 7}'))

    code = "import os, urllib.request as u\n"
    code += "u.build_opener(u.ProxyHandler({})).open(os.environ['ASSAY_URL'] + '/health').read()\n"
    (tmp_path / "c.py").write_text(code, "utf-8")
    async with listening(serve) as url:
        command = ["record", "aitbc", "--upstream", url, *words, "--", sys.executable, "c.py"]
        done = await assay(tmp_path, *command)
    assert "FAIL  coordinator  GET /health -> 200  /status: " in done.out
    assert done.code == (1 if words else 0), done.said


async def test_lawful_conversation_is_a_0_and_a_failed_command_a_1(tmp_path: Path) -> None:
    async with mockserver.start("aitbc") as mock:
        assert (await led(tmp_path, mock, "--proxy")).code == 0
        failed = await led(tmp_path, mock, "--proxy", code=CLIENT + "\nsys.exit(5)")
    assert failed.code == 1
    assert "the command ended with 5" in failed.err


async def test_nobody_to_reach_or_to_judge_is_a_3(tmp_path: Path) -> None:
    nowhere = f"http://127.0.0.1:{await closed_port()}"
    done = await assay(tmp_path, "record", "aitbc", "--upstream", nowhere, "--proxy")
    assert (done.code, done.out) == (3, "")
    assert "cannot be reached" in done.err
    assert done.files == set()
    async with mockserver.start("aitbc") as mock:
        silent = await led(tmp_path, mock, "--proxy", code="pass")
        command = ["record", "aitbc", "--upstream", mock.url, "--", "./no-such-thing"]
        missing = await assay(tmp_path, *command)
    assert silent.code == 3
    assert "nothing was judged" in silent.err
    assert missing.code == 3
    assert "no such command" in missing.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "--upstream"),
        (("--upstream", "ftp://a"), "is not the URL of a coordinator"),
        (("--upstream", "http://a:b@c"), "is not the URL of a coordinator"),
        (("--upstream", "http://a", "--grpc-upstream", "b:1"), "aitbc has no procedures"),
        (("--upstream", "http://a", "--port", "70000"), "--port: is not from 0 to 65535"),
        (("--upstream", "http://a", "--ca", "nothing.pem"), "--ca: is no file"),
        (("--upstream", "https://a", "--ca", "bad.pem"), "cannot be used"),
        (("--upstream", "http://a", "--client-key", "bad.pem"), "belongs to a --client-cert"),
        (("--upstream", "http://a", "--insecure", "--ca", "bad.pem"), "checks nothing"),
        (("--from", "bad.pem"), "is no recording"),
    ],
)
async def test_wrong_usage_is_a_2_with_the_place(
    tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    (tmp_path / "bad.pem").write_text("no PEM\n", "utf-8")
    done = await assay(tmp_path, "record", "aitbc", *words)
    assert done.code == 2, done.said
    assert told in done.err
    assert done.files == {"bad.pem"}


@pytest.mark.parametrize("words", [(), ("--proxy",)])
async def test_secrets_of_a_conversation_are_in_no_output(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Canaries as a token, as a person's password, and as an agent's own token."""
    settings = Settings(username="ann", password="CANARY-password")
    async with (
        mockserver.start("echocenter", settings=settings) as mock,
        recording(tmp_path, "--upstream", mock.url, *words, protocol="echocenter") as process,
    ):
        url = await url_of(process)
        secret = mock.session.coordinator.enrol("Scout")["token"]
        async with aiohttp.ClientSession(url) as session:
            login = {"username": "ann", "password": "CANARY-password"}
            async with session.post("/api/auth/login", json=login) as response:
                assert response.status == 200
                person = orjson.loads(await response.read())
            async with session.ws_connect(f"/api/ws?token={secret}") as socket:
                log = {"type": "SYSTEM_LOG", "payload": {"level": secret, "content": secret}}
                await socket.send_json(log)
                await socket.close(code=1000)
        part = texts(tmp_path)
        process.terminate()
        done = await ended(process, tmp_path)
    assert "FAIL" in done.out
    everything = str([done.said, part, texts(tmp_path)])
    tokens = [value for key, value in person.items() if "token" in key.lower()]
    for canary in (secret, "CANARY", *tokens):
        assert canary not in everything
    if words:
        assert done.files == set()
        return
    found = scenario(tmp_path)["workflows"][0]["inputs"]["properties"]
    assert {"username", "password", "token"} <= set(found)
    assert "default" not in found["password"]
