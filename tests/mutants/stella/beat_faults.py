"""Faults in heartbeats and in the status that follows from them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from .fault import Beat, Seed, Turn, Update, prefixed, table
from .model import Agent, Obj
from .seeds import answering, neighbour, refusing

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["BEAT_FAULTS"]


def _missed(desk: Desk, agent: Agent) -> float:
    return (desk.now() - agent.life) / agent.interval


def _lost_at(intervals: float) -> Seed:
    """Offline after so many intervals."""

    def judge(desk: Desk, agent: Agent, status: str) -> str:
        if agent.beat is None:
            return status
        if _missed(desk, agent) >= intervals:
            return "offline"
        return "online" if status == "offline" else status

    return Seed(status=judge)


def _always(word: str) -> Seed:
    return Seed(status=lambda desk, agent, status: word if agent.beat is not None else status)


def _lost_for_ever(desk: Desk, agent: Agent, status: str) -> str:
    if agent.beat is not None and status == "offline":
        desk.memo[agent.id] = True
    return "offline" if agent.id in desk.memo else status


def _by_newest_beat(desk: Desk, agent: Agent, status: str) -> str:
    """One agent's heartbeat keeps all of them alive."""
    beats = [one.life for one in desk.agents.values() if one.beat is not None]
    if agent.beat is None or not beats:
        return status
    alive = desk.now() - max(beats) < 3 * agent.interval
    return "online" if alive and status == "offline" else status


def _by_oldest_beat(desk: Desk, agent: Agent, status: str) -> str:
    """One agent's silence takes the others along."""
    lost = any(one.beat is not None and _missed(desk, one) >= 3 for one in desk.agents.values())
    return "offline" if lost and agent.beat is not None else status


def _first_agent_only(desk: Desk, agent: Agent, status: str) -> str:
    return "online" if agent.nth > 1 and agent.beat is not None else status


def _by_registration(desk: Desk, agent: Agent, status: str) -> str:
    """Offline three intervals after the registration, whatever was heard since."""
    late = desk.now() - agent.registered >= 3 * agent.interval
    return "offline" if late and agent.beat is not None else status


def _degraded_for_offline(desk: Desk, agent: Agent, status: str) -> str:
    return "degraded" if status == "offline" and agent.beat is not None else status


def _second_beat(one: Beat) -> None:
    """Only every second one counts."""
    beats = one.desk.memo.get(one.agent.id, 0) + 1
    one.desk.memo[one.agent.id] = beats
    if beats % 2 == 0:
        one.revives, one.at = False, one.agent.beat or one.at


def _first_beat_only(one: Beat) -> None:
    if one.agent.beat is not None:
        one.revives, one.at = False, one.agent.beat


def _no_revival(one: Beat) -> None:
    if one.agent.beat is not None and one.desk.status(one.agent) == "offline":
        one.revives = False


def _frozen(one: Beat) -> None:
    one.at = one.agent.beat or one.at
    one.agent.life = one.desk.now()
    one.revives = False


def _previous(one: Beat) -> None:
    """`lastHeartbeat` tells of the one before."""
    before = one.desk.memo.get(one.agent.id, one.agent.registered)
    one.desk.memo[one.agent.id] = one.at
    one.agent.life, one.revives, one.at = one.at, False, before


def _ahead(seconds: float) -> Seed:
    def spoil(one: Beat) -> None:
        one.agent.life, one.revives = one.at, False
        one.at += seconds

    return Seed(beat=spoil)


def _to_neighbour(one: Beat) -> None:
    other = neighbour(one.desk, one.agent)
    if other is not None:
        one.agent = other


def _time_to_neighbour(one: Beat) -> None:
    other = neighbour(one.desk, one.agent)
    if other is not None:
        other.beat, other.life = one.at, one.at


def _time_to_all(one: Beat) -> None:
    for other in one.desk.agents.values():
        other.life = one.at
        other.beat = one.at if other.beat is not None else None


def _usage_to_all(one: Beat) -> None:
    for other in one.desk.agents.values():
        other.usage = one.data.get("resourceUsage") or other.usage


def _usage_swapped(one: Beat) -> None:
    usage = one.data.get("resourceUsage")
    if isinstance(usage, dict) and {"cpu", "memory"} <= {*usage}:
        changed = {**usage, "cpu": usage["memory"], "memory": usage["cpu"]}
        one.data = {**one.data, "resourceUsage": changed}


def _usage(change: Any) -> Seed:
    def spoil(one: Beat) -> None:
        usage = one.data.get("resourceUsage")
        if isinstance(usage, dict):
            one.data = {**one.data, "resourceUsage": change(one, usage)}

    return Seed(beat=spoil)


def _kept(one: Beat, usage: Obj) -> Obj:
    return one.agent.usage or usage


def _kept_memory(one: Beat, usage: Obj) -> Obj:
    return {**usage, "memory": (one.agent.usage or usage).get("memory")}


def _kept_cpu(one: Beat, usage: Obj) -> Obj:
    return {**usage, "cpu": (one.agent.usage or usage).get("cpu")}


def _whole(one: Beat, usage: Obj) -> Obj:
    return {name: int(value) for name, value in usage.items()}


def _as_share(one: Beat, usage: Obj) -> Obj:
    return {name: value / 100 for name, value in usage.items()}


def _mean(one: Beat, usage: Obj) -> Obj:
    before = one.agent.usage or usage
    return {name: (value + before.get(name, value)) / 2 for name, value in usage.items()}


def _previous_usage(one: Beat, usage: Obj) -> Obj:
    before = one.desk.memo.get(("usage", one.agent.id), {"cpu": 0.0, "memory": 0.0})
    one.desk.memo[("usage", one.agent.id)] = usage
    return dict(before)


def _peak(one: Beat, usage: Obj) -> Obj:
    before = one.agent.usage or usage
    return {name: max(value, before.get(name, value)) for name, value in usage.items()}


def _usage_of_newest(desk: Desk, agent: Agent, where: str, row: Obj) -> None:
    usages = [one.usage for one in desk.agents.values() if one.usage is not None]
    if usages and agent.usage is not None:
        row["resourceUsage"] = {name: usages[-1].get(name) for name in ("cpu", "memory")}


def _time_of_newest(desk: Desk, agent: Agent, where: str, row: Obj) -> None:
    beats = [one.beat for one in desk.agents.values() if one.beat is not None]
    if beats and agent.beat is not None:
        row["lastHeartbeat"] = desk.stamp(max(beats))


def _time_of_call(desk: Desk, agent: Agent, where: str, row: Obj) -> None:
    row["lastHeartbeat"] = desk.stamp(desk.now())


def _renames(one: Beat) -> None:
    one.agent.labels = {}


def _comes_back_bare(one: Beat) -> None:
    if one.agent.beat is not None and one.desk.status(one.agent) == "offline":
        one.agent.labels = {}


def _comes_back_idle(one: Beat) -> None:
    if one.agent.beat is not None and one.desk.status(one.agent) == "offline":
        one.agent.targets.clear()


def _remember_labels(one: Update) -> None:
    one.desk.memo.setdefault(("labels", one.agent.id), dict(one.agent.labels))


def _restores_labels(one: Beat) -> None:
    """As they were before the first change."""
    before = one.desk.memo.get(("labels", one.agent.id))
    if before is not None:
        one.agent.labels = dict(before)


def _forgets(desk: Desk, agent: Agent, where: str, row: Obj) -> None:
    if row["status"] == "offline":
        row["lastHeartbeat"] = None


def _skills_to_all(one: Beat) -> None:
    skills = one.data.get("capabilities")
    for agent in one.desk.agents.values():
        agent.capabilities = [*skills] if isinstance(skills, list) else agent.capabilities


def _clears_targets(one: Beat) -> None:
    one.agent.targets.clear()


def _data(turn: Turn) -> Obj:
    """The body, which is read only after the gate."""
    try:
        data = json.loads(turn.call.body)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _nothing(turn: Turn) -> None:
    turn.answer.body = {}


def _bare_list(turn: Turn) -> None:
    turn.answer.body = turn.answer.body["tasks"]


def _accepted(turn: Turn) -> None:
    turn.answer.status = 202


def _no_content(turn: Turn) -> None:
    turn.answer.status, turn.answer.text, turn.answer.media = 204, "", ""


def _agents_of(turn: Turn) -> int:
    return len(turn.desk.agents)


_STATUS: Final = (
    ("offline.two", "an agent is offline after two intervals", _lost_at(2.0)),
    ("offline.one", "an agent is offline after one interval", _lost_at(1.0)),
    ("offline.half", "an agent is offline after half an interval", _lost_at(0.5)),
    ("offline.almost", "an agent is offline after two and a half intervals", _lost_at(2.5)),
    ("offline.six", "an agent is offline after six intervals", _lost_at(6.0)),
    ("offline.ten", "an agent is offline after ten intervals", _lost_at(10.0)),
    ("offline.hour", "an agent is offline after 120 intervals", _lost_at(120.0)),
    ("offline.never", "an agent is never offline again", _lost_at(1e9)),
    ("offline.always", "an agent is offline in spite of heartbeats", _always("offline")),
    ("offline.for_ever", "an agent that was offline stays so", Seed(status=_lost_for_ever)),
    (
        "offline.as_degraded",
        "an agent that missed its heartbeats is degraded",
        Seed(status=_degraded_for_offline),
    ),
    (
        "offline.by_registration",
        "an agent is offline three intervals after its registration",
        Seed(status=_by_registration),
    ),
    (
        "offline.any_keeps_all",
        "one agent's heartbeats keep all online",
        Seed(status=_by_newest_beat),
    ),
    (
        "offline.one_takes_all",
        "one agent's silence makes all offline",
        Seed(status=_by_oldest_beat),
    ),
    (
        "offline.first_agent_only",
        "only the first agent is ever offline",
        Seed(status=_first_agent_only),
    ),
    ("offline.no_revival", "a heartbeat does not bring an agent back", Seed(beat=_no_revival)),
    ("counts.every_second", "each second heartbeat does not count", Seed(beat=_second_beat)),
    ("counts.first_only", "only the first heartbeat counts", Seed(beat=_first_beat_only)),
    ("counts.for_neighbour", "a heartbeat is noted for another agent", Seed(beat=_to_neighbour)),
    (
        "~counts.for_neighbour_too",
        "a heartbeat counts for another agent as well",
        Seed(beaten=_time_to_neighbour),
    ),
    ("counts.for_all", "a heartbeat counts for all agents", Seed(beaten=_time_to_all)),
)

_SHOWN: Final = (
    ("time.frozen", "`lastHeartbeat` stays at the first", Seed(beat=_frozen)),
    ("time.previous", "`lastHeartbeat` is that of the one before", Seed(beat=_previous)),
    ("time.future", "`lastHeartbeat` is an hour ahead", _ahead(3600)),
    ("time.past", "`lastHeartbeat` is two hours late", _ahead(-7200)),
    ("time.newest", "`lastHeartbeat` is that of any agent", Seed(shown=_time_of_newest)),
    ("time.now", "`lastHeartbeat` is the moment of asking", Seed(shown=_time_of_call)),
    ("usage.frozen", "`resourceUsage` stays at the first", _usage(_kept)),
    ("usage.memory_frozen", "`memory` stays at the first", _usage(_kept_memory)),
    ("usage.cpu_frozen", "`cpu` stays at the first", _usage(_kept_cpu)),
    ("~usage.whole", "`resourceUsage` loses its fractions", _usage(_whole)),
    ("usage.share", "`resourceUsage` is a share of 1", _usage(_as_share)),
    ("~usage.mean", "`resourceUsage` is a mean with the one before", _usage(_mean)),
    ("usage.previous", "`resourceUsage` is that of the heartbeat before", _usage(_previous_usage)),
    ("~usage.peak", "`resourceUsage` only rises", _usage(_peak)),
    ("usage.swapped", "`cpu` and `memory` are exchanged", Seed(beat=_usage_swapped)),
    ("usage.to_all", "`resourceUsage` is noted for all agents", Seed(beaten=_usage_to_all)),
    ("usage.newest", "`resourceUsage` is that of the last agent", Seed(shown=_usage_of_newest)),
    ("skills.to_all", "`capabilities` are noted for all agents", Seed(beaten=_skills_to_all)),
    (
        "restores.labels",
        "a heartbeat brings the labels back that were before a change",
        Seed(update=_remember_labels, beaten=_restores_labels),
    ),
    ("~offline.forgets", "an agent that is offline has no `lastHeartbeat`", Seed(shown=_forgets)),
    ("~clears.labels", "a heartbeat clears the labels", Seed(beaten=_renames)),
    ("~back.bare", "who comes back has lost its labels", Seed(beat=_comes_back_bare)),
    ("~back.idle", "who comes back has lost its targets", Seed(beat=_comes_back_idle)),
    ("~clears.targets", "a heartbeat clears the assigned targets", Seed(beaten=_clears_targets)),
)

_CALLS: Final = (
    ("answer.empty", "the answer is an empty object", answering("heartbeat", _nothing)),
    ("answer.list", "the answer is a bare list of tasks", answering("heartbeat", _bare_list)),
    ("answer.202", "a heartbeat is answered with 202", answering("heartbeat", _accepted)),
    ("answer.204", "a heartbeat is answered with 204", answering("heartbeat", _no_content)),
    (
        "refuses.third",
        "the third heartbeat is refused",
        refusing("heartbeat", lambda turn: turn.nth == 3, 500),
    ),
    (
        "refuses.second_agent",
        "only one agent may send heartbeats",
        refusing(
            "heartbeat",
            lambda turn: turn.agent is not None and turn.agent.nth > 1 and _agents_of(turn) > 1,
            409,
        ),
    ),
    (
        "refuses.idle",
        "a heartbeat without running tasks is refused",
        refusing("heartbeat", lambda turn: _data(turn).get("runningTasks") == 0, 400),
    ),
    (
        "refuses.fraction",
        "usage with a fraction is refused",
        refusing(
            "heartbeat",
            lambda turn: isinstance((_data(turn).get("resourceUsage") or {}).get("cpu"), float),
            400,
        ),
    ),
    (
        "~refuses.quick",
        "two heartbeats within an interval are refused",
        refusing(
            "heartbeat",
            lambda turn: (
                turn.agent is not None
                and turn.agent.beat is not None
                and turn.desk.now() - turn.agent.beat < 5
            ),
            429,
        ),
    ),
    (
        "refuses.first",
        "an agent's first heartbeat is refused",
        refusing(
            "heartbeat",
            lambda turn: (
                turn.agent is not None
                and turn.agent.beat is None
                and turn.memo.setdefault(turn.who, turn.nth) == turn.nth
            ),
            500,
        ),
    ),
)

BEAT_FAULTS: Final = (
    *table("Send Heartbeat", prefixed("beat.", _STATUS)),
    *table("Send Heartbeat", prefixed("beat.", _SHOWN)),
    *table("Send Heartbeat", prefixed("beat.", _CALLS)),
)
"""Faults of heartbeats."""
