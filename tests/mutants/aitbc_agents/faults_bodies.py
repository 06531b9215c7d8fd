"""Faults in what the bodies say: members missing, of the wrong type, out of their lists."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import partial
from typing import Final

from tests.mutants.aitbc_agents.edits import drop, put, whole
from tests.mutants.aitbc_agents.model import Fault, Json, Op

__all__ = ["BODY_FAULTS"]


class _Absent(Enum):
    ABSENT = "left out"


_ABSENT: Final = _Absent.ABSENT
_SECTIONS: Final = {
    Op.REGISTER: "Register Agent",
    Op.STATUS: "Update Agent Status",
    Op.DISCOVER: "Discover Agents",
    Op.SUBMIT: "Submit Task",
}


def _wrong(op: Op, name: str, where: str, value: Json | _Absent, *, implied: bool = False) -> Fault:
    said = value.value if isinstance(value, _Absent) else json.dumps(value)
    return Fault(
        name=f"{op.value}_{name}",
        summary=f"{op.value}: {where} is {said}",
        section=_SECTIONS[op],
        implied=implied,
        tamper=drop(op, where) if isinstance(value, _Absent) else put(op, where, value),
    )


def _register() -> Iterator[Fault]:
    bad = partial(_wrong, Op.REGISTER)
    yield bad("agent_id_missing", "agent_id", _ABSENT)
    yield bad("agent_id_null", "agent_id", None)
    yield bad("agent_id_number", "agent_id", 7)
    yield bad("agent_id_list", "agent_id", ["a"])
    yield bad("agent_id_empty", "agent_id", "", implied=True)
    yield bad("agent_type_missing", "agent_type", _ABSENT)
    yield bad("agent_type_null", "agent_type", None)
    yield bad("agent_type_number", "agent_type", 1)
    yield bad("agent_type_list", "agent_type", ["worker"])
    yield bad("agent_type_unknown", "agent_type", "miner", implied=True)
    yield bad("agent_type_capitals", "agent_type", "WORKER", implied=True)
    yield bad("agent_type_empty", "agent_type", "", implied=True)
    yield bad("capabilities_string", "capabilities", "text-generation,summarising")
    yield bad("capabilities_numbers", "capabilities", [1, 2])
    yield bad("capabilities_object", "capabilities", {"text-generation": True})
    yield bad("capabilities_list_of_objects", "capabilities", [{"name": "text-generation"}])
    yield bad("capabilities_list_with_null", "capabilities", ["text-generation", None])
    yield bad("capabilities_null", "capabilities", None, implied=True)
    yield bad("services_string", "services", "task-execution")
    yield bad("services_numbers", "services", [8080])
    yield bad("services_object", "services", {"task-execution": {}})
    yield bad("services_null", "services", None, implied=True)
    yield bad("endpoints_list", "endpoints", ["http://127.0.0.1:9102"])
    yield bad("endpoints_string", "endpoints", "http://127.0.0.1:9102")
    yield bad("endpoints_number_values", "endpoints", {"http": 9102})
    yield bad("endpoints_null_values", "endpoints", {"http": None})
    yield bad("endpoints_nested", "endpoints", {"http": {"url": "http://127.0.0.1:9102"}})
    yield bad("endpoints_not_urls", "endpoints", {"http": "ask the operator"})
    yield bad("endpoints_relative", "endpoints", {"http": "/execute"}, implied=True)
    yield bad("endpoints_of_nobody", "endpoints", {"http": "http://:9102"}, implied=True)
    yield bad("endpoints_null", "endpoints", None, implied=True)
    yield bad("metadata_list", "metadata", [["version", "2.4.1"]])
    yield bad("metadata_string", "metadata", "version=2.4.1")
    yield bad("metadata_null", "metadata", None, implied=True)


def _status() -> Iterator[Fault]:
    bad = partial(_wrong, Op.STATUS)
    yield bad("missing", "status", _ABSENT)
    yield bad("null", "status", None)
    yield bad("number", "status", 1)
    yield bad("boolean", "status", value=True)
    yield bad("list", "status", ["active"])
    yield bad("unknown", "status", "online")
    yield bad("capitals", "status", "ACTIVE")
    yield bad("padded", "status", "active ")
    yield bad("empty", "status", "")
    yield bad("load_list", "load_metrics", [{"cpu_usage": 0.5}])
    yield bad("load_string", "load_metrics", "cpu_usage=0.5")
    yield bad("load_null", "load_metrics", None, implied=True)
    yield bad("load_string_values", "load_metrics.cpu_usage", "12.5")
    yield bad("load_percent_values", "load_metrics.memory_usage", "37%")
    yield bad("load_boolean_values", "load_metrics.pending_tasks", value=True)
    yield bad("load_null_values", "load_metrics.cpu_usage", None)
    yield bad("load_nested_values", "load_metrics.cpu_usage", {"user": 3.5, "system": 1.0})
    yield bad("load_list_values", "load_metrics.cpu_usage", [3.5, 4.5])
    yield bad("load_negative_count", "load_metrics.active_connections", -1, implied=True)
    yield bad("load_fractional_count", "load_metrics.pending_tasks", 1.5, implied=True)


def _discover() -> Iterator[Fault]:
    bad = partial(_wrong, Op.DISCOVER)
    yield bad("status_unknown", "status", "online", implied=True)
    yield bad("status_capitals", "status", "ACTIVE", implied=True)
    yield bad("status_number", "status", 1)
    yield bad("status_list", "status", ["active", "busy"])
    yield bad("status_null", "status", None, implied=True)
    yield bad("agent_type_unknown", "agent_type", "miner", implied=True)
    yield bad("agent_type_number", "agent_type", 3)
    yield bad("agent_type_list", "agent_type", ["worker", "general"])
    yield bad("capabilities_string", "capabilities", "text-generation")
    yield bad("capabilities_numbers", "capabilities", [1])
    yield bad("capabilities_object", "capabilities", {"all": ["text-generation"]})
    yield bad("services_string", "services", "task-execution")
    yield bad("services_numbers", "services", [2.5])
    yield bad("services_null", "services", None, implied=True)


def _submit() -> Iterator[Fault]:
    bad = partial(_wrong, Op.SUBMIT)
    yield bad("task_data_missing", "task_data", _ABSENT)
    yield bad("task_data_null", "task_data", None)
    yield bad("task_data_string", "task_data", '{"prompt": "x"}')
    yield bad("task_data_list", "task_data", [{"prompt": "x"}])
    yield bad("task_data_number", "task_data", 42)
    yield bad("task_type_number", "task_data.task_type", 1, implied=True)
    yield bad("model_number", "task_data.model", 7, implied=True)
    yield bad("prompt_object", "task_data.prompt", {"text": "x"}, implied=True)
    yield bad("parameters_list", "task_data.parameters", [0.2, 64], implied=True)
    yield bad("priority_missing", "priority", _ABSENT)
    yield bad("priority_null", "priority", None)
    yield bad("priority_number", "priority", 1)
    yield bad("priority_unknown", "priority", "medium")
    yield bad("priority_capitals", "priority", "NORMAL")
    yield bad("priority_title_case", "priority", "High")
    yield bad("priority_list", "priority", ["low"])
    yield bad("priority_empty", "priority", "")
    yield bad("requirements_list", "requirements", ["text-generation"])
    yield bad("requirements_string", "requirements", "text-generation")
    yield bad("requirements_null", "requirements", None, implied=True)
    yield bad("requirements_capabilities_string", "requirements.capabilities", "text-generation")
    yield bad("requirements_capabilities_numbers", "requirements.capabilities", [3])
    yield bad("requirements_agent_type_number", "requirements.agent_type", 0)
    yield bad("requirements_agent_type_unknown", "requirements.agent_type", "miner", implied=True)


def _shapes() -> Iterator[Fault]:
    """The right members in the wrong vessel."""
    for op, section in _SECTIONS.items():
        array = whole(op, lambda payload: [payload])
        wrapped = whole(op, lambda payload: {"data": payload})
        twice = whole(op, json.dumps)
        for name, summary, tamper in (
            ("body_array", "the object comes inside an array", array),
            ("body_json_in_string", "the object comes as a JSON string", twice),
        ):
            yield Fault(
                name=f"{op.value}_{name}",
                summary=f"{op.value}: {summary}",
                section=section,
                tamper=tamper,
            )
        if op is not Op.DISCOVER:  # all its members are optional, and extra ones are lawful
            yield Fault(
                name=f"{op.value}_body_wrapped",
                summary=f"{op.value}: the object comes inside another",
                section=section,
                tamper=wrapped,
            )
    yield Fault(
        name="register_camel_case",
        summary="register: agentId and agentType",
        section=_SECTIONS[Op.REGISTER],
        tamper=whole(Op.REGISTER, _camel),
    )
    yield Fault(
        name="submit_task_unwrapped",
        summary="submit: the task's members stand beside priority, without task_data",
        section=_SECTIONS[Op.SUBMIT],
        tamper=whole(
            Op.SUBMIT, lambda _payload: {"model": "tiny-1", "prompt": "x", "priority": "low"}
        ),
    )


def _camel(payload: Json) -> Json:
    members = payload if isinstance(payload, Mapping) else {}
    renamed: dict[str, str] = {"agent_id": "agentId", "agent_type": "agentType"}
    return {renamed.get(key, key): value for key, value in members.items()}


BODY_FAULTS: Final[tuple[Fault, ...]] = (
    *_register(),
    *_status(),
    *_discover(),
    *_submit(),
    *_shapes(),
)
