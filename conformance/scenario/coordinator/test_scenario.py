"""Each workflow, with the coordinator that is judged in its own part."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from conformance.clients import HttpClient
from conformance.clients.grpc import GrpcClient
from conformance.clients.opener import Opener
from conformance.context import RunContext
from conformance.ids import IdSource
from conformance.judge import Judge
from conformance.marks import UnjudgeableError
from conformance.peer_clock import PeerClock
from conformance.plugin import Suite
from conformance.scenario.errands import Errands, own_errands
from conformance.scenario.forward import Forward
from conformance.scenario.judging import Part, end, parts, tell
from conformance.scenario.peer import Peer
from conformance.scenario.values import of_target
from mockserver.scenario.acts import Finished, Word
from mockserver.scenario.flow import Flow
from mockserver.scenario.inputs import InputError, given, given_by_name, supplied


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "part" in metafunc.fixturenames:
        metafunc.parametrize("part", parts(RunContext.from_environment()))


@pytest.fixture(scope="session")
async def errands(suite: Suite, http_client: HttpClient, ids: IdSource) -> AsyncIterator[Errands]:
    """The target's hooks, and what the suite does itself where there is none."""
    own = own_errands(suite.protocol, http_client, ids)
    errands = Errands(suite.context.target, own, suite.journal.done)
    yield errands
    await errands.close()


_WEARY = 3
"""Scenarios of the suite in a row that broke off, from which on the others are left alone: with a
peer that lets nobody in, each would wait anew for what never comes.
"""


@pytest.fixture(scope="session")
def course(suite: Suite) -> list[bool | None]:
    """How the scenarios went so far."""
    del suite
    return []


async def test_workflow(  # noqa: PLR0917  # each is a fixture
    part: Part,
    suite: Suite,
    judge: Judge,
    peer: HttpClient,
    opener: Opener,
    grpc_client: GrpcClient | None,
    errands: Errands,
    ids: IdSource,
    course: list[bool | None],
) -> None:
    if not part.row and course[-_WEARY:] == [False] * _WEARY:
        raise UnjudgeableError(f"the {_WEARY} scenarios before it broke off")

    def procedures() -> GrpcClient:
        if grpc_client is None:
            raise UnjudgeableError("the target has no address for gRPC: give one with --grpc")
        grpc_client.see = judge.see
        return grpc_client

    async def one(number: int) -> Finished:
        reached = Peer(peer, opener, procedures, label=f"{part.name} {number}")
        flow = _flow(part, suite, ids, number)
        words: list[Word] = []

        def note(word: Word) -> None:
            words.append(word)
            tell(judge, word, reached.shown)

        finished = await Forward(flow, reached, PeerClock(errands), note).run()
        end(judge, part, finished, words, reached.shown)
        return finished

    running = [asyncio.ensure_future(one(number)) for number in range(part.workflow.clients)]
    try:
        ends = await asyncio.gather(*running)
        course.append(all(each.kept is not False for each in ends))
    finally:
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _flow(part: Part, suite: Suite, ids: IdSource, number: int) -> Flow:
    known: dict[str, Any] = {**of_target(suite.context.target, suite.protocol), "client": number}
    said = given_by_name(part.workflow, suite.context.inputs)
    try:
        inputs = given(part.workflow, "forward", said, known, ids)
    except InputError as error:
        raise UnjudgeableError(str(error)) from error
    return Flow(
        part.scenario,
        part.workflow.key,
        direction="forward",
        inputs=inputs,
        roles={row.id: row.role for row in suite.all_rows.values()},
        inputs_of=supplied("forward", known, ids),
    )
