"""Who is silent goes offline, and comes back with a heartbeat of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import pytest

from conformance.clients.identity import Identity
from conformance.conversation import Refused
from conformance.exchange import Exchange
from conformance.hooks import HookError
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, requirement
from conformance.plugin import Suite
from conformance.protocols.stella.fleet import Agent, Fleet
from conformance.protocols.stella.hours import Hours
from conformance.protocols.stella.jobs import Depot, Job
from conformance.protocols.stella.orders import amend
from conformance.protocols.stella.reckoning import moment
from conformance.protocols.stella.roll import alike
from conformance.protocols.stella.watch import GRACE, Watch

_ALMOST = 2.9
"""Intervals after which nobody is offline yet."""

_NOTICED = 0.5
"""Seconds in which a coordinator sees that a stream has ended."""

_OFTEN = 0.9
"""Intervals between the heartbeats of who is not to go offline."""

_LONGEST = 150.0
"""Seconds of our own time that the profile standard waits at most."""


@pytest.fixture
def watch(fleet: Fleet, judge: Judge) -> Watch:
    return Watch(fleet, judge)


def _long_enough(*agents: Agent) -> float:
    """Seconds of silence after which each of them is offline."""
    return max(4 * agent.interval + GRACE for agent in agents) + 1


async def _stay_silent(watch: Watch, *agents: Agent) -> None:
    """All are silent: none is offline before the third interval has passed, each after four."""
    moments = {_ALMOST * agent.interval for agent in agents}
    moments |= {4 * agent.interval + GRACE + 1 for agent in agents}
    now = 0.0
    for then in sorted(moments):
        await watch.pass_by(then - now)
        now = then
        await watch.not_offline("STELLA-HB-013", *agents)
        await watch.offline("STELLA-HB-014", *agents)


@requirement("STELLA-HB-011", "STELLA-HB-013")
async def test_flow_nothing_but_silence_makes_offline(
    fleet: Fleet, watch: Watch, judge: Judge
) -> None:
    """Neither a poll, an update, work that is done or the end of a stream, nor what another agent
    does.
    """
    agent, other = [await fleet.register() for _ in range(2)]
    await watch.beat(agent, other)
    await fleet.poll(agent)
    await watch.not_offline("STELLA-HB-013", agent, other)
    await amend(fleet, agent.id, {"labels": {"site": "dock-2"}, "capabilities": ["docker"]})
    await watch.not_offline("STELLA-HB-013", agent, other)
    await watch.part(agent, status="degraded", lawful=False)
    await watch.beat(agent)
    await watch.online("STELLA-HB-011", agent)
    if "stream" in fleet.target.claimed(judge.book.protocol):
        await _open_and_leave(fleet, watch, agent)
    if "create_task" in fleet.target.hooks:
        job = await Depot(fleet).make(agent)
        await watch.beat(agent)
        for success in (True, False):
            await fleet.complete(agent, job.id, fleet.outcome(success=success), served=success)
            await watch.not_offline("STELLA-HB-013", agent, other)


async def _open_and_leave(fleet: Fleet, watch: Watch, agent: Agent) -> None:
    """A stream that has ended, in order or not, is no silence of three intervals."""
    for politely in (True, False):
        said = await fleet.stream(agent)
        if isinstance(said, Refused):
            return
        if politely:
            await said.close()
        said.abort()
        await asyncio.sleep(_NOTICED)
        await watch.not_offline("STELLA-HB-013", agent)


@requirement(
    "STELLA-HB-012",
    "STELLA-HB-013",
    "STELLA-HB-014",
    "STELLA-HB-015",
    "STELLA-HB-016",
    "STELLA-HB-022",
)
async def test_flow_silence(
    suite: Suite, fleet: Fleet, hours: Hours, watch: Watch, judge: Judge
) -> None:
    """Where time can jump all of it is played, and a second time; else what is most is waited for,
    side by side.
    """
    if not hours.can_jump:
        await _in_real_time(suite, fleet, watch)
        return
    await _all_are_silent(fleet, watch, judge)
    for regular in [await fleet.register() for _ in range(2)]:
        await _one_is_regular(fleet, watch, regular)


async def _all_are_silent(fleet: Fleet, watch: Watch, judge: Judge) -> None:
    agents = [await fleet.register() for _ in range(4)]
    await watch.beat(*agents[2:])
    if "create_task" in fleet.target.hooks:  # work that it has in hand keeps nobody online
        await Depot(fleet).make(agents[1], timeout=100_000)
    await _say_farewell(watch, *agents[:2])
    for turn in range(2):
        before = await _sights(fleet, watch, agents[0])
        await _stay_silent(watch, *agents)
        _judge_kept(judge, before, await _sights(fleet, watch, agents[0]), "has gone offline")
        back, *others = agents[turn:] + agents[:turn]
        await watch.beat(back)
        await watch.online("STELLA-HB-015", back)
        await watch.offline("STELLA-HB-016", *others, why=", though another came back,")
        await fleet.poll(back)
        for other in others:
            await fleet.get(other.id)
        await watch.offline("STELLA-HB-014", *others, why=" and was only looked at,")
        await watch.beat(*others)
        await watch.online("STELLA-HB-015", *agents)
        after = await _sights(fleet, watch, agents[0])
        lasting = {name: sight for name, sight in before.items() if name not in _OF_HEARTBEATS}
        _judge_kept(judge, lasting, after, "is back")


async def _say_farewell(watch: Watch, ailing: Agent, busy: Agent) -> None:
    """The last that is heard of one is that it is not well, and of the other that it has much to
    do: both are as silent as others afterwards. Which words there are for the former is unsaid.
    """
    await watch.part(ailing, status="degraded", lawful=False)
    await watch.part(busy, runningTasks=3)


_LASTING = ("name", "version", "capabilities", "lastHeartbeat")
"""What the list shows of an agent that its silence does not change."""

_OF_HEARTBEATS = ("capabilities", "lastHeartbeat")
"""What of it a heartbeat may change."""


async def _sights(fleet: Fleet, watch: Watch, agent: Agent) -> dict[str, tuple[Any, Exchange]]:
    """What is shown of it, and where."""
    view, details = await watch.look(), await fleet.get(agent.id)
    shown = {name: (view.of(agent, name), view.said) for name in _LASTING}
    return {**shown, "labels": (details.at("/labels"), details)}


def _judge_kept(
    judge: Judge,
    before: Mapping[str, tuple[Any, Exchange]],
    after: Mapping[str, tuple[Any, Exchange]],
    when: str,
) -> None:
    for name, (was, first) in before.items():
        now, second = after[name]
        wrong = f"the {name} of an agent was {was!r}, and is {now!r} when it {when}"
        judge.holds("STELLA-HB-022", alike(was, now), wrong, first, second)


async def _one_is_regular(fleet: Fleet, watch: Watch, regular: Agent) -> None:
    """It speaks at its interval while others are silent; then always at the last moment; and then
    no more.
    """
    silent = [await fleet.register() for _ in range(2)]
    await watch.beat(regular, *silent)
    await _keep_up(watch, regular, _long_enough(*silent))
    await watch.offline("STELLA-HB-016", *silent, why=", while another spoke,")
    for _ in range(2):
        await watch.pass_by(_ALMOST * regular.interval)
        await watch.not_offline("STELLA-HB-013", regular)
        await watch.beat(regular)
    await watch.pass_by(_long_enough(regular))
    await watch.offline("STELLA-HB-014", regular, why=" after many heartbeats")


async def _keep_up(watch: Watch, regular: Agent, seconds: float) -> None:
    """Heartbeats at the interval for so many seconds, and five times at least."""
    step = _OFTEN * regular.interval
    for _ in range(max(5, int(seconds / step) + 1)):
        await watch.pass_by(step)
        await watch.not_offline("STELLA-HB-012", regular)
        await watch.beat(regular)
        await watch.online("STELLA-HB-012", regular)


async def _in_real_time(suite: Suite, fleet: Fleet, watch: Watch) -> None:
    regular, first, second = [await fleet.register() for _ in range(3)]
    silent = [first, second]
    _affordable(suite, _long_enough(*silent))
    await watch.beat(regular)
    await _say_farewell(watch, first, second)
    step = min(_OFTEN * regular.interval, *(_ALMOST * each.interval for each in silent))
    while not all(map(watch.gone, silent)):
        await watch.pass_by(step)
        await watch.not_offline("STELLA-HB-013", *silent)
        await watch.not_offline("STELLA-HB-012", regular)
        await watch.beat(regular)
        await watch.online("STELLA-HB-012", regular)
    for row in ("STELLA-HB-014", "STELLA-HB-016"):
        await watch.offline(row, *silent)
    await watch.beat(first)
    await watch.online("STELLA-HB-015", first)
    await watch.offline("STELLA-HB-016", second)


def _affordable(suite: Suite, seconds: float) -> None:
    """Raises `UnjudgeableError` where the profile has no time for so long a silence."""
    profile, scale = suite.context.profile, suite.context.target.time_scale
    if profile == "exhaustive" or (profile == "standard" and seconds / scale <= _LONGEST):
        return
    raise UnjudgeableError(
        f"a silence of {seconds / scale:.0f} s is too long for the profile {profile!r}, "
        "and the target has no hook 'advance'"
    )


@requirement("STELLA-HB-017")
async def test_refused_heartbeats_are_no_sign_of_life(
    fleet: Fleet, hours: Hours, watch: Watch, judge: Judge
) -> None:
    victims = [await fleet.register() for _ in range(3)]
    stranger = await fleet.register()
    await watch.beat(*victims, stranger)
    await watch.pass_by(_long_enough(*victims) if hours.can_jump else 2.2)
    before = await watch.look()
    tries = [
        await fleet.heartbeat(victims[0], by=stranger),
        await fleet.heartbeat(
            victims[1], by=Identity.nobody(fleet.target), jwt=victims[1], lawful=False
        ),
        await fleet.call("sendHeartbeat", victims[2], raw=b'{"status": ', lawful=False),
    ]
    after = await watch.look()
    for victim, said in zip(victims, tries, strict=True):
        if not said.ok:  # what was let in is judged elsewhere
            was, now = before.of(victim, "lastHeartbeat"), after.of(victim, "lastHeartbeat")
            fine = moment(was) == moment(now) and after.status(victim) == before.status(victim)
            wrong = (
                f"a heartbeat that was answered {said.outcome} makes lastHeartbeat {now} "
                f"after {was}, and the agent {after.status(victim)}"
            )
            judge.holds("STELLA-HB-017", fine, wrong, before.said, said, after.said)
    if all(said.ok for said in tries):
        raise UnjudgeableError("no heartbeat was refused")


@requirement("STELLA-TASK-011")
async def test_tasks_wait_for_who_is_offline(
    fleet: Fleet, hours: Hours, watch: Watch, judge: Judge
) -> None:
    if not hours.can_jump:
        raise UnjudgeableError("the target has no hook 'advance', with which to go offline")
    depot = Depot(fleet)
    by_heartbeat, by_poll = agents = [await fleet.register() for _ in range(2)]
    await watch.beat(*agents)
    lasting = {"timeout": 7200}  # so that none is over meanwhile
    jobs = {agent.id: [await depot.make(agent, **lasting)] for agent in agents}
    await watch.pass_by(_long_enough(*agents))
    with suppress(HookError):  # whoever is offline need not be given anything
        for agent in agents:
            jobs[agent.id].append(await depot.make(agent))
    came = await depot.fetch("heartbeat", by_heartbeat, *jobs[by_heartbeat.id])
    _judge_back(judge, came.lack(jobs[by_heartbeat.id]), came.said)
    back = await depot.look(by_poll, ["heartbeat"])
    left = back.lack(jobs[by_poll.id])
    polled = await depot.fetch("poll", by_poll, *left)
    _judge_back(judge, polled.lack(left), [*back.said, *polled.said])


def _judge_back(judge: Judge, missing: list[Job], said: Sequence[Exchange]) -> None:
    wrong = f"{len(missing)} of the tasks of an agent that was offline do not come"
    judge.holds("STELLA-TASK-011", not missing, wrong, *said[:2])
