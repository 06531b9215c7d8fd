"""The lawful bodies, one maker per operation, and the variants that some styles prefer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.mutants.aitbc_agents.model import PRIORITIES, BodyMaker, Json, Op, Turn

__all__ = ["EMPTIES", "EXTRAS", "NESTED", "USUAL", "heartbeat_with_load", "register_two_fields"]

CAPABILITIES: Final = ("text-generation", "summarising")
SERVICES: Final = ("task-execution",)


def _no_body(_turn: Turn) -> Json:
    return None


def register_two_fields(turn: Turn) -> dict[str, Json]:
    """A registration with the required fields only; also what a refused agent falls back to."""
    return {"agent_id": turn.agent_id, "agent_type": turn.agent_type}


def _register(turn: Turn) -> dict[str, Json]:
    return {
        **register_two_fields(turn),
        "capabilities": list(CAPABILITIES),
        "services": list(SERVICES),
        "endpoints": {
            "http": "http://127.0.0.1:9102",
            "metrics": "http://127.0.0.1:9102/metrics",
        },
        "metadata": {"version": "2.4.1", "region": "local", "slots": 4},
    }


def _load(turn: Turn) -> dict[str, Json]:
    return {
        "active_connections": turn.n % 5,
        "pending_tasks": turn.n % 3,
        "cpu_usage": 12.5 + turn.n % 7,
        "memory_usage": 0.375,
    }


def _status(turn: Turn) -> dict[str, Json]:
    word = "inactive" if turn.last else ("active", "busy")[turn.n % 2]
    return {"status": word, "load_metrics": _load(turn)}


def heartbeat_with_load(turn: Turn) -> dict[str, Json]:
    """A heartbeat that says something, though nobody asks for a body."""
    return {"agent_id": turn.agent_id, "status": "active", "load_metrics": _load(turn)}


def _discover(turn: Turn) -> dict[str, Json]:
    filters: tuple[dict[str, Json], ...] = (
        {"status": "active", "agent_type": "worker"},
        {"capabilities": [CAPABILITIES[0]]},
        {"services": list(SERVICES)},
        {"status": ("busy", "inactive", "stale")[turn.n // 5 % 3]},
        {},
    )
    return filters[turn.n % len(filters)]


def _submit(turn: Turn) -> dict[str, Json]:
    return {
        "task_data": {
            "task_type": "inference",
            "model": "tiny-1",
            "prompt": f"say {turn.n} in words",
            "parameters": {"temperature": 0.2, "max_tokens": 64, "stop": ["\n"]},
        },
        "priority": PRIORITIES[-2 - turn.n % 4],
        "requirements": {"capabilities": [CAPABILITIES[0]], "agent_type": "worker"},
    }


USUAL: Final[Mapping[Op, BodyMaker]] = {
    **dict.fromkeys(Op, _no_body),
    Op.REGISTER: _register,
    Op.STATUS: _status,
    Op.DISCOVER: _discover,
    Op.SUBMIT: _submit,
}


def _register_nested(turn: Turn) -> dict[str, Json]:
    metadata: dict[str, Json] = {
        "version": "3.0.0-β",
        "note": None,
        "limits": {"memory": 1.5e9, "hours": [0, 8, {"break": True}]},
        "labels": ["größe", "速い"],
        "": "an empty key is a key",
    }
    return {**_register(turn), "metadata": metadata}


NESTED: Final[Mapping[Op, BodyMaker]] = {Op.REGISTER: _register_nested}


def _register_empties(turn: Turn) -> dict[str, Json]:
    nothing: dict[str, Json] = {"capabilities": [], "services": [], "endpoints": {}, "metadata": {}}
    return {**nothing, **register_two_fields(turn)}


def _status_empties(turn: Turn) -> dict[str, Json]:
    return {"load_metrics": {}, "status": "inactive" if turn.last else "stale"}


def _submit_empties(_turn: Turn) -> dict[str, Json]:
    return {"requirements": {}, "priority": "low", "task_data": {}}


EMPTIES: Final[Mapping[Op, BodyMaker]] = {
    Op.REGISTER: _register_empties,
    Op.STATUS: _status_empties,
    Op.DISCOVER: lambda _turn: {"capabilities": [], "services": []},
    Op.SUBMIT: _submit_empties,
    Op.HEARTBEAT: lambda _turn: {},
}


def _with_extras(maker: BodyMaker) -> BodyMaker:
    def make(turn: Turn) -> Json:
        body = maker(turn)
        more: dict[str, Json] = {"trace": {"span": turn.n}, "x-hint": None, "tags": ["extra"]}
        return {**body, **more} if isinstance(body, Mapping) else body

    return make


def _status_with_more_load(turn: Turn) -> dict[str, Json]:
    return {**_status(turn), "load_metrics": {**_load(turn), "gpu_usage": 0, "queue_age": 1e-3}}


EXTRAS: Final[Mapping[Op, BodyMaker]] = {
    Op.REGISTER: _with_extras(_register),
    Op.STATUS: _with_extras(_status_with_more_load),
    Op.DISCOVER: _with_extras(_discover),
    Op.SUBMIT: _with_extras(_submit),
    Op.HEARTBEAT: _with_extras(heartbeat_with_load),
}
