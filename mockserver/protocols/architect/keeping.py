"""The actions about what is kept for later: schedules and backups."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from mockserver.protocols.architect.finding import ActionError, Handler, Said, in_state, server_of
from mockserver.protocols.architect.host import Host
from mockserver.protocols.architect.things import Backup

__all__ = ["HANDLERS"]

_SHORTEST, _LONGEST = 10, 366 * 86400
"""Seconds between two turns of a schedule."""


def _schedules(host: Host, _: Said) -> dict[str, Any]:
    return {"schedules": [schedule.view() for schedule in host.schedules.values()]}


def _schedule_add(host: Host, said: Said) -> dict[str, Any]:
    server, every = server_of(host, said), said["every"]
    if not _SHORTEST <= every <= _LONGEST:
        raise ActionError(
            "invalid_parameter", f"every is from {_SHORTEST} to {_LONGEST}, not {every}"
        )
    return {"schedule": host.plan(server, every, enabled=said.get("enabled") is not False).view()}


def _schedule_remove(host: Host, said: Said) -> dict[str, Any]:
    schedule = host.schedules.pop(said["schedule_id"], None)
    if schedule is None:
        raise ActionError("not_found", f"there is no schedule {said['schedule_id']!r}")
    return {"schedule": schedule.view()}


def _backups(host: Host, said: Said) -> dict[str, Any]:
    asked = said.get("server_id")
    found = [each for each in host.backups.values() if asked in (None, each.server_id)]
    return {"backups": [backup.view() for backup in found]}


def _backup_create(host: Host, said: Said) -> dict[str, Any]:
    server = server_of(host, said)
    backup = Backup(
        backup_id=host.new_id(),
        server_id=server.server_id,
        label=said.get("label") or f"backup of {server.name}",
        made=host.now(),
        config=deepcopy(server.config),
    )
    host.backups[backup.backup_id] = backup
    host.tell("backups", "backup_created", backup=backup.view())
    return {"backup": backup.view()}


def _backup_restore(host: Host, said: Said) -> dict[str, Any]:
    backup = host.backups.get(said["backup_id"])
    if backup is None:
        raise ActionError("not_found", f"there is no backup {said['backup_id']!r}")
    server = in_state(server_of(host, {"server_id": backup.server_id}), "stopped")
    server.config = deepcopy(backup.config)
    host.tell("backups", "backup_restored", backup=backup.view())
    return {"backup": backup.view(), "server": host.view(server)}


def _backup_delete(host: Host, said: Said) -> dict[str, Any]:
    wanted = [each for each in said["backup_ids"] if isinstance(each, str)]
    removed = [each for each in wanted if host.backups.pop(each, None) is not None]
    return {"removed": removed}


HANDLERS: Mapping[str, Handler] = {
    "schedules": _schedules,
    "schedule_add": _schedule_add,
    "schedule_remove": _schedule_remove,
    "backups": _backups,
    "backup_create": _backup_create,
    "backup_restore": _backup_restore,
    "backup_delete": _backup_delete,
}
