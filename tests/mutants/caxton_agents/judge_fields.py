"""A second, independent reading of the document: what each body and parameter must be."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

from tests.mutants.caxton_agents.model import What
from tests.mutants.caxton_agents.reading import Complaint, Rule, broken, plain, suspected

__all__ = ["body_complaints", "query_complaints"]

_STRATEGIES: Final = frozenset({"immediate", "rolling", "blue_green", "canary"})
_STATES: Final = frozenset({"unloaded", "loaded", "running", "draining", "stopped", "failed"})
_WORDS: Final = (
    "accept-proposal agree cancel cfp confirm disconfirm failure inform inform-if inform-ref "
    "not-understood propagate propose proxy query-if query-ref refuse reject-proposal request "
    "request-when request-whenever subscribe"
)
_PERFORMATIVES: Final = frozenset(_WORDS.split())


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _object(value: Any) -> bool:
    return isinstance(value, dict)


def _truth(value: Any) -> bool:
    return isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _scalar(value: Any) -> bool:
    return _text(value) or _number(value)


def _like(pattern: str) -> Any:
    return lambda value: re.fullmatch(pattern, str(value)) is not None


def _between(low: float, high: float) -> Any:
    return lambda value: low <= value <= high


_filled = bool


def _all_texts(value: Any) -> bool:
    return all(isinstance(each, str) for each in value.values())


_UNIT: Final = _like(r"\d+(\.\d+)?\s?([KMGT]i?B?|B)")


def _is_wasm(value: str) -> bool:
    try:
        return base64.b64decode(value, validate=True).startswith(b"\0asm")
    except ValueError:
        return False


_CPU: Final = Rule("resources.cpu", _scalar, _like(r"\d+(\.\d+)?m?"))
_CONFIG: Final = (
    Rule("name", _text, _filled, plain),
    Rule("strategy", _text, _STRATEGIES.__contains__, sanity=plain),
    Rule("resources", _object),
    Rule("resources.memory", _text, _UNIT),
    _CPU,
    Rule("environment", _object, _all_texts),
    Rule("capabilities", _texts, all),
)
_RULES: Final[Mapping[What, tuple[Rule, ...]]] = {
    What.DEPLOY: _CONFIG,
    What.RELOAD: (
        Rule("strategy", _text, (_STRATEGIES | {"graceful"}).__contains__, suspected),
        Rule("traffic_split", _number, _between(0, 100), suspected),
    ),
    What.UPDATE: (
        Rule("wasm_module", _text, _is_wasm, sanity=plain),
        Rule("config", _object),
        Rule("config.resources", _object),
        Rule("config.resources.memory", _text, _UNIT),
        replace(_CPU, where="config.resources.cpu"),
        Rule("strategy", _text, (_STRATEGIES | {"graceful"}).__contains__, suspected),
    ),
    What.STOP: (
        Rule("grace_period_seconds", _number, lambda v: v >= 0, suspected),
        Rule("drain_messages", _truth, needed=suspected),
    ),
    What.SEND: (
        Rule("performative", _text, _PERFORMATIVES.__contains__, plain),
        Rule("sender", _text, _filled, suspected),
        Rule("receiver", _text, _filled, plain),
        Rule("content", _object, needed=plain),
        Rule("conversation_id", _text, _filled, suspected),
        Rule("reply_with", _text, _filled),
        Rule("in_reply_to", _text, lambda _value: False),
        Rule("ontology", _text, _filled),
        Rule("language", _text, _filled),
    ),
    What.TASK: (
        Rule("name", _text, _filled, plain),
        Rule("description", _text, _filled),
        Rule("data", _object, needed=suspected),
        Rule("protocol", _text, lambda v: v == "contract_net", suspected),
        Rule("participants", _texts, _filled, suspected),
        Rule("timeout_seconds", _number, lambda v: v > 0),
        Rule("requirements", _object),
        Rule("requirements.capabilities", _texts),
        Rule("requirements.min_performance_score", _number, _between(0, 1)),
    ),
    What.DISTRIBUTE: (
        Rule("strategy", _text, lambda v: v == "best_bid", suspected),
        Rule("max_wait_seconds", _number, lambda v: v >= 0, suspected),
    ),
    What.ROLLOUT: (
        Rule("agent_id", _text, _filled, plain),
        Rule("wasm_module", _text, _is_wasm, plain, plain),
        Rule("version", _text, _filled, suspected),
        Rule("strategy", _object, needed=plain),
        Rule("strategy.type", _text, _STRATEGIES.__contains__, plain, plain),
        Rule("strategy.stages", _objects, _filled, suspected),
        Rule("strategy.stages.*.percentage", _number, _between(0, 100), suspected),
        Rule("strategy.stages.*.duration", _text, _like(r"0|\d+(ms|s|m|h|d)"), suspected),
        Rule("strategy.rollback_on_error", _truth),
        Rule("strategy.error_threshold", _number, _between(0, 1)),
    ),
    What.ROLLBACK: (Rule("reason", _text, _filled, suspected),),
    What.SUBSCRIBE: (
        Rule("type", _text, lambda v: v == "subscribe", plain),
        Rule("filter", _object),
        Rule("filter.agents", _texts),
        Rule("filter.performatives", _texts, _PERFORMATIVES.issuperset),
        Rule("events", _texts, lambda v: v and all(map(_like(r"[a-z*]+(\.[a-z*]+)?"), v))),
        Rule("filters", _object),
        Rule("filters.agent_ids", _texts),
    ),
    What.UNSUBSCRIBE: (
        Rule("type", _text, lambda v: v == "unsubscribe", plain),
        Rule("subscription_id", _text, _filled, plain),
    ),
    What.CALL_DEPLOY: (
        Rule("config.name", _text, _filled),
        Rule("wasm_module", _text, lambda v: v.startswith("\0asm"), sanity=plain),
    ),
    What.CALL_SEND: (
        Rule("performative", _text, _PERFORMATIVES.__contains__, plain),
        Rule("sender", _text, _filled, suspected),
        Rule("receiver", _text, _filled, plain),
        Rule("content", _object, _filled, plain),
        Rule("conversation_id", _text, _filled, suspected),
        Rule("in_reply_to", _text, lambda _value: False),
    ),
    What.CALL_LIST: (
        Rule("limit", _number, lambda v: v >= 0),
        Rule("offset", _number, lambda v: v >= 0),
    ),
}

_QUERIES: Final[Mapping[What, tuple[Rule, ...]]] = {
    What.LIST: (
        Rule("status", _STATES.__contains__),
        Rule("limit", _like(r"-?\d+"), lambda v: int(v) > 0),
        Rule("offset", _like(r"-?\d+"), lambda v: int(v) >= 0),
    ),
    What.HISTORY: (
        Rule("conversation_id", _text, _filled, suspected),
        Rule("limit", _like(r"-?\d+"), lambda v: int(v) > 0),
        Rule("cursor", _text, _filled),
    ),
    What.METRICS: (Rule("period", _text, _like(r"\d+[smhdw]"), suspected),),
}


def body_complaints(what: What, body: Any) -> Iterator[Complaint]:
    """What is wrong with a JSON body, a config, or a message."""
    if what not in _RULES:
        return
    if not isinstance(body, dict):
        yield plain(f"{what.value}: the body is {str(body)[:40]!r}")
        return
    for rule in _RULES[what]:
        for found in broken(rule, body):
            yield Complaint(f"{what.value}: {found.text}", found.implied)
    if what is What.SEND and body.get("sender") == body.get("receiver"):
        yield suspected(f"{what.value}: from {body.get('sender')!r} to itself")
    if what is What.ROLLOUT:
        yield from _stages(body)
    if what is What.SUBSCRIBE:
        yield from _wishes(body)


def _stages(body: Mapping[str, Any]) -> Iterator[Complaint]:
    strategy = body.get("strategy")
    stages = strategy.get("stages") if isinstance(strategy, dict) else None
    told: list[Any] = [each.get("percentage") for each in stages or () if isinstance(each, dict)]
    steps: list[float] = [each for each in told if _number(each)]
    if len(steps) > 1 and strategy and strategy.get("type") in {"immediate", "direct"}:
        yield suspected(f"{len(steps)} stages of what has none: {strategy.get('type')}")
    if any(late <= early for early, late in pairwise(steps)):
        yield suspected(f"stages that do not rise: {steps}")
    elif steps and steps[-1] != 100:
        yield suspected(f"stages that end with {steps[-1]}")


def _wishes(body: Mapping[str, Any]) -> Iterator[Complaint]:
    if not {"filter", "events"} & set(body):
        yield suspected(f"subscribes to nothing: {sorted(body)}")
    filters = body.get("filters")
    if isinstance(filters, dict) and "agent_ids" not in filters:
        yield suspected(f"filters by {sorted(filters)}")
    wanted = body.get("filter")
    if isinstance(wanted, dict) and not {"agents", "performatives"} <= set(wanted):
        yield suspected(f"filters by {sorted(wanted)}")


def query_complaints(what: What, query: Mapping[str, str]) -> Iterator[Complaint]:
    """What is wrong with the parameters of a request."""
    rules = _QUERIES.get(what, ())
    for rule in rules:
        for found in broken(rule, dict(query)):
            yield Complaint(f"{what.value}: {found.text}", found.implied)
    for name in set(query) - {rule.where for rule in rules}:
        yield suspected(f"{what.value}: nobody documents the parameter {name}")
