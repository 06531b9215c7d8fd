"""Commands that nobody wrote down: what is lawful is answered, and what is not ends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.clients.websocket import Socket
from conformance.conversation import Conversation
from conformance.ids import IdSource
from conformance.marks import from_profile, fuzzes, requirement
from conformance.plugin import Suite
from conformance.protocols.architect.dialogue import Asked, Dialogue, Lore, last, new_token
from conformance.protocols.architect.replies import Request
from conformance.rfc6455_cases import send_parts

if TYPE_CHECKING:
    from conformance.fuzz.case import Case
    from conformance.fuzz.fuzzer import Fuzzer
    from conformance.fuzz.writing import OddFrame
    from conformance.protocols.architect.generated import Command, Nonsense


_LISTED = {
    "ARCH-CORR-002": "ARCH-CORR-014",
    "ARCH-ACT-012": "ARCH-CORR-014",
    "ARCH-ACT-013": "ARCH-ACT-013",
    "ARCH-WIRE-007": "ARCH-CORR-014",
}
"""By which requirement a command is served as well as answered. One with a token that is no plain
text may be told that its token is no good.
"""


@fuzzes
@from_profile("standard")
@requirement("ARCH-CORR-002", "ARCH-CORR-003", "ARCH-CORR-004", "ARCH-CORR-014")
@requirement("ARCH-ACT-012", "ARCH-ACT-013", "ARCH-WIRE-007")
async def test_flow_lawful_commands_are_answered(
    fuzzer: Fuzzer, script: Dialogue, ids: IdSource, lore: Lore
) -> None:
    from conformance.protocols.architect.generated import commands  # Hypothesis is slow to load

    async def answered(case: Case, command: Command) -> None:
        own = Dialogue(case.opener, case.judge, ids, lore)
        line = await own.raw("script")
        # What was drawn is drawn again, and an agent may know the tokens that were used.
        own_token = command.token
        if isinstance(own_token, str):
            own_token = f"{own_token}{new_token()[:8]}"
        request = Request(action="list_actions", token=own_token, members=command.members)
        data = command.spelling.write(request.payload()).encode()
        sent = await send_parts(line, data, command.cuts.of(data), pinged=command.cuts.pinged)
        asked = await own.hear(line, Asked(request=request, sent=sent), 0, command.row)
        told = f"no reply carries the token as it was: {own.why(line)}"
        case.judge.holds(command.row, asked.heard is not None, told, sent, *last(line, 2))
        row = _LISTED.get(command.row)
        if asked.heard is not None and row is not None:
            told = "the reply with the token of list_actions lists no actions"
            case.judge.holds(row, isinstance(asked.listed, dict), told, *asked.frames)

    assert script.lore is lore
    await fuzzer.values(commands, answered)


@fuzzes
@from_profile("standard")
@requirement(*(f"ARCH-ROB-{number:03}" for number in (1, 2, 3, 4, 5, 10, 20)))
async def test_flow_nonsense_ends_nothing(
    fuzzer: Fuzzer, suite: Suite, script: Dialogue, ids: IdSource, lore: Lore
) -> None:
    from conformance.fuzz.strategies import Sayings  # Hypothesis is slow to load
    from conformance.protocols.architect.generated import nonsense

    async def endured(case: Case, odd: Nonsense) -> None:
        own = Dialogue(case.opener, case.judge, ids, lore)
        await own.needs_company()
        here, there = await own.connect("here"), await own.connect("there")
        sent = await here.send_text(odd.text, lawful=False)
        for turn in ("", " the second time"):
            told = f"the connection does not go on after that{turn}: {own.why(here)}"
            case.judge.holds(odd.row, await own.alive(here), told, sent, *last(here, 2))
        await _judge_others(case, own, there, "ARCH-ROB-020")

    sayings = Sayings(suite.protocol, suite.book.validators)
    assert script.lore is lore
    await fuzzer.values(nonsense(sayings), endured)


@fuzzes
@from_profile("standard")
@requirement("ARCH-WIRE-019")
async def test_odd_frames_harm_no_other(
    fuzzer: Fuzzer, script: Dialogue, ids: IdSource, lore: Lore
) -> None:
    from conformance.fuzz.writing import odd_frames  # Hypothesis is slow to load

    async def endured(case: Case, frames: list[OddFrame]) -> None:
        own = Dialogue(case.opener, case.judge, ids, lore)
        await own.needs_company()
        line, there = await own.raw("odd", see=False), await own.connect("there")
        for frame in frames:
            await line.send_bytes(frame.data)
        await line.ended(0.01)
        await _judge_others(case, own, there, "ARCH-WIRE-019")

    assert script.lore is lore
    await fuzzer.values(odd_frames([_CALL]), endured)


_CALL = b'{"action": "list_actions", "parameters": {}}'


async def _judge_others(case: Case, own: Dialogue, there: Conversation, row: str) -> None:
    """Who was there before is served, and who comes now."""
    told = f"after what one script did another is not served: {own.why(there)}"
    case.judge.holds(row, await own.alive(there), told, *last(there, 2))
    new = await own.knock("afterwards")
    fine = isinstance(new, Socket) and await own.alive(new)
    told = f"after what one script did no new one is served: {getattr(new, 'reason', '')}"
    case.judge.holds(row, fine, told, *last(there, 2))
