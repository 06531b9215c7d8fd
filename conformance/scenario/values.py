"""What a scenario is given unasked: who one is, as the target or the agent's start says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.target import Target
from schemas.spec import Protocol

__all__ = ["of_start", "of_target"]


def of_target(target: Target, protocol: Protocol) -> dict[str, Any]:
    """Forward: what the target file and the command line give. `principals` are those of the
    target, each with name, kind, token and id.
    """
    token = target.headers.get(protocol.token_header, "") if protocol.token_header else ""
    agents = [each for each in target.principals if each.kind == "agent"]
    token = token or (agents[0].token if agents else "")
    said = {
        "url": target.url,
        "token": token,
        "username": target.credentials.username,
        "password": target.credentials.password,
        "agent": agents[0].name if agents else "",
    }
    principals = [
        {"name": each.name, "kind": each.kind, "token": each.token, "id": each.id}
        for each in target.principals
    ]
    known: dict[str, Any] = {name: value for name, value in said.items() if value}
    return {**known, "principals": principals} if principals else known


def of_start(values: Mapping[str, str]) -> dict[str, Any]:
    """Backward: what the agent was started with; `agent` is the name that it was given."""
    said = {name: values.get(name, "") for name in ("url", "token", "username", "password")}
    known = {**said, "agent": values.get("name", "")}
    return {name: value for name, value in known.items() if value}
