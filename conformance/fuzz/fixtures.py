"""What checks need that have requests made up: part of the suite's plugin."""

from __future__ import annotations

import os
from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING

import pytest

from conformance.fuzz.budget import Budget
from conformance.fuzz.exploring_requests import RequestExplorer
from conformance.fuzz.generator import Generator
from conformance.judge import Judge

if TYPE_CHECKING:
    from conformance.examiner import Examiner
    from conformance.fuzz.agents import Trials
    from conformance.plugin import Suite

__all__ = ["budget", "explorer", "generator", "head_start", "trials"]

_WORKER = "PYTEST_XDIST_WORKER"


@pytest.fixture(scope="session")
def generator(request: pytest.FixtureRequest) -> Iterator[Generator]:
    """Makes requests up. It is asked for by checks that are marked with `makes_up`."""
    generator = Generator(_marks(request.session)[0].args[0])
    yield generator
    generator.close()


@pytest.fixture(scope="session", autouse=True)
def head_start(request: pytest.FixtureRequest) -> None:
    """Where a check of this run needs it, it gets ready while others run. Workers share the
    checks, and none can tell which it will get: there it is started when it is needed.
    """
    if _WORKER not in os.environ and _marks(request.session):
        request.getfixturevalue("generator")


@pytest.fixture
def budget(suite: Suite, judge: Judge) -> Iterator[Budget]:
    """The check's own share of the seconds for generated cases. Whoever finds something may take
    longer at nobody's cost.
    """
    budget = Budget(suite.debt.paid_from(suite.fuzz_seconds))
    yield budget
    if all(finding.verdict == "pass" for finding in judge.findings()):
        suite.debt.add(budget)


@pytest.fixture
def explorer(generator: Generator, judge: Judge, budget: Budget, rng: Random) -> RequestExplorer:
    """Has requests made up for this check."""
    return RequestExplorer(generator=generator, judge=judge, budget=budget, rng=rng)


@pytest.fixture
def trials(examiner: Examiner, judge: Judge, budget: Budget, rng: Random) -> Trials:
    """Generated trials for the agent of this check."""
    from conformance.fuzz.agents import Trials  # a coordinator's run has no use for it

    return Trials(examiner=examiner, judge=judge, rng=rng, budget=budget)


def _marks(session: pytest.Session) -> list[pytest.Mark]:
    found = (item.get_closest_marker("generates") for item in session.items)
    return [mark for mark in found if mark is not None]
