"""Which ends of a peer's connections are excused."""

from __future__ import annotations

import pytest

from conformance.clients import endings
from conformance.clients.endings import Endings


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(endings, "time", clock)
    return clock


def test_a_busy_connection_that_did_not_fail_may_not_end(clock: Clock) -> None:
    ends = Endings()
    ends.answered(200)
    assert not ends.excuse(clock.now + 0.1)


def test_an_idle_connection_may_end(clock: Clock) -> None:
    ends = Endings()
    ends.answered(200)
    assert ends.excuse(clock.now + 0.6)


def test_each_failure_excuses_one_end(clock: Clock) -> None:
    ends = Endings()
    for status in (500, 200, 503):
        ends.answered(status)
    assert [ends.excuse(clock.now + 0.1) for _ in range(3)] == [True, True, False]


def test_a_failure_of_long_ago_excuses_nothing(clock: Clock) -> None:
    ends = Endings()
    for _ in range(50):  # forced ones, after which the connection was kept
        ends.answered(500)
    clock.now += 3.0
    ends.answered(200)
    assert not ends.excuse(clock.now)
    assert not ends.excuse(clock.now)
