"""Runtime expressions of Arazzo 1.1: `$response.body#/id`, alone or inside a text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from schemas import pointer as json_pointer

__all__ = [
    "NOTHING",
    "Expression",
    "ExpressionError",
    "Said",
    "Scope",
    "evaluate",
    "fill",
    "is_expression",
    "parse",
    "references",
]


class _Nothing:
    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "(nothing)"


NOTHING: Any = _Nothing()
"""What an expression is worth where it leads nowhere: not `null`, which is a value."""


class ExpressionError(ValueError):
    """A text that is no runtime expression. `at` is where it goes wrong, from 0."""

    def __init__(self, message: str, at: int = 0) -> None:
        super().__init__(message)
        self.at = at


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One side of an exchange, or a message: what expressions can see of it.

    Names of headers are in lower case.
    """

    headers: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    path: Mapping[str, Any] = field(default_factory=dict)
    body: Any = NOTHING


_SILENCE = Said()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """All that expressions can see at one moment.

    `steps` holds the outputs of each step that is done, `workflows` the inputs and outputs of each
    workflow, `sources` the fields of each source description, `components` those of the document.
    """

    url: Any = NOTHING
    method: Any = NOTHING
    status: Any = NOTHING
    request: Said = _SILENCE
    response: Said = _SILENCE
    message: Said = _SILENCE
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    steps: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    workflows: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    sources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    components: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    self_uri: Any = NOTHING


class Expression(NamedTuple):
    """`$steps.find.outputs.pet#/id` is the root `steps`, the names `find` and `pet`, and a pointer.

    Of a header, a query or a path, the second name is its own, whatever characters it holds.
    """

    root: str
    names: tuple[str, ...] = ()
    pointer: tuple[str, ...] = ()

    def __str__(self) -> str:
        between = ".outputs." if self.root == "steps" else "."
        words = f"${self.root}" + (f".{between.join(self.names)}" if self.names else "")
        return words + (f"#{json_pointer.join(self.pointer)}" if self.pointer else "")


_STRICT = r"[A-Za-z0-9_-]+"
_FREE = r"[A-Za-z0-9._-]+"
_SAID = r"(request|response|message)"
_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        r"\$(url|method|statusCode|self)",
        rf"\${_SAID}\.(header)\.([!#$%&'*+.^_`|~0-9A-Za-z-]+)",
        rf"\${_SAID}\.(query|path)\.([^{{}}]+)",
        rf"\${_SAID}\.(body|payload)",
        rf"\$(inputs|outputs)\.({_FREE})",
        rf"\$(steps)\.({_STRICT})\.outputs\.({_FREE})",
        rf"\$(workflows)\.({_STRICT})\.(inputs|outputs)\.({_FREE})",
        rf"\$(sourceDescriptions)\.({_STRICT})\.([^{{}}]+)",
        rf"\$(components)\.(parameters|successActions|failureActions|inputs)\.({_FREE})",
    )
)
_POINTED = ("body", "payload", "inputs", "outputs", "steps", "workflows")
_ROOTS = (
    "$url, $method, $statusCode, $request., $response., $message., $inputs., $outputs., $steps., "
    "$workflows., $sourceDescriptions., $components. or $self"
)
_EMBEDDED = re.compile(r"\{(\$[^{}]*)\}")


def is_expression(text: Any) -> bool:
    """Is it a text that is one expression and nothing else?"""
    return isinstance(text, str) and text.startswith("$")


def parse(text: str) -> Expression:
    """Raises `ExpressionError` for a text that is none."""
    head, mark, tail = text.partition("#")
    if mark and head.startswith(("$request.query.", "$request.path.", "$sourceDescriptions.")):
        head, mark, tail = text, "", ""  # there, # is a character like any other
    found = next((match for shape in _SHAPES if (match := shape.fullmatch(head))), None)
    if found is None:
        raise ExpressionError(_why(head), len(head))
    root, *names = found.groups()
    if mark and not (root in _POINTED or (names and names[0] in _POINTED)):
        raise ExpressionError(f"{head} has no parts that a pointer could lead to", len(head))
    if mark and tail and not tail.startswith("/"):
        message = f"a JSON Pointer begins with /, and here with {tail[:1]!r}"
        raise ExpressionError(message, len(head) + 1)
    return Expression(root, tuple(names), tuple(json_pointer.parse(tail)) if tail else ())


def _why(text: str) -> str:
    if text.startswith("$steps.") and ".outputs." not in text:
        return "a step is spoken of by its outputs: $steps.STEP.outputs.NAME"
    if text.startswith("$workflows."):
        return "a workflow is spoken of by $workflows.ID.inputs.NAME or $workflows.ID.outputs.NAME"
    part = re.match(r"(\$\w+\.(?:body|payload))[.\[]", text)
    if part:
        return f"a part of it is led to by a JSON Pointer: {part[1]}#/PART"
    if text.startswith(("$request.", "$response.", "$message.")):
        return "it goes on with header.NAME, query.NAME, path.NAME, body or payload"
    return f"it begins with none of {_ROOTS}"


def evaluate(expression: Expression, scope: Scope) -> Any:
    """The value, of whatever type it is there; `NOTHING` where it leads nowhere."""
    root, names = expression.root, expression.names
    value: Any
    match root:
        case "url" | "method":
            value = getattr(scope, root)
        case "statusCode":
            value = scope.status
        case "self":
            value = scope.self_uri
        case "request" | "response" | "message":
            value = _said(getattr(scope, root), *names)
        case "inputs" | "outputs":
            value = getattr(scope, root).get(names[0], NOTHING)
        case "steps":
            value = scope.steps.get(names[0], {}).get(names[1], NOTHING)
        case "workflows":
            value = scope.workflows.get(names[0], {}).get(names[1], {}).get(names[2], NOTHING)
        case "sourceDescriptions":
            value = scope.sources.get(names[0], {}).get(names[1], NOTHING)
        case _:
            value = scope.components.get(names[0], {}).get(names[1], NOTHING)
    return _dig(value, expression.pointer)


def _said(said: Said, what: str, name: str = "") -> Any:
    match what:
        case "header":
            return said.headers.get(name.lower(), NOTHING)
        case "query":
            return said.query.get(name, NOTHING)
        case "path":
            return said.path.get(name, NOTHING)
        case _:
            return said.body


def _dig(value: Any, steps: tuple[str, ...]) -> Any:
    try:
        return json_pointer.dig(value, steps) if steps and value is not NOTHING else value
    except LookupError:
        return NOTHING


def fill(value: Any, scope: Scope, written: Callable[[str], str] = str) -> Any:
    """A value with its expressions worked out, at any depth: a text that is one becomes what it is
    worth, of its own type; those inside a text are written into it, as `written` says. Raises
    `ExpressionError` for one that leads nowhere.
    """
    if isinstance(value, dict):
        return {key: fill(item, scope, written) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, scope, written) for item in value]
    if not isinstance(value, str):
        return value
    if is_expression(value):
        return _found(value, scope)
    return _EMBEDDED.sub(lambda match: written(_written(_found(match[1], scope))), value)


def _found(text: str, scope: Scope) -> Any:
    value = evaluate(parse(text), scope)
    if value is NOTHING:
        raise ExpressionError(f"{text} leads to nothing")
    return value


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def references(value: Any) -> Iterator[str]:
    """The texts of all expressions in a value, at any depth, as they stand there."""
    if isinstance(value, dict):
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)
    elif is_expression(value):
        yield value
    elif isinstance(value, str):
        yield from _EMBEDDED.findall(value)
