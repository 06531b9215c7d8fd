"""A story in a record is the story that was told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from conformance.replay.story import Deed, Opening, Request, Step, Story, Utterance
from schemas.files import check

REQUEST = Request(
    operation="registerAgent",
    method="POST",
    path="/agents/register?x=1",
    headers={"content-type": "application/json"},
    body=b'{"agent_id": "a"}',
    status=201,
    answer=b"{}",
    needed=True,
)
FORM = Request(
    operation="deployAgent",
    method="POST",
    path="/agents",
    form={"wasm": {"base64": "AGFzbQ=="}, "config": {"name": "a"}},
    lawful=False,
    failure="no answer within 5 s",
)
OPENING = Opening(connection="ann", channel="socket", path="/ws?token=assay-secret-1", status=101)
SAID = Utterance(connection="ann", sender="assay", kind="text", data=b"{}", pause=1.5)
HEARD = Utterance(connection="ann", sender="peer", kind="binary", data=b"\xff\x00", shown=True)
DONE = Deed(hook="create_task", values={"agent": "a", "task": {"n": 1}}, handed="task-1")
CLOSED = Utterance(connection="ann", sender="peer", kind="close", code=1000, reason="bye")


def story(*steps: Step, **fields: Any) -> Story:
    return Story(**{"run": "1129ab", "within": "test_it[a]", "steps": list(steps), **fields})


@pytest.mark.parametrize("step", [REQUEST, FORM, OPENING, SAID, HEARD, CLOSED, DONE])
def test_a_step_comes_back_from_its_record(step: Step) -> None:
    told = story(step, secrets={"assay-secret-1": "ASSAY_TOKEN"}, left_out=3)
    line = orjson.dumps(told.record())
    assert list(check(orjson.loads(line), "run-record#/$defs/story", Path("run.jsonl"))) == []
    assert Story.of_record(orjson.loads(line)) == told


def test_what_is_as_usual_is_not_written_down() -> None:
    assert story(SAID).record()["steps"] == [
        {
            "is": "utterance",
            "pause": 1.5,
            "connection": "ann",
            "sender": "assay",
            "kind": "text",
            "data": "{}",
        }
    ]


def test_shortest_is_what_is_needed_and_shown() -> None:
    shortest = story(SAID, REQUEST, OPENING, HEARD).shortest()
    assert shortest is not None
    assert shortest.steps == [REQUEST, HEARD]


@pytest.mark.parametrize("steps", [(), (SAID,), (REQUEST, HEARD)])
def test_there_is_no_shorter_one_than_all_or_nothing(steps: tuple[Step, ...]) -> None:
    assert story(*steps).shortest() is None


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"run": "a", "within": "b"},
        {"run": "a", "within": "b", "steps": [{"is": "dance"}]},
        {"run": "a", "within": "b", "steps": [{"is": "request"}]},
        {"run": "a", "within": "b", "steps": [{"is": "opening", "unknown": 1}]},
    ],
)
def test_what_is_no_story_is_refused(said: Any) -> None:
    with pytest.raises(ValueError, match="no story"):
        Story.of_record(said)
