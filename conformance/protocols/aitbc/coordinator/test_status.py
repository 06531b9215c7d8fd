"""Status updates: what is answered, what the agent shows afterwards, what is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from conformance.hostile import MALFORMED, NOT_OBJECTS
from conformance.judge import Judge
from conformance.marks import case, requirement
from conformance.protocols.aitbc.dialogue import STATUSES, Dialogue
from conformance.protocols.aitbc.model import FIELDS

_REST_OF_AN_AGENT = (
    "agent_type",
    "status",
    "capabilities",
    "services",
    "endpoints",
    "metadata",
    "registration_time",
    "load_metrics",
)

_SOME = {"cpu_usage": 0.25}

_WITH_AND_WITHOUT = (("active", _SOME), ("busy", None))

_REGISTERED = FIELDS | {"registration_time": "AITBC-GET-029"}
"""What an agent registered once and for all, and which requirement has it shown."""


@requirement(
    "AITBC-STAT-001",
    "AITBC-STAT-002",
    "AITBC-STAT-003",
    "AITBC-STAT-007",
    "AITBC-STAT-009",
    "AITBC-STAT-011",
    "AITBC-STAT-014",
    "AITBC-STAT-015",
)
async def test_flow_updates_are_answered_and_shown(aitbc: Dialogue, judge: Judge) -> None:
    for first, agent_id in enumerate((aitbc.new("agent"), aitbc.new("Agent-Of-Port"))):
        await aitbc.registered(agent_id=agent_id)
        for turn, status in enumerate((*STATUSES, *reversed(STATUSES))):
            load = {"cpu_usage": 0.5} if (turn + first) % 2 else None
            said = await aitbc.update(agent_id, status, load)
            judge.status("AITBC-STAT-001" if load else "AITBC-STAT-002", said, 200)
            judge.status("AITBC-STAT-003", said, 200)
            judge.equal("AITBC-STAT-007", said, "/message", f"Agent {agent_id} status updated")
            judge.equal("AITBC-STAT-009", said, "/agent_id", agent_id)
            judge.equal("AITBC-STAT-011", said, "/new_status", status)
            seen = await aitbc.get(agent_id)
            row = "AITBC-STAT-015" if turn else "AITBC-STAT-014"
            judge.equal(row, seen, "/agent/status", status, said)


@requirement(*_REGISTERED.values())
async def test_flow_updates_leave_what_was_registered(aitbc: Dialogue, judge: Judge) -> None:
    for status in STATUSES:
        agent_id = await aitbc.registered()
        before = await aitbc.get(agent_id)
        said = [await aitbc.update(agent_id, status, load) for load in (_SOME, None)]
        after = await aitbc.get(agent_id)
        for field, row in _REGISTERED.items():
            shown = before.at(f"/agent/{field}")
            # Key by key: a coordinator may add some of its own.
            keys = [f"/{key}" for key in shown] if isinstance(shown, dict) else [""]
            for pointer in (f"/agent/{field}{key}" for key in keys):
                judge.equal(row, after, pointer, before.at(pointer), before, *said)


@requirement("AITBC-STAT-016", "AITBC-STAT-017")
async def test_flow_load_metrics_are_shown(aitbc: Dialogue, judge: Judge) -> None:
    agent_id = await aitbc.registered()
    other = await aitbc.registered()
    loads: list[dict[str, float]] = [
        {"active_connections": 5, "pending_tasks": 2, "cpu_usage": 0.75, "memory_usage": 0.5},
        {"active_connections": 0, "pending_tasks": 11, "cpu_usage": 0.0, "memory_usage": 0.125},
        {"pending_tasks": 3},
        {"cpu_usage": 0.25, "memory_usage": 0.875},
        {"active_connections": 1},
        {"cpu_usage": 0.8137, "memory_usage": 0.0419},
    ]
    for turn, load in enumerate(loads):
        row = "AITBC-STAT-017" if turn else "AITBC-STAT-016"
        said = await aitbc.update(agent_id, "active", load)
        await aitbc.update(other, "active", {name: _unlike(value) for name, value in load.items()})
        seen = await aitbc.get(agent_id)
        for name, value in load.items():
            judge.equal(row, seen, f"/agent/load_metrics/{name}", value, said)


def _unlike(value: float) -> float:
    """Another count, or another usage within its bounds."""
    return value + 40 if isinstance(value, int) else 0.9375 - value / 2


@requirement("AITBC-STAT-001", "AITBC-STAT-016")
@pytest.mark.parametrize(
    "load",
    [
        {
            "active_connections": 5_000,
            "pending_tasks": 90_000,
            "cpu_usage": 1.0,
            "memory_usage": 1.0,
        },
        {"active_connections": 0, "pending_tasks": 0, "cpu_usage": 0, "memory_usage": 0},
        {},
    ],
    ids=["full", "idle", "none"],
)
async def test_any_load_can_be_told(load: dict[str, float], aitbc: Dialogue, judge: Judge) -> None:
    """The agent is looked at afterwards: its health score must stay within its bounds."""
    agent_id = await aitbc.registered()
    said = await aitbc.update(agent_id, "busy", load)
    judge.status("AITBC-STAT-001", said, 200)
    seen = await aitbc.get(agent_id)
    for name, value in load.items():
        judge.equal("AITBC-STAT-016", seen, f"/agent/load_metrics/{name}", value, said)
    await aitbc.update(agent_id, "stale")
    await aitbc.get(agent_id)


@requirement("AITBC-STAT-016")
async def test_a_load_beyond_measure_is_refused_or_shown(aitbc: Dialogue, judge: Judge) -> None:
    agent_id = await aitbc.registered()
    load = {"active_connections": 3_000_000_000, "pending_tasks": 2**40}
    said = await aitbc.update(agent_id, "busy", load, known=False)
    seen = await aitbc.get(agent_id)
    for name, value in load.items():
        shown = seen.at(f"/agent/load_metrics/{name}")
        wrong = f"{name} of {value} was taken and is shown as {shown!r}"
        judge.holds("AITBC-STAT-016", not said.ok or shown == value, wrong, said, seen)


@requirement("AITBC-STAT-036")
async def test_an_update_without_load_leaves_the_last_one(aitbc: Dialogue, judge: Judge) -> None:
    agent_id = await aitbc.registered()
    said = [await aitbc.update(agent_id, status, load) for status, load in _WITH_AND_WITHOUT]
    seen = await aitbc.get(agent_id)
    for name, value in _SOME.items():
        judge.equal("AITBC-STAT-036", seen, f"/agent/load_metrics/{name}", value, *said)


@requirement("AITBC-STAT-033")
async def test_usages_in_percent_can_be_told(aitbc: Dialogue, judge: Judge) -> None:
    agent_id = await aitbc.registered()
    load = {"cpu_usage": 99.5, "memory_usage": 87.25}
    said = await aitbc.update(agent_id, "busy", load, known=False)  # their unit is unsaid
    judge.status("AITBC-STAT-033", said, 200)
    seen = await aitbc.get(agent_id)
    for name, value in load.items() if said.ok else ():
        judge.equal("AITBC-STAT-033", seen, f"/agent/load_metrics/{name}", value, said)


@requirement("AITBC-STAT-018")
async def test_updates_leave_others_alone(aitbc: Dialogue, judge: Judge) -> None:
    bystander = await aitbc.registered()
    await aitbc.update(bystander, "active", {"active_connections": 1, "cpu_usage": 0.5})
    moved = await aitbc.registered()
    before = await aitbc.get(bystander)
    changes = [await aitbc.update(moved, status, {"cpu_usage": 0.875}) for status in STATUSES]
    after = await aitbc.get(bystander)
    for field in _REST_OF_AN_AGENT:
        judge.equal(
            "AITBC-STAT-018",
            after,
            f"/agent/{field}",
            before.at(f"/agent/{field}"),
            before,
            *changes[-1:],
        )


@requirement("AITBC-STAT-025")
@pytest.mark.parametrize(
    ("row", "body"),
    [
        case("AITBC-STAT-019", {}),
        case("AITBC-STAT-019", {"load_metrics": {"cpu_usage": 0.9}}),
        case("AITBC-STAT-020", {"status": None}),
        case("AITBC-STAT-020", {"status": 3}),
        case("AITBC-STAT-020", {"status": ["busy"]}),
        case("AITBC-STAT-020", {"status": {"is": "busy"}}),
        case("AITBC-STAT-021", {"status": "flying"}),
        case("AITBC-STAT-021", {"status": "idle"}),
        case("AITBC-STAT-021", {"status": "gone", "load_metrics": {"pending_tasks": 97}}),
        case("AITBC-STAT-021", {"status": "offline"}),
        case("AITBC-STAT-021", {"status": ""}),
        case("AITBC-STAT-021", {"status": "busybusy"}),
        case("AITBC-STAT-022", {"status": "busy", "load_metrics": "heavy"}),
        case("AITBC-STAT-022", {"status": "busy", "load_metrics": 7}),
        case("AITBC-STAT-022", {"status": "busy", "load_metrics": [0.9]}),
        case("AITBC-STAT-023", {"status": "busy", "load_metrics": {"cpu_usage": "much"}}),
        case("AITBC-STAT-023", {"status": "busy", "load_metrics": {"cpu_usage": [0.9]}}),
    ],
    ids=lambda value: None if isinstance(value, str) else repr(value)[:40],
)
async def test_flow_wrong_updates_are_refused(
    row: str, body: dict[str, Any], aitbc: Dialogue, judge: Judge
) -> None:
    agent_id = await aitbc.registered()
    # Neither what it asks for, nor what somebody would fall back on.
    await aitbc.update(agent_id, "inactive" if body.get("status") == "busy" else "busy", _SOME)
    before = await aitbc.get(agent_id)
    said = await aitbc.peer.call(
        "updateAgentStatus", {"agent_id": agent_id}, body=body, lawful=False
    )
    accepted = (422,) if row == "AITBC-STAT-019" else (400, 422)
    judge.status(row, said, *accepted)
    after = await aitbc.get(agent_id)
    if said.status in (400, 422):
        for field in ("status", "load_metrics"):
            judge.equal(
                "AITBC-STAT-025", after, f"/agent/{field}", before.at(f"/agent/{field}"), said
            )


@requirement("AITBC-STAT-035")
async def test_a_refused_update_tells_nothing_of_its_agent(aitbc: Dialogue, judge: Judge) -> None:
    """A score may move with time, and steps of it fall anywhere: it is compared twice, and only
    where it stood still before.
    """
    agent_id = await aitbc.registered()
    at = {"agent_id": agent_id}
    moved = []
    for body in ({"status": "flying"}, {"load_metrics": _SOME}):
        first, before = await aitbc.get(agent_id), await aitbc.get(agent_id)
        said = await aitbc.peer.call("updateAgentStatus", at, body=body, lawful=False)
        after = await aitbc.get(agent_id)
        if said.status not in (400, 422):
            judge.inconclusive("AITBC-STAT-035", f"a wrong update was answered {said.outcome}")
            return
        seen = [each.at("/agent/last_heartbeat") for each in (first, before, after)]
        wrong = f"last_heartbeat moved from {seen[1]} to {seen[2]} with an update that was refused"
        fine = seen[0] != seen[1] or seen[1] == seen[2]
        judge.holds("AITBC-STAT-035", fine, wrong, before, said, after)
        scores = [each.at("/agent/health_score") for each in (first, before, after)]
        moved.append(scores[0] == scores[1] != scores[2])
    wrong = "the health score moved with each of two updates that were refused"
    judge.holds("AITBC-STAT-035", not all(moved), wrong, before, said, after)


@requirement("AITBC-STAT-034")
@pytest.mark.parametrize("status", ["BUSY", "Busy", " busy"])
async def test_statuses_in_another_writing(status: str, aitbc: Dialogue, judge: Judge) -> None:
    """Where one is taken, what is answered and shown is one of the four all the same."""
    at = {"agent_id": await aitbc.registered()}
    said = await aitbc.peer.call("updateAgentStatus", at, body={"status": status}, lawful=False)
    judge.status("AITBC-STAT-034", said, 400, 422)
    if said.ok:
        await aitbc.get(at["agent_id"])


@requirement("AITBC-STAT-024", "AITBC-STAT-025", "AITBC-GEN-006")
async def test_flow_malformed_updates_are_refused(aitbc: Dialogue, judge: Judge) -> None:
    agent_id = await aitbc.registered()
    await aitbc.update(agent_id, "busy")
    for raw in (*MALFORMED.values(), *NOT_OBJECTS.values(), b'{"status": "inactive"'):
        said = await aitbc.peer.call(
            "updateAgentStatus", {"agent_id": agent_id}, raw=raw, lawful=False
        )
        judge.status("AITBC-STAT-024", said, 400, 422)
    seen = await aitbc.get(agent_id)
    judge.equal("AITBC-STAT-025", seen, "/agent/status", "busy")
    judge.status("AITBC-GEN-006", seen, 200)


@requirement("AITBC-STAT-025", "AITBC-STAT-028", "AITBC-STAT-029")
async def test_flow_updates_of_strangers(aitbc: Dialogue, judge: Judge) -> None:
    await aitbc.registered()
    for _ in range(2):
        stranger = aitbc.new("stranger")
        said = await aitbc.update(stranger, "busy", {"cpu_usage": 0.5}, known=False)
        seen = await aitbc.get(stranger, known=False)
        judge.holds(
            "AITBC-STAT-028",
            not (said.ok and seen.status == 404),
            "an update was answered as done, and its agent is unknown",
            said,
            seen,
        )
        judge.holds(
            "AITBC-STAT-025",
            said.ok or not seen.ok,
            "an update was refused, and its agent is there afterwards",
            said,
            seen,
        )
        judge.status("AITBC-STAT-029", said, 404)


@requirement("AITBC-STAT-030", "AITBC-STAT-009", "AITBC-STAT-011")
async def test_flow_updates_at_the_same_time(aitbc: Dialogue, judge: Judge) -> None:
    ids = [await aitbc.registered() for _ in range(16)]
    for shift in range(2):
        wanted = {
            agent_id: (STATUSES[(n + shift) % 4], {"pending_tasks": n + 20 * shift})
            for n, agent_id in enumerate(ids)
        }
        answers = await asyncio.gather(
            *(aitbc.update(agent_id, *wanted[agent_id]) for agent_id in ids)
        )
        for agent_id, said in zip(ids, answers, strict=True):
            judge.equal("AITBC-STAT-009", said, "/agent_id", agent_id)
            judge.equal("AITBC-STAT-011", said, "/new_status", wanted[agent_id][0])
            seen = await aitbc.get(agent_id)
            status, load = wanted[agent_id]
            judge.equal("AITBC-STAT-030", seen, "/agent/status", status, said)
            judge.equal(
                "AITBC-STAT-030",
                seen,
                "/agent/load_metrics/pending_tasks",
                load["pending_tasks"],
                said,
            )
