"""Waiting ends: less and less patience with what hangs, all of it back with an answer."""

from __future__ import annotations

import pytest

from conformance.patience import GIVEN_UP, Pace, Patience


def test_patience_runs_out_with_an_operation_that_hangs() -> None:
    patience = Patience(10.0)
    waited = []
    while (seconds := patience.seconds("getAgent")) is not None:
        waited.append(seconds)
        patience.hung("getAgent", seconds)
    assert waited == [10.0, 10.0, 1.0, 1.0, 1.0]
    assert len(waited) == GIVEN_UP
    patience.answered("getAgent")
    assert patience.seconds("getAgent") is None, "what was given up stays given up"


def test_patience_comes_back_with_an_answer() -> None:
    patience = Patience(10.0)
    patience.hung("getAgent", 10.0)
    patience.hung("getAgent", 10.0)
    assert patience.seconds("getAgent") == 1.0
    patience.answered("getAgent")
    assert patience.seconds("getAgent") == 10.0


def test_who_is_slow_is_waited_for_when_patience_is_gone() -> None:
    patience = Patience(10.0)
    patience.answered("events", 1.2)
    patience.answered("events", 0.1)
    for _ in range(GIVEN_UP - 1):
        patience.hung("events", 10.0)
    assert patience.seconds("events") == pytest.approx(3.6), "as slow as it was before"
    patience.hung("events", 10.0)
    assert patience.seconds("events") is None
    assert patience.glance("events") == pytest.approx(3.6)


def test_what_never_came_gets_a_glance_in_the_end() -> None:
    patience = Patience(10.0)
    for _ in range(GIVEN_UP):
        assert patience.glance("acks") == patience.seconds("acks")
        patience.hung("acks", 10.0)
    assert patience.glance("acks") == 0.1


def test_who_is_tireless_never_gives_up() -> None:
    patience = Patience(2.0, tireless=True)
    for _ in range(GIVEN_UP + 1):
        patience.hung("chat", 2.0)
    assert patience.seconds("chat") == 0.2


def test_patience_with_all_operations_has_an_end() -> None:
    patience = Patience(10.0)
    for operation in ("a", "b", "c", "d"):
        assert patience.seconds(operation) == 10.0
        patience.hung(operation, 10.0)
    assert patience.seconds("e") == 1.0


def test_what_may_take_longer_is_waited_for_until_patience_is_gone() -> None:
    patience = Patience(2.0)
    assert patience.seconds("getAgent", least=7.0) == 7.0
    assert patience.seconds("getAgent", least=1.0) == 2.0
    patience.hung("getAgent", 2.0)
    patience.hung("getAgent", 2.0)
    assert patience.seconds("getAgent", least=7.0) == 0.2


def test_a_quick_agent_gets_the_usual_patience() -> None:
    pace = Pace(5.0)
    assert pace.first == 20.0, "nothing is known of it"
    pace.answered(0.2)
    assert (pace.first, pace.seconds) == (5.0, 5.0)


def test_a_slow_agent_gets_more_by_its_own_pace() -> None:
    pace = Pace(5.0)
    pace.answered(7.0)
    pace.answered(0.1)
    assert pace.seconds == pace.first == 22.0
    pace.settle()
    pace.answered(15.0)
    assert pace.seconds == 22.0, "it has shown how slow it is"


def test_patience_with_an_agent_does_not_grow_for_ever() -> None:
    pace = Pace(5.0)
    pace.answered(1000.0)
    assert pace.seconds == 60.0
    assert Pace(90.0).seconds == 90.0, "more was asked for"


def test_an_agent_that_never_answers_is_waited_for_once() -> None:
    pace = Pace(5.0)
    pace.settle()
    assert (pace.first, pace.seconds) == (5.0, 5.0)
    assert pace.longest == 20.0


def test_a_slow_launch_is_no_slow_answer() -> None:
    pace = Pace(5.0)
    pace.launched(0.3)
    assert pace.launch == 20.0
    pace.launched(11.0)
    assert pace.launch == 33.0
    assert pace.seconds == 5.0
