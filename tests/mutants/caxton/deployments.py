"""Bringing a new version to an agent, stage by stage, and back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from . import bodies, config, shapes
from .agents import conflict, known
from .model import Agent, Answer, Obj, Refusal, RefusedError, Rollout, Stage, Turn

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["create", "failed", "get", "rollback", "watch"]

_UNKNOWN = {
    "particular": "DEPLOYMENT_NOT_FOUND",
    "generic": "NOT_FOUND",
    "validation": "RESOURCE_NOT_FOUND",
}
_TYPES = ("immediate", "rolling", "blue_green", "canary")
_BACK = ("rolling_back", "rolled_back", "reverted")
_DURATION = re.compile(r"(\d{1,7})(ms|s|m|h|d)?")
_SECONDS = {None: 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def create(turn: Turn) -> Answer:
    """Start a deployment."""
    desk = turn.desk
    data = bodies.obj(turn)
    who = bodies.text(desk, data, "agent_id", required=True) or ""
    strategy = data.get("strategy", {})
    if isinstance(strategy, str) and not desk.reading.strict:
        strategy = {"type": strategy}
    if not isinstance(strategy, dict):
        bodies.invalid(desk, "strategy must be an object", field="strategy")
    agent = known(desk, who)
    version = bodies.text(desk, data, "version")
    if desk.reading.one_rollout and any(_busy(each, agent) for each in desk.rollouts.values()):
        raise conflict(desk, "another deployment of the agent is under way")
    stages = _stages(desk, strategy)
    threshold = bodies.number(desk, strategy, "error_threshold", 0, 1)
    module = bodies.module(desk, "deployment", bodies.decoded(desk, data.get("wasm_module")))
    rollout = Rollout(
        id=desk.new_id("deploy"),
        agent=agent,
        module=module,
        version=version or config.bumped(agent.version, desk.reading),
        before=(agent.version, agent.module),
        stages=desk.bent("stages", stages),
        created=desk.now(),
        status=desk.reading.first_rollout,
        guarded=strategy.get("rollback_on_error") is True,
        threshold=1.0 if threshold is None else threshold,
    )
    desk.rollouts[rollout.id] = rollout
    if desk.reading.version_switch == "start":
        _switch(desk, rollout)
    status, at = rollout.status, desk.stamp()
    desk.clock.later(desk.reading.init_seconds, lambda: _enter(desk, rollout, 0))
    body = {"deployment_id": rollout.id, "status": status, "created_at": at}
    return shapes.good(desk, desk.reading.created, body)


def _busy(rollout: Rollout, agent: Agent) -> bool:
    unfinished = ("initializing", "pending", "in_progress", "rolling_back")
    return rollout.agent is agent and rollout.status in unfinished


def _stages(desk: Desk, strategy: Obj) -> list[Stage]:
    kind = bodies.text(desk, strategy, "type") or "immediate"
    if desk.reading.strict_strategies and kind not in _TYPES:
        bodies.invalid(desk, "the type of the strategy is not known", field="strategy.type")
    given = strategy.get("stages")
    if given is None:
        parts = (25, 50, 100) if kind == "rolling" else (100,)
        return [Stage(number=at, percentage=one, duration=0.0) for at, one in enumerate(parts, 1)]
    if not isinstance(given, list) or not given:
        bodies.invalid(desk, "stages must be a list that is not empty", field="strategy.stages")
    stages = [_stage(desk, at, one) for at, one in enumerate(given, 1)]
    shares = [one.percentage for one in stages]
    if desk.reading.strict_stages and (shares != sorted(shares) or shares[-1] != 100):
        bodies.invalid(desk, "stages must rise to 100", field="strategy.stages")
    return stages


def _stage(desk: Desk, at: int, given: Any) -> Stage:
    place = f"strategy.stages[{at - 1}]"
    if not isinstance(given, dict):
        bodies.invalid(desk, "a stage must be an object", field=place)
    share = given.get("percentage")
    if not isinstance(share, int | float) or isinstance(share, bool) or not 0 < share <= 100:
        bodies.invalid(desk, "percentage must be more than 0 and at most 100", field=place)
    duration = given.get("duration", "0")
    found = _DURATION.fullmatch(str(duration))
    if found is None:
        bodies.invalid(desk, "duration must be a number with a unit", field=place)
    return Stage(number=at, percentage=share, duration=int(found[1]) * _SECONDS[found[2]])


def _switch(desk: Desk, rollout: Rollout) -> None:
    if desk.bent("rollout.switch", True, rollout=rollout):
        rollout.agent.version, rollout.agent.module = rollout.version, rollout.module


def _enter(desk: Desk, rollout: Rollout, place: int) -> None:
    if rollout.over:
        return
    if place >= len(rollout.stages):
        rollout.status = desk.bent("rollout.done", "completed", rollout=rollout)
        if desk.reading.version_switch == "end":
            _switch(desk, rollout)
        return
    rollout.status = "in_progress"
    stage = rollout.stages[place]
    stage.status, stage.started = "in_progress", desk.now()

    def leave() -> None:
        if not rollout.over:
            stage.status, stage.completed = "completed", desk.now()
            _enter(desk, rollout, desk.bent("rollout.next", place + 1, rollout=rollout))

    duration = desk.bent("rollout.duration", stage.duration, stage=stage)
    if duration == 0:
        leave()
    else:
        desk.clock.later(duration, leave)


def watch(desk: Desk, agent: Agent) -> None:
    """Errors of an agent may roll its deployments back."""
    for rollout in desk.rollouts.values():
        if rollout.agent is agent and not rollout.over and rollout.guarded:
            done, lost = _traffic(rollout)
            beyond = lost / max(1, done + lost) > rollout.threshold
            if desk.bent("rollout.beyond", beyond, rollout=rollout):
                _reverted(desk, rollout)


def failed(desk: Desk, agent: Agent) -> None:
    """An agent has crashed under its deployments."""
    for rollout in desk.rollouts.values():
        if rollout.agent is agent and not rollout.over:
            agent.failures.append(desk.now())
            if desk.bent("rollout.guarded", rollout.guarded, rollout=rollout):
                _reverted(desk, rollout)
            else:
                rollout.status = "failed"


def _traffic(rollout: Rollout) -> tuple[int, int]:
    done, lost = (
        len([at for at in times if at >= rollout.created])
        for times in (rollout.agent.worked, rollout.agent.failures)
    )
    return done, lost


def _reverted(desk: Desk, rollout: Rollout) -> None:
    rollout.status = desk.reading.reverted
    back = desk.bent("rollback.to", rollout.before, rollout=rollout)
    rollout.agent.version, rollout.agent.module = back


# Looking and rolling back.


def _found(turn: Turn) -> Rollout:
    desk = turn.desk
    rollout = desk.rollouts.get(turn.who)
    if rollout is None and desk.reading.every_deployment and turn.who in desk.small_rollouts:
        rollout = _small(desk, turn.who)
    if rollout is None:
        code = _UNKNOWN[desk.reading.codes]
        words = f"there is no deployment '{turn.who}'"
        raise RefusedError(
            Refusal(status=404, code=code, words=words, details={"deployment_id": turn.who})
        )
    return rollout


def _small(desk: Desk, number: str) -> Rollout:
    """A deployment that was made on the way, and is over."""
    agent, at = desk.small_rollouts[number]
    stage = Stage(
        number=1, percentage=100, duration=0.0, status="completed", started=at, completed=at
    )
    return Rollout(
        id=number,
        agent=agent,
        module=agent.module,
        version=agent.version,
        before=(agent.version, agent.module),
        stages=[stage],
        created=at,
        status="completed",
    )


def get(turn: Turn) -> Answer:
    """How far a deployment has come."""
    desk, rollout = turn.desk, _found(turn)
    done, lost = _traffic(rollout)
    reached = [one for one in rollout.stages if one.started is not None]
    current = reached[-1] if reached else None
    back = rollout.status in _BACK
    shown = reached if desk.reading.stages_listed == "started" else rollout.stages
    body = {
        "deployment_id": rollout.id,
        "status": rollout.status,
        "current_stage": current.number if current else 0,
        "current_percentage": current.percentage if current and not back else 0,
        "metrics": {
            "success_rate": round(done / (done + lost), 4) if done + lost else 1.0,
            "error_count": lost,
            "latency_p99": 25.25 if done else 0.0,
        },
        "stages": [_row(desk, one) for one in shown],
    }
    return shapes.good(desk, 200, desk.bent("rollout.body", body, rollout=rollout))


def _row(desk: Desk, stage: Stage) -> Obj:
    status = desk.reading.waiting if stage.status == "pending" else stage.status
    row: Obj = {"stage": stage.number, "percentage": stage.percentage, "status": status}
    if stage.started is not None:
        row["started_at"] = desk.stamp(stage.started)
    if stage.completed is not None:
        row["completed_at"] = desk.stamp(stage.completed)
    return row


def rollback(turn: Turn) -> Answer:
    """Back to the version before."""
    desk, rollout = turn.desk, _found(turn)
    data = bodies.maybe_object(turn)
    bodies.text(desk, data, "reason")
    again = rollout.status in _BACK
    if again and desk.reading.second_rollback == 409:
        raise conflict(desk, f"the deployment is {rollout.status}", status=rollout.status)
    seconds = desk.reading.rollback_seconds
    if not again and desk.bent("rollback.acts", True, rollout=rollout):
        rollout.status = "rolling_back"
        desk.clock.later(seconds, lambda: _reverted(desk, rollout))
    body = {
        "deployment_id": rollout.id,
        "status": "rolling_back",
        "rollback_to_version": rollout.before[0],
        "estimated_completion": desk.stamp(desk.now() + seconds),
    }
    return shapes.good(desk, desk.reading.accepted, body)
