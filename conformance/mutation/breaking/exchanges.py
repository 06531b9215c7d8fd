"""A mutant at work on HTTP: whole requests and answers in, what goes on in their place out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode

from conformance.mutation import operators
from conformance.mutation.breaking.breaker import Breaker
from conformance.mutation.breaking.form_parts import form_with
from conformance.mutation.breaking.whole import Whole
from conformance.mutation.catalogue_channels import HANDSHAKE
from conformance.mutation.catalogue_places import REQUEST
from conformance.mutation.operators import other_texts
from conformance.proxy.changing import Cut, Pause, Piece
from conformance.proxy.http_stream import Head
from conformance.proxy.rewriting import path_and_query
from schemas import pointer as json_pointer
from schemas.spec import Channel, Operation

__all__ = ["DELAY", "Asked", "answered", "asked_for", "concerns", "requested"]

DELAY = 0.3
"""Seconds that something delayed comes later: sooner than any bound of a document."""

_TEXT = "text/plain"
_OTHER_METHOD: Mapping[str, str] = {"POST": "PUT", "PUT": "POST", "DELETE": "POST"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request is for: an operation, a channel's handshake, or neither."""

    head: Head
    operation: Operation | None = None
    channel: Channel | None = None

    @property
    def subject(self) -> str:
        known = self.operation or self.channel
        return known.id if known else ""


def asked_for(breaker: Breaker, head: Head) -> Asked:
    path, _ = path_and_query(head.target)
    found = breaker.channels.match(path)
    if found is not None:
        return Asked(head=head, channel=found[0])
    return Asked(head=head, operation=breaker.router.match(head.method, path).operation)


def concerns(breaker: Breaker, asked: Asked, status: int = 0) -> bool:
    """Is the mutant about this request, or about its answer of that status?"""
    mutant = breaker.mutant
    if not mutant.place and breaker.part == "header":
        return bool(asked.operation)
    if not mutant.part or mutant.place != asked.subject:
        return False
    if asked.channel is not None:
        return breaker.part == HANDSHAKE and status in (0, 101)
    assert asked.operation is not None
    if not status:
        return breaker.part == REQUEST
    return asked.operation.answer(status) == breaker.part


def answered(breaker: Breaker, whole: Whole) -> Sequence[Piece]:
    """What a client hears in the place of an answer that the mutant is about."""
    operator = breaker.mutant.operator
    if operator == "status":
        return _done(breaker, whole.with_status(int(breaker.mutant.value)))
    if operator == "unanswered":
        return _done(breaker, Cut())
    return _common(breaker, whole)


def requested(breaker: Breaker, asked: Asked, whole: Whole) -> Sequence[Piece]:
    """What the coordinator hears in the place of a request that the mutant is about."""
    operator = breaker.mutant.operator
    target = asked.head.target
    if operator == "method":
        method = _OTHER_METHOD.get(asked.head.method, "POST")
        return _done(breaker, whole.with_start(method, target))
    if operator == "path":
        return _started(breaker, whole, _with_path(asked, _misspelt(asked)))
    if breaker.piece == "path":
        return _started(breaker, whole, _with_path(asked, _other_parameter(breaker, asked)))
    if breaker.piece == "query":
        return _started(breaker, whole, _with_query(breaker, target))
    return _common(breaker, whole)


def _common(breaker: Breaker, whole: Whole) -> Sequence[Piece]:
    operator = breaker.mutant.operator
    if operator == "delayed":
        return _done(breaker, Pause(DELAY), whole.raw)
    if breaker.piece == "header" or breaker.part == "header":
        return _header(breaker, whole)
    if operator == "empty":
        return _done(breaker, whole.with_body(b"")) if whole.carried else (whole.raw,)
    body = whole.body
    if body is None:
        return (whole.raw,)
    if operator == "garbled":
        return _done(breaker, whole.with_body(body[:-1] or b"{"))
    label = whole.header("content-type")
    form = "multipart/" in label.lower()
    changed = _form(breaker, body, label) if form else breaker.json(body)
    return (whole.raw,) if changed is None else _done(breaker, whole.with_body(changed))


def _done(breaker: Breaker, *pieces: Piece) -> Sequence[Piece]:
    breaker.did()
    return pieces


def _form(breaker: Breaker, body: bytes, label: str) -> bytes | None:
    from mockserver.bodies import read_form

    try:
        before = read_form(body, label)
    except ValueError:
        return None
    after = breaker.said(before)
    if after is operators.ABSENT or not isinstance(after, dict):
        return None
    return form_with(body, label, before, after)


def _header(breaker: Breaker, whole: Whole) -> Sequence[Piece]:
    (name,) = json_pointer.parse(breaker.mutant.pointer)
    value = whole.header(name)
    wrong = breaker.mutant.operator == "wrong"
    if not value and not (wrong and name == "Sec-WebSocket-Protocol" and whole.head.status):
        return (whole.raw,)
    other = _other_value(name, value) if wrong else None
    return _done(breaker, whole.with_headers({name: other}))


def _other_value(name: str, value: str) -> str:
    if name == "Content-Type":
        return _TEXT
    if value.isdecimal():
        return str(int(value) + 5)
    return next(iter(other_texts(value))) if value else "unasked"


# The target of a request


def _started(breaker: Breaker, whole: Whole, target: str) -> Sequence[Piece]:
    if target == whole.head.target:
        return (whole.raw,)
    return _done(breaker, whole.with_start(whole.head.method, target))


def _with_path(asked: Asked, change: Callable[[list[str]], None]) -> str:
    path, mark, query = asked.head.target.partition("?")
    steps = path.split("/")
    change(steps)
    return "/".join(steps) + mark + query


def _misspelt(asked: Asked) -> Callable[[list[str]], None]:
    def change(steps: list[str]) -> None:
        known = (asked.operation or asked.channel) and _shape(asked)
        fixed = [at for at, step in enumerate(known or ()) if step and not step.startswith("{")]
        if fixed and fixed[-1] < len(steps):
            steps[fixed[-1]] += "x"

    return change


def _other_parameter(breaker: Breaker, asked: Asked) -> Callable[[list[str]], None]:
    (name,) = json_pointer.parse(breaker.mutant.pointer)

    def change(steps: list[str]) -> None:
        shape = _shape(asked)
        at = shape.index(f"{{{name}}}") if f"{{{name}}}" in shape else len(steps)
        if at < len(steps):
            steps[at] = quote(next(iter(other_texts(steps[at]))), safe="%")

    return change


def _shape(asked: Asked) -> list[str]:
    known = asked.operation or asked.channel
    return known.path.split("/") if known else []


def _with_query(breaker: Breaker, target: str) -> str:
    (name,) = json_pointer.parse(breaker.mutant.pointer)
    path, _, query = target.partition("?")
    told = parse_qsl(query, keep_blank_values=True)
    if not any(key == name for key, _ in told):
        return target
    operator = breaker.mutant.operator
    if operator == "drop":
        told = [(key, value) for key, value in told if key != name]
    elif operator == "rename":
        told = [(f"{key}_" if key == name else key, value) for key, value in told]
    else:
        told = [
            (key, _other_word(operator, value) if key == name else value) for key, value in told
        ]
    return f"{path}?{urlencode(told)}" if told else path


def _other_word(operator: str, value: str) -> str:
    return "unheard-of" if operator == "retype" else next(iter(other_texts(value)))
