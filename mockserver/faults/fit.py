"""Can a fault strike anything of a protocol at all?"""

from __future__ import annotations

from fnmatch import fnmatchcase

from mockserver.faults.fault import Fault, nearest
from mockserver.faults.kinds import KINDS, PLACES, Place
from schemas.spec import Protocol

__all__ = ["misfit", "subjects"]


def subjects(protocol: Protocol) -> dict[str, Place]:
    """What faults can strike, by id: operations, channels, and the messages of the coordinator."""
    found: dict[str, Place] = {
        operation.id: "grpc" if operation.is_rpc else "http" for operation in protocol
    }
    found |= dict.fromkeys(protocol.channels, "handshake")
    found |= {
        message.id: "websocket"
        for message in protocol.messages.values()
        if message.sender == "coordinator"
    }
    return found


def misfit(fault: Fault, protocol: Protocol) -> str:
    """Why a fault would never strike, with what to do about it, or empty where it can."""
    known = subjects(protocol)
    matched = {name: place for name, place in known.items() if fnmatchcase(name, fault.operation)}
    if not matched:
        near = nearest(fault.operation, known) or f"there is {', '.join(sorted(known))}"
        return f"operation {fault.operation!r} matches nothing of {protocol.id}: {near}"
    struck = {name for name, place in matched.items() if place in fault.places}
    if not struck:
        what = " or ".join(PLACES[place] for place in PLACES if place in matched.values())
        where = " or ".join(PLACES[place] for place in PLACES if place in fault.places)
        reason = KINDS[fault.kind].reason
        return (
            f"{fault.kind} cannot strike {what}, and {fault.operation!r} matches nothing else of "
            f"{protocol.id}: {reason}; it strikes {where}"
        )
    if fault.kind == "wrong_correlation" and fault.pointer is None:
        return _without_id(fault, protocol, struck)
    return ""


def _without_id(fault: Fault, protocol: Protocol, struck: set[str]) -> str:
    messages = protocol.messages
    if any(name in messages and messages[name].correlation for name in struck):
        return ""
    return (
        "wrong_correlation needs a pointer here: the document names no id that answers to a "
        f"request in what {fault.operation!r} matches"
    )
