"""The host of WebAssembly agents: they are deployed, talk, bid for tasks and are rolled out."""

from mockserver.protocols.caxton.coordinator import CaxtonCoordinator

__all__ = ["COORDINATOR", "CaxtonCoordinator"]

COORDINATOR = CaxtonCoordinator
