"""Messages that nobody wrote down: what is lawful arrives, and what is not harms nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.clients.raw import RawSocket
from conformance.marks import from_profile, fuzzes, requirement
from conformance.patience import Patience
from conformance.plugin import Suite
from conformance.protocols.echocenter.audit import AMBIENT
from conformance.protocols.echocenter.dialogue import Dialogue
from conformance.protocols.echocenter.principals import Cast
from conformance.protocols.echocenter.room import Room
from conformance.protocols.echocenter.siege import Siege
from conformance.rfc6455_cases import send_parts

if TYPE_CHECKING:
    from conformance.fuzz.case import Case
    from conformance.fuzz.fuzzer import Fuzzer
    from conformance.fuzz.nonsense import Nonsense
    from conformance.protocols.echocenter.generated import Chat

pytestmark = requirement(*AMBIENT, "ECHO-WIRE-002")


@fuzzes
@from_profile("standard")
@requirement("ECHO-CHAT-016", "ECHO-CHAT-017", "ECHO-WIRE-010", "ECHO-WIRE-011")
async def test_flow_lawful_messages_arrive(
    fuzzer: Fuzzer, suite: Suite, echo: Dialogue, cast: Cast
) -> None:
    from conformance.protocols.echocenter.generated import chats  # Hypothesis is slow to load

    patience = Patience(suite.context.target.timeout, tireless=True)

    async def arrives(case: Case, chat: Chat) -> None:
        echo.peer.see = case.see
        room = Room(case.opener, case.judge, cast, patience)
        sender, target = await cast.agents(2)
        teller, hearer = await room.enter(sender, raw=True), await room.enter(target)
        await room.known()
        mark, message = await room.draft(target, chat.text, **chat.fields)
        data = chat.spelling.write(message).encode()
        assert isinstance(teller.socket, RawSocket)
        frame = await send_parts(teller.socket, data, chat.cuts.of(data), pinged=chat.cuts.pinged)
        said = room.spoken(teller, target, mark, message, frame)
        await room.heard(hearer, said, chat.row)
        await room.settle()

    await fuzzer.values(chats, arrives)


@fuzzes
@from_profile("standard")
@requirement(*(f"ECHO-ODD-{number:03}" for number in (1, 2, 3, 4, 8, 9, 10, 11, 12, 13)))
async def test_flow_nonsense_harms_nobody(
    fuzzer: Fuzzer, suite: Suite, echo: Dialogue, cast: Cast
) -> None:
    from conformance.fuzz.strategies import Sayings  # Hypothesis is slow to load
    from conformance.protocols.echocenter.generated import nonsense

    patience = Patience(suite.context.target.timeout, tireless=True)

    async def weathered(case: Case, odd: Nonsense) -> None:
        echo.peer.see = case.see
        room = Room(case.opener, case.judge, cast, patience)
        siege = Siege(room, cast, case.judge, odd.row)
        await siege.begin()
        await siege.weather([odd.act])
        await room.settle()

    sayings = Sayings(suite.protocol, suite.book.validators)
    await fuzzer.values(nonsense(sayings), weathered)
