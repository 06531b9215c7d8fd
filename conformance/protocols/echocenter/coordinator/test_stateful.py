"""Agents and people come, talk and go in orders that nobody wrote down."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from conformance.marks import from_profile, fuzzes, requirement
from conformance.patience import Patience
from conformance.plugin import Suite
from conformance.protocols.echocenter.audit import AMBIENT
from conformance.protocols.echocenter.dialogue import Dialogue
from conformance.protocols.echocenter.principals import Cast
from conformance.protocols.echocenter.streaming import STREAMED

if TYPE_CHECKING:
    from conformance.fuzz.fuzzer import Fuzzer

pytestmark = requirement(*AMBIENT)

_WRONG_TOKENS = ("ECHO-CONN-020", "ECHO-CONN-021", "ECHO-CONN-022", "ECHO-CONN-027")


@fuzzes
@from_profile("standard")
@requirement(*STREAMED, *_WRONG_TOKENS)
@requirement("ECHO-CONN-003", "ECHO-CONN-010", "ECHO-CHAT-023", "ECHO-STREAM-023")
async def test_flow_talk_in_any_order(
    fuzzer: Fuzzer, suite: Suite, echo: Dialogue, cast: Cast
) -> None:
    from conformance.protocols.echocenter.machine import Talk  # Hypothesis is slow to load

    assert echo is cast.dialogue
    patience = Patience(suite.context.target.timeout, tireless=True)
    await fuzzer.machines(partial(Talk, cast=cast, patience=patience))
