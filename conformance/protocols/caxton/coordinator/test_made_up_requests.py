"""Requests that nobody wrote down, one by one and in sequences."""

from __future__ import annotations

from typing import Literal

from conformance.fuzz.exploring_requests import RequestExplorer
from conformance.ids import IdSource
from conformance.marks import makes_up
from conformance.protocols.caxton.client import Client
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.made_up import MENU, ClientCaller


@makes_up(MENU, "requests", "sequences")
async def test_flow_made_up(
    what: Literal["requests", "sequences"],
    explorer: RequestExplorer,
    client: Client,
    crew: Crew,
    ids: IdSource,
) -> None:
    await explorer.explore(what, ClientCaller(client, crew, ids))
