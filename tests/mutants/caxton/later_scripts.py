"""Dialogues about what is left later: of limits, skills, messages and subscriptions."""

from __future__ import annotations

import base64
from typing import Any

from .rehearsal import WASM64, Stage
from .scripts import CANARY, look, rolled

__all__ = ["later"]

_NO_MODULE = base64.b64encode(b"no module").decode()


async def later(on: Stage) -> None:
    """Agents go through deployments and refusals, fail, drain and are removed."""
    one = await on.deploy("one", capabilities=["sail"], resources={"memory": "48MB"})
    two = await on.deploy("two", capabilities=["sail"], resources={"memory": "48MB"})
    line = on.connect()
    on.subscribe(line, filter={"agents": [one, two]})
    body = {"agent_id": two, "wasm_module": WASM64, "version": "2.0.0", "strategy": CANARY}
    under_way = await rolled(on, body)
    await on.ask("POST", "/deployments", {**body, "wasm_module": _NO_MODULE})
    await on.ask("GET", f"/deployments/{under_way}")
    await _works(on, one)
    await on.ask("PUT", f"/agents/{one}", {"wasm_module": _NO_MODULE})
    await _works(on, one, one)
    await on.advance(3600)
    await look(on, two)
    await _works(on, two)
    message = {"performative": "inform", "sender": one, "receiver": two, "content": {}}
    await on.ask("POST", "/messages", {**message, "conversation_id": "c"})
    await on.hook("fail_agent", agent=one)
    await on.deploy("one")
    await on.ask("DELETE", f"/agents/{one}")
    await on.ask("GET", "/messages", conversation_id="c")
    await on.ask("GET", "/metrics/system")
    await on.send(two)
    await on.ask("POST", f"/agents/{two}/stop", {"grace_period_seconds": 30})
    await on.ask("GET", "/metrics/system")
    await on.advance(7200)
    await on.ask("GET", "/messages", conversation_id="c")
    await on.ask("DELETE", f"/agents/{two}")
    await on.ask("GET", "/metrics/system")


async def _works(on: Stage, *agents: str) -> None:
    task: dict[str, Any] = {"name": "t", "participants": [*agents], "protocol": "contract_net"}
    made = await on.ask("POST", "/tasks", {**task, "requirements": {"capabilities": ["sail"]}})
    path = f"/tasks/{on.told(made, 'task_id')}/distribute"
    await on.ask("POST", path, {"strategy": "best_bid", "max_wait_seconds": 1})
