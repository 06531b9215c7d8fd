"""How the suite speaks to a peer. A client never suffers: whatever the peer does is an exchange."""

from conformance.clients.http import HttpClient

__all__ = ["HttpClient"]
