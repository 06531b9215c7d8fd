"""The lawful coordinators keep the document, in memory."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, get_args, get_type_hints

import pytest

from tests.mutants.echocenter.virtual import run
from tests.mutants.sample import sampled

from . import LAWFUL, Reading
from .fault import Seed
from .limits import CLASSES
from .rehearsal import WASM64, Stage
from .scripts import CANARY, Script
from .wire_scripts import SCRIPTS


async def _played(script: Script, reading: str) -> list[str]:
    stage = Stage(LAWFUL[reading], Seed())
    await script(stage)
    return stage.notes


@pytest.mark.parametrize("reading", sampled([*LAWFUL], 2))
def test_dialogues_repeat_themselves_and_never_crash(reading: str) -> None:
    for script in SCRIPTS:
        notes = run(_played(script, reading))
        assert run(_played(script, reading)) == notes
        assert not [note for note in notes if "crash" in note]


def test_every_choice_is_taken_by_somebody() -> None:
    hints = get_type_hints(Reading)
    for one in fields(Reading):
        taken = {getattr(reading, one.name) for reading in LAWFUL.values()}
        choices = set(get_args(hints[one.name])) or taken
        if hints[one.name] is bool:
            choices = {True, False}
        assert choices <= taken, (one.name, choices - taken)
        assert len(taken) > 1, one.name


def test_contrary_takes_the_other_way_everywhere() -> None:
    """All but three: without gRPC there would be nothing to be contrary about in it, and agents
    that never answer do so neither at once nor to everything."""
    natural, contrary = LAWFUL["natural"], LAWFUL["contrary"]
    same = [
        one.name
        for one in fields(Reading)
        if getattr(natural, one.name) == getattr(contrary, one.name)
    ]
    assert same == ["answered", "answer_seconds", "grpc"]


@pytest.mark.parametrize("reading", LAWFUL)
def test_life_of_an_agent(reading: str) -> None:
    async def life() -> None:
        stage = Stage(LAWFUL[reading], Seed())
        who = await stage.deploy("solo", resources={"memory": "50MB"})
        details = (await stage.ask("GET", f"/agents/{who}")).body
        assert (details["name"], details["status"]) == ("solo", "running")
        rows = (await stage.ask("GET", "/agents", status="running")).body
        assert ([row["agent_id"] for row in rows["agents"]], rows["total"]) == ([who], 1)
        taken = await stage.form("POST", "/agents", {"name": "solo"})
        assert taken.status == 409
        assert taken.body["error"]["code"] == "AGENT_ALREADY_EXISTS"
        assert (await stage.send(who, "inform", conversation_id="c")).body["status"] == "delivered"
        told = (await stage.ask("GET", "/messages", conversation_id="c")).body["messages"]
        (message,) = [one for one in told if one["receiver"] == who]
        assert message["content"] == {"n": 1}
        stopping = await stage.ask("POST", f"/agents/{who}/stop", {"grace_period_seconds": 5})
        assert stopping.body["status"] == "draining"
        await stage.advance(6)
        assert (await stage.ask("GET", f"/agents/{who}")).body["status"] == "stopped"
        assert (await stage.ask("DELETE", f"/agents/{who}")).body["status"] == "removed"
        gone = await stage.ask("GET", f"/agents/{who}")
        assert (gone.status, gone.body["error"]["code"]) == (404, "AGENT_NOT_FOUND")
        assert set(gone.body["error"]) >= {"code", "message", "details", "trace_id"}
        assert (await stage.form("POST", "/agents", {"name": "solo"})).status < 300

    run(life())


@pytest.mark.parametrize("reading", sampled([*LAWFUL], 2))
def test_a_canary_goes_through_its_stages(reading: str) -> None:
    async def life() -> None:
        stage = Stage(LAWFUL[reading], Seed())
        who = await stage.deploy("ship")
        body = {"agent_id": who, "wasm_module": WASM64, "version": "2.0.0", "strategy": CANARY}
        number = (await stage.ask("POST", "/deployments", body)).body["deployment_id"]
        seen = []
        for seconds in (10, 300, 600, 10):
            await stage.advance(seconds)
            told = (await stage.ask("GET", f"/deployments/{number}")).body
            seen.append((told["current_stage"], told["current_percentage"]))
            assert [one["percentage"] for one in told["stages"]] == [10, 50, 100][
                : len(told["stages"])
            ]
        assert seen == [(1, 10), (2, 50), (3, 100), (3, 100)]
        assert (await stage.ask("GET", f"/agents/{who}")).body["version"] == "2.0.0"

    run(life())


@pytest.mark.parametrize("reading", sampled([*LAWFUL], 2))
def test_the_most_confident_bidder_wins(reading: str) -> None:
    async def life() -> None:
        stage = Stage(LAWFUL[reading], Seed())
        able = [await stage.deploy(f"able-{at}", capabilities=["ocr"]) for at in range(4)]
        await stage.deploy("outsider", capabilities=["ocr"])
        needs = [] if stage.desk.reading.capabilities_in == "rpc_only" else ["ocr"]
        task = {"name": "t", "participants": able, "requirements": {"capabilities": needs}}
        number = (await stage.ask("POST", "/tasks", task)).body["task_id"]
        told = (await stage.ask("POST", f"/tasks/{number}/distribute", {})).body
        assert told["proposals_received"] == 4
        assert told["assigned_to"] == told["winning_bid"]["agent_id"]
        assert told["assigned_to"] in able
        assert 0 <= told["winning_bid"]["confidence"] <= 1

    run(life())


@pytest.mark.parametrize("reading", LAWFUL)
def test_deployments_are_refused_behind_the_burst_and_taken_again(reading: str) -> None:
    async def life() -> None:
        stage = Stage(LAWFUL[reading], Seed())
        left = []
        for at in range(CLASSES["deploy"][2]):
            answer = await stage.form("POST", "/agents", {"name": f"a-{at}"})
            assert answer.status < 300
            left.append(int(answer.headers["X-RateLimit-Remaining"]))
        assert left == sorted(left, reverse=True)
        over = await stage.form("POST", "/agents", {"name": "over"})
        assert (over.status, over.body["error"]["code"]) == (429, "RATE_LIMITED")
        assert int(over.headers["X-RateLimit-Reset"]) > stage.desk.now()
        await stage.advance(60)
        assert (await stage.form("POST", "/agents", {"name": "over"})).status < 300

    run(life())


@pytest.mark.parametrize("reading", LAWFUL)
def test_events_reach_whom_they_concern(reading: str) -> None:
    async def life() -> None:
        stage = Stage(LAWFUL[reading], Seed())
        line, other = stage.connect(), stage.connect()
        stage.subscribe(line, events=["agent.*"])
        stage.subscribe(other, events=["task.completed"])
        who = await stage.deploy("loud")
        stage.leave(line)
        await stage.deploy("late")
        told = _told(stage.notes, 1)
        deployed = [one for one in told if one["type"] == "agent.deployed"]
        assert [one["agent_id"] for one in deployed] == [who]
        assert not [one for one in _told(stage.notes, 2) if "agent_id" in one]

    run(life())


def _told(notes: list[str], line: int) -> list[Any]:
    head = f"line {line} '"
    return [json.loads(note[len(head) : -1]) for note in notes if note.startswith(head)]
