"""Faults in the list of agents and its filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .fault import Enrol, Listing, Seed, Turn, prefixed, table
from .model import Agent, Answer
from .seeds import answering

__all__ = ["LIST_FAULTS"]


def _chosen(one: Listing, rule: Callable[[Agent], bool]) -> None:
    one.chosen = [agent for agent in one.agents if rule(agent)]


def _has_status(one: Listing, agent: Agent) -> bool:
    return "status" not in one.query or one.desk.status(agent) == one.query["status"]


def _has_skill(one: Listing, agent: Agent) -> bool:
    return "capability" not in one.query or one.query["capability"] in agent.capabilities


def _no_status(one: Listing) -> None:
    _chosen(one, lambda agent: _has_skill(one, agent))


def _no_skill(one: Listing) -> None:
    _chosen(one, lambda agent: _has_status(one, agent))


def _either(one: Listing) -> None:
    if len(one.query) == 2:
        _chosen(one, lambda agent: _has_status(one, agent) or _has_skill(one, agent))


def _not_both(one: Listing) -> None:
    """With two filters only the first counts."""
    if len(one.query) == 2:
        _chosen(one, lambda agent: _has_status(one, agent))


def _not_first(one: Listing) -> None:
    if len(one.query) == 2:
        _chosen(one, lambda agent: _has_skill(one, agent))


def _skill(one: Listing, rule: Callable[[str, str], bool]) -> None:
    wanted = one.query.get("capability")
    if wanted is not None:
        _chosen(
            one,
            lambda agent: (
                _has_status(one, agent) and any(rule(had, wanted) for had in agent.capabilities)
            ),
        )


def _first_skill(one: Listing) -> None:
    wanted = one.query.get("capability")
    if wanted is not None:
        _chosen(one, lambda agent: _has_status(one, agent) and agent.capabilities[:1] == [wanted])


def _only_skill(one: Listing) -> None:
    wanted = one.query.get("capability")
    if wanted is not None:
        _chosen(one, lambda agent: _has_status(one, agent) and agent.capabilities == [wanted])


def _lacks_skill(one: Listing) -> None:
    wanted = one.query.get("capability")
    if wanted is not None:
        _chosen(one, lambda agent: _has_status(one, agent) and wanted not in agent.capabilities)


def _other_status(one: Listing) -> None:
    wanted = one.query.get("status")
    if wanted is not None:
        _chosen(one, lambda agent: _has_skill(one, agent) and one.desk.status(agent) != wanted)


def _degraded_is_online(one: Listing) -> None:
    if one.query.get("status") == "online":
        alive = ("online", "degraded")
        _chosen(one, lambda agent: _has_skill(one, agent) and one.desk.status(agent) in alive)


def _unknown_is_all(one: Listing) -> None:
    if not any(one.query.get("capability") in agent.capabilities for agent in one.agents):
        _chosen(one, lambda agent: _has_status(one, agent))


def _none_is_all(one: Listing) -> None:
    if one.query and not one.chosen:
        one.chosen = one.agents


def _stale_skills(one: Listing) -> None:
    """The filter knows the capabilities of the registration only."""
    wanted = one.query.get("capability")
    if wanted is not None:
        known = one.desk.memo.get("skills", {})
        _chosen(one, lambda agent: _has_status(one, agent) and wanted in known.get(agent.id, ()))


def _note_skills(enrol: Enrol, agent: Agent) -> None:
    enrol.desk.memo.setdefault("skills", {})[agent.id] = [*agent.capabilities]


def _stale_status(one: Listing) -> None:
    """The filter knows the status that was last shown."""
    known = one.desk.memo.setdefault("states", {})
    wanted = one.query.get("status")
    if wanted is not None:
        _chosen(one, lambda agent: _has_skill(one, agent) and known.get(agent.id) == wanted)
    for agent in one.agents:
        known[agent.id] = one.desk.status(agent)


def _first_only(one: Listing) -> None:
    one.chosen = one.chosen[:1]


def _ten(one: Listing) -> None:
    one.chosen = one.chosen[:10]


def _twice(one: Listing) -> None:
    one.chosen = [*one.chosen, *one.chosen]


def _newest_missing(one: Listing) -> None:
    newest = max((agent.nth for agent in one.agents), default=0)
    one.chosen = [agent for agent in one.chosen if agent.nth != newest]


def _silent_missing(one: Listing) -> None:
    one.chosen = [agent for agent in one.chosen if agent.beat is not None]


def _offline_missing(one: Listing) -> None:
    if not one.query:
        one.chosen = [agent for agent in one.chosen if one.desk.status(agent) != "offline"]


def _stale_list(one: Listing) -> None:
    before = one.desk.memo.get("list")
    one.desk.memo["list"] = one.chosen
    one.chosen = one.chosen if before is None else before


def _emptied(one: Listing) -> None:
    one.chosen = []


def _wrapped(turn: Turn) -> None:
    turn.answer.body = {"agents": turn.answer.body}


def _counted(turn: Turn) -> None:
    turn.answer.body = {"items": turn.answer.body, "total": len(turn.answer.body)}


def _by_id(turn: Turn) -> None:
    turn.answer.body = {row["id"]: row for row in turn.answer.body}


def _names(turn: Turn) -> None:
    turn.answer.body = [row["name"] for row in turn.answer.body]


def _null_if_empty(turn: Turn) -> None:
    turn.answer.body = turn.answer.body or None


def _no_content(turn: Turn) -> None:
    if not turn.answer.body:
        turn.answer.status, turn.answer.text, turn.answer.media = 204, "", ""


def _none_is_404(turn: Turn) -> None:
    if not turn.answer.body:
        turn.answer.status, turn.answer.body = 404, {"error": "no agents"}


def _odd_fails(turn: Turn) -> None:
    if turn.call.query.keys() - {"status", "capability"}:
        turn.answer = Answer(status=500, body={"error": "unexpected keyword argument"})


_LISTS: Final = (
    ("status.ignored", "the filter `status` is ignored", Seed(listed=_no_status)),
    ("capability.ignored", "the filter `capability` is ignored", Seed(listed=_no_skill)),
    ("both.or", "two filters are joined by or", Seed(listed=_either)),
    ("both.status_only", "with two filters only `status` counts", Seed(listed=_not_both)),
    ("both.capability_only", "with two filters only `capability` counts", Seed(listed=_not_first)),
    (
        "~capability.case",
        "`capability` ignores the case",
        Seed(listed=lambda one: _skill(one, lambda had, wanted: had.lower() == wanted.lower())),
    ),
    (
        "capability.prefix",
        "`capability` finds what begins so",
        Seed(listed=lambda one: _skill(one, lambda had, wanted: had.startswith(wanted))),
    ),
    (
        "capability.within",
        "`capability` finds what contains it",
        Seed(listed=lambda one: _skill(one, lambda had, wanted: wanted in had)),
    ),
    (
        "capability.first",
        "`capability` looks at the first capability only",
        Seed(listed=_first_skill),
    ),
    ("capability.only", "`capability` finds agents that have no other", Seed(listed=_only_skill)),
    ("capability.inverted", "`capability` finds those without it", Seed(listed=_lacks_skill)),
    (
        "capability.unknown_all",
        "a capability that nobody has finds all",
        Seed(listed=_unknown_is_all),
    ),
    (
        "capability.stale",
        "`capability` goes by the registration",
        Seed(listed=_stale_skills, enrolled=_note_skills),
    ),
    ("status.inverted", "`status` finds those of another status", Seed(listed=_other_status)),
    (
        "~status.degraded_online",
        "the degraded are found among the online",
        Seed(listed=_degraded_is_online),
    ),
    ("status.stale", "`status` goes by what was last shown", Seed(listed=_stale_status)),
    ("none_is_all", "filters that fit nobody find all", Seed(listed=_none_is_all)),
    (
        "~odd_question.fails",
        "a parameter that no list has is answered with 500",
        answering("list", _odd_fails),
    ),
    ("first_only", "a list holds one agent only", Seed(listed=_first_only)),
    ("~ten", "a list holds no more than ten agents", Seed(listed=_ten)),
    ("twice", "a list holds each agent twice", Seed(listed=_twice)),
    ("newest_missing", "a list lacks the newest agent", Seed(listed=_newest_missing)),
    ("silent_missing", "a list lacks agents without heartbeat", Seed(listed=_silent_missing)),
    ("offline_missing", "a list without filters lacks the offline", Seed(listed=_offline_missing)),
    ("stale", "a list is that of the call before", Seed(listed=_stale_list)),
    ("empty", "a list is always empty", Seed(listed=_emptied)),
    ("wrapped", "a list comes inside an object", answering("list", _wrapped)),
    ("counted", "a list comes beside its length", answering("list", _counted)),
    ("by_id", "a list is an object by id", answering("list", _by_id)),
    ("names", "a list holds names only", answering("list", _names)),
    ("null", "an empty list is null", answering("list", _null_if_empty)),
    ("no_content", "an empty list is answered with 204", answering("list", _no_content)),
    ("not_found", "an empty list is answered with 404", answering("list", _none_is_404)),
)

LIST_FAULTS: Final = tuple(table("List Agents", prefixed("list.", _LISTS)))
"""Faults of lists."""
