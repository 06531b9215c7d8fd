"""The bodies and messages of a client. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final

from tests.mutants.caxton_agents.model import Json, Memory, Style

__all__ = [
    "EQUIPMENT",
    "WASM",
    "WASM_AGAIN",
    "distribution",
    "in_base64",
    "message",
    "new_config",
    "reload_config",
    "rollback",
    "rollout",
    "stop",
    "subscription",
    "task",
    "unsubscription",
    "update",
]

WASM: Final = (
    b"\0asm\x01\0\0\0"
    b"\x01\x04\x01\x60\x00\x00"  # a type: nothing there, nothing back
    b"\x03\x02\x01\x00"  # a function of that type
    b"\x07\x07\x01\x03run\x00\x00"  # exported as run
    b"\x0a\x04\x01\x02\x00\x0b"  # which does nothing
)
"""A whole module with one exported function."""
WASM_AGAIN: Final = WASM + b"\x00\x03\x01v2"
"""The same with a custom section: another version."""

EQUIPMENT: Final[Mapping[str, Json]] = {
    "environment": {"ROOM": "attic"},
    "capabilities": ["sorting", "lifting"],
}
"""What an agent is deployed with, beside its module."""

_PERFORMATIVES: Final = ("request", "query-ref", "inform", "cfp", "subscribe")


def in_base64(wasm: bytes) -> str:
    """A module as JSON carries it."""
    return base64.b64encode(wasm).decode()


def new_config(style: Style, name: str) -> dict[str, Json]:
    """The config of a deployment through multipart."""
    body: dict[str, Json] = {"name": name}
    if not style.minimal:
        body |= {"strategy": "immediate", "resources": {"memory": "50MB", "cpu": "100000"}}
    if style.equips:
        body |= EQUIPMENT
    return {**body, **style.extras}


def reload_config(style: Style) -> Json:
    """The config of a hot reload."""
    return {"strategy": "graceful", "traffic_split": 10, **style.extras}


def update(style: Style) -> Json:
    """The body of an update; the module is optional."""
    body: dict[str, Json] = {
        "config": {"resources": {"memory": "100MB"}},
        "strategy": "blue_green",
    }
    if not style.minimal:
        body["wasm_module"] = in_base64(WASM_AGAIN)
    return {**body, **style.extras}


def stop(style: Style) -> Json:
    """The body of a stop."""
    return {"grace_period_seconds": 5, "drain_messages": style.drains, **style.extras}


def message(style: Style, memory: Memory, receiver: str, reply_with: str, nth: int) -> Json:
    """A FIPA message."""
    body: dict[str, Json] = {
        "performative": _PERFORMATIVES[nth % len(_PERFORMATIVES)],
        "sender": memory.name,
        "receiver": receiver,
        "content": {"action": "process", "data": {"step": nth, "half": 0.5, "list": [1, None]}},
        "conversation_id": memory.conversation,
    }
    if not style.minimal:
        body["reply_with"] = reply_with
    return {**body, **style.extras}


def task(style: Style, memory: Memory, participants: list[str]) -> Json:
    """A task for some agents."""
    body: dict[str, Json] = {
        "name": f"{memory.name}-work-{memory.round}",
        "data": {"rows": 120, "source": "attic"},
        "protocol": "contract_net",
        "participants": participants,
    }
    if not style.minimal:
        body |= {
            "description": "sort what lies in the attic",
            "timeout_seconds": 60,
            "requirements": {"capabilities": ["sorting"], "min_performance_score": 0.5},
        }
    return {**body, **style.extras}


def distribution(style: Style) -> Json:
    """How a task is to be given out."""
    return {"strategy": "best_bid", "max_wait_seconds": 5, **style.extras}


def rollout(style: Style, memory: Memory, agent_id: str) -> Json:
    """A canary deployment."""
    strategy: dict[str, Json] = {
        "type": "canary",
        "stages": [
            {"percentage": 10, "duration": "5m"},
            {"percentage": 50, "duration": "10m"},
            {"percentage": 100, "duration": "0"},
        ],
    }
    if not style.minimal:
        strategy |= {"rollback_on_error": True, "error_threshold": 0.05}
    body: dict[str, Json] = {
        "agent_id": agent_id,
        "wasm_module": in_base64(WASM_AGAIN),
        "version": f"2.0.{memory.round}",
        "strategy": strategy,
    }
    return {**body, **style.extras}


def rollback(style: Style) -> Json:
    """Why a deployment is taken back."""
    return {"reason": "the attic is on fire", **style.extras}


def subscription(style: Style, agents: list[str]) -> Json:
    """What it wants to hear."""
    body: dict[str, Json]
    if style.subscribes == "filter":
        own: Mapping[str, Json] = {"agents": agents, "performatives": ["inform", "request"]}
        body = {"type": "subscribe", "filter": own}
    else:
        body = {"type": "subscribe", "events": ["agent.*", "task.completed"]}
        if style.subscribes == "own":
            body["filters"] = {"agent_ids": agents}
    return {**body, **style.extras}


def unsubscription(style: Style, subscription_id: str) -> Json:
    """What it does not want to hear any more."""
    return {"type": "unsubscribe", "subscription_id": subscription_id, **style.extras}
