"""Looking at one agent: that it is the right one, that it is up to date, and strangers."""

from __future__ import annotations

import asyncio
from typing import Any

from conformance.exchange import MISSING, Exchange
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, from_profile, requirement
from conformance.protocols.stella.credentials import EARLY, come_to
from conformance.protocols.stella.doors import beat
from conformance.protocols.stella.fleet import Agent, Fleet, rows_of
from conformance.protocols.stella.hours import Hours
from conformance.protocols.stella.orders import amend, remove
from conformance.protocols.stella.roll import alike, judge_labels, rows_by_id, whole
from conformance.protocols.stella.strangers import stranger_ids

_FIELDS = (
    "id",
    "name",
    "version",
    "status",
    "capabilities",
    "lastHeartbeat",
    "resourceUsage/cpu",
    "resourceUsage/memory",
)

_NOT_YET: tuple[Any, ...] = (None, MISSING)

_TARGETS = requirement("STELLA-GET-017", "STELLA-GET-018", "STELLA-GET-019", "STELLA-GET-020")

_MANY = 12
"""Targets of one agent, which has its hands full."""

_TRIES = 5

_PAUSE = 0.2
"""Seconds between them: an assignment may take a moment to arrive."""


async def _look(fleet: Fleet, judge: Judge, agents: list[Agent]) -> None:
    """Of each the details are asked for between two looks at the list: time may go by."""
    before = await whole(fleet)
    answers = [await fleet.get(agent.id) for agent in agents]
    after = await whole(fleet)
    for agent, said in zip(agents, answers, strict=True):
        judge.status("STELLA-GET-014", said, 200)
        judge.holds(
            "STELLA-GET-019",
            not _shows_another(said, agent, agents),
            "the details are those of another agent",
            said,
            pointer="/id",
            expected=agent.id,
        )
        if said.ok:
            for field in _FIELDS:
                _judge_field(judge, agent, field, said, (before, after))


def _shows_another(said: Exchange, agent: Agent, agents: list[Agent]) -> bool:
    shown = [said.at("/id"), said.at("/name")]
    return any(
        value in shown for other in agents if other is not agent for value in (other.id, other.name)
    )


def _judge_field(
    judge: Judge, agent: Agent, field: str, said: Exchange, lists: tuple[Exchange, Exchange]
) -> None:
    """What the list tells the details tell as well; and if they do, it is the same."""
    told = [_of_list(listed, agent, field) for listed in lists]
    if any(value in _NOT_YET for value in told):
        return  # nothing to compare with; the list is judged elsewhere
    shown = said.at(f"/{field}")
    kept = any(alike(value, shown) for value in told)
    wrong = f"the details tell {shown!r} for {field}, and the list {told[-1]!r}"
    evidence: dict[str, Any] = {
        "pointer": f"/{field}",
        "expected": told[-1],
        "actual": None if shown is MISSING else shown,
    }
    judge.holds("STELLA-GET-015", kept, wrong, lists[0], said, **evidence)
    if any(isinstance(shown, type(value)) for value in told):
        judge.holds("STELLA-GET-019", kept, wrong, lists[0], said, **evidence)


def _of_list(said: Exchange, agent: Agent, field: str) -> Any:
    value: Any = rows_by_id(said).get(agent.id, MISSING)
    for step in field.split("/"):
        value = value.get(step, MISSING) if isinstance(value, dict) else MISSING
    return value


@requirement("STELLA-GET-014", "STELLA-GET-015", "STELLA-GET-019")
async def test_flow_details_tell_what_the_list_tells(fleet: Fleet, judge: Judge) -> None:
    agents = [
        await fleet.register(version=f"0.{number}.1", capabilities=abilities)
        for number, abilities in enumerate((["ssh"], ["docker", "compose"], ["nomad"]))
    ]
    await _look(fleet, judge, agents)
    for turn in (1, 2):
        for number, agent in enumerate(agents, start=turn):
            usage = {"cpu": 10.5 * number, "memory": 21.25 + number, "disk": 3.0 * number}
            abilities = agent.body["capabilities"]
            pulse = fleet.pulse(resourceUsage=usage, capabilities=abilities, runningTasks=number)
            await fleet.heartbeat(agent, pulse)
        await _look(fleet, judge, agents)
    await remove(fleet, agents[1].id)
    await _look(fleet, judge, [agents[0], agents[2]])


@requirement("STELLA-GET-014", "STELLA-GET-015", "STELLA-GET-019")
async def test_flow_details_follow_changes_of_capabilities(fleet: Fleet, judge: Judge) -> None:
    agents = [await fleet.register(capabilities=["ssh"]) for _ in range(2)]
    await asyncio.gather(
        *(fleet.heartbeat(one, fleet.pulse(capabilities=["ssh"])) for one in agents)
    )
    await _look(fleet, judge, agents)
    moved = {"capabilities": ["ecs", "ssh"], "labels": {"site": "dock-3"}}
    await amend(fleet, agents[0].id, moved)
    await _look(fleet, judge, agents)
    await fleet.heartbeat(agents[1], fleet.pulse(capabilities=["winrm"]))
    await _look(fleet, judge, agents)


@requirement("STELLA-GET-019")
async def test_flow_labels_stay_where_nobody_changes_them(fleet: Fleet, judge: Judge) -> None:
    """Those that are shown: a heartbeat says nothing of labels."""
    agent = await fleet.register(labels={"site": "dock-7", "tier": "edge"})
    before = await fleet.get(agent.id)
    for number in range(2):
        await fleet.register(labels={"site": f"pier-{number}"})
        await fleet.heartbeat(agent)
    await fleet.poll(agent)
    after = await fleet.get(agent.id)
    for name, value in agent.body["labels"].items():
        place = f"/labels/{name}"
        fine = before.at(place) != value or after.at(place) == value
        wrong = f"the label {name} is another one after heartbeats, and nobody changed it"
        judge.holds("STELLA-GET-019", fine, wrong, before, after, pointer=place, expected=value)


_LABELS = {"site": "007", "tier": "true", "crane.io.berth": "north 3", "Draught": "1e3"}
_FOREIGN_LABELS = {"site": "Zürich-Süd", "berth": "港 3 & 4"}
_NEW_LABELS = {"site": "0080", "tier": "null", "crane.io.berth": "false", "Draught": "12.50"}
"""Texts that look like something else, and names that look like paths."""


@requirement("STELLA-REG-037", "STELLA-UPD-025")
async def test_flow_labels_are_texts(fleet: Fleet, judge: Judge) -> None:
    """A coordinator need not take every label; those that it takes it must not change."""
    body = fleet.registration(labels=_LABELS)
    said = await fleet.ask_to_register(body, await fleet.mint(), lawful=False)
    if not said.ok:
        return
    agent = fleet.agent_of(body, said)
    await fleet.heartbeat(agent)
    seen = await fleet.get(agent.id)
    judge_labels(judge, agent, seen.at("/labels"), seen)
    for labels in (_NEW_LABELS, _FOREIGN_LABELS):
        await _judge_set(fleet, judge, agent, labels)


async def _judge_set(fleet: Fleet, judge: Judge, agent: Agent, labels: dict[str, str]) -> None:
    change = {"labels": labels, "capabilities": ["docker"]}
    changed = await fleet.update(agent.id, change, lawful=False)
    later = await fleet.get(agent.id)
    for shown in (changed, later) if changed.ok else ():
        held = shown.at("/labels")
        told = {name: held[name] for name in labels if name in held} if held else {}
        judge.holds(
            "STELLA-UPD-025",
            not told or told == labels,  # it may show no labels at all
            f"labels were set to {labels}, and the peer shows {told}",
            changed,
            later,
            pointer="/labels",
            expected=labels,
        )


@from_profile("standard")
@requirement("STELLA-GET-014", "STELLA-GET-015", "STELLA-GET-019")
async def test_flow_details_follow_the_status(fleet: Fleet, hours: Hours, judge: Judge) -> None:
    agents = [await fleet.register() for _ in range(2)]
    await asyncio.gather(*map(fleet.heartbeat, agents))
    await _look(fleet, judge, agents)
    await hours.jump(5 * max(agent.interval for agent in agents))
    await _look(fleet, judge, agents)
    await fleet.heartbeat(agents[0])
    await _look(fleet, judge, agents)


@requirement("STELLA-GET-016")
async def test_strangers_are_not_found(fleet: Fleet, judge: Judge) -> None:
    agent, gone = await fleet.register(), await fleet.register()
    await fleet.heartbeat(gone)
    judge.status("STELLA-GET-016", await fleet.get(agent.id), 200)
    await remove(fleet, gone.id)
    known = [str(row.get("id")) for row in rows_of(await fleet.list())]
    for stranger in [*stranger_ids(agent, known), gone.id]:
        for _ in range(2):  # an answer may depend on whether it was asked for before
            said = await fleet.get(stranger, served=False)
            judge.status("STELLA-GET-016", said, 404)
    for stranger in (f"{agent.id}0", agent.name, fleet.new("nobody")):
        # A peer may check the form of an id before it looks for an agent.
        said = await fleet.get(stranger, lawful=False)
        judge.status("STELLA-GET-016", said, 404, 400, 422)


@_TARGETS
async def test_flow_details_name_the_assigned_targets(fleet: Fleet, judge: Judge) -> None:
    owner, other, bare = [await fleet.register() for _ in range(3)]
    for agent in (owner, other, bare):
        await fleet.get(agent.id)  # what is assigned later must show as well
    of_owner = [f"{fleet.new('berth')}-x" for _ in range(_MANY)]
    of_other = f"{fleet.new('berth')}-x"
    await _assign(fleet, judge, owner, of_owner[0])
    shows = await _judge_targets(fleet, judge, owner, of_owner[:1], [of_other, *of_owner[1:]])
    await _assign(fleet, judge, other, of_other)
    for name in of_owner[1:]:
        await _assign(fleet, judge, owner, name)
    await _judge_targets(fleet, judge, owner, of_owner, [of_other], shows=shows)
    await _judge_targets(fleet, judge, other, [of_other], of_owner, shows=shows)
    await _judge_targets(fleet, judge, bare, [], [of_other, *of_owner], shows=shows)
    await fleet.heartbeat(owner)
    await amend(fleet, owner.id, {"labels": {"site": "pier-2"}, "capabilities": ["docker"]})
    await remove(fleet, other.id)
    await _judge_targets(fleet, judge, owner, of_owner, [of_other], shows=shows)


@from_profile("standard")
@_TARGETS
@requirement("STELLA-GET-021")
async def test_flow_targets_outlast_a_certificate(fleet: Fleet, judge: Judge) -> None:
    """They stay with an agent that was silent for long and then has its certificate renewed; who
    gets the name of one that was deleted has none of its targets.
    """
    owner, gone = [await fleet.register() for _ in range(2)]
    await fleet.heartbeat(owner)
    of_owner, of_gone = [f"{fleet.new('berth')}-x" for _ in range(2)]
    await _assign(fleet, judge, owner, of_owner)
    await _assign(fleet, judge, gone, of_gone)
    shows = await _judge_targets(fleet, judge, owner, [of_owner], [of_gone])
    await remove(fleet, gone.id)
    heir = await fleet.register(name=gone.name)
    await _judge_targets(fleet, judge, heir, [], [of_gone])
    if not shows:
        raise UnjudgeableError("the details do not name targets by their names")
    before = await fleet.get(owner.id)
    await come_to(fleet, owner, EARLY)
    said = await beat(fleet, owner)
    after = await fleet.get(owner.id)
    lost = after.ok and of_owner not in after.answer.decode("utf-8", "replace")
    wrong = "an agent was silent, came back, had its certificate renewed, and lost its target"
    judge.holds("STELLA-GET-021", not lost, wrong, before, said, after, expected=of_owner)


async def _assign(fleet: Fleet, judge: Judge, agent: Agent, name: str) -> None:
    """Give an agent a target; the details that include its targets are others then."""
    before = after = await fleet.get(agent.id)
    await fleet.assign(agent, name)
    for _ in range(_TRIES):
        after = await fleet.get(agent.id)
        if after.json != before.json:
            break
        await asyncio.sleep(_PAUSE)
    judge.holds(
        "STELLA-GET-020",
        not before.ok or (after.ok and after.json != before.json),
        "the details are the same after a target was assigned as before",
        before,
        after,
    )


async def _judge_targets(
    fleet: Fleet,
    judge: Judge,
    agent: Agent,
    own: list[str],
    others: list[str],
    *,
    shows: bool = False,
) -> bool:
    """Under which field and in which form is the peer's own affair; the names must be there. Where
    it `shows` them by their names, which is what is told, it shows all of them and no others.
    """
    said = await fleet.get(agent.id)
    if not said.ok:
        judge.status("STELLA-GET-017", said, 200)
        return shows
    text = said.answer.decode("utf-8", "replace")
    missing = [name for name in own if name not in text]
    lacking = f"of {len(own)} targets that are assigned the details lack {', '.join(missing)}"
    if own:
        judge.holds("STELLA-GET-017", not missing, lacking, said, expected=own)
    shows = shows or len(missing) < len(own)
    judge.holds("STELLA-GET-019", not (shows and missing), lacking, said, expected=own)
    strange = [name for name in others if name in text]
    wrong = f"the details name targets that are not assigned to the agent: {', '.join(strange)}"
    for row in ("STELLA-GET-018", "STELLA-GET-019"):
        judge.holds(row, not strange, wrong, said, actual=strange)
    return shows
