"""The examiner: a coordinator is played to an agent, situation by situation."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from conformance import examiner as module
from conformance.context import RunContext
from conformance.examiner import Examiner, Situation
from conformance.marks import UnjudgeableError
from conformance.rules import REQUEST_RULES
from conformance.target import Target
from mockserver import Fault
from schemas import load

AITBC = load("aitbc")

AGENT = """
import http.client, json, os, sys, time
def call(method, path, body=None):
    try:
        line = http.client.HTTPConnection(os.environ["ASSAY_HOST"], int(os.environ["ASSAY_PORT"]))
        data = None if body is None else json.dumps(body)
        line.request(method, path, data, {"content-type": "application/json"})
        return line.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
def register():
    call("POST", "/agents/register", {"agent_id": sys.argv[1], "agent_type": "worker"})
register()
while True:
    if call("PUT", "/agents/" + sys.argv[1] + "/status", {"status": "active"}) == 404:
        register()
    time.sleep(0.04)
"""
SILENT = "import time; time.sleep(60)"
CALM = Situation(name="calm")
BUSY = Situation(name="busy", faults=[Fault(kind="status", operation="registerAgent", status=503)])
LOST = Situation(name="lost", faults=[Fault(kind="drop", operation="updateAgentStatus")])
FORGOT = Situation(name="forgot", restart_after=2)


def examined(code: str, *situations: Situation, patience: float = 1.5) -> Examiner:
    command = (sys.executable, "-I", "-S", "-c", code, "{name}")
    return Examiner(AITBC, context(command=command, patience=patience), situations)


def context(**fields: Any) -> RunContext:
    least: dict[str, Any] = {"protocol": "aitbc", "role": "agent", "target": Target(), "run": "r1"}
    return RunContext(**(least | fields))


async def test_situations_are_played_once_side_by_side_each_with_its_own_mock() -> None:
    it = examined(AGENT, CALM, BUSY, LOST)
    began = time.monotonic()
    calm, busy, lost = [await it.observe(name) for name in ("calm", "busy", "lost")]
    took = time.monotonic() - began
    assert took < 8, "the others share their time"
    assert await it.observe("calm") is calm
    first = calm.exchanges[0]
    assert (first.operation, first.status) == ("registerAgent", 200)
    assert first.json()["agent_id"] == "agent-calm-r1"
    (label,) = REQUEST_RULES["labelled-body"](first, AITBC)
    assert label.kept, "it wrote the header's name in small letters"
    assert calm.struck == []
    assert calm.seconds >= 1
    assert [heard.status for heard in busy.struck] == [503]
    assert busy.exchanges[0].json()["agent_id"] == "agent-busy-r1"
    assert [(heard.operation, heard.status) for heard in lost.struck] == [("updateAgentStatus", 0)]
    for seen in (calm, busy, lost):
        assert seen.ending is not None
        assert seen.ending.asked
        assert not seen.ending.stubborn
        assert [heard.number for heard in seen.exchanges] == list(range(1, len(seen.exchanges) + 1))


async def test_a_restart_forgets_the_agent_and_gives_it_time_anew() -> None:
    seen = await examined(AGENT, CALM, FORGOT).observe("forgot")
    assert seen.restarted is not None
    assert seen.restarted >= 3
    after = [heard for heard in seen.exchanges if heard.number > seen.restarted]
    assert [(heard.operation, heard.status) for heard in after[:3]] == [
        ("updateAgentStatus", 404),
        ("registerAgent", 200),
        ("updateAgentStatus", 200),
    ]


async def test_an_agent_that_says_nothing_is_not_put_through_worse() -> None:
    it = examined(SILENT, CALM, BUSY, patience=0.3)
    seen = await it.observe("calm")
    assert seen.exchanges == ()
    assert seen.ending is not None
    assert seen.ending.asked
    with pytest.raises(UnjudgeableError, match="no agent ever connected"):
        await it.observe("busy")


async def test_an_agent_that_ends_by_itself_is_not_waited_for() -> None:
    it = examined("import sys; sys.exit('no coordinator')", CALM, patience=30)
    began = time.monotonic()
    seen = await it.observe("calm")
    assert time.monotonic() - began < 10
    assert seen.ending is not None
    assert (seen.ending.code, seen.ending.asked) == (1, False)
    assert seen.ending.describe() == "it ended with 1: no coordinator"


async def test_an_agent_that_bears_no_company_is_played_again_alone(
    unused_tcp_port: int,
) -> None:
    alone = f"""
import socket, sys
own = socket.socket()
own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    own.bind(("127.0.0.1", {unused_tcp_port}))
    own.listen()
except OSError:
    sys.exit("my port is taken")
"""
    it = examined(alone + AGENT, CALM, BUSY, FORGOT)
    for name in ("calm", "busy", "forgot"):
        seen = await it.observe(name)
        assert seen.exchanges, f"{name}: {seen.ending}"


async def test_an_agent_that_is_silent_alone_as_well_is_not_played_again_and_again(
    tmp_path: Path,
) -> None:
    """Only its first life says something: to be alone does not help it."""
    lives = tmp_path / "lives"
    once = f"""
import os, sys
lives = os.open({str(lives)!r}, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
os.write(lives, b".")
if os.fstat(lives).st_size > 1:
    sys.exit("not twice")
"""
    others = [Situation(name=f"other {number}") for number in range(9)]
    it = examined(once + AGENT, CALM, *others)
    for situation in others:
        assert not (await it.observe(situation.name)).exchanges
    assert len(lives.read_text()) == 1 + len(others) + 3


async def test_a_command_that_cannot_be_run_is_an_os_error() -> None:
    it = Examiner(AITBC, context(command=("/no/such/agent",)), [CALM])
    with pytest.raises(FileNotFoundError):
        await it.observe("calm")


async def test_without_a_command_an_agent_is_led_through_the_situations_in_turn(
    unused_tcp_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    listen = {"host": "127.0.0.1", "port": unused_tcp_port}
    it = Examiner(AITBC, context(patience=0.5, listen=listen), [CALM, BUSY])

    async def agent() -> None:
        body = {"agent_id": "mine", "agent_type": "worker"}
        async with aiohttp.ClientSession(f"http://127.0.0.1:{unused_tcp_port}") as line:
            while True:
                try:
                    async with line.post("/agents/register", json=body) as said:
                        await said.read()
                except aiohttp.ClientConnectorError:
                    pass  # not there yet
                await asyncio.sleep(0.03)

    task = asyncio.create_task(agent())
    try:
        calm = await it.observe("calm")
    finally:
        task.cancel()
    busy = await it.observe("busy")
    assert capsys.readouterr().err == (
        f"waiting for an agent at http://127.0.0.1:{unused_tcp_port}\n"
    )
    assert calm.exchanges[0].number == 1, "what it said first belongs to the first situation"
    assert calm.struck == []
    assert [heard.status for heard in busy.struck] == [503]
    assert busy.exchanges[0].number == calm.exchanges[-1].number + 1
    assert calm.ending is busy.ending is None


async def test_an_agent_that_never_connects_is_waited_for_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_CONTACT", 0.3)
    it = Examiner(AITBC, context(patience=0.2), [CALM, BUSY])
    began = time.monotonic()
    for name in ("calm", "busy", "calm"):
        with pytest.raises(UnjudgeableError, match="no agent ever connected"):
            await it.observe(name)
    assert time.monotonic() - began < 0.8


KEEPER = """
import http.client, json, os
folder = os.environ["ASSAY_DIR"]
body = {"agent_id": folder, "agent_type": "worker", "capabilities": os.listdir(folder)}
open(os.path.join(folder, "identity"), "w").close()
line = http.client.HTTPConnection(os.environ["ASSAY_HOST"], int(os.environ["ASSAY_PORT"]))
line.request("POST", "/agents/register", json.dumps(body), {"content-type": "application/json"})
line.getresponse().read()
"""


async def test_each_life_has_an_empty_folder_of_its_own() -> None:
    it = examined(KEEPER, CALM, LOST)
    said = [(await it.observe(name)).exchanges[0].json() for name in ("calm", "lost")]
    assert [each["capabilities"] for each in said] == [[], []]
    folders = [Path(each["agent_id"]) for each in said]
    assert folders[0] != folders[1]
    assert not any(folder.exists() for folder in folders)
