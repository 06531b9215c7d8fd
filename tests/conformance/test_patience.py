"""Waiting ends: less and less patience with what hangs, all of it back with an answer."""

from __future__ import annotations

from conformance.patience import GIVEN_UP, Patience


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
