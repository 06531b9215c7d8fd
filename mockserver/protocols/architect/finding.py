"""Finding what an action speaks of, and refusing what is not there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mockserver.protocols.architect.host import Host
from mockserver.protocols.architect.things import Player, Server

__all__ = ["ActionError", "Handler", "Said", "in_state", "player_of", "server_of"]

Said = Mapping[str, Any]
"""The parameters of a call: those that are required are there, and all are of their data type."""

Handler = Callable[[Host, Said], dict[str, Any]]
"""Carries an action out and returns the parameters of its reply. Raises `ActionError`."""


class ActionError(Exception):
    """An action that cannot be carried out: `code` is for programs, `message` for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def server_of(host: Host, said: Said) -> Server:
    server = host.servers.get(said["server_id"])
    if server is None:
        raise ActionError("not_found", f"there is no server {said['server_id']!r}")
    return server


def in_state(server: Server, *states: str) -> Server:
    if server.status not in states:
        raise ActionError("conflict", f"{server.name} is {server.status}")
    return server


def player_of(host: Host, said: Said) -> Player:
    player = host.players.get(said["player_id"])
    if player is None:
        raise ActionError("not_found", f"nobody plays as {said['player_id']!r}")
    return player
