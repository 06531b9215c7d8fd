"""What a coordinator says before any check has told it anything: these checks run first."""

from __future__ import annotations

from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.aitbc.dialogue import Dialogue
from conformance.protocols.aitbc.elder import Elder


@requirement("AITBC-HEALTH-001", "AITBC-LOAD-001", "AITBC-QUEUE-001", "AITBC-DISC-032")
async def test_flow_a_coordinator_answers_on_arrival(aitbc: Dialogue, judge: Judge) -> None:
    judge.status("AITBC-HEALTH-001", await aitbc.peer.call("getHealth"), 200)
    judge.status("AITBC-LOAD-001", await aitbc.peer.call("getTaskStatus"), 200)
    judge.status("AITBC-QUEUE-001", await aitbc.peer.call("getQueues"), range(200, 300))
    await aitbc.peer.call("getQueueStatistics")
    said = await aitbc.discover(capabilities=[aitbc.new("nobody")])
    judge.equal("AITBC-DISC-032", said, "/agents", [])


@requirement("AITBC-GET-001")
async def test_the_first_agent_is_there(aitbc: Dialogue, judge: Judge, elder: Elder) -> None:
    agent_id, _ = await elder.settle(aitbc)
    judge.status("AITBC-GET-001", await aitbc.get(agent_id), 200)
