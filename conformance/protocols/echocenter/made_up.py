"""Requests that are made up for an EchoCenter: little is promised of them."""

from __future__ import annotations

from typing import Any

from conformance.exchange import Exchange
from conformance.fuzz.calling import Caller
from conformance.fuzz.lawfulness import Asked
from conformance.fuzz.menu import Menu
from conformance.ids import IdSource
from conformance.protocols.echocenter.dialogue import Dialogue

__all__ = ["MENU", "DialogueCaller"]

MENU = Menu(
    protocol="echocenter",
    operations=("createAgent", "listAgents"),
    own={"createAgent": ("username",)},
    answers={"createAgent": "ECHO-REG-010"},
)


class DialogueCaller(Caller):
    """Calls as an administrator."""

    def __init__(self, echo: Dialogue, ids: IdSource) -> None:
        super().__init__(echo.peer, ids, MENU, {})
        self._dialogue = echo

    async def call(self, asked: Asked, *, lawful: bool, served: bool, **more: Any) -> Exchange:
        headers = await self._dialogue.administering()
        return await super().call(asked, lawful=lawful, served=served, headers=headers, **more)
