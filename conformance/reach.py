"""How checks reach the coordinator that is judged: part of the suite's plugin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from random import Random
from typing import TYPE_CHECKING

import pytest

from conformance.clients import HttpClient
from conformance.hooks import Hooks
from conformance.judge import Judge
from conformance.marks import UnjudgeableError

if TYPE_CHECKING:
    from conformance.clients.grpc import GrpcClient
    from conformance.clients.opener import Opener
    from conformance.fuzz.budget import Budget
    from conformance.fuzz.fuzzer import Fuzzer
    from conformance.plugin import Suite

__all__ = ["fuzzer", "grpc_client", "hooks", "http_client", "opener", "peer", "procedures"]


@pytest.fixture(scope="session")
async def hooks(suite: Suite) -> AsyncIterator[Hooks]:
    """What the target supplies beside the protocol."""
    hooks = Hooks(suite.context.target, suite.journal.done)
    yield hooks
    await hooks.close()


@pytest.fixture(scope="session")
async def http_client(suite: Suite) -> AsyncIterator[HttpClient]:
    client = HttpClient(suite.protocol, suite.context.target, keep=suite.journal.exchanged)
    yield client
    await client.close()


@pytest.fixture
async def peer(http_client: HttpClient, judge: Judge) -> HttpClient:
    """The coordinator that is judged. Everything it answers is judged on the way."""
    http_client.see = judge.see
    if await http_client.gone():
        raise UnjudgeableError("the peer no longer accepts connections")
    return http_client


@pytest.fixture(scope="session")
async def grpc_client(suite: Suite) -> AsyncIterator[GrpcClient | None]:
    from conformance.clients.grpc import GrpcClient  # slow to load, and most protocols need none

    target, keep = suite.context.target, suite.journal.exchanged
    client = GrpcClient(suite.protocol, target, keep=keep) if target.grpc else None
    yield client
    if client is not None:
        await client.close()


@pytest.fixture
async def procedures(grpc_client: GrpcClient | None, judge: Judge) -> GrpcClient:
    """The procedures of the coordinator that is judged, by gRPC."""
    if grpc_client is None:
        raise UnjudgeableError("the target has no address for gRPC: give one with --grpc HOST:PORT")
    grpc_client.see = judge.see
    return grpc_client


@pytest.fixture
async def opener(suite: Suite, judge: Judge) -> AsyncIterator[Opener]:
    """The way to the WebSockets of the coordinator that is judged. What it says there is judged on
    the way; what a check left open is closed.
    """
    from conformance.clients.opener import Opener  # what is judged over REST alone needs none

    opener = Opener(suite.protocol, suite.context.target, judge.see_frame, suite.journal.opened)
    if await opener.gone():
        raise UnjudgeableError("the peer no longer accepts connections")
    yield opener
    await opener.close()


@pytest.fixture
async def fuzzer(suite: Suite, judge: Judge, budget: Budget, rng: Random) -> Fuzzer:
    """What generates the check's cases and tells its judge what comes of them."""
    from conformance.fuzz.exploring import Explorer  # Hypothesis is slow to load
    from conformance.fuzz.fuzzer import Fuzzer

    return Fuzzer(Explorer(budget, rng), judge, suite.context.target)
