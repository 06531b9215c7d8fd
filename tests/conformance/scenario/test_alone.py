"""The part of one client, cut out of a scenario."""

from __future__ import annotations

from typing import Any

from conformance.scenario.alone import alone, clients
from schemas.arazzo.model import Step, Workflow
from tests.mockserver.scenario.building import action, deed, scenario, step, workflow


def _left(*steps: Step, client: str = "client", **fields: Any) -> Workflow:
    return alone(scenario(workflow(*steps, **fields)), client).workflows["main"]


def test_the_steps_of_others_are_left_out() -> None:
    left = _left(step("a"), step("b", client="other"), step("c"))
    assert [each.id for each in left.steps] == ["a", "c"]


def test_a_workflow_that_is_called_is_nobodys() -> None:
    left = _left(step("a", client="other"), step("b", workflow="main"))
    assert [each.id for each in left.steps] == ["b"]


def test_what_led_to_a_step_of_another_leads_to_the_next() -> None:
    leading = step("a", on_success=[action("goto", step="b")])
    left = _left(leading, step("b", client="other"), step("c"))
    assert left.steps[0].on_success[0].step == "c"


def test_what_led_to_a_last_step_of_another_leads_to_the_end() -> None:
    leading = step("a", on_failure=[action("goto", step="b")])
    (only,) = _left(leading, step("b", client="other")).steps
    assert (only.on_failure[0].kind, only.on_failure[0].step) == ("end", "")


def test_a_retry_does_no_step_of_another_first() -> None:
    trying = step("b", on_failure=[action("retry", step="a")])
    (only,) = _left(step("a", client="other"), trying).steps
    assert (only.on_failure[0].kind, only.on_failure[0].step) == ("retry", "b")


def test_nobody_waits_for_a_step_that_is_left_out() -> None:
    left = _left(
        step("a", client="other"), step("b"), step("c", depends_on=["a", "b", "w.steps.x"])
    )
    assert left.steps[-1].depends_on == ["b", "w.steps.x"]


def test_what_is_done_to_the_coordinator_is_left_to_others() -> None:
    deeds = [deed("restart", True), deed("wait", 1), deed("advance", 5)]
    left = _left(step("a", before=deeds, after=deeds), state=deeds)
    for said in (left.state, left.steps[0].before, left.steps[0].after):
        assert [each.kind for each in said] == ["wait"]


def test_clients_are_told_in_their_order() -> None:
    steps = (step("a", client="z"), step("b"), step("c", client="z"), step("d", workflow="main"))
    assert clients(scenario(workflow(*steps))) == ["z", "client"]
