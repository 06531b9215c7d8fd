"""What follows a step: goto, end, retry, and the workflows that are called or come before."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.scenario.acts import Failed, Sight
from mockserver.scenario.following import pause
from mockserver.scenario.inputs import InputError
from schemas.arazzo.expressions import Said
from schemas.arazzo.model import Action, Times
from tests.mockserver.scenario.building import (
    OK,
    Played,
    action,
    criterion,
    sight,
    step,
    workflow,
)

UNAVAILABLE = "$statusCode == 503"
WORKFLOWS = {"inner": workflow(step("x", outputs={"id": "$response.body#/id"}), id="inner")}


# Goto and end


def test_success_leads_to_another_step() -> None:
    to_c = action("goto", "$response.body#/jump == true", step="c")
    steps = [step("a", on_success=[to_c]), step("b"), step("c")]
    for jump, then in ((True, "c"), (False, "b")):
        play = Played(workflow(*steps))
        play.begin()
        assert play.saw("a", body={"jump": jump}) == [then]


def test_success_ends_the_workflow_with_what_outputs_there_are() -> None:
    steps = [step("a", on_success=[action("end")]), step("b", outputs={"x": "$statusCode"})]
    outputs = {"x": "$steps.b.outputs.x", "y": "$inputs.y"}
    play = Played(workflow(*steps, outputs=outputs), inputs={"y": 1})
    play.begin()
    assert play.saw("a") == ["finished True"]
    assert play.finished.outputs == {"y": 1}


def test_first_action_whose_criteria_hold_is_taken() -> None:
    actions = [
        action("goto", "$response.body#/n > 5", name="one", step="c"),
        action("goto", "$response.body#/n > 1", name="two", step="b"),
        action("end", name="three"),
    ]
    for number, then in ((9, "c"), (3, "b"), (0, "finished True")):
        play = Played(workflow(step("a", on_success=actions), step("b"), step("c")))
        play.begin()
        assert play.saw("a", body={"n": number}) == [then]


def test_criterion_of_an_action_that_cannot_be_evaluated_does_not_hold() -> None:
    odd = Action(
        name="odd",
        kind="end",
        criteria=[criterion("{$inputs.none}", context="$statusCode", type="regex")],
    )
    play = Played(workflow(step("a", on_success=[odd]), step("b")))
    play.begin()
    assert play.saw("a") == ["b"]


def test_failure_leads_to_another_step_and_is_told() -> None:
    steps = [step("a", on_failure=[action("goto", step="c")], requirements=["C-1"]), step("b")]
    play = Played(workflow(*steps, step("c")))
    play.begin()
    assert play.saw("a", 500) == ["C-1=False", "c"]
    assert play.saw("c") == ["finished True"]


def test_failure_without_an_action_that_fits_breaks_off() -> None:
    play = Played(
        workflow(step("a", on_failure=[action("goto", UNAVAILABLE, step="b")]), step("b"))
    )
    play.begin()
    assert play.saw("a", 500) == ["finished False"]


def test_failure_that_ends_is_a_failure_still() -> None:
    play = Played(workflow(step("a", on_failure=[action("end")]), step("b")))
    play.begin()
    assert play.saw("a", 500) == ["finished False"]


def test_failure_of_an_optional_step_leads_where_it_says() -> None:
    steps = [step("a", optional=True, on_failure=[action("goto", step="c")]), step("b"), step("c")]
    play = Played(workflow(*steps))
    play.begin()
    assert play.saw("a", 500) == ["c"]


def test_goto_a_workflow_is_a_transfer_for_good() -> None:
    leads = action("goto", workflow="inner")
    play = Played(workflow(step("a", on_success=[leads]), step("b")), WORKFLOWS["inner"])
    play.begin()
    assert play.saw("a") == ["x"]
    assert play.saw("x") == ["finished True"]


def test_goto_a_workflow_takes_parameters_along() -> None:
    parameters = workflow(step("_", parameters={"n": "$response.body#/n"})).steps[0].parameters
    leads = Action(name="on", kind="goto", workflow="inner", parameters=parameters)
    inner = workflow(step("x"), id="inner", inputs=["n"])
    play = Played(
        workflow(step("a", on_success=[leads], outputs={"n": "$response.body#/n"})), inner
    )
    play.begin()
    play.saw("a", body={"n": 3})
    assert play.flow.workflows["inner"]["inputs"] == {"n": 3}


# Retry


def test_retry_comes_after_its_pause_and_as_often_as_it_may() -> None:
    again = action("retry", UNAVAILABLE, after=2.0, limit=2)
    play = Played(workflow(step("a", on_failure=[again], requirements=["C-1"])))
    play.begin()
    for _ in range(2):
        assert play.saw("a", 503) == ["pause 2"]
        assert play.awaited == []
        assert play.passed("a") == ["a again"]
    assert play.saw("a", 503) == ["C-1=False", "finished False"]


def test_retry_that_succeeds_leaves_nothing_behind() -> None:
    row = criterion(OK, "C-1")
    play = Played(workflow(step("a", row, on_failure=[action("retry", limit=5)])))
    play.begin()
    assert play.saw("a", 503) == ["a again"]
    assert play.saw("a", 200) == ["C-1=True", "finished True"]
    assert play.verdicts() == {"C-1": True}


def test_retry_is_made_once_unless_it_says_more() -> None:
    play = Played(workflow(step("a", on_failure=[action("retry")])))
    play.begin()
    assert play.saw("a", 500) == ["a again"]
    assert play.saw("a", 500) == ["finished False"]


def test_retry_of_no_times_is_none() -> None:
    play = Played(workflow(step("a", on_failure=[action("retry", limit=0)])))
    play.begin()
    assert play.saw("a", 500) == ["finished False"]


def test_spent_retry_gives_way_to_the_next_action() -> None:
    actions = [action("retry", name="first", limit=1), action("goto", name="then", step="c")]
    play = Played(workflow(step("a", on_failure=actions), step("b"), step("c")))
    play.begin()
    assert play.saw("a", 500) == ["a again"]
    assert play.saw("a", 500) == ["c"]


def test_retries_are_fresh_when_it_is_led_back_to() -> None:
    back = action("goto", "$response.body#/more == true", step="a")
    play = Played(workflow(step("a", on_failure=[action("retry")]), step("b", on_success=[back])))
    play.begin()
    play.saw("a", 500)
    play.saw("a")
    play.saw("b", body={"more": True})
    assert play.saw("a", 500) == ["a again"]


def test_retry_does_another_step_first() -> None:
    refresh = action("retry", "$statusCode == 401", step="login", after=1.0)
    steps = [step("login"), step("a", on_failure=[refresh], times=Times(2)), step("b")]
    play = Played(workflow(*steps))
    play.begin()
    play.saw("login")
    play.saw("a")
    assert play.saw("a", 401) == ["pause 1"]
    assert play.passed("a") == ["undo a", "login"]
    assert play.awaited == ["login"]
    assert play.saw("login") == ["a again"]
    assert play.saw("a") == ["b"]


def test_retry_comes_back_whatever_follows_the_step_before_it() -> None:
    steps = [
        step("login", on_success=[action("goto", step="b")]),
        step("a", on_failure=[action("retry", step="login")]),
        step("b", on_success=[action("goto", "$response.body#/back == true", step="a")]),
    ]
    play = Played(workflow(*steps))
    play.begin()
    assert play.saw("login") == ["b"]
    assert play.saw("b", body={"back": True}) == ["a"]
    assert play.saw("a", 500) == ["undo a", "login"]
    assert play.saw("login") == ["a again"]


def test_retry_does_a_workflow_first() -> None:
    refresh = action("retry", workflow="inner")
    play = Played(workflow(step("a", on_failure=[refresh]), step("b")), WORKFLOWS["inner"])
    play.begin()
    assert play.saw("a", 500) == ["undo a", "x"]
    assert play.saw("x") == ["a again"]
    assert play.saw("a") == ["b"]


def test_retry_whose_first_step_fails_breaks_off() -> None:
    steps = [step("login"), step("a", on_failure=[action("retry", step="login", limit=3)])]
    play = Played(workflow(*steps))
    play.begin()
    play.saw("login")
    play.saw("a", 500)
    assert play.saw("login", 500) == ["undo a", "finished False"]


def test_retry_whose_first_step_is_optional_goes_on_without_it() -> None:
    steps = [step("login", optional=True), step("a", on_failure=[action("retry", step="login")])]
    play = Played(workflow(*steps))
    play.begin()
    play.saw("login")
    play.saw("a", 500)
    assert play.saw("login", 500) == ["a again"]


def test_what_could_not_be_judged_is_tried_again_all_the_same() -> None:
    again = action("retry", UNAVAILABLE)
    play = Played(workflow(step("a", on_failure=[again], requirements=["C-1"])))
    play.begin()
    refused = Failed(play.numbers["a"], "not now", unjudged=True, sight=sight(503))
    assert play(refused) == ["a again"]
    assert play(refused) == ["C-1=None", "finished None"]


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, 2.0),
        ("5", 5.0),
        ("0", 0.0),
        ("86400", 60.0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 2.0),
        ("-5", 2.0),
        ("nan", 2.0),
        ("²", 2.0),
    ],
)
def test_retry_after_of_an_answer_overrules(said: str | None, seconds: float) -> None:
    headers = {} if said is None else {"retry-after": said}
    seen = Sight(status=503, response=Said(headers=headers))
    assert pause(action("retry", after=2.0), seen) == seconds


def test_pause_longer_than_the_longest_is_the_scenarios_own() -> None:
    seen = Sight(response=Said(headers={"retry-after": "100"}))
    assert pause(action("retry", after=90.0), seen) == 90.0
    assert pause(action("retry", after=90.0), None) == 90.0


# Backward: what a client does that was answered otherwise than it wanted


def test_client_that_is_refused_comes_again_without_a_pause() -> None:
    again = action("retry", UNAVAILABLE, after=60.0, limit=1)
    play = Played(workflow(step("a", OK, on_failure=[again])), backward=True)
    play.begin()
    assert play.saw("a", 503) == ["a again"]
    assert play.saw("a", 503) == []
    assert play.saw("a", 200) == ["finished True"]


def test_client_that_is_refused_goes_where_the_scenario_leads_it() -> None:
    steps = [
        step("a", OK, on_failure=[action("goto", UNAVAILABLE, step="c")], requirements=["A-1"])
    ]
    play = Played(workflow(*steps, step("b"), step("c")), backward=True)
    play.begin()
    assert play.saw("a", 503) == ["undo a", "c"]
    assert play.saw("c") == ["finished True"]


def test_client_that_is_refused_does_something_else_first() -> None:
    refresh = action("retry", "$statusCode == 401", step="login")
    play = Played(workflow(step("login", OK), step("a", OK, on_failure=[refresh])), backward=True)
    play.begin()
    play.saw("login")
    assert play.saw("a", 401) == ["undo a", "login"]
    assert play.saw("login") == ["a again"]
    assert play.saw("a") == ["finished True"]


def test_client_that_never_comes_is_led_on_all_the_same() -> None:
    steps = [step("a", on_failure=[action("goto", step="c")]), step("b"), step("c")]
    play = Played(workflow(*steps), backward=True)
    play.begin()
    assert play.failed("a") == ["c"]


# Workflows


def test_workflow_is_called_with_inputs_and_hands_over_outputs() -> None:
    inner = workflow(
        step("x", outputs={"id": "$response.body#/id"}),
        id="inner",
        inputs=["name"],
        outputs={"id": "$steps.x.outputs.id", "name": "$inputs.name"},
    )
    calls = step(
        "a",
        "$outputs.id == 7",
        workflow="inner",
        parameters={"name": "$inputs.who"},
        outputs={"twice": "$outputs.name"},
    )
    play = Played(workflow(calls, step("b")), inner, inputs={"who": "me"})
    assert play.begin() == ["x"]
    assert play.flow.scope(play.numbers["x"]).inputs == {"name": "me"}
    assert play.saw("x", body={"id": 7}) == ["b"]
    scope = play.flow.scope(play.numbers["b"])
    assert scope.steps == {"a": {"id": 7, "name": "me", "twice": "me"}}
    assert scope.workflows["inner"] == {
        "inputs": {"name": "me"},
        "outputs": {"id": 7, "name": "me"},
    }


def test_workflow_that_fails_inside_fails_its_step() -> None:
    calls = step("a", workflow="inner", requirements=["C-1"])
    inner = workflow(step("x"), id="inner", requirements=["C-2"])
    play = Played(workflow(calls, step("b")), inner)
    play.begin()
    assert play.saw("x", 500) == ["C-2=False", "C-1=False", "finished False"]
    assert play.finished.reason == "a: inner: x: getAgent was answered 500"


def test_workflow_that_fails_inside_can_be_called_again() -> None:
    calls = step("a", workflow="inner", on_failure=[action("retry")])
    play = Played(workflow(calls), WORKFLOWS["inner"])
    play.begin()
    assert play.saw("x", 500) == ["x"]
    assert play.saw("x") == ["finished True"]


def test_criteria_of_a_call_judge_its_outputs() -> None:
    calls = step("a", criterion("$outputs.id == 1", "C-1"), workflow="inner")
    inner = workflow(
        step("x", outputs={"id": "$response.body#/id"}),
        id="inner",
        outputs={"id": "$steps.x.outputs.id"},
    )
    play = Played(workflow(calls), inner)
    play.begin()
    assert play.saw("x", body={"id": 2}) == ["C-1=False", "finished False"]


def test_workflow_is_called_as_often_as_its_step_says() -> None:
    play = Played(workflow(step("a", workflow="inner", times=Times(2, 2))), WORKFLOWS["inner"])
    play.begin()
    assert play.saw("x") == ["x"]
    assert play.saw("x") == ["finished True"]


def test_client_that_does_wrong_inside_goes_on_outside() -> None:
    wrong = criterion("$request.body#/x == 1", "A-1")
    calls = step("a", workflow="inner", requirements=["A-2"])
    play = Played(workflow(calls, step("b")), workflow(step("x", wrong), id="inner"), backward=True)
    play.begin()
    assert play.saw("x", request=Said(body={"x": 2})) == ["A-1=False", "A-2=False", "b"]
    assert play.saw("b") == ["finished False"]
    assert play.finished.reason.startswith("a: inner: x: $request.body#/x == 1")


def test_what_is_watched_inside_is_dropped_with_the_call() -> None:
    calls = step("a", workflow="inner", optional=True)
    inner = workflow(step("x"), step("y"), id="inner")
    play = Played(workflow(calls, step("b")), inner, backward=True)
    play.begin()
    assert play.saw("x") == ["y"]
    assert play.saw("b") == ["undo y", "undo a", "finished True"]
    assert play.saw("y") == []


def test_input_that_the_client_has_yet_to_choose_is_chosen_inside() -> None:
    calls = step("a", workflow="inner", parameters={"mine": "$inputs.id", "n": "{$inputs.n}!"})
    inner = workflow(step("x"), id="inner", inputs=["mine", "n"])
    play = Played(workflow(calls, step("b")), inner, inputs={"n": 1}, backward=True)
    assert play.begin() == ["x"]
    assert play.flow.scope(play.numbers["x"]).inputs == {"n": "1!"}
    assert play.saw("x", bound={"mine": "agent-7"}) == ["b"]
    assert play.flow.scope(play.numbers["b"]).inputs == {"n": 1, "id": "agent-7"}


def test_defaults_are_for_those_who_call_forward_and_left_to_the_client_backward() -> None:
    inputs = {"properties": {"kind": {"default": "worker"}, "id": {"x-fresh": "id"}}}
    inner = workflow(step("x"), id="inner", inputs=inputs)
    for backward, known in ((False, {"kind": "worker", "id": "id"}), (True, {})):
        play = Played(workflow(step("a", workflow="inner")), inner, backward=backward)
        play.begin()
        assert play.flow.scope(play.numbers["x"]).inputs == known


def test_input_that_is_wanted_and_not_handed_over_leaves_all_open() -> None:
    inner = workflow(step("x"), id="inner", inputs={"properties": {"n": {}}, "required": ["n"]})
    play = Played(workflow(step("a", workflow="inner")), inner)
    assert play.begin() == ["finished None"]
    assert "inner wants the input 'n'" in play.finished.reason


def test_inputs_can_be_worked_out_by_who_drives() -> None:
    def inputs_of(called: Any, handed: Any) -> dict[str, Any]:
        if called.id == "odd":
            raise InputError("odd has no input")
        return {"token": "t", **handed}

    flow = workflow(step("a", workflow="inner"), step("b", workflow="odd"))
    play = Played(flow, WORKFLOWS["inner"], workflow(step("y"), id="odd"), inputs_of=inputs_of)
    play.begin()
    assert play.flow.scope(play.numbers["x"]).inputs == {"token": "t"}
    assert play.saw("x") == ["finished None"]


# What must be done before


def test_workflow_that_it_depends_on_is_done_before() -> None:
    login = workflow(
        step("x", outputs={"t": "$response.body#/t"}),
        id="login",
        inputs=["who", "other"],
        outputs={"token": "$steps.x.outputs.t"},
    )
    main = workflow(step("a"), depends_on=["login"], inputs=["who"])
    play = Played(main, login, inputs={"who": "me"})
    assert play.begin() == ["x"]
    assert play.flow.scope(play.numbers["x"]).inputs == {"who": "me"}
    assert play.saw("x", body={"t": "secret"}) == ["a"]
    assert play.flow.scope(play.numbers["a"]).workflows["login"]["outputs"] == {"token": "secret"}


def test_workflow_that_it_depends_on_is_done_once() -> None:
    first = workflow(step("x"), id="first")
    second = workflow(step("y"), id="second", depends_on=["first"])
    main = workflow(step("a", workflow="second"), depends_on=["first", "second"])
    play = Played(main, first, second)
    assert play.begin() == ["x"]
    assert play.saw("x") == ["y"]
    assert play.saw("y") == ["y"]
    assert play.saw("y") == ["finished True"]


def test_workflow_that_was_done_before_is_not_done_again() -> None:
    before = {"login": {"inputs": {}, "outputs": {"token": "t"}}}
    login = workflow(step("x"), id="login")
    play = Played(workflow(step("a"), depends_on=["login"]), login, before=before)
    assert play.begin() == ["a"]
    assert play.flow.scope(play.numbers["a"]).workflows["login"]["outputs"] == {"token": "t"}


def test_workflow_that_it_depends_on_and_that_fails_is_the_end() -> None:
    play = Played(workflow(step("a"), depends_on=["login"]), workflow(step("x"), id="login"))
    play.begin()
    assert play.saw("x", 500) == ["finished False"]


def test_input_chosen_in_a_workflow_that_came_before_is_known() -> None:
    login = workflow(step("x"), id="login", inputs=["who"])
    main = workflow(step("a"), depends_on=["login"], inputs=["who"])
    play = Played(main, login, backward=True)
    play.begin()
    play.saw("x", bound={"who": "you"})
    assert play.flow.scope(play.numbers["a"]).inputs == {"who": "you"}
