"""What a client subscribed to, and whether it heard of it: read out of its WebSockets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.examiner import Observation
from conformance.exchange import read_json
from conformance.protocols.caxton.story import spoken
from mockserver.transcript import Frame

__all__ = ["Wish", "deaf", "ended_at", "opened_at", "told_ids", "wishes"]

_HEARD = 0.5
"""Seconds in which a client has surely taken what it was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One subscription or unsubscription that the client said."""

    frame: Frame
    said: Mapping[str, Any]

    @property
    def connection(self) -> int:
        return self.frame.connection

    @property
    def agents(self) -> Sequence[str]:
        """Of whom it wants to hear, in either form of a subscription."""
        found: list[str] = []
        for place, name in (("filter", "agents"), ("filters", "agent_ids")):
            inside = self.said.get(place)
            told = inside.get(name) if isinstance(inside, dict) else None
            found += [a for a in (told if isinstance(told, list) else ()) if isinstance(a, str)]
        return found


def wishes(seen: Observation, kind: str) -> list[Wish]:
    """Those of a type, `subscribe` or `unsubscribe`."""
    found = spoken(seen)
    return [Wish(frame=frame, said=said) for frame, said in found if said.get("type") == kind]


def told_ids(seen: Observation) -> Sequence[tuple[Frame, str]]:
    """The subscription ids that the coordinator told, in its acknowledgements and its events."""
    found: list[tuple[Frame, str]] = []
    for frame in seen.frames:
        if frame.sender == "coordinator" and frame.kind == "text":
            said = read_json(frame.data)
            own = said.get("subscription_id", said.get("id")) if isinstance(said, dict) else None
            if isinstance(own, str):
                found.append((frame, own))
    return found


def opened_at(seen: Observation) -> Mapping[int, float]:
    """When each connection was opened (monotonic clock)."""
    return {each.connection: each.real for each in seen.exchanges if each.connection}


def ended_at(seen: Observation) -> Mapping[int, float]:
    """When each connection that ended did, on either side's word."""
    ends: dict[int, float] = {}
    for frame in seen.frames:
        if frame.kind in ("close", "lost"):
            ends.setdefault(frame.connection, frame.real)
    return ends


def deaf(seen: Observation, normal: Observation) -> str:
    """What shows that a client does not hear any more, in words, or nothing. One that ends its
    subscriptions when it leaves must have heard what they are called.
    """
    if _parts_well(normal) is not True or _parts_well(seen) is not False:
        return ""
    return "it left without ending its subscription, whose id it was told, as it does otherwise"


def _parts_well(seen: Observation) -> bool | None:
    """Did it end a subscription when it was asked to end? `None` where it could not."""
    ending = seen.ending
    if ending is None or not ending.asked or ending.stubborn or ending.code:
        return None
    last = [frame.real for frame in seen.frames if frame.number > seen.played]
    ends = {
        frame.connection for frame in seen.frames if frame.number <= seen.played and _over(frame)
    }
    told = {
        own
        for frame, own in told_ids(seen)
        if frame.number <= seen.played
        and frame.connection not in ends
        and (not last or frame.real < last[0] - _HEARD)
    }
    if not told or not last:
        return None
    after = [wish for wish in wishes(seen, "unsubscribe") if wish.frame.number > seen.played]
    return any(wish.said.get("subscription_id") in told for wish in after)


def _over(frame: Frame) -> bool:
    return frame.kind in ("close", "lost")
