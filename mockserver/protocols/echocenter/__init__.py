"""EchoCenter: agents and people on one socket, a dashboard of logs, and chat between them."""

from mockserver.protocols.echocenter.coordinator import EchocenterCoordinator

__all__ = ["COORDINATOR", "EchocenterCoordinator"]

COORDINATOR = EchocenterCoordinator
