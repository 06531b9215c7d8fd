"""Faults in the members of bodies and messages: missing, null, of the wrong type, wrong."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator, Mapping
from typing import Final

from tests.mutants.caxton_agents.edits import drop, put, query, rename
from tests.mutants.caxton_agents.model import Fault, Json, What
from tests.mutants.caxton_agents.seeds import spoilt

__all__ = ["FIELD_FAULTS"]

_MISSING: Final = object()
_OWN: Final[Mapping[str, object]] = {"missing": _MISSING, "null": None}
_TEXT: Final = {**_OWN, "number": 17, "object": {"text": "attic"}, "empty": ""}
_NUMBER: Final = {**_OWN, "text": "12", "list": [1], "negative": -3}
_TEXTS: Final = {**_OWN, "text": "agent_1,agent_2", "numbers": [4, 5]}
_OBJECT: Final = {**_OWN, "text": "attic", "list": ["attic"]}
_TRUTH: Final = {**_OWN, "text": "true", "number": 1}
_SOFT: Final = frozenset({"missing", "empty", "negative"})
"""What only plain reading forbids, nearly everywhere."""
_HARD: Final = frozenset({"empty", "negative"})
"""The same where a thing makes no sense without the member."""
_OPTIONAL: Final = frozenset({"null", "empty", "negative"})
"""For members that may be left out: those faults are not faults, and null is a weak one."""

_ROWS: Final[tuple[tuple[What, str, Mapping[str, object], frozenset[str]], ...]] = (
    (What.DEPLOY, "name", _TEXT, _HARD),
    (What.DEPLOY, "strategy", _TEXT, _OPTIONAL - {"empty"}),
    (What.DEPLOY, "resources", _OBJECT, _OPTIONAL),
    (What.DEPLOY, "resources.memory", _TEXT, _OPTIONAL),
    (What.RELOAD, "strategy", _TEXT, _SOFT),
    (What.RELOAD, "traffic_split", _NUMBER, _SOFT),
    (What.UPDATE, "strategy", _TEXT, _SOFT),
    (What.UPDATE, "config", _OBJECT, _OPTIONAL),
    (What.UPDATE, "config.resources", _OBJECT, _OPTIONAL),
    (What.UPDATE, "config.resources.memory", _TEXT, _OPTIONAL),
    (What.STOP, "grace_period_seconds", _NUMBER, _SOFT),
    (What.STOP, "drain_messages", _TRUTH, _SOFT),
    (What.SEND, "performative", _TEXT, _HARD),
    (What.SEND, "sender", _TEXT, _SOFT),
    (What.SEND, "receiver", _TEXT, _HARD),
    (What.SEND, "content", _OBJECT, _HARD),
    (What.SEND, "conversation_id", _TEXT, _SOFT),
    (What.SEND, "reply_with", _TEXT, _OPTIONAL),
    (What.TASK, "name", _TEXT, _HARD),
    (What.TASK, "description", _TEXT, _OPTIONAL),
    (What.TASK, "data", _OBJECT, _SOFT),
    (What.TASK, "protocol", _TEXT, _SOFT),
    (What.TASK, "participants", _TEXTS, _SOFT),
    (What.TASK, "timeout_seconds", _NUMBER, _OPTIONAL),
    (What.TASK, "requirements", _OBJECT, _OPTIONAL),
    (What.TASK, "requirements.capabilities", _TEXTS, _OPTIONAL),
    (What.TASK, "requirements.min_performance_score", _NUMBER, _OPTIONAL),
    (What.DISTRIBUTE, "strategy", _TEXT, _SOFT),
    (What.DISTRIBUTE, "max_wait_seconds", _NUMBER, _SOFT),
    (What.ROLLOUT, "agent_id", _TEXT, _HARD),
    (What.ROLLOUT, "wasm_module", _TEXT, frozenset()),
    (What.ROLLOUT, "version", _TEXT, _SOFT),
    (What.ROLLOUT, "strategy", _OBJECT, _HARD),
    (What.ROLLOUT, "strategy.type", _TEXT, frozenset()),
    (What.ROLLOUT, "strategy.stages", _TEXTS, _SOFT),
    (What.ROLLOUT, "strategy.stages.*.percentage", _NUMBER, _SOFT),
    (What.ROLLOUT, "strategy.stages.*.duration", _TEXT, _SOFT),
    (What.ROLLOUT, "strategy.rollback_on_error", _TRUTH, _OPTIONAL),
    (What.ROLLOUT, "strategy.error_threshold", _NUMBER, _OPTIONAL),
    (What.ROLLBACK, "reason", _TEXT, _SOFT),
    (What.SUBSCRIBE, "type", _TEXT, _HARD),
    (What.SUBSCRIBE, "events", _TEXTS, _SOFT),
    (What.SUBSCRIBE, "filters", _OBJECT, _OPTIONAL),
    (What.SUBSCRIBE, "filters.agent_ids", _TEXTS, _SOFT),
    (What.SUBSCRIBE, "filter", _OBJECT, _SOFT),
    (What.SUBSCRIBE, "filter.agents", _TEXTS, _SOFT),
    (What.SUBSCRIBE, "filter.performatives", _TEXTS, _SOFT),
    (What.UNSUBSCRIBE, "type", _TEXT, _HARD),
    (What.UNSUBSCRIBE, "subscription_id", _TEXT, _HARD),
)
"""Where, what fits there, and which of the spoilt values only plain reading forbids."""

_WASM_TEXT: Final = base64.b64encode(b"no module at all").decode()
_SINGLES: Final[tuple[tuple[What, str, str, Json, bool], ...]] = (
    (What.DEPLOY, "strategy", "unknown", "purple", False),
    (What.DEPLOY, "strategy", "hyphen", "blue-green", False),
    (What.DEPLOY, "strategy", "upper", "IMMEDIATE", False),
    (What.DEPLOY, "environment", "text", "ROOM=attic", True),
    (What.DEPLOY, "environment", "list", ["ROOM=attic"], True),
    (What.DEPLOY, "environment", "numbers", {"ROOM": 3}, True),
    (What.DEPLOY, "capabilities", "text", "sorting,lifting", True),
    (What.DEPLOY, "capabilities", "objects", [{"name": "sorting"}], True),
    (What.DEPLOY, "capabilities", "empty", ["sorting", ""], True),
    (What.DEPLOY, "resources.memory", "word", "lots", True),
    (What.DEPLOY, "resources.memory", "bare", "50", True),
    (What.DEPLOY, "resources.cpu", "list", [100000], False),
    (What.DEPLOY, "resources.cpu", "word", "fast", True),
    (What.RELOAD, "strategy", "unknown", "purple", True),
    (What.RELOAD, "traffic_split", "high", 140, True),
    (What.RELOAD, "traffic_split", "percent", "10%", False),
    (What.UPDATE, "strategy", "unknown", "purple", True),
    (What.UPDATE, "config.resources.memory", "word", "lots", True),
    (What.UPDATE, "config.resources.cpu", "list", [100000], False),
    (What.UPDATE, "wasm_module", "no_base64", "\x00asm, as it is", False),
    (What.UPDATE, "wasm_module", "no_module", _WASM_TEXT, False),
    (What.UPDATE, "wasm_module", "hex", "0061736d01000000", False),
    (What.UPDATE, "wasm_module", "list", [0, 97, 115, 109], False),
    (What.STOP, "grace_period_seconds", "unit", "30s", False),
    (What.STOP, "grace_period_seconds", "true", True, False),
    (What.SEND, "performative", "upper", "REQUEST", True),
    (What.SEND, "performative", "unknown", "ask-nicely", True),
    (What.SEND, "performative", "underscore", "query_ref", True),
    (What.SEND, "receiver", "list_of", ["agent_1", "agent_2"], False),
    (What.SEND, "receiver", "unknown", "agent_of_nobody", True),
    (What.SEND, "content", "json_text", '{"action": "process"}', False),
    (What.SEND, "conversation_id", "reused", "conv_789", True),
    (What.SEND, "reply_with", "reused", "msg_001", True),
    (What.SEND, "in_reply_to", "never_asked", "msg_of_nobody", True),
    (What.SEND, "in_reply_to", "number", 5, False),
    (What.SEND, "ontology", "object", {"name": "attic"}, False),
    (What.SEND, "language", "list", ["en"], False),
    (What.TASK, "protocol", "unknown", "auction", True),
    (What.TASK, "protocol", "hyphen", "contract-net", True),
    (What.TASK, "participants", "none", [], True),
    (What.TASK, "participants", "unknown", ["agent_of_nobody"], True),
    (What.TASK, "participants", "objects", [{"agent_id": "agent_1"}], False),
    (What.TASK, "timeout_seconds", "zero", 0, True),
    (What.TASK, "timeout_seconds", "unit", "5m", False),
    (What.TASK, "requirements.min_performance_score", "high", 8.5, True),
    (What.TASK, "requirements.min_performance_score", "nan", math.nan, False),
    (What.DISTRIBUTE, "strategy", "unknown", "worst_bid", True),
    (What.DISTRIBUTE, "strategy", "camel", "bestBid", True),
    (What.DISTRIBUTE, "max_wait_seconds", "unit", "30s", False),
    (What.ROLLOUT, "agent_id", "unknown", "agent_of_nobody", True),
    (What.ROLLOUT, "wasm_module", "no_base64", "\x00asm, as it is", False),
    (What.ROLLOUT, "wasm_module", "no_module", _WASM_TEXT, False),
    (What.ROLLOUT, "version", "float", 2.5, False),
    (What.ROLLOUT, "strategy.type", "unknown", "purple", False),
    (What.ROLLOUT, "strategy.type", "upper", "CANARY", False),
    (What.ROLLOUT, "strategy.type", "stepless", "immediate", True),
    (What.ROLLOUT, "strategy.type", "dashed", "blue-green", False),
    (What.ROLLOUT, "strategy.stages", "none", [], True),
    (What.ROLLOUT, "strategy.stages", "objectless", [10, 50, 100], False),
    (What.ROLLOUT, "strategy.stages.*.percentage", "percent", "10%", False),
    (What.ROLLOUT, "strategy.stages.*.percentage", "high", 140, True),
    (What.ROLLOUT, "strategy.stages.*.percentage", "same", 50, True),
    (
        What.ROLLOUT,
        "strategy.stages",
        "falling",
        [{"percentage": 100, "duration": "5m"}, {"percentage": 10, "duration": "0"}],
        True,
    ),
    (What.ROLLOUT, "strategy.stages", "partial", [{"percentage": 10, "duration": "0"}], True),
    (What.ROLLOUT, "strategy.stages.*.duration", "word", "soon", True),
    (What.ROLLOUT, "strategy.stages.*.duration", "iso", "PT5M", True),
    (What.ROLLOUT, "strategy.stages.*.duration", "seconds", 300, False),
    (What.ROLLOUT, "strategy.error_threshold", "percent", "5%", False),
    (What.ROLLOUT, "strategy.error_threshold", "high", 5, True),
    (What.SUBSCRIBE, "type", "upper", "SUBSCRIBE", True),
    (What.SUBSCRIBE, "events", "none", [], True),
    (What.SUBSCRIBE, "events", "slashes", ["agent/#", "task/completed"], True),
    (What.SUBSCRIBE, "events", "objects", [{"type": "agent.*"}], False),
    (What.SUBSCRIBE, "filter.performatives", "upper", ["INFORM", "REQUEST"], True),
    (What.UNSUBSCRIBE, "type", "other", "cancel", True),
    (What.UNSUBSCRIBE, "subscription_id", "other", "sub_of_nobody", True),
)

_RENAMED: Final[tuple[tuple[What, str, str, bool], ...]] = (
    (What.DEPLOY, "name", "agent_name", False),
    (What.RELOAD, "traffic_split", "trafficSplit", True),
    (What.RELOAD, "strategy", "reload_strategy", True),
    (What.UPDATE, "strategy", "deployment_strategy", True),
    (What.STOP, "grace_period_seconds", "grace_period", True),
    (What.STOP, "drain_messages", "drain", True),
    (What.SEND, "performative", "type", False),
    (What.SEND, "receiver", "to", False),
    (What.SEND, "sender", "from", True),
    (What.SEND, "content", "body", False),
    (What.SEND, "conversation_id", "conversationId", True),
    (What.TASK, "name", "task_name", False),
    (What.TASK, "participants", "agents", True),
    (What.TASK, "data", "payload", True),
    (What.DISTRIBUTE, "max_wait_seconds", "max_wait", True),
    (What.DISTRIBUTE, "strategy", "distribution", True),
    (What.ROLLOUT, "agent_id", "agentId", False),
    (What.ROLLOUT, "wasm_module", "wasm", False),
    (What.ROLLOUT, "strategy", "rollout", False),
    (What.ROLLOUT, "strategy.type", "kind", False),
    (What.ROLLOUT, "version", "to_version", True),
    (What.ROLLBACK, "reason", "message", True),
    (What.SUBSCRIBE, "type", "action", False),
    (What.SUBSCRIBE, "events", "event_types", True),
    (What.SUBSCRIBE, "filters.agent_ids", "agents", True),
    (What.SUBSCRIBE, "filter.agents", "agent_ids", True),
    (What.UNSUBSCRIBE, "subscription_id", "id", False),
)

_QUERIES: Final[tuple[tuple[What, str, str, str | None, str, bool], ...]] = (
    (What.LIST, "limit", "negative", "-3", "", True),
    (What.LIST, "limit", "zero", "0", "", True),
    (What.LIST, "limit", "word", "all", "", False),
    (What.LIST, "limit", "as_page_size", "{value}", "page_size", True),
    (What.LIST, "offset", "negative", "-1", "", True),
    (What.LIST, "offset", "word", "start", "", False),
    (What.LIST, "offset", "as_page", "{value}", "page", True),
    (What.LIST, "status", "unknown", "purple", "", False),
    (What.LIST, "status", "upper", "RUNNING", "", False),
    (What.LIST, "status", "as_state", "{value}", "state", True),
    (What.HISTORY, "conversation_id", "missing", None, "", True),
    (What.HISTORY, "conversation_id", "empty", "", "", True),
    (What.HISTORY, "conversation_id", "as_conversation", "{value}", "conversation", True),
    (What.HISTORY, "limit", "negative", "-50", "", True),
    (What.HISTORY, "limit", "zero", "0", "", True),
    (What.HISTORY, "limit", "word", "fifty", "", False),
    (What.METRICS, "period", "missing", None, "", True),
    (What.METRICS, "period", "word", "hour", "", True),
    (What.METRICS, "period", "bare", "3600", "", True),
    (What.METRICS, "period", "negative", "-1h", "", True),
    (What.METRICS, "period", "as_range", "{value}", "range", True),
)


def _place(field: str, word: str) -> str:
    return f"{field.replace('.*.', '_').replace('.', '_')}.{word.lower()}"


def _style(what: What, field: str) -> dict[str, str]:
    if what is not What.SUBSCRIBE:
        return {}
    if field.startswith("filters"):
        return {"style": "own_events"}
    if field.startswith("filter"):
        return {"style": "filtered", "section": "Subscribe to Messages"}
    return {}


def _json(value: object) -> Json:
    assert value is None or isinstance(value, bool | int | float | str | list | dict)
    return value


def _from_rows() -> Iterator[Fault]:
    for what, field, values, weak in _ROWS:
        may_miss = weak in {_OPTIONAL, _OPTIONAL - {"empty"}}
        for word, value in values.items():
            if value is None and may_miss and what is not What.SUBSCRIBE:
                continue  # as if it were not there
            if value is _MISSING:
                if may_miss:
                    continue
                edit, summary = drop(field), f"{field} is missing"
            else:
                edit, summary = put(field, _json(value)), f"{field} is {value!r}"
            name, more = _place(field, word), _style(what, field)
            yield spoilt(what, name, summary, edit, implied=word in weak, **more)


def _from_singles() -> Iterator[Fault]:
    for what, field, word, value, implied in _SINGLES:
        summary = f"{field} is {str(value)[:50]} ({word})"
        edit, more = put(field, value), _style(what, field)
        yield spoilt(what, _place(field, word), summary, edit, implied=implied, **more)


def _from_renamed() -> Iterator[Fault]:
    for what, field, new, implied in _RENAMED:
        summary, more = f"{field} is called {new}", _style(what, field)
        name, edit = _place(field, f"as_{new}"), rename(field, new)
        yield spoilt(what, name, summary, edit, implied=implied, **more)


def _from_queries() -> Iterator[Fault]:
    for what, name, word, value, new, implied in _QUERIES:
        edit = query(name, value, new=new)
        summary = f"parameter {name} is {value} {new}".rstrip()
        yield spoilt(what, _place(name, word), summary, edit, implied=implied)


FIELD_FAULTS: Final = (*_from_rows(), *_from_singles(), *_from_renamed(), *_from_queries())
