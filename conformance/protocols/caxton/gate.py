"""Every operation of REST, asked for by somebody whose token is not good."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.exchange import Exchange
from conformance.protocols.caxton.client import WASM, Agent, Client, wasm_text

__all__ = ["ROWS", "Visit", "blunders", "knock", "strange_tokens", "visits"]

ROWS: Mapping[str, tuple[str, ...]] = {
    "CAXTON-AUT-002": ("listAgents", "getAgent"),
    "CAXTON-AUT-003": ("deployAgent", "reloadAgent", "updateAgent", "stopAgent", "removeAgent"),
    "CAXTON-AUT-004": ("sendMessage", "queryMessages"),
    "CAXTON-AUT-005": ("createTask", "distributeTask", "getTask"),
    "CAXTON-AUT-006": ("createDeployment", "getDeployment", "rollbackDeployment"),
    "CAXTON-AUT-007": ("getSystemMetrics", "getAgentMetrics"),
}
"""What is refused without a token, by the row that says so."""


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One lawful request, but for its token. `names` is the agent that it would deploy, and
    `conversation` that of the message that it would send.
    """

    operation: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    names: str = ""
    conversation: str = ""


def visits(client: Client, victim: Agent, task: str, deployment: str) -> list[Visit]:
    """A request for each operation, about what there is."""
    config, message = client.config(), client.message(victim, performative="inform")
    at_task, at_deployment = {"task_id": task}, {"deployment_id": deployment}
    reload = {"wasm": WASM, "config": {"strategy": "graceful", "traffic_split": 10}}
    update = {"config": {"resources": {"memory": "64MB"}}, "strategy": "rolling"}
    rollout = {
        "agent_id": victim.id,
        "wasm_module": wasm_text("by a stranger"),
        "version": "9.9.9",
        "strategy": {"type": "immediate"},
    }
    told = {"conversation_id": message["conversation_id"], "limit": "5"}
    asked: dict[str, tuple[Mapping[str, str], Mapping[str, Any]]] = {
        "listAgents": ({}, {}),
        "getAgent": (victim.at, {}),
        "reloadAgent": (victim.at, {"form": reload}),
        "updateAgent": (victim.at, {"body": update}),
        "queryMessages": ({}, {"query": told}),
        "createTask": ({}, {"body": client.task(victim)}),
        "distributeTask": (at_task, {"body": {"strategy": "best_bid", "max_wait_seconds": 2}}),
        "getTask": (at_task, {}),
        "createDeployment": ({}, {"body": rollout}),
        "getDeployment": (at_deployment, {}),
        "rollbackDeployment": (at_deployment, {"body": {"reason": "Foul weather"}}),
        "getSystemMetrics": ({}, {}),
        "getAgentMetrics": (victim.at, {"query": {"period": "1h"}}),
        "stopAgent": (victim.at, {"body": {"grace_period_seconds": 1, "drain_messages": True}}),
        "removeAgent": (victim.at, {}),
    }
    simple = [
        Visit(operation=name, parameters=at, options=options)
        for name, (at, options) in asked.items()
    ]
    return [
        Visit(
            operation="deployAgent",
            options={"form": {"wasm": WASM, "config": config}},
            names=config["name"],
        ),
        Visit(
            operation="sendMessage",
            options={"body": message},
            conversation=message["conversation_id"],
        ),
        *simple,
    ]


def blunders(client: Client) -> list[Visit]:
    """Requests that are no good for another reason too."""
    nobody = {"agent_id": client.new("agent")}
    return [
        Visit(operation="getAgent", parameters=nobody),
        Visit(operation="getAgentMetrics", parameters=nobody, options={"query": {"period": "1h"}}),
        Visit(operation="sendMessage", options={"body": {"sender": client.new("client")}}),
    ]


async def knock(client: Client, visit: Visit, token: str | None, header: str) -> Exchange:
    """Ask without a token, or with another one."""
    said = await client.call(
        visit.operation,
        visit.parameters,
        headers={} if token is None else {header: token},
        anonymous=True,
        lawful=False,
        **visit.options,
    )
    if visit.operation == "deployAgent":
        client.remember(said)
    return said


def strange_tokens(good: str) -> dict[str, str]:
    """Tokens that were never given out, by what is wrong with them."""
    tokens = {
        "one that was never given out": secrets.token_urlsafe(16),
        "an empty one": "",
        "the beginning of a good one": good[: max(1, len(good) // 2)],
        "all but the end of a good one": good[:-1],
        "a good one with more behind it": f"{good}x",
        "a good one in other letters": good.swapcase(),
        "the word null": "null",
    }
    return {name: token for name, token in tokens.items() if token != good}
