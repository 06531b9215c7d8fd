"""Faults in registration tokens and names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from .fault import Deletion, Enrol, Seed, prefixed, table
from .model import Agent, Refusal, Token
from .registration import TOKEN_LIFE, jwt

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["TOKEN_FAULTS"]


def _is(enrol: Enrol, status: int) -> bool:
    return enrol.refusal is not None and enrol.refusal.status == status


def _age(enrol: Enrol) -> float:
    return enrol.desk.now() - enrol.token.minted if enrol.token is not None else 0.0


def _named(enrol: Enrol) -> bool:
    return isinstance(enrol.turn.data, dict) and isinstance(enrol.turn.data.get("name"), str)


def _lets(enrol: Enrol) -> None:
    """Forget the token, and judge the rest."""
    if not _named(enrol):
        return
    taken = Refusal(status=409, words="Agent name already registered")
    enrol.refusal = None if enrol.holder is None else taken


def _takes_none(enrol: Enrol) -> None:
    if "x-agent-token" not in enrol.turn.call.headers and _is(enrol, 401):
        _lets(enrol)


def _takes_unknown(enrol: Enrol) -> None:
    given = enrol.turn.call.headers.get("x-agent-token")
    if given is not None and enrol.token is None:
        _lets(enrol)


def _takes_blank(enrol: Enrol) -> None:
    if enrol.turn.call.headers.get("x-agent-token") == "":
        _lets(enrol)


def _takes_used(enrol: Enrol) -> None:
    if enrol.token is not None and enrol.token.spent and _age(enrol) < TOKEN_LIFE:
        _lets(enrol)


def _takes_used_once_more(enrol: Enrol) -> None:
    if enrol.token is not None and enrol.token.spent:
        key = ("again", enrol.token.text)
        if key not in enrol.desk.memo:
            enrol.desk.memo[key] = True
            _lets(enrol)


def _takes_used_after_a_while(enrol: Enrol) -> None:
    if enrol.token is not None and enrol.token.spent and _age(enrol) > 3600:
        _lets(enrol)


def _takes_used_of_same_name(enrol: Enrol) -> None:
    token = enrol.token
    if token is None:
        return
    used = enrol.desk.memo.setdefault(("used", token.text), enrol.name)
    if token.spent and used == enrol.name:
        _lets(enrol)


def _takes_used_when_deleted(enrol: Enrol) -> None:
    if enrol.token is not None and enrol.token.text in enrol.desk.memo.get("free", ()):
        _lets(enrol)


def _note_user(enrol: Enrol, agent: Agent) -> None:
    if enrol.token is not None:
        enrol.desk.memo[("user", agent.id)] = enrol.token.text


def _free_token(one: Deletion) -> None:
    text = one.desk.memo.get(("user", one.agent.id))
    one.desk.memo.setdefault("free", set()).add(text)


def _takes_expired(enrol: Enrol) -> None:
    if enrol.token is not None and not enrol.token.spent and _age(enrol) >= TOKEN_LIFE:
        _lets(enrol)


def _takes_two_days(enrol: Enrol) -> None:
    if enrol.token is not None and not enrol.token.spent and _age(enrol) < 2 * TOKEN_LIFE:
        _lets(enrol)


def _takes_other_case(enrol: Enrol) -> None:
    given = enrol.turn.call.headers.get("x-agent-token", "").lower()
    if _is(enrol, 401) and any(one.text.lower() == given for one in enrol.desk.tokens.values()):
        _lets(enrol)


def _reserves(enrol: Enrol) -> None:
    """The name is taken before the token is looked at, and not given back."""
    held = enrol.desk.memo.setdefault("reserved", set())
    if _is(enrol, 401):
        held.add(enrol.name)
    elif enrol.refusal is None and enrol.name in held:
        enrol.refusal = Refusal(status=409, words="Agent name already registered")


def _labels_in_capitals(enrol: Enrol, agent: Agent) -> None:
    agent.labels = {name: str(value).upper() for name, value in agent.labels.items()}


def _takes_prefix(enrol: Enrol) -> None:
    given = enrol.turn.call.headers.get("x-agent-token", "")
    if _is(enrol, 401) and given.startswith("reg-") and enrol.token is None:
        _lets(enrol)


def _refuses_older(enrol: Enrol, hours: float) -> None:
    if enrol.refusal is None and _age(enrol) > hours * 3600:
        enrol.refusal = Refusal(status=401, words="Invalid or expired registration token")


def _one_token_for_all(desk: Desk, token: Token) -> None:
    token.text = desk.memo.setdefault("token", token.text)
    old = desk.tokens.get(token.text)
    token.spent = old.spent if old is not None else False


def _mint_ends_others(desk: Desk, token: Token) -> None:
    for other in desk.tokens.values():
        other.spent = True


def _second_unused(enrol: Enrol) -> None:
    enrol.spend = enrol.nth % 2 == 1


def _use_ends_all(enrol: Enrol, agent: Agent) -> None:
    for token in enrol.desk.tokens.values():
        token.spent = True


def _jwt_is_over(enrol: Enrol, agent: Agent) -> None:
    agent.jwt = jwt(enrol.desk, agent.id, life=-3600)


def _expiry_revives(enrol: Enrol) -> None:
    if enrol.token is not None and enrol.token.spent and _age(enrol) >= TOKEN_LIFE:
        _lets(enrol)


_TOKENS: Final = (
    ("none.taken", "no token is needed", Seed(enrol=_takes_none)),
    ("unknown.taken", "any token will do", Seed(enrol=_takes_unknown)),
    ("blank.taken", "an empty token will do", Seed(enrol=_takes_blank)),
    ("used.taken", "a token can be used without end", Seed(enrol=_takes_used)),
    ("used.taken_twice", "a token can be used twice", Seed(enrol=_takes_used_once_more)),
    (
        "used.taken_later",
        "a used token is good again an hour on",
        Seed(enrol=_takes_used_after_a_while),
    ),
    (
        "used.taken_after_expiry",
        "a used token that has expired is taken",
        Seed(enrol=_expiry_revives),
    ),
    (
        "used.same_name",
        "a used token is good for the same name",
        Seed(enrol=_takes_used_of_same_name),
    ),
    (
        "used.free_on_delete",
        "the deletion of an agent makes its token good again",
        Seed(enrol=_takes_used_when_deleted, enrolled=_note_user, deleted=_free_token),
    ),
    (
        "used.every_second",
        "each second registration leaves its token good",
        Seed(enrol=_second_unused),
    ),
    ("expired.taken", "a token never expires", Seed(enrol=_takes_expired)),
    ("expired.two_days", "a token lives for 48 hours", Seed(enrol=_takes_two_days)),
    ("case.ignored", "the case of a token does not matter", Seed(enrol=_takes_other_case)),
    (
        "unknown.prefix",
        "only the first letters of a token are looked at",
        Seed(enrol=_takes_prefix),
    ),
    (
        "refused.keeps_name",
        "a name that was asked for with a bad token stays taken",
        Seed(enrol=_reserves),
    ),
    (
        "taken.labels_upper",
        "the labels of a registration are stored in capitals",
        Seed(enrolled=_labels_in_capitals),
    ),
    (
        "expires.hour",
        "a token expires after an hour",
        Seed(enrol=lambda one: _refuses_older(one, 1)),
    ),
    (
        "expires.half_day",
        "a token expires after 12 hours",
        Seed(enrol=lambda one: _refuses_older(one, 12)),
    ),
    ("jwt.over", "the JWT has expired when it is handed over", Seed(enrolled=_jwt_is_over)),
    ("one_for_all", "every token is the same", Seed(minted=_one_token_for_all)),
    ("~newest_only", "a new token ends those before it", Seed(minted=_mint_ends_others)),
    ("~use_ends_all", "a registration uses up every token", Seed(enrolled=_use_ends_all)),
)


# Names.


def _name_free(enrol: Enrol) -> None:
    if _is(enrol, 409):
        enrol.refusal = None


def _name_free_when(enrol: Enrol, status: str) -> None:
    holder = enrol.holder
    if _is(enrol, 409) and holder is not None and enrol.desk.status(holder) == status:
        enrol.refusal = None


def _name_free_of_other_version(enrol: Enrol) -> None:
    holder = enrol.holder
    if _is(enrol, 409) and holder is not None and enrol.turn.data.get("version") != holder.version:
        enrol.refusal = None


def _takes_over(enrol: Enrol) -> None:
    """The newcomer gets the place of the holder."""
    if _is(enrol, 409) and enrol.holder is not None:
        enrol.refusal = None
        enrol.desk.agents.pop(enrol.holder.id)


def _shares_id(enrol: Enrol) -> None:
    if _is(enrol, 409) and enrol.holder is not None:
        enrol.refusal, enrol.agent_id = None, enrol.holder.id


def _refusal_evicts(enrol: Enrol) -> None:
    if _is(enrol, 409) and enrol.holder is not None:
        enrol.desk.agents.pop(enrol.holder.id)


def _refusal_revokes(enrol: Enrol) -> None:
    if _is(enrol, 409) and enrol.holder is not None:
        for paper in enrol.holder.papers.values():
            paper.revoked = True


def _refusal_edits(enrol: Enrol) -> None:
    if _is(enrol, 409) and enrol.holder is not None:
        skills = enrol.turn.data.get("capabilities")
        enrol.holder.capabilities = [*skills] if isinstance(skills, list) else []
        enrol.holder.version = str(enrol.turn.data.get("version", ""))


def _refusal_silences(enrol: Enrol) -> None:
    if _is(enrol, 409) and enrol.holder is not None:
        enrol.holder.life -= 10 * enrol.holder.interval


def _refusal_drops_tasks(enrol: Enrol) -> None:
    if _is(enrol, 409) and enrol.holder is not None:
        enrol.holder.tasks.clear()


def _only_newest_name(enrol: Enrol) -> None:
    agents = [*enrol.desk.agents.values()]
    if _is(enrol, 409) and agents and agents[-1] is not enrol.holder:
        enrol.refusal = None


def _third_try(enrol: Enrol) -> None:
    if _is(enrol, 409):
        tries = enrol.desk.memo.get(enrol.name, 0) + 1
        enrol.desk.memo[enrol.name] = tries
        if tries > 1:
            enrol.refusal = None


def _similar_taken(enrol: Enrol) -> None:
    if enrol.refusal is None:
        names = [one.name for one in enrol.desk.agents.values()]
        if any(name.startswith(enrol.name[:4]) for name in names):
            enrol.refusal = Refusal(status=409, words="Agent name already registered")


def _within_taken(enrol: Enrol) -> None:
    names = [one.name for one in enrol.desk.agents.values()]
    if enrol.refusal is None and any(name in enrol.name for name in names):
        enrol.refusal = Refusal(status=409, words="Agent name already registered")


def _kept_after_delete(enrol: Enrol) -> None:
    if enrol.refusal is None and enrol.name in enrol.desk.memo.get("names", ()):
        enrol.refusal = Refusal(status=409, words="Agent name already registered")


def _keep_name(one: Deletion) -> None:
    one.desk.memo.setdefault("names", set()).add(one.agent.name)


def _other_status(status: int) -> Seed:
    def spoil(enrol: Enrol) -> None:
        if _is(enrol, 409):
            enrol.refusal = replace(enrol.refusal or Refusal(status=409, words=""), status=status)

    return Seed(enrol=spoil)


def _other_token_status(status: int) -> Seed:
    def spoil(enrol: Enrol) -> None:
        if _is(enrol, 401):
            enrol.refusal = Refusal(status=status, words="bad token")

    return Seed(enrol=spoil)


_NAMES: Final = (
    ("taken.accepted", "a name can be registered twice", Seed(enrol=_name_free)),
    (
        "taken.accepted_if_offline",
        "a name is free while its holder is offline",
        Seed(enrol=lambda one: _name_free_when(one, "offline")),
    ),
    (
        "taken.accepted_if_online",
        "a name is free while its holder is online",
        Seed(enrol=lambda one: _name_free_when(one, "online")),
    ),
    (
        "taken.other_version",
        "another version may have the same name",
        Seed(enrol=_name_free_of_other_version),
    ),
    ("taken.over", "a newcomer takes the place of the holder of its name", Seed(enrol=_takes_over)),
    ("taken.shared_id", "a second registration gets the id of the first", Seed(enrol=_shares_id)),
    ("taken.only_newest", "only the newest name is compared", Seed(enrol=_only_newest_name)),
    ("taken.second_try", "a refused name is taken on the next try", Seed(enrol=_third_try)),
    ("~refusal.evicts", "a refused duplicate removes the holder", Seed(enrol=_refusal_evicts)),
    (
        "~refusal.revokes",
        "a refused duplicate revokes the holder's certificate",
        Seed(enrol=_refusal_revokes),
    ),
    (
        "~refusal.edits",
        "a refused duplicate changes the holder's details",
        Seed(enrol=_refusal_edits),
    ),
    (
        "~refusal.silences",
        "a refused duplicate makes the holder offline",
        Seed(enrol=_refusal_silences),
    ),
    (
        "~refusal.drops_tasks",
        "a refused duplicate drops the holder's tasks",
        Seed(enrol=_refusal_drops_tasks),
    ),
    ("~similar.refused", "a name that begins alike counts as taken", Seed(enrol=_similar_taken)),
    (
        "within.refused",
        "a name that holds that of another agent counts as taken",
        Seed(enrol=_within_taken),
    ),
    (
        "kept_after_delete",
        "a name stays taken after its agent was deleted",
        Seed(enrol=_kept_after_delete, deleted=_keep_name),
    ),
    ("taken.status_400", "a taken name is refused with 400", _other_status(400)),
    ("taken.status_403", "a taken name is refused with 403", _other_status(403)),
    ("taken.status_422", "a taken name is refused with 422", _other_status(422)),
    ("taken.status_500", "a taken name is refused with 500", _other_status(500)),
)

_STATUSES: Final = (
    ("status_400", "a bad token is refused with 400", _other_token_status(400)),
    ("status_403", "a bad token is refused with 403", _other_token_status(403)),
    ("status_404", "a bad token is refused with 404", _other_token_status(404)),
    ("status_500", "a bad token is refused with 500", _other_token_status(500)),
)

TOKEN_FAULTS: Final = (
    *table("Register Agent", prefixed("token.", _TOKENS)),
    *table("Error Responses", prefixed("token.", _STATUSES)),
    *table("Error Responses", prefixed("name.", _NAMES)),
)
"""Faults of tokens and names."""
