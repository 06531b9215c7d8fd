"""`assay replay` with real peers: a finding shows again, and is gone where the peer is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from conformance.target import Target
from tests.conformance.replay.peers import assay, judged, replayed, target_file, written
from tests.mutants.coordinators import served
from tests.reports.builders import verdict


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
        "test_flow_agents_show_what_they_registered",
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
        ("POST /api/users/agents", "connect Sc-", "says  {", "peer says on Sc-"),
    ),
    "an event of what was asked for by REST": Case(
        "caxton",
        "event.agent.deployed.agent_id.null",
        "CAXTON-EVT-001",
        "test_flow_agents_come_and_fail",
        ("connect family", "POST /api/v1/agents", "peer says on family"),
    ),
    "a beat that a hook's token and a certificate lead to": Case(
        "stella",
        "field.heartbeat.tasks.stringified",
        "STELLA-HB-010",
        "test_flow_heartbeats_are_answered",
        ("hook mint_token", "POST /api/v1/agents/register", 'now "[]"'),
        on_sight=False,
    ),
    "a reply to a procedure": Case(
        "caxton",
        "grpc.deploy.deployed_at.missing",
        "CAXTON-GRP-003",
        "test_flow_life_of_an_agent",
        ("RPC /caxton.v1.AgentService/DeployAgent",),
    ),
}


def broken(row: str, word: str = "fail", **more: Any) -> dict[str, Any]:
    return verdict(row, word, message="found", **more)


@pytest.mark.parametrize("name", CASES)
async def test_a_finding_shows_again_and_is_gone_where_it_is_mended(
    name: str, tmp_path: Path
) -> None:
    case = CASES[name]
    async with served(case.protocol, fault=case.fault, patience=5.0) as wrong:
        out = await judged(wrong, tmp_path, case.protocol, case.row, case.check)
        code, said = await replayed(out, case.row)
        assert (code, "It shows again" in said) == (1, True), said
    for step in case.steps:
        assert step in said
    assert ("is run again" in said) != case.on_sight
    async with served(case.protocol, patience=5.0) as right:
        file = target_file(right, tmp_path / "right.yaml")
        code, said = await replayed(out, f"{case.row}#1", "--target", file)
    assert (code, "It is gone" in said) == (0, True), said


async def test_a_finding_becomes_a_scenario_that_a_right_peer_passes(tmp_path: Path) -> None:
    case, saved = CASES["an event of what was asked for by REST"], tmp_path / "saved.arazzo.yaml"
    async with served("caxton", fault=case.fault, patience=5.0) as wrong:
        out = await judged(wrong, tmp_path, "caxton", case.row, case.check)
        code, said = await replayed(out, "1", "--save", saved)
        assert (code, "this peer fails by it" in said) == (1, True), said
    async with served("caxton", patience=5.0) as right:
        code, said = await played(saved, "caxton", right, tmp_path)
        assert code == 0, said


async def test_a_run_writes_a_scenario_that_the_broken_peer_fails(tmp_path: Path) -> None:
    case = CASES["a wrong status after a sequence"]
    saved = tmp_path / "regressions" / "aitbc-reg-026.arazzo.yaml"
    async with served("aitbc", fault=case.fault, patience=5.0) as wrong:
        more = ("--regressions", saved.parent)
        await judged(wrong, tmp_path, "aitbc", case.row, case.check, *more)
        code, said = await played(saved, "aitbc", wrong, tmp_path)
        assert (code, f"FAIL {case.row}" in said) == (1, True), said
    async with served("aitbc", patience=5.0) as right:
        code, said = await played(saved, "aitbc", right, tmp_path)
        assert code == 0, said


async def played(scenario: Path, protocol: str, target: Target, folder: Path) -> tuple[int, str]:
    file = target_file(target, folder / "played.yaml")
    words = ("test", protocol, "--scenario", scenario, "--target", file)
    return await assay(*words, "--out", folder / "played")


async def test_a_peer_that_is_not_there_is_told_of(tmp_path: Path) -> None:
    out = written(tmp_path, broken("AITBC-GET-006", "fail"))
    code, said = await replayed(out, "AITBC-GET-006", "--url", "http://127.0.0.1:1")
    assert (code, "cannot be reached" in said) == (3, True), said


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("AITBC-GET-001", "was kept in this run"),
        ("AITBC-GET-006#2", "has no finding 2"),
        ("AITBC-GET-060", "did you mean 'AITBC-GET-006'"),
        ("7", "the run has 1 finding"),
        ("AITBC-GET-002", "was not judged: The run has no footer"),
    ],
)
async def test_what_is_no_finding_is_told_of(tmp_path: Path, wanted: str, told: str) -> None:
    rows = broken("AITBC-GET-006", "fail"), broken("AITBC-GET-001", "pass")
    code, said = await replayed(written(tmp_path, *rows), wanted)
    assert (code, told in said, "there is AITBC-GET-006" in said) == (2, True, True), said


async def test_findings_are_listed_with_their_numbers(tmp_path: Path) -> None:
    rows = (
        broken("AITBC-GET-002", "warn"),
        broken("AITBC-GET-006", "fail"),
    )
    code, said = await replayed(written(tmp_path, *rows))
    assert code == 0
    assert said.split("\n")[0].split() == ["1", "fail", "AITBC-GET-006", "found"]
    assert said.split("\n")[1].split() == ["2", "warn", "AITBC-GET-002", "found"]


async def test_a_secret_that_the_record_hides_must_be_given_again(tmp_path: Path) -> None:
    command = "assay test caxton --url http://127.0.0.1:1 --token •••"
    out = written(
        tmp_path,
        broken("CAXTON-EVT-001", "fail"),
        protocol="caxton",
        command=command,
    )
    code, said = await replayed(out, "CAXTON-EVT-001")
    assert (code, "--token: the run had a secret in --token" in said) == (2, True), said


async def test_a_broken_story_is_a_broken_record(tmp_path: Path) -> None:
    steps = [{"is": "request", "method": "GET"}]
    story = {"run": "r", "within": "test_it", "steps": steps}
    wrong = broken("AITBC-GET-006", "fail", evidence={"exchanges": [], "story": story})
    async with served("aitbc") as right:
        out = written(tmp_path, wrong)
        code, said = await replayed(out, "AITBC-GET-006", "--url", right.url)
    assert (code, "it is no story" in said) == (2, True), said
