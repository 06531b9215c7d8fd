"""What an EchoCenter agent must cope with, as data."""

from __future__ import annotations

from conformance.examiner import Situation
from conformance.protocols.echocenter import plays
from conformance.protocols.echocenter.odd import ODDITIES
from mockserver import Fault

__all__ = ["LAWFUL", "LOSSES", "NORMAL", "REFUSED", "SITUATIONS"]

NORMAL = "normal life"
LOSSES = "lost connections"
OUTAGE = "outage"
REFUSED = "refused"

_LAWFUL = (
    Situation(name=NORMAL, play=plays.normal_life),
    Situation(name="several senders", play=plays.several_senders),
    Situation(name="at the same time", play=plays.at_the_same_time),
    Situation(name="a dozen", play=plays.a_dozen),
    Situation(name="burst", play=plays.burst),
    Situation(name="odd texts", play=plays.odd_texts),
    Situation(name="odd JSON", play=plays.odd_json),
    Situation(name="pings", play=plays.pings),
    Situation(name="fragments", play=plays.fragments),
    Situation(name="large messages", play=plays.large_messages),
    Situation(name="directive", play=plays.directive),
)

LAWFUL = tuple(situation.name for situation in _LAWFUL)
"""Those in which nothing happens that could disturb anybody."""

SITUATIONS = (
    *_LAWFUL,
    Situation(name="large ids", play=plays.large_ids),
    *(Situation(name=each.name, play=each.play) for each in ODDITIES),
    Situation(name=LOSSES, play=plays.losses),
    Situation(name=OUTAGE, play=plays.outage),
    Situation(
        name=REFUSED,
        faults=[Fault(kind="status", operation="socket", status=401, times=None)],
        play=plays.refused,
    ),
)
"""The last ones may be the end of an agent that somebody else runs."""
