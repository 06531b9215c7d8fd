"""Requests that nobody wrote down, one by one and in sequences."""

from __future__ import annotations

from typing import Literal

from conformance.fuzz.exploring_requests import RequestExplorer
from conformance.ids import IdSource
from conformance.marks import makes_up
from conformance.protocols.stella.fleet import Fleet
from conformance.protocols.stella.made_up import MENU, FleetCaller


@makes_up(MENU, "requests", "sequences")
async def test_flow_made_up(
    what: Literal["requests", "sequences"],
    explorer: RequestExplorer,
    fleet: Fleet,
    ids: IdSource,
) -> None:
    await explorer.explore(what, FleetCaller(fleet, ids))
