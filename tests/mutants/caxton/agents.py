"""Deploying, changing, stopping and removing agents over REST."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from . import bodies, config, events, shapes, tasks
from .model import Agent, Answer, Obj, Refusal, RefusedError, Turn

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["conflict", "deploy", "enrol", "moved", "named", "reload", "remove", "stop", "update"]

_CONFLICT = {"particular": "INVALID_STATE", "generic": "CONFLICT", "validation": "CONFLICT"}
_STRATEGIES = ("immediate", "rolling", "blue_green", "canary", "direct", "graceful")


def conflict(desk: Desk, words: str, **details: Any) -> RefusedError:
    """What cannot be done now."""
    code = _CONFLICT[desk.reading.codes]
    return RefusedError(Refusal(status=409, code=code, words=words, details=details))


def named(turn: Turn) -> Agent:
    """The agent in the path."""
    return known(turn.desk, turn.who)


def known(desk: Desk, who: str) -> Agent:
    """An agent by its id."""
    agent = desk.bent("agent.found", desk.agents.get(who), who=who)
    if agent is None:
        details = {"agent_id": who, "searched_at": desk.stamp()}
        words = f"there is no agent '{who}'"
        raise RefusedError(
            Refusal(status=404, code="AGENT_NOT_FOUND", words=words, details=details)
        )
    return agent


def moved(desk: Desk, agent: Agent, state: str, event: str = "", **more: Any) -> None:
    """An agent comes into another state, and subscribers hear of it."""
    if agent.gone:
        return
    agent.state = desk.bent("state", state, agent=agent)
    if event:
        events.about_agent(desk, event, agent, **more)


# Deploying.


async def deploy(turn: Turn) -> Answer:
    """A new agent."""
    desk = turn.desk
    raw, given = bodies.form(turn)
    if given is None:
        bodies.invalid(desk, "a config is needed", field="config")
    agent = await enrol(desk, raw, given, op="deploy")
    return shapes.good(desk, desk.reading.created, _welcome(desk, agent))


def _welcome(desk: Desk, agent: Agent) -> Obj:
    return {
        "agent_id": agent.id,
        "name": agent.name,
        "status": agent.state,
        "deployed_at": desk.stamp(agent.born),
        "version": agent.version,
        "deployment_id": agent.deployment_id,
        "lifecycle_state": agent.state,
        "resource_limits": {"memory": agent.memory, "cpu_fuel": config.fuel(agent.cpu)},
    }


async def enrol(desk: Desk, raw: bytes | None, given: Obj, *, op: str) -> Agent:
    """Judge and store a new agent; `op` says which door it comes through."""
    config.judge(desk, given)
    name = _name(desk, given)
    if desk.reading.name_first:
        _free(desk, name, op)
    module = bodies.module(desk, op, raw)
    _free(desk, name, op)
    pause = desk.bent("deploy.pause", 0.0, op=op)
    if pause:  # a lawful one lets nobody in between its look and its entry
        await asyncio.sleep(pause)
    agent = _made(desk, module, name, given, op)
    desk.agents[agent.id] = agent
    desk.small_rollouts[agent.deployment_id] = (agent, desk.now())
    agent = desk.bent("deploy.stored", agent, op=op, given=given)
    events.about_agent(desk, "agent.deployed", agent, op=op)
    if desk.reading.own_alerts and len(desk.agents) % 3 == 0:
        events.alert(desk, "info", "one more agent", {"agents": len(desk.agents)})
    if agent.state == "loaded":
        desk.clock.later(0.2, lambda: _runs(desk, agent))
    return agent


def _runs(desk: Desk, agent: Agent) -> None:
    if agent.state == "loaded":
        moved(desk, agent, "running", "agent.running" if desk.reading.more_events else "")


def _name(desk: Desk, given: Obj) -> str:
    name = given.get("name")
    if name is None and not desk.reading.name_required:
        return f"agent-{len(desk.agents) + 1}-{desk.counted['agent']}"
    if not isinstance(name, str) or not 0 < len(name) <= 128 or not name.isprintable():
        bodies.invalid(desk, "name must be a printable string", field="name")
    return name


def _free(desk: Desk, name: str, op: str) -> None:
    holder = next((one for one in desk.agents.values() if one.name == name), None)
    if desk.bent("name.holder", holder, name=name, op=op) is not None:
        raise RefusedError(
            Refusal(
                status=409,
                code="AGENT_ALREADY_EXISTS",
                words=f"the name '{name}' is in use",
                details={"name": name},
            )
        )


def _made(desk: Desk, module: bytes, name: str, given: Obj, op: str) -> Agent:
    memory, cpu = config.limits(desk, given)
    return Agent(
        id=desk.new_id("agent"),
        name=name,
        module=module,
        version=config.version(given) or desk.reading.first_version,
        state=desk.bent("deploy.state", desk.reading.first_state),
        config=given,
        door=op,
        memory=memory,
        cpu=cpu,
        capabilities=config.capabilities(desk, given, op),
        strategy=given.get("strategy") or "immediate",
        deployment_id=desk.new_id("deploy"),
        born=desk.now(),
        number=desk.counted["agent"],
    )


# Changing.


def reload(turn: Turn) -> Answer:
    """New code, without a break."""
    desk, agent = turn.desk, named(turn)
    raw, given = bodies.form(turn)
    given = given or {}
    strategy = bodies.text(desk, given, "strategy") or "graceful"
    bodies.number(desk, given, "traffic_split", 0, 100)
    module = bodies.module(desk, "reload", raw)
    _changeable(desk, agent)
    before = agent.version
    after = config.version(given) or config.bumped(before, desk.reading)
    _switch(desk, agent, module, after, "agent.reloaded")
    body = {
        "hot_reload_id": desk.new_id("reload"),
        "status": "in_progress",
        "from_version": before,
        "to_version": after,
        "strategy": strategy,
        "started_at": desk.stamp(),
    }
    return shapes.good(desk, desk.reading.accepted, body)


def _changeable(desk: Desk, agent: Agent) -> None:
    if agent.state not in ("running", "loaded") and desk.reading.stopped_update == 409:
        raise conflict(desk, f"the agent is {agent.state}", status=agent.state)


def _switch(desk: Desk, agent: Agent, module: bytes | None, version: str, event: str) -> None:
    agent.updating = True

    def done() -> None:
        agent.updating = False
        if agent.gone or not desk.bent("switch", True, agent=agent, event=event):
            return
        if module is not None:
            agent.module, agent.version = module, version
        if desk.reading.more_events:
            events.about_agent(desk, event, agent)

    if desk.reading.switch_after:
        desk.clock.later(desk.reading.switch_after, done)
    else:
        done()


def update(turn: Turn) -> Answer:
    """Another configuration, or new code."""
    desk, agent = turn.desk, named(turn)
    data = bodies.obj(turn)
    given = data.get("config")
    bodies.check(desk, given is None or isinstance(given, dict), "config", "must be an object")
    given = given if isinstance(given, dict) else {}
    strategy = bodies.text(desk, data, "strategy")
    if not data and desk.reading.empty_update == 400:
        bodies.invalid(desk, "there is nothing to update", field="")
    if strategy and desk.reading.strict_strategies and strategy not in _STRATEGIES:
        bodies.invalid(desk, "the strategy is not known", field="strategy")
    config.judge(desk, given)
    raw = bodies.decoded(desk, data.get("wasm_module"))
    module = bodies.module(desk, "update", raw) if raw is not None else None
    _changeable(desk, agent)
    _configured(desk, agent, given)
    agent.strategy = strategy or agent.strategy
    version = config.version(given) or config.bumped(agent.version, desk.reading)
    _switch(desk, agent, module, version, "agent.updated")
    rollout = desk.new_id("deploy")
    desk.small_rollouts[rollout] = (agent, desk.now())
    body = {"agent_id": agent.id, "status": "updating", "deployment_id": rollout}
    return shapes.good(desk, desk.reading.accepted, body)


def _configured(desk: Desk, agent: Agent, given: Obj) -> None:
    given = desk.bent("update.config", given, agent=agent)
    merged = {**agent.config, **given}
    resources = [one.get("resources") for one in (agent.config, given)]
    merged["resources"] = {
        key: value for one in resources if isinstance(one, dict) for key, value in one.items()
    }
    agent.config = merged
    agent.memory, agent.cpu = config.limits(desk, merged)
    agent.capabilities = config.capabilities(desk, merged, agent.door)


# Stopping and removing.


def stop(turn: Turn) -> Answer:
    """Let an agent finish, and stop it."""
    desk, agent = turn.desk, named(turn)
    data = bodies.maybe_object(turn)
    grace = bodies.number(desk, data, "grace_period_seconds", 0, 86400)
    drains = data.get("drain_messages", True)
    bodies.check(desk, isinstance(drains, bool), "drain_messages", "must be true or false")
    if agent.state not in ("running", "loaded", "draining"):
        if desk.reading.stop_stopped == 409:
            raise conflict(desk, f"the agent is {agent.state}", status=agent.state)
        return _stopping(desk, agent, agent.state, 0.0)
    if not desk.bent("stop.acts", True, agent=agent, data=data):
        return _stopping(desk, agent, "draining", 1.0)
    left = _drained(desk, agent, 30.0 if grace is None else grace) if drains else 0.0
    if not drains and desk.reading.undrained == "stopped":
        moved(desk, agent, "stopped", "agent.stopped" if desk.reading.more_events else "")
        return _stopping(desk, agent, "stopped", 0.0)
    moved(desk, agent, "draining", "agent.draining" if desk.reading.more_events else "")
    left = desk.bent("stop.left", left, agent=agent, data=data)
    desk.clock.later(left, lambda: _stopped(desk, agent))
    return _stopping(desk, agent, "draining", left)


def _drained(desk: Desk, agent: Agent, grace: float) -> float:
    """Seconds that it takes."""
    return {"at_once": 0.0, "second": min(1.0, grace), "grace": grace}[desk.reading.drain]


def _stopped(desk: Desk, agent: Agent) -> None:
    if agent.state == "draining":
        moved(desk, agent, "stopped", "agent.stopped" if desk.reading.more_events else "")
        tasks.abandon(desk, agent)


def _stopping(desk: Desk, agent: Agent, status: str, left: float) -> Answer:
    end = desk.stamp(desk.now() + left)
    body = {"agent_id": agent.id, "status": status, "estimated_completion": end}
    return shapes.good(desk, desk.reading.accepted, body)


def remove(turn: Turn) -> Answer:
    """Take an agent out of the system."""
    desk, agent = turn.desk, named(turn)
    if agent.state not in ("stopped", "failed") and desk.reading.remove_running == 409:
        raise conflict(desk, f"the agent is {agent.state}", status=agent.state)
    victim = desk.bent("remove.victim", agent)
    if victim is not None:
        desk.agents.pop(victim.id, None)
        if desk.reading.more_events:
            events.about_agent(desk, "agent.removed", victim)
        victim.gone = True
        tasks.abandon(desk, victim)
    body = {"agent_id": agent.id, "status": "removed", "removed_at": desk.stamp()}
    return shapes.good(desk, 200, body)
