"""Changing an agent: what was set shows everywhere, and nothing else changes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from conformance.exchange import MISSING, Exchange
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.stella.fleet import Agent, Fleet, rows_of
from conformance.protocols.stella.orders import amend, remove
from conformance.protocols.stella.roll import CAPABILITIES, alike, judge_filter, rows_by_id, whole
from conformance.protocols.stella.strangers import stranger_ids

_CHANGES: tuple[dict[str, Any], ...] = (
    {"labels": {"site": "harbour-2"}, "capabilities": ["docker", "nomad", "compose", "winrm"]},
    {"labels": {"site": "inland-7", "crane": "b"}, "capabilities": ["ssh", "compose"]},
    {"labels": {"site": "harbour-9"}, "capabilities": ["ecs"]},
)
"""One that adds, one that has nothing in common with it, and one that takes away."""

_RARE = {"labels": {"site": "wharf-6"}, "capabilities": ["winrm", "compose", "ecs", "nomad", "ssh"]}
"""Nobody else comes by these capabilities in this order."""


_OF_THE_SILENT = ("STELLA-UPD-015", "STELLA-UPD-017", "STELLA-UPD-019")
_OF_THE_HEARD = ("STELLA-UPD-028",) * 3
"""That the answer, the list and its filters show the capabilities which were set. Whether these
count or those of the last heartbeat is unsaid.
"""


def _judge_skills(
    judge: Judge, row: str, shown: Any, change: Mapping[str, Any], *exchanges: Exchange
) -> None:
    """All that were set are there; that the others are gone is no more than likely (silence 8)."""
    wanted = change["capabilities"]
    told = f"the capabilities {wanted} were set, and are shown as {shown!r}"
    found = None if shown is MISSING else shown
    there = isinstance(shown, list) and all(skill in shown for skill in wanted)
    judge.holds(row, there, told, *exchanges, expected=wanted, actual=found)
    if there:
        alone = alike(shown, wanted)
        judge.holds("STELLA-UPD-027", alone, told, *exchanges, expected=wanted, actual=found)


def _judge_labels(
    judge: Judge, row: str, said: Exchange, change: Mapping[str, Any], *before: Exchange
) -> None:
    """Those that were set are there; whether others stay is unsaid."""
    shown = said.at("/labels")
    held = shown if isinstance(shown, dict) else {}
    wrong = {
        key: held.get(key) for key, value in change["labels"].items() if held.get(key) != value
    }
    judge.holds(
        row,
        not wrong,
        f"the labels {change['labels']} were set, and are shown as {wrong}",
        *before,
        said,
        pointer="/labels",
        expected=change["labels"],
    )


def _judge_no_older_label(
    judge: Judge, said: Exchange, change: Mapping[str, Any], *before: Exchange
) -> None:
    """A peer that shows labels shows no other value of one that was set."""
    shown = said.at("/labels")
    if isinstance(shown, dict):
        old = {key: shown[key] for key, value in change["labels"].items() if key in shown}
        judge.holds(
            "STELLA-UPD-025",
            all(value == change["labels"][key] for key, value in old.items()),
            f"the labels {change['labels']} were set, and the peer shows {old}",
            *before,
            said,
            pointer="/labels",
            expected=change["labels"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """An update: of whom, what, and the answer."""

    agent: Agent
    change: Mapping[str, Any]
    said: Exchange


def _judge_answer(judge: Judge, row: str, made: _Made) -> None:
    said, agent, change = made.said, made.agent, made.change
    judge.status("STELLA-UPD-014", said, 200)
    if said.ok:
        named = (said.at("/id"), said.at("/name"))
        judge.holds(
            "STELLA-UPD-014",
            agent.id in named or agent.name in named,
            "the answer to an update shows another agent, or none",
            said,
            pointer="/id",
            expected=agent.id,
        )
        _judge_skills(judge, row, said.at("/capabilities"), change, said)
        _judge_labels(judge, "STELLA-UPD-016", said, change)
        _judge_no_older_label(judge, said, change)


@requirement(
    "STELLA-UPD-014",
    "STELLA-UPD-015",
    "STELLA-UPD-016",
    "STELLA-UPD-017",
    "STELLA-UPD-018",
    "STELLA-UPD-019",
    "STELLA-UPD-020",
    "STELLA-UPD-025",
    "STELLA-UPD-027",
    "STELLA-UPD-028",
)
@pytest.mark.parametrize("rows", [_OF_THE_SILENT, _OF_THE_HEARD], ids=["silent", "heard"])
async def test_flow_updates_show_everywhere(
    rows: tuple[str, str, str], fleet: Fleet, judge: Judge
) -> None:
    """Of an agent that has told its capabilities by no heartbeat, and of one that has."""
    agent = await (fleet.register() if rows is _OF_THE_SILENT else fleet.awake())
    await fleet.awake()  # somebody else whom a careless peer may change instead
    answered, listed, filtered = rows
    for change in _CHANGES:
        said = await amend(fleet, agent.id, change)
        made = _Made(agent=agent, change=change, said=said)
        _judge_answer(judge, answered, made)
        await _judge_list(fleet, judge, listed, made)
        await _judge_filters(fleet, judge, filtered, made)
        details = await fleet.get(agent.id)
        if details.ok:
            _judge_labels(judge, "STELLA-UPD-018", details, change, said)
            _judge_no_older_label(judge, details, change, said)
            shown = details.at("/capabilities")
            _judge_skills(judge, "STELLA-UPD-018", shown, change, said, details)
        if rows is _OF_THE_HEARD:
            await _judge_kept(fleet, judge, agent, change, details)
    await remove(fleet, agent.id)


async def _judge_kept(
    fleet: Fleet, judge: Judge, agent: Agent, change: Mapping[str, Any], before: Exchange
) -> None:
    """A heartbeat says nothing of labels."""
    beat = await fleet.heartbeat(agent)
    after = await fleet.get(agent.id)
    for name, value in change["labels"].items():
        place = f"/labels/{name}"
        fine = before.at(place) != value or after.at(place) == value
        wrong = f"the label {name} is another one after a heartbeat than it was set to"
        shown = (before, beat, after)
        judge.holds("STELLA-UPD-025", fine, wrong, *shown, pointer=place, expected=value)


async def _judge_list(fleet: Fleet, judge: Judge, row: str, made: _Made) -> None:
    said, agent, change = made.said, made.agent, made.change
    listed = await whole(fleet)
    shown = rows_by_id(listed).get(agent.id, {})
    _judge_skills(judge, row, shown.get("capabilities"), change, said, listed)
    for field in ("name", "version"):
        judge.holds(
            "STELLA-UPD-020",
            shown.get(field) == agent.body[field],
            f"after an update of others the {field} is {shown.get(field)!r}",
            said,
            listed,
            expected=agent.body[field],
            actual=shown.get(field),
        )


async def _judge_filters(fleet: Fleet, judge: Judge, row: str, made: _Made) -> None:
    said, agent, change = made.said, made.agent, made.change
    for name in CAPABILITIES:
        query = {"capability": name}
        found = await fleet.list(query)
        has = name in change["capabilities"]
        wanted, barred = ([agent], []) if has else ([], [agent])
        judged = row if has else "STELLA-UPD-027"
        judge_filter(judge, judged, found, query, said, wanted=wanted, barred=barred)


async def _takes_parts(fleet: Fleet) -> bool:
    """The document shows no update but of labels and capabilities."""
    agent = await fleet.awake()
    said = await fleet.update(agent.id, {"labels": {"tier": "core"}}, served=False)
    return said.ok


def _judge_same(
    judge: Judge, row: str, agent: Agent, fields: tuple[str, ...], *exchanges: Exchange
) -> None:
    """The list before and the list after, with what was done between, show the agent alike."""
    before, after = exchanges[0], exchanges[-1]
    one, other = (rows_by_id(said).get(agent.id, {}) for said in (before, after))
    changed = [name for name in fields if not alike(one.get(name), other.get(name))]
    judge.holds(
        row,
        not changed,
        f"of {agent.name} the list shows another {' and another '.join(changed)} than before",
        *exchanges,
        expected={name: one.get(name) for name in changed},
        actual={name: other.get(name) for name in changed},
    )


def _judge_answered(
    judge: Judge, agent: Agent, fields: tuple[str, ...], before: Exchange, said: Exchange
) -> None:
    """The answer, as far as it shows these, shows the agent as the list did before. Either may tell
    less of a resourceUsage.
    """
    known = rows_by_id(before).get(agent.id, {})
    for name in fields:
        told = said.at(f"/{name}")
        if told is MISSING or told is None or name not in known:
            continue
        wrong = f"the answer shows another {name} than the list before the update"
        kept = alike(_within(known[name], told), _within(told, known[name]))
        values = {"expected": known[name], "actual": told}
        judge.holds("STELLA-UPD-021", kept, wrong, before, said, pointer=f"/{name}", **values)


def _within(shown: Any, other: Any) -> Any:
    """Of two objects, what of the one the other shows as well."""
    if not isinstance(shown, dict) or not isinstance(other, dict):
        return shown
    return {name: value for name, value in shown.items() if name in other}


def _judge_strangers(
    judge: Judge, agent: Agent, change: Mapping[str, Any], *exchanges: Exchange
) -> None:
    """Others than ours may change by themselves, but not all of a sudden to the very same."""
    known, skills = rows_by_id(exchanges[0]), change.get("capabilities")
    struck = [
        str(row.get("name"))
        for agent_id, row in rows_by_id(exchanges[-1]).items()
        if skills
        and agent_id != agent.id
        and row.get("capabilities") == skills != known.get(agent_id, row).get("capabilities")
    ]
    judge.holds(
        "STELLA-UPD-022",
        not struck,
        f"the update of {agent.name} changed the capabilities of {', '.join(struck[:3])}",
        *exchanges,
    )


@requirement("STELLA-UPD-020", "STELLA-UPD-021", "STELLA-UPD-022", "STELLA-HB-011")
async def test_flow_updates_change_nothing_else(fleet: Fleet, judge: Judge) -> None:
    agent, left, right = [await fleet.awake() for _ in range(3)]
    fields = ("status", "lastHeartbeat", "resourceUsage")
    for change in (_RARE, {"labels": {"tier": "core"}}, {"capabilities": ["ecs", "winrm"]}):
        if change is not _RARE and not await _takes_parts(fleet):
            break
        labels = [await fleet.get(one.id) for one in (left, right)]
        before = await whole(fleet)
        said = await amend(fleet, agent.id, change)
        after = await whole(fleet)
        _judge_same(judge, "STELLA-UPD-020", agent, ("name", "version"), before, said, after)
        _judge_same(judge, "STELLA-UPD-021", agent, fields, before, said, after)
        _judge_answered(judge, agent, fields, before, said)
        _judge_strangers(judge, agent, change, before, said, after)
        for other, known in zip((left, right), labels, strict=True):
            every = ("name", "version", "capabilities", *fields)
            _judge_same(judge, "STELLA-UPD-022", other, every, before, said, after)
            seen = await fleet.get(other.id)
            judge.holds(
                "STELLA-UPD-022",
                seen.at("/labels") == known.at("/labels"),
                f"the update of another agent changed the labels of {other.name}",
                known,
                said,
                seen,
                pointer="/labels",
            )
        if fleet.hours.can_jump:  # so that a time of the last turn is told from one of this
            await fleet.hours.jump(agent.interval / 3)  # and no other agent is late yet
        beat = await fleet.heartbeat(agent)
        judge.status("STELLA-UPD-021", beat, 200)
    row = await fleet.listed(agent)
    judge.holds(
        "STELLA-HB-011",
        row is not None and row.get("status") == "online",
        "an agent that was updated is not online after its heartbeat",
        beat,
    )


@requirement("STELLA-UPD-022")
async def test_agents_that_have_nothing_share_nothing(fleet: Fleet, judge: Judge) -> None:
    agents: list[Agent] = []
    for _ in range(2):
        body = fleet.registration(labels={}, capabilities=[])
        said = await fleet.ask_to_register(body, await fleet.mint(), served=False)
        agents += [fleet.agent_of(body, said)] if said.ok else []
    if len(agents) < 2:
        return  # whether somebody may have nothing is unsaid
    one, other = agents
    before = await fleet.get(other.id)
    said = await amend(fleet, one.id, _RARE)
    after = await fleet.get(other.id)
    fine = not before.ok or all(
        before.at(at) == after.at(at) for at in ("/labels", "/capabilities")
    )
    wrong = "the update of another agent changed one that had neither labels nor capabilities"
    judge.holds("STELLA-UPD-022", fine, wrong, before, said, after)


@requirement("STELLA-UPD-023")
async def test_updates_of_one_field_leave_the_other(fleet: Fleet, judge: Judge) -> None:
    """Also when both are changed at the same time."""
    agent = await fleet.awake(capabilities=["docker", "ssh"], labels={"site": "mole-1"})
    said = await amend(fleet, agent.id, {"labels": {"site": "mole-2"}})
    kept = await _judge_pair(fleet, judge, agent, "mole-2", ["docker", "ssh"], said)
    if not kept:
        return
    said = await amend(fleet, agent.id, {"capabilities": ["nomad"]})
    kept = await _judge_pair(fleet, judge, agent, "mole-2", ["nomad"], said)
    for turn in range(3 if kept else 0):
        labels = {"labels": {"site": f"mole-{turn + 3}"}}
        skills = {"capabilities": [CAPABILITIES[turn], CAPABILITIES[-turn - 1]]}
        answers = await asyncio.gather(
            amend(fleet, agent.id, labels), amend(fleet, agent.id, skills)
        )
        await _judge_pair(
            fleet, judge, agent, labels["labels"]["site"], skills["capabilities"], *answers
        )


async def _judge_pair(
    fleet: Fleet, judge: Judge, agent: Agent, site: str, skills: list[str], *before: Exchange
) -> bool:
    details = await fleet.get(agent.id)
    shown = details.at("/labels")
    held = shown.get("site") if isinstance(shown, dict) else site  # labels may be kept to oneself
    seen = details.at("/capabilities")
    kept = isinstance(seen, list) and all(skill in seen for skill in skills)  # it may merge them
    return judge.holds(
        "STELLA-UPD-023",
        held == site and (seen is MISSING or kept),
        f"after updates of one field alone the site is {held!r} and the capabilities are {seen!r},"
        f" not {site!r} and {skills}",
        *before,
        details,
    )


@requirement("STELLA-UPD-024", "STELLA-LIST-013")
async def test_flow_strangers_cannot_be_updated(fleet: Fleet, judge: Judge) -> None:
    agent, gone = await fleet.awake(), await fleet.awake()
    await remove(fleet, gone.id)
    before = await whole(fleet)
    known = [str(row.get("id")) for row in rows_of(before)]
    strangers = [*stranger_ids(agent, known), gone.id]
    for stranger in strangers:
        said = await fleet.update(stranger, _CHANGES[0], served=False)
        judge.status("STELLA-UPD-024", said, 404)
    after = rows_by_id(await whole(fleet))
    judge.holds(
        "STELLA-UPD-024",
        not any(stranger in after for stranger in strangers),
        "the update of a stranger made an agent of it",
        before,
    )
    said = await amend(fleet, agent.id, _CHANGES[0])
    judge.status("STELLA-UPD-024", said, 200)  # what was refused was refused for its id
    judge.holds("STELLA-LIST-013", agent.id in after, "the agent is not in the list", before)


@requirement("STELLA-UPD-026", "STELLA-TASK-010")
async def test_updates_leave_pending_tasks(fleet: Fleet, judge: Judge) -> None:
    agent = await fleet.awake()
    await fleet.enqueue(agent)
    said = await amend(fleet, agent.id, _CHANGES[0])
    poll = await fleet.poll(agent)
    tasks = poll.at("/tasks")
    found = tasks if isinstance(tasks, list) else []
    wrong = "a task that waited does not wait any more after an update of its agent"
    for row in ("STELLA-UPD-026", "STELLA-TASK-010"):
        judge.holds(row, bool(found), wrong, said, poll, pointer="/tasks")
