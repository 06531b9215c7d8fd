"""How a check says what it judges and when it is worth its time."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.context import PROFILES

__all__ = [
    "UnjudgeableError",
    "case",
    "exclusive",
    "exhausts",
    "from_profile",
    "fuzzes",
    "in_profile",
    "requirement",
]


class UnjudgeableError(Exception):
    """Raised by a check, or on its behalf, where the peer cannot be judged: says why."""


def requirement(*ids: str) -> pytest.MarkDecorator:
    """The requirements that a check judges. The plugin refuses an id that no row has."""
    return pytest.mark.requirement(*ids)


def from_profile(name: str) -> pytest.MarkDecorator:
    """The first profile in which a check runs: `standard` leaves it out of `quick`."""
    if name not in PROFILES:
        raise ValueError(f"no profile {name!r}")
    return pytest.mark.from_profile(name)


def case(row: str, *values: Any) -> Any:
    """A parameter set whose first value is the requirement that this one case judges."""
    return pytest.param(row, *values, marks=requirement(row))


def exclusive(what: str) -> pytest.MarkDecorator:
    """Checks that count the same thing never run at the same time, for all the workers."""
    return pytest.mark.exclusive(what)


def exhausts(check: Any) -> Any:
    """Marks a check that uses one of the peer's rates up: it comes after all that do not."""
    return pytest.mark.exhausts(check)


def fuzzes(check: Any) -> Any:
    """Marks a check that generates its cases: all of them share the run's seconds for that."""
    return pytest.mark.fuzzes(check)


def in_profile(first: str, profile: str) -> bool:
    """Does a check that runs from profile `first` on run in `profile`?"""
    return PROFILES.index(first) <= PROFILES.index(profile)
