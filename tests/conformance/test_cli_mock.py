"""`assay mock`: what it prints works, and it ends when it is asked."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import orjson
import pytest

import mockserver
from tests.conformance.children import HOME, Done, assay, assay_started, ended


@contextlib.asynccontextmanager
async def started(
    folder: Path, *words: str, protocol: str = "aitbc"
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await assay_started(folder, "mock", protocol, "--port", "0", *words)
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
                return said.rstrip()
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


async def shell(command: str) -> asyncio.subprocess.Process:
    """A shell that runs a line that was printed."""
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *("sh", "-c", command), stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.STDOUT
    )


async def said_by(process: asyncio.subprocess.Process) -> str:
    """All that it says until it ends in order, with nothing more typed."""
    said, _ = await asyncio.wait_for(process.communicate(b""), 20)
    assert process.returncode == 0, said
    return said.decode()


@pytest.mark.parametrize("tls", ["--tls", "--no-tls"])
async def test_an_agent_with_a_token_connects_by_the_line_that_is_printed(
    tmp_path: Path, tls: str
) -> None:
    words = ["--agent", "Scout 4", "--dialect", "deployed", tls]
    async with started(tmp_path, *words, protocol="echocenter") as process:
        assert "admin with the password assay-admin" in await line(process, "log in as")
        assert "Scout 4: token agt_" in await line(process, "agent")
        connect = (await line(process, "connect")).split(None, 1)[1]
        message = (await line(process, "then type")).split(None, 2)[2]
        assert "POST /_assay/chat" in await line(process, "steer")
        client = await shell(connect)
        assert client.stdin is not None
        client.stdin.write(f"{message}\n".encode())
        assert message in await line(process, "-> Scout 4 #1")
        assert "Connected to ws" in await said_by(client)


async def test_without_an_agent_the_line_that_makes_one_is_printed(tmp_path: Path) -> None:
    async with started(tmp_path, protocol="echocenter") as process:
        await line(process, "--agent NAME")
        curl = await line(process, "/_assay/enrol")
        told = orjson.loads(await said_by(await shell(f"{curl} -sS --noproxy '*'")))
    assert told["username"] == "Scout"
    assert told["token"]


@pytest.mark.parametrize("words", [(), ("--no-tls", "--user", "ann:secret"), ("--agent", "a, b")])
async def test_a_script_logs_in_by_the_program_that_is_printed(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    async with started(tmp_path, *words, protocol="architect") as process:
        header = await line(process, "Sec-WebSocket-Protocol: SMP1.0, ")
        program = [(await line(process, "try it")).split(None, 2)[2]]
        while program[-1] != "'":
            program.append(await line(process))
        reply = orjson.loads(await said_by(await shell("\n".join(program))))
    assert "servers" in reply["parameters"]["actions"]
    assert ("ann, secret" in header) is ("--user" in words)
    assert ("a-b" in header) is ("--agent" in words)


async def test_the_json_log_begins_with_all_that_clients_need(tmp_path: Path) -> None:
    words = ["--log", "json", "--user", "ann:se:cret", "--agent", "Scout"]
    async with started(tmp_path, *words, protocol="echocenter") as process:
        ready = orjson.loads(await line(process))
    assert ready["credentials"] == {"username": "ann", "password": "se:cret"}
    assert ready["agents"]["Scout"]["token"].startswith("agt_")
    assert ready["ca"] == ""


async def test_a_log_needs_no_requirements_to_tell_what_was_said_unlawfully(
    tmp_path: Path,
) -> None:
    pack = tmp_path / "pack"
    shutil.copytree(HOME / "schemas/protocols/architect", pack)
    (pack / "requirements.yaml").unlink(missing_ok=True)
    async with started(tmp_path, "--log", "json", "--no-tls", protocol=str(pack)) as process:
        ready = orjson.loads(await line(process))
        offered = ("SMP1.0", *ready["credentials"].values())
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{ready['url']}/ws", protocols=offered) as socket,
        ):
            await socket.send_str('{"action": 7}')
            assert "error" in await socket.receive_json(timeout=10)
        assert orjson.loads(await line(process, '"sender":"agent"'))["violations"]


async def test_faults_strike_as_they_were_asked_for(tmp_path: Path) -> None:
    words = ["--log", "json", "--fault", "status:operation=getHealth,status=500,skip=1"]
    words += ["--fault", '[{"kind": "reset", "operation": "discoverAgents"}, {"kind": "extra"}]']
    async with started(tmp_path, *words) as process:
        ready = orjson.loads(await line(process))
        async with aiohttp.ClientSession(ready["url"]) as session:
            with pytest.raises(aiohttp.ClientOSError):
                await session.post("/agents/discover", json={})
            for status in (200, 500, 200):
                async with session.get("/health") as said:
                    assert said.status == status
            async with session.get("/_assay/faults") as said:
                assert await said.json() == {"faults": []}
        assert '"reset"' in await line(process, "discoverAgents")


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
        (["architect", "--dialect", "spoken"], ["--dialect", "documented or deployed", "spoken"]),
        (["echocenter", "--user", "ann"], ["--user is NAME:PASSWORD", "'ann'"]),
        (["architect", "--user", ":secret"], ["--user is NAME:PASSWORD"]),
        (["architect", "--user", "ann lee:secret"], ["the name 'ann lee'", "Sec-WebSocket-Proto"]),
        (["architect", "--user", "ann:a,b"], ["the password 'a,b'", "hint"]),
        (["aitbc", "--user", "ann:secret"], ["--user: nobody logs in to aitbc"]),
        (["echocenter", "--port", "0", "--agent", "Butler"], ["--agent", "'Butler' is taken"]),
        (["echocenter", "--port", "0", "--agent", ""], ["--agent", "empty"]),
        (["architect", "--port", "0", "--host", "bücher"], ["--host", "bücher"]),
        (["aitbc", "--fault", "dely"], ["--fault 'dely'", "did you mean 'delay'?"]),
        (["aitbc", "--fault", "delay:seconds=x"], ["--fault 'delay:", "seconds is a number"]),
        (
            ["aitbc", "--fault", "delay:operation=heartbeat,seconds=0.5"],
            ["operation 'heartbeat' matches nothing of aitbc", "did you mean 'sendHeartbeat'?"],
        ),
        (["aitbc", "--fault", "drop", "--fault", "hang"], ["--fault 'hang'", "a message on a Web"]),
        (["aitbc", "--fault", "{"], ["--fault '{'", "it is not JSON"]),
        ([], ["protocol"]),
    ],
)
async def test_a_usage_error_names_what_is_wrong(
    tmp_path: Path, words: list[str], told: list[str]
) -> None:
    done = await refused(tmp_path, *words)
    for word in told:
        assert word in done.err


async def test_scenario_is_played_and_told(tmp_path: Path) -> None:
    async with started(tmp_path, "--scenario", "life", "--log", "json") as process:
        url = orjson.loads(await line(process, "ready"))["url"]
        assert "awaits register" in orjson.loads(await line(process, "scenario"))["scenario"]
        async with aiohttp.ClientSession() as http:
            body = {"agent_id": "me", "agent_type": "worker"}
            async with http.post(f"{url}/agents/register", json=body) as answer:
                assert answer.status == 200
        assert "me" not in orjson.loads(await line(process, "awaits"))["scenario"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--scenario", "lief"], "did you mean aitbc/life?"),
        (["--scenario", "life", "--workflow", "death"], "has no workflow"),
        (["--scenario", "life", "--input", "colour"], "is not NAME=VALUE"),
        (["--scenario", "life", "--input", "colour=red"], "no workflow has an input 'colour'"),
    ],
)
async def test_scenario_that_cannot_be_played(tmp_path: Path, words: list[str], said: str) -> None:
    done = await assay(tmp_path, "mock", "aitbc", "--port", "0", *words)
    assert done.code == 2
    assert said in done.err
