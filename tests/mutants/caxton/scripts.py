"""Dialogues that bring the differences to light: agents, messages, tasks, deployments."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from .rehearsal import WASM64, Stage
from .wasm import HEADER

__all__ = ["Script", "conversations", "deployments", "lives", "measures", "pages", "tasks"]

Script: TypeAlias = Callable[[Stage], Awaitable[None]]

CANARY = {
    "type": "canary",
    "stages": [
        {"percentage": 10, "duration": "5m"},
        {"percentage": 50, "duration": "10m"},
        {"percentage": 100, "duration": "0"},
    ],
    "rollback_on_error": True,
    "error_threshold": 0.3,
}
BIG = 2**63 + 1
NESTED = {
    "text": "häß\u2028 漢字 🦊",
    "big": BIG,
    "list": [1, [2.5, None, True]],
    "nothing": None,
    "deep": {"a": {"b": {}}},
}


async def look(on: Stage, *agents: str) -> None:
    """List all, look some up."""
    await on.ask("GET", "/agents")
    for one in agents:
        await on.ask("GET", f"/agents/{one}")


async def lives(on: Stage) -> None:
    """From deployment to removal, and the name again."""
    resources = {"memory": "50MB", "cpu": "100000"}
    one = await on.deploy("alpha", resources=resources, capabilities=["ocr"])
    two = await on.deploy("beta", strategy="canary", version="3.1.0")
    await on.deploy("alpha")
    await on.form("POST", "/agents", {"name": "gamma", "resources": {"memory": "50MB"}})
    await look(on, one, two)
    await on.form("PUT", f"/agents/{one}/reload", {"strategy": "graceful", "traffic_split": 10})
    await on.advance(3)
    await look(on, one)
    await on.form("PUT", f"/agents/{two}/reload", {"version": "4.0.0", "strategy": "rolling"})
    await on.advance(3)
    change = {"config": {"resources": {"memory": "100MB"}}, "strategy": "blue_green"}
    await on.ask("PUT", f"/agents/{one}", change)
    await on.advance(3)
    await on.ask("PUT", f"/agents/{two}", {"wasm_module": WASM64, "strategy": "rolling"})
    await on.advance(3)
    await look(on, one, two)
    await on.ask("PUT", f"/agents/{one}", {})
    await stopping(on, one, two)


async def stopping(on: Stage, one: str, two: str) -> None:
    """Both ways to stop, and what is left then."""
    stop = {"grace_period_seconds": 30, "drain_messages": True}
    await on.ask("POST", f"/agents/{one}/stop", stop)
    await on.send(one)
    await look(on, one)
    await on.advance(10)
    await look(on, one)
    await on.advance(30)
    await look(on, one)
    await on.send(one)
    await on.ask("POST", f"/agents/{one}/stop", stop)
    await on.deploy("alpha")
    await on.ask("DELETE", f"/agents/{one}")
    await on.ask("DELETE", f"/agents/{one}")
    await look(on, one, two)
    await on.ask("POST", f"/agents/{one}/stop", stop)
    await on.form("PUT", f"/agents/{one}/reload", {})
    await on.ask("PUT", f"/agents/{one}", {"strategy": "rolling"})
    await on.ask("GET", f"/metrics/agents/{one}")
    await on.send(one)
    again = await on.deploy("alpha")
    await look(on, again)
    await on.send(again)
    await on.ask("POST", f"/agents/{two}/stop", {"drain_messages": False})
    await on.advance(1)
    await look(on, two)
    await on.ask("GET", "/agents", status="stopped")
    await on.ask("DELETE", f"/agents/{two}")
    await on.hook("fail_agent", agent=again)
    await look(on, again)
    await on.ask("DELETE", f"/agents/{again}")
    await look(on)


async def pages(on: Stage) -> None:
    """Agents and messages, a page at a time."""
    agents = [await on.deploy(f"page-{at}") for at in range(7)]
    await on.ask("POST", f"/agents/{agents[1]}/stop")
    await on.advance(40)
    await on.hook("fail_agent", agent=agents[4])
    for limit, offset in ((2, 0), (2, 2), (2, 4), (2, 6), (3, 4), (7, 0), (1, 7), (5, 100)):
        await on.ask("GET", "/agents", limit=str(limit), offset=str(offset))
    for status in ("running", "stopped", "failed", "draining", "loaded", "nonsense"):
        await on.ask("GET", "/agents", status=status)
    await on.ask("GET", "/agents", status="running", limit="2", offset="1")
    await on.ask("GET", "/agents", status="running", limit="2", offset="4")
    for odd in ("0", "-1", "x", "100000", "1.5", ""):
        await on.ask("GET", "/agents", limit=odd)
        await on.ask("GET", "/messages", limit=odd)
    await on.ask("GET", "/agents", offset="-3")
    for at in range(7):
        await on.send(agents[0], "inform", conversation_id="long", content={"at": at})
        await on.send(agents[2], "inform", conversation_id=f"short-{at}")
    for conversation in ("long", "LONG", "short-1", "nobody"):
        await on.ask("GET", "/messages", conversation_id=conversation)
    await on.ask("GET", "/messages")
    await turned(on)


async def turned(on: Stage) -> None:
    """Follow the cursors."""
    for limit in (3, 7, 2):
        query: dict[str, Any] = {"conversation_id": "long", "limit": str(limit)}
        for _ in range(5):
            answer = await on.ask("GET", "/messages", **query)
            body = answer.body if isinstance(answer.body, dict) else {}
            cursor = body.get("next_cursor")
            if not isinstance(cursor, str) or not cursor:
                break
            query[on.desk.reading.cursor] = cursor
    foreign: dict[str, Any] = {on.desk.reading.cursor: "bm9wZQ"}
    await on.ask("GET", "/messages", **foreign)


async def conversations(on: Stage) -> None:
    """Messages of all kinds, and who gets them."""
    one, two = await on.deploy("ann"), await on.deploy("bob")
    more = {"conversation_id": "c-1", "reply_with": "r-1", "ontology": "o", "language": "fipa-sl"}
    await on.send(one, **more, in_reply_to="r-0")
    await on.advance(1)
    await on.send(two, "inform", conversation_id="c-2", content=NESTED)
    await on.send(two, "inform", conversation_id="c-2", content="plain")
    await on.send(two, "inform", conversation_id="c-2", content=[1, 2])
    await on.send(two, "query-if", sender=one, conversation_id="c-1")
    await on.advance(1)
    await on.send("client_1", "inform", sender=two, conversation_id="c-1")
    await on.send("nobody", "inform", conversation_id="c-9")
    await on.send(two, "dance")
    await on.hook("reply", agent=one, content={"told": "so"})
    await on.send(one, "inform", conversation_id="c-1")
    await on.advance(1)
    odd: tuple[Any, ...] = ({}, {"performative": "inform"}, {"receiver": one}, [], 7, "x", None)
    for body in odd:
        await on.ask("POST", "/messages", body)
    for name in ("performative", "sender", "receiver", "conversation_id", "reply_with"):
        said = {"performative": "inform", "sender": "s", "receiver": one, name: 7}
        await on.ask("POST", "/messages", said)
    await on.ask("POST", "/messages", {"performative": "inform", "receiver": one, "content": {}})
    for conversation in ("c-1", "c-2", "c-9"):
        await on.ask("GET", "/messages", conversation_id=conversation)
    await look(on, one, two)
    await on.hook("fail_agent", agent=two)
    await on.send(two, conversation_id="c-2")
    await on.ask("GET", "/messages", conversation_id="c-2")
    await look(on, two)


async def tasks(on: Stage) -> None:
    """Tasks from call to completion."""
    skilled = [
        await on.deploy(f"hand-{at}", capabilities=["ocr", "pdf"][: at % 3]) for at in range(6)
    ]
    base = {"name": "t", "description": "d", "data": {"n": 1}, "protocol": "contract_net"}
    cases: list[dict[str, Any]] = [
        {"participants": skilled},
        {"participants": skilled[:3], "requirements": {"capabilities": ["ocr"]}},
        {"requirements": {"capabilities": ["pdf"], "min_performance_score": 0.8}},
        {"participants": skilled[1:2], "timeout_seconds": 60},
        {"participants": skilled, "requirements": {"capabilities": ["flying"]}},
        {"participants": [*skilled[:2], "nobody"]},
    ]
    made = []
    for case in cases:
        answer = await on.ask("POST", "/tasks", {**base, **case})
        made.append(on.told(answer, "task_id"))
        await on.ask("GET", f"/tasks/{made[-1]}")
    await on.hook("fail_agent", agent=skilled[5])
    for task in made:
        await on.ask(
            "POST", f"/tasks/{task}/distribute", {"strategy": "best_bid", "max_wait_seconds": 30}
        )
        await on.ask("GET", f"/tasks/{task}")
    await on.ask("POST", f"/tasks/{made[0]}/distribute", {})
    for seconds in (1.5, 2, 3):
        await on.advance(seconds)
        for task in made[:4]:
            await on.ask("GET", f"/tasks/{task}")
    await on.ask("POST", f"/tasks/{made[0]}/distribute", {})
    await on.ask("GET", f"/tasks/{made[0]}")
    await on.ask("GET", "/tasks/nothing")
    await on.ask("POST", "/tasks/nothing/distribute", {})
    bad: tuple[Any, ...] = ({}, {"name": 7}, {"name": "x", "participants": "y"}, [], {"name": ""})
    for body in bad:
        await on.ask("POST", "/tasks", body)
    led = on.told(await on.ask("POST", "/tasks", {**base, "participants": skilled[:2]}), "task_id")
    await on.ask("POST", f"/tasks/{led}/distribute", {})
    for progress in (0.4, 1):
        await on.hook("progress", task=led, progress=progress)
        await on.ask("GET", f"/tasks/{led}")
    await on.form("PUT", f"/agents/{skilled[1]}/reload", {"traffic_split": 100})
    await on.advance(3)
    skill = {"participants": skilled[1:2], "requirements": {"capabilities": ["ocr"]}}
    led = on.told(await on.ask("POST", "/tasks", {**base, **skill}), "task_id")
    await on.ask("POST", f"/tasks/{led}/distribute", {})
    await look(on, *skilled[:2])
    await on.ask("GET", "/messages")


async def deployments(on: Stage) -> None:
    """Stage by stage, to the end and back."""
    one, two = await on.deploy("ship"), await on.deploy("boat")
    body = {"agent_id": one, "wasm_module": WASM64, "version": "2.0.0", "strategy": CANARY}
    first = await rolled(on, body)
    for seconds in (3, 200, 150, 500, 200):
        await on.advance(seconds)
        await on.ask("GET", f"/deployments/{first}")
        await look(on, one)
    await back(on, first, one)
    second = await rolled(on, {**body, "version": "5.0.0"})
    await on.advance(10)
    await back(on, second, one)
    await on.form("PUT", f"/agents/{one}/reload", {"version": "5.5.0"})
    await on.advance(3)
    await back(on, await rolled(on, {**body, "version": "5.7.0"}), one)
    third = await rolled(on, {**body, "agent_id": two, "version": "6.0.0"})
    await on.advance(10)
    await on.send(two)
    await on.hook("fail_agent", agent=two)
    await on.ask("GET", f"/deployments/{third}")
    await look(on, two)
    await beside(on, body)
    open_end = {**CANARY, "rollback_on_error": False}
    fourth = await rolled(on, {**body, "version": "7.0.0", "strategy": open_end})
    await on.advance(10)
    await on.hook("fail_agent", agent=one)
    await on.ask("GET", f"/deployments/{fourth}")
    await beyond(on, body)
    await others(on, one)


async def beside(on: Stage, body: Mapping[str, Any]) -> None:
    """Two deployments at once, of which one is taken back."""
    boats = [await on.deploy(name) for name in ("gig", "dory")]
    both = [await rolled(on, {**body, "agent_id": boat, "version": "6.5.0"}) for boat in boats]
    await on.advance(2)
    await on.ask("POST", f"/deployments/{both[0]}/rollback", {"reason": "a leak"})
    for number in both:
        await on.ask("GET", f"/deployments/{number}")
    await on.ask("POST", f"/deployments/{both[1]}/rollback", {"reason": "a leak"})


async def beyond(on: Stage, body: Mapping[str, Any]) -> None:
    """Messages that cannot be delivered under a deployment."""
    raft = await on.deploy("raft")
    number = await rolled(on, {**body, "agent_id": raft, "version": "9.0.0"})
    await on.advance(3)
    await on.ask("POST", f"/agents/{raft}/stop", {"grace_period_seconds": 1})
    await on.advance(3)
    await on.send(raft)
    await on.ask("GET", f"/deployments/{number}")
    await look(on, raft)


async def rolled(on: Stage, body: Mapping[str, Any]) -> str:
    """A new deployment, looked at."""
    answer = await on.ask("POST", "/deployments", body)
    number = on.told(answer, "deployment_id")
    await on.ask("GET", f"/deployments/{number}")
    return number


async def back(on: Stage, number: str, agent: str) -> None:
    """Roll back, and try it again."""
    reason = {"reason": "errors"}
    await on.ask("POST", f"/deployments/{number}/rollback", reason)
    await on.ask("GET", f"/deployments/{number}")
    await on.advance(5)
    await on.ask("GET", f"/deployments/{number}")
    await look(on, agent)
    await on.ask("POST", f"/deployments/{number}/rollback", reason)


async def others(on: Stage, one: str) -> None:
    """Other strategies, and what is no deployment."""
    plain = {"agent_id": one, "wasm_module": WASM64, "version": "8.0.0"}
    for kind in ("immediate", "rolling", "blue_green", "magic"):
        number = await rolled(on, {**plain, "strategy": {"type": kind}})
        await on.advance(3)
        await on.ask("GET", f"/deployments/{number}")
    await on.ask("POST", "/deployments", {**plain, "agent_id": "nobody"})
    await on.ask("POST", "/deployments", {**plain, "strategy": "canary"})
    await on.ask("POST", "/deployments", {**plain, "strategy": {"type": "canary", "stages": []}})
    for share in (0, 101, "x", -5):
        stages = [{"percentage": share, "duration": "1m"}]
        await on.ask(
            "POST", "/deployments", {**plain, "strategy": {"type": "canary", "stages": stages}}
        )
    await on.ask("GET", "/deployments/nothing")
    await on.ask("POST", "/deployments/nothing/rollback", {})
    await look(on, one)


async def measures(on: Stage) -> None:
    """What is counted, and over which period."""
    one, two = await on.deploy("m-1"), await on.deploy("m-2")
    await on.ask("GET", "/metrics/system")
    for _ in range(3):
        await on.send(one, "inform")
    await on.send(two, "inform")
    for period in ("1h", "5m", "30s", "7d"):
        await on.ask("GET", f"/metrics/agents/{one}", period=period)
    await on.ask("GET", f"/metrics/agents/{two}")
    await on.ask("GET", "/metrics/system")
    await on.advance(3000)
    await on.send(one, "inform")
    for period in ("1h", "5m", "wrong", "-1h"):
        await on.ask("GET", f"/metrics/agents/{one}", period=period)
    await on.hook("fail_agent", agent=two)
    await on.send(two)
    await on.send(two)
    await on.ask("GET", f"/metrics/agents/{two}", period="1h")
    await on.ask("GET", "/metrics/agents/nobody")
    await on.ask("GET", "/metrics/system")
    await on.ask("POST", f"/agents/{one}/stop")
    await on.advance(40)
    await on.ask("GET", "/metrics/system")
    await look(on, one, two)


async def races(on: Stage) -> None:
    """Several at once."""
    await asyncio.gather(*(on.form("POST", "/agents", {"name": "same"}) for _ in range(3)))
    await asyncio.gather(*(on.form("POST", "/agents", {"name": f"r-{at}"}) for at in range(3)))
    await on.advance(1)
    await look(on)
    agent = await on.deploy("target")
    conversation = {"conversation_id": "race"}
    await asyncio.gather(*(on.send(agent, "inform", **conversation) for _ in range(4)))
    await on.ask("GET", "/messages", conversation_id="race")
    answer = await on.ask("POST", "/tasks", {"name": "t", "participants": [agent]})
    path = f"/tasks/{on.told(answer, 'task_id')}"
    await asyncio.gather(*(on.ask("POST", f"{path}/distribute", {}) for _ in range(2)))
    await on.ask("GET", path)
    await asyncio.gather(*(on.ask("DELETE", f"/agents/{agent}") for _ in range(2)))
    await on.deploy("bad", HEADER[:4])
    await look(on)
