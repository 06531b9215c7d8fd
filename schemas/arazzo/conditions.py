"""Simple conditions of Arazzo 1.1: `$statusCode == 200 && $response.body.data != null`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

from schemas.arazzo.expressions import (
    NOTHING,
    Expression,
    ExpressionError,
    Scope,
    evaluate,
    parse,
)

__all__ = ["Condition", "condition", "equal"]

Term: TypeAlias = Callable[[Scope], Any]


class Condition(NamedTuple):
    """A condition that was understood. `holds` judges it; `references` are what it speaks of."""

    text: str
    term: Term
    references: tuple[Expression, ...]

    def holds(self, scope: Scope) -> bool:
        return _truth(self.term(scope))


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


_TOKENS = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<text>'(?:[^']|'')*')
  | (?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)
  | (?P<operator><=|>=|==|!=|&&|\|\||[<>!()])
  | (?P<expression>\$[A-Za-z](?:[^\s()<>=!&|'\[\]]|(?<=[A-Za-z0-9_-])\[[^\]]*\])*)
  | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    """,
    re.VERBOSE,
)

_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}
_CONSTANTS = {"true": True, "false": False, "null": None}


def condition(text: str) -> Condition:
    """Raises `ExpressionError`, with the place, for a text that is no condition."""
    reader = _Reader(text)
    term = reader.either()
    reader.end()
    return Condition(text, term, tuple(reader.references))


class _Reader:
    """Recursive descent: `||` binds least, then `&&`, then `!`, then comparisons."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._next = 0
        self.references: list[Expression] = []

    def either(self) -> Term:
        terms = [self._both()]
        while self._take("||"):
            terms.append(self._both())
        return terms[0] if len(terms) == 1 else lambda scope: any(_truth(t(scope)) for t in terms)

    def end(self) -> None:
        if self._peek() is not None:
            self._fail("an operator")

    def _both(self) -> Term:
        terms = [self._not()]
        while self._take("&&"):
            terms.append(self._not())
        return terms[0] if len(terms) == 1 else lambda scope: all(_truth(t(scope)) for t in terms)

    def _not(self) -> Term:
        if self._take("!"):
            term = self._not()
            return lambda scope: not _truth(term(scope))
        return self._comparison()

    def _comparison(self) -> Term:
        left = self._value()
        for sign in ("==", "!="):
            if self._take(sign):
                right, wanted = self._value(), sign == "=="
                return lambda scope: equal(left(scope), right(scope)) is wanted
        for sign, compare in _COMPARED.items():
            if self._take(sign):
                right, chosen = self._value(), compare
                return lambda scope: _ordered(left(scope), right(scope), chosen)
        return left

    def _value(self) -> Term:
        token = self._peek()
        if token is None:
            raise ExpressionError("it ends where a value is wanted", len(self._text))
        self._next += 1
        if token.text == "(":
            term = self.either()
            if not self._take(")"):
                self._fail("a closing bracket")
            return term
        if token.kind == "expression":
            return self._expression(token)
        value = _literal(token)
        if value is NOTHING:
            self._next -= 1
            self._fail("a value: true, false, null, a number, 'text' or $an.expression")
        return lambda _: value

    def _expression(self, token: _Token) -> Term:
        """With what stands behind it: `.name` and `[0]` lead into the body that it is."""
        expression, steps = _split(token.text)
        try:
            parsed = parse(expression)
        except ExpressionError as error:
            raise ExpressionError(str(error), token.at + error.at) from error
        full = parsed._replace(pointer=(*parsed.pointer, *steps))
        self.references.append(full)
        return lambda scope: evaluate(full, scope)

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self, text: str) -> bool:
        token = self._peek()
        taken = token is not None and token.kind == "operator" and token.text == text
        self._next += taken
        return taken

    def _fail(self, wanted: str) -> None:
        token = self._peek()
        found = "its end" if token is None else repr(token.text)
        at = len(self._text) if token is None else token.at
        raise ExpressionError(f"{found} stands where {wanted} is wanted", at)


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        match = _TOKENS.match(text, at)
        if match is None:
            hint = "; a text stands in single quotes" if text[at] == '"' else ""
            raise ExpressionError(f"{text[at]!r} means nothing here{hint}", at)
        if match.lastgroup != "space":
            yield _Token(str(match.lastgroup), match[0], at)
        at = match.end()


_DEREFERENCED = re.compile(r"(\$(?:response|request)\.body|\$message\.payload)((?:[.\[]).*)")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['([^']*)'\]")
_INDEXED = re.compile(r"([^\[]+)((?:\[[^\]]*\].*))")


def _split(text: str) -> tuple[str, tuple[str, ...]]:
    """An expression, and the steps that lead on from it."""
    found = _DEREFERENCED.fullmatch(text) or _INDEXED.fullmatch(text)
    if found is None:
        return text, ()
    steps, at = [], 0
    while at < len(found[2]):
        step = _STEP.match(found[2], at)
        if step is None:
            raise ExpressionError(f"{found[2][at:]!r} leads nowhere", len(found[1]) + at)
        steps.append(next(part for part in step.groups() if part is not None))
        at = step.end()
    return found[1], tuple(steps)


def _literal(token: _Token) -> Any:
    if token.kind == "text":
        return token.text[1:-1].replace("''", "'")
    if token.kind == "number":
        return float(token.text) if re.search(r"[.eE]", token.text) else int(token.text)
    return _CONSTANTS.get(token.text, NOTHING) if token.kind == "word" else NOTHING


def _truth(value: Any) -> bool:
    """A condition holds by its truth alone: no number and no text is one."""
    return value is True


def equal(one: Any, other: Any) -> bool:
    """As `==` of conditions sees it: text without regard to case, numbers also as text."""
    one, other = (None if each is NOTHING else each for each in (one, other))
    if one is None or other is None:
        return one is other
    if isinstance(one, str) and isinstance(other, str):
        return one.casefold() == other.casefold()
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    numbers = _numbers(one, other)
    return numbers[0] == numbers[1] if numbers else _alike(one, other)


def _alike(one: Any, other: Any) -> bool:
    """Equal as JSON, at any depth: `true` is no number."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    return bool(one == other)


def _ordered(one: Any, other: Any, compare: Callable[[Any, Any], bool]) -> bool:
    numbers = _numbers(one, other)
    if numbers:
        return compare(*numbers)
    if isinstance(one, str) and isinstance(other, str):
        return compare(one.casefold(), other.casefold())
    return False


def _numbers(one: Any, other: Any) -> tuple[float, float] | None:
    """Both as numbers, where at least one is one and the other one is, or says one."""
    if not any(isinstance(each, int | float) for each in (one, other)):
        return None
    found = [_number(each) for each in (one, other)]
    return None if None in found else (found[0], found[1])  # type: ignore[return-value]


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value) if isinstance(value, str) else value
    except ValueError:
        return None
    return number if not isinstance(number, float) or math.isfinite(number) else None
