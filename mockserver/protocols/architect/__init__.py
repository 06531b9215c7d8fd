"""The Architect Agent: scripts ask it which actions it supports, and call them."""

from mockserver.protocols.architect.coordinator import ArchitectCoordinator

__all__ = ["COORDINATOR", "ArchitectCoordinator"]

COORDINATOR = ArchitectCoordinator
