"""Dialogues about tokens, odd input, events, gRPC and limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from . import scripts
from .gate import TOKENS
from .later_scripts import later
from .model import Line
from .rehearsal import WASM64, Stage, form
from .scripts import NESTED, Script
from .wasm import HEADER

__all__ = ["SCRIPTS"]

_ROUTES = (
    ("POST", "/agents"),
    ("GET", "/agents"),
    ("GET", "/agents/x"),
    ("PUT", "/agents/x"),
    ("PUT", "/agents/x/reload"),
    ("POST", "/agents/x/stop"),
    ("DELETE", "/agents/x"),
    ("POST", "/messages"),
    ("GET", "/messages"),
    ("POST", "/tasks"),
    ("POST", "/tasks/x/distribute"),
    ("GET", "/tasks/x"),
    ("POST", "/deployments"),
    ("GET", "/deployments/x"),
    ("POST", "/deployments/x/rollback"),
    ("GET", "/metrics/system"),
    ("GET", "/metrics/agents/x"),
)
_WRONG = ("", "wrong", TOKENS[0][:8], TOKENS[0].upper(), TOKENS[0] + "x", "null", " ")


async def gates(on: Stage) -> None:
    """Every door with no key, and with wrong ones."""
    for method, path in _ROUTES:
        await on.ask(method, path, token=None)
        await on.ask(method, path, token="wrong")
    for token in (*_WRONG, TOKENS[1]):
        await on.ask("GET", "/agents", token=token)
        await on.ask("GET", "/metrics/system", token=token)
    bearer = {"authorization": f"Bearer {TOKENS[0]}"}
    await on.ask("GET", "/agents", token=None, headers=bearer)
    for method in ("PATCH", "HEAD", "POST"):
        await on.ask(method, "/agents/x")
    await on.ask("GET", "/nothing/here")
    await on.ask("DELETE", "/tasks")
    for key in (None, "wrong", *TOKENS):
        line = on.connect(key)
        on.subscribe(line, events=["*"])
        on.leave(line)


async def inputs(on: Stage) -> None:
    """What nobody should send."""
    agent = await on.deploy("victim")
    deep = b'{"name":' + b"[" * 50000 + b"]" * 50000 + b"}"
    odd: tuple[bytes, ...] = (
        b"{oops",
        b"",
        b"[]",
        b"null",
        b"7",
        b'"x"',
        b"\xff\xfe\x00",
        b'{"name":null,"agent_id":[],"performative":{},"strategy":7,"config":[]}',
        b'{"name":1e999,"performative":"inform","receiver":"' + b"9" * 5000 + b'"}',
        b'{"n":' + b"9" * 5000 + b"}",
        deep,
    )
    doors = (
        ("POST", "/messages"),
        ("POST", "/tasks"),
        ("POST", "/deployments"),
        ("PUT", f"/agents/{agent}"),
        ("POST", f"/agents/{agent}/stop"),
    )
    for method, path in doors:
        for body in odd if "stop" not in path else odd[:1]:
            await on.ask(method, path, body)
    made = await on.ask("POST", "/tasks", {"name": "t", "participants": [agent]})
    await on.ask("POST", f"/tasks/{on.told(made, 'task_id')}/distribute", b"{oops")
    rollout = {"agent_id": agent, "wasm_module": WASM64, "strategy": {"type": "immediate"}}
    made = await on.ask("POST", "/deployments", rollout)
    await on.ask("POST", f"/deployments/{on.told(made, 'deployment_id')}/rollback", b"{oops")
    await on.ask("POST", "/messages", b"x=1", media="application/x-www-form-urlencoded")
    await forms(on, agent)
    await on.send(agent, "inform", content={"nul": "\0", "half": "\ud800"}, conversation_id="odd")
    await on.ask("GET", "/messages", conversation_id="odd")
    await on.ask("PUT", f"/agents/{agent}", {"wasm_module": "bm9wZQ=="})
    await on.ask("PUT", f"/agents/{agent}", {"wasm_module": "!!"})
    await on.ask("PUT", f"/agents/{agent}", {"wasm_module": 7})
    for module in ("bm9wZQ==", None, "", 7):
        asked = {"agent_id": agent, "wasm_module": module, "strategy": {"type": "immediate"}}
        await on.ask("POST", "/deployments", asked)
    await scripts.look(on, agent)


async def forms(on: Stage, agent: str) -> None:
    """Multipart bodies that are none, and modules that are none."""
    media = "multipart/form-data; boundary=caxton-form"
    for wasm in (
        b"",
        b"\0asm",
        b"MZ" + HEADER,
        HEADER[:7],
        b"\0asm\x02\0\0\0",
        HEADER + b"\xff\xff",
    ):
        await on.form("POST", "/agents", {"name": f"w-{len(wasm)}"}, wasm)
        await on.form("PUT", f"/agents/{agent}/reload", {"strategy": "graceful"}, wasm)
    configs: tuple[Any, ...] = (
        None,
        b"{oops",
        [],
        {},
        {"name": ""},
        {"name": 7},
        {"name": "x" * 5000},
    )
    for config in configs:
        await on.form("POST", "/agents", config)
    amounts: tuple[Any, ...] = ([], {"memory": "lots"}, {"memory": "900TB"}, {"cpu": "many"})
    for resources in amounts:
        await on.form("POST", "/agents", {"name": f"r{resources}", "resources": resources})
    whole = form({"name": "cut"})
    for raw, kind in (
        (whole[:-20], media),
        (whole, "multipart/form-data"),
        (whole, "multipart/form-data; boundary=other"),
        (whole, 'multipart/form-data; boundary="caxton-form"'),
        (b"", media),
        (b"\xff\0\xfe", media),
        (whole, "text/plain"),
        (b'{"name": "json"}', "application/json"),
    ):
        await on.ask("POST", "/agents", raw, media=kind)


async def events(on: Stage) -> None:
    """Subscriptions of all kinds, and what they bring."""
    lines = [on.connect() for _ in range(6)]
    on.subscribe(lines[0])
    on.subscribe(lines[1], events=["agent.*", "task.completed"])
    on.subscribe(lines[2], events=["system.*"])
    one = await on.deploy("speaker", capabilities=["ocr"])
    two = await on.deploy("listener")
    on.subscribe(lines[3], filter={"agents": [one], "performatives": ["inform", "request"]})
    on.subscribe(lines[4], events=["*"], filters={"agent_ids": [two]})
    on.subscribe(lines[4], events=["agent.*"])
    for performative in ("request", "inform", "refuse"):
        await on.send(one, performative, conversation_id="e")
        await on.send(two, performative, sender=one)
        await on.advance(1)
    await on.send("nobody")
    await on.hook("alert", severity="critical", message="m", details={"x": 1})
    await on.hook("alert")
    for who in (one, two):
        answer = await on.ask("POST", "/tasks", {"name": "t", "participants": [who]})
        await on.ask("POST", f"/tasks/{on.told(answer, 'task_id')}/distribute", {})
    await on.advance(10)
    await on.form("PUT", f"/agents/{two}/reload", {})
    await on.advance(3)
    await partings(on, lines, one, two)


async def partings(on: Stage, lines: Sequence[Line | None], one: str, two: str) -> None:
    """Unsubscribing, leaving, and coming back."""
    for line in lines[1:3]:
        for number in _subscriptions(line):
            on.say(line, {"type": "unsubscribe", "subscription_id": number})
    on.subscribe(lines[5], events=["agent.*"])
    on.subscribe(lines[5], events=["system.*"])
    for number in _subscriptions(lines[5])[:1]:
        on.say(lines[5], {"type": "unsubscribe", "subscription_id": number})
    await on.deploy("later")
    await on.hook("alert")
    on.subscribe(lines[1], events=["agent.deployed"])
    await on.deploy("latest")
    for line in lines[3:5]:
        on.leave(line)
    await on.send(one)
    again = on.connect()
    on.subscribe(again, events=["agent.*", "message.sent"], filters={"agent_ids": [two]})
    await on.send(two)
    await on.rpc("DeployAgent", {"wasm_module": WASM64, "config": {"name": "by-grpc"}})
    said = {"performative": "inform", "sender": "g", "receiver": two}
    await on.rpc("SendMessage", {"message": said})
    await on.hook("fail_agent", agent=two)
    await on.hook("fail_agent", agent=await on.deploy("short-lived"))
    await on.ask("POST", f"/agents/{one}/stop", {"drain_messages": True})
    await on.advance(40)
    await on.ask("DELETE", f"/agents/{one}")


def _subscriptions(line: Line | None) -> list[str]:
    return [] if line is None else [*line.subscriptions]


async def frames(on: Stage) -> None:
    """What nobody should say on a WebSocket."""
    line, other = on.connect(), on.connect()
    on.subscribe(other, events=["agent.*"])
    odd: tuple[Any, ...] = (
        "{oops",
        "",
        "[]",
        "7",
        "null",
        b"\x00\xff",
        b'{"type":"subscribe"}',
        {},
        {"type": "dance"},
        {"type": 7},
        {"type": "unsubscribe"},
        {"type": "unsubscribe", "subscription_id": "nope"},
        {"type": "unsubscribe", "subscription_id": 7},
        {"type": "subscribe", "events": "agent.*"},
        {"type": "subscribe", "events": [7]},
        {"type": "subscribe", "filter": []},
        {"type": "subscribe", "filters": {"agent_ids": "x"}},
        "[" * 100000,
    )
    for frame in odd:
        on.say(line, frame)
    on.subscribe(line, events=[])
    on.subscribe(line, events=["agent.deployed"])
    on.slip(line)
    on.leave(on.connect(method="POST"))
    await on.deploy("after-all")


async def calls(on: Stage) -> None:
    """gRPC, and both sides of it."""
    on.described()
    rest = await on.deploy("from-rest", capabilities=["ocr"])
    config = {"name": "from-grpc", "environment": {"A": "b"}, "capabilities": ["ocr", "pdf"]}
    made = await on.rpc("DeployAgent", {"wasm_module": WASM64, "config": config})
    own = str(made.get("agent_id"))
    await on.advance(1)
    await on.rpc("DeployAgent", {"wasm_module": WASM64, "config": config})
    await on.rpc("DeployAgent", {"wasm_module": WASM64, "config": {"name": "from-rest"}})
    await on.deploy("from-grpc")
    await on.rpc("DeployAgent", {"wasm_module": "bm9wZQ==", "config": {"name": "bad"}})
    await on.rpc("DeployAgent", {"config": {"name": "empty"}})
    await on.rpc("DeployAgent", {"wasm_module": WASM64})
    await scripts.look(on, own, rest)
    for extra in range(3):
        name = {"name": f"more-{extra}"}
        await on.rpc("DeployAgent", {"wasm_module": WASM64, "config": name})
    needs = {"name": "t", "participants": [own], "requirements": {"capabilities": ["pdf"]}}
    answer = await on.ask("POST", "/tasks", needs)
    await on.ask("POST", f"/tasks/{on.told(answer, 'task_id')}/distribute", {})
    await on.ask("POST", f"/agents/{rest}/stop")
    await on.advance(40)
    await listings(on)
    await sayings(on, own, rest)
    requests: tuple[Any, ...] = ({}, {"message": {}}, {"message": {"performative": "inform"}})
    for request in requests:
        await on.rpc("SendMessage", request)
    for method in ("DeployAgent", "ListAgents", "SendMessage", "SendMessageAndWait"):
        await on.rpc(method, b"\xff\xff\xff\x01")
        for authorization in (None, "", "Bearer wrong", TOKENS[0], f"bearer {TOKENS[0]}"):
            await on.rpc(method, {}, authorization=authorization)
        await on.hook("force", operation={"D": "deploy", "L": "list"}.get(method[0], "send"))
        await on.rpc(method, {})
    await scripts.look(on, own, rest)
    await on.ask("GET", f"/metrics/agents/{own}")


async def listings(on: Stage) -> None:
    """Pages and filters of gRPC's list."""
    for limit, offset in ((0, 0), (2, 0), (2, 2), (2, 4), (9, 1), (3, 50), (-1, 0), (0, -1)):
        await on.rpc("ListAgents", {"limit": limit, "offset": offset})
    for status in range(7):
        await on.rpc("ListAgents", {"status_filter": status})


async def sayings(on: Stage, own: str, rest: str) -> None:
    """Messages by gRPC."""
    said = {
        "performative": "request",
        "sender": "g-client",
        "receiver": own,
        "content": {"text": NESTED["text"], "deep": NESTED["deep"], "list": [1, "x", None]},
        "conversation_id": "g-1",
        "reply_with": "g-r1",
        "in_reply_to": "g-r0",
        "ontology": "o",
        "language": "l",
    }
    await on.rpc("SendMessage", {"message": said})
    await on.rpc("SendMessageAndWait", {"message": said})
    await on.rpc("SendMessageAndWait", {"message": {**said, "performative": "inform"}})
    for who in ("nobody", rest):
        await on.rpc("SendMessage", {"message": {**said, "receiver": who}})
        await on.rpc("SendMessageAndWait", {"message": {**said, "receiver": who}})
    await on.send(own, conversation_id="g-1")
    await on.advance(1)
    await on.ask("GET", "/messages", conversation_id="g-1")


async def limits(on: Stage) -> None:
    """Beyond the limits, and back."""
    agent = await on.deploy("busy")
    for at in range(21):
        await on.deploy(f"burst-{at}")
    await on.ask("GET", "/agents", limit="2")
    await on.send(agent, "inform")
    await on.form("POST", "/agents", {"name": "second-token"}, token=TOKENS[1])
    await on.rpc("DeployAgent", {"wasm_module": WASM64, "config": {"name": "over"}})
    for seconds in (3, 4, 6, 60):
        await on.advance(seconds)
        await on.form("POST", "/agents", {"name": f"after-{seconds}"})
        await on.form("POST", "/agents", {"name": f"after-{seconds}-too"})
    await on.form("POST", "/agents", {"name": "busy"})
    await on.form("POST", "/agents", {"name": "x"}, b"nope")
    for _ in range(202):
        await on.ask("GET", "/metrics/system")
    await on.advance(2)
    await on.ask("GET", f"/metrics/agents/{agent}")
    for _ in range(102):
        await on.ask("POST", f"/agents/{agent}/stop")
    await on.ask("DELETE", f"/agents/{agent}")
    await on.advance(600)
    await on.ask("DELETE", f"/agents/{agent}")
    await on.deploy("recovered")


async def failures(on: Stage) -> None:
    """Failures that are asked for."""
    for operation in ("deploy", "get", "send", "system", "create_task", "create_deployment"):
        for status in (500, 403, 429):
            await on.hook("force", operation=operation, status=status)
            method, path = _FORCED[operation]
            await on.ask(method, path, {} if method == "POST" else None)


_FORCED = {
    "deploy": ("POST", "/agents"),
    "get": ("GET", "/agents/x"),
    "send": ("POST", "/messages"),
    "system": ("GET", "/metrics/system"),
    "create_task": ("POST", "/tasks"),
    "create_deployment": ("POST", "/deployments"),
}

SCRIPTS: Final[tuple[Script, ...]] = (
    scripts.lives,
    scripts.conversations,
    scripts.tasks,
    scripts.deployments,
    scripts.measures,
    scripts.pages,
    gates,
    events,
    calls,
    inputs,
    frames,
    scripts.races,
    later,
    limits,
    failures,
)
