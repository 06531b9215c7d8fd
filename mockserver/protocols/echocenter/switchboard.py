"""Who is connected, and whom a message reaches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mockserver.coordinator import Connection
from mockserver.protocols.echocenter.accounts import Account

__all__ = ["Switchboard"]


class Switchboard:
    """Open connections with those whose they are; one account may have several."""

    def __init__(self) -> None:
        self._lines: dict[int, tuple[Connection, Account]] = {}

    def enter(self, connection: Connection, account: Account) -> None:
        self._lines[connection.number] = (connection, account)

    def leave(self, connection: Connection) -> None:
        self._lines.pop(connection.number, None)

    def owner(self, connection: Connection) -> Account | None:
        """Whose connection that is, or `None` where it is no longer there."""
        entry = self._lines.get(connection.number)
        return entry[1] if entry else None

    def of(self, account: Account) -> list[Connection]:
        return [connection for connection, owner in self._lines.values() if owner is account]

    def people(self) -> list[Connection]:
        """The dashboards."""
        return [connection for connection, owner in self._lines.values() if owner.is_person]

    def all_but(self, account: Account) -> list[Connection]:
        return [connection for connection, owner in self._lines.values() if owner is not account]

    def is_online(self, account: Account) -> bool:
        return any(owner is account for _, owner in self._lines.values())

    def presence(self, accounts: Iterable[Account]) -> list[dict[str, Any]]:
        """Those of them who are connected, and on how many connections."""
        counted = [(account, len(self.of(account))) for account in accounts]
        return [
            {
                "id": account.id,
                "username": account.username,
                "role": account.role,
                "connections": count,
            }
            for account, count in counted
            if count
        ]
