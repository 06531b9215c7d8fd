"""The AITBC agent coordinator: a registry of agents and five queues of tasks."""

from mockserver.protocols.aitbc.coordinator import AitbcCoordinator

__all__ = ["COORDINATOR", "AitbcCoordinator"]

COORDINATOR = AitbcCoordinator
