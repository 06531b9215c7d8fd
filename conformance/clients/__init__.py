"""How the suite speaks to a peer. A client never suffers: whatever the peer does is an exchange, or
a frame.

The WebSocket clients are in `websocket` and `raw`: who needs HTTP alone does not load them.
"""

from conformance.clients.http import HttpClient

__all__ = ["HttpClient"]
