"""Requests that nobody wrote down, one by one and in sequences."""

from __future__ import annotations

from typing import Literal

import pytest

from conformance.fuzz.exploring_requests import RequestExplorer
from conformance.ids import IdSource
from conformance.marks import from_profile, fuzzes, generates, requirement
from conformance.protocols.caxton.client import Client
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.made_up import MENU, ClientCaller


@fuzzes
@generates(MENU)
@from_profile("standard")
@requirement(*MENU.rows)
@pytest.mark.parametrize("what", ["requests", "sequences"])
async def test_flow_made_up(
    what: Literal["requests", "sequences"],
    explorer: RequestExplorer,
    client: Client,
    crew: Crew,
    ids: IdSource,
) -> None:
    caller = ClientCaller(client, crew, ids)
    try:
        await explorer.explore(what, caller)
    finally:
        client.peer.see = lambda _: None  # it may have taken nonsense
        await caller.leave()
