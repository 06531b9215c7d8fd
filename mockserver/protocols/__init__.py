"""The coordinators, one module or folder a protocol, found by the protocol's own name."""

from __future__ import annotations

import importlib

from mockserver.coordinator import Coordinator
from mockserver.world import World
from schemas.spec import Protocol

__all__ = ["coordinator_class", "make_coordinator"]


def coordinator_class(protocol_id: str) -> type[Coordinator]:
    """The coordinator of that protocol. Only the one that is wanted is imported."""
    module = importlib.import_module(f"mockserver.protocols.{protocol_id}")
    found: type[Coordinator] = module.COORDINATOR
    return found


def make_coordinator(protocol: Protocol, world: World) -> Coordinator:
    return coordinator_class(protocol.id)(protocol, world)
