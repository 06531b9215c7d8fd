"""A mock that plays a scenario: requests, time, deeds, other clients; no sockets."""

from __future__ import annotations

import time
from typing import Any

import orjson
import pytest

from mockserver.passage import Outcome
from schemas.arazzo.model import Parameter, Reply, Step, Times
from tests.mockserver.scenario.building import OK, action, criterion, deed, step, workflow
from tests.mockserver.scenario.scene import Scene

WHO = [Parameter(name="agent_id", value="$inputs.id", place="path")]


def register(name: str = "register", *criteria: Any, **fields: Any) -> Step:
    payload = {"agent_id": "$inputs.id", "agent_type": "$inputs.kind"}
    return step(name, *criteria, does="registerAgent", payload=payload, **fields)


def beat(name: str = "beat", *criteria: Any, **fields: Any) -> Step:
    return step(name, *criteria, does="sendHeartbeat", parameters=WHO, **fields)


def look(name: str = "look", *criteria: Any, **fields: Any) -> Step:
    return step(name, *criteria, does="getAgent", parameters=WHO, **fields)


# What the client does


def test_client_that_does_its_part_keeps_its_word() -> None:
    scene = Scene(workflow(register(requirements=["A-1"]), beat())).begin()
    assert scene.awaited == ["register"]
    scene.register("mine")
    assert scene.awaited == ["beat"]
    scene.beat("mine")
    assert scene.kept is True
    assert scene.flow.workflows["main"]["inputs"] == {"id": "mine", "kind": "worker"}
    assert scene.verdicts() == {"A-1": True}


def test_what_the_client_does_beside_its_part_disturbs_nothing() -> None:
    scene = Scene(workflow(register(), beat())).begin()
    scene("GET", "/health")
    scene("GET", "/no/such/path")
    scene("POST", "/agents/register", b"{no json")
    scene.register("a")
    scene.register("b")
    scene.beat("b")
    assert scene.awaited == ["beat"]
    scene.beat("a")
    assert scene.kept is True


def test_request_that_is_refused_is_not_the_one_that_was_awaited() -> None:
    scene = Scene(workflow(register(), beat())).begin()
    scene("POST", "/agents/register", {"agent_id": "a"})
    assert scene.awaited == ["register"]


def test_near_miss_is_told_where_nothing_better_comes() -> None:
    scene = Scene(workflow(register(), beat(requirements=["A-1"]))).begin()
    scene.register("a")
    scene.register("b")
    scene.beat("b")
    scene.script.give_up(2.0)
    assert scene.kept is False
    assert scene.reason == (
        "beat: the client never came to sendHeartbeat within 2 s; "
        'it came, but path agent_id is "b", not "a"'
    )
    assert scene.verdicts() == {"A-1": False}


def test_what_is_not_owed_in_that_time_stays_open() -> None:
    scene = Scene(workflow(register(), beat(requirements=["A-1"]))).begin()
    scene.register("a")
    scene.script.give_up(2.0, owed=False)
    assert scene.kept is None
    assert scene.verdicts() == {"A-1": None}


def test_client_that_never_comes_and_owes_nothing_leaves_it_open() -> None:
    scene = Scene(workflow(register(), requirements=["A-1"])).begin()
    scene.script.give_up(2.0)
    assert scene.kept is None
    assert scene.verdicts() == {"A-1": None}


def test_optional_steps_are_no_reason_to_wait() -> None:
    scene = Scene(workflow(register(), beat(optional=True), look())).begin()
    scene.register()
    assert scene.awaited == ["beat", "look"]
    scene("GET", "/agents/a")
    assert scene.kept is True


def test_optional_step_that_another_waits_for_is_given_up() -> None:
    scene = Scene(workflow(beat(optional=True), look(depends_on=["beat"]))).begin()
    scene.script.give_up(1.0)
    assert scene.kept is None
    assert scene.reason.startswith("look: the client never came")


def test_giving_up_ends_it_whatever_it_retries() -> None:
    again = [action("retry", limit=50)]
    inner = workflow(*(look(f"s{at}", on_failure=again) for at in range(3)), id="inner")
    scene = Scene(
        workflow(step("call", workflow="inner", optional=True), beat(optional=True), look()), inner
    ).begin()
    scene.script.give_up(1.0)
    assert scene.kept is None


def test_giving_up_twice_or_after_the_end_is_nothing() -> None:
    scene = Scene(workflow(register())).begin()
    scene.register()
    scene.script.give_up(1.0)
    scene.script.give_up(1.0)
    assert scene.kept is True


def test_rows_of_the_client_are_judged_by_what_it_said() -> None:
    busy = criterion("$request.body#/status == 'busy'", "A-1")
    update = step("update", busy, does="updateAgentStatus", parameters=WHO)
    scene = Scene(workflow(register(), update)).begin()
    scene.register()
    scene("PUT", "/agents/a/status", {"status": "active"})
    assert scene.verdicts() == {"A-1": False}
    assert scene.kept is False


def test_too_many_are_a_fault_until_the_end() -> None:
    steps = [register(times=Times(1, 1), requirements=["A-1"]), beat(), look()]
    scene = Scene(workflow(*steps)).begin()
    scene.register()
    scene.beat()
    assert scene.verdicts() == {"A-1": True}
    scene.register()
    assert scene.verdicts() == {"A-1": False}
    scene("GET", "/agents/a")
    assert scene.kept is False


def test_what_a_later_step_awaits_is_none_too_many() -> None:
    steps = [beat("first", times=Times(1, 1)), look(), beat("second")]
    scene = Scene(workflow(register(), *steps)).begin()
    scene.register()
    scene.beat()
    scene("GET", "/agents/a")
    scene.beat()
    assert scene.kept is True


def test_never_is_broken_by_what_comes_after_it_began() -> None:
    scene = Scene(
        workflow(register(), beat("bad", never=True, requirements=["A-1"]), look())
    ).begin()
    scene.register()
    scene("GET", "/agents/b")
    scene.beat()
    assert scene.verdicts() == {"A-1": False}
    scene("GET", "/agents/a")
    assert scene.kept is False


def test_never_does_not_take_what_another_step_awaits() -> None:
    late = beat("bad", "$response.body#/odd == true", never=True)
    scene = Scene(workflow(register(), late, beat())).begin()
    scene.register()
    scene.beat()
    assert scene.kept is True


def test_several_times_are_awaited() -> None:
    scene = Scene(workflow(register(), beat(times=Times(3)))).begin()
    scene.register()
    for _ in range(3):
        assert scene.awaited == ["beat"]
        scene.beat()
    assert scene.kept is True


# Answers


def test_script_answers_in_the_place_of_the_coordinator() -> None:
    reply = Reply(status=404, headers={"X-For": "$inputs.id"}, body={"detail": "no {$inputs.id}"})
    scene = Scene(workflow(register(), beat(reply=reply), beat("again"))).begin()
    scene.register()
    said = scene.ask("POST", "/agents/a/heartbeat")
    assert isinstance(said, Outcome)
    assert (said.status, orjson.loads(said.body)) == (404, {"detail": "no a"})
    assert said.headers["X-For"] == "a"
    assert scene.beat() == 200
    assert scene.kept is True


def test_script_answers_with_text_and_with_inputs_that_the_request_brings(
    every_answer_is_legal: list[str],
) -> None:
    reply = Reply(status=503, headers={"content-type": "text/html"}, text="<p>{$inputs.id}</p>")
    scene = Scene(workflow(register(reply=reply))).begin()
    body = {"agent_id": "mine", "agent_type": "provider"}
    said = scene.ask("POST", "/agents/register", body)
    assert isinstance(said, Outcome)
    assert (said.status, said.body) == (503, b"<p>mine</p>")
    assert said.headers["Content-Type"] == "text/html; charset=utf-8"
    every_answer_is_legal.clear()  # it is no answer of the document's
    assert scene.kept is True


def test_reply_that_cannot_be_made_is_told(every_answer_is_legal: list[str]) -> None:
    scene = Scene(workflow(beat(reply=Reply(body="$inputs.none")))).begin()
    status, body = scene("POST", "/agents/a/heartbeat")
    assert status == 500
    assert "the scenario's reply to sendHeartbeat cannot be made" in body["detail"]
    every_answer_is_legal.clear()  # it is no answer of the document's


def test_reply_is_for_the_request_that_is_meant_alone() -> None:
    scene = Scene(workflow(register(), beat(reply=Reply(status=404, body={"detail": "x"})))).begin()
    scene.register("a")
    scene.register("b")
    assert scene.beat("b") == 200
    assert scene.beat("a") == 404


def test_faults_strike_the_answer_once() -> None:
    again = action("retry", "$statusCode == 503", limit=3)
    faults = [{"kind": "status", "status": 503}]
    scene = Scene(workflow(register(), beat("beat", OK, faults=faults, on_failure=[again]))).begin()
    scene.register()
    assert scene.beat() == 503
    assert scene.awaited == ["beat"]
    assert scene.beat() == 200
    assert scene.kept is True


def test_faults_that_there_are_not_leave_it_open() -> None:
    scene = Scene(workflow(beat(faults=[{"kind": "odd"}]), look())).begin()
    assert scene.kept is None
    assert scene.reason.startswith("beat: x-faults: ")


# Time


def test_late_by_the_coordinators_clock() -> None:
    scene = Scene(workflow(register(), beat(within=30.0, requirements=["A-1"]))).begin()
    scene.register()
    scene.advance(31.0)
    scene.beat()
    assert scene.verdicts() == {"A-1": False}
    assert "it took 31 s, and not 30 s at most" in scene.reason


def test_each_time_has_its_own_time() -> None:
    scene = Scene(
        workflow(register(), beat(within=30.0, times=Times(3), requirements=["A-1"]))
    ).begin()
    scene.register()
    for _ in range(3):
        scene.advance(29.0)
        scene.beat()
    assert scene.kept is True


def test_client_may_take_its_time_whatever_it_would_wait_for_an_answer() -> None:
    scene = Scene(workflow(register(), beat(timeout=5.0))).begin()
    scene.register()
    scene.advance(60.0)
    assert scene.awaited == ["beat"]
    scene.beat()
    assert scene.kept is True


def test_never_with_a_time_is_over_when_that_has_passed() -> None:
    never = beat("bad", never=True, within=10.0, requirements=["A-1"])
    scene = Scene(workflow(register(), never)).begin()
    scene.register()
    scene.advance(9.0)
    assert scene.awaited == ["bad"]
    scene.advance(1.0)
    assert scene.kept is True
    assert scene.verdicts() == {"A-1": True}


def test_what_comes_when_its_time_has_passed_breaks_no_never() -> None:
    never = beat("bad", never=True, within=10.0, requirements=["A-1"])
    scene = Scene(workflow(register(), never, look())).begin()
    scene.register()
    scene.session.advance(11.0)  # nobody has looked yet
    scene.beat()
    scene("GET", "/agents/a")
    assert scene.kept is True


def test_never_that_is_given_up_was_kept() -> None:
    scene = Scene(workflow(register(), beat("bad", never=True, within=10.0))).begin()
    scene.register()
    scene.script.give_up(1.0)
    assert scene.kept is True


# Deeds


def test_advance_makes_time_pass() -> None:
    gone = criterion("$response.body#/agent/status == 'offline'", "C-1")
    steps = [register(after=[deed("advance", 95)]), look("look", gone)]
    scene = Scene(workflow(*steps)).begin()
    before = scene.session.world.clock.now()
    scene.register()
    assert scene.session.world.clock.now() == before + 95
    assert scene("GET", "/agents/a")[1]["agent"]["status"] != "active"


def test_three_lost_heartbeats_play_in_no_time() -> None:
    """A minute and a half of silence, three times over, and each time it comes back."""
    silence = [deed("advance", 95)]
    steps: list[Step] = []
    for at in range(3):
        steps += [
            register(f"register{at}", after=silence),
            look(f"look{at}", criterion("$response.body#/agent/status != 'active'"), client="o"),
        ]
    scene = Scene(workflow(*steps)).begin()
    for _ in range(3):
        scene.register()
    assert scene.kept is True
    told = [entry.status for entry in scene.session.transcript]
    assert told == [200] * 6


def test_wait_lets_real_time_pass() -> None:
    scene = Scene(workflow(register(after=[deed("wait", 2), deed("advance", 5)]), beat())).begin()
    began = scene.session.world.clock.now()
    scene.register()
    assert scene.session.world.clock.now() == began
    scene.beat()  # comes in the meantime, and is looked at after it
    assert scene.script.finished is None
    scene.real = 1.9
    scene.script.tick()
    assert scene.script.finished is None
    scene.real = 2.0
    scene.script.tick()
    assert scene.session.world.clock.now() == began + 5
    assert scene.kept is True


def test_nobody_waits_for_a_wait_when_it_is_given_up() -> None:
    scene = Scene(
        workflow(register(after=[deed("wait", 2)]), beat(before=[deed("wait", 9)]))
    ).begin()
    scene.register()
    scene.script.give_up(1.0)
    assert scene.kept is None
    assert "never came to sendHeartbeat" in scene.reason


def test_restart_forgets_who_was_there() -> None:
    scene = Scene(
        workflow(register(after=[deed("restart", value=True)]), register("again"))
    ).begin()
    scene.register()
    assert scene.beat() == 404
    scene.register()
    assert scene.kept is True


def test_hook_does_what_it_would_and_hands_something_over() -> None:
    enrolled = deed("hook", "enrol", said={"name": "$inputs.id"}, output="given")
    steps = [register(), beat(before=[enrolled], outputs={"x": "$steps.beat.outputs.given"})]
    scene = Scene(workflow(*steps, outputs={"x": "$steps.beat.outputs.x"})).begin()
    scene.register()
    scene.beat()
    assert scene.script.finished is not None
    assert scene.script.finished.outputs == {"x": {}}


def test_force_is_a_hook_of_every_mock() -> None:
    force = deed("hook", "force", said={"operation": "sendHeartbeat", "status": 500})
    scene = Scene(workflow(register(after=[force]), beat("beat", "$statusCode == 500"))).begin()
    scene.register()
    assert scene.beat() == 500
    assert scene.kept is True


def test_fault_is_planned() -> None:
    fault = deed("fault", {"kind": "status", "operation": "send*", "status": 503})
    scene = Scene(workflow(register(before=[fault]), beat("beat", "$statusCode == 503"))).begin()
    scene.register()
    assert scene.beat() == 503
    assert scene.kept is True


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (deed("hook", "nonsense"), "the mock has no hook 'nonsense'; it has "),
        (deed("hook", "force", said={"operation": "x"}), "the hook 'force' wants a value 'status'"),
        (
            deed("hook", "advance", said={"seconds": -1}),
            "the hook 'advance': time does not go back",
        ),
        (deed("advance", "$inputs.none"), "$inputs.none leads to nothing"),
        (deed("advance", "long"), "the hook 'advance': "),
        (deed("wait", "long"), "wait: could not convert"),
        (deed("fault", {"kind": "odd"}), "fault: "),
    ],
)
def test_deed_that_cannot_be_done_leaves_what_follows_open(wrong: Any, told: str) -> None:
    for steps in (
        [register(before=[wrong]), beat()],
        [register(after=[wrong]), beat()],
    ):
        scene = Scene(workflow(*steps)).begin()
        scene.register()
        assert scene.kept is None
        assert told in scene.reason


def test_state_is_made_before_the_first_step() -> None:
    force = deed("hook", "force", said={"operation": "registerAgent", "status": 500})
    scene = Scene(workflow(register("a", "$statusCode == 500"), state=[force])).begin()
    assert scene.register()[0] == 500
    assert scene.kept is True


# Other clients


def test_other_clients_are_played_by_the_script() -> None:
    seen = criterion("$response.body#/agent/agent_type == $inputs.kind")
    scene = Scene(workflow(register(), look("look", seen, client="onlooker"), beat())).begin()
    scene.register()
    assert scene.awaited == ["beat"]
    assert [entry.operation for entry in scene.session.transcript] == ["registerAgent", "getAgent"]


def test_what_another_client_sees_can_judge_the_one_that_is_examined() -> None:
    busy = criterion("$response.body#/agent/status == 'busy'", "A-1")
    scene = Scene(workflow(register(), look("look", busy, client="onlooker"))).begin()
    scene.register()
    assert scene.verdicts() == {"A-1": False}


def test_same_request_of_another_client_is_not_its_own() -> None:
    steps = [register("other", client="other"), register()]
    scene = Scene(workflow(*steps), inputs={"kind": "worker"}).begin()
    assert scene.script.finished is not None  # nobody has chosen its id yet
    assert scene.reason == "other: $inputs.id leads to nothing"
    scene = Scene(workflow(*steps), inputs={"id": "a", "kind": "provider"}).begin()
    assert scene.awaited == ["register"]
    scene.register()
    assert scene.awaited == ["register"]  # of another kind
    scene("POST", "/agents/register", {"agent_id": "a", "agent_type": "provider"})
    assert scene.kept is True


def test_other_client_that_is_answered_otherwise_does_not_wait_for_ever() -> None:
    scene = Scene(workflow(look("look", OK, client="other"), beat()), inputs={"id": "a"})
    scene.begin()
    assert scene.kept is None
    assert "getAgent of other did not go as it should" in scene.reason
    assert "$statusCode == 200 does not hold: $statusCode is 404" in scene.reason


def test_other_client_retries_as_it_would() -> None:
    again = action("retry", "$statusCode == 404", limit=2)
    steps = [look("look", OK, client="other", on_failure=[again]), beat()]
    scene = Scene(workflow(*steps), inputs={"id": "a"}).begin()
    assert len(list(scene.session.transcript)) == 3
    assert scene.kept is None


def test_other_client_does_it_as_often_as_it_must() -> None:
    steps = [register(client="other", times=Times(3)), beat()]
    scene = Scene(workflow(*steps), inputs={"id": "a", "kind": "provider"}).begin()
    assert len(list(scene.session.transcript)) == 3
    assert scene.awaited == ["beat"]


def test_certificate_that_is_none_leaves_it_open() -> None:
    steps = [register(client="other", identity={"certificate": "odd", "key": "x"})]
    scene = Scene(workflow(*steps), inputs={"id": "a", "kind": "provider"}).begin()
    assert "no certificate in PEM" in scene.reason


# Several at once


def test_steps_of_a_group_are_awaited_together() -> None:
    steps = [beat(unordered="u"), look(unordered="u")]
    scene = Scene(workflow(register(), *steps)).begin()
    scene.register()
    assert scene.awaited == ["beat", "look"]
    scene("GET", "/agents/a")
    scene.beat()
    assert scene.kept is True


def test_called_workflow_binds_what_the_client_chose() -> None:
    who = [Parameter(name=name, value=f"$inputs.{name}") for name in ("id", "kind")]
    enter = workflow(register(), id="enter", inputs=["id", "kind"])
    calls = step("enter", workflow="enter", parameters=who)
    scene = Scene(workflow(calls, beat()), enter).begin()
    scene.register("mine")
    scene.beat("other")
    scene.beat("mine")
    assert scene.kept is True


def test_script_is_quick() -> None:
    """Each thing that is said is looked at once, however much is said."""
    scene = Scene(workflow(register(), beat(times=Times(400)))).begin()
    scene.register()
    began = time.process_time()
    for _ in range(400):
        scene.beat()
    assert scene.kept is True
    assert time.process_time() - began < 5.0


def test_progress_grows_with_each_step() -> None:
    scene = Scene(workflow(register(), beat())).begin()
    seen = [scene.script.progress]
    scene.register()
    seen.append(scene.script.progress)
    scene("GET", "/health")
    assert scene.script.progress == seen[-1]
    scene.beat()
    seen.append(scene.script.progress)
    assert seen == sorted(set(seen))
