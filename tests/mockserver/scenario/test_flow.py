"""Which step is next, what of it held, and what follows: no sockets, no clock."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.scenario.acts import Failed, Passed, Seen, Sight
from mockserver.scenario.flow import MOST_STEPS
from schemas.arazzo.expressions import Said
from schemas.arazzo.model import Source, Times
from tests.mockserver.scenario.building import (
    OK,
    Played,
    action,
    criterion,
    deed,
    heard,
    receive,
    step,
    workflow,
)

BOTH = pytest.mark.parametrize("backward", [False, True])


# Order


@BOTH
def test_steps_come_one_after_another(*, backward: bool) -> None:
    play = Played(workflow(step("a"), step("b"), step("c")), backward=backward)
    assert play.begin() == ["a"]
    assert play.saw("a") == ["b"]
    assert play.saw("b") == ["c"]
    assert play.saw("c") == ["finished True"]
    assert play.awaited == []


@BOTH
def test_events_of_flights_that_are_gone_are_nothing(*, backward: bool) -> None:
    play = Played(workflow(step("a"), step("b")), backward=backward)
    play.begin()
    play.saw("a")
    assert play.saw("a") == []
    assert play.failed("a") == []
    assert play.passed("a") == []
    assert play(Seen(999, Sight())) == []
    play.saw("b")
    assert play.saw("b") == play(Failed(1, "x")) == play(Passed(0)) == []


def test_receive_that_is_awaited_later_begins_ahead() -> None:
    steps = [receive("told"), step("ask"), step("use", depends_on=["told"])]
    play = Played(workflow(*steps))
    assert play.begin() == ["told", "ask"]
    assert play.saw("ask") == []
    assert play.heard("told") == ["use"]


def test_receive_that_nobody_names_is_awaited_in_its_place() -> None:
    play = Played(workflow(receive("told"), step("ask")))
    assert play.begin() == ["told"]


def test_neighbours_of_one_name_are_done_together() -> None:
    steps = [step("a", unordered="x"), step("b", unordered="x"), step("c")]
    play = Played(workflow(*steps), backward=True)
    assert play.begin() == ["a", "b"]
    assert play.saw("b") == []
    assert play.saw("a") == ["c"]


def test_groups_of_one_name_that_are_no_neighbours_wait_for_what_is_between() -> None:
    steps = [step("a", unordered="x"), step("b"), step("c", unordered="x")]
    play = Played(workflow(*steps))
    assert play.begin() == ["a"]
    assert play.saw("a") == ["b"]
    assert play.saw("b") == ["c"]


def test_step_of_another_workflow_must_have_been_done() -> None:
    inner = workflow(step("x"), id="inner")
    steps = [step("a", workflow="inner"), step("b", depends_on=["inner.steps.x"])]
    play = Played(workflow(*steps), inner)
    assert play.begin() == ["x"]
    assert play.saw("x") == ["b"]


def test_step_of_another_workflow_that_is_not_done_leaves_all_open() -> None:
    inner = workflow(step("x"), id="inner")
    play = Played(workflow(step("b", depends_on=["inner.steps.x"])), inner)
    assert play.begin() == ["finished None"]
    assert "depends on inner.steps.x" in play.finished.reason


def test_step_of_another_workflow_that_is_under_way_is_waited_for() -> None:
    inner = workflow(step("x"), step("y"), id="inner")
    steps = [
        step("a", workflow="inner", unordered="u"),
        step("b", depends_on=["inner.steps.x"], unordered="u"),
    ]
    play = Played(workflow(*steps), inner)
    assert play.begin() == ["x"]
    assert sorted(play.saw("x")) == ["b", "y"]


# Success and failure


def test_step_without_criteria_fails_by_an_answer_that_refuses() -> None:
    play = Played(workflow(step("a")))
    play.begin()
    assert play.saw("a", 404) == ["finished False"]
    assert play.finished.reason == "a: getAgent was answered 404"
    assert play.finished.step == "a"


def test_criteria_decide_alone_where_there_are_any() -> None:
    play = Played(workflow(step("a", "$response.body#/x == 1")))
    play.begin()
    assert play.saw("a", 500, {"x": 1}) == ["finished True"]


def test_criteria_of_the_client_alone_are_none_forward() -> None:
    play = Played(workflow(step("a", criterion("$request.body#/x == 1", "A-1"))))
    play.begin()
    assert play.saw("a", 503) == ["finished False"]


def test_refusal_is_not_what_is_awaited_backward() -> None:
    play = Played(workflow(step("a"), step("b")), backward=True)
    play.begin()
    assert play.saw("a", 422) == []
    assert play.awaited == ["a"]
    assert play.saw("a", 200) == ["b"]


def test_refusal_that_the_script_gives_is_awaited_backward() -> None:
    play = Played(workflow(step("a", faults=[{"kind": "status"}])), backward=True)
    play.begin()
    assert play.saw("a", 503) == ["finished True"]


def test_connection_that_is_refused_is_no_opening() -> None:
    play = Played(workflow(step("a", opens=True, action="send")), backward=True)
    play.begin()
    assert play.saw("a", 401) == []
    assert play.saw("a", 101) == ["finished True"]


@BOTH
def test_rows_of_criteria_are_judged_on_their_own_side(*, backward: bool) -> None:
    criteria = [
        criterion(OK, "C-1"),
        criterion("$request.body#/good == true", "A-1"),
    ]
    play = Played(workflow(step("a", *criteria)), backward=backward)
    play.begin()
    bad = Said(body={"good": False})
    found = play.saw("a", request=bad)
    assert found == (["A-1=False", "finished False"] if backward else ["C-1=True", "finished True"])
    assert play.finished.reason.startswith("a: $request.body#/good == true") is backward


def test_client_that_does_wrong_goes_on_and_has_not_kept_its_word() -> None:
    wrong = criterion("$request.body#/x == 1", "A-1")
    play = Played(
        workflow(step("a", wrong, requirements=["A-2"]), step("b"), requirements=["A-2"]),
        backward=True,
    )
    play.begin()
    assert play.saw("a", request=Said(body={"x": 2})) == ["A-1=False", "A-2=False", "b"]
    assert play.saw("b") == ["A-2=False", "finished False"]


def test_answer_that_another_role_owes_says_which_request_was_meant() -> None:
    play = Played(workflow(step("a", criterion(OK, "C-1")), step("b")), backward=True)
    play.begin()
    assert play.saw("a", 404) == []
    assert play.saw("a", 200) == ["b"]


def test_rows_of_steps_and_workflow_pass_at_their_end() -> None:
    play = Played(workflow(step("a", requirements=["C-1", "A-1"]), requirements=["C-2"]))
    play.begin()
    assert play.saw("a") == ["C-1=True", "C-2=True", "finished True"]


def test_rows_of_steps_and_workflow_fail_with_them() -> None:
    play = Played(workflow(step("a", requirements=["C-1"]), requirements=["C-2"]))
    play.begin()
    assert play.failed("a") == ["C-1=False", "C-2=False", "finished False"]


def test_rows_of_criteria_that_a_near_miss_broke_fail_and_no_others() -> None:
    criteria = [criterion("$message.payload#/id == 1", "C-1"), criterion("true", "C-2")]
    play = Played(workflow(receive("a", *criteria)))
    play.begin()
    number = play.numbers["a"]
    missed = play.flow.missed(number, heard({"id": 2}))
    assert "does not hold" in missed
    play.flow.near(number, f"it came, but {missed}", heard({"id": 2}))
    assert play.failed("a", "nothing came") == ["C-1=False", "finished False"]
    assert "nothing came; it came, but" in play.finished.reason


def test_what_came_and_was_wrong_breaks_what_it_was_wrong_in_and_not_that_it_came() -> None:
    criteria = [criterion("$message.payload#/of == 'me'"), criterion("$message.payload#/ok", "C-1")]
    play = Played(workflow(receive("a", *criteria, requirements=["C-2"])))
    play.begin()
    number = play.numbers["a"]
    play.flow.near(number, "it came, but", heard({"of": "me", "ok": False}))
    play.flow.near(number, "another came", heard({"of": "you", "ok": True}))
    assert play.failed("a") == ["C-1=False", "finished False"]


def test_what_was_meant_for_others_breaks_no_criterion() -> None:
    criteria = [criterion("$message.payload#/of == 'me'"), criterion("$message.payload#/ok", "C-1")]
    play = Played(workflow(receive("a", *criteria, requirements=["C-2"])))
    play.begin()
    play.flow.near(play.numbers["a"], "it came, but", heard({"of": "you", "ok": False}))
    assert play.failed("a") == ["C-2=False", "finished False"]


def test_message_that_answers_is_the_one_whatever_else_it_says() -> None:
    right = criterion("$message.payload#/ok", "C-1")
    play = Played(workflow(receive("a", right, correlation="$inputs.token")))
    play.begin()
    found = play.heard("a", {"ok": False})
    assert found == ["C-1=False", "finished False"]


def test_criterion_that_cannot_be_evaluated_fails() -> None:
    odd = criterion("{$inputs.none}", "C-1", context="$response.body", type="regex")
    play = Played(workflow(step("a", odd)))
    play.begin()
    assert play.saw("a", body="x") == ["C-1=False", "finished False"]
    assert "$inputs.none leads to nothing" in play.finished.reason


def test_what_could_not_be_judged_leaves_its_rows_open() -> None:
    play = Played(workflow(step("a", requirements=["C-1"]), requirements=["C-2"]))
    play.begin()
    found = play.failed("a", "no gRPC", unjudged=True)
    assert found == ["C-1=None", "C-2=None", "finished None"]


def test_client_that_no_row_obliges_leaves_it_open() -> None:
    play = Played(workflow(step("a"), requirements=["A-2"]), backward=True)
    play.begin()
    assert play.failed("a") == ["A-2=None", "finished None"]


def test_client_that_a_row_obliges_has_not_kept_it() -> None:
    play = Played(workflow(step("a", requirements=["A-1"])), backward=True)
    play.begin()
    assert play.failed("a") == ["A-1=False", "finished False"]


# Time


@BOTH
def test_late_is_wrong(*, backward: bool) -> None:
    row = "A-1" if backward else "C-1"
    play = Played(workflow(receive("a", within=5.0, requirements=[row])), backward=backward)
    play.begin()
    assert play.heard("a", took=5.5) == [f"{row}=False", "finished False"]
    assert "it took 5.5 s, and not 5 s at most" in play.finished.reason


@BOTH
def test_in_time_is_right(*, backward: bool) -> None:
    play = Played(workflow(receive("a", within=5.0, requirements=["A-1"])), backward=backward)
    play.begin()
    assert play.heard("a", took=5.0)[-1] == "finished True"


# Outputs and inputs


def test_outputs_go_from_step_to_step_and_out() -> None:
    steps = [
        step("a", outputs={"id": "$response.body#/id"}),
        step("b", "$response.body#/id == $steps.a.outputs.id"),
    ]
    play = Played(workflow(*steps, outputs={"id": "$steps.a.outputs.id", "in": "$inputs.x"}))
    play.begin()
    play.saw("a", body={"id": 7})
    assert play.flow.scope(play.numbers["b"]).steps == {"a": {"id": 7}}
    assert play.saw("b", body={"id": 7}) == ["finished True"]
    assert play.finished.outputs == {"id": 7}


def test_outputs_that_lead_nowhere_are_left_out() -> None:
    play = Played(
        workflow(
            step("a", outputs={"none": "$response.body#/none"}),
            outputs={"one": "$steps.a.outputs.none", "two": "$statusCode"},
        )
    )
    play.begin()
    assert play.saw("a", body={}) == ["finished True"]
    assert play.finished.outputs == {}


def test_inputs_that_the_client_chose_are_known_from_then_on() -> None:
    play = Played(workflow(step("a"), step("b")), backward=True)
    play.begin()
    play.saw("a", bound={"agent_id": "mine"})
    assert play.flow.scope(play.numbers["b"]).inputs == {"agent_id": "mine"}
    assert play.flow.workflows["main"]["inputs"] == {"agent_id": "mine"}


def test_deeds_hand_over_outputs_of_their_step_and_inputs_of_the_workflow() -> None:
    play = Played(
        workflow(
            step("a", before=[deed("hook", "enrol", output="token")]),
            state=[deed("hook", "seed", output="seed")],
        )
    )
    assert play.begin() == ["do hook", "do hook", "a"]
    play.flow.told(play.numbers["a"], "token", "t")
    assert play.flow.scope(play.numbers["a"]).steps == {"a": {"token": "t"}}
    play.flow.told(1, "seed", 5)
    assert play.flow.scope(play.numbers["a"]).inputs == {"seed": 5}
    play.saw("a")
    assert play.flow.scope(play.numbers["a"]).steps == {"a": {"token": "t"}}


def test_deed_that_cannot_be_done_leaves_what_follows_open() -> None:
    criteria = [criterion(OK, "C-2")]
    steps = [step("a", *criteria, before=[deed("hook", "x")], requirements=["C-1"], optional=True)]
    play = Played(workflow(*steps, step("b"), requirements=["C-1"]))
    play.begin()
    found = play.spoilt("a", "no hook 'x'")
    assert found == ["C-1 C-2=None", "undo a", "C-1=None", "finished None"]
    assert play.finished.reason == "a: no hook 'x'"


def test_deed_after_a_step_that_cannot_be_done_leaves_what_follows_open() -> None:
    play = Played(workflow(step("a", after=[deed("hook", "x")]), step("b")))
    play.begin()
    assert play.saw("a") == ["do hook", "b"]
    assert play.spoilt("deeds") == ["undo b", "finished None"]


# Times


def test_forward_it_is_done_so_often() -> None:
    play = Played(workflow(step("a", times=Times(3)), step("b")))
    assert play.begin() == ["a"]
    assert play.saw("a") == ["a again"]
    assert play.saw("a") == ["a again"]
    assert play.saw("a") == ["b"]


def test_each_time_is_judged() -> None:
    play = Played(workflow(step("a", criterion(OK, "C-1"), times=Times(3))))
    play.begin()
    assert play.saw("a") == ["C-1=True", "a again"]
    assert play.saw("a", 500) == ["C-1=False", "finished False"]


def test_more_than_most_is_a_fault_of_its_rows_until_the_end() -> None:
    steps = [step("a", times=Times(1, 2), requirements=["A-1"]), step("b")]
    play = Played(workflow(*steps), backward=True)
    play.begin()
    assert play.saw("a") == ["A-1=True", "a again spare", "b"]
    assert play.awaited == ["b", "a"]
    assert play.saw("a") == []
    assert play.saw("a") == ["A-1=False"]
    assert play.saw("b") == ["undo a", "finished False"]
    assert play.finished.reason == "a: getAgent came 3 times, and may 2 times at most"


def test_what_comes_once_more_is_judged_by_its_criteria() -> None:
    wrong = criterion("$request.body#/x == 1", "A-1")
    play = Played(workflow(step("a", wrong, times=Times(0, 5)), step("b")), backward=True)
    play.begin()
    good, bad = Said(body={"x": 1}), Said(body={"x": 2})
    assert play.saw("a", request=good) == ["A-1=True", "a again spare", "b"]
    assert play.saw("a", 422, request=good) == ["A-1=True"]
    assert play.saw("a", request=bad) == ["A-1=False"]
    assert play.saw("b") == ["undo a", "finished False"]


def test_most_is_counted_forward_for_what_comes() -> None:
    play = Played(workflow(receive("a", times=Times(1, 1)), step("b")))
    play.begin()
    play.heard("a")
    play.heard("a")
    assert play.saw("b")[-1] == "finished False"


def test_forward_we_do_it_as_often_as_we_must_and_no_more() -> None:
    play = Played(workflow(step("a", times=Times(2, 2))))
    play.begin()
    play.saw("a")
    assert play.saw("a") == ["finished True"]


def test_what_is_led_back_to_is_counted_anew() -> None:
    back = action("goto", "$response.body#/more == true", step="a")
    steps = [step("a", times=Times(1, 1)), step("b", on_success=[back])]
    play = Played(workflow(*steps), backward=True)
    play.begin()
    assert play.saw("a") == ["a again spare", "b"]
    assert play.saw("b", body={"more": True}) == ["undo a", "a"]
    assert play.saw("a") == ["a again spare", "b"]
    assert play.saw("b", body={}) == ["undo a", "finished True"]


# Never


@BOTH
def test_never_is_kept_at_the_end(*, backward: bool) -> None:
    row = "A-1" if backward else "C-1"
    play = Played(
        workflow(receive("bad", never=True, requirements=[row]), step("a")), backward=backward
    )
    assert play.begin() == ["bad", "a"]
    assert play.saw("a") == [f"{row}=True", "undo bad", "finished True"]


@BOTH
def test_never_is_broken_by_what_comes(*, backward: bool) -> None:
    row = "A-1" if backward else "C-1"
    play = Played(
        workflow(receive("bad", never=True, requirements=[row]), step("a")), backward=backward
    )
    play.begin()
    assert play.heard("bad") == [f"{row}=False", "undo bad"]
    assert play.saw("a") == ["finished False"]
    assert play.finished.reason.endswith("came, and must not")


def test_never_means_what_its_criteria_say() -> None:
    wrong = criterion("$message.payload#/id == 1", "C-1")
    play = Played(workflow(receive("bad", wrong, never=True), step("a")))
    play.begin()
    assert play.heard("bad", {"id": 2}) == []
    assert play.heard("bad", {"id": 1}) == ["C-1=False", "undo bad"]


def test_never_is_broken_by_a_request_that_is_refused() -> None:
    play = Played(workflow(step("bad", never=True, requirements=["A-1"]), step("a")), backward=True)
    play.begin()
    assert play.saw("bad", 404) == ["A-1=False", "undo bad"]


def test_never_passes_with_the_rows_of_its_criteria() -> None:
    wrong = criterion("$message.payload#/id == 1", "C-1")
    play = Played(workflow(receive("bad", wrong, never=True), step("a")))
    play.begin()
    assert play.saw("a") == ["C-1=True", "undo bad", "finished True"]


def test_never_says_nothing_where_the_play_broke_off() -> None:
    play = Played(workflow(receive("bad", never=True, requirements=["C-1"]), step("a")))
    play.begin()
    assert play.failed("a") == ["undo bad", "finished False"]


def test_never_with_a_time_is_waited_for() -> None:
    never = receive("bad", never=True, within=5.0, requirements=["C-1"])
    play = Played(workflow(never, step("a")))
    play.begin()
    assert play.saw("a") == []
    assert play.passed("bad") == ["C-1=True", "undo bad", "finished True"]


def test_never_with_a_time_disturbs_nothing_after_it() -> None:
    play = Played(workflow(receive("bad", never=True, within=5.0, requirements=["C-1"]), step("a")))
    play.begin()
    assert play.passed("bad") == ["C-1=True", "undo bad"]
    assert play.heard("bad") == []
    assert play.saw("a") == ["finished True"]


def test_never_that_a_driver_could_not_watch_is_kept() -> None:
    play = Played(workflow(receive("bad", never=True, requirements=["C-1"]), step("a")))
    play.begin()
    assert play.failed("bad") == ["C-1=True", "undo bad"]


def test_step_that_depends_on_a_never_without_end_does_not_wait_for_it() -> None:
    play = Played(workflow(receive("bad", never=True), step("a", depends_on=["bad"])))
    assert play.begin() == ["bad", "a"]


# Optional


def test_optional_is_left_out_backward() -> None:
    play = Played(
        workflow(step("a", optional=True, requirements=["A-1"]), step("b")), backward=True
    )
    assert play.begin() == ["a", "b"]
    assert play.saw("b") == ["undo a", "finished True"]


def test_optional_can_be_done_backward() -> None:
    play = Played(
        workflow(step("a", optional=True, requirements=["A-1"]), step("b")), backward=True
    )
    play.begin()
    assert play.saw("a") == ["A-1=True"]
    assert play.saw("b") == ["finished True"]


def test_optional_failure_is_none_forward() -> None:
    play = Played(workflow(step("a", optional=True, requirements=["C-1"]), step("b")))
    assert play.begin() == ["a"]
    assert play.saw("a", 500) == ["b"]
    assert play.saw("b") == ["finished True"]


def test_optional_that_is_waited_for_by_name_is_waited_for() -> None:
    steps = [step("a", optional=True), step("b", depends_on=["a"])]
    play = Played(workflow(*steps), backward=True)
    assert play.begin() == ["a"]
    assert play.flow.is_optional(play.numbers["a"])
    assert play.failed("a") == ["b"]


def test_optional_workflow_is_left_out_whole_and_breaks_no_rows() -> None:
    inner = workflow(step("x", requirements=["A-1"]), id="inner", requirements=["A-2"])
    play = Played(
        workflow(step("a", workflow="inner", optional=True), step("b")), inner, backward=True
    )
    assert play.begin() == ["b", "x"]
    assert play.flow.is_optional(play.numbers["x"])
    assert play.saw("b") == ["undo x", "undo a", "finished True"]


def test_workflow_of_optional_steps_alone_is_over_at_once_backward() -> None:
    play = Played(workflow(step("a", optional=True)), backward=True)
    assert play.begin() == ["a", "undo a", "finished True"]


def test_unordered_optional_stays_while_its_neighbours_are_done() -> None:
    steps = [step("a", optional=True, unordered="u"), step("b", unordered="u"), step("c")]
    play = Played(workflow(*steps), backward=True)
    assert play.begin() == ["a", "b"]
    assert play.saw("b") == ["c"]
    assert play.awaited == ["a", "c"]
    assert play.saw("c") == ["undo a", "finished True"]


# Circles


@pytest.mark.parametrize("kind", ["success", "failure"])
def test_circles_end(kind: str) -> None:
    back = action("goto", step="a")
    actions: dict[str, Any] = {f"on_{kind}": [back]}
    play = Played(workflow(step("a", **actions)))
    play.begin()
    for _ in range(MOST_STEPS + 5):
        if play.flow.finished is not None:
            break
        play.saw("a", 200 if kind == "success" else 500)
    assert play.finished.kept is None
    assert "it goes in circles" in play.finished.reason


def test_circles_without_events_end_and_go_no_deeper() -> None:
    back = action("goto", step="a")
    nowhere = {"x": "$inputs.none"}
    calls = step("a", workflow="inner", parameters=nowhere, on_failure=[back])
    play = Played(workflow(calls), workflow(step("x"), id="inner", inputs=["x"]))
    assert play.begin()[-1] == "finished None"


@pytest.mark.parametrize("limit", [10, 10_000_000])
def test_retries_without_events_end_and_go_no_deeper(limit: int) -> None:
    again = action("retry", limit=limit)
    calls = step("a", workflow="inner", parameters={"x": "$inputs.none"}, on_failure=[again])
    play = Played(workflow(calls), workflow(step("x"), id="inner", inputs=["x"]))
    play.begin()
    assert play.finished.kept is (False if limit == 10 else None)


def test_workflows_that_lead_to_themselves_end_and_go_no_deeper() -> None:
    again = action("goto", workflow="main")
    play = Played(
        workflow(receive("x", never=True), step("a", workflow="inner", on_success=[again])),
        workflow(receive("y", never=True), id="inner"),
    )
    play.begin()
    assert play.finished.kept is None


# Documents


def test_workflow_of_another_document_sees_its_own_names() -> None:
    sources = {
        name: Source(name=name, url=url, kind="openapi", fields={"url": url})
        for name, url in (("api", "mine"), ("other.api", "theirs"))
    }
    inner = workflow(step("x"), id="inner", key="other.inner")
    play = Played(workflow(step("a", workflow="other.inner")), inner)
    object.__setattr__(play.scenario, "sources", sources)
    play.begin()
    scope = play.flow.scope(play.numbers["x"])
    assert scope.sources == {"api": {"url": "theirs"}}
    assert list(scope.workflows) == ["inner"]
