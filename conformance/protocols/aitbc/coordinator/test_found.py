"""What a search answers of those whom it found, and of itself."""

from __future__ import annotations

from typing import Any

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.aitbc.dialogue import STATUSES, TYPES, Dialogue, listed
from conformance.protocols.aitbc.family import Family

_SHOWN_ALIKE = (
    "agent_type",
    "status",
    "capabilities",
    "services",
    "endpoints",
    "metadata",
    "last_heartbeat",
    "registration_time",
    "load_metrics",
    "version",
    "tags",
)

_FILTERS = ("status", "agent_type", "capabilities", "services")

_ROUNDED = 0.05
"""By how much a score in a list may differ from the whole one."""


@requirement("AITBC-DISC-036", "AITBC-DISC-037")
async def test_flow_agents_found_show_what_they_registered(aitbc: Dialogue, judge: Judge) -> None:
    """And what they told of themselves last: they are looked for after each of two updates."""
    mark = aitbc.new("shown")
    bodies = {
        body["agent_id"]: body
        for body in (
            aitbc.registration(
                agent_type=agent_type,
                capabilities=[f"skill-{agent_type}", mark],
                services=[f"service-{agent_type}"],
                endpoints={"http": f"http://127.0.0.1/{agent_type}"},
                metadata={"kind": agent_type, "list": [1, {"two": 2}], "version": "2.7.1"},
            )
            for agent_type in TYPES
        )
    }
    for body in bodies.values():
        await aitbc.register(body)
    for turn in range(2):
        for number, agent_id in enumerate(bodies):
            load = {"active_connections": number + 5 * turn, "cpu_usage": (number + turn) / 8}
            await aitbc.update(agent_id, STATUSES[(number + turn) % 4], load)
        before = {agent_id: await aitbc.get(agent_id) for agent_id in bodies}
        said = await aitbc.discover(capabilities=[mark])
        for index, agent in enumerate(listed(said)):
            agent_id = str(agent.get("agent_id"))
            if agent_id in bodies:
                _judge_registered(judge, said, index, bodies[agent_id])
                alone = await aitbc.get(agent_id)
                for field in _SHOWN_ALIKE:
                    if field in agent:
                        judge.equal("AITBC-DISC-037", alone, f"/agent/{field}", agent[field], said)
                _judge_score(judge, before[agent_id], said, index, alone)


def _judge_registered(judge: Judge, said: Exchange, index: int, body: dict[str, Any]) -> None:
    at = f"/agents/{index}"
    judge.equal("AITBC-DISC-036", said, f"{at}/agent_type", body["agent_type"])
    for field in ("capabilities", "services"):
        shown = said.at(f"{at}/{field}")
        fine = isinstance(shown, list) and sorted(map(str, shown)) == sorted(body[field])
        wrong = f"{field} are shown as {shown!r}"
        judge.holds("AITBC-DISC-036", fine, wrong, said, pointer=f"{at}/{field}")
    for field in ("endpoints", "metadata"):
        for key, value in body[field].items():
            judge.equal("AITBC-DISC-036", said, f"{at}/{field}/{key}", value)


def _judge_score(
    judge: Judge, before: Exchange, said: Exchange, index: int, after: Exchange
) -> None:
    """A score may move with time: only one that stood still meanwhile can be compared."""
    pointer = f"/agents/{index}/health_score"
    first, found, last = (
        before.at("/agent/health_score"),
        said.at(pointer),
        after.at("/agent/health_score"),
    )
    if first == last and isinstance(first, int | float) and isinstance(found, int | float):
        wrong = f"a health score is {first} before and after a search that shows {found}"
        fine = abs(found - first) <= _ROUNDED
        judge.holds("AITBC-DISC-037", fine, wrong, before, said, after, pointer=pointer)


@requirement("AITBC-DISC-045")
async def test_flow_the_query_told_is_that_of_the_search(
    aitbc: Dialogue, judge: Judge, family: Family
) -> None:
    """Where it comes from is unsaid, so it may be empty, or say of itself what was not asked for;
    but filters that it tells are all those of this search.
    """
    marked = {"capabilities": [family.mark], "services": [family.cap("red")]}
    for filters in (
        {"status": "busy", "agent_type": "provider"},
        marked,
        {"status": "active", "agent_type": "worker", **marked},
        {"agent_type": "general"},
        {"status": "stale"},
    ):
        said = await aitbc.discover(**filters)
        query = said.at("/query")
        if not said.ok or not isinstance(query, dict):
            judge.inconclusive("AITBC-DISC-045", f"the answer has no query: {said.outcome}")
            continue
        told = {name: query[name] for name in _FILTERS if query.get(name)}
        judge.holds(
            "AITBC-DISC-045",
            not told or _in_order(told) == _in_order(filters),
            f"a search for {filters} tells the query {told}",
            said,
            pointer="/query",
            expected=filters,
            actual=told,
        )


def _in_order(filters: dict[str, Any]) -> dict[str, Any]:
    """Lists are shown in an order of a peer's own."""
    return {
        name: sorted(map(str, value)) if isinstance(value, list) else value
        for name, value in filters.items()
    }
