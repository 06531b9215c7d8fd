"""Faults in the removal of agents, and in answers about unknown ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from .fault import (
    Creation,
    Deletion,
    Enrol,
    Listing,
    Push,
    Seed,
    Turn,
    Update,
    prefixed,
    table,
)
from .model import AGENT_OPS, Agent, Answer, Op, Refusal
from .seeds import no_body, other_or_same, refusing, status_of

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["REMOVAL_FAULTS"]


def _keeps(*parts: str) -> Seed:
    return Seed(delete=lambda one: one.parts.difference_update(parts))


def _removes_other(one: Deletion) -> None:
    one.removed = other_or_same(one.desk, one.agent)


def _removes_all(one: Deletion) -> None:
    one.desk.agents.clear()


def _removes_newest_too(one: Deletion) -> None:
    if one.desk.agents:
        one.desk.agents.pop([*one.desk.agents][-1])


def _revokes_all(one: Deletion) -> None:
    for agent in one.desk.agents.values():
        for paper in agent.papers.values():
            paper.revoked = True


def _drops_all_tasks(one: Deletion) -> None:
    for agent in one.desk.agents.values():
        agent.tasks.clear()


def _note_gone(one: Deletion) -> None:
    one.desk.memo.setdefault("gone", []).append(one.agent)


def _still_listed(one: Listing) -> None:
    one.chosen = [*one.chosen, *one.desk.memo.get("gone", [])]


def _still_found(*ops: Op) -> Seed:
    def judge(turn: Turn) -> None:
        gone = [one for one in turn.memo.get("gone", []) if one.id == turn.who]
        if turn.op in ops and gone:
            turn.agent, turn.refusal = gone[0], None

    return Seed(deleted=_note_gone, gate=judge)


def _led_to_heir(turn: Turn) -> None:
    """The id of who was deleted leads to whoever has its name now."""
    names = {one.name for one in turn.memo.get("gone", []) if one.id == turn.who}
    heirs = [one for one in turn.desk.agents.values() if one.name in names]
    if turn.op in ("get", "update", "delete") and heirs:
        turn.agent, turn.refusal = heirs[0], None


def _newest_paper_only(one: Deletion) -> None:
    one.parts.discard("credentials")
    papers = [*one.agent.papers.values()]
    for paper in papers[-1:]:
        paper.revoked = True


def _offline_stays(one: Deletion) -> None:
    if one.agent.beat is not None and one.desk.status(one.agent) == "offline":
        one.parts.clear()


def _first_paper_only(one: Deletion) -> None:
    one.parts.discard("credentials")
    for paper in [*one.agent.papers.values()][:1]:
        paper.revoked = True


def _inherits(enrol: Enrol, agent: Agent) -> None:
    """Who takes the name of a deleted agent gets what it had."""
    for gone in enrol.desk.memo.get("gone", []):
        if gone.name == agent.name:
            agent.tasks, agent.targets = gone.tasks, gone.targets
            agent.usage, agent.beat = gone.usage, gone.beat


def _same_id(enrol: Enrol) -> None:
    gone = [one for one in enrol.desk.memo.get("gone", []) if one.name == enrol.name]
    if gone and enrol.refusal is None:
        enrol.agent_id = gone[-1].id


def _old_paper_again(enrol: Enrol, agent: Agent) -> None:
    """Whoever registers again brings the old certificate back to life."""
    for gone in enrol.desk.memo.get("gone", []):
        if gone.name == agent.name:
            for print_of, paper in gone.papers.items():
                paper.revoked = False
                agent.papers[print_of] = paper
                enrol.desk.papers[print_of] = agent


def _third_refused(enrol: Enrol) -> None:
    gone = [one for one in enrol.desk.memo.get("gone", []) if one.name == enrol.name]
    if gone and enrol.refusal is None:
        enrol.refusal = Refusal(status=500, words="broken index")


_DELETES: Final = (
    (
        "not_removed",
        "a deletion is answered and forgotten",
        _keeps("registration", "credentials", "stream"),
    ),
    (
        "not_revoked",
        "a deletion leaves the certificate and the agent's tasks within reach",
        Seed(
            deleted=_note_gone,
            gate=_still_found("poll").gate,
            delete=lambda one: one.parts.discard("credentials"),
        ),
    ),
    (
        "listed",
        "a deleted agent is still in the list",
        Seed(deleted=_note_gone, listed=_still_listed),
    ),
    ("found", "a deleted agent's details can still be had", _still_found("get")),
    ("~changed", "a deleted agent can still be changed", _still_found("update")),
    ("twice", "a deletion can be repeated", _still_found("delete")),
    (
        "offline_stays",
        "the deletion of an agent that went offline is answered and forgotten",
        Seed(delete=_offline_stays),
    ),
    ("other", "a deletion removes another agent", Seed(delete=_removes_other)),
    ("all", "a deletion removes all agents", Seed(delete=_removes_all)),
    ("newest_too", "a deletion removes the newest agent too", Seed(deleted=_removes_newest_too)),
    ("~revokes_all", "a deletion revokes all agents' certificates", Seed(deleted=_revokes_all)),
    ("~drops_all_tasks", "a deletion drops all agents' tasks", Seed(deleted=_drops_all_tasks)),
    (
        "newest_paper",
        "a deletion revokes only the newest certificate",
        Seed(delete=_newest_paper_only, deleted=_note_gone, gate=_still_found("poll").gate),
    ),
    (
        "first_paper",
        "a deletion revokes only the first certificate",
        Seed(delete=_first_paper_only),
    ),
    (
        "~inherits",
        "whoever takes a deleted agent's name gets its tasks",
        Seed(deleted=_note_gone, enrolled=_inherits),
    ),
    (
        "leads_to_heir",
        "the id of a deleted agent leads to whoever took its name",
        Seed(deleted=_note_gone, gate=_led_to_heir),
    ),
    (
        "~same_id",
        "whoever takes a deleted agent's name gets its id",
        Seed(deleted=_note_gone, enrol=_same_id),
    ),
    (
        "old_paper",
        "whoever registers again brings the old certificate back",
        Seed(deleted=_note_gone, enrolled=_old_paper_again),
    ),
    (
        "~breaks_name",
        "the server fails when a deleted agent's name comes again",
        Seed(deleted=_note_gone, enrol=_third_refused),
    ),
    ("answer.204", "a deletion is answered with 204", no_body("delete")),
    ("answer.202", "a deletion is answered with 202", status_of("delete", 202)),
    (
        "refuses.online",
        "an online agent cannot be deleted",
        refusing(
            "delete",
            lambda turn: turn.agent is not None and turn.desk.status(turn.agent) == "online",
            409,
        ),
    ),
    (
        "refuses.busy",
        "an agent with tasks cannot be deleted",
        refusing(
            "delete",
            lambda turn: (
                turn.agent is not None and any(task.state == "pending" for task in turn.agent.tasks)
            ),
            409,
        ),
    ),
)


def _unfound(op: Op, status: int, body: Any = None) -> Seed:
    """Another answer where there is no such agent."""

    def spoil(turn: Turn) -> None:
        if turn.op == op and turn.answer.status == 404 and turn.agent is None:
            turn.answer = Answer(status=status, body=body)

    return Seed(answer=spoil)


# Coming again under the old name.


def _names_gone(desk: Desk) -> set[str]:
    return {one.name for one in desk.memo.get("gone", [])}


def _reborn_refused(turn: Turn) -> None:
    again = turn.caller is not None and turn.caller.name in _names_gone(turn.desk)
    if turn.op in AGENT_OPS and turn.refusal is None and again:
        turn.refusal = Refusal(status=403, words="this agent was deleted")


def _reborn_undone(one: Creation) -> None:
    one.filed = one.pushed = one.agent.name not in _names_gone(one.desk)


def _reborn_unlisted(one: Listing) -> None:
    one.chosen = [agent for agent in one.chosen if agent.name not in _names_gone(one.desk)]


def _reborn_offline(desk: Desk, agent: Agent, status: str) -> str:
    return "offline" if agent.name in _names_gone(desk) else status


def _reborn_undeletable(one: Deletion) -> None:
    if one.agent.name in _names_gone(one.desk):
        one.parts.clear()


def _reborn_unpushed(one: Push) -> None:
    if one.agent.name in _names_gone(one.desk):
        one.copies = 0


def _reborn_unchanged(one: Update) -> None:
    if one.agent.name in _names_gone(one.desk):
        one.data = {}


_REBORN: Final = (
    (
        "refused",
        "an agent that registers again is refused everywhere",
        Seed(deleted=_note_gone, gate=_reborn_refused),
    ),
    (
        "no_tasks",
        "an agent that registers again gets no tasks",
        Seed(deleted=_note_gone, created=_reborn_undone),
    ),
    (
        "unlisted",
        "an agent that registers again is not in the list",
        Seed(deleted=_note_gone, listed=_reborn_unlisted),
    ),
    (
        "offline",
        "an agent that registers again stays offline",
        Seed(deleted=_note_gone, status=_reborn_offline),
    ),
    (
        "undeletable",
        "an agent that registers again cannot be deleted",
        Seed(delete=_reborn_undeletable, deleted=_note_gone),
    ),
    (
        "unpushed",
        "an agent that registers again hears nothing on its stream",
        Seed(deleted=_note_gone, push=_reborn_unpushed),
    ),
    (
        "unchanged",
        "an agent that registers again cannot be changed",
        Seed(deleted=_note_gone, update=_reborn_unchanged),
    ),
)


_FOUND: Final[dict[Op, Any]] = {
    "get": {"id": "x", "name": "", "version": "", "status": "offline", "capabilities": []},
    "update": {"id": "x", "name": "", "version": "", "status": "offline", "capabilities": []},
    "delete": {"deleted": True},
    "heartbeat": {"tasks": []},
    "poll": {"tasks": []},
    "complete": {"acknowledged": True},
}


def _unknown() -> Iterator[tuple[str, str, Seed]]:
    for op, found in _FOUND.items():
        for status, words in ((200, "as if it were known"), (500, "with 500"), (400, "with 400")):
            body = found if status == 200 else {"error": "no"}
            yield (
                f"{op}.{status}",
                f"{op} of an unknown agent is answered {words}",
                _unfound(op, status, body),
            )
    for op in ("get", "update", "delete"):
        yield (
            f"{op}.empty",
            f"{op} of an unknown agent is answered with an empty object",
            _unfound(op, 200, {}),
        )
        yield f"{op}.403", f"{op} of an unknown agent is answered with 403", _unfound(op, 403)


REMOVAL_FAULTS: Final = (
    *table("Delete Agent", prefixed("delete.", _DELETES)),
    *table("Delete Agent", prefixed("reborn.", _REBORN)),
    *table("Error Responses", prefixed("unknown.", _unknown())),
)
"""Faults of removal."""
