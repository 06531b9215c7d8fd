"""What is asked of every server: look an agent up, register one, register one unlawfully."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.client import request

__all__ = ["REGISTRATIONS", "WORKLOADS", "Workload"]

_AGENTS = [f"surveyor-{number}" for number in range(100)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Requests that are sent in rotation, and the status that every answer must have."""

    name: str
    requests: Sequence[bytes]
    status: int


def _register(**fields: object) -> bytes:
    registration = {
        "agent_type": "worker",
        "capabilities": ["ocr", "translation"],
        "services": ["documents"],
        "endpoints": {"http": "http://127.0.0.1:7007"},
        "metadata": {"version": "2.3.0", "region": "north"},
    }
    return request("POST", "/agents/register", json.dumps({**registration, **fields}).encode())


REGISTRATIONS = [_register(agent_id=agent) for agent in _AGENTS]

WORKLOADS = (
    Workload(
        name="GET",
        requests=[request("GET", f"/agents/{agent}") for agent in _AGENTS],
        status=200,
    ),
    Workload(name="POST, valid", requests=REGISTRATIONS, status=200),
    Workload(
        name="POST, invalid",  # two things are wrong
        requests=[_register(agent_id=agent, agent_type="robot", services=7) for agent in _AGENTS],
        status=422,
    ),
)
