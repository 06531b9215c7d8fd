"""The certificate of an agent comes to its end, and is renewed in time."""

from __future__ import annotations

import time
from dataclasses import replace

from conformance.protocols.stella.biography import answered
from conformance.protocols.stella.foreman import Foreman
from conformance.protocols.stella.issued import Paper, paper_of
from mockserver.coordinator import Answer, Call
from mockserver.protocols.stella import StellaCoordinator
from mockserver.world import iso

__all__ = ["GRACE", "LIFETIME", "RENEW_BEFORE", "renewal", "renewal_with_key"]

LIFETIME, RENEW_BEFORE = 10, 7
"""Seconds: the first renewal is due after three, and long before the first certificate ends."""

GRACE = 2.0
"""Seconds after a renewal in which the old certificate may still be shown."""

_AFTER = 1.5
"""Seconds after the end of the first certificate that the play goes on."""


async def renewal(foreman: Foreman) -> None:
    """The first certificate is renewed and ends; the stream is opened anew after each."""
    await foreman.arrive()
    if not await foreman.stage.until(lambda: len(_papers(foreman)) > 1, LIFETIME):
        return
    await _anew(foreman)
    first = _papers(foreman)[0]
    while time.monotonic() < first.expires + _AFTER and foreman.stage.running:
        _let_pass(foreman)
        await foreman.live(0.1)
    await _anew(foreman)
    await foreman.beats(2)


async def _anew(foreman: Foreman) -> None:
    """Its connections must be made anew; and then there is something to do."""
    await foreman.live(GRACE + 0.3)
    _let_pass(foreman)
    foreman.stage.session.hang_up(1001, "the service moves")
    await foreman.beats(1)
    await foreman.connected()
    given = foreman.give(foreman.task("renewed"))
    await foreman.done(given)


def _let_pass(foreman: Foreman) -> None:
    """A connection that was there before may go on with what it was opened with: who shows an
    ended certificate anew, once it is renewed, is found in the transcript.
    """
    coordinator = foreman.stage.session.coordinator
    assert isinstance(coordinator, StellaCoordinator)
    for paper in _papers(foreman)[:-1]:
        known = coordinator.ledger.certificates.known(paper.der)
        if known is not None:
            known.expires = coordinator.world.clock.now() + 3600


async def renewal_with_key(foreman: Foreman) -> None:
    """A renewal brings a key of its own, once."""
    coordinator = foreman.stage.session.coordinator
    assert isinstance(coordinator, StellaCoordinator)
    sent: list[str] = []

    def renew(call: Call, said: Answer) -> Answer:
        if call.operation != "sendHeartbeat" or said.status != 200 or sent:
            return said
        made = coordinator.ledger.certificates.issue(call.parameters["id"], 24 * 3600)
        sent.append(made.cert)
        told = {"cert": made.cert, "key": made.key, "expiresAt": iso(made.expires)}
        return replace(said, body={**said.body, "certificateRenewal": told})

    await foreman.arrive()
    await foreman.beats(1)
    foreman.edits.append(renew)
    if not await foreman.stage.until(lambda: sent, foreman.patience):
        return
    foreman.befall("key")
    await foreman.live(GRACE + 0.3)
    foreman.stage.session.hang_up(1001, "the service moves")
    await foreman.beats(2)
    given = foreman.give(foreman.task("renewed"))
    await foreman.done(given)


def _papers(foreman: Foreman) -> list[Paper]:
    found: dict[bytes, Paper] = {}
    for heard in foreman.asked("registerAgent", status=201) + foreman.asked("sendHeartbeat"):
        said = answered(heard)
        paper = paper_of(heard, said.get("certificate") or said.get("certificateRenewal"))
        if paper is not None:
            found.setdefault(paper.der, paper)
    return list(found.values())
