"""The gRPC shell: real channels to a real mock, without generated code."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse

import mockserver
from conformance.clients.reflection import peer_codec
from mockserver import Fault, RunningMock, Settings
from schemas.protobuf import Codec

_DEPLOY = "/caxton.v1.AgentService/DeployAgent"
_LIST = "/caxton.v1.AgentService/ListAgents"
_WAIT = "/caxton.v1.MessageService/SendMessageAndWait"
_TOKEN = (("authorization", "Bearer open-sesame"),)
_MODULE = "AGFzbQEAAAA="


@pytest.fixture
async def mock() -> AsyncIterator[RunningMock]:
    async with mockserver.start("caxton", settings=Settings(token="open-sesame")) as mock:
        yield mock


@pytest.fixture
async def channel(mock: RunningMock) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(mock.grpc) as channel:
        yield channel


@pytest.fixture
def codec(mock: RunningMock) -> Codec:
    return mock.mock.bodies.codec


async def _call(
    channel: grpc.aio.Channel,
    codec: Codec,
    path: str,
    said: Any,
    metadata: Any = _TOKEN,
    **more: Any,
) -> Any:
    procedure = codec.procedure(path)
    assert procedure is not None
    payload = codec.encode(procedure.request, said)
    answer = await channel.unary_unary(path)(payload, metadata=metadata, timeout=5, **more)
    return codec.decode(procedure.answer, answer)


async def _refused(channel: grpc.aio.Channel, *arguments: Any, **more: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await _call(channel, *arguments, **more)
    return refused.value


async def test_deploys_and_lists(channel: grpc.aio.Channel, codec: Codec) -> None:
    said = {"wasm_module": _MODULE, "config": {"name": "pilot"}}
    deployed = await _call(channel, codec, _DEPLOY, said)
    listed = await _call(channel, codec, _LIST, {})
    assert deployed["agent_id"]
    assert deployed["deployed_at"]
    assert [each["agent_id"] for each in listed["agents"]] == [deployed["agent_id"]]
    assert listed["total"] == 1


async def test_transcript_shows_messages_in_json_form(
    mock: RunningMock, channel: grpc.aio.Channel, codec: Codec
) -> None:
    await _call(channel, codec, _DEPLOY, {"wasm_module": _MODULE, "config": {"name": "pilot"}})
    (heard,) = mock.session.transcript
    assert (heard.method, heard.path, heard.operation) == (
        "RPC",
        _DEPLOY,
        "AgentService.DeployAgent",
    )
    assert heard.json()["config"]["name"] == "pilot"
    assert b'"agent_id"' in heard.answer


@pytest.mark.parametrize("metadata", [(), (("authorization", "Bearer wrong"),)])
async def test_token_is_wanted(channel: grpc.aio.Channel, codec: Codec, metadata: Any) -> None:
    error = await _refused(channel, codec, _LIST, {}, metadata)
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    assert error.details()


async def test_bytes_that_are_no_message_are_an_invalid_argument(channel: grpc.aio.Channel) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await channel.unary_unary(_DEPLOY)(b"\x0a\xff", metadata=_TOKEN, timeout=5)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_unknown_procedure_is_refused_and_written_down(
    mock: RunningMock, channel: grpc.aio.Channel
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await channel.unary_unary("/caxton.v1.AgentService/Sing")(b"", metadata=_TOKEN, timeout=5)
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert [heard.path for heard in mock.session.transcript] == ["/caxton.v1.AgentService/Sing"]


async def test_faults_strike_procedures(
    mock: RunningMock, channel: grpc.aio.Channel, codec: Codec
) -> None:
    for fault in (
        Fault(kind="status", operation="AgentService.*", status=503, times=1),
        Fault(kind="drop", operation="AgentService.*", skip=1, times=1),
    ):
        mock.session.faults.add(fault)
    codes = [(await _refused(channel, codec, _LIST, {})).code() for _ in range(2)]
    assert codes == [grpc.StatusCode.UNAVAILABLE] * 2
    assert (await _call(channel, codec, _LIST, {}))["total"] == 0


async def test_deadline_of_the_client_ends_the_wait(
    mock: RunningMock, channel: grpc.aio.Channel, codec: Codec
) -> None:
    agent = await _mute(mock, channel, codec)
    payload = codec.encode("caxton.v1.SendMessageRequest", _question(agent))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await channel.unary_unary(_WAIT)(payload, metadata=_TOKEN, timeout=0.2)
    assert refused.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    for _ in range(100):  # the server hears of it a moment later
        last = list(mock.session.transcript)[-1]
        if last.operation == "MessageService.SendMessageAndWait":
            break
        await asyncio.sleep(0.02)
    assert last.status == 504


async def test_deadline_of_a_call_is_in_the_transcript(
    mock: RunningMock, channel: grpc.aio.Channel, codec: Codec
) -> None:
    await _call(channel, codec, _LIST, {})
    payload = codec.encode("caxton.v1.ListAgentsRequest", {})
    await channel.unary_unary(_LIST)(payload, metadata=_TOKEN)
    limited, free = list(mock.session.transcript)[-2:]
    told = limited.headers["grpc-timeout"]
    assert told.endswith("m")
    assert 0 < int(told[:-1]) <= 5500, "the library rounds up"
    assert "grpc-timeout" not in free.headers


async def _mute(mock: RunningMock, channel: grpc.aio.Channel, codec: Codec) -> str:
    """An agent that never answers."""
    said = {"wasm_module": _MODULE, "config": {"name": "mute"}}
    agent: str = (await _call(channel, codec, _DEPLOY, said))["agent_id"]
    mock.session.coordinator.command("silence", {"agent": agent})
    return agent


def _question(agent: str, **options: Any) -> dict[str, Any]:
    message = {"performative": "request", "sender": "me", "receiver": agent, "content": {}}
    return {"message": message, "options": options}


async def test_coordinators_own_patience_ends_on_the_real_clock_without_a_socket(
    mock: RunningMock, channel: grpc.aio.Channel, codec: Codec
) -> None:
    agent = await _mute(mock, channel, codec)
    began = asyncio.get_running_loop().time()
    error = await _refused(channel, codec, _WAIT, _question(agent, timeout_seconds=1))
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert 0.5 < asyncio.get_running_loop().time() - began < 4


async def test_restart_ends_the_wait(
    mock: RunningMock, channel: grpc.aio.Channel, codec: Codec
) -> None:
    agent = await _mute(mock, channel, codec)
    waiting = asyncio.ensure_future(_refused(channel, codec, _WAIT, _question(agent)))
    for _ in range(300):
        if mock.session.waiting:
            break
        await asyncio.sleep(0.01)
    mock.session.forget()
    assert (await waiting).code() is grpc.StatusCode.UNAVAILABLE
    assert not mock.session.waiting


async def test_session_of_its_own_by_metadata(
    mock: RunningMock, channel: grpc.aio.Channel, codec: Codec
) -> None:
    elsewhere = (*_TOKEN, ("x-assay-session", "elsewhere"))
    said = {"wasm_module": _MODULE, "config": {"name": "pilot"}}
    await _call(channel, codec, _DEPLOY, said, elsewhere)
    assert (await _call(channel, codec, _LIST, {}))["total"] == 0
    assert (await _call(channel, codec, _LIST, {}, elsewhere))["total"] == 1


async def test_reflection_describes_what_is_served(channel: grpc.aio.Channel, codec: Codec) -> None:
    own = await peer_codec(channel, codec.services, (), 5.0)
    assert own is not None
    assert own.procedure(_DEPLOY) == codec.procedure(_DEPLOY)
    assert await peer_codec(channel, ["caxton.v1.Nowhere"], (), 5.0) is None


async def test_reflection_lists_the_services(channel: grpc.aio.Channel) -> None:
    ask = channel.stream_stream(
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        request_serializer=ServerReflectionRequest.SerializeToString,
        response_deserializer=ServerReflectionResponse.FromString,
    )
    call = ask(timeout=5)
    await call.write(ServerReflectionRequest(list_services=""))
    said = await call.read()
    await call.done_writing()
    call.cancel()
    assert {each.name for each in said.list_services_response.service} >= {
        "caxton.v1.AgentService",
        "caxton.v1.MessageService",
    }


async def test_speaks_tls_by_the_mocks_own_authority() -> None:
    async with mockserver.start("caxton", tls=True) as mock:
        authority = Path(mock.ca).read_bytes()  # noqa: ASYNC240  # small, and at hand
        credentials = grpc.ssl_channel_credentials(authority)
        async with grpc.aio.secure_channel(mock.grpc, credentials) as channel:
            metadata = (("authorization", f"Bearer {mock.mock.settings.token}"),)
            assert (await _call(channel, mock.mock.bodies.codec, _LIST, {}, metadata))["total"] == 0


async def test_port_that_is_taken_is_an_os_error(mock: RunningMock) -> None:
    with pytest.raises(OSError, match="cannot be had for gRPC"):
        async with mockserver.start("caxton", grpc_port=mock.grpc_port):
            pass
