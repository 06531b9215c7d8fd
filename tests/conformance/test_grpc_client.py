"""The suite's gRPC client against peers that keep the protocol, and against those that don't."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_reflection.v1alpha import reflection

from conformance.clients.grpc import GrpcClient
from conformance.exchange import MISSING, Exchange
from conformance.patience import Patience
from conformance.target import Target
from schemas import load
from schemas.protobuf import Codec, codec

CAXTON = load("caxton")
DEPLOY, LIST = "AgentService.DeployAgent", "AgentService.ListAgents"

Answer = Callable[[str, bytes, Any], Awaitable[bytes]]


class _Handler(grpc.GenericRpcHandler):  # type: ignore[misc]  # it has no types of its own
    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def service(self, details: Any) -> Any:
        async def handle(body: bytes, context: Any) -> bytes:
            return await self.answer(details.method, body, context)

        return grpc.unary_unary_rpc_method_handler(handle)


@asynccontextmanager
async def _peer(
    answer: Answer, described: Codec | None = None, metadata: Mapping[str, str] | None = None
) -> AsyncIterator[GrpcClient]:
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    if described is not None:
        reflection.enable_server_reflection(described.services, server, pool=described.pool)
    server.add_generic_rpc_handlers([_Handler(answer)])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    target = Target(
        url="http://127.0.0.1", grpc=f"127.0.0.1:{port}", timeout=2.0, metadata=metadata or {}
    )
    client = GrpcClient(CAXTON, target)
    try:
        yield client
    finally:
        await client.close()
        await server.stop(None)


def _saying(said: bytes) -> Answer:
    async def answer(path: str, _body: bytes, context: Any) -> bytes:
        if "reflection" in path:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "no reflection here")
        return said

    return answer


def _refusing(code: grpc.StatusCode, details: str, *metadata: tuple[str, str]) -> Answer:
    async def answer(path: str, _body: bytes, context: Any) -> bytes:
        if "reflection" in path:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "")
        context.set_trailing_metadata(metadata)
        await context.abort(code, details)
        raise AssertionError

    return answer


def _other_codec() -> Codec:
    """A peer that defines what the document leaves open in its own way."""
    files = FileDescriptorSet()
    for file in codec(CAXTON).files:
        files.file.add().CopyFrom(file)
    own = next(each for each in files.file if each.package == "caxton.v1")
    for enum in own.enum_type:
        for value in enum.value:
            value.name = value.name.removeprefix("AGENT_STATUS_")
    return Codec(files.file)


async def test_answer_is_seen_in_json_form() -> None:
    async with _peer(_saying(b"\x0a\x03a-7\x10\x03")) as client:
        said = await client.call(DEPLOY, {"config": {"name": "pilot"}})
    assert (said.status, said.code, said.outcome) == (200, "OK", "OK")
    assert said.at("/agent_id") == "a-7"
    assert said.at("/status") == "AGENT_STATUS_RUNNING"
    assert said.at("/deployed_at") is MISSING
    assert said.url.startswith("grpc://127.0.0.1:")


async def test_peers_own_names_count_where_it_describes_itself() -> None:
    async with _peer(_saying(b"\x0a\x03a-7\x10\x03"), _other_codec()) as client:
        assert (await client.call(DEPLOY, {})).at("/status") == "RUNNING"
        described = await client.described()
    assert described is not None


async def test_first_calls_at_the_same_time_are_all_read_by_the_peers_own_description() -> None:
    async with _peer(_saying(b"\x0a\x03a-7\x10\x03"), _other_codec()) as client:
        said = await asyncio.gather(*(client.call(DEPLOY, {}) for _ in range(3)))
        assert [each.at("/status") for each in said] == ["RUNNING"] * 3
        assert len({each.unread for each in said}) == 1


@pytest.mark.parametrize(
    ("code", "status"),
    [("NOT_FOUND", 404), ("ALREADY_EXISTS", 409), ("UNAUTHENTICATED", 401), ("INTERNAL", 500)],
)
async def test_code_is_told_with_the_status_that_gateways_make_of_it(
    code: str, status: int
) -> None:
    refuse = _refusing(grpc.StatusCode[code], "no", ("trace-id", "t-1"))
    async with _peer(refuse) as client:
        said = await client.call(LIST, {})
    assert (said.status, said.code, said.outcome) == (status, code, code)
    assert said.answer_headers["grpc-message"] == "no"
    assert said.answer_headers["trace-id"] == "t-1"
    assert not said.ok


async def test_answer_that_is_no_message_is_no_json() -> None:
    async with _peer(_saying(b"\x0a\xff")) as client:
        said = await client.call(DEPLOY, {})
    assert said.ok
    assert said.json is MISSING


async def test_exhausted_peer_is_asked_again() -> None:
    asked: list[str] = []

    async def answer(path: str, _body: bytes, context: Any) -> bytes:
        if "reflection" not in path:
            asked.append(path)
            if len(asked) == 1:
                context.set_trailing_metadata((("x-ratelimit-reset", "1"),))
                await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "slow down")
        return b""

    seen: list[Exchange] = []
    async with _peer(answer) as client:
        client.see = seen.append
        said = await client.call(LIST, {})
    assert said.ok
    assert said.throttled
    assert (len(asked), seen) == (2, [said])


async def test_metadata_of_the_target_goes_with_each_call_unless_told_otherwise() -> None:
    heard: list[dict[str, Any]] = []

    async def answer(_path: str, _body: bytes, context: Any) -> bytes:
        heard.append(dict(context.invocation_metadata()))
        return b""

    async with _peer(answer, metadata={"authorization": "Bearer t"}) as client:
        client._asked = True  # reflection is another test's
        await client.call(LIST, {})
        await client.call(LIST, {}, metadata={})
    assert [each.get("authorization") for each in heard] == ["Bearer t", None]


async def test_peer_that_hangs_is_waited_for_less_and_less() -> None:
    async def answer(_path: str, _body: bytes, _context: Any) -> bytes:
        await asyncio.sleep(30)
        return b""

    async with _peer(answer) as client:
        client._asked = True
        client._patience = Patience(0.2)
        began = time.monotonic()
        said = [await client.call(LIST, {}) for _ in range(7)]
    assert all(each.status is None for each in said)
    assert "no answer within" in said[0].failure
    assert "not asked again" in said[-1].failure
    assert time.monotonic() - began < 5


async def test_deadline_is_the_peers_to_keep() -> None:
    async def answer(_path: str, _body: bytes, context: Any) -> bytes:
        assert context.time_remaining() < 1
        await asyncio.sleep(30)
        return b""

    async with _peer(answer) as client:
        client._asked = True
        said = await client.call(LIST, {}, within=0.2)
    assert (said.status, said.code) == (504, "DEADLINE_EXCEEDED")


async def test_nobody_there_is_a_failure_and_no_answer() -> None:
    client = GrpcClient(CAXTON, Target(url="http://127.0.0.1", grpc="127.0.0.1:1", timeout=2.0))
    said = await client.call(LIST, {})
    await client.close()
    assert said.status is None
    assert said.failure


def test_token_in_a_header_becomes_a_bearer() -> None:
    target = Target(headers={"x-caxton-token": "t-9"}).for_protocol(CAXTON)
    assert target.metadata == {"authorization": "Bearer t-9"}
    own = replace(target, metadata={"authorization": "Basic x"}).for_protocol(CAXTON)
    assert own.metadata == {"authorization": "Basic x"}
    assert Target().for_protocol(CAXTON).metadata == {}
