"""Requests that are made up for an AITBC coordinator: of what kind, and how they are judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.fuzz.calling import Caller
from conformance.fuzz.menu import Menu, Refusal
from conformance.ids import IdSource
from conformance.protocols.aitbc.dialogue import Dialogue

__all__ = ["MENU", "DialogueCaller"]

_INVALID = (400, 422)
_NOT_TEXT = frozenset({"null", "array", "object"})
"""What no reading takes for a text: a number may be written as one."""

_NOT_LIST = frozenset({"string", "number", "object"})
_NOT_MAP = frozenset({"string", "number", "array"})
"""An optional field may be null where it is not wanted."""

_NOT_ITEM = frozenset({"number", "array", "object"})


def _refusals() -> Iterator[Refusal]:
    yield from _of("registerAgent", "json", {"": "AITBC-REG-022"})
    yield from _of("registerAgent", "type", {"": "AITBC-REG-023"})
    required = {"/agent_id": "AITBC-REG-012", "/agent_type": "AITBC-REG-013"}
    yield from _of("registerAgent", "required", required, statuses=(422,))
    texts = {"/agent_id": "AITBC-REG-014", "/agent_type": "AITBC-REG-015"}
    yield from _of("registerAgent", "type", texts, _NOT_TEXT)
    lists = {"/capabilities": "AITBC-REG-016", "/services": "AITBC-REG-017"}
    yield from _of("registerAgent", "type", lists, _NOT_LIST)
    maps = {"/endpoints": "AITBC-REG-018", "/metadata": "AITBC-REG-019"}
    yield from _of("registerAgent", "type", maps, _NOT_MAP)
    items = dict.fromkeys(("/capabilities/*", "/services/*"), "AITBC-REG-020")
    yield from _of("registerAgent", "type", items, _NOT_ITEM)
    links = {"/endpoints/*": "AITBC-REG-021"}
    yield from _of("registerAgent", "type", links, _NOT_ITEM)

    yield from _of("updateAgentStatus", "json", {"": "AITBC-STAT-024"})
    yield from _of("updateAgentStatus", "type", {"": "AITBC-STAT-024"})
    yield from _of("updateAgentStatus", "required", {"/status": "AITBC-STAT-019"}, statuses=(422,))
    words = {"/status": "AITBC-STAT-020"}
    yield from _of("updateAgentStatus", "type", words, _NOT_TEXT | {"number"})
    words = {"/status": "AITBC-STAT-021"}
    yield from _of("updateAgentStatus", "enum", words, frozenset({"string"}))
    yield from _of("updateAgentStatus", "type", {"/load_metrics": "AITBC-STAT-022"}, _NOT_MAP)
    measures = {"/load_metrics/*": "AITBC-STAT-023"}
    yield from _of("updateAgentStatus", "type", measures, frozenset({"string", "array"}))

    yield from _of("submitTask", "json", {"": "AITBC-TASK-024"})
    yield from _of("submitTask", "type", {"": "AITBC-TASK-024"})
    required = {"/priority": "AITBC-TASK-019", "/task_data": "AITBC-TASK-020"}
    yield from _of("submitTask", "required", required)
    data = {"/task_data": "AITBC-TASK-021"}
    yield from _of("submitTask", "type", data, _NOT_MAP | {"null"})
    words = {"/priority": "AITBC-TASK-022"}
    yield from _of("submitTask", "type", words, _NOT_TEXT | {"number"})
    words = {"/priority": "AITBC-TASK-015"}
    yield from _of("submitTask", "enum", words, frozenset({"string"}), statuses=(400,))
    yield from _of("submitTask", "type", {"/requirements": "AITBC-TASK-023"}, _NOT_MAP)


def _of(
    operation: str,
    keyword: str,
    rows: dict[str, str],
    kinds: frozenset[str] = frozenset(),
    statuses: tuple[int, ...] = _INVALID,
) -> Iterator[Refusal]:
    for pointer, row in rows.items():
        yield Refusal(
            row=row,
            operation=operation,
            pointer=pointer,
            keyword=keyword,
            kinds=kinds,
            statuses=statuses,
        )


_OPERATIONS = (
    "registerAgent",
    "discoverAgents",
    "getAgent",
    "updateAgentStatus",
    "submitTask",
    "getTaskStatus",
    "getHealth",
)

_ADDRESS = r"^https?://(localhost|127\.0\.0\.1)(:[1-9][0-9]{1,3})?/[a-z]*$"

_FILLED: Mapping[str, Any] = {"items": {"pattern": r"\S"}}
"""Lists without blank words, which a peer may refuse."""

_LISTS: Mapping[str, Any] = {"capabilities": _FILLED, "services": _FILLED}

_STEADY: Mapping[str, Mapping[str, Any]] = {
    "registerAgent": {
        "properties": {
            "agent_id": {"pattern": r"^[A-Za-z0-9._-]+$", "maxLength": 64},
            "endpoints": {"additionalProperties": {"pattern": _ADDRESS}},
            **_LISTS,
        }
    },
    "discoverAgents": {"properties": _LISTS},
    "getAgent": {},
    "updateAgentStatus": {
        "properties": {
            "load_metrics": {
                "properties": {
                    "active_connections": {"type": "integer"},
                    "pending_tasks": {"type": "integer"},
                    "cpu_usage": {"maximum": 1},
                    "memory_usage": {"maximum": 1},
                },
                "additionalProperties": False,
            }
        }
    },
    "submitTask": {
        "properties": {
            "task_data": {
                "required": ["model", "prompt"],
                "properties": {
                    "task_type": {"pattern": r"\S"},
                    "model": {"pattern": r"\S"},
                    "prompt": {"pattern": r"\S"},
                },
            },
            "requirements": {"maxProperties": 0},
        }
    },
    "getTaskStatus": {},
    "getHealth": {},
}

MENU = Menu(
    protocol="aitbc",
    operations=_OPERATIONS,
    parameters=("agent_id",),
    creates={"registerAgent": "/agent_id"},
    own={"registerAgent": ("agent_id",)},
    steady=_STEADY,
    lists=frozenset({"discoverAgents"}),
    survives=dict.fromkeys(_OPERATIONS, "AITBC-GEN-005"),
    refusals=tuple(_refusals()),
)
"""Queues are left out: what they hold is counted elsewhere, and others' tasks wait in them."""


class DialogueCaller(Caller):
    """Calls as anybody may."""

    def __init__(self, aitbc: Dialogue, ids: IdSource) -> None:
        super().__init__(aitbc.peer, ids, MENU, {})
        self._dialogue = aitbc

    async def renew(self) -> bool:
        """An agent that can take tasks. Raises `UnjudgeableError` where none is to be had."""
        self.stand_on({"agent_id": await self._dialogue.able()})
        return True
