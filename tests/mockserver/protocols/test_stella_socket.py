"""Stella over real sockets: TLS with the agents' own certificates, on virtual time."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import websockets
from websockets.asyncio.client import ClientConnection

import mockserver
from mockserver import RunningMock
from mockserver.authority import Authority
from tests.mockserver.protocols.stella_yard import AGENTS, DAY, HOUR, REGISTER, about, beat


@dataclass(slots=True, kw_only=True)
class Member:
    """An agent on the wire: its id and path, its key, and the certificate that it goes by."""

    id: str
    path: str
    key: str
    tls: ssl.SSLContext


class Site:
    """A served mock, and a folder for what its agents keep."""

    def __init__(self, mock: RunningMock, http: aiohttp.ClientSession, folder: Path) -> None:
        self.mock = mock
        self.http = http
        self._folder = folder
        self.nobody = self.trusting()

    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.mock.ca)

    def showing(self, cert: str, key: str) -> ssl.SSLContext:
        both = self._folder / "both.pem"
        both.write_text(cert + key)
        context = self.trusting()
        context.load_cert_chain(both)
        return context

    async def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        tls: ssl.SSLContext | None = None,
        **more: Any,
    ) -> tuple[int, Any]:
        url = self.mock.url + path
        tls = tls or self.nobody
        async with self.http.request(method, url, json=body, ssl=tls, **more) as said:
            return said.status, await said.json()

    async def command(self, name: str, **said: Any) -> Any:
        status, told = await self("POST", f"/_assay/{name}", said)
        assert status == 200, told
        return told

    async def advance(self, seconds: float) -> None:
        await self.command("clock/advance", seconds=seconds)

    async def register(self, name: str) -> Member:
        token = (await self.command("mint"))["token"]
        headers = {"X-Agent-Token": token}
        status, receipt = await self("POST", REGISTER, about(name), headers=headers)
        assert status == 201, receipt
        given = receipt["certificate"]
        return Member(
            id=receipt["agentId"],
            path=f"{AGENTS}/{receipt['agentId']}",
            key=given["key"],
            tls=self.showing(given["cert"], given["key"]),
        )

    async def beat(self, agent: Member) -> tuple[int, Any]:
        return await self("POST", f"{agent.path}/heartbeat", beat(), tls=agent.tls)

    def stream(self, agent: Member, tls: ssl.SSLContext | None = None) -> websockets.connect:
        url = f"{self.mock.ws_url}{agent.path}/task-stream"
        return websockets.connect(url, ssl=tls or agent.tls, proxy=None)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with (
        mockserver.start("stella", clock="virtual") as mock,
        # Each certificate needs connections of its own.
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as http,
    ):
        yield Site(mock, http, tmp_path)


async def _next(socket: ClientConnection) -> Any:
    async with asyncio.timeout(5):
        return json.loads(await socket.recv())


async def test_mock_speaks_tls_by_default(site: Site) -> None:
    assert site.mock.url.startswith("https://")
    assert await site("GET", AGENTS) == (200, [])


async def test_agent_lives_by_its_certificate(site: Site) -> None:
    agent = await site.register("crane-1")
    task = {"taskType": "docker.pull", "payload": {"image": "web"}, "timeout": 60}
    given = await site.command("enqueue", agent="crane-1", task=task)
    full = {"credentials": {}, **task, **given}
    tasks = f"{agent.path}/tasks"
    _, polled = await site("GET", tasks, tls=agent.tls)
    assert [each["taskId"] for each in polled["tasks"]] == [given["taskId"]]
    assert await site.beat(agent) == (200, {"tasks": [full]})
    report = {"success": True, "result": {}, "logs": []}
    done = await site("POST", f"{tasks}/{given['taskId']}/complete", report, tls=agent.tls)
    assert done == (200, {"acknowledged": True})
    assert await site("GET", tasks, tls=agent.tls) == (200, {"tasks": []})


async def test_only_its_own_certificate_opens_an_agents_routes(site: Site) -> None:
    agent, other = await site.register("crane-1"), await site.register("crane-2")
    for tls, status in ((agent.tls, 200), (other.tls, 403), (site.nobody, 401)):
        assert (await site("GET", f"{agent.path}/tasks", tls=tls))[0] == status
        if status != 200:
            with pytest.raises(websockets.InvalidStatus) as refused:
                await site.stream(agent, tls)
            assert refused.value.response.status_code == status
            assert b'"error"' in (refused.value.response.body or b"")


async def test_foreign_certificate_gets_nowhere(site: Site) -> None:
    agent = await site.register("crane-1")
    foreign = Authority().issue(agent.id, 0, 4_000_000_000)
    tls = site.showing(foreign.cert, foreign.key)
    with pytest.raises((aiohttp.ClientError, OSError)):
        await site("GET", f"{agent.path}/tasks", tls=tls)


async def test_certificate_is_renewed_and_the_old_one_ends(site: Site) -> None:
    agent = await site.register("crane-1")
    await site.advance(DAY - HOUR)
    _, said = await site.beat(agent)
    renewed = site.showing(said["certificateRenewal"]["cert"], agent.key)
    await site.advance(HOUR)
    status, refusal = await site.beat(agent)
    assert (status, "expired" in refusal["error"]["message"]) == (401, True)
    agent.tls = renewed
    assert await site.beat(agent) == (200, {"tasks": []})


async def test_silent_agent_is_lost_and_comes_back(site: Site) -> None:
    agent = await site.register("crane-1")
    await site.beat(agent)
    await site.advance(90)
    assert [row["name"] for row in (await site("GET", f"{AGENTS}?status=offline"))[1]] == [
        "crane-1"
    ]
    await site.beat(agent)
    assert (await site("GET", agent.path))[1]["status"] == "online"


async def test_stream_takes_tasks_and_reports(site: Site) -> None:
    agent = await site.register("crane-1")
    work = {"taskType": "nomad.run"}
    first = (await site.command("enqueue", agent=agent.id, task=work))["taskId"]
    async with site.stream(agent) as stream:
        assert (await _next(stream))["task"]["taskId"] == first
        second = (await site.command("enqueue", agent=agent.id, task=work))["taskId"]
        assert (await _next(stream))["task"]["taskId"] == second
        await site.command("cancel", task=second)
        assert await _next(stream) == {"type": "task_cancelled", "taskId": second}
        progress = {"progress": 40, "message": "half way"}
        await stream.send(json.dumps({"type": "task_progress", "taskId": first, **progress}))
        await (await stream.ping())
    _, state = await site("GET", "/_assay/state")
    seen = {task["taskId"]: task for task in state["tasks"]}
    assert seen[first]["progress"].items() >= progress.items()
    assert seen[second]["status"] == "cancelled"


async def test_deletion_and_restart_end_streams(site: Site) -> None:
    agent = await site.register("crane-1")
    for how, code in (("restart", 1012), ("delete", 1008)):
        async with site.stream(agent) as stream:
            if how == "restart":
                await site.command("restart")
            else:
                assert await site("DELETE", agent.path) == (200, {"deleted": True})
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await _next(stream)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == code
    assert (await site.beat(agent))[0] == 401


async def test_unreachable_is_forced_by_a_fault(site: Site) -> None:
    agent = await site.register("crane-1")
    fault = {"kind": "status", "operation": "getPendingTasks", "status": 503}
    await site.command("faults", **fault)
    assert (await site("GET", f"{agent.path}/tasks", tls=agent.tls))[0] == 503
    assert (await site("GET", f"{agent.path}/tasks", tls=agent.tls))[0] == 200


async def test_command_that_cannot_be_is_a_400(site: Site) -> None:
    status, said = await site("POST", "/_assay/enqueue", {"agent": "nobody", "task": {}})
    assert (status, "not 'nobody'" in said["error"]) == (400, True)


async def test_in_the_clear_the_token_stands_in() -> None:
    async with (
        mockserver.start("stella", clock="virtual", tls=False) as mock,
        aiohttp.ClientSession() as http,
    ):
        token = mock.session.coordinator.enrol("crane-1")["token"]
        headers = {"x-agent-token": token}
        async with http.post(mock.url + REGISTER, json=about("crane-1"), headers=headers) as said:
            receipt = await said.json()
        path = f"{mock.url}{AGENTS}/{receipt['agentId']}/tasks"
        bearer = {"Authorization": f"Bearer {receipt['token']}"}
        async with http.get(path, headers=bearer) as said:
            assert (said.status, await said.json()) == (200, {"tasks": []})
        async with http.get(path) as said:
            assert said.status == 401
