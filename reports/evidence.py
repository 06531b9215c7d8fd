"""The evidence of a check, made ready to be shown: the conversation and what is wrong in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.body import LIMIT, Body, parsed, pretty, size
from reports.frames import (
    Conversation,
    conversation,
    conversation_size,
    conversation_text,
    judged_frame,
)
from reports.http import phrase
from reports.story import Story, story
from reports.text import compact, plural, shorten
from schemas import pointer as json_pointer

__all__ = ["Answer", "Exchange", "Offence", "Proof", "fair_limit", "proof", "proof_text"]

_MISSING = object()
_BUDGET = 2_000_000  # characters of all bodies in one report: more than anybody reads
_HEAD = 2_000  # characters of a URL or of a header, which a peer may make as long as it likes
_HEADERS = 60
_LIMITS = (LIMIT, LIMIT // 2, LIMIT // 5, LIMIT // 10, LIMIT // 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offence:
    """An offending value; `value` is JSON on one line, or empty where nothing was said there."""

    pointer: str
    value: str
    missing: bool = False

    def __str__(self) -> str:
        place = self.pointer or "(whole body)"
        if self.missing:
            return f"{place} is missing"
        return f"{place} = {self.value}" if self.value else place


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A status with its headers and body."""

    status: str
    headers: Sequence[tuple[str, str]]
    body: Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request of `asker`'s to `answerer` and its answer, or why there was none. `identity` is
    whose certificate was shown, where it was not the usual one.
    """

    operation: str
    asker: str
    answerer: str
    identity: str
    line: str
    headers: Sequence[tuple[str, str]]
    body: Body
    answer: Answer | None
    failure: str
    milliseconds: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What shows a finding. `expected` and `actual` are JSON, or empty where not recorded;
    `story` is what led to it, as far as that is more than the evidence.
    """

    expected: Body
    actual: Body
    offences: Sequence[Offence]
    exchanges: Sequence[Exchange]
    conversation: Conversation
    story: Story
    reproduce: str
    replay: str


def proof(
    evidence: Mapping[str, Any] | None, role: str, limit: int = LIMIT, *, replay: str = ""
) -> Proof:
    """Evidence to `Proof`. `role` is who is judged: an agent by its requests, else by answers, and
    either by its frames where there are any.

    Every body is cut after `limit` characters. `replay` is the command that says it all again.
    """
    evidence = evidence or {}
    raw, frames = evidence.get("exchanges", []), evidence.get("frames", [])
    pointers = evidence.get("pointers", [])
    judged = _judged_body(raw, frames, role)
    last = None if frames else len(raw) - 1
    return Proof(
        expected=_value(evidence, "expected", limit),
        actual=_value(evidence, "actual", limit),
        offences=[_offence(pointer, judged) for pointer in pointers],
        exchanges=[
            _exchange(exchange, pointers if number == last else [], role, limit)
            for number, exchange in enumerate(raw)
        ],
        conversation=conversation(frames, pointers, role, limit),
        story=story(evidence),
        reproduce=evidence.get("reproduce", "").strip(),
        replay=replay,
    )


def fair_limit(evidences: Iterable[Mapping[str, Any] | None], budget: int = _BUDGET) -> int:
    """How many characters of each body a report can show, so that all together keep to `budget`.

    `LIMIT` but for a peer that breaks everything with large bodies; a twentieth of it at least.
    """
    bodies: list[int] = []
    talks: list[list[int]] = []
    for evidence in filter(None, evidences):
        talks.append([size(frame["body"]) for frame in evidence.get("frames", [])])
        bodies += [
            size(side["body"])
            for exchange in evidence.get("exchanges", [])
            for side in (exchange["request"], exchange["response"])
            if side
        ]

    def whole(limit: int) -> int:
        return sum(min(body, limit) for body in bodies) + sum(
            conversation_size(talk, limit) for talk in talks
        )

    return next((limit for limit in _LIMITS if whole(limit) <= budget), _LIMITS[-1])


def proof_text(found: Proof) -> str:
    """The same as plain text, for reports that know nothing else."""
    return "\n".join(_text(found))


def _text(found: Proof) -> Iterator[str]:
    for offence in found.offences:
        yield f"at: {offence}"
    if found.expected.lines:
        yield f"expected: {found.expected}"
    if found.actual.lines:
        yield f"actual: {found.actual}"
    for number, exchange in enumerate(found.exchanges, start=1):
        yield ""
        yield f"--- {number}. {exchange.operation} ({exchange.milliseconds})"
        yield exchange.line
        yield from _message_text(exchange.headers, exchange.body)
        if exchange.answer is not None:
            yield f"--- answer: {exchange.answer.status}"
            yield from _message_text(exchange.answer.headers, exchange.answer.body)
        if exchange.failure:
            yield f"--- no answer: {exchange.failure}"
    yield from conversation_text(found.conversation)
    if found.reproduce:
        yield ""
        yield "--- reproduce"
        yield found.reproduce
    if found.replay:
        yield ""
        yield "--- replay"
        yield found.replay


def _message_text(headers: Sequence[tuple[str, str]], body: Body) -> Iterator[str]:
    yield from (f"{name}: {value}" for name, value in headers)
    if body.lines:
        yield ""
        yield str(body)


def _value(evidence: Mapping[str, Any], name: str, limit: int) -> Body:
    if name not in evidence:
        return Body()
    value = evidence[name]
    # Text is quoted like any JSON, so that "5" and 5 are told apart.
    if not isinstance(value, dict | list):
        return pretty(compact(value, limit), limit=limit + 1)
    return pretty(value, limit=limit)


def _judged_body(
    exchanges: Sequence[Mapping[str, Any]], frames: Sequence[Mapping[str, Any]], role: str
) -> Any:
    if frames:
        judged = judged_frame(frames)
        return _MISSING if judged is None else parsed(frames[judged]["body"])
    if not exchanges:
        return _MISSING
    side = exchanges[-1]["request" if role == "agent" else "response"]
    return parsed(side["body"]) if side else _MISSING


def _offence(pointer: str, body: Any) -> Offence:
    if body is _MISSING or (pointer and isinstance(body, str)):  # no JSON: nothing can be said
        return Offence(pointer=pointer, value="")
    try:
        value = json_pointer.dig(body, json_pointer.parse(pointer))
    except LookupError:
        return Offence(pointer=pointer, value="", missing=True)
    return Offence(pointer=pointer, value=compact(value))


def _exchange(raw: Mapping[str, Any], pointers: Sequence[str], role: str, limit: int) -> Exchange:
    request, response = raw["request"], raw["response"]
    answer = None
    if response is not None:
        answer = Answer(
            status=_status(response["status"], response.get("code")),
            headers=_headers(response["headers"]),
            body=pretty(response["body"], pointers if role != "agent" else [], limit),
        )
    return Exchange(
        operation=shorten(raw["operation"], _HEAD),
        asker="agent" if role == "agent" else "assay",
        answerer="assay" if role == "agent" else "coordinator",
        identity=request.get("identity", ""),
        line=shorten(f"{request['method']} {request['url']}", _HEAD),
        headers=_headers(request["headers"]),
        body=pretty(request["body"], pointers if role == "agent" else [], limit),
        answer=answer,
        failure=raw["failure"] or ("" if answer else "nothing was recorded"),
        milliseconds=f"{raw['seconds'] * 1000:.0f} ms",
    )


def _headers(headers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """One pair for each header line; a header that came more than once has a list of values."""
    pairs = [
        (shorten(name, _HEAD), shorten(value, _HEAD) if isinstance(value, str) else compact(value))
        for name, values in headers.items()
        for value in (values if isinstance(values, list) else [values])
    ]
    left = len(pairs) - _HEADERS
    return pairs if left <= 0 else [*pairs[:_HEADERS], ("…", f"and {plural(left, 'more header')}")]


def _status(status: int, code: str | None) -> str:
    if code:
        return f"{code} ({status} as HTTP has it)"
    return f"{status} {phrase(status)}".rstrip()
