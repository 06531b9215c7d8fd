"""Requests that nobody wrote down, one by one and in sequences."""

from __future__ import annotations

from typing import Literal

import pytest

from conformance.fuzz.exploring_requests import RequestExplorer
from conformance.ids import IdSource
from conformance.marks import exclusive, from_profile, fuzzes, generates, requirement
from conformance.protocols.aitbc.dialogue import Dialogue
from conformance.protocols.aitbc.made_up import MENU, DialogueCaller


@fuzzes
@generates(MENU)
@exclusive("queues")
@from_profile("standard")
@requirement(*MENU.rows)
@pytest.mark.parametrize("what", ["requests", "sequences"])
async def test_flow_made_up(
    what: Literal["requests", "sequences"],
    explorer: RequestExplorer,
    aitbc: Dialogue,
    ids: IdSource,
) -> None:
    caller = DialogueCaller(aitbc, ids)
    await explorer.explore(what, caller)
