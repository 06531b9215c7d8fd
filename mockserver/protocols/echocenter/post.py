"""What becomes of a message: whom it reaches, with whose name on it, and what is kept of it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from mockserver.coordinator import Connection, Heard
from mockserver.protocols.echocenter.accounts import Account, Accounts
from mockserver.protocols.echocenter.butler import Butler
from mockserver.protocols.echocenter.dialects import Dialect, Envelope
from mockserver.protocols.echocenter.switchboard import Switchboard
from mockserver.world import World, iso

__all__ = ["Post"]

_LOGS = 200
_LOST = 100
"""Logs, and messages that reached nobody, that are kept; older ones make room."""


class Post:
    """Takes what is said, and has it said to those whom it is for. `say` is the coordinator's."""

    def __init__(
        self,
        world: World,
        accounts: Accounts,
        dialect: Dialect,
        say: Callable[[Connection, Any], None],
    ) -> None:
        self._world = world
        self._accounts = accounts
        self._dialect = dialect
        self._say = say
        self.board = Switchboard()
        self.butler = Butler()
        self.taken = 0
        """Messages that went anywhere, ever: each has its own number."""
        self.counts: Counter[str] = Counter()
        self.logs: deque[dict[str, Any]] = deque(maxlen=_LOGS)
        self.undelivered: deque[dict[str, Any]] = deque(maxlen=_LOST)
        self.ignored: deque[dict[str, Any]] = deque(maxlen=_LOST)

    def take(self, sender: Account, heard: Heard) -> None:
        """One well-formed message of a client."""
        reason = self._objection(heard)
        if reason:
            self.ignore(sender, heard.data, reason)
        else:
            self._ways[heard.message](self, sender, heard.data)

    def ignore(self, sender: Account, said: Any, reason: str) -> None:
        """No error frames are documented: what is ignored shows in the state alone."""
        self.counts["ignored"] += 1
        kind = said.get("type") if isinstance(said, dict) else None
        now = iso(self._world.clock.now())
        self.ignored.append(
            {"sender": sender.username, "type": kind, "reason": reason, "timestamp": now}
        )

    def pass_on(self, sender: Account, said: Mapping[str, Any]) -> int:
        """Have a message delivered, and return how many connections of its receivers it reaches.

        Whatever it says about its sender counts for nothing.
        """
        target_id = said.get("target_id") or 0
        everybody = not target_id and self._dialect.broadcasts
        target = self._accounts.get(target_id)
        # "Send a CHAT message back to the sender_id": the Butler needs no connection to get it.
        for_butler = everybody or target is self._accounts.butler
        if everybody:
            hearers = self.board.all_but(sender)
        else:
            hearers = self.board.of(target) if target is not None else []
        if hearers or for_butler:
            self.counts["broadcast" if everybody else "delivered"] += 1
        else:
            self._lose(sender, said, "unknown" if target is None else "offline")
        self._hand_out(sender, target_id, said, hearers)
        if for_butler and said["type"] == "CHAT":
            self.butler.hear(sender, said.get("payload"), self._world.clock.now())
        return len(hearers)

    # The ways of a message, by its name in the AsyncAPI document

    def _log(self, sender: Account, said: Mapping[str, Any]) -> None:
        """Tell every person who is connected: it goes "To Dashboard"."""
        self.counts["logs"] += 1
        log = self._hand_out(sender, 0, said, self.board.people(), echo=False)
        payload = log["payload"]
        kept = payload if isinstance(payload, dict) else {"content": payload}
        self.logs.append(
            {
                "sender_id": sender.id,
                "sender_name": sender.username,
                "level": kept.get("level"),
                "content": kept.get("content"),
                "timestamp": log["timestamp"],
            }
        )

    def _chat(self, sender: Account, said: Mapping[str, Any]) -> None:
        self.pass_on(sender, said)

    def _other(self, sender: Account, said: Mapping[str, Any]) -> None:
        if self._dialect.lenient:
            self.pass_on(sender, said)
        else:
            self.ignore(sender, said, "its type is unknown")

    _ways: ClassVar[Mapping[str, Callable[[Any, Account, Mapping[str, Any]], None]]] = {
        "systemLog": _log,
        "chat": _chat,
        "chatStream": _chat,
        "chatStreamEnd": _chat,
        "clientMessage": _other,
    }

    # What they share

    def _objection(self, heard: Heard) -> str:
        """Why a message goes nowhere, or nothing."""
        if heard.wrong is not None and not self._dialect.lenient:
            return "; ".join(str(violation) for violation in heard.violations)
        said = heard.data
        if not isinstance(said, dict) or not isinstance(said.get("type"), str):
            return "it is no object with a type"
        if not _is_target(said.get("target_id")):
            return "its target_id is no number"
        return ""

    def _hand_out(
        self,
        sender: Account,
        target: int,
        said: Mapping[str, Any],
        hearers: list[Connection],
        *,
        echo: bool = True,
    ) -> dict[str, Any]:
        self.taken += 1
        now = self._world.clock.now()
        wrapped = self._dialect.wrap(Envelope(self.taken, said["type"], sender, target, now, said))
        if echo and self._dialect.echoes and sender.is_person:
            own = [each for each in self.board.of(sender) if each not in hearers]
            hearers = [*hearers, *own]
        for connection in hearers:
            self._say(connection, wrapped)
        return wrapped

    def _lose(self, sender: Account, said: Mapping[str, Any], reason: str) -> None:
        self.counts["undelivered"] += 1
        self.undelivered.append(
            {
                "sender": sender.username,
                "target_id": said["target_id"],
                "type": said["type"],
                "reason": reason,
                "timestamp": iso(self._world.clock.now()),
            }
        )


def _is_target(value: Any) -> bool:
    """A number that names somebody, or nothing. 3.0 is as whole as 3 to JSON Schema."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return True
    return isinstance(value, float) and value.is_integer()
