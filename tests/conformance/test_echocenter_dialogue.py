"""How the EchoCenter checks prove to a coordinator that they administer agents."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from conformance.clients import HttpClient
from conformance.exchange import Exchange
from conformance.ids import IdSource
from conformance.protocols.echocenter.dialogue import Dialogue
from conformance.target import Credentials, Operator


class Desk:
    """A coordinator whose log-in takes a while, and the headers that came with each call."""

    def __init__(self, operator: Operator = Operator()) -> None:  # noqa: B008  # it is frozen
        self.target = SimpleNamespace(
            credentials=Credentials(username="ann", password="secret"),
            headers={},
            operator=operator,
        )
        self.log_ins = 0
        self.bearers: list[str] = []

    async def call(self, operation: str, **said: Any) -> Exchange:
        body = b"[]"
        if operation == "logIn":
            self.log_ins += 1
            await asyncio.sleep(0.01)
            body = b'{"token": "pass"}'
        else:
            self.bearers.append(said["headers"].get("Authorization", ""))
        return Exchange(
            operation=operation,
            method="POST",
            url="http://desk",
            status=200,
            answer=body,
        )


async def test_who_registers_at_the_same_time_is_known_to_all_alike() -> None:
    desk = Desk()
    dialogue = Dialogue(cast(HttpClient, desk), IdSource("run", "main"))
    await asyncio.gather(*(dialogue.register(f"Scout-{at}") for at in range(3)))
    await dialogue.agents()
    assert desk.bearers == ["Bearer pass"] * 4
    assert desk.log_ins == 1


async def test_headers_of_an_operator_need_no_log_in() -> None:
    desk = Desk(Operator(headers={"Authorization": "Bearer pass"}))
    dialogue = Dialogue(cast(HttpClient, desk), IdSource("run", "main"))
    await dialogue.register("Scout-1")
    await dialogue.agents()
    assert desk.bearers == ["Bearer pass"] * 2
    assert desk.log_ins == 0
