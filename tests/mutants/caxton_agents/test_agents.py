"""The clients themselves: every style is lawful, every fault shows, the tables are consistent."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.mutants.caxton_agents import FAULTS, STYLES, Cue, Fault, protobuf
from tests.mutants.caxton_agents.cli import shaped, target_of
from tests.mutants.caxton_agents.judge import complaints
from tests.mutants.caxton_agents.model import CALLS
from tests.mutants.caxton_agents.reading import Complaint
from tests.mutants.caxton_agents.rehearsal import rehearse
from tests.mutants.caxton_agents.stage_proto import message_class
from tests.mutants.sample import sampled

Job = tuple[str, Fault | None, Cue]

# Clients wait far more than they work.
AT_ONCE = (12, 5, 2, 1)
MOST_LAG = 0.3
SOCKET_CUES = frozenset({Cue.ODD, Cue.CLOSE, Cue.BAD_FRAME})
SECTIONS = frozenset(
    {
        "Authentication",
        "Deploy Agent",
        "Hot Reload Agent",
        "Agent Lifecycle States",
        "List Agents",
        "Get Agent Details",
        "Update Agent",
        "Stop Agent",
        "Remove Agent",
        "Send Message",
        "Subscribe to Messages",
        "Query Message History",
        "Create Task",
        "Distribute Task",
        "Get Task Status",
        "Create Deployment",
        "Monitor Deployment",
        "Rollback Deployment",
        "Get System Metrics",
        "Get Agent Metrics",
        "WebSocket Events",
        "Event Types",
        "Subscription Management",
        "Error Responses",
        "Error Codes",
        "SDK Examples",
        "Rate Limiting",
    }
)


async def _heard(jobs: Iterable[Job], at_once: int) -> dict[Job, tuple[Complaint, ...]]:
    """What the judge says of each."""
    room = asyncio.Semaphore(at_once)

    async def one(job: Job) -> tuple[Complaint, ...]:
        async with room:
            story = await rehearse(*job)
        # Where the machine stood still, a complaint about a fault proves nothing.
        return complaints(story) if job[1] is None or story.lag < MOST_LAG else ()

    listed = list(jobs)
    return dict(zip(listed, await asyncio.gather(*map(one, listed)), strict=True))


async def _unlike(
    jobs: Iterable[Job], as_wanted: Callable[[Job, tuple[Complaint, ...]], bool]
) -> dict[Job, tuple[Complaint, ...]]:
    """Those that are not as wanted, and what was said of them.

    On a busy machine, one of many may be late: then it is heard once more, among fewer.
    """
    left: dict[Job, tuple[Complaint, ...]] = dict.fromkeys(jobs, ())
    for at_once in AT_ONCE:
        found = await _heard(left, at_once)
        left = {job: said for job, said in found.items() if not as_wanted(job, said)}
    return left


def _is_lawful(_job: Job, found: tuple[Complaint, ...]) -> bool:
    return not found


def _is_shown(job: Job, found: tuple[Complaint, ...]) -> bool:
    fault = job[1]
    return fault is not None and any(fault.implied or not each.implied for each in found)


def _lawful_jobs() -> list[Job]:
    return [
        (name, None, cue)
        for name, style in STYLES.items()
        for cue in Cue
        if cue is not Cue.PLAIN and (cue not in SOCKET_CUES or style.socket is not None)
    ]


async def test_styles_are_lawful() -> None:
    assert await _unlike(sampled(_lawful_jobs(), 17), _is_lawful) == {}


async def test_every_style_plays_a_journey() -> None:
    jobs: list[Job] = [(name, None, Cue.PLAIN) for name in STYLES]
    assert await _unlike(jobs, _is_lawful) == {}


async def test_faults_show() -> None:
    jobs: list[Job] = [(fault.style, fault, fault.cue) for fault in FAULTS.values()]
    hidden = await _unlike(sampled(jobs, 37), _is_shown)
    assert {job[1].name: said for job, said in hidden.items() if job[1]} == {}


def test_faults_are_well_described() -> None:
    for name, fault in FAULTS.items():
        assert fault.name == name
        assert re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)+", name), name
        assert fault.style in STYLES, name
        assert fault.summary, name
        assert "\n" not in fault.summary, name
        assert fault.section in SECTIONS, name
        assert fault.edit or fault.reshape, name
        assert shaped(STYLES[fault.style], fault).name == fault.style, name
        assert fault.cue not in SOCKET_CUES or STYLES[fault.style].socket is not None, name


def test_tables_are_consistent() -> None:
    assert len(FAULTS) >= 500
    assert len(STYLES) >= 16
    told = [(fault.summary, fault.style, fault.section) for fault in FAULTS.values()]
    assert sorted({each for each in told if told.count(each) > 1}) == []
    assert all(name == style.name and style.summary for name, style in STYLES.items())
    assert {call for style in STYLES.values() for call in style.calls} == set(CALLS)


@pytest.mark.parametrize(
    ("url", "socket", "wanted"),
    [
        ("http://h:1", "", ("http://h:1/api/v1", "ws://h:1/ws")),
        ("http://h:1/api/v1/", "ws://h:2", ("http://h:1/api/v1", "ws://h:2/ws")),
        ("https://h/x", "", ("https://h/x/api/v1", "wss://h/x/ws")),
        ("http://h:1", "ws://h:1/other", ("http://h:1/api/v1", "ws://h:1/other")),
    ],
)
def test_addresses_are_completed(url: str, socket: str, wanted: tuple[str, str]) -> None:
    target = target_of(url, socket, "", "t")
    assert (target.rest, target.socket) == wanted


def test_messages_are_protocol_buffers() -> None:
    content = {"a": {"b": [1, None, True, "x"]}, "c": -0.5}
    message: dict[str, Any] = {"performative": "request", "sender": "é", "content": content}
    config = {"name": "n", "environment": {"K": "v"}, "capabilities": ["p", "q"]}
    sent = protobuf.encode("SendMessageRequest", {"message": message}, {})
    read = message_class("SendMessageRequest").FromString(sent).message
    assert (read.performative, read.sender) == ("request", "é")
    assert read.content["a"]["b"][3] == "x"
    assert (read.content["c"], read.content["a"]["b"][1]) == (-0.5, None)
    deployed = protobuf.encode("DeployAgentRequest", {"wasm_module": b"\0a", "config": config}, {})
    read = message_class("DeployAgentRequest").FromString(deployed)
    assert read.wasm_module == b"\0a"
    assert read.config.environment[0].value == "v"
    assert list(read.config.capabilities) == ["p", "q"]
    told = message_class("ListAgentsResponse")(agents=[b"", b"xy"], total=300).SerializeToString()
    assert protobuf.decode("ListAgentsResponse", told) == {"agents": [b"", b"xy"], "total": [300]}
    with pytest.raises(ValueError, match=r"no varint|beyond"):
        protobuf.decode("ListAgentsResponse", told[:5])
