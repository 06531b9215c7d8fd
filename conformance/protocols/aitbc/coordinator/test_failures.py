"""Failures that a client cannot provoke: a hook of the target makes the peer show them."""

from __future__ import annotations

import pytest

from conformance.forced import HOOK, forced_failures
from conformance.hooks import run_hook
from conformance.marks import UnjudgeableError, exclusive
from conformance.plugin import Suite
from conformance.protocols.aitbc.dialogue import Dialogue


@exclusive("queues")
@pytest.mark.parametrize(("operation", "status"), forced_failures("aitbc"))
async def test_documented_failures(
    operation: str, status: int, aitbc: Dialogue, suite: Suite
) -> None:
    """The answer is judged by the schema of its place, as every answer is."""
    known = await aitbc.registered()
    await run_hook(suite.context.target, HOOK, {"operation": operation, "status": status})
    example = suite.protocol.operations[operation].request_example
    body = {} if example is None else {"body": example}
    said = await aitbc.peer.call(operation, {"agent_id": known}, served=False, **body)
    if said.status != status:
        raise UnjudgeableError(
            f"the hook was to force a {status}, and the answer was {said.outcome}"
        )
