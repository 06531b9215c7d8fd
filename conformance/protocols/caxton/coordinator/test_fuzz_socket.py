"""Messages of subscribers that nobody wrote down: they harm no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.marks import from_profile, fuzzes, requirement
from conformance.patience import Patience
from conformance.plugin import Suite
from conformance.protocols.caxton.client import Client
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.herald import Herald, opened, opened_raw
from conformance.protocols.caxton.siege import Siege
from conformance.rfc6455_cases import send_parts

if TYPE_CHECKING:
    from conformance.fuzz.case import Case
    from conformance.fuzz.fuzzer import Fuzzer
    from conformance.fuzz.nonsense import Nonsense
    from conformance.fuzz.writing import Cuts, OddFrame, Spelling

_BROKE = (1006, 1011)
"""Codes that say that the coordinator itself broke down."""


@fuzzes
@from_profile("standard")
@requirement(*(f"CAXTON-ODD-{number:03}" for number in (8, 9, 10, 11)))
async def test_flow_nonsense_harms_nobody(
    fuzzer: Fuzzer, suite: Suite, client: Client, crew: Crew, patience: Patience
) -> None:
    from conformance.fuzz.strategies import Sayings  # Hypothesis is slow to load
    from conformance.protocols.caxton.generated import nonsense

    async def endured(case: Case, odd: Nonsense) -> None:
        herald = _herald(case, client, crew, patience)
        siege = Siege(herald, await crew.mate(herald.client))
        await siege.begin()
        line = await opened(herald.client, "odd")
        if odd.data is None:
            await line.send_text(odd.text, lawful=False)
        else:
            await line.send_bytes(odd.data, lawful=False)
        await herald.settle(line)
        ended = line.closed
        fine = ended is None or (ended.kind == "close" and ended.code not in _BROKE)
        wrong = "nonsense breaks the coordinator down"
        case.judge.holds(odd.row, fine, wrong, *line.frames[-2:])
        await siege.judge(odd.row, "nonsense")

    sayings = Sayings(suite.protocol, suite.book.validators)
    await fuzzer.values(nonsense(sayings), endured)


@fuzzes
@from_profile("standard")
@requirement("CAXTON-WIRE-014")
async def test_flow_a_subscription_may_be_written_in_any_way(
    fuzzer: Fuzzer, client: Client, crew: Crew, patience: Patience
) -> None:
    from hypothesis import strategies as st  # slow to load

    from conformance.fuzz.writing import cuts, spellings

    async def understood(case: Case, how: tuple[Spelling, Cuts]) -> None:
        herald = _herald(case, client, crew, patience)
        spelling, places = how
        line = await opened_raw(herald.client, "in pieces", pong=False)
        data = spelling.write({"type": "subscribe", "events": ["message.sent"]}).encode()
        await send_parts(line, data, places.of(data), pinged=places.pinged)
        await herald.settle(line)
        mate = await crew.mate(herald.client)
        why = "after a subscription that was written and cut in a way of its own"
        await herald.in_use("CAXTON-WIRE-014", line, mate, why)

    await fuzzer.values(st.tuples(spellings, cuts), understood)


@fuzzes
@from_profile("standard")
@requirement("CAXTON-ODD-012")
async def test_odd_frames_harm_no_other(
    fuzzer: Fuzzer, client: Client, crew: Crew, patience: Patience
) -> None:
    from conformance.fuzz.writing import odd_frames  # Hypothesis is slow to load

    async def endured(case: Case, frames: list[OddFrame]) -> None:
        herald = _herald(case, client, crew, patience)
        siege = Siege(herald, await crew.mate(herald.client))
        await siege.begin()
        line = await opened_raw(herald.client, "odd", see=False)
        for frame in frames:
            await line.send_bytes(frame.data)
        await line.ended(0.01)
        line.abort()
        await siege.judge("CAXTON-ODD-012", "odd frames")

    await fuzzer.values(odd_frames([b'{"type": "subscribe", "events": ["agent.*"]}']), endured)


def _herald(case: Case, client: Client, crew: Crew, patience: Patience) -> Herald:
    """One that speaks in this case."""
    client.peer.see = case.see
    own = Client(client.peer, case.opener, client.clock, client.new, crew.deployed)
    own.door.acks = client.door.acks
    return Herald(own, case.judge, patience)
