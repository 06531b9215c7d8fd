"""A client that obeys a 429, and knows when that is in vain."""

from __future__ import annotations

import pytest

from conformance.clients.throttle import Throttle, pause_after
from conformance.exchange import Exchange
from conformance.rules import ANSWER_RULES
from schemas import load

CAXTON = load("caxton")


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    taken: list[float] = []

    async def pause(seconds: float) -> None:
        taken.append(seconds)

    monkeypatch.setattr("conformance.clients.throttle.asyncio.sleep", pause)
    return taken


async def _asked(throttle: Throttle, *statuses: int, operation: str = "getTask") -> Exchange:
    """What comes of an operation that is answered so, the last one for ever."""
    left = list(statuses)

    async def ask(again: bool) -> Exchange:
        status = left.pop(0) if len(left) > 1 else left[0]
        return Exchange(
            operation=operation, method="GET", url="http://x/", status=status, throttled=again
        )

    return await throttle.obey(ask)


async def test_waits_and_asks_again(pauses: list[float]) -> None:
    said = await _asked(Throttle(), 429, 429, 200)
    assert (said.status, said.throttled, said.starved) == (200, True, False)
    assert pauses == [1.0, 1.0]


async def test_without_patience_the_first_answer_counts(pauses: list[float]) -> None:
    async def ask(again: bool) -> Exchange:
        return Exchange(operation="getTask", method="GET", url="http://x/", status=429)

    said = await Throttle().obey(ask, patient=False)
    assert (said.status, said.throttled, pauses) == (429, False, [])


async def test_operation_that_is_never_served_is_starved() -> None:
    throttle = Throttle()
    await _asked(throttle, 401)  # for want of a token, which is looked at first
    assert [(await _asked(throttle, 429)).starved for _ in range(4)] == [False, True, True, True]


async def test_operation_that_was_served_once_is_not() -> None:
    throttle = Throttle()
    await _asked(throttle, 200)
    assert not any([(await _asked(throttle, 429)).starved for _ in range(4)])


async def test_what_is_not_waited_for_is_held_against_nobody(pauses: list[float]) -> None:
    throttle = Throttle()
    for operation in ("createTask", "getAgent", "stopAgent"):
        await _asked(throttle, 429, operation=operation)
    pauses.clear()
    assert not any([(await _asked(throttle, 429)).starved for _ in range(4)])
    assert pauses == [], "three calls in vain are enough"


@pytest.mark.parametrize(("starved", "words"), [(False, []), (True, [False])])
def test_documented_429_excuses_until_it_is_for_ever(starved: bool, words: list[bool]) -> None:
    said = Exchange(operation="getTask", method="GET", url="http://x/", status=429, starved=starved)
    assert [word.kept for word in ANSWER_RULES["served"](said, CAXTON)] == words


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "700"}, 20.0),
        ({"x-ratelimit-reset": "6"}, 6.0),
        ({"x-ratelimit-reset": "99999999999"}, 10.0),
        ({"x-ratelimit-reset": "1600000000"}, 0.5),
        ({"x-ratelimit-reset": "soon"}, 1.0),
        ({}, 1.0),
    ],
)
def test_pause_is_what_is_told_within_bounds(headers: dict[str, str], seconds: float) -> None:
    said = Exchange(operation="", method="GET", url="", status=429, answer_headers=headers)
    assert pause_after(said) == seconds
