"""What the rehearsals play: together they touch everything that the document says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from .later_scripts import later
from .rehearsal import DONE, Member, Stage, look
from .stream_scripts import outlasting, sayings, streams

__all__ = ["SCRIPTS", "Script"]

Script = Callable[[Stage], Awaitable[None]]

_DAY = 86400


async def lives(on: Stage) -> None:
    """Agents come, are listed and changed, and go."""
    await on.operate("GET")
    one = await on.register("north", capabilities=["docker", "ssh"], labels={"a": "b", "c": "d"})
    two = await on.register("south", capabilities=["ssh"], version="3.0")
    for _ in range(2):
        await on.beat(one, 10.5, capabilities=["docker", "ssh"])
        await on.beat(two, 91.5, status="degraded", capabilities=["ssh"])
    for name in ("dock-1", "dock-2"):
        await on.hook("/targets", agent=one.id, target=name)
        await look(on, one, two)
    await on.beat(one, 11.5, capabilities=["docker", "ssh"])
    await _filters(on)
    await _changes(on, one, two)
    await _removals(on, one, two)


async def _filters(on: Stage) -> None:
    for capability in ("docker", "ssh", "SSH", "ss", "sh", "winrm"):
        await on.operate("GET", capability=capability)
        await on.operate("GET", capability=capability, status="online")
    for status in ("online", "offline", "degraded"):
        await on.operate("GET", status=status)


async def _changes(on: Stage, one: Member, two: Member) -> None:
    await on.operate("PUT", f"/{two.id}", {"labels": {"zone": "n"}, "capabilities": ["ecs", "ssh"]})
    await look(on, one, two)
    await on.operate("PUT", f"/{two.id}", {"labels": {"rack": "9", "row": "x"}})
    await on.operate("PUT", f"/{one.id}", {"capabilities": ["nomad"]})
    await on.operate("GET", capability="nomad")
    await on.operate("PUT", f"/{two.id}", {"capabilities": ["nomad"]})
    await look(on, one, two)
    for member in (one, two):
        await on.act(member, "tasks")


async def _removals(on: Stage, one: Member, two: Member) -> None:
    await on.task(two)
    await on.operate("DELETE", f"/{one.id}")
    await look(on, one, two)
    for _ in range(2):
        await on.operate("PUT", f"/{one.id}", {"labels": {}})
        await on.operate("DELETE", f"/{one.id}")
    again = await on.register("north")
    await look(on, again, two)
    await on.beat(again)
    line = await on.listen(again)
    await on.task(again)
    await on.leave(line)
    await on.operate("PUT", f"/{again.id}", {"labels": {"again": "y"}})
    for member in (again, two, one):
        await on.act(member, "tasks")
    await look(on, again)
    for member in (two, again):
        await on.operate("DELETE", f"/{member.id}")
    await on.operate("GET")
    for method in ("GET", "PUT", "DELETE"):
        await on.operate(method, "/nobody", {"labels": {}})


async def tokens(on: Stage) -> None:
    """Tokens that are missing, wrong, used and old."""
    body = {"name": "blank", "version": "1", "capabilities": []}
    await on.call("POST", "/register", body)
    for odd in ("", "never-minted", "reg-", "reg-zzz"):
        await on.register("odd", odd)
    await on.register("odd")
    await on.register("cased", (await on.mint()).upper())
    old, older = await on.mint(), await on.mint()
    first = await on.mint()
    holder = await on.register("first", first)
    for name in ("second", "first", "third"):
        await on.register(name, first)
    await on.advance(3700)
    await on.register("later", first)
    await on.operate("DELETE", f"/{holder.id}")
    await on.register("first", first)
    pair = [await on.mint(), await on.mint()]
    for name in ("fourth", "fifth"):
        for token in pair:
            await on.register(f"{name}-{pair.index(token)}", token)
    await on.advance(_DAY / 2)
    await on.register("aged", older)
    await on.advance(_DAY / 2 - 3600)
    for token in (old, first):
        await on.register("expired", token)
    await on.advance(_DAY / 2)
    await on.register("expired", old)
    await on.advance(_DAY)
    await on.register("long_gone", old)
    await on.operate("GET")


async def names(on: Stage) -> None:
    """Names that are taken, in every state of their holders."""
    one = await on.register("alpha", capabilities=["docker"])
    await on.register("alpha", capabilities=["ecs"], version="9")
    await on.beat(one)
    task = await on.task(one)
    await on.register("alpha", capabilities=["ecs"])
    await look(on, one)
    await on.act(one, "tasks")
    two = await on.register("alphabet")
    await on.register("alpha", version="7")
    await on.advance(1000)
    await on.register("alpha")
    await on.register("alpha")
    await on.act(one, f"complete/{task}", DONE)
    await look(on, one, two)
    await on.operate("DELETE", f"/{one.id}")
    three = await on.register("alpha")
    await look(on, three, one, two)
    for member in (three, one):
        await on.act(member, "tasks")


async def certificates(on: Stage) -> None:
    """A day and a half of heartbeats."""
    one, two = await on.register("lark"), await on.register("finch")
    for seconds in (0, 44000, 36800, 2900, 1200, 800, 600):
        await on.advance(seconds)
        await on.task(two)
        for member in (one, two):
            await on.beat(member, status="healthy" if member is one else "worn")
            await on.act(member, "tasks")
        await look(on, one)
    await _second_day(on, one, two)


async def _second_day(on: Stage, one: Member, two: Member) -> None:
    for peer in one.peers:
        await on.act(one, "tasks", by=peer)
    await on.act(two, "tasks", by=one.peers[-1] if one.peers else None)
    await on.advance(83500)
    await on.beat(one)
    await on.beat(two)
    await on.advance(3700)
    for member in (one, two):
        for peer in member.peers:
            await on.act(member, "tasks", by=peer)
    await on.operate("DELETE", f"/{one.id}")
    for peer in one.peers:
        await on.act(one, "tasks", by=peer)
    await on.register("lark")
    for peer in one.peers:
        await on.act(one, "tasks", by=peer)


async def _knock(on: Stage, who: Member, by: Any) -> None:
    headers = {"authorization": f"Bearer {who.jwt}"}
    for method, path in (
        ("POST", "heartbeat"),
        ("GET", "tasks"),
        ("POST", "tasks/t-1/complete"),
    ):
        body = {"status": "healthy", "success": True, "result": {}, "logs": []}
        await on.call(method, f"/{who.id}/{path}", body, by=by, headers=headers)
        await on.call(method, f"/{who.id}/{path}", body, by=by)
    on_line = await on.listen(Member(id=who.id, jwt=who.jwt, peer=by))
    await on.leave(on_line)


async def gates(on: Stage) -> None:
    """Every route, with every certificate that there is."""
    one, two = await on.register("gate"), await on.register("door")
    unknown = Member(id="nobody", jwt=one.jwt)
    for who, by in (
        (one, one.peer),
        (one, None),
        (one, two.peer),
        (two, one.peer),
        (one, on.foreign),
        (one, on.operator),
        (unknown, one.peer),
        (unknown, None),
    ):
        await _knock(on, who, by)
    line = await on.listen(one)
    await _knock(on, one, two.peer)
    await on.task(one)
    await on.leave(line)
    await on.operate("DELETE", f"/{two.id}")
    await _knock(on, two, two.peer)
    await on.operate("GET")
    await on.advance(_DAY + 60)
    await _knock(on, one, one.peer)
    await on.advance(_DAY)
    await _knock(on, one, one.peer)


async def liveness(on: Stage) -> None:
    """Heartbeats that come, stay away and come back."""
    one, two = await on.register("pulse"), await on.register("still")
    await on.hook("/targets", agent=two.id, target="dock-7")
    await on.beat(one)
    await on.beat(two, 7.25)
    for missed in (0.6, 0.6, 0.6, 0.5, 0.5, 0.6, 1.2, 3.0, 4.0, 120.0):
        await on.advance(missed * 30)
        await on.operate("GET")
        await on.beat(two, 7.25 + missed, runningTasks=0)
        await on.operate("GET", status="offline")
    await on.beat(one, 3.5)
    await on.operate("GET", status="online")
    await on.advance(70)
    await on.beat(one, 4.5)
    await on.operate("GET", status="online")
    await on.advance(70)
    await look(on, one, two)
    await on.advance(500)
    await on.operate("GET")
    await on.operate("PUT", f"/{one.id}", {"labels": {"late": "y"}, "capabilities": ["ecs"]})
    await look(on, one)
    await on.beat(two, 80, status="degraded")
    await look(on, one, two)


async def tasks(on: Stage) -> None:
    """Tasks by heartbeat and by poll, finished and cancelled."""
    one, two = await on.register("dock"), await on.register("pier")
    await on.act(one, "tasks")
    kinds = ("docker.pull", "docker.run", "docker.pull", "ssh.exec")
    ids = [await on.task(one, kind, priority=at + 1) for at, kind in enumerate(kinds)]
    other = await on.task(two, "ecs.deploy", timeout=77, priority=9, credentials={"key": "k"})
    for member in (one, two):
        await on.act(member, "tasks")
        await on.advance(5)
        await on.beat(member)
    await on.act(one, f"complete/{ids[1]}", {**DONE, "success": False})
    await on.hook("/tasks/cancel", agent=one.id, task=ids[2])
    await on.act(one, "tasks")
    await on.act(one, f"complete/{ids[0]}", {**DONE, "logs": []})
    for member in (one, two):
        await on.act(member, "tasks")
        await on.beat(member)
    await on.act(one, f"complete/{ids[3]}", DONE)
    await on.act(two, f"complete/{other}", DONE)
    unbeaten = await on.register("quay")
    await on.act(unbeaten, f"complete/{await on.task(unbeaten)}", DONE)
    for member in (one, two, unbeaten):
        await on.beat(member)
        await on.act(member, "tasks")
    bare = await on.task(one, credentials={})
    await on.beat(one)
    lines = [{"timestamp": on.desk.stamp(on.desk.now()), "level": "info", "message": "m"}] * 200
    await on.act(one, f"complete/{bare}", {**DONE, "logs": lines})


async def crowd(on: Stage) -> None:
    """More agents, tasks and calls than anyone counts on."""
    members = [
        await on.register(f"hand-{at}", labels={f"l{at}": "x"}, capabilities=[f"c{at}"])
        for at in range(12)
    ]
    await look(on, members[0], members[11])
    await on.task(members[11])
    ids = [await on.task(members[0]) for _ in range(11)]
    line = await on.listen(members[0])
    ids += [await on.task(members[0]) for _ in range(12)]
    for at in range(5):
        await on.beat(members[0], 4.5 + at)
        await on.act(members[0], "tasks")
        await on.operate("PUT", f"/{members[at].id}", {"labels": {"at": str(at)}})
        await on.operate("GET", f"/{members[at].id}")
    for task in ids[:3]:
        await on.act(members[0], f"complete/{task}", DONE)
    await on.leave(line)
    for member in members[1:4]:
        await on.operate("DELETE", f"/{member.id}")
    for _ in range(8):
        await on.operate("GET")
    for _ in range(52):
        await on.task(members[7])
    await on.act(members[7], "tasks")


async def races(on: Stage) -> None:
    """Many at the same time."""
    token = await on.mint()
    await asyncio.gather(*(on.register(f"race-{at}", token) for at in range(2)))
    given = [await on.mint() for _ in range(3)]
    await asyncio.gather(*(on.register("same", one) for one in given))
    given = [await on.mint() for _ in range(3)]
    members = await asyncio.gather(*(on.register(f"own-{at}", one) for at, one in enumerate(given)))
    await on.operate("GET")
    await asyncio.gather(*(on.beat(member, 5.5 + at) for at, member in enumerate(members)))
    who = members[0].id
    changes: list[Any] = [{"labels": {"a": "b"}}, {"capabilities": ["nomad"]}]
    await asyncio.gather(*(on.operate("PUT", f"/{who}", change) for change in changes))
    await look(on, *members)


async def inputs(on: Stage) -> None:
    """Bodies that are none."""
    one = await on.register("mouth")
    await on.task(one)
    for bad in (b"", b"{", b"[]", b'"x"', b"\xff"):
        headers = {"x-agent-token": await on.mint(), "authorization": f"Bearer {one.jwt}"}
        for method, path in (
            ("POST", "/register"),
            ("PUT", f"/{one.id}"),
            ("POST", f"/{one.id}/heartbeat"),
            ("POST", f"/{one.id}/tasks/t/complete"),
        ):
            known = one.peer if method == "POST" else None
            await on.call(method, path, bad, by=known, headers=headers)
        await on.act(one, "tasks")
    for odd in ({"version": "2"}, {"name": None, "version": "2"}, {"name": 7}):
        await on.call("POST", "/register", odd, headers={"x-agent-token": await on.mint()})
    await on.operate("PUT", f"/{one.id}", {"labels": {"x": "y"}, "colour": "red"})
    await on.operate("GET", colour="red")
    await on.hook("/force", operation="updateAgent", status=503)
    for _ in range(2):
        await on.operate("PUT", f"/{one.id}", {"labels": {"x": "z"}})
    await on.operate("PATCH", f"/{one.id}")
    await on.operate("GET", "/one/two/three")
    await on.operate("GET")


SCRIPTS: Final[tuple[Script, ...]] = (
    lives,
    tasks,
    gates,
    streams,
    liveness,
    tokens,
    names,
    inputs,
    races,
    certificates,
    sayings,
    outlasting,
    crowd,
    later,
)
