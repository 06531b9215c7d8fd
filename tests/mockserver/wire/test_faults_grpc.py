"""Each fault over gRPC, by real channels: what a client gets, and what the transcript says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

import mockserver
from mockserver import Fault, RunningMock, Settings
from mockserver.faults.bodies import UNHEARD_OF
from mockserver.faults.kinds import Kind

_DEPLOY = "/caxton.v1.AgentService/DeployAgent"
_LIST = "/caxton.v1.AgentService/ListAgents"
_TOKEN = (("authorization", "Bearer open-sesame"),)
_PILOT = {"wasm_module": "AGFzbQEAAAA=", "config": {"name": "pilot"}}


@pytest.fixture
async def mock() -> AsyncIterator[RunningMock]:
    async with mockserver.start("caxton", settings=Settings(token="open-sesame")) as mock:
        yield mock


class Caller:
    """Calls procedures by bytes, and takes answers apart."""

    def __init__(self, mock: RunningMock, channel: grpc.aio.Channel) -> None:
        self.mock, self.channel = mock, channel
        self.codec = mock.mock.bodies.codec

    async def bytes(self, path: str = _LIST, said: Any = None, within: float = 5) -> bytes:
        procedure = self.codec.procedure(path)
        assert procedure is not None
        payload = self.codec.encode(procedure.request, said or {})
        call = self.channel.unary_unary(path)
        answer: bytes = await call(payload, metadata=_TOKEN, timeout=within)
        return answer

    async def __call__(self, path: str = _LIST, said: Any = None) -> Any:
        procedure = self.codec.procedure(path)
        assert procedure is not None
        return self.codec.decode(procedure.answer, await self.bytes(path, said))

    async def refused(self, **options: Any) -> grpc.aio.AioRpcError:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await self.bytes(**options)
        return refused.value

    def add(self, kind: Kind, **options: Any) -> None:
        self.mock.session.faults.add(Fault(kind=kind, **options))

    def struck(self) -> list[tuple[int, list[str]]]:
        return [(each.status, list(each.faults)) for each in self.mock.session.transcript]


@pytest.fixture
async def caller(mock: RunningMock) -> AsyncIterator[Caller]:
    async with grpc.aio.insecure_channel(mock.grpc) as channel:
        yield Caller(mock, channel)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (503, grpc.StatusCode.UNAVAILABLE),
        (404, grpc.StatusCode.NOT_FOUND),
        (500, grpc.StatusCode.INTERNAL),
    ],
)
async def test_status_is_the_code_that_says_the_same(
    caller: Caller, status: int, code: grpc.StatusCode
) -> None:
    caller.add("status", status=status)
    error = await caller.refused()
    assert error.code() is code
    assert "as it was told to" in str(error.details())
    assert caller.struck() == [(status, ["status"])]


async def test_rate_limit_is_an_exhausted_resource(caller: Caller) -> None:
    caller.add("rate_limit", retry_after=5)
    error = await caller.refused()
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert dict(error.trailing_metadata() or ())["retry-after"] == "5"


async def test_delay_holds_the_answer_back(caller: Caller) -> None:
    caller.add("delay", seconds=0.1)
    began = asyncio.get_running_loop().time()
    assert (await caller())["total"] == 0
    assert asyncio.get_running_loop().time() - began >= 0.1


@pytest.mark.parametrize(
    ("kind", "code"),
    [("drop", grpc.StatusCode.UNAVAILABLE), ("reset", grpc.StatusCode.CANCELLED)],
)
async def test_call_that_is_served_ends_without_an_answer(
    caller: Caller, kind: Kind, code: grpc.StatusCode
) -> None:
    caller.add(kind, operation="AgentService.DeployAgent")
    assert (await caller.refused(path=_DEPLOY, said=_PILOT)).code() is code
    assert (await caller())["total"] == 1, "it was served"
    assert caller.struck()[0] == (0, [kind])


async def test_half_open_call_lasts_until_the_deadline(caller: Caller) -> None:
    caller.add("half_open")
    error = await caller.refused(within=0.2)
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert caller.struck() == [(0, ["half_open"])]
    assert (await caller())["total"] == 0


async def test_garbage_is_no_message(caller: Caller) -> None:
    caller.add("garbage")
    data = await caller.bytes()
    with pytest.raises(ValueError, match="is no caxton"):
        caller.codec.decode("caxton.v1.ListAgentsResponse", data)
    assert caller.struck() == [(200, ["garbage"])]


async def test_empty_message_has_no_bytes(caller: Caller) -> None:
    await caller(_DEPLOY, _PILOT)
    caller.add("empty")
    assert await caller.bytes() == b""
    assert (await caller())["total"] == 1


async def test_extra_is_a_field_of_a_number_that_nobody_knows(caller: Caller) -> None:
    caller.add("extra")
    data = await caller.bytes()
    assert data.endswith(UNHEARD_OF)
    assert caller.codec.decode("caxton.v1.ListAgentsResponse", data)["total"] == 0


async def test_field_gets_another_value_of_its_type_or_is_left_out(caller: Caller) -> None:
    agent = (await caller(_DEPLOY, _PILOT))["agent_id"]
    caller.add("corrupt_field", pointer="/total")
    assert (await caller())["total"] not in (0, 1)
    caller.add("corrupt_field", pointer="/total", value=7)
    assert (await caller())["total"] == 7
    caller.add("corrupt_field", pointer="/total", value="many")
    said = await caller()
    assert said["total"] == 0
    assert said["agents"][0]["agent_id"] == agent
    assert [faults for _, faults in caller.struck()] == [[], *[["corrupt_field"]] * 3]


async def test_wrong_correlation_is_another_id(caller: Caller) -> None:
    agent = (await caller(_DEPLOY, _PILOT))["agent_id"]
    caller.add("wrong_correlation", pointer="/agents/0/agent_id")
    said = (await caller())["agents"][0]["agent_id"]
    assert said != agent
    assert len(said) == len(agent)


async def test_stale_answer_is_the_one_before(caller: Caller) -> None:
    assert (await caller())["total"] == 0
    await caller(_DEPLOY, _PILOT)
    caller.add("stale", operation="AgentService.ListAgents")
    assert (await caller())["total"] == 0
    assert (await caller())["total"] == 1


async def test_stale_refusal_is_refused_again(caller: Caller) -> None:
    caller.add("status", status=503)
    before = await caller.refused()
    caller.add("stale")
    again = await caller.refused()
    assert (again.code(), again.details()) == (before.code(), before.details())
    assert (await caller())["total"] == 0


@pytest.mark.parametrize("kind", ["garbage", "empty"])
async def test_stale_answer_may_be_one_that_was_struck_itself(caller: Caller, kind: Kind) -> None:
    caller.add(kind)
    before = await caller.bytes()
    caller.add("stale")
    assert await caller.bytes() == before
    assert (await caller())["total"] == 0


async def test_mock_ends_although_a_call_is_half_open() -> None:
    async with mockserver.start("caxton", settings=Settings(token="open-sesame")) as mock:
        mock.session.faults.add(Fault(kind="half_open"))
        heard = asyncio.Event()
        mock.mock.listener = lambda _: heard.set()
        channel = grpc.aio.insecure_channel(mock.grpc)
        waiting = asyncio.ensure_future(Caller(mock, channel).refused(within=60))
        await heard.wait()
    assert await asyncio.wait_for(waiting, 30)
    await channel.close()


async def test_faults_apply_together(caller: Caller) -> None:
    caller.add("delay", seconds=0.05)
    caller.add("extra")
    caller.add("corrupt_field", pointer="/total", value=3)
    data = await caller.bytes()
    assert data.endswith(UNHEARD_OF)
    assert caller.codec.decode("caxton.v1.ListAgentsResponse", data)["total"] == 3
    assert caller.struck() == [(200, ["delay", "extra", "corrupt_field"])]
