"""Who may come in: the accounts of an Architect Agent, and what it thinks of failed log-ins."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence

from mockserver.coordinator import Accepted, Answer
from mockserver.world import World

__all__ = ["VERSION", "Door", "is_token"]

VERSION = "SMP1.0"
"""The sub-protocol that is selected: neither of the two secrets that are offered beside it."""

_FAILURES = 10
_WITHIN = 60.0

_NO_TOKEN = re.compile(r"[^A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""What an HTTP token cannot hold, and a name in that header must be one."""

_CHALLENGE = {"WWW-Authenticate": f'{VERSION} realm="Architect Agent"'}


def is_token(text: str) -> bool:
    """Can it stand in that header as it is?"""
    return bool(text) and not _NO_TOKEN.search(text)


class Door:
    """Names and passwords. `locks` says whether too many failures lock a name out, and
    `signs` end the names and passwords of new accounts.
    """

    def __init__(self, world: World, username: str, password: str, *, locks: bool) -> None:
        self._world = world
        self._locks = locks
        self.passwords = {username: password}
        self.signs = ""
        self.failed = 0
        """Log-ins that failed, since the beginning."""
        self._failures: dict[str, deque[float]] = {}

    def enrol(self, name: str) -> tuple[str, str]:
        """An account for that name: its user name, which fits into a header, and its password."""
        username = _NO_TOKEN.sub("-", name + self.signs)
        if username not in self.passwords:
            self.passwords[username] = self._world.uuid().replace("-", "") + self.signs
        return username, self.passwords[username]

    def admit(self, offered: Sequence[str]) -> Accepted | Answer:
        """Let in who offers the version, a user name and their password, in that order.

        "Any connection, without providing the authentication header will be blocked": with 401,
        before the upgrade.
        """
        username = offered[1] if len(offered) > 1 else ""
        wait = self._locked_for(username)
        if wait > 0:
            return _refused(429, "too many failed log-ins", **{"Retry-After": str(int(wait) + 1)})
        reason = self._wrong(offered)
        if not reason:
            return Accepted(principal=username, subprotocol=VERSION)
        self.failed += 1
        self._failures.setdefault(username, deque(maxlen=_FAILURES)).append(self._now())
        return _refused(401, reason, **_CHALLENGE)

    def _wrong(self, offered: Sequence[str]) -> str:
        if not offered:
            return "the header Sec-WebSocket-Protocol is missing"
        if offered[0] != VERSION:
            return f"the first sub-protocol is not {VERSION}"
        if len(offered) != 3:
            return f"{VERSION} is followed by a user name and a password, and by nothing else"
        known = self.passwords.get(offered[1])
        return "" if known == offered[2] else "unknown user name or wrong password"

    def _locked_for(self, username: str) -> float:
        """Seconds until a name may try again: its tenth-last failure must be a minute ago."""
        failures = self._failures.get(username)
        if not self._locks or failures is None or len(failures) < _FAILURES:
            return 0.0
        return failures[0] + _WITHIN - self._now()

    def _now(self) -> float:
        return self._world.clock.now()


def _refused(status: int, reason: str, **headers: str) -> Answer:
    return Answer(status=status, body={"error": reason}, headers=headers)
