"""What a run makes up: ids, hostile bodies, and lively text."""

from __future__ import annotations

import json

import orjson
import pytest

from conformance.hostile import HALF_CHARACTER, MALFORMED, NOT_OBJECTS, oversized
from conformance.ids import IdSource
from conformance.lively import LIVELY


def test_ids_are_readable_and_counted() -> None:
    ids = IdSource("1121r")
    assert [ids("agent"), ids("task"), ids("agent")] == ["agent-1121r-1", "task-1121r-2",
                                                         "agent-1121r-3"]  # fmt: skip


def test_ids_of_workers_and_runs_never_meet() -> None:
    sources = [IdSource(run, worker) for run in ("r1", "r2") for worker in ("main", "gw0", "gw1")]
    made = [source("agent") for source in sources for _ in range(20)]
    assert len(set(made)) == len(made) == 120


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_bodies_are_read_by_no_reader(name: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        json.loads(MALFORMED[name])
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(MALFORMED[name])


@pytest.mark.parametrize(
    ("name", "kind"), [("array", list), ("text", str), ("number", int), ("null", type(None)),
                       ("true", bool)]
)  # fmt: skip
def test_what_is_no_object_is_json_of_another_kind(name: str, kind: type) -> None:
    assert type(json.loads(NOT_OBJECTS[name])) is kind


def test_all_that_are_no_objects_are_tried_above() -> None:
    assert set(NOT_OBJECTS) == {"array", "text", "number", "null", "true"}


def test_oversized_bodies_are_what_they_are_called() -> None:
    bodies = oversized()
    assert set(bodies) == {
        "deeply nested",
        "deep objects",
        "a megabyte of text",
        "a huge number",
        "many keys",
        "control characters",
    }
    for name in ("deeply nested", "deep objects"):
        opened = bodies[name].count(b"[") + bodies[name].count(b"{")
        assert opened == bodies[name].count(b"]") + bodies[name].count(b"}")
        assert opened > 10_000
    assert len(json.loads(bodies["a megabyte of text"])["agent_id"]) == 1_000_000
    assert bodies["a huge number"].count(b"0") >= 5_000
    assert len(json.loads(bodies["many keys"])) == 50_000
    control = json.loads(bodies["control characters"])
    assert control == {"agent_id": "\x00\x07", "priority": "\x00"}
    assert json.loads(HALF_CHARACTER) == {"agent_id": "\ud800"}


def test_lively_text_is_lawful_and_each_lively_in_its_way() -> None:
    assert len(set(LIVELY)) == len(LIVELY)
    for text in LIVELY:
        assert orjson.loads(orjson.dumps(text)) == text
    together = "".join(LIVELY)
    assert "" in LIVELY
    assert " " in LIVELY
    assert not together.isascii()
    for odd in "{}%'\"\\<&\n\r\t;`":
        assert odd in together
    assert max(map(len, LIVELY)) > 1000
