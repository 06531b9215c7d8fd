"""How EchoCenter reads what its guide leaves open, by dialect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mockserver.protocols.echocenter.accounts import Account
from mockserver.world import iso

__all__ = ["DIALECTS", "Dialect", "Envelope"]


class Envelope(NamedTuple):
    """A message on its way. A tuple, for it is made for every message.

    `number` is its own, `target` 0 where it is for nobody in particular, `at` in seconds since
    1970. `said` is what the client said: of the sender it tells nothing.
    """

    number: int
    kind: str
    sender: Account
    target: int
    at: float
    said: Mapping[str, Any]


class Dialect:
    """The guide, read in the most natural way: whatever is not in it is ignored."""

    guarded = False
    """Must a person log in before they administer agents?"""
    lenient = False
    """Is a message passed on whatever its type, and whatever its fields hold?"""
    broadcasts = False
    """Does a message without a target go to everybody?"""
    echoes = False
    """Do people hear what they say themselves?"""
    ends_malformed = False
    """Does a message that is no JSON end its connection?"""
    largest_message = 1 << 20
    ping_every = 20.0
    pong_within = 20.0

    def wrap(self, what: Envelope) -> dict[str, Any]:
        """The message as its receivers get it: with the true sender, and its payload untouched."""
        said: dict[str, Any] = {
            "type": what.kind,
            "sender_id": what.sender.id,
            "sender_name": what.sender.username,
        }
        if what.target:
            said["target_id"] = what.target
        for key in ("payload", "stream_id"):
            if key in what.said:
                said[key] = what.said[key]
        said["timestamp"] = iso(what.at)
        return said


class Deployed(Dialect):
    """As deployed systems are said to behave; of no weight when a peer is judged."""

    guarded = True
    lenient = True
    broadcasts = True
    echoes = True
    ends_malformed = True
    largest_message = 1 << 16
    ping_every = 54.0
    pong_within = 6.0
    """What is left of a deadline of 60 s that each sign of life sets anew."""

    def wrap(self, what: Envelope) -> dict[str, Any]:
        optional = {key: what.said[key] for key in ("local_id", "stream_id") if key in what.said}
        return {
            "id": what.number,
            "type": what.kind,
            "sender_id": what.sender.id,
            "sender_name": what.sender.username,
            "sender_role": what.sender.role,
            "target_id": what.target,
            "payload": what.said.get("payload"),
            "timestamp": iso(what.at),
            **optional,
        }


DIALECTS: Mapping[str, Dialect] = {"documented": Dialect(), "deployed": Deployed()}
