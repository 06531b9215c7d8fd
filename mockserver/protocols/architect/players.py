"""The actions about people who play."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.protocols.architect.finding import ActionError, Handler, Said, player_of, server_of
from mockserver.protocols.architect.host import Host
from mockserver.world import iso

__all__ = ["HANDLERS"]


def _players(host: Host, said: Said) -> dict[str, Any]:
    asked = server_of(host, said).server_id if said.get("server_id") is not None else None
    found = host.players.values() if asked is None else host.on(asked)
    return {"players": [player.view() for player in found]}


def _player_info(host: Host, said: Said) -> dict[str, Any]:
    player = player_of(host, said)
    return {"player": {**player.view(), "seconds": round(host.now() - player.joined, 3)}}


def _player_kick(host: Host, said: Said) -> dict[str, Any]:
    player = player_of(host, said)
    host.leave(player, said.get("reason") or "kicked")
    return {"player": player.view()}


def _player_ban(host: Host, said: Said) -> dict[str, Any]:
    player = player_of(host, said)
    reason = said.get("reason") or "banned"
    known = {"player_id": player.player_id, "name": player.name}
    host.bans[player.player_id] = {**known, "reason": reason, "since": iso(host.now())}
    host.leave(player, reason)
    return {"ban": host.bans[player.player_id]}


def _player_unban(host: Host, said: Said) -> dict[str, Any]:
    ban = host.bans.pop(said["player_id"], None)
    if ban is None:
        raise ActionError("not_found", f"nobody is banned as {said['player_id']!r}")
    return {"ban": ban}


def _bans(host: Host, _: Said) -> dict[str, Any]:
    return {"bans": list(host.bans.values())}


def _player_message(host: Host, said: Said) -> dict[str, Any]:
    player = player_of(host, said)
    host.note(host.servers[player.server_id], "chat", f"to {player.name}: {said['message']}")
    return {"delivered": 1}


def _broadcast(host: Host, said: Said) -> dict[str, Any]:
    asked = said.get("server_id")
    servers = list(host.servers.values()) if asked is None else [server_of(host, said)]
    for server in servers:
        host.note(server, "chat", said["message"])
    reached = sum(len(list(host.on(server.server_id))) for server in servers)
    host.tell("chat", "broadcast", message=said["message"], server_id=asked)
    return {"delivered": reached}


HANDLERS: Mapping[str, Handler] = {
    "players": _players,
    "player_info": _player_info,
    "player_kick": _player_kick,
    "player_ban": _player_ban,
    "player_unban": _player_unban,
    "bans": _bans,
    "player_message": _player_message,
    "broadcast": _broadcast,
}
