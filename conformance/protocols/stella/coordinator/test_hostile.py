"""What nobody should send: it is refused without a breakdown, and the others are served."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.hostile import NO_UTF8, oversized
from conformance.judge import Judge
from conformance.marks import case, from_profile, requirement
from conformance.protocols.stella.bystanders import Bystanders, settle
from conformance.protocols.stella.fleet import Agent, Fleet
from conformance.protocols.stella.misfits import NAMELESS, illegible, misfits

_SERVED = "STELLA-ERR-006"

_ROWS = {
    "STELLA-ERR-001": "registerAgent",
    "STELLA-ERR-002": "updateAgent",
    "STELLA-ERR-003": "sendHeartbeat",
    "STELLA-ERR-004": "completeTask",
}

_OPERATIONS = tuple(_ROWS.values())

_LABELS = ("text/plain", "application/xml", "application/x-www-form-urlencoded", "nonsense", "")


class Villain:
    """An agent that sends what it should not. What comes of it is taken away again, for a lenient
    peer may show in its lists what it was told.
    """

    def __init__(self, fleet: Fleet, agent: Agent, task: str) -> None:
        self.fleet = fleet
        self.agent = agent
        self.task = task
        self._send: dict[str, Callable[..., Awaitable[Exchange]]] = {
            "registerAgent": self._register,
            "updateAgent": self._update,
            "sendHeartbeat": self._beat,
            "completeTask": self._complete,
        }

    def good(self, operation: str) -> dict[str, Any]:
        """A body with which there is nothing wrong."""
        bodies: dict[str, Callable[[], dict[str, Any]]] = {
            "registerAgent": self.fleet.registration,
            "updateAgent": lambda: {"labels": {"site": "reef"}, "capabilities": ["docker"]},
            "sendHeartbeat": self.fleet.pulse,
            "completeTask": self.fleet.outcome,
        }
        return bodies[operation]()

    async def send(self, operation: str, body: Any = None, **options: Any) -> Exchange:
        """Send a body, or with `raw` any bytes. A lenient peer may repeat nonsense that it was
        told, and is not judged by the schema then.
        """
        with self.fleet.peer.seen_by():
            return await self._send[operation](body, lawful=False, **options)

    async def leave(self) -> None:
        await self.fleet.delete(self.agent.id, lawful=False)

    async def _register(self, body: Any, **options: Any) -> Exchange:
        """Each with a token of its own: one that was refused may be used up."""
        said = await self.fleet.ask_to_register(body, await self.fleet.mint(), **options)
        if said.ok and isinstance(agent_id := said.at("/agentId"), str) and agent_id:
            await self.fleet.delete(agent_id, lawful=False)
        return said

    async def _update(self, body: Any, **options: Any) -> Exchange:
        return await self.fleet.update(self.agent.id, body, **options)

    async def _beat(self, body: Any, **options: Any) -> Exchange:
        return await self.fleet.heartbeat(self.agent, body, **options)

    async def _complete(self, body: Any, **options: Any) -> Exchange:
        return await self.fleet.complete(self.agent, self.task, body, **options)


async def _scene(fleet: Fleet, judge: Judge, operation: str) -> tuple[Bystanders, Villain]:
    bystanders = await settle(fleet, judge)
    agent = await fleet.register()
    await fleet.heartbeat(agent)
    task = ""
    if operation == "completeTask":
        task, _ = await fleet.enqueue(agent)
        await fleet.heartbeat(agent)  # a task that nobody fetched may not be reported
    return bystanders, Villain(fleet, agent, task)


def _judge_survived(judge: Judge, said: Exchange, what: str, *, cut: bool = False) -> None:
    """No server error; and where `cut` says so, the end of the connection will do."""
    silent = said.status is None and not (cut and "no answer" not in said.failure)
    judge.holds(
        "STELLA-ERR-005",
        not silent and (said.status or 0) < 500,
        f"{what} is answered {said.outcome}",
        said,
    )


@requirement(_SERVED)
@pytest.mark.parametrize(("row", "operation"), [case(row, _ROWS[row]) for row in _ROWS])
async def test_flow_illegible_bodies_are_refused(
    row: str, operation: str, fleet: Fleet, judge: Judge
) -> None:
    bystanders, villain = await _scene(fleet, judge, operation)
    taken = False
    for name, raw in illegible(villain.good(operation)).items():
        said = await villain.send(operation, raw=raw)
        taken = taken or said.ok
        judge.status(row, said, range(400, 500))
        what = f"after a body of {operation} that is {name}"
        if not await bystanders.judge_alive(_SERVED, what, said):
            return
    what = f"after bodies of {operation} that are no JSON objects"
    if not taken:  # else a good one may come too late
        good = await villain.send(operation, villain.good(operation))
        wrong = f"{what}, a good one is answered {good.outcome}"
        judge.holds(_SERVED, good.ok or good.status == 503, wrong, said, good)
    await villain.leave()
    await bystanders.judge_served(_SERVED, what, said)
    await bystanders.judge_work(_SERVED, what, said)


@requirement("STELLA-ERR-005", _SERVED)
@pytest.mark.parametrize("operation", _OPERATIONS)
async def test_flow_fields_of_the_wrong_type_are_survived(
    operation: str, fleet: Fleet, judge: Judge
) -> None:
    bystanders, villain = await _scene(fleet, judge, operation)
    for body in misfits(operation, villain.good(operation)):
        own = {"name": fleet.new("misfit")} if isinstance(body.get("name"), str) else {}
        said = await villain.send(operation, {**body, **own})
        _judge_survived(judge, said, f"{operation} with a field that does not fit")
        if said.status is None or said.status >= 500:
            await bystanders.judge_alive(_SERVED, f"after {operation} with a misfit", said)
    await villain.leave()
    what = f"after {operation} with fields that do not fit"
    await bystanders.judge_served(_SERVED, what, said)
    await bystanders.judge_work(_SERVED, what, said)


@requirement("STELLA-ERR-011", _SERVED)
async def test_flow_an_agent_without_a_name_is_not_registered(fleet: Fleet, judge: Judge) -> None:
    good = fleet.registration()
    bodies = [{key: value for key, value in good.items() if key != "name"}]
    bodies += [{**good, "name": name} for name in NAMELESS]
    bystanders, villain = await _scene(fleet, judge, "registerAgent")
    for body in bodies:
        said = await villain.send("registerAgent", body)
        judge.status("STELLA-ERR-011", said, range(400, 500))
        await bystanders.judge_alive(_SERVED, "after a registration without a name", said)
    await villain.leave()
    said = await fleet.ask_to_register(good, await fleet.mint())
    judge.status("STELLA-ERR-011", said, 201)  # it was the name that was wanting


@from_profile("standard")
@requirement("STELLA-ERR-005", _SERVED)
@pytest.mark.parametrize("operation", _OPERATIONS)
async def test_flow_outsize_bodies_are_survived(operation: str, fleet: Fleet, judge: Judge) -> None:
    bystanders, villain = await _scene(fleet, judge, operation)
    for name, raw in {**oversized(), "bytes that are no text": NO_UTF8}.items():
        said = await villain.send(operation, raw=raw)
        _judge_survived(judge, said, f"{operation} with {name}", cut=True)
        if not await bystanders.judge_alive(_SERVED, f"after {operation} with {name}", said):
            return
    good = {**villain.good(operation), "remark": "y" * 300_000}
    _judge_survived(judge, await villain.send(operation, good), f"a long {operation}", cut=True)
    await villain.leave()
    await bystanders.judge_served(_SERVED, f"after outsize bodies of {operation}", said)
    await bystanders.judge_work(_SERVED, f"after outsize bodies of {operation}", said)


@requirement(_SERVED)
async def test_odd_headers_are_survived(fleet: Fleet, judge: Judge) -> None:
    bystanders, villain = await _scene(fleet, judge, "registerAgent")
    many = {f"x-barge-{number}": "z" * 40 for number in range(60)}
    odd = [{"content-type": label} for label in _LABELS]
    odd += [many, {"x-barge": "z" * 7000}, {"accept": "image/png"}, {"accept-encoding": "bogus"}]
    odd += [{"authorization": "Bearer not.a.token"}, {"authorization": "Basic Og=="}, {"te": "x"}]
    for headers in odd:
        body = villain.good("registerAgent")
        said = await villain.send("registerAgent", body, headers=headers)
        what = f"after a registration with the headers {', '.join(headers)[:60]}"
        if not await bystanders.judge_alive(_SERVED, what, said):
            return
    await villain.leave()
    await bystanders.judge_served(_SERVED, "after odd headers", said)
    await bystanders.judge_work(_SERVED, "after odd headers", said)
