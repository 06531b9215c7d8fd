"""Faults in an agent's details and in their change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from . import shapes
from .authority import key_text
from .fault import Seed, Turn, Update, prefixed, table
from .model import Agent, Answer, Obj
from .seeds import answering, neighbour, no_body, other_or_same, refusing, status_of

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["DETAIL_FAULTS"]


def _no_targets(desk: Desk, agent: Agent, where: str, row: Obj) -> None:
    if where == "get":
        row.pop("targets")


def _first_target(desk: Desk, agent: Agent, where: str, row: Obj) -> None:
    if where == "get":
        row["targets"] = row["targets"][:1]


def _last_target(desk: Desk, agent: Agent, where: str, row: Obj) -> None:
    if where == "get":
        row["targets"] = row["targets"][-1:]


def _all_targets(desk: Desk, agent: Agent, where: str, row: Obj) -> None:
    if where == "get":
        row["targets"] = [name for one in desk.agents.values() for name in one.targets]


def _count_targets(desk: Desk, agent: Agent, where: str, row: Obj) -> None:
    if where == "get":
        row["targets"] = len(agent.targets)


def _empty_targets(desk: Desk, agent: Agent, where: str, row: Obj) -> None:
    if where == "get":
        row["targets"] = []


def _stale_targets(desk: Desk, agent: Agent, where: str, row: Obj) -> None:
    if where == "get":
        row["targets"] = desk.memo.setdefault(agent.id, row["targets"])


def _neighbours_row(turn: Turn) -> None:
    other = neighbour(turn.desk, turn.agent) if turn.agent is not None else None
    if other is not None:
        turn.answer.body = shapes.agent_row(turn.desk, other, "get")


def _cached(turn: Turn) -> None:
    turn.answer.body = turn.memo.setdefault(turn.who, turn.answer.body)


def _in_list(turn: Turn) -> None:
    turn.answer.body = [turn.answer.body]


def _in_object(turn: Turn) -> None:
    turn.answer.body = {"agent": turn.answer.body}


def _shows_secrets(turn: Turn) -> None:
    if turn.agent is not None:
        turn.answer.body["certificate"] = {"key": key_text(turn.agent.key)}


_GETS: Final = (
    ("targets.missing", "the assigned targets are missing", Seed(shown=_no_targets)),
    ("targets.first", "only the first assigned target is shown", Seed(shown=_first_target)),
    ("targets.last", "only the last assigned target is shown", Seed(shown=_last_target)),
    ("targets.all", "the targets of all agents are shown", Seed(shown=_all_targets)),
    ("targets.count", "the targets are only counted", Seed(shown=_count_targets)),
    ("targets.empty", "the assigned targets are always empty", Seed(shown=_empty_targets)),
    ("targets.stale", "the assigned targets are those first shown", Seed(shown=_stale_targets)),
    (
        "targets.neighbour",
        "a target is assigned to another agent",
        Seed(assigned=lambda desk, agent, name: other_or_same(desk, agent)),
    ),
    ("neighbour", "another agent's details are shown", answering("get", _neighbours_row)),
    ("cached", "the details are those first shown", answering("get", _cached)),
    ("in_list", "the details come in a list", answering("get", _in_list)),
    ("in_object", "the details come inside an object", answering("get", _in_object)),
    ("~secrets", "the agent's private key is shown", answering("get", _shows_secrets)),
)


# Changing.


def _forget(*names: str) -> Seed:
    def spoil(one: Update) -> None:
        one.data = {name: value for name, value in one.data.items() if name not in names}

    return Seed(update=spoil)


def _to_neighbour(one: Update) -> None:
    one.agent = other_or_same(one.desk, one.agent)


def _to_all(one: Update) -> None:
    for agent in one.desk.agents.values():
        agent.labels = dict(one.data.get("labels", agent.labels))
        agent.capabilities = [*one.data.get("capabilities", agent.capabilities)]


def _skills_to_neighbour(one: Update) -> None:
    other = neighbour(one.desk, one.agent)
    if other is not None and "capabilities" in one.data:
        other.capabilities = [*one.data["capabilities"]]


def _answers_neighbour(one: Update) -> None:
    one.answers = other_or_same(one.desk, one.agent)


def _drops(name: str, value: Any) -> Seed:
    return Seed(updated=lambda one: setattr(one.agent, name, value))


def _offline_lost(one: Update) -> None:
    if one.agent.beat is not None and one.desk.status(one.agent) == "offline":
        one.data = {}


def _new_identity(one: Update) -> None:
    one.desk.agents.pop(one.agent.id)
    one.agent.id = one.desk.new_id()
    one.desk.agents[one.agent.id] = one.agent


def _revokes(one: Update) -> None:
    for paper in one.agent.papers.values():
        paper.revoked = True


def _adds_skills(one: Update) -> None:
    if "capabilities" in one.data:
        known = one.agent.capabilities
        one.data["capabilities"] = [*dict.fromkeys([*known, *one.data["capabilities"]])]


def _first_skill_only(one: Update) -> None:
    if "capabilities" in one.data:
        one.data["capabilities"] = one.data["capabilities"][:1]


def _upper_labels(one: Update) -> None:
    labels = one.data.get("labels", {})
    one.data["labels"] = {name: str(value).upper() for name, value in labels.items()}


def _drops_tasks(one: Update) -> None:
    one.agent.tasks.clear()


def _remember(one: Update) -> None:
    one.desk.memo[one.agent.id] = [*one.agent.capabilities], dict(one.agent.labels)


def _answers_old(turn: Turn) -> None:
    if turn.op == "update" and turn.answer.status == 200 and turn.who in turn.memo:
        turn.answer.body["capabilities"], turn.answer.body["labels"] = turn.memo[turn.who]


def _unseen_in_list(desk: Desk, agent: Agent, where: str, row: Obj) -> None:
    if where == "list" and agent.id in desk.memo:
        row["capabilities"] = desk.memo[agent.id][0]


def _unseen_in_get(desk: Desk, agent: Agent, where: str, row: Obj) -> None:
    if where == "get" and agent.id in desk.memo:
        row["capabilities"], row["labels"] = desk.memo[agent.id]


def _second_ignored(one: Update) -> None:
    seen = one.desk.memo.get(one.agent.id, 0)
    one.desk.memo[one.agent.id] = seen + 1
    if seen:
        one.data = {}


def _updated_true(turn: Turn) -> None:
    turn.answer.body = {"updated": True}


def _echo(turn: Turn) -> None:
    turn.answer.body = dict(turn.data)


def _odd_fails(turn: Turn) -> None:
    if turn.data.keys() - {"labels", "capabilities"}:
        turn.answer = Answer(status=500, body={"error": "unexpected keyword argument"})


_UPDATES: Final = (
    ("not_stored", "a change is answered and forgotten", _forget("labels", "capabilities")),
    ("labels.not_stored", "changed labels are not stored", _forget("labels")),
    ("capabilities.not_stored", "changed capabilities are not stored", _forget("capabilities")),
    ("capabilities.added", "changed capabilities are added to the old", Seed(update=_adds_skills)),
    (
        "capabilities.first",
        "only the first changed capability is stored",
        Seed(update=_first_skill_only),
    ),
    ("labels.upper", "labels are stored in capitals", Seed(update=_upper_labels)),
    ("neighbour.instead", "another agent is changed", Seed(update=_to_neighbour)),
    ("neighbour.all", "all agents are changed", Seed(update=_to_all)),
    (
        "neighbour.capabilities",
        "another agent's capabilities change too",
        Seed(update=_skills_to_neighbour),
    ),
    ("answer.neighbour", "the answer shows another agent", Seed(update=_answers_neighbour)),
    (
        "answer.old",
        "the answer shows the agent before the change",
        Seed(update=_remember, answer=_answers_old),
    ),
    ("answer.true", "the answer does not show the agent", answering("update", _updated_true)),
    ("answer.echo", "the answer repeats the request", answering("update", _echo)),
    ("answer.204", "a change is answered with 204", no_body("update")),
    ("answer.201", "a change is answered with 201", status_of("update", 201)),
    ("answer.202", "a change is answered with 202", status_of("update", 202)),
    (
        "unseen.list",
        "a change does not show in the list",
        Seed(update=_remember, shown=_unseen_in_list),
    ),
    (
        "unseen.get",
        "a change does not show in the details",
        Seed(update=_remember, shown=_unseen_in_get),
    ),
    (
        "offline_lost",
        "the change of an agent that went offline is answered and forgotten",
        Seed(update=_offline_lost),
    ),
    ("second_ignored", "only an agent's first change is stored", Seed(update=_second_ignored)),
    ("drops.name", "a change drops the name", _drops("name", "")),
    ("drops.version", "a change drops the version", _drops("version", "")),
    ("~drops.beat", "a change drops the last heartbeat", _drops("beat", None)),
    ("~drops.usage", "a change drops the resource usage", _drops("usage", None)),
    ("~drops.targets", "a change drops the assigned targets", _drops("targets", [])),
    ("~drops.tasks", "a change drops the pending tasks", Seed(updated=_drops_tasks)),
    ("new_id", "a change gives the agent another id", Seed(updated=_new_identity)),
    ("~revokes", "a change revokes the certificate", Seed(updated=_revokes)),
    ("~silences", "a change makes the agent offline", _drops("life", 0.0)),
    (
        "refuses.capabilities",
        "capabilities cannot be changed",
        refusing("update", lambda turn: b"capabilities" in turn.call.body, 403),
    ),
    (
        "refuses.labels",
        "labels cannot be changed",
        refusing("update", lambda turn: b"labels" in turn.call.body, 403),
    ),
    (
        "~odd_field.fails",
        "a field that no change has is answered with 500",
        answering("update", _odd_fails),
    ),
    (
        "refuses.second",
        "a second change is refused",
        refusing("update", lambda turn: turn.nth == 2, 409),
    ),
)

DETAIL_FAULTS: Final = (
    *table("Get Agent", prefixed("get.", _GETS)),
    *table("Update Agent", prefixed("update.", _UPDATES)),
)
"""Faults of details and changes."""
