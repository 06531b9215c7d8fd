"""Before our own mocks: procedures, tokens, certificates, and agents as child processes."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

import mockserver
from conformance.agent_process import AgentProcess
from conformance.mutation.breaking import broken_agent, broken_coordinator
from conformance.mutation.mutant import Mutant
from conformance.target import Target
from mockserver import RunningMock
from mockserver.transcript import HttpExchange
from schemas import load
from schemas.protobuf import codec
from tests.conformance.mutation.catalogues import mutant
from tests.conformance.proxy.watching import until
from tests.mutants.coordinators import served_mock
from tests.mutants.sample import sampled
from tests.suite import run_suite, verdicts

LIMIT = 60.0
LIST, SEND = "AgentService.ListAgents", "MessageService.SendMessage"


@asynccontextmanager
async def procedures(name: str) -> AsyncIterator[tuple[Any, Any]]:
    spec = load("caxton")
    async with asyncio.timeout(LIMIT), served_mock("caxton") as known:
        standing = broken_coordinator(spec, known, mutant("caxton", name))
        async with standing as target, grpc.aio.insecure_channel(target.grpc) as channel:
            token = tuple(target.for_protocol(spec).metadata.items())

            async def call(operation: str) -> dict[str, Any]:
                path = spec.operations[operation].path
                found = codec(spec).procedure(path)
                assert found is not None
                passed = channel.unary_unary(path)(b"", metadata=token)
                return codec(spec).decode(found.answer, await passed)

            yield call, standing


async def test_field_of_a_reply_is_changed() -> None:
    async with procedures(f"{LIST}.reply./total:wrong") as (call, standing):
        assert (await call(LIST))["total"] == 1
        assert standing.applied == 1


async def test_code_of_a_reply_is_another() -> None:
    async with procedures(f"{LIST}.reply:status-NOT_FOUND") as (call, standing):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(LIST)
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND
        assert standing.applied == 1


async def test_refusal_becomes_success() -> None:
    async with procedures(f"{SEND}.400:status-OK") as (call, standing):
        await call(SEND)
        assert standing.applied == 1


async def test_other_procedures_stay() -> None:
    async with procedures(f"{SEND}.reply:empty") as (call, standing):
        assert (await call(LIST))["total"] == 0
        assert standing.applied == 0


@asynccontextmanager
async def agent_of(mock: RunningMock, script: Path, broken: Mutant | None) -> AsyncIterator[Any]:
    standing = broken_agent(load("aitbc"), broken, [sys.executable, str(script), "{url}"])
    values = {"url": mock.url, "ws_url": mock.ws_url, "grpc": "", "host": mock.host, "ca": ""}
    async with standing as command:
        process = AgentProcess(command, {**values, "port": str(mock.port)})
        await process.start()
        try:
            yield process, standing
        finally:
            await process.end()


SCRIPT = """
import json, os, sys, urllib.request
assert sys.argv[1] == os.environ["ASSAY_URL"]
body = json.dumps({"agent_id": "a-1", "agent_type": "worker"}).encode()
asked = urllib.request.Request(sys.argv[1] + "/agents/register", body,
                               {"Content-Type": "application/json"})
try:
    print(urllib.request.urlopen(asked).status)
except urllib.error.HTTPError as error:
    print(error.code)
sys.exit(7)
"""


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("registerAgent.request.body./agent_id:drop", 422),
        ("registerAgent.request:method", 405),
        ("registerAgent.request:path", 405),
        ("registerAgent.request.body:garbled", 422),
        ("", 200),
    ],
)
async def test_agent_says_something_else(tmp_path: Path, name: str, status: int) -> None:
    script = tmp_path / "agent.py"
    script.write_text(SCRIPT)
    broken = mutant("aitbc", name, "agent") if name else None
    async with asyncio.timeout(LIMIT), mockserver.start("aitbc") as mock:
        async with agent_of(mock, script, broken) as (process, standing):
            await process.wait()
            ending = await process.end()
            assert (ending.code, ending.output.strip()) == (7, str(status))
            assert standing.applied == (1 if name else 0)
        heard = [each for each in mock.session.transcript if isinstance(each, HttpExchange)]
        assert [each.status for each in heard] == [status]


SLEEPER = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
open({here!r}, "w").close()
time.sleep(60)
"""


async def test_agent_is_asked_to_end_and_ends_in_its_own_way(tmp_path: Path) -> None:
    script, here = tmp_path / "agent.py", tmp_path / "here"
    script.write_text(SLEEPER.format(here=str(here)))
    async with (
        asyncio.timeout(LIMIT),
        mockserver.start("aitbc") as mock,
        agent_of(mock, script, None) as (process, _),
    ):
        await until(here.exists)
        ending = await process.end()
        assert (ending.code, ending.stubborn) == (3, False)


UNTOUCHED = (
    ("stella", "STELLA-MTLS-00*"),
    ("aitbc", "*"),
    ("architect", "*"),
    ("caxton", "*"),
    ("echocenter", "*"),
)


@pytest.mark.parametrize(("protocol", "rows"), sampled(UNTOUCHED, len(UNTOUCHED)))
async def test_proxy_that_breaks_nothing_changes_no_verdict(
    tmp_path: Path, protocol: str, rows: str
) -> None:
    spec = load(protocol)
    async with served_mock(protocol) as target:
        direct = await judged(tmp_path, protocol, target, rows)
        async with broken_coordinator(spec, target, None) as through:
            behind = await judged(tmp_path, protocol, through, rows)
    assert behind == direct
    assert direct["pass"]
    assert not direct["fail"]


async def judged(
    folder: Path, protocol: str, target: Target, rows: str
) -> Mapping[str, Sequence[str]]:
    run = await run_suite(
        folder, protocol=protocol, target=target, only=rows, profile="quick", library=False
    )
    return {name: verdicts(run, name) for name in ("pass", "fail", "warn", "inconclusive")}
