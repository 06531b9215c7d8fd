"""`assay replay` with real peers: a finding shows again, and is gone where the peer is right."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conformance.replay.peers import assay, judged, target_file
from tests.mutants.coordinators import served, served_mock


class Case(NamedTuple):
    """A fault that breaks a row, the check by which it is found, and what is said again."""

    protocol: str
    fault: str
    row: str
    check: str
    steps: tuple[str, ...]
    on_sight: bool = True


CASES = {
    "a body off its schema": Case(
        "aitbc",
        "get.agent.agent_type.number",
        "AITBC-GET-006",
        "test_flow_agent_asked_for_by_id",
        ("POST /agents/register", "GET /agents/agent-"),
    ),
    "a wrong status after a sequence": Case(
        "aitbc",
        "register.refused_but_stored",
        "AITBC-REG-026",
        "test_refused_registrations_leave_nothing_behind",
        ("POST /agents/register", "GET /agents/refused-"),
        on_sight=False,
    ),
    "a frame off its schema after a log-in": Case(
        "echocenter",
        "chat.sender_id.string",
        "ECHO-CHAT-009",
        "test_flow_agents_converse",
        ("POST /api/users/agents", "connect Scout-", "says  {", "peer says on Scout-"),
    ),
    "an event of what was asked for by REST": Case(
        "caxton",
        "event.agent.deployed.agent_id.null",
        "CAXTON-EVT-001",
        "test_flow_agents_come_and_fail",
        ("connect family", "POST /api/v1/agents", "peer says on family"),
    ),
    "a reply to a procedure": Case(
        "caxton",
        "grpc.deploy.deployed_at.missing",
        "CAXTON-GRP-003",
        "test_flow_life_of_an_agent",
        ("RPC /caxton.v1.AgentService/DeployAgent",),
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_a_finding_shows_again_and_is_gone_where_it_is_mended(
    name: str, tmp_path: Path
) -> None:
    case = CASES[name]
    async with served(case.protocol, fault=case.fault, patience=5.0) as broken:
        out = await judged(broken, tmp_path, case.protocol, case.row, case.check)
        code, said = await assay("replay", out, case.row)
        assert (code, "It shows again" in said) == (1, True), said
    for step in case.steps:
        assert step in said
    assert ("is run again" in said) != case.on_sight
    async with served(case.protocol, patience=5.0) as right:
        file = target_file(right, tmp_path / "right.yaml")
        code, said = await assay("replay", out, f"{case.row}#1", "--target", file)
    assert (code, "It is gone" in said) == (0, True), said
    code, said = await assay("replay", out, case.row)
    assert (code, "cannot be reached" in said) == (3, True), said


@pytest.mark.parametrize(
    "name", ["a wrong status after a sequence", "an event of what was asked for by REST"]
)
async def test_a_finding_becomes_a_scenario_that_a_right_peer_passes(
    name: str, tmp_path: Path
) -> None:
    case, saved = CASES[name], tmp_path / "regression.arazzo.yaml"
    play = ("test", case.protocol, "--scenario", saved, "--out", tmp_path / "played", "--target")
    async with served(case.protocol, fault=case.fault, patience=5.0) as broken:
        out = await judged(broken, tmp_path, case.protocol, case.row, case.check)
        code, said = await assay("replay", out, "1", "--save", saved)
        assert (code, "this peer fails by it" in said) == (1, True), said
        code, said = await assay(*play, tmp_path / f"{case.protocol}.yaml")
        assert (code, f"FAIL {case.row}" in said) == (1, True), said
    for right in (served(case.protocol, patience=5.0), served_mock(case.protocol)):
        async with right as target:
            code, said = await assay(*play, target_file(target, tmp_path / "right.yaml"))
        assert code == 0, said
    assert (await assay("lint", saved))[0] == 0


async def test_a_run_writes_regressions_and_leaves_those_that_are_there(tmp_path: Path) -> None:
    folder, file = tmp_path / "regressions", tmp_path / "target.yaml"
    async with served("aitbc", fault="register.refused_but_stored", patience=5.0) as broken:
        words = (
            *("test", "aitbc", "--target", target_file(broken, file), "--no-scenarios"),
            *("--only", "AITBC-REG-026", "--out", tmp_path / "report", "--regressions", folder),
        )
        code, said = await assay(*words)
        saved = folder / "aitbc-reg-026.arazzo.yaml"
        assert (code, f"regression: AITBC-REG-026: {saved}" in said) == (1, True), said
        saved.write_text("mine", "utf-8")
        code, said = await assay(*words)
        assert "is there already" in said
        assert saved.read_text("utf-8") == "mine"
