"""The peers themselves: lawful ones answer sanely, and every fault can be seen."""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import aiohttp
import pytest

from . import FAULTS, LAWFUL, Fault, Reading, build, start
from .coordinator import Coordinator
from .script import World, base_script, call_of, crowd_script, play, race_script

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from .model import Answer, Json
    from .script import Step

_QUIET_KINDS: Final = ("race",)
_SEQUENTIAL: Final = [fault for fault in FAULTS.values() if fault.kind not in _QUIET_KINDS]
_RACES: Final = [fault for fault in FAULTS.values() if fault.kind == "race"]
_BATCHES: Final = 8
_WIRED: Final = [name for name in FAULTS if name.startswith(("wire.register.", "wire.status."))]


def _playing(fault: Fault | None, reading: str, steps: Sequence[Step]) -> AsyncIterator[Answer]:
    world = World()
    chosen = LAWFUL[reading]
    peer = Coordinator(chosen, world.env()) if fault is None else fault.make(chosen, world.env())
    return play(peer, world, steps)


async def _played(fault: Fault | None, reading: str, steps: Sequence[Step]) -> list[Answer]:
    return [answer async for answer in _playing(fault, reading, steps)]


async def _differs(fault: Fault, steps: Sequence[Step], lawful: Sequence[Answer]) -> bool:
    """Stop at the first difference: a thousand faults have little time each."""
    expected = iter(lawful)
    async for answer in _playing(fault, fault.reading, steps):
        if answer != next(expected):
            return True
    return False


def _lawful_answer(answer: Answer) -> Json:
    assert answer.status < 500 or answer.status == 503
    return json.loads(answer.body) if answer.body[:1] in b"{[" and answer.body else None


async def test_switches_of_other_all_differ_from_natural() -> None:
    natural, other = LAWFUL["natural"], LAWFUL["other"]
    same = [
        one.name
        for one in fields(Reading)
        if getattr(natural, one.name) == getattr(other, one.name)
    ]
    # Who answers 404 to a wrong method cannot be asked for the right one.
    assert sorted(same) == ["drain_after", "heartbeat_method"]


@pytest.mark.parametrize("name", LAWFUL)
async def test_lawful_peer_keeps_the_script(name: str) -> None:
    for answer in await _played(None, name, [*base_script(), *crowd_script()]):
        if answer.status == 500:
            assert LAWFUL[name].unknown_on_update == 500
            continue
        _lawful_answer(answer)


@pytest.mark.parametrize("name", LAWFUL)
async def test_lawful_peer_answers_over_http(name: str) -> None:
    reading = LAWFUL[name]
    agent_id = "a-b.7" if reading.narrow_ids else "a b/ü"
    agent = {"agent_id": agent_id, "agent_type": "worker", "capabilities": ["x"]}
    async with await start(name) as peer, aiohttp.ClientSession() as client:
        async with client.post(f"{peer.url}/agents/register", json=agent) as response:
            body = await response.json()
            assert (response.status, body["agent_id"]) == (200, agent_id)
        async with client.post(
            f"{peer.url}/agents/discover", json={"capabilities": ["x"]}
        ) as response:
            body = await response.json()
            assert (response.status, body["count"]) == (200, 1)
        beat = f"{peer.url}/agents/nobody/heartbeat"
        async with client.request(reading.heartbeat_method, beat, json={}) as response:
            assert response.status in (400, 404, 422)
        task = {"task_data": {}, "priority": "low"}
        async with client.post(f"{peer.url}/tasks/submit", json=task) as response:
            body = await response.json()
            assert response.status == 200 or LAWFUL[name].orphan == "refused_503"
            assert response.status == 503 or uuid.UUID(body["task_id"])
        for path in ("/health", "/openapi.json", "/tasks/status", "/tasks/queues", "/docs"):
            async with client.get(peer.url + path) as response:
                assert response.status == 200, path
                assert await response.read()


async def test_hostile_bodies_are_refused_and_survived() -> None:
    bodies = [
        b"[" * 100_000,
        b'{"a":' * 5_000,
        b"\xff\xfe{",
        b"NaN",
        b"1e999",
        b"9" * 5_000,
        b"[]",
        b"",
    ]
    async with await start("natural") as peer, aiohttp.ClientSession() as client:
        for body in bodies:
            headers = {"Content-Type": "application/json"}
            url = f"{peer.url}/agents/register"
            async with client.post(url, data=body, headers=headers) as response:
                assert response.status == 422, body[:20]
        surrogate = {"agent_id": "s", "agent_type": "worker", "metadata": {"k": "\ud800"}}
        async with client.post(f"{peer.url}/agents/register", json=surrogate) as response:
            assert response.status == 200
        async with client.get(f"{peer.url}/agents/s") as response:
            assert (await response.json())["agent"]["metadata"] == {"k": "\ud800"}


def test_table_is_large_and_well_named() -> None:
    assert len(LAWFUL) >= 10
    assert len(FAULTS) >= 200
    assert all(name == fault.name and " " not in name for name, fault in FAULTS.items())
    assert {fault.reading for fault in FAULTS.values()} <= set(LAWFUL)


@pytest.mark.parametrize("batch", range(_BATCHES))
async def test_fault_shows_in_a_script(batch: int) -> None:
    base, crowd = base_script(), crowd_script()
    lawful = {
        (reading, size): await _played(None, reading, steps)
        for reading in {fault.reading for fault in FAULTS.values()}
        for size, steps in (("base", base), ("crowd", crowd))
    }
    hidden = []
    for fault in _SEQUENTIAL[batch::_BATCHES]:
        for size, steps in (("base", base), ("crowd", crowd)):
            if await _differs(fault, steps, lawful[fault.reading, size]):
                break
        else:
            hidden.append(fault.name)
    assert not hidden


async def test_every_fault_works_in_other_readings() -> None:
    """A fault may hide in another reading, but it must never break out of `handle`."""
    steps = base_script()[::12]
    names = [name for name in LAWFUL if name != "natural"]
    for index, fault in enumerate(FAULTS.values()):
        async for answer in _playing(fault, names[index % len(names)], steps):
            assert 200 <= answer.status < 600


async def _raced(fault: Fault | None) -> list[list[Answer]]:
    world = World()
    reading = LAWFUL["natural"]
    peer = Coordinator(reading, world.env()) if fault is None else fault.make(reading, world.env())
    rounds = []
    for batch in race_script():
        world.now += timedelta(seconds=1)
        calls = (peer.handle(call_of(peer, step)) for step in batch)
        rounds.append(await asyncio.gather(*calls))
    return rounds


async def test_races_show_when_requests_overlap() -> None:
    lawful, *broken = await asyncio.gather(_raced(None), *map(_raced, _RACES))
    assert not [fault.name for fault, run in zip(_RACES, broken, strict=True) if run == lawful]


async def test_races_hide_when_requests_do_not_overlap() -> None:
    steps = [step for batch in race_script() for step in batch]
    runs = await asyncio.gather(*(_played(one, "natural", steps) for one in (None, *_RACES)))
    lawful, *quiet = runs
    assert not [fault.name for fault, run in zip(_RACES, quiet, strict=True) if run != lawful]


async def _fetch(client: aiohttp.ClientSession, url: str, method: str, body: Json) -> Json:
    async with client.request(method, url, json=body) as response:
        return await response.json()


@pytest.mark.parametrize("name", _WIRED)
async def test_wire_fault_breaks_an_ordinary_client(name: str) -> None:
    body = {"agent_id": "a", "agent_type": "worker"} if ".register." in name else None
    method, path = ("POST", "/agents/register") if body else ("GET", "/tasks/status")
    limit = aiohttp.ClientTimeout(total=0.15)
    broken = (aiohttp.ClientError, asyncio.TimeoutError, ValueError)
    async with await start("natural", name) as peer, aiohttp.ClientSession(timeout=limit) as client:
        with pytest.raises(broken):
            await _fetch(client, peer.url + path, method, body)
        async with client.get(f"{peer.url}/health") as response:
            assert response.status == 200


async def test_second_request_of_a_connection_is_dropped() -> None:
    async with await start("natural", "wire.drops_second") as peer:
        host, _, port = peer.url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        ask = b"POST /agents/discover HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
        writer.write(ask)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        head = await reader.readuntil(b"\r\n\r\n")
        lengths = [line for line in head.split(b"\r\n") if line.startswith(b"Content-Length")]
        await reader.readexactly(int(lengths[0].split(b":")[1]))
        writer.write(ask)
        assert await reader.read() == b""
        writer.close()


async def test_dead_peer_stays_dead() -> None:
    async with await start("natural", "malformed.dies") as peer, aiohttp.ClientSession() as client:
        url = f"{peer.url}/agents/register"
        with pytest.raises(aiohttp.ClientError):
            await client.post(url, data=b"{", headers={"Content-Type": "application/json"})
        with pytest.raises(aiohttp.ClientError):
            await client.get(f"{peer.url}/health")


async def test_many_peers_share_a_process() -> None:
    peers = await asyncio.gather(*(start(name) for name in LAWFUL))
    assert len({peer.url for peer in peers}) == len(LAWFUL)
    await asyncio.gather(*(peer.close() for peer in peers))


def test_unknown_names_are_errors() -> None:
    with pytest.raises(KeyError):
        build("no such reading")
    with pytest.raises(KeyError):
        build("natural", "no such fault")
