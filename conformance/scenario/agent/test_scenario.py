"""Each workflow, with the agent that is judged in the client's part."""

from __future__ import annotations

import pytest

from conformance.context import RunContext
from conformance.examiner import Examiner
from conformance.exchange import Exchange, of_transcript
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.plugin import Suite
from conformance.scenario.judging import Part, end, parts, tell
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


async def test_workflow(
    part: Part, suite: Suite, examiner: Examiner, judge: Judge, played: Played
) -> None:
    seen = await examiner.observe(part.name)
    for heard in seen.exchanges:
        judge.see_request(heard)
    opened = {heard.connection: heard for heard in seen.exchanges if heard.connection}
    shown: list[Exchange | Frame] = [of_transcript(heard) for heard in seen.exchanges[-6:]]
    for frame in seen.frames:
        handshake = opened.get(frame.connection)
        if handshake is not None and frame.number <= seen.played:
            (said,) = seen.shown(frame)
            judge.see_frame(said, suite.protocol.channels[handshake.operation])
            shown = [*shown[-9:], said]
    for word in played.words(part.name):
        tell(judge, word, shown)
    finished = played.finished(part.name)
    if finished is not None:
        end(judge, part, finished, shown)
