"""The coordinators over sockets: REST, WebSocket, gRPC, control, broken answers."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import grpc.aio
import pytest

from tests.mutants.sample import sampled

from . import LAWFUL, Served, start
from .protos import protos
from .wasm import HEADER

_HOME = Path(__file__).parents[3]
_LIMIT = aiohttp.ClientTimeout(total=3)


class Client:
    """Just enough of a client to knock at a peer."""

    def __init__(self, peer: Served, session: aiohttp.ClientSession) -> None:
        self.peer = peer
        self.session = session

    async def ask(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        """The status and the body, or the status 0 where the connection fails."""
        url = f"{self.peer.url}/api/v1{path}"
        try:
            async with self.session.request(method, url, timeout=_LIMIT, **more) as answer:
                return answer.status, await answer.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError):
            return 0, None

    async def deploy(self, name: str) -> tuple[int, Any]:
        """A new agent, and its answer."""
        form = aiohttp.FormData()
        form.add_field("wasm", HEADER, filename="agent.wasm", content_type="application/wasm")
        form.add_field("config", json.dumps({"name": name}))
        return await self.ask("POST", "/agents", data=form)

    async def hook(self, name: str, **values: Any) -> None:
        """Use a hook as its template says."""
        hook = self.peer.hooks[name]
        body = {one: values[str(place).strip("{}")] for one, place in hook["json"].items()}
        url = self.peer.url + hook["url"]
        async with aiohttp.ClientSession() as bare, bare.post(url, json=body) as answer:
            assert answer.status == 200, await answer.text()

    async def socket(self) -> aiohttp.ClientWebSocketResponse:
        """A WebSocket, with the token in both places."""
        return await self.session.ws_connect(f"{self.peer.url}/ws?token={self.peer.token}")

    async def call(
        self, method: str, request: Any, token: str = "", **more: Any
    ) -> tuple[str, Any]:
        """A gRPC call: the name of its status, and its answer."""
        known = protos(self.peer.reading)
        path = next(path for path, name in known.methods.items() if name == method)
        metadata = (("authorization", f"Bearer {token or self.peer.token}"),)
        async with grpc.aio.insecure_channel(self.peer.grpc) as channel:
            try:
                raw = request if isinstance(request, bytes) else request.SerializeToString()
                told = await channel.unary_unary(path)(raw, metadata=metadata, **more)
            except grpc.aio.AioRpcError as error:
                return error.code().name, error.details()
        answer = known.answer(method)
        answer.ParseFromString(told)
        return "OK", answer


@asynccontextmanager
async def talking(reading: str | None = None, fault: str | None = None) -> AsyncIterator[Client]:
    async with (
        await start(reading, fault) as peer,
        aiohttp.ClientSession(headers=peer.headers) as session,
    ):
        yield Client(peer, session)


async def _next(socket: aiohttp.ClientWebSocketResponse, kind: str) -> Any:
    while True:
        said = await socket.receive_json(timeout=2)
        if said["type"] == kind:
            return said


@pytest.mark.parametrize(
    "reading", [*dict.fromkeys(["natural", "contrary", *sampled([*LAWFUL], 3)])]
)
async def test_lawful_over_sockets(reading: str) -> None:
    async with talking(reading) as client:
        socket = await client.socket()
        await socket.send_json({"type": "subscribe", "events": ["agent.*"]})
        status, body = await client.deploy("over-http")
        assert status in (200, 201, 202)
        who = body["agent_id"]
        assert (await _next(socket, "agent.deployed"))["agent_id"] == who
        await client.hook("advance", seconds=1)
        status, rows = await client.ask("GET", "/agents", params={"status": "running"})
        assert (status, [row["agent_id"] for row in rows["agents"]]) == (200, [who])
        status, _ = await client.ask("GET", "/agents", headers={"X-Caxton-Token": "wrong"})
        assert status == 401
        await client.hook("fail_agent", agent=who)
        assert (await _next(socket, "agent.failed"))["agent_id"] == who
        await client.hook("force", operation="getAgent", status=500)
        status, body = await client.ask("GET", f"/agents/{who}")
        assert (status, body["error"]["code"]) == (500, "INTERNAL_ERROR")
        await client.hook("alert")
        await socket.close()


@pytest.mark.parametrize("reading", [name for name, one in LAWFUL.items() if one.grpc][:3])
async def test_one_state_behind_both(reading: str) -> None:
    async with talking(reading) as client:
        known = protos(client.peer.reading)
        request = known.request("DeployAgent")
        request.wasm_module, request.config.name = HEADER, "by-grpc"
        code, told = await client.call("DeployAgent", request)
        assert code == "OK"
        assert (await client.call("DeployAgent", request))[0] == "ALREADY_EXISTS"
        assert (await client.call("DeployAgent", request, "wrong"))[0] == "UNAUTHENTICATED"
        status, body = await client.ask("GET", f"/agents/{told.agent_id}")
        assert (status, body["name"]) == (200, "by-grpc")
        assert (await client.deploy("by-grpc"))[0] == 409
        await client.hook("advance", seconds=1)
        message = known.request("SendMessageAndWait")
        message.message.performative, message.message.sender = "request", "caller"
        message.message.receiver = told.agent_id
        message.message.content.update({"n": 1})
        code, told = await client.call("SendMessageAndWait", message, timeout=0.5)
        if client.peer.reading.agents_answer == "never":
            assert code == "DEADLINE_EXCEEDED"
        else:
            assert (code, told.message.performative) == ("OK", "inform")


async def test_reflection_tells_of_the_services() -> None:
    from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
        ProtoReflectionDescriptorDatabase,
    )

    async with talking() as client:

        def asked() -> list[str]:
            with grpc.insecure_channel(client.peer.grpc) as channel:
                found = ProtoReflectionDescriptorDatabase(channel).get_services()
                return [str(one) for one in found]

        import asyncio

        services = await asyncio.to_thread(asked)
        assert {"caxton.v1.AgentService", "caxton.v1.MessageService"} <= set(services)


async def test_unreadable_bytes_are_an_argument_that_is_invalid() -> None:
    async with talking() as client:
        code, _ = await client.call("DeployAgent", b"\xff\xff\xff\x01")
        assert code == "INVALID_ARGUMENT"


async def test_without_grpc_there_is_no_address() -> None:
    async with talking("gateway_only") as client:
        assert client.peer.grpc == ""


async def test_timers_fire_while_nobody_asks() -> None:
    async with talking() as client:
        socket = await client.socket()
        await socket.send_json({"type": "subscribe", "events": ["message.sent"]})
        _, body = await client.deploy("answers")
        said = {"performative": "request", "sender": "me", "receiver": body["agent_id"]}
        assert (await client.ask("POST", "/messages", json=said))[0] == 200
        assert (await _next(socket, "message.sent"))["from"] == "me"
        assert (await _next(socket, "message.sent"))["to"] == "me"


async def test_guarded_sockets_refuse_strangers_and_end_on_odd_frames() -> None:
    async with talking("guarded_sockets") as client:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.session.ws_connect(f"{client.peer.url}/ws")
        assert refused.value.status == 401
        socket = await client.socket()
        await socket.send_str("{oops")
        assert (await socket.receive(timeout=2)).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == 1008


@pytest.mark.parametrize("fault", ["http.list.wire.reset", "http.get.wire.truncate"])
async def test_broken_wires(fault: str) -> None:
    async with talking(fault=fault) as client:
        _, body = await client.deploy("wire")
        path = "/agents" if ".list." in fault else f"/agents/{body['agent_id']}"
        assert (await client.ask("GET", path))[0] == 0


async def test_control_refuses_what_it_does_not_know() -> None:
    async with talking() as client:
        for name, body, status in (
            ("fail_agent", {"agent": "nobody"}, 404),
            ("nothing", {}, 404),
            ("advance", [], 400),
        ):
            url = f"{client.peer.url}/_control/{name}"
            async with client.session.post(url, json=body) as answer:
                assert answer.status == status
                assert "error" in await answer.json()


async def test_too_large_a_body_is_refused() -> None:
    async with talking() as client:
        status, body = await client.ask("POST", "/messages", data=io.BytesIO(b"x" * (3 << 20)))
        assert (status, body["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")
