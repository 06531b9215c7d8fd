"""The general rules: what is judged on every message, whatever its endpoint.

A requirement row names the rule that judges it; a protocol without such a row is not judged by
that rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from conformance.exchange import MISSING, Exchange
from schemas.spec import Protocol

__all__ = ["ANSWER_RULES", "RuleWord"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleWord:
    """What a rule says of one exchange: kept, or not and why."""

    kept: bool
    message: str = ""
    pointers: tuple[str, ...] = ()


Rule = Callable[[Exchange, Protocol], Iterator[RuleWord]]


def _answered(exchange: Exchange, _: Protocol) -> Iterator[RuleWord]:
    yield RuleWord(kept=exchange.status is not None, message=exchange.failure)


def _documented_status(exchange: Exchange, protocol: Protocol) -> Iterator[RuleWord]:
    operation = protocol.operations.get(exchange.operation)
    if operation is None or exchange.status is None or exchange.status == 429:
        return
    known = ", ".join(operation.responses)
    yield RuleWord(
        kept=operation.answer(exchange.status) is not None,
        message=f"{exchange.operation} was answered {exchange.status}; documented are {known}",
    )


def _labelled_json(exchange: Exchange, _: Protocol) -> Iterator[RuleWord]:
    if exchange.json is MISSING or exchange.operation == "":
        return
    label = exchange.answer_headers.get("content-type", "")
    media_type = label.partition(";")[0].strip().lower()
    yield RuleWord(
        kept=media_type == "application/json" or media_type.endswith("+json"),
        message=f"a JSON body came as {label or 'nothing'}",
    )


def _unthrottled(exchange: Exchange, _: Protocol) -> Iterator[RuleWord]:
    if exchange.status is not None:
        yield RuleWord(kept=not exchange.throttled, message="answered 429 before it was served")


def _kept_alive(exchange: Exchange, _: Protocol) -> Iterator[RuleWord]:
    if exchange.status is not None:
        yield RuleWord(
            kept=not exchange.reconnected,
            message="a kept-alive connection ended without an answer; a new one was served",
        )


ANSWER_RULES: Mapping[str, Rule] = {
    "answered": _answered,
    "documented-status": _documented_status,
    "labelled-json": _labelled_json,
    "unthrottled": _unthrottled,
    "kept-alive": _kept_alive,
}
