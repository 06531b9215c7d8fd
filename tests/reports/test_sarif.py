"""SARIF as code-scanning views read it: held against the public schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reports.run import Run
from reports.sarif import write_sarif
from tests.reports.builders import (
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
from tests.reports.readers import legal_sarif


def written(made: Run, folder: Path) -> dict[str, Any]:
    write_sarif(made, folder / "assay.sarif")
    (told,) = legal_sarif(folder / "assay.sarif")["runs"]
    return dict(told)


def test_requirements_are_rules_and_findings_results(tmp_path: Path) -> None:
    rows = [
        requirement("A-1"),
        requirement("A-2", level="SHOULD"),
        requirement("A-3", basis="implied"),
        requirement("A-4", level="MAY"),
    ]
    found = [
        verdict("A-1"),
        verdict("A-2", "warn", message="late"),
        verdict("A-2", "warn", "test_other"),
        verdict("A-3", "fail", message="wrong"),
        verdict("A-4", "inconclusive"),
    ]
    told = written(run(tmp_path, header(*rows), *found, footer()), tmp_path)
    rules = told["tool"]["driver"]["rules"]
    assert [(rule["id"], rule["defaultConfiguration"]["level"]) for rule in rules] == [
        ("A-1", "error"),
        ("A-2", "warning"),
        ("A-3", "warning"),
        ("A-4", "warning"),
    ]
    results = told["results"]
    assert [(each["ruleId"], each["level"]) for each in results] == [
        ("A-3", "error"),
        ("A-2", "warning"),
        ("A-2", "warning"),
    ]
    assert all(rules[each["ruleIndex"]]["id"] == each["ruleId"] for each in results)
    assert len({str(each["partialFingerprints"]) for each in results}) == 3
    assert results[0]["message"]["text"] == "wrong"
    assert results[2]["message"]["text"] == "A-2 holds.", "a message there must be"


def places(told: dict[str, Any]) -> list[tuple[str, str]]:
    (location,) = told["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"] == {"uri": "run.jsonl"}
    return [(each["fullyQualifiedName"], each["kind"]) for each in location["logicalLocations"]]


def test_a_result_stands_at_its_operation_and_values(tmp_path: Path) -> None:
    evidence = {
        "exchanges": [exchange(), exchange({"a": 1}, {"b": "x" * 9000})],
        "pointers": ["/b", ""],
    }
    record = verdict("A-1", "fail", evidence=evidence)
    told = written(run(tmp_path, header("A-1"), record, footer()), tmp_path)
    assert places(told) == [
        ("registerAgent", "operation"),
        ("registerAgent/answer/b", "value"),
        ("registerAgent/answer", "value"),
    ]
    (result,) = told["results"]
    assert result["webRequest"]["body"] == {"text": '{"a": 1}'}
    assert result["webResponse"]["statusCode"] == 200
    assert len(result["webResponse"]["body"]["text"]) == 4000
    assert result["properties"]["replay"] == f"assay replay {tmp_path} A-1"
    told = written(run(tmp_path, header("A-1", role="agent"), record, footer()), tmp_path)
    assert places(told)[1][0] == "registerAgent/request/b"


def test_or_at_the_message_that_is_judged(tmp_path: Path) -> None:
    evidence = {"frames": [frame({"a": 1}), frame({"b": 1}, "assay")], "pointers": ["/a"]}
    record = verdict("A-1", "fail", evidence=evidence)
    told = written(run(tmp_path, header("A-1"), record, footer()), tmp_path)
    assert places(told) == [("agent-1 text", "message"), ("agent-1 text/a", "value")]


def test_no_answer_and_headers_that_came_twice(tmp_path: Path) -> None:
    request = {"method": "GET", "url": "http://h/", "headers": {"a": ["1", "2"]}, "body": None}
    evidence = {"exchanges": [exchange(status=None, request=request)]}
    record = verdict("A-1", "fail", evidence=evidence)
    told = written(run(tmp_path, header("A-1"), record, footer()), tmp_path)
    (result,) = told["results"]
    assert result["webRequest"]["headers"] == {"a": "1, 2"}
    assert result["webResponse"] == {"noResponseReceived": True}


def test_known_failures_are_suppressed_with_their_reason(tmp_path: Path) -> None:
    head = header("A-1", baseline=[known("A-1", "issue 12")])
    told = written(run(tmp_path, head, verdict("A-1", "fail"), footer()), tmp_path)
    (result,) = told["results"]
    assert result["suppressions"][0]["justification"] == "issue 12"


def test_faults_of_ours_and_a_missing_end_are_notifications(tmp_path: Path) -> None:
    told = written(run(tmp_path, header("A-1"), verdict("A-1"), error("ouch")), tmp_path)
    (invocation,) = told["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == 4
    said = [each["message"]["text"] for each in invocation["toolExecutionNotifications"]]
    assert said[0] == "fault of our own in test_it: ouch"
    assert "has no footer" in said[1]
    told = written(run(tmp_path, header("A-1"), verdict("A-1"), footer()), tmp_path)
    assert told["invocations"][0]["executionSuccessful"] is True


def test_a_procedure_answers_in_its_own_words(tmp_path: Path) -> None:
    response = {"status": 404, "code": "NOT_FOUND", "headers": {}, "body": None}
    evidence = {"exchanges": [exchange(response=response)]}
    record = verdict("A-1", "fail", evidence=evidence)
    told = written(run(tmp_path, header("A-1"), record, footer()), tmp_path)
    answer = told["results"][0]["webResponse"]
    assert (answer["statusCode"], answer["reasonPhrase"]) == (404, "NOT_FOUND")
