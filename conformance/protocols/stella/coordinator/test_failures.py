"""What is not there: unknown paths, methods that no endpoint has, and a peer that says 503."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from conformance.exchange import Exchange
from conformance.forced import HOOK
from conformance.hooks import run_hook
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, exclusive, requirement
from conformance.plugin import Suite
from conformance.protocols.stella.bystanders import settle
from conformance.protocols.stella.fleet import Agent, Fleet
from conformance.protocols.stella.strangers import turned_away
from schemas import load

_ROOT = "/api/v1/agents"

_ODD_IDS = (
    "z" * 5000,
    "größe",
    "a/b",
    "a b",
    "50%",
    "a?status=online",
    "a#b",
    "\x00",
    "' OR '1'='1",
    "<i>agent</i>",
    "{id}",
    "🌍",
)

_ABSENT = (401, 403, 404)
"""Who is asked for what is not there may first ask who wants to know."""

_UNAVAILABLE = tuple(operation.id for operation in load("stella") if "503" in operation.responses)


def _judge_absent(judge: Judge, row: str, said: Exchange, *accepted: int | range) -> None:
    """Who shows no certificate may be cut off before anything else is looked at."""
    if said.status is None:
        wrong = f"{said.method} {said.url[-60:]}: {said.outcome}"
        judge.holds(row, turned_away(said), wrong, said)
    else:
        judge.status(row, said, *accepted)


@requirement("STELLA-ERR-008", "STELLA-ERR-006")
async def test_flow_unknown_paths_are_not_found(fleet: Fleet, judge: Judge) -> None:
    bystanders = await settle(fleet, judge)
    own = f"{_ROOT}/{bystanders.busy.id}"
    word = fleet.new("no-such")
    for method, path in (
        ("GET", f"/{word}"),
        ("POST", f"/{word}"),
        ("GET", f"/api/v1/{word}"),
        ("DELETE", f"/api/v1/{word}/{word}"),
    ):
        _judge_absent(judge, "STELLA-ERR-008", await fleet.peer.send(method, path), *_ABSENT)
    for path in (f"{own}/{word}", f"{own}/tasks/{word}/{word}", f"{own}/{word}/heartbeat"):
        # Where other methods are known, a peer may say that this one is not.
        said = await fleet.peer.send("GET", path)
        _judge_absent(judge, "STELLA-ERR-008", said, *_ABSENT, 405)
    for agent_id in _ODD_IDS:
        for said in (
            await fleet.get(agent_id, lawful=False),
            await fleet.delete(agent_id, lawful=False),
        ):
            judge.status("STELLA-ERR-008", said, range(400, 500))
    await bystanders.judge_served("STELLA-ERR-006", "after unknown paths", said)
    await bystanders.judge_work("STELLA-ERR-006", "after unknown paths", said)


@requirement("STELLA-ERR-009", "STELLA-ERR-006")
async def test_flow_unknown_methods_are_not_served(fleet: Fleet, judge: Judge) -> None:
    bystanders = await settle(fleet, judge)
    own = f"{_ROOT}/{bystanders.busy.id}"
    for method, path in (
        ("PUT", _ROOT),
        ("PUT", f"{_ROOT}/register"),
        ("GET", f"{_ROOT}/register"),
        ("POST", own),
        ("GET", f"{own}/heartbeat"),
        ("PUT", f"{own}/heartbeat"),
        ("DELETE", f"{own}/heartbeat"),
        ("PUT", f"{own}/tasks"),
        ("PATCH", f"{own}/tasks"),
        ("GET", f"{own}/tasks/{fleet.new('task')}/complete"),
        ("DELETE", f"{own}/tasks/{fleet.new('task')}/complete"),
        ("BREW", own),
    ):
        body = None if method in ("GET", "DELETE") else b"{}"
        said = await fleet.peer.send(method, path, body)
        _judge_absent(judge, "STELLA-ERR-009", said, range(400, 500), 501)
    await bystanders.judge_served("STELLA-ERR-006", "after unknown methods", said)
    await bystanders.judge_work("STELLA-ERR-006", "after unknown methods", said)


async def _caller(fleet: Fleet, agent: Agent, operation: str) -> Callable[[], Awaitable[Exchange]]:
    if operation == "completeTask":
        task_id, _ = await fleet.enqueue(agent)
        await fleet.heartbeat(agent)  # a task that nobody fetched may not be reported
        return lambda: fleet.complete(agent, task_id)
    change = {"labels": {"site": "isle-4"}, "capabilities": ["docker"]}
    known: dict[str, Callable[[], Awaitable[Exchange]]] = {
        "updateAgent": lambda: fleet.update(agent.id, change),
        "deleteAgent": lambda: fleet.delete(agent.id),
        "getPendingTasks": lambda: fleet.poll(agent),
    }
    return known[operation]


@exclusive("forced")
@requirement("STELLA-ERR-010")
@pytest.mark.parametrize("operation", _UNAVAILABLE)
async def test_what_was_unavailable_is_served_again(
    operation: str, fleet: Fleet, suite: Suite, judge: Judge
) -> None:
    agent = await fleet.register()
    await fleet.heartbeat(agent)
    call = await _caller(fleet, agent, operation)
    await run_hook(suite.context.target, HOOK, {"operation": operation, "status": 503})
    said = await call()
    if said.status != 503:
        raise UnjudgeableError(f"the hook was to force a 503, and the answer was {said.outcome}")
    again = await call()
    judge.holds(
        "STELLA-ERR-010",
        again.ok,
        f"after a 503 {operation} is answered {again.outcome}",
        said,
        again,
    )
