"""The machine that the agent looks after: a few game servers."""

from __future__ import annotations

from dataclasses import dataclass, field

from .model import Json, Outcome, Request, Session

__all__ = ["World"]


@dataclass(kw_only=True, slots=True)
class _Server:
    """One game server."""

    name: str
    running: bool = False
    settings: dict[str, Json] = field(default_factory=dict)

    def told(self, server_id: str) -> dict[str, Json]:
        return {"server_id": server_id, "name": self.name, "running": self.running} | {
            "settings": dict(self.settings)
        }


class World:
    """Servers by id, shared by all connections."""

    def __init__(self) -> None:
        self.servers = {
            "srv-1": _Server(name="Chernarus", running=True),
            "srv-2": _Server(name="Livonia"),
            "srv-3": _Server(name="Sakhal"),
        }

    def told(self) -> list[dict[str, Json]]:
        """All servers, as `servers` tells them."""
        return [server.told(server_id) for server_id, server in self.servers.items()]

    def perform(self, session: Session, username: str, request: Request) -> Outcome:
        """Do a command that was found valid."""
        given = request.parameters if isinstance(request.parameters, dict) else {}
        match request.action:
            case "servers":
                return Outcome(result={"servers": self.told()})
            case "whoami":
                return Outcome(result={"username": username, "permissions": ["servers.*"]})
            case "agent_info":
                return Outcome(result={"version": "1.9.2", "platform": "linux"})
            case "subscribe" | "unsubscribe":
                change = session.topics.add
                if request.action == "unsubscribe":
                    change = session.topics.discard
                change(given["topic"])
                return Outcome(result={"topics": sorted(session.topics)})
        if "server_id" in given:
            return self._on_server(given["server_id"], request.action, given)
        return Outcome(result={"done": True, "given": sorted(given)})

    def _on_server(self, server_id: str, action: str, given: dict[str, Json]) -> Outcome:
        server = self.servers.get(server_id)
        if server is None:
            return Outcome(code="not_found", text=f"no server is called {server_id!r}")
        match action:
            case "server_start" | "server_stop":
                server.running = action == "server_start"
            case "log_tail":
                lines = [f"line {n}" for n in range(max(0, min(given["lines"], 100)))]
                return Outcome(result={"lines": lines})
            case "server_settings":
                server.settings.update(given["settings"])
            case "server_status":
                pass
            case _:
                rest = {key: value for key, value in given.items() if key != "server_id"}
                server.settings.update(rest)
        return Outcome(result=server.told(server_id))
