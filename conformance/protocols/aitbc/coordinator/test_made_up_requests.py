"""Requests that nobody wrote down, one by one and in sequences."""

from __future__ import annotations

from typing import Literal

from conformance.fuzz.exploring_requests import RequestExplorer
from conformance.ids import IdSource
from conformance.marks import exclusive, makes_up
from conformance.protocols.aitbc.dialogue import Dialogue
from conformance.protocols.aitbc.made_up import MENU, DialogueCaller


@makes_up(MENU, "requests", "sequences")
@exclusive("queues")
async def test_flow_made_up(
    what: Literal["requests", "sequences"],
    explorer: RequestExplorer,
    aitbc: Dialogue,
    ids: IdSource,
) -> None:
    await explorer.explore(what, DialogueCaller(aitbc, ids))
