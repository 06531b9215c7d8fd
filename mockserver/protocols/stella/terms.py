"""How long things last, and what an agent is told of it when it registers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mockserver.protocols.stella import arguments

__all__ = ["MISSED", "Terms"]

MISSED = 3
"""Intervals without a heartbeat after which an agent is offline."""

_HOUR = 3600
_DAY = 24 * _HOUR

_SECONDS = {
    "heartbeatInterval": "heartbeat_interval",
    "taskPollInterval": "task_poll_interval",
    "certificateLifetime": "certificate_lifetime",
    "renewBefore": "renew_before",
    "tokenLifetime": "token_lifetime",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """All in seconds but the level. The intervals are those of the document's example."""

    heartbeat_interval: float = 30
    task_poll_interval: float = 5
    log_level: str = "info"
    certificate_lifetime: float = _DAY
    """A day: they are "short-lived (24h)"."""
    renew_before: float = _HOUR
    """Of its end: a renewal comes "within 1 hour of expiration"."""
    token_lifetime: float = _DAY
    """From its minting on."""

    def config(self) -> dict[str, Any]:
        """What an agent is told, once and for all: nothing in the protocol changes it later."""
        return {
            "heartbeatInterval": self.heartbeat_interval,
            "taskPollInterval": self.task_poll_interval,
            "logLevel": self.log_level,
        }

    def changed(self, said: Mapping[str, Any]) -> Terms:
        """Others, as a command says. Raises `ValueError` or `TypeError` for what it cannot say."""
        unknown = sorted(said.keys() - _SECONDS.keys() - {"logLevel"})
        if unknown:
            known = ", ".join([*_SECONDS, "logLevel"])
            raise ValueError(f"there is no {', '.join(unknown)} to configure; there are {known}")
        changes: dict[str, Any] = {
            own: arguments.seconds(said, name) for name, own in _SECONDS.items() if name in said
        }
        if "logLevel" in said:
            changes["log_level"] = arguments.text(said, "logLevel")
        return replace(self, **changes)

    def view(self) -> dict[str, Any]:
        """Under the names that the command takes."""
        told = {name: getattr(self, own) for name, own in _SECONDS.items()}
        return {**told, "logLevel": self.log_level}
