"""What each action does to the host, and what it answers. Those of the connection itself (who is
asking, what it listens to) are the coordinator's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.protocols.architect import keeping, players
from mockserver.protocols.architect.finding import ActionError, Handler, Said, in_state, server_of
from mockserver.protocols.architect.host import Host
from mockserver.world import iso

__all__ = ["AGENT_VERSION", "HANDLERS", "figures"]

AGENT_VERSION = "1.9.4"

_GIB = 1 << 30


def figures(host: Host) -> dict[str, Any]:
    """What the statistics say. Processor in percent, memory in bytes."""
    cpu, memory = host.load()
    return {
        "cpu_usage": cpu,
        "memory_used": memory,
        "servers": len(host.servers),
        "servers_running": sum(each.status == "running" for each in host.servers.values()),
        "players": len(host.players),
    }


# The agent itself


def _ping(host: Host, _: Said) -> dict[str, Any]:
    return {"pong": True, "timestamp": iso(host.now())}


def _version(_host: Host, _: Said) -> dict[str, Any]:
    return {"version": AGENT_VERSION, "platform": "linux", "mock": True}


def _uptime(host: Host, _: Said) -> dict[str, Any]:
    return {"seconds": round(host.now() - host.booted, 3), "started_at": iso(host.booted)}


def _system_information(host: Host, _: Said) -> dict[str, Any]:
    cpu, memory = host.load()
    return {
        "hostname": "assay-host",
        "platform": "linux",
        "cpu": {"cores": 8, "usage": cpu},
        "memory": {"total": 32 * _GIB, "used": memory},
        "disk": {"total": 500 * _GIB, "used": (60 + 4 * len(host.backups)) * _GIB},
        "uptime": round(host.now() - host.booted, 3),
    }


def _statistics(host: Host, _: Said) -> dict[str, Any]:
    return figures(host)


# Game servers


def _servers(host: Host, _: Said) -> dict[str, Any]:
    return {"servers": [host.view(server) for server in host.servers.values()]}


def _server_info(host: Host, said: Said) -> dict[str, Any]:
    server = server_of(host, said)
    players = [player.view() for player in host.on(server.server_id)]
    return {"server": {**host.view(server), "config": dict(server.config)}, "players": players}


def _server_start(host: Host, said: Said) -> dict[str, Any]:
    server = in_state(server_of(host, said), "stopped")
    host.start(server)
    return {"server": host.view(server)}


def _server_stop(host: Host, said: Said) -> dict[str, Any]:
    server = in_state(server_of(host, said), "running", "starting")
    host.stop(server, said.get("reason") or "the server stopped")
    return {"server": host.view(server)}


def _server_restart(host: Host, said: Said) -> dict[str, Any]:
    server = in_state(server_of(host, said), "running")
    host.restart(server, said.get("reason") or "the server restarts")
    return {"server": host.view(server)}


def _server_create(host: Host, said: Said) -> dict[str, Any]:
    room = said.get("max_players")
    if room is not None and room < 1:
        raise ActionError("invalid_parameter", f"max_players is at least 1, not {room}")
    server = host.set_up(said["name"], said.get("map") or "taiga", room or 32)
    server.config.update(said.get("config") or {})
    host.tell("servers", "server_created", server=host.view(server))
    return {"server": host.view(server)}


def _server_delete(host: Host, said: Said) -> dict[str, Any]:
    server = in_state(server_of(host, said), "stopped")
    del host.servers[server.server_id]
    host.tell("servers", "server_deleted", server_id=server.server_id, name=server.name)
    return {"server_id": server.server_id}


def _config_get(host: Host, said: Said) -> dict[str, Any]:
    return {"config": dict(server_of(host, said).config)}


def _config_set(host: Host, said: Said) -> dict[str, Any]:
    server = server_of(host, said)
    server.config.update(said["values"])
    host.note(server, "info", f"settings changed: {', '.join(said['values'])}")
    return {"config": dict(server.config)}


def _logs(host: Host, said: Said) -> dict[str, Any]:
    limit = said.get("limit")
    if limit is not None and limit < 1:
        raise ActionError("invalid_parameter", f"limit is at least 1, not {limit}")
    return {"lines": list(server_of(host, said).log)[-(limit or 50) :]}


HANDLERS: Mapping[str, Handler] = {
    "ping": _ping,
    "version": _version,
    "uptime": _uptime,
    "system_information": _system_information,
    "statistics": _statistics,
    "servers": _servers,
    "server_info": _server_info,
    "server_start": _server_start,
    "server_stop": _server_stop,
    "server_restart": _server_restart,
    "server_create": _server_create,
    "server_delete": _server_delete,
    "config_get": _config_get,
    "config_set": _config_set,
    "logs": _logs,
    **players.HANDLERS,
    **keeping.HANDLERS,
}
