"""The actions that the mock supports, as data: what `list_actions` tells, and calls are held to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["ACTIONS", "TYPES", "Action", "catalogue"]


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


TYPES: Mapping[str, Callable[[Any], bool]] = {
    "str": lambda value: isinstance(value, str),
    "int": _is_int,
    "bool": lambda value: isinstance(value, bool),
    "list": lambda value: isinstance(value, list),
    "map": lambda value: isinstance(value, dict),
}
"""The data types by the names that the document's own pattern uses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action. Its parameters stand with their data types.

    `takes` is how long it works, from and to (seconds); most answer at once. `deployed` is one
    that only the dialect of that name knows.
    """

    name: str
    description: str
    required: Mapping[str, str] = field(default_factory=dict)
    optional: Mapping[str, str] = field(default_factory=dict)
    takes: tuple[float, float] | None = None
    cloud_controller_only: bool = False
    deployed: bool = False

    def view(self) -> dict[str, Any]:
        """As the catalogue shows it."""
        return {
            "description": self.description,
            "required_parameters": list(self.required) or None,
            "optional_parameters": list(self.optional) or None,
            "data_types": {**self.required, **self.optional},
            "cloud_controller_only": self.cloud_controller_only,
        }

    def wrong(self, said: Mapping[str, Any]) -> tuple[str, str]:
        """What is wrong with these parameters: a code and a sentence, or two empty texts.

        Those that it does not know are let be, and so is `null` for an optional one.
        """
        missing = [name for name in self.required if name not in said]
        if missing:
            return "missing_parameter", f"{self.name} requires {', '.join(missing)}"
        for name, kind in {**self.required, **self.optional}.items():
            value = said.get(name)
            if (value is None and name in self.optional) or TYPES[kind](value):
                continue
            return "invalid_parameter", f"{name} of {self.name} is not of the data type {kind}"
        return "", ""


def catalogue(dialect: str) -> dict[str, Action]:
    """The actions of a dialect by name."""
    return {each.name: each for each in ACTIONS if dialect == "deployed" or not each.deployed}


_SERVER = {"server_id": "str"}
_PLAYER = {"player_id": "str"}
_BACKUP = {"backup_id": "str"}

ACTIONS = (
    # The agent itself
    Action(name="list_actions", description="Lists the supported actions"),
    Action(name="ping", description="Answers with the agent's time"),
    Action(name="version", description="Tells the agent's version and platform"),
    Action(name="uptime", description="Tells for how many seconds the agent has been running"),
    Action(name="whoami", description="Tells who is logged in", deployed=True),
    Action(
        name="subscribe",
        description="Has events of a topic sent to this connection",
        required={"topic": "str"},
        deployed=True,
    ),
    Action(
        name="unsubscribe",
        description="Has events of a topic sent no longer",
        required={"topic": "str"},
        deployed=True,
    ),
    Action(
        name="system_information",
        description="Measures the machine: processor, memory, disk",
        takes=(0.05, 0.05),
    ),
    Action(name="statistics", description="Tells the figures that the statistics event carries"),
    Action(
        name="agent_update",
        description="Installs another version of the agent",
        required={"version": "str"},
        optional={"force": "bool"},
        cloud_controller_only=True,
    ),
    Action(
        name="agent_shutdown", description="Ends the agent's service", cloud_controller_only=True
    ),
    Action(
        name="credentials_set",
        description="Replaces the credentials of a user",
        required={"username": "str", "password": "str"},
        cloud_controller_only=True,
    ),
    # Game servers
    Action(name="servers", description="Lists the game servers"),
    Action(name="server_info", description="Describes one game server", required=_SERVER),
    Action(name="server_start", description="Starts a game server", required=_SERVER),
    Action(
        name="server_stop",
        description="Stops a game server; its players leave",
        required=_SERVER,
        optional={"reason": "str"},
    ),
    Action(
        name="server_restart",
        description="Restarts a game server, and tells when it runs again",
        required=_SERVER,
        optional={"reason": "str"},
    ),
    Action(
        name="server_create",
        description="Sets up a game server, which is stopped at first",
        required={"name": "str"},
        optional={"map": "str", "max_players": "int", "config": "map"},
    ),
    Action(name="server_delete", description="Removes a stopped game server", required=_SERVER),
    Action(name="config_get", description="Reads a game server's settings", required=_SERVER),
    Action(
        name="config_set",
        description="Merges values into a game server's settings",
        required={**_SERVER, "values": "map"},
    ),
    Action(
        name="logs",
        description="Reads the latest lines of a game server's log",
        required=_SERVER,
        optional={"limit": "int"},
    ),
    # Players
    Action(
        name="players",
        description="Lists who plays, everywhere or on one game server",
        optional=_SERVER,
    ),
    Action(name="player_info", description="Describes one player", required=_PLAYER),
    Action(
        name="player_kick",
        description="Throws a player off their game server",
        required=_PLAYER,
        optional={"reason": "str"},
    ),
    Action(
        name="player_ban",
        description="Throws a player off, and lets them in no more",
        required=_PLAYER,
        optional={"reason": "str"},
    ),
    Action(name="player_unban", description="Lifts a player's ban", required=_PLAYER),
    Action(name="bans", description="Lists who is banned"),
    Action(
        name="player_message",
        description="Shows a message to one player",
        required={**_PLAYER, "message": "str"},
    ),
    Action(
        name="broadcast",
        description="Shows a message to everybody who plays, or to all on one game server",
        required={"message": "str"},
        optional=_SERVER,
    ),
    # Schedules and backups
    Action(name="schedules", description="Lists what is done regularly"),
    Action(
        name="schedule_add",
        description="Has a game server restarted every so many seconds",
        required={**_SERVER, "every": "int"},
        optional={"enabled": "bool"},
    ),
    Action(
        name="schedule_remove",
        description="Does something regularly no longer",
        required={"schedule_id": "str"},
    ),
    Action(name="backups", description="Lists the backups", optional=_SERVER),
    Action(
        name="backup_create",
        description="Backs a game server's settings up",
        required=_SERVER,
        optional={"label": "str"},
        takes=(0.3, 1.0),
    ),
    Action(
        name="backup_restore",
        description="Puts the settings of a backup in place again",
        required=_BACKUP,
        takes=(0.3, 1.0),
    ),
    Action(
        name="backup_delete",
        description="Removes backups",
        required={"backup_ids": "list"},
    ),
)
