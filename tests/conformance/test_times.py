"""ISO 8601 as peers write it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conformance.times import later, parse_time, seconds_from_now

MOMENT = datetime(2026, 11, 21, 8, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21T08:15:30Z",
        "2026-11-21T08:15:30",
        "2026-11-21T08:15:30+00:00",
        "2026-11-21T09:15:30+01:00",
        "2026-11-21T02:45:30-05:30",
        "20261121T081530Z",
        "2026-11-21T08:15:30.000000",
        "2026-11-21T08:15:30.000000000Z",
        "2026-W47-6T08:15:30",
    ],
)
def test_a_time_is_understood_with_or_without_zone(text: str) -> None:
    assert parse_time(text) == MOMENT


@pytest.mark.parametrize(
    "text",
    [
        "", "now", "T", "2026-11-21", "2026-11-21 08:15:30", "2026-13-21T08:15:30",
        "2026-11-21T25:00:00", "1795248930", "Sat, 21 Nov 2026 08:15:30 GMT", "T" * 10_000,
        None, 1795248930, 1.5, True, [], {"a": 1},
    ],
)  # fmt: skip
def test_what_is_no_time_is_none(text: Any) -> None:
    assert parse_time(text) is None
    assert seconds_from_now(text) is None
    assert not later(text, "2026-11-21T08:15:30Z")
    assert not later("2026-11-21T08:15:30Z", text)


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("2026-11-21T08:15:30Z", "2026-11-21T08:15:30.001Z", True),
        ("2026-11-21T08:15:30Z", "2026-11-21T08:15:30Z", False),
        ("2026-11-21T08:15:31Z", "2026-11-21T08:15:30Z", False),
        ("2026-11-21T08:15:30+02:00", "2026-11-21T06:15:31", True),
        ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", True),
    ],
)
def test_later_compares_moments_not_texts(first: str, second: str, said: bool) -> None:
    assert later(first, second) is said


@pytest.mark.parametrize("hours", [0, 5.5, -3, 12.75, -11])
def test_a_time_without_zone_may_be_local_anywhere(hours: float) -> None:
    local = datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=hours)
    off = seconds_from_now(local.isoformat())
    assert off is not None
    assert off < 5


@pytest.mark.parametrize(
    ("off", "naive"), [(3600, False), (-3600, False), (300, True), (86_400, True), (-86_400, True)]
)
def test_a_wrong_time_is_as_far_off_as_it_is(off: int, naive: bool) -> None:
    moment = datetime.now(UTC) + timedelta(seconds=off)
    text = (moment.replace(tzinfo=None) if naive else moment).isoformat()
    said = seconds_from_now(text)
    assert said is not None
    assert abs(said - abs(off)) < 5


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_the_ends_of_time_are_far_off(text: str) -> None:
    said = seconds_from_now(text)
    assert said is not None
    assert said > 1e10
