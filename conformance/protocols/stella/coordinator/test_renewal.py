"""Renewal: in the last hour of its certificate a heartbeat brings an agent a new one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from conformance.clients.websocket import Socket
from conformance.exchange import MISSING, Exchange
from conformance.hooks import HookError
from conformance.judge import Judge, same
from conformance.marks import UnjudgeableError, from_profile, requirement
from conformance.protocols.stella.credentials import (
    EARLY,
    NOT_YET,
    Paper,
    come_to,
    end_of,
    judge_apart,
    renewed,
    renewed_key,
)
from conformance.protocols.stella.doors import HEARTBEAT, POLL, STREAM, Try, beat
from conformance.protocols.stella.fleet import Agent, Fleet
from conformance.protocols.stella.gate import FORM, Gate
from conformance.protocols.stella.hours import HOUR
from conformance.protocols.stella.jobs import Depot
from conformance.protocols.stella.orders import remove
from conformance.times import later

_PLACE = "/certificateRenewal"

_LATE = 180.0

_MARGIN = 600.0
"""Seconds after its end at which a certificate has expired for all clocks."""

_AFTER_DEATH = (
    (HEARTBEAT, "STELLA-MTLS-021"),
    (POLL, "STELLA-MTLS-022"),
    (STREAM, "STELLA-MTLS-024"),
)

_EXPIRED = (
    (HEARTBEAT, "STELLA-MTLS-017"),
    (POLL, "STELLA-MTLS-018"),
    (STREAM, "STELLA-MTLS-020"),
)

_PAPER = (
    "STELLA-RENEW-006",
    "STELLA-RENEW-007",
    "STELLA-RENEW-008",
    "STELLA-RENEW-009",
    "STELLA-RENEW-010",
    "STELLA-CERT-009",
)
"""What is judged of every new certificate."""


def _brings(said: Exchange) -> bool:
    cert = said.at(f"{_PLACE}/cert")
    return isinstance(cert, str) and bool(cert.strip())


def _judge_none(judge: Judge, row: str, agent: Agent, said: Exchange, when: str) -> None:
    """No new certificate came; to be told the present one again is none."""
    if not said.ok:
        judge.status(row, said, 200)
        return
    again = _brings(said) and str(said.at(f"{_PLACE}/cert")).strip() == agent.cert.strip()
    wrong = f"a heartbeat {when} brought a new certificate"
    judge.holds(row, again or not _brings(said), wrong, said, pointer=_PLACE)


def _judge_brought(judge: Judge, row: str, said: Exchange, when: str) -> bool:
    if not said.ok:
        return judge.status(row, said, 200)
    wrong = f"a heartbeat {when} brought no new certificate"
    return judge.holds(row, _brings(said), wrong, said, pointer=_PLACE)


def _judge_paper(fleet: Fleet, judge: Judge, agent: Agent, said: Exchange) -> None:
    """What a renewal brought is a certificate that is better than the one before."""
    registered = Paper.of(agent.said, "/certificate", fleet.hours)
    known = [] if registered is None else [registered]
    paper = Paper.of(said, _PLACE, fleet.hours, known)
    _judge_newer(judge, agent, said, paper)
    if paper is None:
        return
    paper.judge_end(judge, "STELLA-RENEW-007")
    paper.judge_use(judge, "STELLA-RENEW-008")
    paper.judge_life(judge, "STELLA-RENEW-008")
    paper.judge_authority(judge, "STELLA-RENEW-009")
    paper.judge_rank(judge, "STELLA-CERT-009")
    key = renewed_key(said) or agent.key
    paper.judge_key(judge, "STELLA-RENEW-010", key, f"{_PLACE}/cert")


def _judge_newer(judge: Judge, agent: Agent, said: Exchange, paper: Paper | None) -> None:
    wrong = "the new certificate cannot be read"
    if paper is not None:
        wrong = "the new certificate ends no later than the one before it"
    ok = paper is not None and paper.end > end_of(agent)
    judge.holds("STELLA-RENEW-006", ok, wrong, agent.said, said, pointer=f"{_PLACE}/cert")


async def _renew(fleet: Fleet, agent: Agent) -> Agent:
    """The agent with the certificate that its heartbeat brings. Raises `UnjudgeableError` where it
    brings none, which others judge.
    """
    said = await beat(fleet, agent)
    if not _brings(said):
        raise UnjudgeableError(f"no renewal came with the heartbeat: {said.outcome}")
    return renewed(fleet, agent, said)


@requirement("STELLA-RENEW-004")
async def test_fresh_certificates_are_not_renewed(fleet: Fleet, judge: Judge) -> None:
    agents = [await fleet.register() for _ in range(2)]
    for agent in (*agents, *agents):
        said = await fleet.heartbeat(agent)
        _judge_none(judge, "STELLA-RENEW-004", agent, said, "right after the registration")


@from_profile("standard")
@requirement("STELLA-RENEW-004", "STELLA-RENEW-005", *_PAPER)
async def test_flow_certificates_are_renewed_in_their_last_hour(fleet: Fleet, judge: Judge) -> None:
    early, late = await fleet.register(), await fleet.register()
    for before in (22 * 3600.0, 11 * 3600.0, NOT_YET):
        await come_to(fleet, early, before)
        said = await beat(fleet, early)
        when = f"{before / 3600:.1f} hours before the end of a certificate"
        _judge_none(judge, "STELLA-RENEW-004", early, said, when)
    for agent, before in ((early, EARLY), (late, _LATE)):
        await come_to(fleet, agent, before)
        said = await beat(fleet, agent)
        when = f"{before / 60:.0f} minutes before the end of a certificate"
        if _judge_brought(judge, "STELLA-RENEW-005", said, when):
            _judge_paper(fleet, judge, agent, said)


@from_profile("standard")
@requirement(
    "STELLA-RENEW-011",
    "STELLA-RENEW-012",
    "STELLA-RENEW-013",
    "STELLA-RENEW-014",
    "STELLA-RENEW-015",
    "STELLA-RENEW-016",
    *(row for _, row in _EXPIRED),
    *_PAPER,
    FORM,
)
async def test_flow_new_certificates_take_the_place_of_the_old(fleet: Fleet, judge: Judge) -> None:
    gate = Gate(fleet, judge)
    gate.guarded()
    older, agent, other = [await fleet.register() for _ in range(3)]
    await come_to(fleet, agent, EARLY)
    new = await _renew(fleet, agent)
    _judge_none(judge, "STELLA-RENEW-015", new, await beat(fleet, new), "after a renewal")
    await _let_in(gate, new, "STELLA-RENEW-011", "STELLA-RENEW-012")
    for stranger in (older, other):
        await _kept_out(gate, new, stranger)
    await come_to(fleet, agent, -_MARGIN)
    said = await beat(fleet, new)
    _judge_none(judge, "STELLA-RENEW-015", new, said, "an hour after a renewal")
    await _let_in(gate, new, "STELLA-RENEW-014", "STELLA-RENEW-014")
    spent = new
    for _ in range(2):
        await come_to(fleet, new, EARLY)
        said = await beat(fleet, new)
        if not _judge_brought(judge, "STELLA-RENEW-016", said, "in the last hour of a new one"):
            return
        _judge_paper(fleet, judge, new, said)
        new = renewed(fleet, new, said)
        await _let_in(gate, new, "STELLA-RENEW-016", "STELLA-RENEW-016")
    for door, row in _EXPIRED:  # a certificate that came by renewal expires like the first one
        if gate.knows(door):
            attempt = Try(agent=spent, identity=gate.fresh(spent), headers=spent.headers)
            await gate.rejects(door, row, attempt)


@from_profile("standard")
@requirement("STELLA-MTLS-021", "STELLA-MTLS-022", "STELLA-MTLS-024", FORM)
async def test_a_deletion_ends_every_certificate(fleet: Fleet, judge: Judge) -> None:
    """The first one of the agent that is deleted, and the one that took its place; for good."""
    gate = Gate(fleet, judge)
    gate.guarded()
    agent = await fleet.register()
    await come_to(fleet, agent, EARLY)
    new = await _renew(fleet, agent)
    await beat(fleet, new)
    gone = await remove(fleet, agent.id)
    if not gone.ok:
        raise UnjudgeableError(f"the agent could not be deleted: {gone.outcome}")
    for door, row in _AFTER_DEATH:
        for one in (agent, new) if gate.knows(door) else ():
            for identity in (one.identity, gate.fresh(one)):
                attempt = Try(agent=one, identity=identity, headers=one.headers)
                await gate.rejects(door, row, attempt)
    await fleet.hours.jump(2 * HOUR)  # a list of what is revoked may be forgotten
    for door, row in _AFTER_DEATH if new is not agent else ():
        if gate.knows(door):
            attempt = Try(agent=new, identity=gate.fresh(new), headers=new.headers)
            await gate.rejects(door, row, attempt)


async def _let_in(gate: Gate, agent: Agent, row: str, stream: str) -> None:
    """It is let in at every door with its new certificate."""
    for door in gate.doors():
        which = stream if door is STREAM else row
        await gate.admits(door, agent, which, words="its new")


async def _kept_out(gate: Gate, agent: Agent, stranger: Agent) -> None:
    """Its new certificate does not let it in as another agent, who is let in with its own, and is
    renewed as well by its first heartbeat.
    """
    said = await beat(gate.fleet, stranger)
    stranger = renewed(gate.fleet, stranger, said) if _brings(said) else stranger
    for door in gate.doors():
        task = await door.ready(gate.fleet, stranger)
        for headers in (agent.headers, stranger.headers):
            attempt = Try(agent=stranger, identity=agent.identity, headers=headers, task=task)
            await gate.rejects(door, "STELLA-RENEW-013", attempt)
        words = "its own, when another's was renewed,"
        await gate.admits(door, stranger, "STELLA-RENEW-013", task=task, words=words)


@from_profile("standard")
@requirement("STELLA-RENEW-017", "STELLA-CERT-008", *_PAPER)
async def test_flow_every_agent_has_its_certificate_renewed(fleet: Fleet, judge: Judge) -> None:
    gate = Gate(fleet, judge)
    agents = [await fleet.register() for _ in range(5)]
    silent, idle, busy, laden, ailing = agents
    for agent in agents[1:]:
        await fleet.heartbeat(agent)
    await come_to(fleet, silent, EARLY)
    if "create_task" in fleet.target.hooks:
        with suppress(HookError):  # whoever is offline need not be given anything
            for _ in range(2):
                await fleet.enqueue(laden)
    # The one that is not well first: which words a heartbeat may use for that is unsaid.
    ill = await fleet.heartbeat(ailing, fleet.pulse(status="degraded"), lawful=False)
    if not ill.ok:
        ill = await beat(fleet, ailing)
    stream = await fleet.stream(idle) if gate.knows(STREAM) else None
    answers = await asyncio.gather(
        beat(fleet, silent),
        beat(fleet, idle),
        fleet.heartbeat(busy, fleet.pulse(runningTasks=4)),
        beat(fleet, laden),
    )
    if isinstance(stream, Socket):
        await stream.close()
    await _judge_each(gate, agents, [*answers, ill])
    papers = [Paper.of(agent.said, "/certificate", fleet.hours) for agent in agents]
    papers += [Paper.of(said, _PLACE, fleet.hours) for said in (*answers, ill) if said.ok]
    read = [paper for paper in papers if paper is not None]
    numbers = [paper.number for paper in read]
    judge_apart(judge, "STELLA-CERT-008", "serial number and authority", read, numbers)


async def _judge_each(gate: Gate, agents: Sequence[Agent], answers: Sequence[Exchange]) -> None:
    """Each was brought a certificate of its own, with which it is let in."""
    what = (
        "that was silent",
        "that is idle, and listens",
        "with running tasks",
        "with pending tasks",
        "unwell",
    )
    when = "in the last hour of the certificate of an agent"
    for agent, said, which in zip(agents, answers, what, strict=True):
        if _judge_brought(gate.judge, "STELLA-RENEW-017", said, f"{when} {which}"):
            _judge_paper(gate.fleet, gate.judge, agent, said)
            if gate.fleet.secure:
                new = renewed(gate.fleet, agent, said)
                await gate.admits(HEARTBEAT, new, "STELLA-RENEW-017", words="its new")


@from_profile("standard")
@requirement("STELLA-RENEW-018", "STELLA-REG-037", "STELLA-HB-020")
async def test_renewing_heartbeats_are_heartbeats(fleet: Fleet, judge: Judge) -> None:
    agent = await fleet.register()
    await fleet.heartbeat(agent)
    await come_to(fleet, agent, EARLY)
    task_id = ""
    if "create_task" in fleet.target.hooks:
        with suppress(HookError):
            task_id, _ = await fleet.enqueue(agent)
    before = await fleet.get(agent.id)
    said = await beat(fleet, agent)
    if not _brings(said):
        raise UnjudgeableError(f"no renewal came with the heartbeat: {said.outcome}")
    after = await fleet.get(agent.id)
    row = "STELLA-RENEW-018"
    if task_id:
        tasks = said.at("/tasks")
        known = [task.get("taskId") for task in tasks or () if isinstance(task, dict)]
        wrong = "the heartbeat that brought a renewal did not bring the pending task"
        judge.holds(row, task_id in known, wrong, said, pointer="/tasks")
    if not after.ok or not before.ok:
        judge.inconclusive(row, f"the agent cannot be seen: {after.outcome}")
        return
    labels = agent.body["labels"]
    if before.at("/labels") == labels:
        judge.equal("STELLA-REG-037", after, "/labels", labels, before, said)
    _judge_usage(judge, await fleet.listed(agent), said)
    wrong = f"the agent is {after.at('/status')!r} right after a heartbeat"
    judge.holds(row, after.at("/status") != "offline", wrong, said, after, pointer="/status")
    was, now = before.at("/lastHeartbeat"), after.at("/lastHeartbeat")
    if was is MISSING and now is MISSING:  # nobody promises it in an agent's details
        judge.inconclusive(row, "an agent's details tell no lastHeartbeat")
        return
    wrong = f"lastHeartbeat was {was!r}, and is {now!r} after a heartbeat hours later"
    judge.holds(row, later(was, now), wrong, before, said, after, pointer="/lastHeartbeat")


def _judge_usage(judge: Judge, shown: Mapping[str, Any] | None, said: Exchange) -> None:
    """The list shows what the heartbeat said that brought the renewal."""
    sent, told = json.loads(said.body)["resourceUsage"], (shown or {}).get("resourceUsage")
    fine = isinstance(told, dict) and all(
        same(told.get(name), sent[name]) for name in ("cpu", "memory")
    )
    wrong = f"a heartbeat that brought a renewal said {sent}, and the list shows {told}"
    judge.holds("STELLA-HB-020", fine, wrong, said)


@from_profile("standard")
@requirement("STELLA-TASK-009")
async def test_tasks_wait_for_a_new_certificate(fleet: Fleet, judge: Judge) -> None:
    """One that is made when the renewal has come and its certificate was shown nowhere yet."""
    depot = Depot(fleet)
    agent = await fleet.register()
    await fleet.heartbeat(agent)
    await come_to(fleet, agent, EARLY)
    new = await _renew(fleet, agent)
    job = await depot.make(agent)
    haul = await depot.fetch("heartbeat", new, job)
    wrong = "a task that waited does not come to an agent that shows its new certificate"
    judge.holds("STELLA-TASK-009", haul.has(job), wrong, haul.last)
