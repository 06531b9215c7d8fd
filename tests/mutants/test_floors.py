"""What the suites catch does not fall: a few mutants of each protocol and role, always the same.

`make mutants` judges them all, and many more that break on the wire.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, get_args

import pytest

from conformance.cli.mutate_session import read_seen
from conformance.context import RunContext
from conformance.mutation.candidates import sampled
from conformance.mutation.judging import judged
from conformance.mutation.peers import BehaviourPeers
from conformance.mutation.runner import Runner, Settings, Whole
from conformance.target import Target
from schemas import load, load_requirements, protocol_ids
from schemas.spec import Role
from tests.mutants.provider import PROVIDER

_SIZE = 2

FLOORS: Mapping[tuple[str, str], int] = {
    (protocol, role): _SIZE for protocol in protocol_ids() for role in get_args(Role)
}
"""How many of the sample are caught, at least."""


@pytest.mark.parametrize(("protocol", "role"), FLOORS)
async def test_floor_is_held(protocol: str, role: Role) -> None:
    known = load(protocol)
    peers = BehaviourPeers(PROVIDER, protocol, role)
    # Those of which we know the row that sees them, and where it is known one situation is enough.
    quick = [each for each in peers.candidates() if each.rows]
    quick = [each for each in quick if each.situations] or quick
    chosen = sampled(quick, _SIZE, seed=1)
    told: list[Mapping[str, Any]] = []
    context = RunContext(protocol=protocol, role=role, target=Target(), run="floor", patience=4.0)
    runner = Runner(
        protocol=known,
        requirements=[*load_requirements(known).values()],
        peers=peers,
        settings=Settings(
            context=context,
            judge=partial(judged, read=read_seen),
            tell=told.append,
            state="now",
            stages="suspects",
        ),
    )
    # Others see to it that the lawful ones pass: here that would take half the time.
    green = Whole(verdicts={row: "pass" for each in chosen for row in each.rows}, seconds=60)
    runner.known |= {each.reading: green for each in chosen}
    await runner.judge(chosen, [])
    fates = {each["name"]: each["fate"] for each in told if each["record"] == "mutant"}
    assert len(fates) == _SIZE
    assert [*fates.values()].count("caught") >= FLOORS[protocol, role], fates
