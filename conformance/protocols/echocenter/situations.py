"""What an EchoCenter agent must cope with, as data."""

from __future__ import annotations

from conformance.examiner import Situation
from conformance.protocols.echocenter import forms, losses, plays
from conformance.protocols.echocenter.odd import ODDITIES
from mockserver import Fault

__all__ = ["BROKEN", "LAWFUL", "LOSSES", "NORMAL", "OUTAGE", "REFUSED", "SITUATIONS"]

NORMAL = "normal life"
LOSSES = "lost connections"
OUTAGE = "outage"
BROKEN = ("broken frames", "broken messages")
REFUSED = "refused"

_LAWFUL = (
    Situation(name=NORMAL, play=plays.normal_life),
    Situation(name="several senders", play=plays.several_senders),
    Situation(name="at the same time", play=plays.at_the_same_time),
    Situation(name="a dozen", play=plays.a_dozen),
    Situation(name="burst", play=plays.burst),
    Situation(name="odd texts", play=forms.odd_texts),
    Situation(name="odd JSON", play=forms.odd_json),
    Situation(name="pings", play=forms.pings),
    Situation(name="fragments", play=forms.fragments),
    Situation(name="large messages", play=forms.large_messages),
    Situation(name="directive", play=plays.directive),
    Situation(name="silence", play=plays.silence),
)

LAWFUL = tuple(situation.name for situation in _LAWFUL)
"""Those in which nothing happens that could disturb anybody."""

SITUATIONS = (
    *_LAWFUL,
    Situation(name="large ids", play=forms.large_ids),
    *(Situation(name=each.name, play=each.play) for each in ODDITIES),
    Situation(name=BROKEN[0], play=losses.broken_frames),
    Situation(name=BROKEN[1], play=losses.broken_messages),
    Situation(name=LOSSES, play=losses.losses),
    Situation(name=OUTAGE, play=losses.outage),
    Situation(
        name=REFUSED,
        faults=[Fault(kind="status", operation="socket", status=401, times=None)],
        play=losses.refused,
    ),
)
"""The last ones may be the end of an agent that somebody else runs."""
