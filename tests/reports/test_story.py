"""What led to a finding, step by step and with its times."""

from __future__ import annotations

from typing import Any

from reports.story import story
from tests.reports import builders
from tests.reports.builders import step
from tests.reports.lifelike import _story


def told(*steps: dict[str, Any], **changes: Any) -> Any:
    return story({"story": builders.story(*steps, **changes)})


def test_each_kind_of_step_in_a_line() -> None:
    found = story({"story": _story()})
    assert [(each.who, each.what, each.then) for each in found.steps] == [
        ("assay", "POST /agents/register", "200"),
        ("assay", "opens /ws as human", "101"),
        ("assay", "text on human", ""),
        ("peer", "binary on human", ""),
        ("peer", "close 1000 on human", ""),
        ("assay", "lets 90 s pass on the peer's clock", ""),
        ("assay", "runs the hook force", 'handed over {"ok": true}'),
        ("assay", "GET /agents", "it hung"),
    ]
    assert found.steps[0].body == '{"agent_id": "a-1"}'
    assert found.steps[3].body == "3 bytes that are no text"
    assert found.left_out == "left out: 3 more steps"


def test_real_and_virtual_time_are_told_apart() -> None:
    found = story({"story": _story()}).steps
    assert [each.real for each in found][:2] == ["0.000 s", "0.200 s"]
    assert [each.virtual for each in found] == ["", "", "", "", "", "+90 s", "+90 s", "+90 s"]
    assert found[5].pause == "0.6 s"


def test_older_story_has_no_times() -> None:
    found = told(step(), step(shown=True))
    assert [each.real for each in found.steps] == ["", ""]


def test_nothing_is_told_beyond_the_evidence() -> None:
    assert not told(step(shown=True)).steps
    assert not told().steps
    assert not story(None).steps
    assert not story({"exchanges": []}).steps


def test_of_a_long_story_the_end_and_what_is_needed() -> None:
    first, last = step(path="/first", needed=True), step(path="/last", shown=True)
    found = told(first, *(step(path=f"/{n}", body="x" * 999) for n in range(300)), last)
    assert len(found.steps) == 42
    assert [each.number for each in found.steps][:2] == [1, 262]
    assert found.left_out == "left out: 260 more steps"
    assert all(len(each.body) < 300 for each in found.steps)
