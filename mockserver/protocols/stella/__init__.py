"""The release orchestrator: agents enrol, get certificates, and are given deployments to do."""

from mockserver.protocols.stella.coordinator import StellaCoordinator

__all__ = ["COORDINATOR", "StellaCoordinator"]

COORDINATOR = StellaCoordinator
