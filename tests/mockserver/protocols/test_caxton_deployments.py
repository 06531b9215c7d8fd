"""New versions: in stages, on the clock, and back again."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.protocols.caxton.deployments import PLANS, next_version
from mockserver.protocols.caxton.lifecycle import DEPLOYMENT
from mockserver.world import VirtualClock, iso
from tests.mockserver.conftest import START
from tests.mockserver.protocols.caxton_harbour import MODULE_TEXT, Harbour

INVALID = (400, "INVALID_REQUEST")
FORBIDDEN = (403, "FORBIDDEN")

CANARY = {
    "type": "canary",
    "stages": [
        {"percentage": 10, "duration": "5m"},
        {"percentage": 50, "duration": "1h30m"},
        {"percentage": 100, "duration": "0"},
    ],
}


@pytest.fixture
def harbour() -> Harbour:
    return Harbour()


@pytest.fixture
def agent(harbour: Harbour) -> str:
    return harbour.agent()


def _order(agent: str, strategy: Any = CANARY, version: str = "2.0.0") -> dict[str, Any]:
    return {
        "agent_id": agent,
        "wasm_module": MODULE_TEXT,
        "version": version,
        "strategy": strategy,
    }


def _create(harbour: Harbour, agent: str, strategy: Any = CANARY, version: str = "2.0.0") -> str:
    said = harbour("POST", "/deployments", _order(agent, strategy, version))
    deployment_id: str = said["deployment_id"]
    return deployment_id


def _look(harbour: Harbour, deployment_id: str) -> dict[str, Any]:
    return harbour("GET", f"/deployments/{deployment_id}")


def test_canary_goes_through_its_stages(harbour: Harbour, agent: str) -> None:
    said = harbour("POST", "/deployments", _order(agent))
    own = said["deployment_id"]
    assert said == {"deployment_id": own, "status": "initializing", "created_at": iso(START)}
    first = _look(harbour, own)
    assert (first["status"], first["current_stage"], first["current_percentage"]) == (
        "initializing",
        0,
        0,
    )
    assert [each["status"] for each in first["stages"]] == ["pending"] * 3
    seen: list[tuple[str, int, float, int]] = []
    for _ in range(4):
        harbour.pass_time(0.2 if not seen else seen[-1][3])
        now = _look(harbour, own)
        left = {0: 300, 1: 5400, 2: 0, 3: 0}[len(seen)]
        percentage, stage = now["current_percentage"], now["current_stage"]
        seen.append((now["status"], stage, percentage, left))
        if len(seen) == 2:
            assert now["stages"][0]["completed_at"] == iso(START + 300.2)
            assert now["stages"][1]["started_at"] == iso(START + 300.2)
            assert [each["status"] for each in now["stages"]] == [
                "completed",
                "in_progress",
                "pending",
            ]
        done = now["status"] == "completed"
        assert harbour.look(agent)["version"] == ("2.0.0" if done else "1.0.0")
        if done:
            break
    # The last stage takes no time.
    assert [each[:3] for each in seen] == [
        ("in_progress", 1, 10),
        ("in_progress", 2, 50),
        ("completed", 3, 100),
    ]
    assert [each["status"] for each in _look(harbour, own)["stages"]] == ["completed"] * 3


def test_stages_are_in_time_though_nobody_looks(harbour: Harbour, agent: str) -> None:
    """Without anybody on a socket nobody wakes the coordinator on the real clock."""
    own = _create(harbour, agent)
    clock = harbour.session.world.clock
    assert isinstance(clock, VirtualClock)
    clock.advance(400)
    seen = _look(harbour, own)
    assert (seen["status"], seen["current_stage"]) == ("in_progress", 2)
    assert seen["stages"][1]["started_at"] == iso(START + 300.2)
    clock.advance(100_000)
    seen = _look(harbour, own)
    assert [each["completed_at"] for each in seen["stages"][1:]] == [iso(START + 5700.2)] * 2
    assert harbour.look(agent)["deployment"]["deployed_at"] == iso(START + 5700.2)


@pytest.mark.parametrize("strategy", sorted(PLANS))
def test_each_strategy_comes_to_its_end(harbour: Harbour, agent: str, strategy: str) -> None:
    own = _create(harbour, agent, {"type": strategy})
    harbour.pass_time(10)
    deployment = _look(harbour, own)
    assert (deployment["status"], deployment["current_percentage"]) == ("completed", 100)
    shares = [each["percentage"] for each in deployment["stages"]]
    assert shares == [share for share, _ in PLANS[strategy]]
    assert harbour.look(agent)["version"] == "2.0.0"


@pytest.mark.parametrize(
    "change",
    [
        {"agent_id": 5},
        {"version": None},
        {"strategy": "canary"},
        {"strategy": {"type": "yolo"}},
        {"strategy": {"type": "canary", "error_threshold": 2}},
        {"strategy": {"type": "canary", "stages": [{"percentage": 101, "duration": "0"}]}},
        {"strategy": {"type": "canary", "stages": [{"percentage": 5, "duration": "soon"}]}},
        {"strategy": {"type": "canary", "stages": [{"percentage": 5, "duration": "5m5"}]}},
        {
            "strategy": {
                "type": "canary",
                "stages": [
                    {"percentage": 50, "duration": "1m"},
                    {"percentage": 10, "duration": "1m"},
                ],
            }
        },
    ],
)
def test_bad_deployment_is_refused(harbour: Harbour, agent: str, change: Any) -> None:
    before = len(harbour.state["deployments"])
    assert harbour.refused("POST", "/deployments", {**_order(agent), **change}) == INVALID
    assert len(harbour.state["deployments"]) == before


def test_refusals_with_codes_of_their_own(harbour: Harbour, agent: str) -> None:
    wrong = {**_order(agent), "wasm_module": "AAAAAAAAAAA="}
    assert harbour.refused("POST", "/deployments", wrong) == (400, "INVALID_WASM")
    order = _order("nobody")
    assert harbour.refused("POST", "/deployments", order) == (404, "AGENT_NOT_FOUND")
    missing = (404, "DEPLOYMENT_NOT_FOUND")
    assert harbour.refused("GET", "/deployments/none") == missing
    assert harbour.refused("POST", "/deployments/none/rollback") == missing
    harbour.command("fail_agent", agent=agent)
    assert harbour.refused("POST", "/deployments", _order(agent)) == FORBIDDEN


# Back


@pytest.mark.parametrize("when", [0.0, 60.0, 6000.0])
def test_deployment_is_rolled_back(harbour: Harbour, agent: str, when: float) -> None:
    own = _create(harbour, agent)
    harbour.pass_time(when)
    said = harbour("POST", f"/deployments/{own}/rollback", {"reason": "slow"})
    assert said == {
        "deployment_id": own,
        "status": "rolling_back",
        "rollback_to_version": "1.0.0",
        "estimated_completion": iso(START + when + 3),
    }
    harbour.pass_time(2.9)
    assert _look(harbour, own)["status"] == "rolling_back"
    assert harbour.refused("POST", f"/deployments/{own}/rollback") == FORBIDDEN
    harbour.pass_time(0.1)
    done = _look(harbour, own)
    assert (done["status"], done["current_percentage"], done["reason"]) == (
        "rolled_back",
        0,
        "slow",
    )
    assert harbour.look(agent)["version"] == "1.0.0"
    assert harbour.refused("POST", f"/deployments/{own}/rollback") == FORBIDDEN
    harbour.pass_time(9000)
    assert _look(harbour, own)["status"] == "rolled_back"
    if when == 60:
        assert [each["status"] for each in done["stages"]] == ["rolled_back", "pending", "pending"]


def test_rollback_brings_all_back(harbour: Harbour, agent: str) -> None:
    before = harbour.look(agent)["resources"]["limits"]
    change = {"wasm_module": MODULE_TEXT, "config": {"resources": {"memory": "700MB"}}}
    own = harbour("PUT", f"/agents/{agent}", change)["deployment_id"]
    harbour.pass_time(1)
    assert harbour.look(agent)["resources"]["limits"]["memory"] == "700MB"
    harbour("POST", f"/deployments/{own}/rollback")
    harbour.pass_time(4)
    after = harbour.look(agent)
    assert (after["version"], after["resources"]["limits"]) == ("1.0.0", before)


def test_what_cannot_be_rolled_back(harbour: Harbour, agent: str) -> None:
    (first,) = [each["deployment_id"] for each in harbour.state["deployments"]]
    assert harbour.refused("POST", f"/deployments/{first}/rollback") == FORBIDDEN
    old = _create(harbour, agent, {"type": "immediate"})
    harbour.pass_time(1)
    new = _create(harbour, agent, version="3.0.0")
    assert harbour.refused("POST", f"/deployments/{old}/rollback") == FORBIDDEN
    bad: Any
    for bad in (b"{", [], {"reason": 5}):
        assert harbour.refused("POST", f"/deployments/{new}/rollback", bad) == INVALID
    harbour.command("fail_agent", agent=agent)
    assert harbour.refused("POST", f"/deployments/{new}/rollback") == FORBIDDEN
    assert _look(harbour, new)["status"] == "failed"


def test_newer_deployment_takes_over(harbour: Harbour, agent: str) -> None:
    old = _create(harbour, agent)
    harbour.pass_time(1)
    new = _create(harbour, agent, {"type": "immediate"}, "3.0.0")
    assert _look(harbour, old)["status"] == "superseded"
    assert _look(harbour, old)["stages"][0]["status"] == "superseded"
    harbour.pass_time(9000)
    assert harbour.look(agent)["version"] == "3.0.0"
    assert _look(harbour, new)["status"] == "completed"


def test_errors_above_the_threshold_take_it_back(harbour: Harbour, agent: str) -> None:
    strategy = {**CANARY, "rollback_on_error": True, "error_threshold": 0.1}
    own = _create(harbour, agent, strategy)
    harbour.pass_time(60)
    calm = _look(harbour, own)["metrics"]
    assert 0.98 < calm["success_rate"] <= 1
    harbour.command("errors", deployment=own, rate=0.1)
    harbour.pass_time(60)
    rough = _look(harbour, own)
    assert rough["status"] == "in_progress"
    assert rough["metrics"]["error_count"] > calm["error_count"]
    assert rough["metrics"]["success_rate"] < calm["success_rate"]
    harbour.command("errors", deployment=own, rate=0.11)
    assert _look(harbour, own)["status"] == "rolling_back"
    harbour.pass_time(3)
    assert "11.0%" in _look(harbour, own)["reason"]
    assert harbour.look(agent)["version"] == "1.0.0"


def test_errors_are_borne_where_nobody_wants_it_back(harbour: Harbour, agent: str) -> None:
    own = _create(harbour, agent)
    harbour.pass_time(1)
    harbour.command("errors", deployment=own, rate=1)
    harbour.pass_time(9000)
    done = _look(harbour, own)
    assert done["status"] == "completed"
    assert done["metrics"]["success_rate"] < 0.01
    for wrong in (-0.1, 1.1):
        with pytest.raises(ValueError, match="from 0 to 1"):
            harbour.command("errors", deployment=own, rate=wrong)
    with pytest.raises(ValueError, match="id of a deployment"):
        harbour.command("errors", deployment="none", rate=0)


def test_events_tell_each_step(harbour: Harbour, agent: str) -> None:
    listener = harbour.listen("deployment.*", "agent.updated")
    own = _create(harbour, agent)
    harbour.pass_time(9000)
    harbour("POST", f"/deployments/{own}/rollback")
    harbour.pass_time(3)
    told = [(each["type"], each.get("stage"), each.get("version")) for each in listener.take()]
    assert told == [
        ("deployment.created", None, None),
        ("deployment.started", 1, None),
        ("deployment.progressed", 2, None),
        ("deployment.progressed", 3, None),
        ("deployment.completed", 3, None),
        ("agent.updated", None, "2.0.0"),
        ("deployment.rolling_back", 3, None),
        ("deployment.rolled_back", 3, None),
        ("agent.updated", None, "1.0.0"),
    ]


@pytest.mark.parametrize(
    ("version", "after"),
    [("1.0.0", "2.0.0"), ("9.4.2", "10.0.0"), ("blue", "blue-next"), ("7", "7-next")],
)
def test_next_version(version: str, after: str) -> None:
    assert next_version(version) == after


def test_table_leads_from_the_start_to_every_state_and_ends() -> None:
    reached = {""}
    for _ in DEPLOYMENT:
        reached |= {step.state for (state, _), step in DEPLOYMENT.items() if state in reached}
    assert reached == {step.state for step in DEPLOYMENT.values()} | {""}
    ends = {"rolled_back", "failed", "superseded"}
    assert {state for state, _ in DEPLOYMENT}.isdisjoint(ends)
