"""Faults between requests: tokens, order, catalogue, matching of replies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from tests.mutants.architect_agents.edits import calls, from_nth, parameters, put, when
from tests.mutants.architect_agents.model import (
    Draft,
    Fault,
    Json,
    Match,
    Needs,
    Style,
    Tamper,
    TokenMaker,
    TokenView,
)
from tests.mutants.architect_agents.tokens import hex32

__all__ = ["DIALOGUE_FAULTS"]

_TOKEN: Final = "example, idempotence"
_REPLY: Final = "first message that echoes that token"
_CATALOGUE: Final = "supported actions, their required parameters and data types"


def _token(
    name: str,
    summary: str,
    maker: TokenMaker,
    *,
    implied: bool = False,
    reading: str = "sequential",
    needs: Needs = Needs.NOTHING,
) -> Fault:
    return Fault(
        name=f"token.{name}",
        reading=reading,
        section=_TOKEN,
        summary=summary,
        implied=implied,
        needs=needs,
        reshape=lambda style: replace(style, token=maker),
    )


def _fresh_unless(repeats: Callable[[TokenView], bool]) -> TokenMaker:
    """A new token, or the one before when ``repeats``."""
    return lambda view: view.used[-1] if view.used and repeats(view) else hex32(view)


def _first_again(view: TokenView) -> Json:
    # Eleven requests: an off-by-one in a ring of ten tokens.
    return view.used[view.moment.nth % 10] if view.moment.nth >= 10 else hex32(view)


def _tokens() -> Iterator[Fault]:
    bad = _token
    same = "5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f"
    yield bad("constant", "always the same token", lambda _view: same, implied=True)
    shared = "always the same token, with ten requests waiting"
    yield bad("constant_in_flight", shared, lambda _view: same, reading="concurrent")
    pairs = _fresh_unless(lambda view: view.moment.nth % 2 == 1)
    yield bad("pairs", "each token serves two requests, one after the other", pairs, implied=True)
    waiting = _fresh_unless(lambda view: view.moment.waiting > 0 and view.moment.nth % 2 == 0)
    yield bad(
        "reused_while_waiting",
        "a token that still waits is used again",
        waiting,
        reading="concurrent",
    )
    many = _fresh_unless(lambda view: view.moment.waiting > 8)
    yield bad(
        "reused_when_many_wait",
        "when more than eight wait, the last token again",
        many,
        reading="hundred",
    )
    first = _fresh_unless(lambda view: view.moment.nth == 1)
    yield bad(
        "list_token_again", "the first call has the token of list_actions", first, implied=True
    )
    yield bad(
        "eleventh",
        "the eleventh request has the token of the first, and so on",
        _first_again,
        implied=True,
    )
    yield bad(
        "by_action", "the token is the action's name", lambda view: view.moment.action, implied=True
    )
    named = "the token is the action's name, with many requests waiting"
    yield bad("by_action_in_flight", named, lambda view: view.moment.action, reading="hundred")
    yield bad(
        "restarting",
        "a counter that starts again after each third request",
        lambda view: str(view.moment.nth % 3 + 1),
        implied=True,
        reading="counter",
    )
    yield bad(
        "by_waiting",
        "the number of waiting requests, which a request that still waits may have",
        lambda view: str(view.moment.waiting + 1),
        reading="concurrent",
    )
    yield bad(
        "slots",
        "three tokens in turn, with ten requests waiting",
        lambda v: f"slot{v.moment.nth % 3}",
        reading="concurrent",
    )
    yield bad(
        "short", "one hexadecimal digit", lambda v: f"{v.rng.getrandbits(4):x}", reading="hundred"
    )
    yield bad(
        "shared_by_lines",
        "two connections at once count alike",
        lambda v: str(v.moment.nth),
        implied=True,
        reading="twins",
    )
    yield bad(
        "given_up_again",
        "a token that was given up serves the next request",
        _given_up,
        needs=Needs.SLOW,
        reading="abandoning",
        implied=True,
    )
    yield bad(
        "list_and_call_share",
        "each list_actions in between has the newest token",
        _relisted,
        reading="refreshing",
        implied=True,
    )


def _given_up(view: TokenView) -> Json:
    return view.given_up[-1] if view.given_up else hex32(view)


def _relisted(view: TokenView) -> Json:
    listing = view.moment.action == "list_actions"
    return view.used[-1] if listing and view.used else hex32(view)


def _conduct(
    name: str,
    section: str,
    summary: str,
    reshape: Callable[[Style], Style],
    *,
    implied: bool = False,
    reading: str = "sequential",
    needs: Needs = Needs.NOTHING,
) -> Fault:
    return Fault(
        name=name,
        reading=reading,
        section=section,
        summary=summary,
        implied=implied,
        needs=needs,
        reshape=reshape,
    )


def _order() -> Iterator[Fault]:
    def bad(name: str, summary: str, reshape: Callable[[Style], Style]) -> Fault:
        return _conduct(f"order.{name}", "list_actions", summary, reshape, implied=True)

    yield bad(
        "hasty",
        "calls before the catalogue has come",
        lambda s: replace(s, hasty=True),
    )
    yield bad(
        "list_loop",
        "asks list_actions in a tight loop, calls nothing",
        lambda s: replace(s, list_loop=True),
    )
    yield bad("flood", "calls in a tight loop", lambda s: replace(s, flood=True))
    yield bad("mute", "connects and never says a word", lambda s: replace(s, mute_from=0))


def _matching() -> Iterator[Fault]:
    def by(match: Match) -> Callable[[Style], Style]:
        return lambda style: replace(style, match=match)

    bad = _conduct
    for name, match, summary in (
        ("order", Match.ORDER, "gives replies out in the order in which they come"),
        ("newest", Match.NEWEST, "gives each reply to the newest request"),
    ):
        yield bad(
            f"match.{name}", _REPLY, summary, by(match), reading="concurrent", needs=Needs.REORDERED
        )
    event = "takes the first message behind a request, even an event, for its reply"
    yield bad("match.any", _REPLY, event, by(Match.ANY), needs=Needs.EVENT)
    many = "takes any message, even an event, for the oldest request's reply"
    yield bad(
        "match.any_in_flight", _REPLY, many, by(Match.ANY), reading="concurrent", needs=Needs.EVENT
    )
    strange = "takes a reply with somebody else's token for its own"
    yield bad("match.strange", _REPLY, strange, by(Match.ORDER), needs=Needs.STRANGE)
    twice = "takes the second copy of a reply for the reply to the next request"
    yield bad("match.twice", _REPLY, twice, by(Match.ORDER), needs=Needs.TWICE)
    late = "takes a reply that comes too late for the reply to the next request"
    yield bad("match.late", _REPLY, late, by(Match.ORDER), reading="abandoning", needs=Needs.LATE)


def _spoilt(
    name: str,
    summary: str,
    tamper: Tamper,
    *,
    implied: bool = False,
    reading: str = "sequential",
    needs: Needs = Needs.PARAMETERS,
) -> Fault:
    return Fault(
        name=f"catalogue.{name}",
        reading=reading,
        section=_CATALOGUE,
        summary=summary,
        implied=implied,
        needs=needs,
        tamper=tamper,
    )


def _wrong(value: Json) -> Json:
    """A value of another type."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        return str(value)
    return 12345 if isinstance(value, str) else "text"


def _each(change: Callable[[Json], Json]) -> Tamper:
    return parameters(lambda old: {key: change(value) for key, value in old.items()})


def _numbers(change: Callable[[int], Json]) -> Tamper:
    def one(value: Json) -> Json:
        number = isinstance(value, int) and not isinstance(value, bool)
        return change(value) if number and isinstance(value, int) else value

    return _each(one)


def _without_last(old: Mapping[str, Json]) -> Json:
    return dict(list(old.items())[:-1])


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)


def _catalogue() -> Iterator[Fault]:
    bad = _spoilt
    yield bad("required_omitted", "no required parameter is given", parameters(lambda _old: {}))
    yield bad("last_omitted", "the last required parameter is left out", parameters(_without_last))
    yield bad("required_null", "required parameters are null", _each(lambda _value: None))
    yield bad("wrong_types", "values of another type", _each(_wrong))
    yield bad("wrapped", "each value in a list", _each(lambda value: [value]))
    yield bad("number_as_text", "numbers as text", _numbers(str))
    yield bad("integer_as_fraction", "integers with a fraction", _numbers(lambda n: n + 0.5))
    yield bad("integer_as_bool", "integers as true", _numbers(lambda _n: True))
    renamed = parameters(lambda old: {_camel(key): value for key, value in old.items()})
    yield bad("names_camel", "parameter names in camel case", renamed)
    upper = parameters(lambda old: {key.upper(): value for key, value in old.items()})
    yield bad("names_upper", "parameter names in capitals", upper)
    later = when(from_nth(11), parameters(lambda _old: {}))
    yield bad("omitted_from_11th", "from the eleventh request on no parameter is given", later)
    crowded = when(_second_in_flight, parameters(lambda _old: {}))
    yield bad(
        "omitted_in_flight",
        "no parameter is given while another call waits",
        crowded,
        reading="concurrent",
    )
    guessed = when(calls, put("action", lambda name: f"get_{name}"))
    yield bad("guessed", "get_ in front of the listed name", guessed, needs=Needs.NOTHING)
    by_heart = when(calls, put("action", "system_information"))
    told = "system_information is called, listed or not"
    yield bad("by_heart", told, by_heart, needs=Needs.NOTHING, implied=True)
    case = when(calls, put("action", lambda name: str(name).upper()))
    yield bad(
        "name_case", "listed names in other case", case, needs=Needs.NOTHING, reading="refreshing"
    )
    yield _conduct(
        "catalogue.unlisted",
        _CATALOGUE,
        "an action that the catalogue does not have, beside the listed ones",
        lambda s: replace(s, unlisted=("restart_everything",)),
    )
    yield _conduct(
        "catalogue.controller_only",
        "example, cloud_controller_only",
        "calls actions that are not for scripts",
        lambda s: replace(s, heeds_flag=False),
        needs=Needs.CONTROLLER,
        implied=True,
    )


def _second_in_flight(draft: Draft) -> bool:
    return draft.moment.waiting > 0


DIALOGUE_FAULTS: Final = (*_tokens(), *_order(), *_matching(), *_catalogue())
