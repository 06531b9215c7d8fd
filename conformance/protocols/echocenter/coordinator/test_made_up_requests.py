"""Requests that nobody wrote down: they are answered, and a newcomer is served afterwards."""

from __future__ import annotations

from conformance.fuzz.exploring_requests import RequestExplorer
from conformance.ids import IdSource
from conformance.judge import Judge
from conformance.marks import makes_up
from conformance.protocols.echocenter.dialogue import Dialogue
from conformance.protocols.echocenter.made_up import MENU, DialogueCaller
from conformance.protocols.echocenter.principals import Cast


@makes_up(MENU)
async def test_flow_made_up_requests(
    explorer: RequestExplorer,
    echo: Dialogue,
    cast: Cast,
    ids: IdSource,
    judge: Judge,
) -> None:
    await cast.newcomer()  # otherwise nobody may be registered at all
    caller = DialogueCaller(echo, ids)
    await explorer.explore("requests", caller)
    said = await echo.register(echo.name())
    judge.status("ECHO-REG-010", said, range(200, 300))
