"""run.jsonl: each line valid, whatever a peer said, and on disk at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from conformance.context import RunContext
from conformance.exchange import Exchange
from conformance.masking import MASK, Masker
from conformance.recorder import ASSAY_VERSION, Recorder, encode
from conformance.target import Target
from conformance.verdict import Evidence, Finding, VerdictName
from reports import Run
from schemas import load, load_requirements
from schemas.files import check

AITBC = load("aitbc")
ROWS = load_requirements(AITBC)


def context(**fields: Any) -> RunContext:
    least: dict[str, Any] = {"protocol": "aitbc", "role": "coordinator", "target": Target(url="http://h"),
             "run": "r1"}  # fmt: skip
    return RunContext(**(least | fields))


def lines(path: Path) -> list[Any]:
    """The records, each held against the meta-schema."""
    records = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    for number, record in enumerate(records, 1):
        kind = record["record"]
        assert list(check(record, f"run-record#/$defs/{kind}", path, line=number)) == []
        assert list(check(record, "run-record", path, line=number)) == []
    return records


def header(tmp_path: Path, **fields: Any) -> dict[str, Any]:
    recorder = Recorder(tmp_path / "run.jsonl")
    recorder.header(context(**fields), AITBC, ROWS.values())
    recorder.close()
    (record,) = lines(tmp_path / "run.jsonl")
    assert isinstance(record, dict)
    return record


@pytest.mark.parametrize("verdict", ["pass", "fail", "warn", "inconclusive", "not-applicable"])
def test_every_record_is_valid_and_readable(tmp_path: Path, verdict: VerdictName) -> None:
    path = tmp_path / "new" / "folder" / "run.jsonl"
    recorder = Recorder(path)
    known = {"requirement": "AITBC-REG-001", "reason": "issue 1", "expires": "2030-01-01"}
    recorder.header(context(baseline=(known,), strict=True, seed=3), AITBC, ROWS.values())
    lost = Exchange(operation="", method="GET", url="http://h", failure="it hung", seconds=1)
    seen = Exchange(operation="getHealth", method="GET", url="http://h", status=200, answer=b"{}")
    evidence = Evidence(exchanges=[lost, seen], pointers=["/a"], expected=1, actual=None)
    finding = Finding(requirement="AITBC-REG-001", check="c", verdict=verdict, evidence=evidence)
    recorder.write(finding.record(Masker()))
    recorder.error("c", "it broke", "Traceback")
    assert len(lines(path)) == 3, "each is on disk before the next"
    recorder.footer("complete")
    recorder.close()
    assert [record["record"] for record in lines(path)] == ["header", "verdict", "error", "footer"]
    run = Run.read(path)
    assert run.complete
    assert len(run.faults) == 1
    assert run.header["assay"] == ASSAY_VERSION


@pytest.mark.parametrize("reason", ["complete", "interrupted", "unreachable", "broken"])
def test_every_ending_is_valid(tmp_path: Path, reason: str) -> None:
    recorder = Recorder(tmp_path / "run.jsonl")
    recorder.footer(reason, "so")
    recorder.close()
    (record,) = lines(tmp_path / "run.jsonl")
    assert (record["reason"], record["message"]) == (reason, "so")


def test_a_coordinator_is_held_to_all_that_it_does_not_disclaim(tmp_path: Path) -> None:
    target = Target(url="http://h", capabilities={"queues": False})
    record = header(tmp_path, target=target)
    assert "queues" not in record["claimed"]
    assert "registry" in record["claimed"]
    assert record["unclaimed"] == ["queues"]
    ids = {row["id"] for row in record["requirements"]}
    assert ids == {row.id for row in ROWS.values() if row.role == "coordinator"}


def test_an_agent_is_held_to_what_is_claimed_for_it(tmp_path: Path) -> None:
    target = Target(capabilities={"registry": True, "tasks": False})
    record = header(tmp_path, role="agent", target=target, command=("./agent",))
    assert record["claimed"] == ["registry"]
    assert record["peer"] == {"name": "./agent", "command": ["./agent"]}


def test_a_selection_claims_only_what_it_touches(tmp_path: Path) -> None:
    record = header(tmp_path, only="AITBC-QUEUE-*")
    assert record["claimed"] == ["queues"]
    assert all(row["id"].startswith("AITBC-QUEUE-") for row in record["requirements"])


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"target": Target(name="Mine", version="2", url="http://h")}, "Mine 2"),
        ({"target": Target(url="http://h/x")}, "http://h/x"),
        ({"target": Target(), "role": "agent", "command": ("a", "b")}, "a b"),
        ({"target": Target(), "role": "agent"}, "whoever connects"),
        ({"target": Target(name="see hunter22", secrets=("hunter22",))}, f"see {MASK}"),
    ],
)
def test_the_peer_has_a_name(tmp_path: Path, fields: dict[str, Any], name: str) -> None:
    assert header(tmp_path, **fields)["peer"]["name"] == name


def test_secrets_of_the_target_are_in_no_header(tmp_path: Path) -> None:
    target = Target(name="n", url="http://u:hunter22@h/hunter22", secrets=("hunter22",))
    record = header(
        tmp_path,
        target=target,
        command=("x", "--password=hunter22"),
        invocation="assay test --url http://hunter22",
    )
    assert "hunter22" not in json.dumps(record)
    assert record["command"] == f"assay test --url http://{MASK}"


def test_records_are_appended_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    for _ in range(2):
        recorder = Recorder(path)
        recorder.footer("complete")
        recorder.close()
    assert len(lines(path)) == 2


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b'{"a": "\\ud800x"}', {"a": "?x"}),
        (b'{"\\udfff": 1}', {"?": 1}),
        (b'{"a": 123456789012345678901234567890}', {"a": "123456789012345678901234567890"}),
        (b'{"a": [18446744073709551615, -9223372036854775808]}',
         {"a": [18446744073709551615, -9223372036854775808]}),
        (b'{"a": 1e999, "b": -1e999}', {"a": None, "b": None}),
        (b'{"a": 1e999, "b": "\\ud800"}', {"a": None, "b": "?"}),
        (b'{"a": "\\u0000\\u2028\\r\\n"}', {"a": "\x00\u2028\r\n"}),
        (b"[" * 199 + b"]" * 199, json.loads("[" * 199 + "]" * 199)),
        (b"[" * 900 + b"]" * 900, "[" * 900 + "]" * 900),
    ],
    ids=["half a pair", "key", "beyond 64 bits", "just 64 bits", "infinite", "both", "control",
         "deep", "deeper"],
)  # fmt: skip
def test_whatever_a_peer_says_is_one_line_that_is_read_again(
    tmp_path: Path, body: bytes, shown: Any
) -> None:
    seen = Exchange(operation="", method="GET", url="http://h", status=200, answer=body)
    evidence = Evidence(exchanges=[seen], actual=seen.at("/a") or None)
    finding = Finding(
        requirement="A", check="c", verdict="fail", message="\ud800", evidence=evidence
    )
    recorder = Recorder(tmp_path / "run.jsonl")
    recorder.write(finding.record(Masker()))
    recorder.close()
    (record,) = lines(tmp_path / "run.jsonl")
    assert record["evidence"]["exchanges"][0]["response"]["body"] == shown


def test_what_json_does_not_know_is_written_as_it_shows_itself() -> None:
    assert orjson.loads(encode({"a": {1, 2}, "b": b"x"})) == {"a": "{1, 2}", "b": "b'x'"}
