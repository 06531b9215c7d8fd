"""Allure results: by its library's model, and rendered by its own command where there is one."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from allure_commons.model2 import Attachment, Label, Link, Parameter, StatusDetails
from allure_commons.model2 import TestResult as Result
from allure_commons.model2 import TestStepResult as Step

from reports.allure import write_allure
from reports.run import Run
from reports.times import milliseconds
from tests.reports.builders import (
    AT,
    error,
    exchange,
    footer,
    frame,
    header,
    known,
    requirement,
    run,
    verdict,
)
from tests.reports.lifelike import records

STATUSES = {"failed", "broken", "passed", "skipped", "unknown"}


def written(made: Run, folder: Path) -> dict[str, dict[str, Any]]:
    """The results by the last part of their full name, each legal and its attachments there."""
    write_allure(made, folder)
    found = [json.loads(path.read_text("utf-8")) for path in folder.glob("*-result.json")]
    for each in found:
        legal(each, folder)
    prefix = f"{made.header['protocol']['id']}.{made.header['role']}."
    return {each["fullName"].removeprefix(prefix): each for each in found}


def legal(data: dict[str, Any], folder: Path) -> None:
    """Raises where the library's model knows a field not, or an attachment is not there."""
    Result(**data)
    assert isinstance(data["start"], int)
    assert data["start"] <= data["stop"]
    [Label(**each) for each in data["labels"]]
    [Link(**each) for each in data.get("links", [])]
    steps = [data]
    for step in steps:
        assert step["status"] in STATUSES
        StatusDetails(**step.get("statusDetails", {}))
        [Parameter(**each) for each in step.get("parameters", [])]
        for each in step.get("attachments", []):
            Attachment(**each)
            assert (folder / each["source"]).is_file()
        steps += step.get("steps", [])
    for step in steps[1:]:
        Step(**step)


def labels(result: dict[str, Any], name: str) -> list[str]:
    return [each["value"] for each in result["labels"] if each["name"] == name]


def test_verdicts_have_the_nearest_status(tmp_path: Path) -> None:
    kinds = ["pass", "fail", "warn", "inconclusive", "not-applicable"]
    head = header(*kinds, "known", baseline=[known("known", "issue 12"), known("pass")])
    found = [verdict(kind, kind, message=f"it is {kind}") for kind in kinds]
    made = run(tmp_path, head, *found, verdict("known", "fail"), error("ouch"), footer())
    results = written(made, tmp_path / "a")
    assert {name: each["status"] for name, each in results.items()} == {
        "pass": "passed",
        "fail": "failed",
        "warn": "passed",
        "inconclusive": "unknown",
        "not-applicable": "skipped",
        "known": "skipped",
        "baseline pass": "failed",
        "fault of our own in test_it": "broken",
        "the run can vouch for the peer": "broken",
    }
    assert results["known"]["statusDetails"]["known"] is True
    assert results["known"]["statusDetails"]["message"] == "known failure: issue 12"
    assert results["warn"]["statusDetails"]["message"] == "it is warn"
    assert "warn" in labels(results["warn"], "tag")


def test_severities_follow_from_what_a_breach_counts_as(tmp_path: Path) -> None:
    rows = [
        requirement("stated"),
        requirement("implied", basis="implied"),
        requirement("should", level="SHOULD"),
        requirement("may", level="MAY"),
    ]
    results = written(run(tmp_path, header(*rows), footer()), tmp_path / "a")
    severities = {row["id"]: labels(results[row["id"]], "severity") for row in rows}
    assert severities == {
        "stated": ["critical"],
        "implied": ["normal"],
        "should": ["minor"],
        "may": ["trivial"],
    }


def test_a_result_is_found_by_its_section_and_leads_to_its_requirement(tmp_path: Path) -> None:
    results = written(run(tmp_path, header("A-1"), verdict("A-1"), footer()), tmp_path / "a")
    result = results["A-1"]
    assert labels(result, "suite") == labels(result, "feature") == ["Registry"]
    assert labels(result, "epic") == ["Demo Protocol 1.0"]
    assert labels(result, "story") == ["registry"]
    assert result["links"] == [{"type": "tms", "url": "A-1", "name": "A-1"}]
    assert result["stop"] == milliseconds(AT)


def test_what_was_said_is_steps_and_attachments(tmp_path: Path) -> None:
    evidence = {
        "exchanges": [exchange({"a": 1}, "text"), exchange(status=None)],
        "frames": [frame({"b": 1}, "assay"), frame("", kind="ping"), frame({"b": 2})],
        "pointers": ["/b"],
        "expected": 1,
        "actual": 2,
        "reproduce": "curl http://h",
    }
    folder = tmp_path / "a"
    record = verdict("A-1", "fail", message="wrong", evidence=evidence)
    (result,) = written(run(tmp_path, header("A-1"), record, footer()), folder).values()
    (check,) = result["steps"]
    assert (check["name"], check["status"]) == ("test_it", "failed")
    assert check["parameters"] == [{"name": "at", "value": "/b = 2"}]
    said = {each["name"]: (folder / each["source"]).read_text() for each in check["attachments"]}
    assert said == {
        "expected": "1",
        "actual": "2",
        "reproduce": "curl http://h",
        "replay": f"assay replay {tmp_path} A-1",
    }
    names = [step["name"] for step in check["steps"]]
    request = "registerAgent: POST http://127.0.0.1:9001/agents/register"
    assert names == [
        f"{request} -> 200 OK",
        f"{request} -> no answer: the connection was closed",
        "frame 1: assay on agent-1, text, after 0.250 s",
        "frame 2: coordinator on agent-1, ping, after 0.250 s",
        "frame 3: coordinator on agent-1, text, after 0.250 s",
    ]
    request, answer = check["steps"][0]["attachments"]
    assert json.loads((folder / request["source"]).read_text()) == {"a": 1}
    assert (request["type"], answer["type"]) == ("application/json", "text/plain")
    assert (folder / answer["source"]).read_text() == "text"
    assert [step.get("attachments") is None for step in check["steps"][2:]] == [False, True, False]


def test_long_conversations_are_cut_around_what_is_judged(tmp_path: Path) -> None:
    frames = [frame({"n": number}) for number in range(2_000)]
    record = verdict("A-1", "fail", evidence={"frames": frames, "pointers": ["/n"]})
    made = run(tmp_path, header("A-1"), record, footer())
    (result,) = written(made, tmp_path / "a").values()
    steps = result["steps"][0]["steps"]
    assert len(steps) < 200
    assert steps[0]["name"].startswith("left out here: ")


def test_results_of_others_stay(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "of-pytest-result.json").write_text("{}")
    write_allure(run(tmp_path, header("A-1"), footer()), folder)
    assert (folder / "of-pytest-result.json").exists()


@pytest.mark.skipif(shutil.which("allure") is None, reason="npm's allure is not installed")
def test_allures_own_command_renders_it(tmp_path: Path) -> None:
    made = run(tmp_path, *records())
    write_allure(made, tmp_path / "allure-results")
    words = ["allure", "generate", "allure-results", "--output", str(tmp_path / "page")]
    subprocess.run(words, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    stats = json.loads((tmp_path / "page" / "summary.json").read_text())["stats"]
    assert stats["failed"] == len(made.unexpected) + len(made.stale)
    assert stats["total"] == len(made.requirements) + 3
    assert (tmp_path / "page" / "index.html").exists()
