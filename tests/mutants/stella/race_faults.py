"""Faults that show only when things happen at once, or not for the first time."""

from __future__ import annotations

from typing import Any, Final

from .fault import Beat, Creation, Delivery, Enrol, Push, Seed, Turn, sectioned
from .model import Agent, Obj, Op, Refusal
from .seeds import neighbour, refusing

__all__ = ["PAUSE", "RACE_FAULTS"]

PAUSE = 0.05
"""Seconds for which a race stays open."""


def _slow_name(one: Enrol) -> None:
    """The name is looked up, and stored a moment later."""
    one.pause = PAUSE


def _slow_token(one: Enrol) -> None:
    """Names are reserved at once, tokens are not."""
    one.pause = PAUSE
    reserved = one.desk.memo.setdefault("names", set())
    if one.refusal is None and one.name in reserved:
        one.refusal = Refusal(status=409, words="Agent name already registered")
    if one.refusal is None:
        reserved.add(one.name)


def _release_name(one: Enrol, agent: Agent) -> None:
    one.desk.memo["names"].discard(agent.name)


def _slow_name_only(one: Enrol) -> None:
    """Tokens are safe, names are not."""
    one.pause = PAUSE
    if one.token is not None and one.refusal is None:
        one.token.spent = True


def _shared_slot(one: Enrol) -> None:
    """The id lies in a variable that all registrations share."""
    one.pause = PAUSE
    if one.refusal is None:
        pending = one.desk.memo.setdefault("pending", [])
        one.agent_id = pending[0] if pending else one.desk.new_id()
        pending.append(one.agent_id)


def _clear_slot(one: Enrol, agent: Agent) -> None:
    pending: list[str] = one.desk.memo.get("pending", [])
    if pending:
        pending.pop()


def _shared_name(one: Enrol) -> None:
    """The name lies in a variable that all registrations share."""
    one.pause = PAUSE
    one.desk.memo["name"] = one.name


def _take_name(one: Enrol, agent: Agent) -> None:
    agent.name = one.desk.memo["name"]


def _lost_insert(one: Enrol) -> None:
    """The whole registry is read, and written back a moment later."""
    one.pause = PAUSE
    one.shown = {}
    one.desk.memo[id(one)] = dict(one.desk.agents)


def _write_back(one: Enrol, agent: Agent) -> None:
    kept = one.desk.memo.pop(id(one))
    one.desk.agents.clear()
    one.desk.agents.update({**kept, agent.id: agent})


def _slow_beat(one: Beat) -> None:
    """The body lies in a variable that all heartbeats share."""
    one.pause = PAUSE
    one.desk.memo["beat"] = one.data


def _shared_beat(one: Beat) -> None:
    one.agent.usage = one.desk.memo["beat"].get("resourceUsage")


_RACES: Final = (
    (
        "register.token_twice",
        "a token can be used twice at the same time",
        Seed(enrol=_slow_token, enrolled=_release_name),
    ),
    (
        "register.name_twice",
        "a name can be taken twice at the same time",
        Seed(enrol=_slow_name_only),
    ),
    ("register.both", "neither tokens nor names are safe from a race", Seed(enrol=_slow_name)),
    (
        "register.shared_id",
        "registrations at the same time get one id",
        Seed(enrol=_shared_slot, enrolled=_clear_slot),
    ),
    (
        "register.shared_name",
        "registrations at the same time get one name",
        Seed(enrol=_shared_name, enrolled=_take_name),
    ),
    (
        "register.lost",
        "of registrations at the same time one remains",
        Seed(enrol=_lost_insert, enrolled=_write_back),
    ),
    ("~update.lost", "of changes at the same time one remains", Seed(update_pause=PAUSE)),
    (
        "heartbeat.shared_usage",
        "heartbeats at the same time mix their usage",
        Seed(beat=_slow_beat, beaten=_shared_beat),
    ),
)


# Not the first time.


def _nth_refused(nth: int, status: int = 500) -> Seed:
    def spoil(one: Enrol) -> None:
        one.desk.memo["sound"] = one.desk.memo.get("sound", 0) + (one.refusal is None)
        if one.refusal is None and one.desk.memo["sound"] == nth:
            one.refusal = Refusal(status=status, words="pool exhausted")

    return Seed(enrol=spoil)


def _nth_shown(nth: int, shown: Obj) -> Seed:
    def spoil(one: Enrol) -> None:
        if len(one.desk.agents) + 1 >= nth:
            one.shown = shown

    return Seed(enrol=spoil)


def _same_id_as_first(one: Enrol) -> None:
    if one.refusal is None and one.desk.agents and one.holder is None:
        one.agent_id = next(iter(one.desk.agents))


def _third_evicts(nth: int) -> Seed:
    def spoil(one: Enrol, agent: Agent) -> None:
        if len(one.desk.agents) > nth:
            one.desk.agents.pop(next(iter(one.desk.agents)))

    return Seed(enrolled=spoil)


def _newcomer_revokes(one: Enrol, agent: Agent) -> None:
    other = neighbour(one.desk, agent)
    for paper in other.papers.values() if other is not None else []:
        paper.revoked = True


def _newcomer_takes_tasks(one: Enrol, agent: Agent) -> None:
    other = neighbour(one.desk, agent)
    if other is not None:
        agent.tasks, other.tasks = other.tasks, []


def _newcomer_resets(one: Enrol, agent: Agent) -> None:
    for other in one.desk.agents.values():
        other.beat, other.usage = None, None


def _name_of_first(one: Enrol, agent: Agent) -> None:
    agent.name = one.desk.memo.setdefault("name", agent.name)


def _skills_of_first(one: Enrol, agent: Agent) -> None:
    agent.capabilities = [*one.desk.memo.setdefault("skills", agent.capabilities)]


def _skills_gathered(one: Enrol, agent: Agent) -> None:
    known = one.desk.memo.setdefault("skills", [])
    known.extend(skill for skill in agent.capabilities if skill not in known)
    agent.capabilities = [*known]


def _labels_shared(one: Enrol, agent: Agent) -> None:
    known = one.desk.memo.setdefault("labels", {})
    known.update(agent.labels)
    agent.labels = dict(known)


def _drops(name: str, value: Any) -> Seed:
    return Seed(enrolled=lambda one, agent: setattr(agent, name, value))


def _stops(op: Op, nth: int) -> Seed:
    return refusing(op, lambda turn: turn.nth >= nth, 500)


def _thirds_lost(one: Delivery) -> None:
    key = ("handed", one.agent.id)
    one.desk.memo[key] = one.desk.memo.get(key, 0) + 1
    if one.desk.memo[key] >= 3:
        one.tasks = []


def _later_pushes_lost(one: Push) -> None:
    one.desk.memo["pushes"] = one.desk.memo.get("pushes", 0) + 1
    if one.desk.memo["pushes"] > 3:
        one.copies = 0


def _refuses_second_agent(one: Creation) -> None:
    one.filed = one.pushed = one.agent.nth == 1


def _second_answer_stale(turn: Turn) -> None:
    if turn.op == "list" and turn.answer.status == 200 and turn.nth > 3:
        turn.answer.body = turn.memo.get("third", turn.answer.body)
    elif turn.op == "list":
        turn.memo["third"] = turn.answer.body


_AGAIN: Final = (
    ("register.second", "the second registration fails", _nth_refused(2)),
    ("register.third", "the third registration fails", _nth_refused(3)),
    ("~register.eleventh", "the eleventh registration fails", _nth_refused(11)),
    (
        "register.token",
        "a token is taken for expired at the second registration",
        _nth_refused(2, 401),
    ),
    ("register.same_id", "all agents get the id of the first", Seed(enrol=_same_id_as_first)),
    ("register.evicts", "a third agent makes the first disappear", _third_evicts(2)),
    ("~register.evicts_late", "an eleventh agent makes the first disappear", _third_evicts(10)),
    (
        "~register.revokes",
        "a new agent revokes the certificate of the first",
        Seed(enrolled=_newcomer_revokes),
    ),
    (
        "~register.takes_tasks",
        "a new agent takes the tasks of the first",
        Seed(enrolled=_newcomer_takes_tasks),
    ),
    (
        "~register.resets",
        "a new agent makes the others' heartbeats forgotten",
        Seed(enrolled=_newcomer_resets),
    ),
    (
        "register.name_of_first",
        "all agents have the name of the first",
        Seed(enrolled=_name_of_first),
    ),
    (
        "register.skills_of_first",
        "all agents have the capabilities of the first",
        Seed(enrolled=_skills_of_first),
    ),
    (
        "register.skills_gathered",
        "agents have the capabilities of those before them",
        Seed(enrolled=_skills_gathered),
    ),
    (
        "~register.labels_shared",
        "agents have the labels of those before them",
        Seed(enrolled=_labels_shared),
    ),
    ("register.drops_name", "the name is not stored", _drops("name", "agent")),
    ("register.drops_version", "the version is not stored", _drops("version", "0.0.0")),
    ("register.drops_capabilities", "the capabilities are not stored", _drops("capabilities", [])),
    ("~register.drops_labels", "the labels are not stored", _drops("labels", {})),
    ("register.no_config", "the second agent gets no configuration", _nth_shown(2, {"config": {}})),
    (
        "register.no_certificate",
        "the second agent gets no certificate",
        _nth_shown(2, {"certificate": None}),
    ),
    ("heartbeat.stops", "after three heartbeats all fail", _stops("heartbeat", 4)),
    ("poll.stops", "after three polls all fail", _stops("poll", 4)),
    ("complete.stops", "after one completion all fail", _stops("complete", 2)),
    ("delete.stops", "after one deletion all fail", _stops("delete", 2)),
    ("update.stops", "after two changes all fail", _stops("update", 3)),
    ("list.stops", "after ten lists all fail", _stops("list", 11)),
    ("list.freezes", "after three lists nothing changes", Seed(answer=_second_answer_stale)),
    ("task.third_lost", "after two hand-overs an agent gets no tasks", Seed(deliver=_thirds_lost)),
    ("task.second_agent", "only the first agent gets tasks", Seed(created=_refuses_second_agent)),
    (
        "push.fourth_lost",
        "after three messages the streams are silent",
        Seed(push=_later_pushes_lost),
    ),
)

RACE_FAULTS: Final = (
    *sectioned("race.", _RACES),
    *sectioned("again.", _AGAIN),
)
"""Faults of races and repetition."""
