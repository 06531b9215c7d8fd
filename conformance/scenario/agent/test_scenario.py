"""Each workflow, with the agent that is judged in the client's part."""

from __future__ import annotations

import pytest

from conformance.context import RunContext
from conformance.examiner import Examiner
from conformance.exchange import Exchange, of_transcript
from conformance.frames import Frame
from conformance.judge import Judge
from conformance.plugin import Suite
from conformance.scenario.judging import Part, broken_down, end, parts, tell
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
    others, unlawful = played.others(part.name), played.unlawful(part.name)
    exchanges = [heard for heard in seen.exchanges if heard.number not in others]
    for heard in exchanges:
        if heard.number not in unlawful:
            judge.see_request(heard)
    opened = {heard.connection: heard for heard in exchanges if heard.connection}
    shown: list[Exchange | Frame] = [of_transcript(heard) for heard in exchanges[-6:]]
    for frame in seen.frames:
        handshake = opened.get(frame.connection)
        if handshake is not None and frame.number <= seen.played and frame.number not in unlawful:
            (said,) = seen.shown(frame)
            judge.see_frame(said, suite.protocol.channels[handshake.operation])
            shown = [*shown[-9:], said]
    words, finished = played.words(part.name), played.finished(part.name)
    ending = seen.ending if finished is not None and not finished.kept else None
    if finished is not None and ending is not None and ending.broke_down:
        finished, word = broken_down(judge, part, finished, ending.describe())
        words.append(word)
    for word in words:
        tell(judge, word, shown)
    if finished is not None:
        end(judge, part, finished, words, shown)
