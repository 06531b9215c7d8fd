"""Real sockets: what a mutant is about comes changed, and all else as it was said."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from conformance.mutation.breaking import broken_coordinator
from conformance.mutation.mutant import Mutant
from conformance.target import Target
from schemas import load
from tests.conformance.mutation.catalogues import mutant
from tests.conformance.peers import Line, answer, listening

LIMIT = 20.0
AGENT: dict[str, Any] = {
    "status": "success",
    "agent": {
        "agent_id": "a-1",
        "agent_type": "worker",
        "status": "active",
        "capabilities": ["ocr"],
        "services": [],
        "endpoints": {"http": "http://127.0.0.1:7"},
        "metadata": {},
        "last_heartbeat": "2026-03-05T06:07:08",
        "registration_time": "2026-03-05T06:07:08",
        "load_metrics": {},
        "health_score": 1.0,
        "version": "1.0.0",
        "tags": [],
    },
    "timestamp": "2026-03-05T06:07:09",
}
BODY = json.dumps(AGENT).encode()


async def plain(line: Line) -> None:
    while await line.heard():
        await line.say(answer(BODY))


async def chunked(line: Line) -> None:
    while await line.heard():
        pieces = [BODY[:7], BODY[7:]]
        said = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in pieces)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        await line.say(head + b"Transfer-Encoding: chunked\r\n\r\n" + said + b"0\r\n\r\n")


async def zipped(line: Line) -> None:
    while await line.heard():
        coded = ("Content-Type: application/json", "Content-Encoding: gzip")
        await line.say(answer(gzip.compress(BODY), "200 OK", *coded))


async def until_its_end(line: Line) -> None:
    await line.heard()
    await line.say(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + BODY)


SERVERS = {"plain": plain, "chunked": chunked, "zipped": zipped, "until its end": until_its_end}


@asynccontextmanager
async def behind(serve: Any, broken: Mutant | None) -> AsyncIterator[tuple[str, Any]]:
    async with asyncio.timeout(LIMIT), listening(serve) as url:
        standing = broken_coordinator(load("aitbc"), Target(url=url), broken)
        async with standing as target:
            yield target.url, standing


async def asked(url: str, path: str = "/agents/a-1", method: str = "GET") -> tuple[int, Any, bytes]:
    async with aiohttp.request(method, url + path) as response:
        return response.status, response.headers, await response.read()


@pytest.mark.parametrize("serve", SERVERS.values(), ids=list(SERVERS))
async def test_body_is_changed_however_it_is_framed(serve: Any) -> None:
    broken = mutant("aitbc", "getAgent.200.body./agent/version:drop")
    async with behind(serve, broken) as (url, standing):
        status, _, body = await asked(url)
        assert standing.applied == 1
    expected = {name: value for name, value in AGENT["agent"].items() if name != "version"}
    assert status == 200
    assert json.loads(body) == {**AGENT, "agent": expected}


@pytest.mark.parametrize("serve", SERVERS.values(), ids=list(SERVERS))
async def test_what_the_mutant_is_not_about_stays(serve: Any) -> None:
    broken = mutant("aitbc", "registerAgent.200.body./agent_id:drop")
    async with behind(serve, broken) as (url, standing):
        assert (await asked(url))[2] == BODY
        assert standing.applied == 0


@pytest.mark.parametrize(
    ("operator", "pointer", "after"),
    [
        ("rename", "/agent", ...),
        ("retype", "/agent/version", 7),
        ("null", "/agent/tags", None),
        ("out-of-enum", "/status", "unheard-of"),
        ("above-maximum", "/agent/health_score", 2),
        ("below-minimum", "/agent/health_score", -1),
        ("malformed", "/timestamp", "?2026-03-05T06:07:09"),
        ("wrong", "/agent/agent_id", "a-2"),
    ],
)
async def test_each_operator_changes_its_field(operator: str, pointer: str, after: Any) -> None:
    broken = mutant("aitbc", f"getAgent.200.body.{pointer}:{operator}")
    async with behind(plain, broken) as (url, standing):
        said = json.loads((await asked(url))[2])
        assert standing.applied == 1
    for step in pointer[1:].split("/")[:-1]:
        said = said[step]
    name = pointer.rpartition("/")[2]
    if operator == "rename":
        assert f"{name}_" in said
        assert name not in said
    else:
        assert said[name] == after


async def test_stale_value_is_that_of_the_answer_before() -> None:
    count = 0

    async def serve(line: Line) -> None:
        nonlocal count
        while await line.heard():
            count += 1
            said = {**AGENT, "timestamp": f"2026-03-05T06:07:0{count}"}
            await line.say(answer(json.dumps(said).encode()))

    broken = mutant("aitbc", "getAgent.200.body./timestamp:stale")
    async with behind(serve, broken) as (url, standing):
        said = [json.loads((await asked(url))[2])["timestamp"][-1] for _ in range(3)]
        assert said == ["1", "1", "2"]
        assert standing.applied == 2


async def test_status_is_another() -> None:
    async with behind(plain, mutant("aitbc", "getAgent.200:status-404")) as (url, standing):
        status, _, body = await asked(url)
        assert (status, body, standing.applied) == (404, BODY, 1)


async def test_headers_are_missing_or_wrong() -> None:
    for operator, value in (("missing", None), ("wrong", "text/plain")):
        broken = mutant("aitbc", f"getAgent.200.header./Content-Type:{operator}")
        async with behind(plain, broken) as (url, standing):
            _, headers, body = await asked(url)
            assert headers.get("Content-Type") == value
            assert (body, standing.applied) == (BODY, 1)


async def test_body_is_empty_or_cut() -> None:
    for operator, body in (("empty", b""), ("garbled", BODY[:-1])):
        async with behind(plain, mutant("aitbc", f"getAgent.200.body:{operator}")) as (url, _):
            assert (await asked(url))[2] == body


async def test_answer_does_not_come() -> None:
    async with behind(plain, mutant("aitbc", "getAgent.200:unanswered")) as (url, standing):
        with pytest.raises((aiohttp.ClientError, ConnectionError)):
            await asked(url)
        assert standing.applied >= 1


async def test_delayed_answer_comes_whole() -> None:
    async with behind(plain, mutant("aitbc", "getAgent.200:delayed")) as (url, standing):
        assert (await asked(url))[2] == BODY
        assert standing.applied == 1


async def test_many_answers_on_one_connection_find_their_requests() -> None:
    async def serve(line: Line) -> None:
        while heard := await line.heard():
            await line.say(answer(BODY if heard.startswith(b"GET /agents/") else b'{"status":"x"}'))

    broken = mutant("aitbc", "getAgent.200.body./agent/version:retype")
    async with behind(serve, broken) as (url, standing), aiohttp.ClientSession(url) as session:
        for path, changed in (("/health", False), ("/agents/a", True), ("/agents/b", True)):
            async with session.get(path) as response:
                said = await response.json()
                assert (said.get("agent", {}).get("version") == 7) is changed
        assert standing.applied == 2


async def test_without_a_mutant_nothing_changes() -> None:
    async with behind(plain, None) as (url, standing):
        assert (await asked(url))[2] == BODY
        assert standing.applied == 0
