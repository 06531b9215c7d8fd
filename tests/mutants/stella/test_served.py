"""The orchestrators over TLS: certificates at the door, streams, control, broken answers."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.mutants.sample import sampled

from . import FAULTS, LAWFUL, Served, start
from .authority import Signer, key_text, pem
from .authority import leaf as client_leaf
from .wire import SOUND

_HOME = Path(__file__).parents[3]
_REPORT = {"success": True, "result": {}, "logs": []}


class Client:
    """Just enough of a client to knock at a peer."""

    def __init__(self, peer: Served, session: aiohttp.ClientSession, home: Path) -> None:
        self.peer = peer
        self.session = session
        self.home = home
        self.token = ""
        operator = (peer.cert, peer.key) if peer.cert else None
        self.operator = self._context(operator)

    def _context(self, files: tuple[str, str] | None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.peer.ca)
        if files is not None:
            context.load_cert_chain(*files)
        return context

    def showing(self, cert: str, key: str) -> ssl.SSLContext:
        """A context with a client certificate."""
        path = self.home / "agent.pem"
        path.write_text(cert + key)
        return self._context((str(path), str(path)))

    async def hook(self, name: str, **values: Any) -> Any:
        """Use a hook as its template says."""
        hook = self.peer.hooks[name]
        body = {one: values[place.strip("{}")] for one, place in hook["json"].items()}
        async with self.session.post(hook["url"], json=body) as answer:
            data = await answer.json()
            assert answer.status == 200, data
        return data[hook["result"].removeprefix("/")] if hook["result"] else None

    async def ask(self, method: str, path: str, context: ssl.SSLContext, **more: Any) -> Any:
        """The status and the body, or the status 0 where the connection fails."""
        url = f"{self.peer.url}/api/v1/agents{path}"
        limit = aiohttp.ClientTimeout(total=3)
        try:
            async with self.session.request(
                method, url, ssl=context, timeout=limit, **more
            ) as answer:
                text = await answer.text()
                if answer.content_type == "application/json":
                    return answer.status, await answer.json()
                return answer.status, text
        except (aiohttp.ClientError, ssl.SSLError):
            return 0, None

    async def register(self, name: str) -> tuple[str, ssl.SSLContext]:
        """Register, and come back with the certificate."""
        headers = {"X-Agent-Token": await self.hook("mint_token")}
        body = {"name": name, "version": "1.1", "capabilities": ["docker"]}
        status, given = await self.ask(
            "POST", "/register", self._context(None), json=body, headers=headers
        )
        assert status == 201
        paper = given["certificate"]
        self.token = given["token"]
        return given["agentId"], self.showing(paper["cert"], paper["key"])


@asynccontextmanager
async def talking(
    home: Path, reading: str | None = None, fault: str | None = None
) -> AsyncIterator[Client]:
    async with await start(reading, fault) as peer, aiohttp.ClientSession() as session:
        yield Client(peer, session, home)


@pytest.mark.parametrize("reading", LAWFUL)
async def test_lawful_over_tls(reading: str, tmp_path: Path) -> None:
    async with talking(tmp_path, reading) as client:
        who, own = await client.register("tls-1")
        headers = {"Authorization": f"Bearer {client.token}"}
        beat = {"json": {"status": "healthy"}, "headers": headers}
        await client.ask("POST", f"/{who}/heartbeat", own, **beat)
        task = await client.hook("create_task", agent=who, task={"taskType": "docker.pull"})
        status, body = await client.ask("POST", f"/{who}/heartbeat", own, **beat)
        assert (status, [one["taskId"] for one in body["tasks"]]) == (200, [task])
        refused = [client._context(None), _foreign(client)]
        for context in refused:
            status, _ = await client.ask("GET", f"/{who}/tasks", context, headers=headers)
            assert status in (0, 401, 403)
        await client.hook("advance", seconds=86400)
        status, _ = await client.ask("GET", f"/{who}/tasks", own, headers=headers)
        assert status in (0, 401, 403)
        status, rows = await client.ask(
            "GET", "", client.operator, params={"status": "offline"}, headers=client.peer.headers
        )
        assert (status, [row["name"] for row in rows]) == (200, ["tls-1"])


def _foreign(client: Client) -> ssl.SSLContext:
    maker = client.peer.desk.authority.foreign
    use = ExtendedKeyUsageOID.CLIENT_AUTH
    leaf: Signer = client_leaf(maker, client.peer.desk.env.clock(), "x", use)
    return client.showing(pem(leaf.cert), key_text(leaf.key))


async def test_stream_both_ways(tmp_path: Path) -> None:
    async with talking(tmp_path, "lively") as client:
        who, own = await client.register("wss-1")
        url = f"{client.peer.url}/api/v1/agents/{who}/task-stream"
        async with client.session.ws_connect(url, ssl=own) as socket:
            assert (await socket.receive_json(timeout=2))["type"] == "hello"
            task = await client.hook("create_task", agent=who, task={"taskType": "ssh.exec"})
            said = await socket.receive_json(timeout=2)
            assert (said["type"], said["task"]["taskId"]) == ("task_assigned", task)
            await socket.send_json({"type": "task_log", "taskId": task, "message": "m"})
            assert (await socket.receive_json(timeout=2))["type"] == "ack"
            await client.hook("cancel_task", agent=who, task=task)
            said = await socket.receive_json(timeout=2)
            assert said == {"type": "task_cancelled", "taskId": task}
            await client.ask("DELETE", f"/{who}", client.operator)
            assert (await socket.receive(timeout=2)).type is aiohttp.WSMsgType.CLOSE


@pytest.mark.parametrize(
    ("fault", "showing", "status"),
    [
        ("mtls.poll.none", "none", 200),
        ("mtls.poll.foreign", "foreign", 200),
        ("mtls.heartbeat.foreign", "foreign", 0),
        ("mtls.poll.any_agent", "other", 200),
        ("mtls.heartbeat.any_agent", "other", 403),
    ],
)
async def test_faulty_gates(fault: str, showing: str, status: int, tmp_path: Path) -> None:
    async with talking(tmp_path, fault=fault) as client:
        who, _ = await client.register("gate-1")
        _, other = await client.register("gate-2")
        context = other if showing == "other" else client._context(None)
        context = _foreign(client) if showing == "foreign" else context
        found, _ = await client.ask("GET", f"/{who}/tasks", context)
        # A lax door must tell strangers at its sound routes, where a strict one cuts them off.
        assert found == status or (status == 0 and found in (401, 403))


@pytest.mark.parametrize("fault", ["http.list.truncated", "http.list.reset", "input.update.kills"])
async def test_broken_wires(fault: str, tmp_path: Path) -> None:
    async with talking(tmp_path, fault=fault) as client:
        who, _ = await client.register("wire-1")
        await client.ask("PUT", f"/{who}", client.operator, data=b"{oops")
        status, _ = await client.ask("GET", "", client.operator)
        assert status == 0


WIRED = [name for name, fault in FAULTS.items() if fault.seed.wire is not SOUND]


async def _octets_of(home: Path, fault: str | None) -> list[bytes]:
    """What comes over a socket: for two handshakes, one without a key and a sound one, with a task
    after that; for the deletion of its agent; and for two requests on one connection.
    """
    key = "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n"
    told: list[bytes] = []
    async with talking(home, "natural", fault) as client:
        who, own = await client.register("octets-1")
        path = f"/api/v1/agents/{who}"
        host, port = client.peer.url.removeprefix("https://").split(":")
        for each in ("", key):
            reader, writer = await asyncio.open_connection(host, int(port), ssl=own)
            head = f"GET {path}/task-stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
            more = f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n{each}\r\n"
            writer.write((head + more).encode())
            told.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\nDate")[0])
            if each:
                await client.hook("create_task", agent=who, task={"taskId": "t"})
                told.append(await reader.read(8))
                await client.ask("DELETE", f"/{who}", client.operator)
                told.append(await _rest(reader))
            writer.close()
        reader, writer = await asyncio.open_connection(host, int(port), ssl=own)
        for _ in range(2):
            writer.write(b"GET /api/v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n")
            told.append((await _rest(reader))[:12])
        writer.close()
    return told


async def _rest(reader: asyncio.StreamReader) -> bytes:
    """The end of what comes, but for what differs from one run to the next."""
    try:
        return (await asyncio.wait_for(reader.read(4096), 1))[-12:]
    except (TimeoutError, OSError):
        return b"nothing"


async def test_faults_of_the_wire_show(tmp_path: Path) -> None:
    sound = await _octets_of(tmp_path, None)
    assert sound == await _octets_of(tmp_path, None)
    wired = sampled(WIRED, 5)
    assert [name for name in wired if await _octets_of(tmp_path, name) == sound] == []


async def test_control_refuses_what_it_does_not_know() -> None:
    async with await start() as peer, aiohttp.ClientSession() as session:
        for name in ("create_task", "cancel_task", "assign_target"):
            url = peer.hooks[name]["url"]
            async with session.post(url, json={"agent": "nobody"}) as answer:
                assert answer.status == 404
                assert "error" in await answer.json()


async def test_a_refused_stream_may_be_closed_late(tmp_path: Path) -> None:
    async with talking(tmp_path, "lax_handshake_403") as client:
        who, _ = await client.register("late-1")
        url = f"{client.peer.url}/api/v1/agents/{who}/task-stream"
        async with client.session.ws_connect(url, ssl=_foreign(client)) as socket:
            assert (await socket.receive(timeout=2)).data == 4003
