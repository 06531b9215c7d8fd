"""Faults in refusals: the envelope, the code, the status."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from .fault import Fault, Section, Seed, Spot
from .model import Answer, Refusal

__all__ = ["ERROR_FAULTS"]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    """A refusal that the document describes, and where it is met."""

    name: str
    code: str
    section: Section
    ops: tuple[str, ...]
    """All operations where empty."""
    statuses: tuple[int, ...]
    """Wrong ones."""
    implied: bool = False


_CASES: Final = (
    _Case(
        name="agent.get",
        code="AGENT_NOT_FOUND",
        section="Get Agent Details",
        ops=("get",),
        statuses=(200, 400, 410, 500),
    ),
    _Case(
        name="agent.update",
        code="AGENT_NOT_FOUND",
        section="Update Agent",
        ops=("update",),
        statuses=(200, 400, 500),
    ),
    _Case(
        name="agent.reload",
        code="AGENT_NOT_FOUND",
        section="Hot Reload Agent",
        ops=("reload",),
        statuses=(200, 400, 500),
    ),
    _Case(
        name="agent.stop",
        code="AGENT_NOT_FOUND",
        section="Stop Agent",
        ops=("stop",),
        statuses=(200, 400, 500),
    ),
    _Case(
        name="agent.remove",
        code="AGENT_NOT_FOUND",
        section="Remove Agent",
        ops=("remove",),
        statuses=(200, 204, 500),
    ),
    _Case(
        name="agent.metrics",
        code="AGENT_NOT_FOUND",
        section="Get Agent Metrics",
        ops=("agent_metrics",),
        statuses=(200, 400, 500),
    ),
    _Case(
        name="agent.deployment",
        code="AGENT_NOT_FOUND",
        section="Create Deployment",
        ops=("create_deployment",),
        statuses=(200, 400, 500),
    ),
    _Case(
        name="receiver",
        code="AGENT_NOT_FOUND",
        section="Send Message",
        ops=("send",),
        statuses=(200, 202, 400),
    ),
    _Case(
        name="exists",
        code="AGENT_ALREADY_EXISTS",
        section="Deploy Agent",
        ops=("deploy",),
        statuses=(200, 400, 422, 500),
    ),
    _Case(
        name="wasm.deploy",
        code="INVALID_WASM",
        section="Deploy Agent",
        ops=("deploy",),
        statuses=(200, 415, 422, 500),
    ),
    _Case(
        name="wasm.reload",
        code="INVALID_WASM",
        section="Hot Reload Agent",
        ops=("reload",),
        statuses=(200, 415, 422, 500),
    ),
    _Case(
        name="wasm.update",
        code="INVALID_WASM",
        section="Update Agent",
        ops=("update",),
        statuses=(200, 422, 500),
    ),
    _Case(
        name="wasm.deployment",
        code="INVALID_WASM",
        section="Create Deployment",
        ops=("create_deployment",),
        statuses=(200, 422, 500),
    ),
    _Case(
        name="delivery",
        code="MESSAGE_DELIVERY_FAILED",
        section="Send Message",
        ops=("send",),
        statuses=(200, 202, 502),
        implied=True,
    ),
    _Case(
        name="token",
        code="UNAUTHORIZED",
        section="Authentication",
        ops=(),
        statuses=(200, 400, 403, 404, 500),
    ),
    _Case(
        name="rate",
        code="RATE_LIMITED",
        section="Rate Limiting",
        ops=("deploy",),
        statuses=(200, 403, 503, 500),
    ),
    _Case(
        name="resources",
        code="RESOURCE_LIMIT_EXCEEDED",
        section="Deploy Agent",
        ops=("deploy",),
        statuses=(200, 400, 500),
        implied=True,
    ),
    _Case(
        name="task",
        code="TASK_NOT_FOUND",
        section="Get Task Status",
        ops=("task", "distribute"),
        statuses=(200, 500),
        implied=True,
    ),
    _Case(
        name="deployment",
        code="DEPLOYMENT_NOT_FOUND",
        section="Monitor Deployment",
        ops=("deployment", "rollback"),
        statuses=(200, 500),
        implied=True,
    ),
    _Case(
        name="invalid",
        code="INVALID_REQUEST",
        section="Error Responses",
        ops=(),
        statuses=(200, 500),
        implied=True,
    ),
    _Case(
        name="forbidden",
        code="FORBIDDEN",
        section="Error Responses",
        ops=(),
        statuses=(200, 500),
    ),
    _Case(
        name="failed",
        code="DEPLOYMENT_FAILED",
        section="Error Responses",
        ops=(),
        statuses=(200, 400),
    ),
    _Case(
        name="internal",
        code="INTERNAL_ERROR",
        section="Error Responses",
        ops=(),
        statuses=(200, 503),
    ),
)

_FREE_CODES: Final = ("task", "deployment", "invalid")
"""Cases whose code the document does not name."""


def _fits(case: _Case, refusal: Refusal | None, op: str) -> bool:
    return refusal is not None and refusal.code == case.code and (not case.ops or op in case.ops)


def _refusal(case: _Case, **change: Any) -> Seed:
    def bend(refusal: Any, spot: Spot) -> Any:
        op = spot["turn"].op
        return replace(refusal, **change) if _fits(case, refusal, op) else refusal

    return Seed(bends={"refused": bend})


def _envelope(case: _Case, change: Callable[[Answer], object]) -> Seed:
    def bend(answer: Any, spot: Spot) -> Any:
        turn = spot["turn"]
        if _fits(case, turn.refusal, turn.op):
            change(answer)
        return answer

    return Seed(bends={"answer": bend})


def _set(name: str, value: Any) -> Callable[[Answer], None]:
    def change(answer: Answer) -> None:
        answer.body["error"][name] = value

    return change


def _drop(name: str) -> Callable[[Answer], None]:
    def change(answer: Answer) -> None:
        del answer.body["error"][name]

    return change


def _body(make: Callable[[Any], Any]) -> Callable[[Answer], None]:
    def change(answer: Answer) -> None:
        answer.body = make(answer.body)

    return change


def _raw(text: str, media: str) -> Callable[[Answer], None]:
    def change(answer: Answer) -> None:
        answer.text, answer.media = text, media

    return change


_ENVELOPES: Final[tuple[tuple[str, str, Callable[[Answer], None]], ...]] = (
    ("flat", "lies flat, without `error`", _body(lambda body: body["error"])),
    ("word", "is a word under `error`", _body(lambda body: {"error": body["error"]["message"]})),
    ("listed", "is a list of errors", _body(lambda body: {"errors": [body["error"]]})),
    ("empty", "has no body", _raw("", "")),
    ("html", "is an HTML page", _raw("<h1>Error</h1>", "text/html")),
    ("no_code", "has no code", _drop("code")),
    ("no_message", "has no message", _drop("message")),
    ("no_details", "has no details", _drop("details")),
    ("no_trace", "has no trace_id", _drop("trace_id")),
    ("code_number", "has a number for a code", _set("code", 404)),
    ("message_null", "has a null message", _set("message", None)),
    ("details_text", "has a string for details", _set("details", "none")),
    ("trace_null", "has a null trace_id", _set("trace_id", None)),
    ("trace_number", "has a number for trace_id", _set("trace_id", 7)),
)

_OPEN: Final = ("no_details", "details_text")
"""What the document's one example of an error shows, and its prose does not ask for."""

_WHOLE: Final = (
    "agent.get",
    "exists",
    "wasm.deploy",
    "token",
    "rate",
    "invalid",
    "task",
    "internal",
)
"""Cases whose envelope is broken in every way; the others in turns."""


def _faults() -> Iterator[Fault]:
    for turn, case in enumerate(_CASES):
        for status in case.statuses:
            yield _fault(case, f"status_{status}", f"has the status {status}", status=status)
        if case.name not in _FREE_CODES:
            yield _fault(case, "code_other", "has another code", code="ERROR")
            yield _fault(
                case, "code_small", "has its code in small letters", code=case.code.lower()
            )
        for place, (name, words, change) in enumerate(_ENVELOPES):
            if case.name in _WHOLE or (place + turn) % 4 == 0:
                yield Fault(
                    name=f"error.{case.name}.{name}",
                    section="Error Responses",
                    summary=f"the refusal {case.name} {words}",
                    seed=_envelope(case, change),
                    implied=case.implied or name in _OPEN,
                )


_MISTAKEN: Final = (
    ("token", "FORBIDDEN"),
    ("forbidden", "INTERNAL_ERROR"),
    ("internal", "RATE_LIMITED"),
    ("exists", "DEPLOYMENT_FAILED"),
)
"""Documented codes where another one, of another status, belongs."""


def _mistaken() -> Iterator[Fault]:
    cases = {case.name: case for case in _CASES}
    for name, code in _MISTAKEN:
        words = f"has the code {code}"
        yield _fault(cases[name], f"code_{code.lower()}", words, code=code)
    named = {"details": {"agent_id": "somebody-else"}}
    yield _fault(cases["agent.get"], "details_other", "speaks of another agent", **named)


def _fault(case: _Case, name: str, words: str, **change: Any) -> Fault:
    return Fault(
        name=f"error.{case.name}.{name}",
        section=case.section,
        summary=f"the refusal {case.name} {words}",
        seed=_refusal(case, **change),
        implied=case.implied,
    )


def _everywhere() -> Iterator[Fault]:
    """Faults of all refusals alike."""
    rows: tuple[tuple[str, str, Callable[[Answer], None]], ...] = (
        ("trace_same", "share one trace_id", _set("trace_id", "trace_0")),
        *_ENVELOPES,
    )
    for name, words, change in rows:
        yield Fault(
            name=f"error.every.{name}",
            section="Error Responses",
            summary=f"all refusals: {words}",
            seed=Seed(bends={"answer": _always(change)}),
            implied=name in ("trace_same", *_OPEN),
        )


def _always(change: Callable[[Answer], None]) -> Callable[[Any, Spot], Any]:
    def bend(answer: Any, spot: Spot) -> Any:
        if spot["turn"].refusal is not None:
            change(answer)
        return answer

    return bend


ERROR_FAULTS: Final = (*_faults(), *_mistaken(), *_everywhere())
