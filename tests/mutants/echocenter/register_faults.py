"""POST /api/users/agents: the names, tokens and ids that it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from .fault import Enrol, Fault, Seed, prefixed, table
from .model import Principal

if TYPE_CHECKING:
    pass

__all__ = ["REGISTER_FAULTS"]


def _enrol(edit: Callable[[Enrol], object]) -> Seed:
    return Seed(enrol=edit)


def _named(change: Callable[[str], str]) -> Seed:
    return _enrol(lambda one: setattr(one, "name", change(one.name)))


def _tokened(make: Callable[[Enrol], str]) -> Seed:
    return _enrol(lambda one: setattr(one, "token", make(one)))


def _shown(**fields: Callable[[Enrol], Any]) -> Seed:
    """The answer says something else than what is stored."""
    return _enrol(lambda one: one.shown.update({name: f(one) for name, f in fields.items()}))


def _latest(one: Enrol) -> Principal:
    return list(one.hub.registry.agents())[-1]


def _first_new(one: Enrol) -> Principal | None:
    agents = list(one.hub.registry.agents())
    return agents[1] if len(agents) > 1 else None


def _names() -> Iterator[tuple[str, str, Seed]]:
    yield (
        "ignored",
        "the username is ignored",
        _enrol(lambda one: setattr(one, "name", f"agent-{one.id}")),
    )
    yield "lower", "the username is kept in lower case", _named(str.lower)
    yield "upper", "the username is kept in upper case", _named(str.upper)
    yield "cut", "the username is cut after 8 signs", _named(lambda name: name[:8])
    yield (
        "no_hyphen",
        "hyphens of the username become underscores",
        _named(lambda name: name.replace("-", "_")),
    )
    yield "slug", "hyphens of the username are lost", _named(lambda name: name.replace("-", ""))
    yield "suffixed", "the username gets a suffix", _named(lambda name: name + "-bot")
    yield (
        "first",
        "each agent has the first new agent's name",
        _enrol(lambda one: setattr(one, "name", one.hub.memo.setdefault("name", one.name))),
    )
    yield "previous", "each agent has the name of the one before", _enrol(_previous_name)
    yield "of_admin", "each agent is called admin", _named(lambda _: "admin")
    yield "empty", "each agent's name is empty", _named(lambda _: "")


def _previous_name(one: Enrol) -> None:
    true = one.name
    one.name = one.hub.memo.get("name", true)
    one.hub.memo["name"] = true


def _tokens() -> Iterator[tuple[str, str, Seed]]:
    yield (
        "constant",
        "all new agents have the same token",
        _tokened(lambda one: str(one.hub.memo.setdefault("token", one.token))),
    )
    yield "pairs", "each second agent has the token of the one before", _tokened(_paired)
    yield "third", "the third new agent has the first one's token", _tokened(_thrice)
    yield (
        "by_prefix",
        "names with the same 4 first signs share a token",
        _tokened(lambda one: str(one.hub.memo.setdefault(one.name[:4].lower(), one.token))),
    )
    yield (
        "by_length",
        "names of the same length share a token",
        _tokened(lambda one: str(one.hub.memo.setdefault(len(one.name), one.token))),
    )
    yield (
        "by_case",
        "names that differ in case share a token",
        _tokened(lambda one: str(one.hub.memo.setdefault(one.name.lower(), one.token))),
    )
    yield (
        "of_existing",
        "a new agent has an existing agent's token",
        _tokened(lambda one: one.hub.registry.existing.token),
    )
    yield (
        "of_admin",
        "a new agent has the administrator's token",
        _tokened(lambda one: one.hub.registry.admin.token),
    )
    yield "empty", "the token is empty", _tokened(lambda _: "")
    yield (
        "shown_cut",
        "the token in the answer lacks its end",
        _shown(api_token=lambda one: one.token[:-4]),
    )
    yield (
        "shown_masked",
        "the answer shows a masked token",
        _shown(api_token=lambda one: "****" + one.token[-4:]),
    )
    yield (
        "shown_other",
        "the answer shows a token that was never stored",
        _shown(api_token=lambda one: one.hub.registry.new_token()),
    )
    yield (
        "shown_previous",
        "the answer shows the token of the agent before",
        _shown(api_token=lambda one: _latest(one).token),
    )
    yield (
        "shown_upper",
        "the answer shows the token in upper case",
        _shown(api_token=lambda one: one.token.upper()),
    )
    yield "shown_null", "the token in the answer is null", _shown(api_token=lambda one: None)
    yield (
        "shown_quoted",
        "the token in the answer is in quotation marks",
        _shown(api_token=lambda one: f'"{one.token}"'),
    )
    yield (
        "shown_hint",
        "the answer shows the hint as the token",
        _shown(api_token=lambda one: "..." + one.token[-4:]),
    )


def _paired(one: Enrol) -> str:
    return one.token if one.nth % 2 else _latest(one).token


def _thrice(one: Enrol) -> str:
    first = _first_new(one)
    return first.token if one.nth == 3 and first is not None else one.token


def _ids() -> Iterator[tuple[str, str, Seed]]:
    yield (
        "register.id.constant",
        "all new agents have the same id",
        _enrol(lambda one: setattr(one, "id", one.hub.memo.setdefault("id", one.id))),
    )
    yield (
        "register.id.of_admin",
        "a new agent has the administrator's id",
        _enrol(lambda one: setattr(one, "id", one.hub.registry.admin.id)),
    )
    yield (
        "~register.id.shown_next",
        "the answer shows an id one too high",
        _shown(id=lambda one: one.id + 1),
    )
    yield (
        "~register.name.shown_other",
        "the answer shows another name than was asked for",
        _shown(username=lambda one: one.name.upper()),
    )


REGISTER_FAULTS: Final[tuple[Fault, ...]] = (
    *table("1. Authentication", prefixed("register.name.", _names())),
    *table("1. Authentication", prefixed("register.token.", _tokens())),
    *table("1. Authentication", _ids()),
)
