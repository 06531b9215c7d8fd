"""Peers whose bug shows only in an order of things that no check has written down."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from conformance.target import Target
from tests.mutants import coordinators
from tests.mutants.aitbc.control import Control, Time
from tests.mutants.aitbc.coordinator import Coordinator
from tests.mutants.aitbc.lawful import LAWFUL as AITBC
from tests.mutants.aitbc.model import Agent, Call, Reply
from tests.mutants.aitbc.serve import Served as AitbcServed
from tests.mutants.caxton.fault import Seed as CaxtonSeed
from tests.mutants.caxton.fault import Spot, at
from tests.mutants.caxton.lawful import LAWFUL as CAXTON
from tests.mutants.caxton.serve import Served as CaxtonServed
from tests.mutants.stella.fault import Seed as StellaSeed
from tests.mutants.stella.fault import Update
from tests.mutants.stella.lawful import LAWFUL as STELLA
from tests.mutants.stella.serve import Served as StellaServed

__all__ = ["PLANTED", "planted"]


class _TypesOfOld(Coordinator):
    """A search by type goes by what an agent was when it registered first."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._types: dict[str, str] = {}

    def keep(self, agent: Agent) -> None:
        self._types.setdefault(agent.agent_id, agent.agent_type)
        super().keep(agent)

    def passes(self, agent: Agent, name: str, wanted: Any) -> bool:
        if name == "agent_type":
            return bool(self._types[agent.agent_id] == wanted)
        return super().passes(agent, name, wanted)


class _OffendedByRefusals(Coordinator):
    """After an update that was refused the next one of that agent is answered, and not made."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._offended: set[str] = set()

    async def do_update(self, call: Call) -> Reply:
        try:
            return await super().do_update(call)
        except Exception:
            self._offended.add(call.arg)
            raise

    def apply(self, agent: Agent, data: Any) -> None:
        if agent.agent_id in self._offended:
            self._offended.discard(agent.agent_id)
        else:
            super().apply(agent, data)


def _cancelled_no_more(one: Update) -> None:
    """What was cancelled waits again when its agent is changed."""
    for task in one.agent.tasks:
        if task.state == "cancelled":
            task.state = "pending"


def _deaf_beside_the_stopped(events: Any, spot: Spot) -> Any:
    """While somebody is stopped, nobody is told of messages that come by gRPC."""
    stopped = any(agent.state == "stopped" for agent in spot.desk.agents.values())
    kind = spot["event"].body["type"]
    return [] if stopped and spot["via"] == "grpc" and kind == "message.sent" else events


def _aitbc(make: Callable[..., Coordinator], reading: str = "natural") -> AitbcServed:
    time = Time()
    control = Control(lambda: make(AITBC[reading], time.env(uuid4)), time)
    return AitbcServed(control, "127.0.0.1")


def _stella(seed: StellaSeed) -> StellaServed:
    return StellaServed(STELLA["natural"], seed, "127.0.0.1", 0)


def _caxton(seed: CaxtonSeed) -> CaxtonServed:
    return CaxtonServed(CAXTON["natural"], seed, "127.0.0.1", 0)


PLANTED: dict[str, tuple[str, Callable[[], Any]]] = {
    "types of old": ("aitbc", lambda: _aitbc(_TypesOfOld)),
    "offended by refusals": ("aitbc", lambda: _aitbc(_OffendedByRefusals)),
    "cancelled no more": ("stella", lambda: _stella(StellaSeed(updated=_cancelled_no_more))),
    "deaf beside the stopped": (
        "caxton",
        lambda: _caxton(at("events", _deaf_beside_the_stopped)),
    ),
}
"""By name, the protocol and how to make one."""


@asynccontextmanager
async def planted(name: str) -> AsyncIterator[Target]:
    """One that listens, as a target."""
    protocol, make = PLANTED[name]
    peer = make()
    await (peer.open(0) if protocol == "aitbc" else peer.open())
    async with peer:
        yield coordinators.as_target(protocol, peer)
