"""The list of agents: whole, in pages, filtered, and while it changes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.marks import requirement, undisturbed
from conformance.protocols.caxton.client import Agent, Client
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.refusals import judge_survived, judge_untold
from conformance.protocols.caxton.roll import STATES, Roll, call_roll, judge_filters, rows_of

_ODD_PAGES = (
    {"limit": "-1"},
    {"offset": "-1"},
    {"limit": "ten"},
    {"offset": "1.5"},
    {"limit": "", "offset": ""},
    {"limit": "9" * 30},
    {"offset": "9" * 30},
    {"limit": "0"},
    {"limit": "1e3", "offset": "0x10"},
)


def _ended(page: Exchange) -> bool:
    """Is this the last page by its own words?"""
    return not isinstance(page.at("/next_offset"), int)


@undisturbed
@requirement(
    "CAXTON-LST-013",
    "CAXTON-LST-014",
    "CAXTON-LST-016",
    "CAXTON-LST-017",
    "CAXTON-LST-018",
    "CAXTON-LST-019",
    "CAXTON-LST-020",
)
async def test_flow_the_list_in_pages(client: Client, crew: Crew, judge: Judge) -> None:
    mates = await crew.mates(client, 3)
    await client.clock.refill()
    plain = Roll(pages=await client.walk())
    judge.status("CAXTON-LST-013", plain.pages[0], range(200, 300))
    missing = {mate.id for mate in mates} - set(plain.ids)
    judge.holds(
        "CAXTON-LST-013",
        not missing,
        f"{len(missing)} of three agents are on no page of the list",
        *plain.pages,
        pointer="/agents",
        actual=sorted(missing),
    )
    whole = await call_roll(client)
    _judge_walk(judge, whole, 50, whole.ids)
    limits = _limits(len(whole.ids))
    for limit in limits if client.clock.free else limits[1:2]:
        walked = await call_roll(client, limit=limit)
        _judge_walk(judge, walked, limit, whole.ids)
    await _judge_window(client, judge, whole)


def _limits(number: int) -> list[int]:
    """One where the walk is short, a part that leaves a rest, one that leaves none, and all."""
    small = [1] if number <= 12 else []
    even = next((each for each in range(2, number) if number % each == 0), number)
    odd = next((each for each in range(2, number) if number % each), number)
    return [*small, odd, even, number] if number > 2 else [*small, number]


def _judge_walk(judge: Judge, roll: Roll, limit: int, wanted: Sequence[str]) -> None:
    """The pages of a walk, each by itself and all together."""
    twice = len(roll.ids) - len(set(roll.ids))
    told = f"with limit={limit}"
    judge.holds("CAXTON-LST-014", not twice, f"{told}, {twice} agents come twice", *roll.pages)
    lost = set(wanted) - set(roll.ids)
    wrong = f"{told}, {len(lost)} agents are on no page"
    judge.holds("CAXTON-LST-019", not lost, wrong, *roll.pages, actual=sorted(lost)[:3])
    offset = 0
    for page in roll.pages:
        more = offset + len(rows_of(page)) < len(set(wanted))
        _judge_page(judge, page, offset, limit, more=more)
        offset += len(rows_of(page))
    totals = [page.at("/total") for page in roll.pages]
    judge.holds(
        "CAXTON-LST-020",
        all(total == len(set(wanted)) for total in totals),
        f"{told}, the totals are {totals[:8]}, and there are {len(set(wanted))} agents",
        *roll.pages,
        pointer="/total",
    )
    _judge_end(judge, roll, told)


def _judge_end(judge: Judge, roll: Roll, told: str) -> None:
    """The last page of a walk ends it, and no empty one comes behind what is shown."""
    last = roll.pages[-1]
    wrong = f"{told}, the last page has the next_offset {last.at('/next_offset')}"
    ended = _ended(last) and (len(roll.pages) < 2 or bool(rows_of(last)))
    judge.holds("CAXTON-LST-018", ended, wrong, *roll.pages[-2:], pointer="/next_offset")


def _judge_page(judge: Judge, page: Exchange, offset: int, limit: int, *, more: bool) -> None:
    """One page; `more` says that there are agents after it."""
    number, following = len(rows_of(page)), page.at("/next_offset")
    judge.holds(
        "CAXTON-LST-016",
        number <= limit,
        f"with limit={limit} a page shows {number} agents",
        page,
        pointer="/agents",
    )
    if more:
        judge.holds(
            "CAXTON-LST-017",
            following == offset + number,
            f"a page at {offset} shows {number} and has the next_offset {following}",
            page,
            pointer="/next_offset",
            expected=offset + number,
        )


async def _judge_window(client: Client, judge: Judge, whole: Roll) -> None:
    """What an offset and a limit cut out of the list, also at its end and beyond."""
    number = len(whole.ids)
    windows = [(0, 1), (1, 2), (number - 1, 2), (number + 5, 1), (number, 2), (0, number)]
    for offset, limit in windows if client.clock.free else windows[:4]:
        query = {"offset": str(offset), "limit": str(limit)}
        page = await client.call("listAgents", query=query, served=offset <= number)
        shown = [row.get("agent_id") for row in rows_of(page)]
        wanted = whole.ids[offset : offset + limit]
        served = page.ok or (offset > number and _refused(page))  # or it may refuse what is beyond
        judge.holds(
            "CAXTON-LST-016",
            served and shown == wanted[: len(shown)] and bool(shown) == bool(wanted),
            f"of {number} agents, offset={offset} and limit={limit} show {len(shown)}, and they"
            " are not those of that place in the list",
            *whole.pages[-1:],
            page,
            pointer="/agents",
            expected=wanted,
            actual=shown,
        )
        more = offset + len(shown) < number
        row = "CAXTON-LST-017" if more else "CAXTON-LST-018"
        following = page.at("/next_offset")
        wrong = f"of {number} agents, the page at {offset} of {limit} has the next_offset"
        fine = following == offset + len(shown) if more else _ended(page)
        judge.holds(row, fine, f"{wrong} {following}", page, pointer="/next_offset")


# Filters


@undisturbed
@requirement(
    "CAXTON-LST-013",
    "CAXTON-LST-014",
    "CAXTON-LST-015",
    "CAXTON-LST-020",
    "CAXTON-LST-021",
    "CAXTON-LST-018",
    "CAXTON-LST-022",
    "CAXTON-LST-024",
    "CAXTON-GET-022",
    "CAXTON-STP-011",
)
async def test_flow_the_list_filtered(client: Client, crew: Crew, judge: Judge) -> None:
    """Agents that run, one that is stopped, and one that failed where there is a hook for that."""
    mates = await crew.mates(client, 3)
    await client.clock.refill()
    ended = await _ended_agents(client, crew)
    await client.clock.refill()
    roll = await call_roll(client)
    steady = [(mate, (await client.get(mate)).at("/status")) for mate in mates]
    for agent, state in (*steady, *ended):
        shown = roll.status(agent.id)
        for row in ("CAXTON-LST-013", "CAXTON-LST-024"):
            wrong = f"an agent that is {state} is shown as {shown}"
            judge.holds(row, shown == state, wrong, *roll.pages[-1:], pointer="/agents")
    for agent, state in ended:
        judge.status("CAXTON-GET-022", await client.get(agent, served=False), range(200, 300))
        said = await client.call("sendMessage", body=client.message(agent), served=False)
        judge_untold(judge, "CAXTON-STP-011", said, f"an agent that is {state}")
    states = STATES if client.clock.free else ("running", "stopped", "failed")
    await judge_filters(client, judge, "CAXTON-LST-015", states)
    await client.clock.refill()
    for state, least in (("running", mates), ("stopped", [])):
        await _judge_filtered_pages(client, judge, state, {mate.id for mate in least})


async def _ended_agents(client: Client, crew: Crew) -> list[tuple[Agent, str]]:
    """Agents that do not run any more, and what they are."""
    stopped = await crew.spare(client)
    await client.stop(stopped, grace_period_seconds=0)
    await client.until(stopped, "stopped")
    if "fail_agent" not in client.hooks.target.hooks:
        return [(stopped, "stopped")]
    failed = await crew.spare(client)
    await client.hooks("fail_agent", {"agent": failed.id})
    await client.until(failed, "failed")
    return [(stopped, "stopped"), (failed, "failed")]


async def _judge_filtered_pages(client: Client, judge: Judge, state: str, least: set[str]) -> None:
    """A filter with pages: together they show all that match, once, and count them."""
    for limit in (1, 2, 50) if client.clock.free else (2,):
        before = await call_roll(client)
        roll = await call_roll(client, status=state, limit=limit)
        wanted = {agent for agent, status in before.by_status().items() if status == state} | least
        told = f"with status={state} and limit={limit}"
        judge.holds(
            "CAXTON-LST-022",
            sorted(roll.ids) == sorted(wanted),
            f"{told} the pages show {len(roll.ids)} agents, and {len(wanted)} match",
            *roll.pages,
            pointer="/agents",
        )
        crowded = [len(rows_of(page)) for page in roll.pages if len(rows_of(page)) > limit]
        judge.holds("CAXTON-LST-022", not crowded, f"{told} pages show {crowded}", *roll.pages)
        once = len(set(roll.ids)) == len(roll.ids)
        judge.holds("CAXTON-LST-014", once, f"{told} an agent comes twice", *roll.pages)
        totals = {page.at("/total") for page in roll.pages}
        wrong = f"{told} the totals are {totals}"
        judge.holds("CAXTON-LST-020", len(totals) == 1, wrong, *roll.pages, pointer="/total")
        wrong = f"{wrong}, and {len(wanted)} agents match"
        judge.holds("CAXTON-LST-021", totals == {len(wanted)}, wrong, *roll.pages, pointer="/total")
        _judge_end(judge, roll, told)


# What nobody should ask, and many at once


@requirement("CAXTON-LST-025", "CAXTON-LST-026")
async def test_flow_odd_questions_to_the_list(client: Client, crew: Crew, judge: Judge) -> None:
    await crew.mate(client)
    await client.clock.refill()
    for query in _ODD_PAGES if client.clock.free else _ODD_PAGES[:3]:
        said = await client.call("listAgents", query=query, lawful=False)
        judge_survived(judge, "CAXTON-LST-025", said, f"a list with {query}")
    words = ("sleeping", "RUNNING ", "run", "running,stopped")
    for word in words if client.clock.free else words[:1]:
        said = await client.call("listAgents", query={"status": word}, lawful=False)
        judge.holds(
            "CAXTON-LST-026",
            _refused(said) or (said.ok and not rows_of(said)),
            f"status={word!r} is answered {said.outcome} with {len(rows_of(said))} agents",
            said,
        )


def _refused(said: Exchange) -> bool:
    return said.status is not None and 400 <= said.status < 500


@undisturbed
@requirement("CAXTON-LST-013", "CAXTON-LST-014", "CAXTON-LST-016")
async def test_the_list_for_many_at_once(client: Client, crew: Crew, judge: Judge) -> None:
    mates = await crew.mates(client, 3)
    await client.clock.refill()
    queries: list[dict[str, Any]] = [{}, {"limit": 4}, {"limit": 50}] * 2
    queries = queries if client.clock.free else queries[::2]
    rolls = await asyncio.gather(*(client.walk(**query) for query in queries))
    for query, pages in zip(queries, rolls, strict=True):
        roll = Roll(pages=pages)
        missing = [mate.id for mate in mates if mate.id not in roll.ids]
        wrong = f"asked for together with others, {query} lacks {len(missing)} agents"
        judge.holds("CAXTON-LST-013", not missing, wrong, *pages)
        once = len(set(roll.ids)) == len(roll.ids)
        judge.holds("CAXTON-LST-014", once, f"{query} shows an agent twice", *pages)
        longest = max(len(rows_of(page)) for page in pages)
        wrong = f"{query} shows {longest} agents on a page"
        judge.holds("CAXTON-LST-016", longest <= query.get("limit", longest), wrong, *pages)
