"""Faults in the check of parameters: types and what is required."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from .agent import Agent
from .catalogue import Action
from .fault import Fault
from .model import Json, Kind, Outcome, Request, Session
from .reading import Reading

__all__ = ["PARAMETER_FAULTS"]

_Fits = Callable[[Kind, Json], bool]
_DONE: Final = Outcome(result={})


class _Lenient(Agent):
    """Accepts values of other types; the rule is asked when the lawful agent refuses."""

    def __init__(self, reading: Reading, *, rule: _Fits) -> None:
        super().__init__(reading)
        self.rule = rule

    def fits(self, kind: Kind, value: Json) -> bool:
        return super().fits(kind, value) or self.rule(kind, value)

    def perform(self, session: Session, request: Request) -> Outcome:
        try:
            return super().perform(session, request)
        except (TypeError, ValueError, AttributeError):
            return _DONE  # what was accepted must not fail after all


def _typed(name: str, summary: str, make: Callable[[Reading], Agent]) -> Fault:
    """A fault in what counts as a value of a type."""
    return Fault(
        name=f"type.{name}", summary=summary, section="Supported actions", implied=True, make=make
    )


def _accepts(name: str, summary: str, rule: _Fits) -> Fault:
    return _typed(f"{name}.accepted", f"{summary} is accepted", partial(_Lenient, rule=rule))


def _is_number_text(value: Json) -> bool:
    try:
        return isinstance(value, str) and math.isfinite(float(value))
    except ValueError:
        return False


_KINDS: Final[tuple[Kind, ...]] = ("str", "int", "float", "bool", "map", "list")

_TYPES: Final = (
    _accepts("any", "any value of any type", lambda k, v: True),
    *(
        _accepts(f"for_{kind}", f"any value for a parameter of type {kind}", rule)
        for kind, rule in ((kind, lambda k, v, only=kind: k == only) for kind in _KINDS)
    ),
    _accepts("null", "null for any type", lambda k, v: v is None),
    _accepts(
        "bool_as_int", "true for a whole number", lambda k, v: k == "int" and v in (True, False)
    ),
    _accepts("fraction_as_int", "1.5 for a whole number", lambda k, v: k == "int" and _float(v)),
    _accepts(
        "text_as_int", "'5' for a whole number", lambda k, v: k == "int" and _is_number_text(v)
    ),
    _accepts(
        "text_as_float", "'1.5' for a number", lambda k, v: k == "float" and _is_number_text(v)
    ),
    _accepts("text_as_bool", "'true' for a flag", lambda k, v: k == "bool" and isinstance(v, str)),
    _accepts("number_as_bool", "0 or 1 for a flag", lambda k, v: k == "bool" and v in (0, 1)),
    _accepts("number_as_text", "a number for text", lambda k, v: k == "str" and _number(v)),
    _accepts("list_as_map", "a list for a map", lambda k, v: k == "map" and isinstance(v, list)),
    _accepts("map_as_list", "a map for a list", lambda k, v: k == "list" and isinstance(v, dict)),
    _accepts("text_as_list", "text for a list", lambda k, v: k == "list" and isinstance(v, str)),
)


class _Narrow(Agent):
    """Refuses values of the right type; the rule is asked when the lawful agent accepts."""

    def __init__(self, reading: Reading, *, rule: _Fits) -> None:
        super().__init__(reading)
        self.rule = rule

    def fits(self, kind: Kind, value: Json) -> bool:
        return super().fits(kind, value) and not self.rule(kind, value)


def _refuses(name: str, summary: str, rule: _Fits) -> Fault:
    summary = f"{summary} is refused as ill-typed"
    return _typed(f"{name}.refused", summary, partial(_Narrow, rule=rule))


_NARROW: Final = (
    _refuses("whole_as_float", "2 for a float", lambda k, v: k == "float" and isinstance(v, int)),
    _refuses("below_zero", "-1 for a whole number", lambda k, v: k == "int" and v < 0),
    _refuses("digits", "'42' for a text", lambda k, v: k == "str" and v.isdigit()),
    _refuses("nested", "a map in a map", lambda k, v: k == "map" and any(map(_holds, v.values()))),
)


def _holds(value: Json) -> bool:
    return isinstance(value, dict | list)


def _float(value: Json) -> bool:
    return isinstance(value, float)


def _number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_Lacks = Callable[["_Forgiving", Session, Action, Mapping[str, Json]], list[str]]


class _Forgiving(Agent):
    """Does without some required parameters."""

    def __init__(self, reading: Reading, *, rule: _Lacks) -> None:
        super().__init__(reading)
        self.rule = rule
        self.known: dict[str, Json] = {}

    def lacking(self, session: Session, action: Action, given: dict[str, Json]) -> list[str]:
        return self.rule(self, session, action, given)

    def perform(self, session: Session, request: Request) -> Outcome:
        try:
            return super().perform(session, request)
        except (KeyError, TypeError):
            return _DONE  # it did not notice that something is missing


def _names(given: Mapping[str, Json], names: list[str]) -> list[str]:
    return [name for name in names if name not in given]


def _after_a_success(
    agent: _Forgiving, session: Session, action: Action, given: Mapping[str, Json]
) -> list[str]:
    seen = session.notes.setdefault("seen", set())
    missing = [] if action.name in seen else _names(given, action.required)
    if not missing:
        seen.add(action.name)
    return missing


def _from_before(
    agent: _Forgiving, session: Session, action: Action, given: Mapping[str, Json]
) -> list[str]:
    known = session.notes.setdefault("known", set())
    missing = [name for name in _names(given, action.required) if name not in known]
    known.update(given)
    return missing


def _from_anybody(
    agent: _Forgiving, session: Session, action: Action, given: Mapping[str, Json]
) -> list[str]:
    missing = [name for name in _names(given, action.required) if name not in agent.known]
    agent.known.update(given)
    return missing


def _from_fourth(
    agent: _Forgiving, session: Session, action: Action, given: Mapping[str, Json]
) -> list[str]:
    return [] if session.count > 3 else _names(given, action.required)


def _forgives(name: str, summary: str, rule: _Lacks) -> Fault:
    return Fault(
        name=f"missing.{name}",
        summary=summary,
        section="Supported actions",
        implied=True,
        make=partial(_Forgiving, rule=rule),
    )


_MISSING: Final = (
    _forgives("accepted", "required parameters may be missing", lambda *_: []),
    _forgives(
        "only_first_checked",
        "only the first required parameter must come",
        lambda a, s, action, given: _names(given, action.required[:1]),
    ),
    _forgives(
        "only_last_checked",
        "only the last required parameter must come",
        lambda a, s, action, given: _names(given, action.required[-1:]),
    ),
    _forgives(
        "any_will_do",
        "one of the required parameters is enough",
        lambda a, s, action, g: [] if g else action.required,
    ),
    _forgives(
        "count_only",
        "parameters are counted, but their names are not looked at",
        lambda a, s, action, g: action.required if len(g) < len(action.required) else [],
    ),
    _forgives(
        "case_ignored",
        "a required parameter in another case will do",
        lambda a, s, action, g: _names({k.lower(): 1 for k in g}, action.required),
    ),
    _forgives(
        "one_action",
        "one action does without its required parameters",
        lambda a, s, action, g: [] if action.name == "subscribe" else _names(g, action.required),
    ),
    _forgives(
        "falsy",
        "what is false, zero or empty counts as missing",
        lambda a, s, action, g: _names({k: v for k, v in g.items() if v}, action.required),
    ),
    _forgives(
        "beyond_ascii",
        "a text beyond ASCII counts as missing",
        lambda a, s, action, g: _names(
            {k: v for k, v in g.items() if not isinstance(v, str) or v.isascii()}, action.required
        ),
    ),
    _forgives("after_a_success", "what went well once is not checked again", _after_a_success),
    _forgives("from_before", "what a command before has given need not come", _from_before),
    _forgives("from_anybody", "what another connection has given need not come", _from_anybody),
    _forgives("from_fourth_message", "from the fourth message on nothing must come", _from_fourth),
)

PARAMETER_FAULTS: Final = (*_TYPES, *_NARROW, *_MISSING)
