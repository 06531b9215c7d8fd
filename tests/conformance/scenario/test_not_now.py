"""A coordinator that cannot serve now, as the document allows it to say, has broken nothing."""

from __future__ import annotations

import pytest

import mockserver
from conformance.target import Target
from mockserver import Fault
from schemas.arazzo.document import read_scenario
from schemas.arazzo.library import scenarios
from tests.scenarios.duet import forward

TASKS = next(path for path in scenarios("aitbc") if path.name.startswith("tasks."))


@pytest.mark.parametrize(("status", "verdict"), [(503, "inconclusive"), (500, "fail")])
async def test_not_now_is_no_failure(status: int, verdict: str) -> None:
    async with mockserver.start("aitbc") as mock:
        mock.session.faults.add(Fault(kind="status", operation="submitTask", status=status))
        played = await forward(read_scenario(TASKS), Target().with_url(mock.url))
    assert "SCENARIO-TASKS" in played.rows(verdict)
    if status == 503:
        assert played.rows("fail") + played.rows("warn") == []
        assert "the peer says 503, not now" in played.messages["SCENARIO-TASKS"]
