"""The coordinators, one module or folder a protocol, found by the protocol's own name."""

from __future__ import annotations

import importlib
import importlib.util

from mockserver.coordinator import Coordinator, Settings
from mockserver.world import World
from schemas.errors import PackError, Problem
from schemas.spec import Protocol

__all__ = ["coordinator_class", "make_coordinator"]


def coordinator_class(protocol_id: str) -> type[Coordinator]:
    """The coordinator of that protocol. Only the one that is wanted is imported.

    Raises `PackError` for a protocol that has none.
    """
    name = f"{__name__}.{protocol_id}"
    if importlib.util.find_spec(name) is None:
        raise PackError(
            Problem(file=name, message="there is no mock coordinator for it", value=protocol_id)
        )
    module = importlib.import_module(name)
    found: type[Coordinator] = module.COORDINATOR
    return found


def make_coordinator(
    protocol: Protocol, world: World, settings: Settings | None = None
) -> Coordinator:
    return coordinator_class(protocol.id)(protocol, world, settings)
