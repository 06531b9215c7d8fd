"""Caxton over real sockets: REST, WebSocket and gRPC in front of one state."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import grpc
import pytest
import websockets
from grpc_reflection.v1alpha import reflection_pb2

import mockserver
from mockserver import RunningMock
from schemas import load
from schemas.protobuf import codec
from tests.mockserver.protocols.caxton_harbour import AGENTS, MODULE, MODULE_TEXT, TOKEN

BEARER = (("authorization", f"Bearer {TOKEN}"),)
_REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"


@dataclass
class Pier:
    """A served mock, and clients of each kind."""

    mock: RunningMock
    http: aiohttp.ClientSession
    channel: grpc.aio.Channel

    async def rpc(self, name: str, body: dict[str, Any], **options: Any) -> dict[str, Any]:
        """Call a procedure without generated code."""
        path = f"/caxton.v1.{name.replace('.', '/')}"
        known = codec(load("caxton"))
        procedure = known.procedure(path)
        assert procedure is not None
        call = self.channel.unary_unary(path)
        options = {"metadata": BEARER, "timeout": 10, **options}
        said = await call(known.encode(procedure.request, body), **options)
        return known.decode(procedure.answer, said)

    async def refused(self, name: str, body: dict[str, Any], **options: Any) -> Any:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await self.rpc(name, body, **options)
        return raised.value

    async def command(self, name: str, **said: Any) -> Any:
        async with self.http.post(f"{self.mock.url}/_assay/{name}", json=said) as answer:
            assert answer.status == 200
            return await answer.json()

    async def get(self, path: str) -> Any:
        headers = {"X-Caxton-Token": TOKEN}
        async with self.http.get(self.mock.url + path, headers=headers) as answer:
            assert answer.status == 200
            return await answer.json()


@pytest.fixture
async def pier() -> AsyncIterator[Pier]:
    async with (
        mockserver.start("caxton") as mock,
        aiohttp.ClientSession() as http,
        grpc.aio.insecure_channel(mock.grpc) as channel,
    ):
        yield Pier(mock, http, channel)


async def test_one_state_behind_three_transports(pier: Pier) -> None:
    async with websockets.connect(f"{pier.mock.ws_url}/ws") as socket:
        await socket.send(json.dumps({"type": "subscribe", "events": ["*"]}))
        assert json.loads(await socket.recv())["type"] == "subscribed"
        form = aiohttp.FormData()
        form.add_field("wasm", MODULE, filename="agent.wasm")
        form.add_field("config", json.dumps({"name": "rest"}))
        headers = {"X-Caxton-Token": TOKEN}
        async with pier.http.post(pier.mock.url + AGENTS, data=form, headers=headers) as answer:
            assert answer.status == 201
            rest = (await answer.json())["agent_id"]
        config = {"name": "grpc", "capabilities": ["towing"]}
        said = await pier.rpc(
            "AgentService.DeployAgent", {"wasm_module": MODULE_TEXT, "config": config}
        )
        told = [json.loads(await socket.recv())["agent_id"] for _ in range(2)]
        assert told == [rest, said["agent_id"]]
        listed = await pier.get("/api/v1/agents")
        assert [each["agent_id"] for each in listed["agents"]] == told
        assert (await pier.rpc("AgentService.ListAgents", {}))["total"] == 2

        message = {"performative": "request", "receiver": rest, "content": {"x": 1}, "sender": "t"}
        reply = await pier.rpc("MessageService.SendMessageAndWait", {"message": message})
        assert (reply["message"]["sender"], reply["message"]["performative"]) == (rest, "inform")
        events = [json.loads(await socket.recv()) for _ in range(2)]
        assert [each["to"] for each in events] == [rest, "t"]

        # Without anybody asking, on the real clock.
        await pier.rpc("MessageService.SendMessage", {"message": message})
        events = [json.loads(await asyncio.wait_for(socket.recv(), 5)) for _ in range(2)]
        assert [each["performative"] for each in events] == ["request", "inform"]


async def test_refusals_have_their_codes(pier: Pier) -> None:
    deploy = {"wasm_module": MODULE_TEXT, "config": {"name": "pilot"}}
    await pier.rpc("AgentService.DeployAgent", deploy)
    error = await pier.refused("AgentService.DeployAgent", deploy)
    assert error.code() is grpc.StatusCode.ALREADY_EXISTS
    assert error.details() == "AGENT_ALREADY_EXISTS: the name 'pilot' is in use"
    trailing = dict(error.trailing_metadata())
    assert trailing["x-error-code"] == "AGENT_ALREADY_EXISTS"
    assert trailing["x-trace-id"].startswith("trace_")
    assert trailing["x-ratelimit-remaining"] == "18"
    error = await pier.refused("AgentService.DeployAgent", {**deploy, "wasm_module": "AAAA"})
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    error = await pier.refused("AgentService.ListAgents", {}, metadata=())
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    message = {"performative": "request", "receiver": "nobody", "content": {}}
    error = await pier.refused("MessageService.SendMessage", {"message": message})
    assert error.code() is grpc.StatusCode.NOT_FOUND
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await pier.channel.unary_unary("/caxton.v1.AgentService/ListAgents")(
            b"\xff\xff", metadata=BEARER
        )
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (await pier.rpc("AgentService.ListAgents", {}))["total"] == 1


async def test_deadline_ends_a_silence(pier: Pier) -> None:
    deploy = {"wasm_module": MODULE_TEXT, "config": {"name": "pilot"}}
    agent = (await pier.rpc("AgentService.DeployAgent", deploy))["agent_id"]
    await pier.command("silence", agent=agent)
    message = {"performative": "request", "receiver": agent, "content": {}}
    error = await pier.refused(
        "MessageService.SendMessageAndWait", {"message": message}, timeout=0.3
    )
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    for _ in range(50):
        if not pier.mock.session.coordinator.state()["waiting"]:
            break
        await asyncio.sleep(0.05)
    assert pier.mock.session.coordinator.state()["waiting"] == []
    assert (await pier.rpc("MessageService.SendMessage", {"message": message}))["message_id"]


async def test_reflection_lists_the_services(pier: Pier) -> None:
    call = pier.channel.stream_stream(
        _REFLECTION,
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    async for said in call(iter([asked])):
        names = {each.name for each in said.list_services_response.service}
        assert {"caxton.v1.AgentService", "caxton.v1.MessageService"} <= names
