"""Is that what a step awaits? By its values, which bind what is open yet. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from mockserver.scenario.acts import Sight
from schemas import pointer as json_pointer
from schemas.arazzo.conditions import equal
from schemas.arazzo.criteria import Selector, worth
from schemas.arazzo.expressions import (
    NOTHING,
    ExpressionError,
    Scope,
    is_expression,
    parse,
    references,
)
from schemas.arazzo.model import Body, Step

__all__ = ["Match", "match_client", "match_message", "open_input"]


class Match(NamedTuple):
    """`why` it does not fit, empty where it does; `bound` are inputs that it gave their value."""

    bound: Mapping[str, Any]
    why: str = ""


def match_client(step: Step, scope: Scope, sight: Sight) -> Match:
    """Does what a client asked or said fit the values of a step?"""
    matching = _Matching(scope)
    for parameter in step.parameters:
        seen: Any = NOTHING
        if parameter.place in ("path", "channel"):
            seen = sight.request.path.get(parameter.name, NOTHING)
        elif parameter.place == "query":
            seen = sight.request.query.get(parameter.name, NOTHING)
        else:
            continue  # headers are credentials and labels, and the client's own business
        value = parameter.value
        if isinstance(value, list) and parameter.place == "query":
            value = value[0] if value else NOTHING  # of several of a name, the first one is seen
        matching.fit(value, seen, f"{parameter.place} {parameter.name}", exact=True)
    if step.body is not None and not matching.why:
        said = sight.message.body if step.channel is not None else sight.request.body
        matching.fit(_whole(step.body), said, "")
    return Match(matching.bound, matching.why)


def match_message(step: Step, scope: Scope, payload: Any, message: str) -> str:
    """Why a message of the coordinator is not the one awaited; empty where it is."""
    if step.message and step.message != message:
        return f"{message or 'what came'} is no {step.message}"
    return _correlated(step, scope, payload, message)


def _correlated(step: Step, scope: Scope, payload: Any, message: str) -> str:
    """Why a message does not answer what the step asked; empty where it does."""
    if step.correlation is None or step.channel is None:
        return ""
    try:
        wanted = worth(step.correlation, scope)
    except ExpressionError as error:
        return str(error)
    known = step.channel.messages.get(message)
    if known is None or not known.correlation:
        return f"{message or 'what came'} has no correlation id"
    try:
        found = json_pointer.dig(payload, json_pointer.parse(known.correlation))
    except LookupError:
        return f"{known.correlation} is missing"
    return (
        "" if found == wanted else f"{known.correlation} is {_short(found)}, not {_short(wanted)}"
    )


class _Matching:
    """A value beside its template: what is known must be equal, what is open is bound."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.bound: dict[str, Any] = {}
        self.why = ""

    def miss(self, where: str, what: str) -> None:
        self.why = self.why or f"{where or 'the body'} {what}"

    def fit(self, template: Any, seen: Any, where: str, *, exact: bool = False) -> None:
        """Constants count where it is `exact`: in a path, say."""
        if isinstance(template, dict):
            for key, part in template.items():
                value = seen.get(key, NOTHING) if isinstance(seen, dict) else NOTHING
                self.fit(part, value, f"{where}/{json_pointer.escape(key)}", exact=exact)
        elif isinstance(template, list):
            for at, part in enumerate(template):
                there = isinstance(seen, list) and at < len(seen)
                self.fit(part, seen[at] if there else NOTHING, f"{where}/{at}", exact=exact)
        elif isinstance(template, Selector) or any(True for _ in references(template)):
            self._fit_expression(template, seen, where)
        elif exact and not _same(template, seen):
            self.miss(where, f"is {_short(seen)}, not {_short(template)}")

    def _fit_expression(self, template: Any, seen: Any, where: str) -> None:
        name = open_input(template)
        if name in self.bound:
            known = self.bound[name]
        else:
            try:
                known = worth(template, self._scope)
            except ExpressionError:
                if name and seen is not NOTHING:
                    self.bound[name] = seen
                return
        if not _same(known, seen):
            self.miss(where, f"is {_short(seen)}, not {_short(known)}")


def open_input(template: Any) -> str:
    """The name of the input that a template is, if it is one and nothing else."""
    if not is_expression(template):
        return ""
    expression = parse(template)
    return expression.names[0] if expression.root == "inputs" and not expression.pointer else ""


def _same(one: Any, other: Any) -> bool:
    if isinstance(other, str) and not isinstance(one, str) and one is not NOTHING:
        return json.dumps(one) == other  # in a path or a query all is text
    return one == other if isinstance(one, str) else equal(one, other)


_PLACES = re.compile(r'"(?:[^"\\]|\\.)*"|\{(\$[^{}]*)\}')
"""The strings in a text of JSON, and the expressions that stand between them."""


def _whole(body: Body) -> Any:
    """The template of a payload, with what is to be set in it: a text of JSON as JSON."""
    template = body.payload
    if isinstance(template, str) and template.lstrip().startswith(("{", "[")):
        with suppress(ValueError):
            template = json.loads(_PLACES.sub(_quoted, template))
    for each in body.replacements:
        with suppress(ExpressionError):  # its place may be there only when it is worked out
            template = each.put(template, each.value)
    return template


def _quoted(place: re.Match[str]) -> str:
    """An expression outside of a string stands for a value, of whatever type."""
    return place[0] if place[1] is None else json.dumps(place[1])


def _short(value: Any) -> str:
    text = "missing" if value is NOTHING else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:59] + "…"
