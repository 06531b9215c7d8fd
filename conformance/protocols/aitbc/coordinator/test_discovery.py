"""Searching: each filter alone, filters together, and who is found by them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.hostile import MALFORMED, NO_UTF8
from conformance.judge import Judge
from conformance.marks import case, from_profile, requirement
from conformance.protocols.aitbc.dialogue import (
    STATUSES,
    TYPES,
    Dialogue,
    ids_of,
    listed,
)
from conformance.protocols.aitbc.family import Family


def _judge_search(
    judge: Judge, row: str, said: Exchange, *, wanted: set[str], barred: set[str]
) -> None:
    """Those wanted are listed, those barred are not; of others nothing is said."""
    if not said.ok:
        judge.status(row, said, 200)
        return
    found = ids_of(said, wanted | barred)
    missing, extra = sorted(wanted - found), sorted(barred & found)
    judge.holds(
        row,
        not missing and not extra,
        f"the search misses {len(missing)} agents that match and lists {len(extra)} that do not"
        f" ({', '.join([*missing, *extra][:3])})",
        said,
        pointer="/agents",
        expected=sorted(wanted),
        actual=sorted(found),
    )


def _judge_all_or_none(judge: Judge, row: str, said: Exchange, partly: set[str]) -> None:
    """Whether some of what was asked for is enough is unsaid, but it is so for all or for none."""
    found = ids_of(said, partly)
    judge.holds(
        row,
        found in (set(), partly),
        f"of {len(partly)} agents with a part of what was asked for {len(found)} are listed",
        said,
        pointer="/agents",
    )


def _judge_shown(judge: Judge, row: str, said: Exchange, field: str, value: Any) -> None:
    """Whoever is listed shows what was searched for, strangers included."""
    for index, agent in enumerate(listed(said)):
        shown = agent.get(field)
        ok = value in shown if isinstance(shown, list) else shown == value
        judge.holds(
            row,
            ok,
            f"a search for {field} {value!r} lists an agent with {shown!r}",
            said,
            pointer=f"/agents/{index}/{field}",
            expected=value,
            actual=shown,
        )


@pytest.mark.parametrize(
    ("row", "field"), [case("AITBC-DISC-024", "status"), case("AITBC-DISC-025", "agent_type")]
)
async def test_filter_by_one_word(
    row: str, field: str, aitbc: Dialogue, judge: Judge, family: Family
) -> None:
    for value in STATUSES if field == "status" else TYPES:
        said = await aitbc.discover(**{field: value})
        _judge_filter(judge, row, said, family.having(**{field: value}), family)
        _judge_shown(judge, row, said, field, value)


@pytest.mark.parametrize(
    ("row", "loose"),
    [
        case("AITBC-DISC-024", {"status": "act"}),
        case("AITBC-DISC-024", {"status": "busybody"}),
        case("AITBC-DISC-025", {"agent_type": "work"}),
        case("AITBC-DISC-025", {"agent_type": "generals"}),
    ],
)
async def test_words_are_compared_as_a_whole(
    row: str, loose: dict[str, str], aitbc: Dialogue, judge: Judge, family: Family
) -> None:
    """A word that there is not may be refused, find nobody, or not count at all."""
    filters = loose | {"capabilities": [family.mark]}
    said = await aitbc.peer.call("discoverAgents", body=filters, lawful=False)
    found = ids_of(said, family.ids())
    judge.holds(
        row,
        found in (set(), family.ids()),
        f"a search for {loose} lists {len(found)} agents that say another word",
        said,
        pointer="/agents",
    )


@pytest.mark.parametrize(
    ("row", "field"), [case("AITBC-DISC-026", "capabilities"), case("AITBC-DISC-029", "services")]
)
async def test_filter_by_one_item(
    row: str, field: str, aitbc: Dialogue, judge: Judge, family: Family
) -> None:
    for name in (family.mark, family.cap("red"), family.cap("blue"), family.cap("redder")):
        said = await aitbc.discover(**{field: [name]})
        _judge_filter(judge, row, said, family.having(**{field: [name]}), family)
        _judge_shown(judge, row, said, field, name)


def _judge_filter(judge: Judge, row: str, said: Exchange, wanted: set[str], family: Family) -> None:
    """Of the family those wanted are listed, and nobody else."""
    _judge_search(judge, row, said, wanted=wanted, barred=family.ids() - wanted)


@requirement("AITBC-DISC-027", "AITBC-DISC-028")
async def test_flow_filter_by_several_capabilities(
    aitbc: Dialogue, judge: Judge, family: Family
) -> None:
    red, blue = family.cap("red"), family.cap("blue")
    wanted = family.having(capabilities=[red, blue])
    some = family.having(capabilities=[red]) | family.having(capabilities=[blue])
    for pair in ([red, blue], [blue, red]):
        said = await aitbc.discover(capabilities=pair)
        _judge_search(judge, "AITBC-DISC-027", said, wanted=wanted, barred=family.ids() - some)
        _judge_all_or_none(judge, "AITBC-DISC-027", said, some - wanted)
        _judge_search(judge, "AITBC-DISC-028", said, wanted=set(), barred=some - wanted)
    twice = {"capabilities": [red, red]}
    doubled = await aitbc.peer.call("discoverAgents", body=twice, served=False)
    if doubled.ok:  # a list that says a thing twice may be refused, and asks for it once
        wanted = family.having(capabilities=[red])
        _judge_filter(judge, "AITBC-DISC-027", doubled, wanted, family)
    many = [family.mark, *(family.cap(str(number)) for number in range(8)), red]
    said = await aitbc.discover(capabilities=many)
    judge.equal("AITBC-DISC-027", said, "/status", "success")


@requirement("AITBC-DISC-027", "AITBC-DISC-030")
async def test_flow_the_third_counts_as_well(aitbc: Dialogue, judge: Judge) -> None:
    mark = aitbc.new("third")
    one, two, three, other = (f"{mark}-{name}" for name in ("one", "two", "three", "other"))
    for row, field in (("AITBC-DISC-027", "capabilities"), ("AITBC-DISC-030", "services")):
        every = await aitbc.registered(**{field: [one, two, three]})
        partly = {
            await aitbc.registered(**{field: items}) for items in ([one, two, other], [three])
        }
        said = await aitbc.discover(**{field: [one, two, three]})
        _judge_search(judge, row, said, wanted={every}, barred=set())
        _judge_all_or_none(judge, row, said, partly)


@requirement("AITBC-DISC-030")
async def test_filter_by_several_services(aitbc: Dialogue, judge: Judge, family: Family) -> None:
    red, blue = family.cap("red"), family.cap("blue")
    some = family.having(services=[red]) | family.having(services=[blue])
    for pair in ([red, blue], [blue, red]):
        said = await aitbc.discover(services=pair)
        wanted = family.having(services=pair)
        _judge_search(judge, "AITBC-DISC-030", said, wanted=wanted, barred=family.ids() - some)
        _judge_all_or_none(judge, "AITBC-DISC-030", said, some - wanted)


@requirement("AITBC-DISC-001", "AITBC-DISC-031")
async def test_flow_filters_together(aitbc: Dialogue, judge: Judge, family: Family) -> None:
    red, blue = family.cap("red"), family.cap("blue")
    for agent_type in TYPES:
        for status in STATUSES:
            await _narrow(aitbc, judge, family, agent_type=agent_type, status=status)
    for agent_type, status in zip(TYPES, STATUSES, strict=True):
        for has, offers in ((family.mark, family.mark), (red, family.mark), (family.mark, blue)):
            every = {"capabilities": [has], "services": [offers]}
            await _narrow(aitbc, judge, family, agent_type=agent_type, status=status, **every)
    for filters in (
        {"status": "busy", "capabilities": [red]},
        {"status": "inactive", "services": [blue]},
        {"agent_type": "provider", "capabilities": [blue]},
        {"agent_type": "consumer", "services": [red]},
        {"capabilities": [red], "services": [blue]},
        {"capabilities": [blue], "services": [red]},
        {"status": "stale", "agent_type": "general", "capabilities": [family.mark]},
        {"status": "active", "agent_type": "worker", "services": [family.mark]},
        {"status": "active", "capabilities": [red], "services": [family.mark]},
        {"agent_type": "worker", "capabilities": [family.mark], "services": [blue]},
    ):
        await _narrow(aitbc, judge, family, **filters)
    for member in family.members:
        await _narrow(
            aitbc,
            judge,
            family,
            status=member.status,
            agent_type=member.agent_type,
            capabilities=[member.capabilities[-1]],
            services=[member.services[-1]],
        )


async def _narrow(aitbc: Dialogue, judge: Judge, family: Family, **filters: Any) -> None:
    said = await aitbc.discover(**filters)
    judge.status("AITBC-DISC-001", said, 200)
    _judge_filter(judge, "AITBC-DISC-031", said, family.having(**filters), family)


@requirement("AITBC-DISC-023")
async def test_no_filters_list_everybody(aitbc: Dialogue, judge: Judge, family: Family) -> None:
    said = await aitbc.discover()
    _judge_search(judge, "AITBC-DISC-023", said, wanted=family.ids(), barred=set())


@requirement("AITBC-DISC-044")
async def test_an_empty_list_asks_for_nothing(
    aitbc: Dialogue, judge: Judge, family: Family
) -> None:
    nothing: dict[str, list[str]] = {"capabilities": [], "services": []}
    for names in (["capabilities"], ["services"], [*nothing]):
        body = {name: nothing[name] for name in names}
        said = await aitbc.peer.call("discoverAgents", body=body, served=False)
        _judge_search(judge, "AITBC-DISC-044", said, wanted=family.ids(), barred=set())


@requirement("AITBC-DISC-032")
async def test_nothing_matches(aitbc: Dialogue, judge: Judge, family: Family) -> None:
    red = family.cap("red")
    for filters in (
        {"capabilities": [aitbc.new("nobody")]},
        {"services": [aitbc.new("nobody")]},
        {"capabilities": [family.mark], "services": [aitbc.new("nobody")]},
        {"capabilities": [aitbc.new("nobody")], "agent_type": "worker", "status": "active"},
        {"capabilities": [red, aitbc.new("nobody")], "services": [aitbc.new("nobody")]},
    ):
        said = await aitbc.discover(**filters)
        judge.status("AITBC-DISC-032", said, 200)
        judge.equal("AITBC-DISC-032", said, "/agents", [])
        judge.equal("AITBC-DISC-032", said, "/count", 0)


@requirement("AITBC-DISC-022", "AITBC-DISC-035")
async def test_flow_counts_are_true(aitbc: Dialogue, judge: Judge, family: Family) -> None:
    for filters in (
        {},
        {"capabilities": [family.mark]},
        {"capabilities": [family.cap("red")]},
        {"capabilities": [family.cap("redder")]},
        {"capabilities": [aitbc.new("nobody")]},
        {"capabilities": [family.mark], "agent_type": "worker"},
        {"services": [family.cap("blue")], "status": "active"},
    ):
        said = await aitbc.discover(**filters)
        agents = said.at("/agents")
        if isinstance(agents, list):
            judge.equal("AITBC-DISC-022", said, "/count", len(agents))
        ids = [str(agent.get("agent_id")) for agent in listed(said)]
        judge.holds(
            "AITBC-DISC-035",
            len(ids) == len(set(ids)),
            "an agent is listed twice",
            said,
            pointer="/agents",
        )


@requirement("AITBC-DISC-033")
async def test_search_follows_updates(aitbc: Dialogue, judge: Judge) -> None:
    mark = aitbc.new("mover")
    agent_id, first = await aitbc.registration_of(capabilities=[mark])
    history = [first]
    for status in ("busy", "active", "inactive", "busy", "stale", "active"):
        history.append(await aitbc.update(agent_id, status))
        for searched in STATUSES:
            said = await aitbc.discover(status=searched, capabilities=[mark])
            found = bool(ids_of(said, [agent_id]))
            judge.holds(
                "AITBC-DISC-033",
                found == (searched == status),
                f"an agent set to {status} is {'' if found else 'not '}found as {searched}",
                *history,
                said,
                pointer="/agents",
            )


@requirement("AITBC-DISC-034", "AITBC-DISC-022")
@pytest.mark.parametrize("number", [12, pytest.param(130, marks=from_profile("standard"))])
async def test_flow_all_that_match_are_listed(number: int, aitbc: Dialogue, judge: Judge) -> None:
    mark = aitbc.new("many")
    ids = [aitbc.new("one-of-many") for _ in range(number)]
    for start in range(0, number, 16):
        chunk = ids[start : start + 16]
        await asyncio.gather(
            *(aitbc.registered(agent_id=agent_id, capabilities=[mark]) for agent_id in chunk)
        )
    for said in (await aitbc.discover(capabilities=[mark]), await aitbc.discover()):
        found = ids_of(said, ids)
        judge.holds(
            "AITBC-DISC-034",
            len(found) == number,
            f"of {number} agents that match {len(found)} are listed",
            said,
            pointer="/agents",
        )
        if isinstance(agents := said.at("/agents"), list):
            judge.equal("AITBC-DISC-022", said, "/count", len(agents))


@requirement("AITBC-DISC-039")
async def test_case_matters_in_capabilities_and_services(aitbc: Dialogue, judge: Judge) -> None:
    mark = aitbc.new("case")
    lower = await aitbc.registered(capabilities=[f"{mark}-ocr"], services=[f"{mark}-ocr"])
    upper = await aitbc.registered(capabilities=[f"{mark}-OCR"], services=[f"{mark}-OCR"])
    for name, wanted, barred in ((f"{mark}-ocr", lower, upper), (f"{mark}-OCR", upper, lower)):
        for field in ("capabilities", "services"):
            said = await aitbc.discover(**{field: [name]})
            _judge_search(judge, "AITBC-DISC-039", said, wanted={wanted}, barred={barred})


@requirement("AITBC-DISC-040", "AITBC-GEN-006")
async def test_flow_malformed_json_is_refused(aitbc: Dialogue, judge: Judge) -> None:
    for name, raw in MALFORMED.items():
        if raw in (b"", NO_UTF8) or name == "two documents":
            # Whether a search without filters needs a body is unsaid; many parsers put U+FFFD in
            # the place of bytes that are no UTF-8, or stop at a document's end: then it is one.
            continue
        said = await aitbc.peer.call("discoverAgents", raw=raw, lawful=False)
        judge.status("AITBC-DISC-040", said, 400, 422)
    judge.status("AITBC-GEN-006", await aitbc.discover(), 200)


@requirement("AITBC-DISC-041")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", ["active"]),
        ("status", {"is": "active"}),
        ("agent_type", ["worker"]),
        ("capabilities", "indexing"),
        ("capabilities", {"indexing": True}),
        ("services", "archive"),
        ("services", 7),
    ],
)
async def test_filters_of_the_wrong_type_are_refused(
    field: str, value: Any, aitbc: Dialogue, judge: Judge
) -> None:
    said = await aitbc.peer.call("discoverAgents", body={field: value}, lawful=False)
    judge.status("AITBC-DISC-041", said, 400, 422)
