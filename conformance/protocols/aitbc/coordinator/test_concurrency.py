"""Many at once: every answer is its caller's own, and nothing that was said is lost."""

from __future__ import annotations

import asyncio

from conformance.judge import Judge
from conformance.marks import from_profile, requirement
from conformance.protocols.aitbc.dialogue import Dialogue, ids_of, listed

pytestmark = from_profile("standard")

_ROUNDS = 4


@requirement("AITBC-REG-027")
async def test_one_id_registered_many_times_at_once(aitbc: Dialogue, judge: Judge) -> None:
    for _ in range(_ROUNDS):
        mark = aitbc.new("rush")
        body = aitbc.registration(capabilities=[mark])
        # Whether a known id is taken anew is unsaid, so the answers are not held to a status.
        await asyncio.gather(*(aitbc.register(body, lawful=False) for _ in range(8)))
        said = await aitbc.discover(capabilities=[mark])
        shown = len(listed(said))
        judge.holds(
            "AITBC-REG-027",
            shown == 1,
            f"an id that was registered eight times at once is listed {shown} times",
            said,
            pointer="/agents",
        )


@requirement("AITBC-DISC-026", "AITBC-GET-019")
async def test_flow_questions_at_the_same_time(aitbc: Dialogue, judge: Judge) -> None:
    marks = [aitbc.new("asked") for _ in range(12)]
    ids = [await aitbc.registered(capabilities=[mark]) for mark in marks]
    for _ in range(_ROUNDS):
        found = await asyncio.gather(*(aitbc.discover(capabilities=[mark]) for mark in marks))
        for agent_id, mark, said in zip(ids, marks, found, strict=True):
            judge.holds(
                "AITBC-DISC-026",
                ids_of(said, ids) == {agent_id},
                f"of twelve searches at once, the one for {mark} lists {ids_of(said, ids)}",
                said,
                pointer="/agents",
            )
        for agent_id, said in zip(ids, await asyncio.gather(*map(aitbc.get, ids)), strict=True):
            judge.equal("AITBC-GET-019", said, "/agent/agent_id", agent_id)


@requirement("AITBC-STAT-030")
async def test_heartbeats_do_not_undo_updates(aitbc: Dialogue, judge: Judge) -> None:
    ids = [await aitbc.registered() for _ in range(6)]
    await aitbc.heartbeat(ids[0])  # from then on it is known whether one tells of load, too
    for turn in range(2 * _ROUNDS):
        status = ("active", "busy")[turn % 2]
        beats = [aitbc.heartbeat(agent_id) for agent_id in ids if not aitbc.beats_with_load]
        updates = [aitbc.update(agent_id, status, {"pending_tasks": turn}) for agent_id in ids]
        answers = await asyncio.gather(*updates, *beats)
        for agent_id, updated in zip(ids, answers, strict=False):
            seen = await aitbc.get(agent_id)
            judge.equal("AITBC-STAT-030", seen, "/agent/load_metrics/pending_tasks", turn, updated)
