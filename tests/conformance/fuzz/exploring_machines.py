"""A protocol's state machine against one peer, without the suite's process around it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import count
from random import Random
from typing import Any

from conformance.clients import HttpClient
from conformance.clients.grpc import GrpcClient
from conformance.clients.opener import Opener
from conformance.fuzz.budget import Budget
from conformance.fuzz.exploring import Explorer
from conformance.fuzz.fuzzer import Fuzzer
from conformance.fuzz.leeway import Allowance, Leeway
from conformance.hooks import Hooks
from conformance.ids import IdSource
from conformance.judge import Judge
from conformance.patience import Patience
from conformance.protocols.aitbc.desk import DESK_ROWS
from conformance.protocols.aitbc.dialogue import Dialogue
from conformance.protocols.aitbc.machine import AitbcMachine
from conformance.protocols.aitbc.registry import ANSWER_ROWS
from conformance.protocols.aitbc.sights import SIGHT_ROWS as AITBC_SIGHTS
from conformance.protocols.caxton.client import Client
from conformance.protocols.caxton.clock import Clock
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.machine import CaxtonMachine
from conformance.protocols.caxton.quay import QUAY_ROWS
from conformance.protocols.caxton.talks import TALK_ROWS
from conformance.protocols.stella.crew import CREW_ROWS
from conformance.protocols.stella.docket import DOCKET_ROWS
from conformance.protocols.stella.fleet import Fleet
from conformance.protocols.stella.hours import Hours
from conformance.protocols.stella.machine import StellaMachine
from conformance.protocols.stella.sights import SIGHT_ROWS as STELLA_SIGHTS
from conformance.target import Target
from conformance.verdict import Finding
from conformance.witness import Rulebook
from schemas import load, load_requirements

__all__ = ["explored"]

_SHRINKS = 20
"""Cases that are tried to make a finding short: enough to see that they are."""

_ROWS = {
    "aitbc": (*ANSWER_ROWS, *DESK_ROWS, *AITBC_SIGHTS),
    "caxton": (*QUAY_ROWS, *TALK_ROWS),
    "stella": (*CREW_ROWS, *DOCKET_ROWS, *STELLA_SIGHTS),
}


class _World:
    """What the suite's fixtures would give a check."""

    def __init__(self, protocol: str, target: Target) -> None:
        self.protocol = load(protocol)
        self.target = target.for_protocol(self.protocol)
        self.http = HttpClient(self.protocol, self.target)
        self.grpc = GrpcClient(self.protocol, self.target) if self.target.grpc else None
        self.hooks = Hooks(self.target)
        self.opener = Opener(self.protocol, self.target, lambda *_: None)
        self.ids = IdSource("explored")
        self.claimed = set(self.target.claimed(self.protocol))

    def judge(self) -> Judge:
        rows = load_requirements(self.protocol).items()
        own = {name: row for name, row in rows if row.role == "coordinator"}
        book = Rulebook(self.protocol, own, strict=False)
        return Judge("explored", _ROWS[self.protocol.id], book)

    def machine(self) -> Any:
        return getattr(self, f"_{self.protocol.id}")()

    def _aitbc(self) -> Any:
        leeway = Leeway(self.hooks, alone=True)
        dialogue = Dialogue(self.http, self.ids)
        return partial(AitbcMachine, aitbc=dialogue, leeway=leeway, claimed=self.claimed)

    def _stella(self) -> Any:
        hours = Hours(self.hooks)
        fleet = Fleet(self.http, self.opener, self.hooks, self.ids, hours)
        leeway = Leeway(self.hooks, alone=True, jump=hours.jump, seconds=20_000)
        more: Any = {"leeway": leeway, "patience": Patience(5.0), "claimed": self.claimed}
        return partial(StellaMachine, fleet=fleet, **more)

    def _caxton(self) -> Any:
        client = Client(self.http, self.opener, Clock(self.hooks), self.ids, [])
        more: Any = {"patience": Patience(5.0), "acks": Patience(0.5), "reads": Allowance(None)}
        return partial(CaxtonMachine, client=client, grpc=self.grpc, crew=Crew(), **more)

    async def close(self) -> None:
        await self.http.close()
        await self.hooks.close()
        if self.grpc is not None:
            await self.grpc.close()


class _Cases(Budget):
    """Cases instead of seconds: a slow machine finds the same."""

    def __init__(self, cases: int) -> None:
        turns = count()
        super().__init__(cases, now=lambda: float(next(turns)))
        self._shrinks = 0

    @property
    def over(self) -> bool:
        return self._shrinks > 0 or super().over  # the first finding is enough

    @property
    def shrunk(self) -> bool:
        self._shrinks += 1
        return self._shrinks > _SHRINKS


async def explored(
    protocol: str, target: Target, *, cases: int, seed: int = 3
) -> Sequence[Finding]:
    """What comes of so many cases, and of some more to make a finding short."""
    world = _World(protocol, target)
    judge = world.judge()
    try:
        explorer = Explorer(_Cases(cases), Random(seed))
        await Fuzzer(explorer, judge, world.target).machines(world.machine(), steps=16)
    finally:
        await world.close()
    return judge.findings()
