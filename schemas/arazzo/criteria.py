"""Criteria and selectors of Arazzo 1.1: what must hold, and what is picked out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import jsonpath_rfc9535

from schemas import pointer as json_pointer
from schemas.arazzo.conditions import condition
from schemas.arazzo.expressions import (
    NOTHING,
    Expression,
    ExpressionError,
    Scope,
    evaluate,
    fill,
    is_expression,
    parse,
    references,
)

__all__ = ["Criterion", "Outcome", "Selector", "read_criterion", "read_value", "worth"]


class Outcome(NamedTuple):
    """Whether a criterion holds, and what is said where it does not."""

    holds: bool
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One thing that must hold. `requirements` are the rows that it judges."""

    text: str
    kind: str
    judge: Callable[[Scope], Outcome]
    references: tuple[Expression, ...] = ()
    requirements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """A part of what `context` leads to, by a JSONPath or a JSON Pointer."""

    context: Expression
    pick: Callable[[Any], Any]


def read_criterion(said: Mapping[str, Any]) -> Criterion:
    """A Criterion Object. Raises `ExpressionError` for one that can't be understood."""
    kind = _type(said.get("type", "simple"))
    judge, spoken = _KINDS[kind](said)
    return Criterion(
        text=said["condition"],
        kind=kind,
        judge=judge,
        references=spoken,
        requirements=tuple(said.get("x-requirements", ())),
    )


def read_value(said: Any) -> Any:
    """A value as a document gives it, its Selector Objects understood; see `worth`."""
    if isinstance(said, dict):
        if said.keys() >= {"context", "selector", "type"}:
            return _selector(said)
        return {key: read_value(item) for key, item in said.items()}
    if isinstance(said, list):
        return [read_value(item) for item in said]
    for text in references(said):
        parse(text)
    return said


def worth(value: Any, scope: Scope) -> Any:
    """What a value is worth now, all expressions and selectors worked out. Raises
    `ExpressionError` where something leads nowhere.
    """
    if isinstance(value, Selector):
        found = evaluate(value.context, scope)
        picked = NOTHING if found is NOTHING else value.pick(found)
        if picked is NOTHING:
            raise ExpressionError(f"the selector finds nothing in {value.context}")
        return picked
    if isinstance(value, dict):
        return {key: worth(item, scope) for key, item in value.items()}
    if isinstance(value, list):
        return [worth(item, scope) for item in value]
    return fill(value, scope)


def _type(said: Any) -> str:
    if isinstance(said, dict):
        version = said["version"]
        if version not in ("rfc9535", "rfc6901"):
            raise ExpressionError(f"{version} is not understood; rfc9535 and rfc6901 are")
        said = said["type"]
    if said == "xpath":
        raise ExpressionError("xpath is for XML, and no message here is any: use jsonpath")
    return str(said)


# Criteria

_Understood = tuple[Callable[[Scope], Outcome], tuple[Expression, ...]]


def _simple(said: Mapping[str, Any]) -> _Understood:
    understood = condition(said["condition"])

    def judge(scope: Scope) -> Outcome:
        if understood.holds(scope):
            return Outcome(holds=True)
        seen = {str(each): evaluate(each, scope) for each in understood.references}
        told = ", ".join(f"{name} is {_short(value)}" for name, value in seen.items())
        return Outcome(holds=False, message=f"{understood.text} does not hold: {told}")

    return judge, understood.references


def _regex(said: Mapping[str, Any]) -> _Understood:
    context = parse(said["context"])
    text = said["condition"]
    if not [*references(text)]:
        _compile(text)  # what is wrong already is told beforehand

    def judge(scope: Scope) -> Outcome:
        value = evaluate(context, scope)
        if value is NOTHING or value is None:
            return Outcome(holds=False, message=f"{context} leads to nothing")
        pattern = _compile(fill(text, scope, re.escape))  # what is filled in stands for itself
        seen = value if isinstance(value, str) else str(value)
        what = f"{context} is {_short(seen)}, and does not match {pattern.pattern}"
        return Outcome(holds=bool(pattern.search(seen)), message=what)

    return judge, (context, *_embedded(text))


def _jsonpath(said: Mapping[str, Any]) -> _Understood:
    context = parse(said["context"])
    text = said["condition"]
    if not [*references(text[1:])]:
        _query(text)

    def judge(scope: Scope) -> Outcome:
        value = evaluate(context, scope)
        if value is NOTHING or value is None:
            return Outcome(holds=False, message=f"{context} leads to nothing")
        # Its own $ is none of ours: only what is in braces is filled in.
        query = "$" + fill(text[1:], scope) if text.startswith("$") else text
        found = _query(query).find(value)
        return Outcome(holds=len(found) > 0, message=f"{query} finds nothing in {context}")

    return judge, (context, *_embedded(text[1:]))


_KINDS: Mapping[str, Callable[[Mapping[str, Any]], _Understood]] = {
    "simple": _simple,
    "regex": _regex,
    "jsonpath": _jsonpath,
}


def _embedded(text: str) -> tuple[Expression, ...]:
    return tuple(parse(each) for each in references(text) if is_expression(each))


# Selectors


def _selector(said: Mapping[str, Any]) -> Selector:
    kind, text = _type(said["type"]), said["selector"]
    context = parse(said["context"])
    if kind == "jsonpath":
        query = _query(text)

        def find(value: Any) -> Any:
            found = [node.value for node in query.find(value)]
            return found[0] if len(found) == 1 else found or NOTHING

        return Selector(context=context, pick=find)
    steps = json_pointer.parse(text)

    def dig(value: Any) -> Any:
        try:
            return json_pointer.dig(value, steps)
        except LookupError:
            return NOTHING

    return Selector(context=context, pick=dig)


def _query(text: str) -> jsonpath_rfc9535.JSONPathQuery:
    try:
        return jsonpath_rfc9535.compile(text)
    except jsonpath_rfc9535.JSONPathError as error:
        raise ExpressionError(f"{text} is no JSONPath of RFC 9535: {error}") from error


def _compile(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ExpressionError(f"{pattern} is no regular expression: {error}") from error


def _short(value: Any, limit: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
