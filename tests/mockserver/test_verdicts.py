"""What the mock thinks of its client so far."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mockserver.verdicts import Judge
from schemas import Protocol, load_requirements
from tests.mockserver.conftest import Talk

GOOD = {"agent_id": "a", "agent_type": "worker"}


def _verdicts(talk: Talk) -> dict[str, Any]:
    verdicts: dict[str, Any] = Judge(talk.mock.protocol).judge(talk.session.transcript)["verdicts"]
    return verdicts


def test_judge_has_nothing_to_say_of_silence(talk: Talk) -> None:
    assert _verdicts(talk) == {}


def test_judge_passes_what_was_kept(talk: Talk) -> None:
    talk("POST", "/agents/register", {**GOOD, "capabilities": ["ocr"]})
    verdicts = _verdicts(talk)
    assert list(verdicts) == [f"AITBC-AGENT-REG-00{number}" for number in (1, 2, 3, 4, 5)]
    assert {entry["verdict"] for entry in verdicts.values()} == {"pass"}
    assert all(entry["seen"] == 1 and not entry["violations"] for entry in verdicts.values())


def test_judge_fails_what_was_broken_and_shows_the_first(talk: Talk) -> None:
    talk("POST", "/agents/register", GOOD)
    talk("POST", "/agents/register", {"agent_id": "", "agent_type": "worker"})
    talk("POST", "/agents/register", {"agent_type": "worker"})
    broken = _verdicts(talk)["AITBC-AGENT-REG-002"]
    assert (broken["verdict"], broken["seen"], broken["exchange"]) == ("fail", 3, 2)
    assert broken["violations"] == ['/agent_id: "" is shorter than 1 character']
    assert broken["text"]


def test_judge_warns_of_what_is_only_implied(
    talk: Talk, aitbc: Protocol, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = load_requirements(aitbc)
    rows["AITBC-AGENT-REG-002"] = replace(rows["AITBC-AGENT-REG-002"], basis="implied")
    monkeypatch.setattr("mockserver.verdicts.load_requirements", lambda _: rows)
    talk("POST", "/agents/register", {"agent_id": 1, "agent_type": 1})
    told = {name: entry["verdict"] for name, entry in _verdicts(talk).items()}
    assert (told["AITBC-AGENT-REG-002"], told["AITBC-AGENT-REG-003"]) == ("warn", "fail")


def test_judge_leaves_the_coordinator_alone(talk: Talk) -> None:
    talk("GET", "/health")
    talk("POST", "/agents/register", GOOD)
    assert all("-AGENT-" in name for name in _verdicts(talk))


def test_judge_leaves_malformed_bodies_to_the_suite(talk: Talk) -> None:
    exchange = talk("POST", "/agents/register", b"{").exchange
    assert _verdicts(talk) == {}
    assert Judge(talk.mock.protocol).broken(exchange) == []


def test_judge_names_what_one_request_breaks(talk: Talk) -> None:
    judge = Judge(talk.mock.protocol)
    exchange = talk("POST", "/agents/register", {"agent_type": 1, "services": [1, 2]}).exchange
    assert judge.broken(exchange) == [
        "AITBC-AGENT-REG-002",
        "AITBC-AGENT-REG-003",
        "AITBC-AGENT-REG-007",
    ]
    assert judge.broken(talk("POST", "/agents/register", GOOD).exchange) == []


def test_judge_reads_the_requirements_only_when_asked(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Protocol) -> None:
        raise AssertionError("too early")

    monkeypatch.setattr("mockserver.verdicts.load_requirements", refuse)
    judge = Judge(talk.mock.protocol)
    with pytest.raises(AssertionError, match="too early"):
        judge.judge([talk("POST", "/agents/register", GOOD).exchange])
