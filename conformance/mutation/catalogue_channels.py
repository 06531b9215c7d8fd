"""What can be done to a message of a channel as a whole, to a handshake, and to an end."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.mutation.catalogue_names import made
from conformance.mutation.catalogue_places import Body
from conformance.mutation.catalogue_rules import Law
from conformance.mutation.mutant import Mutant
from schemas.spec import Channel, Protocol, Role

__all__ = ["HANDSHAKE", "channel_mutants", "message_mutants"]

HANDSHAKE = "handshake"


def message_mutants(body: Body, law: Law, role: Role) -> Iterator[Mutant]:
    """Of one kind of message, whatever it holds."""
    place = body.place
    astray = ("misdirected",) if role == "coordinator" else ()
    for operator in ("missing", "duplicated", "reordered", *astray):
        yield made(place, operator, rule=law.occurrence(operator, place.message, body.section))
    yield made(place, "delayed", rule="soon-enough")
    yield made(place, "garbled")
    yield made(place, "binary")
    yield made(place, "fragmented", rule="rfc-allows")


def channel_mutants(protocol: Protocol, law: Law, role: Role) -> Iterator[Mutant]:
    """Of the handshake of each channel, of its frames, and of how it ends."""
    for channel in protocol.channels.values():
        yield made(channel.id, "masking")
        yield made(channel.id, "close-code", value="999")  # RFC 6455 gives no such code
        for value in ("4242", "1005"):
            yield made(channel.id, "close-code", value=value, rule=law.closing("close-code"))
        yield made(channel.id, "lost", rule=law.closing("lost"))
        if role == "coordinator":
            yield from _of_answer(protocol, channel)
        else:
            yield from _of_request(protocol, channel)


def _of_answer(protocol: Protocol, channel: Channel) -> Iterator[Mutant]:
    part = f"{HANDSHAKE}.header"
    for operator in ("missing", "wrong"):
        yield made(channel.id, operator, part=part, pointer="/Sec-WebSocket-Accept")
    # A server may select none of what is offered: whether it must, the document says.
    chosen = "" if protocol.authentication == "subprotocol" else "header-left-open"
    pointer = "/Sec-WebSocket-Protocol"
    yield made(channel.id, "missing", part=part, pointer=pointer, rule="header-left-open")
    yield made(channel.id, "wrong", part=part, pointer=pointer, rule=chosen)
    yield made(channel.id, "status", part=HANDSHAKE, value="503")
    yield made(channel.id, "status", part=HANDSHAKE, value="200")


def _of_request(protocol: Protocol, channel: Channel) -> Iterator[Mutant]:
    said = protocol.asyncapi["channels"][channel.id].get("bindings", {}).get("ws", {})
    for name in said.get("query", {}).get("properties", {}):
        for operator in ("drop", "rename", "token-swapped"):
            part = f"{HANDSHAKE}.query"
            yield made(channel.id, operator, part=part, pointer=f"/{name}")
    names = ["Sec-WebSocket-Version", *said.get("headers", {}).get("properties", {})]
    for name in dict.fromkeys(names):
        for operator in ("missing", "wrong"):
            yield made(channel.id, operator, part=f"{HANDSHAKE}.header", pointer=f"/{name}")
    yield made(channel.id, "path", part=HANDSHAKE)
