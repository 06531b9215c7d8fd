"""Faults in deployments of new versions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from .fault import Fault, Row, Seed, Spot, at, table
from .model import Answer
from .seeds import always, never, on_body, other_agent

__all__ = ["ROLLOUT_FAULTS"]


def _body(change: Any) -> Seed:
    def bend(body: Any, spot: Spot) -> Any:
        change(body, spot)
        return body

    return at("rollout.body", bend)


def _stages(change: Any) -> Seed:
    """Change every stage of the answer, with its place from 0."""
    return _body(lambda b, s: [change(one, place) for place, one in enumerate(b["stages"])])


def _elsewhere(goes: Any, spot: Spot) -> Any:
    rollout = spot["rollout"]
    other = other_agent(spot, rollout.agent)
    other.version = rollout.version
    return False


def _everywhere(goes: Any, spot: Spot) -> Any:
    for agent in spot.desk.agents.values():
        agent.version = spot["rollout"].version
    return goes


def _all_under_way(acts: Any, spot: Spot) -> Any:
    for rollout in spot.desk.rollouts.values():
        if rollout.status == "in_progress":
            rollout.status = "rolling_back"
    return acts


def _all_back(before: Any, spot: Spot) -> Any:
    for agent in spot.desk.agents.values():
        agent.version = "0.0.2"
    return before


def _unskilled(goes: Any, spot: Spot) -> Any:
    spot["rollout"].agent.capabilities = ()
    return goes


def _unlimited(goes: Any, spot: Spot) -> Any:
    spot["rollout"].agent.memory = "64MB"
    return goes


def _supersedes(fine: Any, spot: Spot) -> Any:
    """What is no module ends all that is under way."""
    if not fine and spot["op"] == "deployment":
        for rollout in spot.desk.rollouts.values():
            rollout.status = "superseded"
    return fine


def _wrong_version(goes: Any, spot: Spot) -> Any:
    spot["rollout"].version += "-rc1"
    return goes


def _all_at_once(stages: Any, spot: Spot) -> Any:
    return [replace(stages[-1], number=1)]


def _numbered(stages: Any, spot: Spot) -> Any:
    return [replace(one, number=place) for place, one in enumerate(stages)]


def _even(stages: Any, spot: Spot) -> Any:
    return [
        replace(one, percentage=round(100 * place / len(stages)))
        for place, one in enumerate(stages, 1)
    ]


def _twice(body: Any, spot: Spot) -> None:
    body["stages"] = [*body["stages"], *body["stages"][-1:]]


def _all_done(body: Any, spot: Spot) -> None:
    for one in body["stages"]:
        one["status"] = "completed"


def _done_when_back(body: Any, spot: Spot) -> None:
    if body["status"] in ("rolling_back", "rolled_back"):
        known = spot.desk.rollouts[body["deployment_id"]].stages
        body["stages"] = [{"stage": s.number, "percentage": s.percentage} for s in known]
        _all_done(body, spot)


def _shared(body: Any, spot: Spot) -> None:
    """Each of its stages has the percentage of the first one that anybody is shown."""
    known = spot.memo.setdefault("stages", body["deployment_id"])
    stages = spot.desk.rollouts[known].stages
    for one, other in zip(body["stages"], stages, strict=False):
        one["percentage"] = other.percentage


def _halts(body: Any, spot: Spot) -> None:
    spot.desk.rollouts[body["deployment_id"]].agent.state = "stopped"


def _again(answer: Any, spot: Spot) -> Any:
    turn = spot["turn"]
    if turn.op == "rollback":
        if turn.who in spot.memo:
            answer.status = 500
        spot.memo[turn.who] = True
    return answer


def _no_blue(nothing: Any, spot: Spot) -> Any:
    """A documented strategy is not known."""
    turn = spot["turn"]
    if turn.op != "create_deployment" or b"blue_green" not in turn.call.body:
        return nothing
    error = {"code": "INVALID_REQUEST", "message": "?", "details": {}, "trace_id": "trace_0"}
    return Answer(status=400, body={"error": error})


def _beyond(body: dict[str, Any], spot: Spot) -> None:
    if body.get("status") == "completed" and isinstance(body.get("stages"), list):
        body["current_stage"] = len(body["stages"]) + 1


_WATCHED: Final[tuple[Row, ...]] = (
    (
        "stages.reversed",
        "the stages are listed backwards",
        _body(lambda b, s: b["stages"].reverse()),
    ),
    ("stages.from_zero", "stages are counted from 0", at("stages", _numbered)),
    ("stages.even", "the percentages are not those of the request", at("stages", _even)),
    ("stages.one", "the deployment goes to everybody at once", at("stages", _all_at_once)),
    ("stages.lost", "the last stage is forgotten", at("stages", lambda v, s: v[:-1] or v)),
    ("stages.twice", "the latest stage is listed twice", _body(_twice)),
    ("stages.shared", "all deployments have the stages of the first", _body(_shared)),
    ("stages.same", "all stages have one number", _stages(lambda one, at: one.update(stage=1))),
    (
        "stages.fraction",
        "percentages are fractions",
        _stages(lambda one, at: one.update(percentage=one["percentage"] / 100)),
    ),
    ("stages.done", "the current stage is completed already", _body(_all_done)),
    (
        "~stages.back_done",
        "what was taken back shows all its stages as completed",
        _body(_done_when_back),
    ),
    (
        "stage.one_ahead",
        "current_stage is one ahead",
        _body(lambda b, s: b.update(current_stage=b["current_stage"] + 1)),
    ),
    (
        "stage.one_behind",
        "current_stage is one behind",
        _body(lambda b, s: b.update(current_stage=b["current_stage"] - 1)),
    ),
    ("stage.first", "current_stage is always 1", _body(lambda b, s: b.update(current_stage=1))),
    (
        "percentage.next",
        "current_percentage is not that of the stage",
        _body(lambda b, s: b.update(current_percentage=b["current_percentage"] + 7)),
    ),
    (
        "percentage.full",
        "current_percentage is always 100",
        _body(lambda b, s: b.update(current_percentage=100)),
    ),
    (
        "percentage.fraction",
        "current_percentage is a fraction",
        _body(lambda b, s: b.update(current_percentage=b["current_percentage"] / 100)),
    ),
    ("~pace.skips", "a canary skips its second stage", at("rollout.next", lambda v, s: v + 1)),
    ("~pace.hasty", "stages do not last", at("rollout.duration", always(0))),
    ("~pace.forever", "stages never end", at("rollout.duration", lambda v, s: 10**9)),
    ("~pace.minutes", "minutes are taken for seconds", at("rollout.duration", lambda v, s: v / 60)),
    (
        "~pace.loops",
        "the second stage leads back to the first",
        at("rollout.next", lambda v, s: 0 if v == 2 and s.nth < 9 else v),
    ),
    (
        "~done.never",
        "a deployment that is through stays in progress",
        at("rollout.done", always("in_progress")),
    ),
    (
        "~done.failed",
        "a deployment that is through has failed",
        at("rollout.done", always("failed")),
    ),
    ("halts", "the agent is stopped while its deployment is under way", _body(_halts)),
    ("~version.ignored", "the agent keeps its version", at("rollout.switch", never)),
    ("version.everywhere", "all agents get the version", at("rollout.switch", _everywhere)),
    ("~unlearns", "what the agent can do is lost", at("rollout.switch", _unskilled)),
    ("limits", "the memory limit is forgotten", at("rollout.switch", _unlimited)),
    ("~version.elsewhere", "another agent gets the version", at("rollout.switch", _elsewhere)),
    (
        "~version.other",
        "the agent gets another version than asked for",
        at("rollout.switch", _wrong_version),
    ),
    (
        "rate.percent",
        "success_rate is a percentage",
        _body(lambda b, s: b["metrics"].update(success_rate=b["metrics"]["success_rate"] * 100)),
    ),
    (
        "~rate.contradicts",
        "success_rate is 1 in spite of errors",
        _body(
            lambda b, s: b["metrics"].update(
                success_rate=1.0, error_count=b["metrics"]["error_count"] + 5
            )
        ),
    ),
    ("~stage.beyond", "one that is completed is in the stage after its last", _body(_beyond)),
    (
        "other",
        "the deployment of somebody else is shown",
        _body(lambda b, s: b.update(deployment_id=next(iter(s.desk.rollouts)))),
    ),
)

_BACK: Final[tuple[Row, ...]] = (
    ("ignored", "the deployment goes on", at("rollback.acts", never)),
    (
        "version.new",
        "the answer names the new version",
        on_body("rollback", lambda b, s: b.update(rollback_to_version="5.0.0")),
    ),
    (
        "version.first",
        "the answer always names 1.0.0",
        on_body("rollback", lambda b, s: b.update(rollback_to_version="1.0.0")),
    ),
    (
        "~stays",
        "the agent keeps the new version",
        at("rollback.to", lambda v, s: (s["rollout"].version, v[1])),
    ),
    ("beside", "all deployments under way are taken back", at("rollback.acts", _all_under_way)),
    ("everywhere", "all agents fall back", at("rollback.to", _all_back)),
    (
        "~initial",
        "the agent falls back to its first version",
        at("rollback.to", lambda v, s: ("0.0.1", v[1])),
    ),
    (
        "id.other",
        "the answer names another deployment",
        on_body("rollback", lambda b, s: b.update(deployment_id=b["deployment_id"] + "0")),
    ),
    ("~again.internal", "a second rollback is an internal error", at("answer", _again)),
    (
        "~threshold.always",
        "a crash rolls back what is not guarded",
        at("rollout.guarded", always(True)),
    ),
    (
        "~errors.ignored",
        "errors beyond the threshold are borne",
        at("rollout.beyond", never),
    ),
)

_MADE: Final[tuple[Row, ...]] = (
    (
        "~status.completed",
        "a new deployment is completed",
        on_body("create_deployment", lambda b, s: b.update(status="completed")),
    ),
    (
        "~status.failed",
        "a new deployment has failed",
        on_body("create_deployment", lambda b, s: b.update(status="failed")),
    ),
    (
        "id.other",
        "the answer names an id that does not exist",
        on_body("create_deployment", lambda b, s: b.update(deployment_id=b["deployment_id"] + "0")),
    ),
    (
        "id.agent",
        "the answer gives the agent's id for the deployment's",
        on_body(
            "create_deployment", lambda b, s: b.update(deployment_id=next(iter(s.desk.agents)))
        ),
    ),
    ("strategy.unknown", "blue_green is no strategy", at("early", _no_blue)),
    (
        "wasm.unchecked",
        "any bytes pass for a module",
        at("wasm", lambda fine, spot: fine or spot["op"] == "deployment"),
    ),
    ("refused.supersedes", "a refused one ends those under way", at("wasm", _supersedes)),
)

ROLLOUT_FAULTS: Final[tuple[Fault, ...]] = (
    *table("Monitor Deployment", _WATCHED, prefix="deployment."),
    *table("Rollback Deployment", _BACK, prefix="rollback."),
    *table("Create Deployment", _MADE, prefix="create_deployment."),
)
