"""In which order steps are begun."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.scenario.order import in_order, mains, waited_for
from schemas.arazzo.model import Action, Deed, Reply
from tests.mockserver.scenario.building import action, criterion, receive, scenario, step, workflow


def _order(*steps: Any) -> str:
    return "".join(each.id for each in in_order(workflow(*steps)))


def test_as_they_are_written() -> None:
    assert _order(step("b"), step("a", depends_on=["b"]), step("c")) == "bac"


def test_what_needs_a_later_one_comes_after_it() -> None:
    assert _order(step("a", depends_on=["c"]), step("b"), step("c"), step("d")) == "bcad"


NEEDED = "$steps.z.outputs.x"


@pytest.mark.parametrize(
    "fields",
    [
        {"parameters": {"p": NEEDED}},
        {"payload": {"deep": [f"in {{{NEEDED}}}"]}},
        {"payload": {"context": NEEDED, "selector": "$.a", "type": "jsonpath"}},
        {"correlation": NEEDED, "action": "receive"},
        {"push": {"id": NEEDED}, "action": "receive"},
        {"identity": {"certificate": NEEDED}},
        {"reply": Reply(body={"id": NEEDED})},
        {"outputs": {"x": NEEDED}},
        {"before": [Deed(kind="hook", value="x", said={"id": NEEDED})]},
        {"after": [Deed(kind="advance", value=NEEDED)]},
    ],
)
def test_outputs_that_are_spoken_of_come_before(fields: Any) -> None:
    assert _order(step("a", **fields), step("z")) == "za"


def test_outputs_that_criteria_speak_of_come_before() -> None:
    assert _order(step("a", criterion(f"$statusCode == {NEEDED}")), step("z")) == "za"


def test_own_outputs_are_no_reason_to_wait() -> None:
    own = Deed(kind="hook", value="x", output="token")
    mine = step("a", parameters={"p": "$steps.a.outputs.token"}, before=[own])
    assert _order(mine, step("b")) == "ab"


def test_steps_that_need_each_other_stay_where_they_are() -> None:
    loop = step("a", criterion("$steps.b.outputs.x == 1"))
    assert _order(loop, step("b", depends_on=["a"])) == "ab"


def test_steps_of_other_workflows_are_not_ours_to_order() -> None:
    assert _order(step("a", depends_on=["w.steps.b"]), step("b")) == "ab"


def test_only_receives_are_begun_ahead() -> None:
    steps = [receive("a"), step("b"), receive("c"), step("d", depends_on=["a", "b"])]
    assert waited_for(workflow(*steps)) == {"a"}


def test_mains_are_those_that_no_other_calls() -> None:
    leads = Action(name="x", kind="goto", workflow="led")
    built = scenario(
        workflow(step("a", workflow="called", on_success=[leads]), id="one"),
        workflow(step("a"), id="called"),
        workflow(step("a"), id="led"),
        workflow(step("a"), id="two", depends_on=["late"]),
        workflow(step("a"), id="late"),
    )
    assert [each.id for each in mains(built)] == ["one", "late", "two"]
    assert [each.id for each in mains(built, "two")] == ["late", "two"]
    assert [each.id for each in mains(built, "called")] == ["called"]
    with pytest.raises(KeyError):
        mains(built, "none")


def test_where_all_are_called_all_are_mains() -> None:
    built = scenario(
        workflow(step("a", on_success=[action("goto", workflow="two")]), id="one"),
        workflow(step("a", on_success=[action("goto", workflow="one")]), id="two"),
    )
    assert [each.id for each in mains(built)] == ["one", "two"]
