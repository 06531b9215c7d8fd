"""Each workflow, with the agent that is judged in the client's part."""

from __future__ import annotations

import pytest

from conformance.context import RunContext
from conformance.examiner import Examiner
from conformance.judge import Judge
from conformance.plugin import Suite
from conformance.scenario.examining import weigh
from conformance.scenario.judging import Part, parts
from conformance.scenario.play import Played, situation_of


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "part" in metafunc.fixturenames:
        metafunc.parametrize("part", parts(RunContext.from_environment()))


@pytest.fixture(scope="session")
def played(suite: Suite) -> Played:
    return Played({row.id: row.role for row in suite.all_rows.values()}, suite.context.inputs)


@pytest.fixture(scope="session")
def examiner(suite: Suite, played: Played) -> Examiner:
    found = [each.values[0] for each in parts(suite.context)]
    return Examiner(suite.protocol, suite.context, [situation_of(part, played) for part in found])


async def test_workflow(part: Part, examiner: Examiner, judge: Judge, played: Played) -> None:
    weigh(part, await examiner.observe(part.name), played, judge)
