"""Seconds for generated cases: what a check has, takes, and leaves to others."""

from __future__ import annotations

import pytest

from conformance.fuzz.budget import Budget, Debt


class Watch:
    """A clock that is put forward by hand."""

    def __init__(self) -> None:
        self.time = 5.0

    def __call__(self) -> float:
        return self.time


def test_time_begins_to_count_with_the_first_question() -> None:
    watch = Watch()
    budget = Budget(2.0, watch)
    watch.time += 60
    assert (budget.overrun, budget.over, budget.quite_over) == (0.0, False, False)
    watch.time += 2
    assert (budget.over, budget.quite_over) == (True, False)
    watch.time += 3
    assert (budget.over, budget.quite_over) == (True, True)
    assert budget.overrun == pytest.approx(3.0)


def test_what_one_check_took_too_much_others_have_not() -> None:
    watch, debt = Watch(), Debt()
    budget = Budget(1.0, watch)
    assert budget.spent == 0.0
    watch.time += 2.0
    debt.add(budget)
    assert debt.paid_from(1.0) == pytest.approx(0.25), "something is left to each"
    assert debt.paid_from(1.0) == pytest.approx(0.75)
    assert debt.paid_from(1.0) == pytest.approx(1.0)
