"""Faults in the life of an agent: deploying, changing, and what its status says."""

from __future__ import annotations

from typing import Any, Final

from .fault import Bend, Fault, Row, Seed, Spot, at, table
from .model import Agent, Answer
from .seeds import always, never, on_body, other_agent, stays
from .wasm import HEADER

__all__ = ["LIFE_FAULTS"]


def _stored(change: Any) -> Seed:
    def bend(agent: Any, spot: Spot) -> Any:
        change(agent, spot)
        return agent

    return at("deploy.stored", bend)


def _set(name: str, value: Any) -> Seed:
    return _stored(lambda agent, spot: setattr(agent, name, value))


def _forgotten(agent: Agent, spot: Spot) -> None:
    if spot.nth % 3 == 0:
        del spot.desk.agents[agent.id]


def _replaces(agent: Agent, spot: Spot) -> None:
    for one in [*spot.desk.agents.values()][:-1][-1:]:
        del spot.desk.agents[one.id]


def _same_id(agent: Agent, spot: Spot) -> None:
    first = spot.memo.setdefault("id", agent.id)
    spot.desk.agents[first] = spot.desk.agents.pop(agent.id)
    agent.id = first


def _shared_config(agent: Agent, spot: Spot) -> None:
    for one in spot.desk.agents.values():
        one.memory, one.cpu = agent.memory, agent.cpu


def _holder(op: str) -> Bend:
    return lambda holder, spot: None if not op or spot["op"] == op else holder


def _idle_holder(holder: Any, spot: Spot) -> Any:
    return None if holder is not None and holder.state != "running" else holder


def _failed_holder(holder: Any, spot: Spot) -> Any:
    return None if holder is not None and holder.state == "failed" else holder


def _unchanged_holder(holder: Any, spot: Spot) -> Any:
    changed = holder is not None and holder.version != spot.desk.reading.first_version
    return None if changed else holder


def _same_letters(holder: Any, spot: Spot) -> Any:
    name = spot["name"][:3]
    return holder or next((x for x in spot.desk.agents.values() if x.name[:3] == name), None)


def _was_used(holder: Any, spot: Spot) -> Any:
    used = spot.memo.setdefault("used", set())
    taken = holder or (spot["name"] if spot["name"] in used else None)
    if spot["op"] in ("deploy", "grpc"):
        used.add(spot["name"])
    return taken


def _wasm(op: str) -> Seed:
    return at("wasm", lambda fine, spot: fine or spot["op"] == op)


def _lax_wasm(enough: bytes) -> Seed:
    return at("wasm", lambda fine, spot: fine or spot["raw"].startswith(enough))


def _again(change: Any) -> Seed:
    """Change an agent whose name was in use before."""

    def again(agent: Any, spot: Spot) -> Any:
        if agent.name in spot.memo:
            change(agent, spot.memo[agent.name], spot)
        spot.memo[agent.name] = agent
        return agent

    return at("deploy.stored", again)


def _old_id(agent: Agent, old: Agent, spot: Spot) -> None:
    del spot.desk.agents[agent.id]
    agent.id = old.id
    spot.desk.agents[agent.id] = agent


def _old_counts(agent: Agent, old: Agent, spot: Spot) -> None:
    agent.worked, agent.failures = [*old.worked, 0.0], [*old.failures]


def _old_state(agent: Agent, old: Agent, spot: Spot) -> None:
    agent.state = old.state


_NEW: Final[tuple[Row, ...]] = (
    ("name.taken", "a name in use is taken again", at("name.holder", _holder(""))),
    (
        "name.taken_idle",
        "the name of a stopped agent counts as free",
        at("name.holder", _idle_holder),
    ),
    (
        "name.taken_failed",
        "the name of an agent that has failed counts as free",
        at("name.holder", _failed_holder),
    ),
    (
        "name.taken_changed",
        "the name of an agent that has another version by now counts as free",
        at("name.holder", _unchanged_holder),
    ),
    ("name.kept", "the name of a removed agent stays in use", at("name.holder", _was_used)),
    (
        "~name.similar",
        "names with one beginning exclude each other",
        at("name.holder", _same_letters),
    ),
    (
        "name.upper",
        "the name is stored in capitals",
        _stored(lambda a, s: setattr(a, "name", a.name.upper())),
    ),
    (
        "name.short",
        "the name is cut after four letters",
        _stored(lambda a, s: setattr(a, "name", a.name[:4])),
    ),
    ("~again.same_id", "a name's second agent has the id of its first", _again(_old_id)),
    ("~again.counts", "a name's second agent goes on counting messages", _again(_old_counts)),
    ("again.state", "a name's second agent is stopped like its first", _again(_old_state)),
    ("forgotten", "every third agent is not kept", _stored(_forgotten)),
    ("replaces", "a new agent takes the place of the one before", _stored(_replaces)),
    ("same_id", "all agents get the id of the first", _stored(_same_id)),
    ("memory.ignored", "the memory limit is not that of the config", _set("memory", "64MB")),
    ("~cpu.ignored", "the CPU limit is not that of the config", _set("cpu", "5")),
    ("~limits.shared", "the latest limits hold for all agents", _stored(_shared_config)),
    ("~strategy.ignored", "the strategy of the config is not kept", _set("strategy", "rolling")),
    ("~state.unloaded", "a deployed agent is `unloaded`", at("deploy.state", always("unloaded"))),
    ("~state.failed", "every agent fails at once", at("deploy.state", always("failed"))),
    (
        "~state.stuck",
        "agents are loaded and never run",
        at("deploy.state", always("loaded"), state=lambda s, _: "loaded" if s == "running" else s),
    ),
    (
        "~state.two",
        "`status` and `lifecycle_state` contradict each other",
        on_body("deploy", lambda body, s: body.update(lifecycle_state="stopped")),
    ),
    ("wasm.unchecked", "any bytes pass for a module", _wasm("deploy")),
    ("wasm.magic_only", "the version of the module is not looked at", _lax_wasm(b"\0asm")),
    (
        "wasm.short",
        "a module may end within its header",
        at("wasm", lambda f, s: f or HEADER.startswith(s["raw"])),
    ),
    ("wasm.everything", "modules are not looked at anywhere", at("wasm", always(True))),
)


def _switched(event: str, change: Any) -> Seed:
    """What happens instead when a change takes effect; False where nothing else does."""

    def bend(goes: Any, spot: Spot) -> Any:
        return goes if spot["event"] != event else change(spot["agent"], spot)

    return at("switch", bend)


def _breaks(agent: Agent, spot: Spot) -> bool:
    agent.state = "stopped"
    return True


def _forgets_traffic(agent: Agent, spot: Spot) -> bool:
    agent.worked.clear()
    agent.born = spot.desk.now()
    return True


def _other_switch(agent: Agent, spot: Spot) -> bool:
    other = other_agent(spot, agent)
    other.version, other.module = f"9.9.{spot.nth}", agent.module
    return False


def _vanishes(agent: Agent, spot: Spot) -> bool:
    spot.desk.agents.pop(agent.id, None)
    return True


def _renamed(agent: Agent, spot: Spot) -> bool:
    agent.name += "-v2"
    return True


def _unlimited(agent: Agent, spot: Spot) -> bool:
    agent.memory = "64MB"
    return True


def _unskilled(agent: Agent, spot: Spot) -> bool:
    agent.capabilities = ()
    return True


def _changing(event: str) -> tuple[Row, ...]:
    return (
        ("elsewhere", "changes another agent", _switched(event, _other_switch)),
        ("stops", "stops the agent", _switched(event, _breaks)),
        ("vanishes", "takes the agent out of the system", _switched(event, _vanishes)),
        ("~renamed", "changes the agent's name", _switched(event, _renamed)),
        ("~forgets", "forgets the agent's traffic", _switched(event, _forgets_traffic)),
    )


def _versions(body: dict[str, Any], before: Any, after: Any) -> None:
    body["from_version"], body["to_version"] = before, after


_RELOAD: Final[tuple[Row, ...]] = (
    *_changing("agent.reloaded"),
    ("ignored", "has no effect", _switched("agent.reloaded", never)),
    ("~limits", "forgets the memory limit", _switched("agent.reloaded", _unlimited)),
    ("~unlearns", "what it can do is lost", _switched("agent.reloaded", _unskilled)),
    (
        "swapped",
        "says both versions the wrong way round",
        on_body("reload", lambda b, s: _versions(b, b["to_version"], b["from_version"])),
    ),
    (
        "from_new",
        "says the new version for both",
        on_body("reload", lambda b, s: _versions(b, b["to_version"], b["to_version"])),
    ),
    (
        "to_old",
        "says the old version for both",
        on_body("reload", lambda b, s: _versions(b, b["from_version"], b["from_version"])),
    ),
    (
        "to_fixed",
        "says 2.0.0 whatever comes",
        on_body("reload", lambda b, s: _versions(b, "1.0.0", "2.0.0")),
    ),
    ("wasm.unchecked", "takes any bytes for a module", _wasm("reload")),
)


def _no_resources(given: Any, spot: Spot) -> Any:
    return {key: value for key, value in given.items() if key != "resources"}


def _doubles_up(given: Any, spot: Spot) -> Any:
    spot["agent"].config = {"name": spot["agent"].name}
    return given


def _other_config(given: Any, spot: Spot) -> Any:
    other = other_agent(spot, spot["agent"])
    other.memory = given.get("resources", {}).get("memory", other.memory)
    return {}


def _too_large(nothing: Any, spot: Spot) -> Any:
    turn = spot["turn"]
    if turn.op != "update" or len(turn.call.body) < 100_000:
        return nothing
    error = {"code": "TOO_LARGE", "message": "?", "details": {}, "trace_id": "trace_0"}
    return Answer(status=413, body={"error": error})


def _refused_unlearns(refusal: Any, spot: Spot) -> Any:
    turn = spot["turn"]
    agent = spot.desk.agents.get(turn.who)
    if turn.op == "update" and agent is not None:
        agent.capabilities = ()
    return refusal


def _unlearnt(given: Any, spot: Spot) -> Any:
    return {**given, "capabilities": []}


_UPDATE: Final[tuple[Row, ...]] = (
    *_changing("agent.updated"),
    ("config.ignored", "ignores the resources", at("update.config", _no_resources)),
    ("config.elsewhere", "limits another agent", at("update.config", _other_config)),
    ("~config.replaced", "loses what it does not mention", at("update.config", _doubles_up)),
    ("wasm.unchecked", "takes any bytes for a module", _wasm("update")),
    ("~large", "a body of more than 100 kB is too large", at("early", _too_large)),
    ("~unlearns", "what it can do is lost", at("update.config", _unlearnt)),
    ("~refused.unlearns", "one that is refused loses it", at("refused", _refused_unlearns)),
)


def _hides(state: str) -> Bend:
    return lambda everybody, spot: [one for one in everybody if one.state != state]


_STATES: Final[tuple[Row, ...]] = (
    (
        "~crash.unseen",
        "a crash does not show in the status",
        at("state", lambda was, spot: "running" if was == "failed" else was),
    ),
    ("~crash.stopped", "a crashed agent counts as stopped", stays("failed", "stopped")),
    (
        "odd",
        "a running agent is `active`",
        at("status", lambda v, s: "active" if v == "running" else v),
    ),
    ("number", "the status is a number", at("status", lambda v, s: len(v))),
    (
        "two_minds",
        "list and details contradict each other",
        on_body(
            "get", lambda b, s: b.update(status="loaded" if b["status"] != "loaded" else "failed")
        ),
    ),
    (
        "list_stale",
        "the list says running for everybody",
        on_body("list", lambda b, s: [row.update(status="running") for row in b["agents"]]),
    ),
    ("hidden_stopped", "stopped agents are not listed", at("list.all", _hides("stopped"))),
    ("hidden_failed", "failed agents are not listed", at("list.all", _hides("failed"))),
    (
        "stranger",
        "details are those of another agent",
        at("agent.found", lambda agent, s: agent and other_agent(s, agent)),
    ),
    (
        "by_name",
        "an agent is found by a part of its id",
        at("agent.found", lambda agent, s: agent or next(iter(s.desk.agents.values()), None)),
    ),
)

LIFE_FAULTS: Final[tuple[Fault, ...]] = (
    *table("Deploy Agent", _NEW, prefix="deploy."),
    *table("Hot Reload Agent", _RELOAD, prefix="reload."),
    *table("Update Agent", _UPDATE, prefix="update."),
    *table("Agent Lifecycle States", _STATES, prefix="state."),
)
