"""results.json keeps to its meta-schema, which an independent validator confirms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import orjson

from reports.results import results, write_results
from schemas.files import meta_schema
from tests.reports.builders import (
    END,
    error,
    exchange,
    footer,
    frame,
    header,
    known,
    run,
    verdict,
)
from tests.reports.lifelike import records


def legal(data: dict[str, Any]) -> dict[str, Any]:
    """`data`, having been through JSON and past the schema."""
    plain: dict[str, Any] = json.loads(json.dumps(data))
    jsonschema.validate(plain, meta_schema("results"))
    return plain


def test_every_kind_of_finding_is_legal(tmp_path: Path) -> None:
    made = run(tmp_path, *records())
    data = legal(results(made))
    assert data["verdict"] == "nonconformant"
    assert data["because"] == list(made.because)
    assert len(data["requirements"]) == len(made.requirements)
    assert "$schema" not in data


def test_small_run_in_full(tmp_path: Path) -> None:
    head = header("A-1", "A-2", baseline=[known("A-1"), known("A-9")])
    evidence = {"exchanges": [exchange()], "pointers": ["/a"]}
    made = run(
        tmp_path,
        head,
        verdict("A-1", "fail", message="wrong", evidence=evidence),
        error(),
        footer(),
    )
    data = legal(results(made))
    assert data["protocol"] == "demo"
    assert data["peer"] == "a peer"
    assert data["finished"] == END
    assert data["baseline"] == {"known": ["A-1"], "stale": ["A-9"]}
    assert [fault["check"] for fault in data["errors"]] == ["test_it"]
    assert data["counts"]["fail"] == data["counts"]["inconclusive"] == 1
    first, second = data["requirements"]
    check = {"name": "test_it", "verdict": "fail", "message": "wrong", "times": 1}
    assert first["checks"] == [{**check, "evidence": evidence}]
    assert (second["verdict"], second["message"]) == ("inconclusive", "No check judged it.")


def test_conversation_is_there_in_full(tmp_path: Path) -> None:
    evidence = {"frames": [frame({"number": number}) for number in range(2_000)]}
    record = verdict("A-1", "fail", evidence=evidence)
    data = legal(results(run(tmp_path, header("A-1"), record, footer())))
    assert data["requirements"][0]["checks"][0]["evidence"] == evidence


def test_cut_run_is_legal(tmp_path: Path) -> None:
    data = legal(results(run(tmp_path, header("A-1"))))
    assert data["finished"] is None
    assert data["verdict"] == "inconclusive"


def test_deeply_nested_body_is_written(tmp_path: Path) -> None:
    """Within run.jsonl a body lies less deep than within results.json."""
    body: Any = 1
    for _ in range(248):
        body = [body]
    evidence = {"exchanges": [exchange(None, body)]}
    record = verdict("A-1", "fail", evidence=evidence)
    orjson.dumps(record)  # so deep that it can just be recorded
    made = run(tmp_path, header("A-1"), record, footer())
    write_results(made, tmp_path / "results.json")
    read = json.loads((tmp_path / "results.json").read_bytes())
    assert read["requirements"][0]["checks"][0]["evidence"] == evidence
