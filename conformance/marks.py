"""How a check says what it judges and when it is worth its time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from conformance.context import PROFILES

if TYPE_CHECKING:
    from conformance.fuzz.menu import Menu

__all__ = [
    "MARKS",
    "UnjudgeableError",
    "case",
    "exclusive",
    "exhausts",
    "from_profile",
    "fuzzes",
    "in_profile",
    "makes_up",
    "requirement",
    "undisturbed",
]

MARKS = (
    "requirement(*ids): the requirements that a check judges",
    "from_profile(name): the first profile of a check",
    "exclusive(what): never beside another of the same",
    "undisturbed: never beside any other",
    "fuzzes: generates its cases, for a share of the seconds",
    "generates(menu): has requests made up, of such a kind",
    "exhausts: uses a rate of the peer up, and so comes last",
)
"""The marks of checks, as pytest is told of them."""

_Check = TypeVar("_Check", bound=Callable[..., Any])


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


def undisturbed(check: Any) -> Any:
    """Marks a check that counts what all others may change: none runs beside it."""
    return pytest.mark.undisturbed(check)


def exhausts(check: Any) -> Any:
    """Marks a check that uses one of the peer's rates up: it comes after all that do not."""
    return pytest.mark.exhausts(check)


def fuzzes(check: Any) -> Any:
    """Marks a check that generates its cases: all of them share the run's seconds for that."""
    return pytest.mark.fuzzes(check)


def makes_up(menu: Menu, *kinds: str) -> Callable[[_Check], _Check]:
    """Marks a check that has requests of a menu made up, and judges by its rows: those of several
    `kinds`, where its parameter `what` takes any. Whatever makes them up is started with the run,
    for it takes its time to get ready; all such checks of a run have the same menu.
    """
    marks = [pytest.mark.generates(menu), requirement(*menu.rows), from_profile("standard")]
    marks += [pytest.mark.fuzzes, *([pytest.mark.parametrize("what", kinds)] if kinds else [])]

    def mark(check: _Check) -> _Check:
        for each in marks:
            check = each(check)
        return check

    return mark


def in_profile(first: str, profile: str) -> bool:
    """Does a check that runs from profile `first` on run in `profile`?"""
    return PROFILES.index(first) <= PROFILES.index(profile)
