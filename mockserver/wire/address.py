"""Where a server of ours is to be reached, as URLs."""

from __future__ import annotations

__all__ = ["Address"]


class Address:
    """The URLs of whatever listens on `host` and `port`, in the clear unless it has a `ca`, the PEM
    file of the authority that vouches for it; `grpc_port` is that of its procedures, or 0.
    """

    host: str
    port: int
    ca: str
    grpc_port: int

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end."""
        return f"http{self._rest}"

    @property
    def ws_url(self) -> str:
        """The base URL of its WebSockets."""
        return f"ws{self._rest}"

    @property
    def grpc(self) -> str:
        """`HOST:PORT` of its procedures, or empty where it has none."""
        return f"{self._host}:{self.grpc_port}" if self.grpc_port else ""

    @property
    def values(self) -> dict[str, str]:
        """What whoever is to come here must know, by the names of a command's placeholders."""
        return {
            "url": self.url,
            "ws_url": self.ws_url,
            "grpc": self.grpc,
            "host": self.host,
            "port": str(self.port),
            "ca": self.ca,
        }

    @property
    def _host(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def _rest(self) -> str:
        return f"{'s' if self.ca else ''}://{self._host}:{self.port}"
