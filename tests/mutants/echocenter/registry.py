"""Who exists: ids, tokens, hints. No input or output."""

from __future__ import annotations

import base64
import random
import string
import uuid
from typing import TYPE_CHECKING, Literal

from .model import Obj, Principal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .reading import Reading

__all__ = ["Registry"]

_BUTLER = "Butler"


class Registry:
    """The principals of one server, in the order of their creation."""

    def __init__(self, reading: Reading) -> None:
        """Two humans, one agent, and a Butler where the reading has one."""
        self.reading = reading
        self._chance = random.Random(f"echo {reading.summary}")
        self._next = reading.first_id
        self._connections = 0
        self.everyone: list[Principal] = []
        self._visited: set[str] = set()
        self.admin = self.add("admin", "human", role="ADMIN")
        self.operator = self.add("operator", "human", role="MEMBER")
        self.existing = self.add("Existing-Agent", "agent")
        self.butler: Principal | None = None
        if reading.butler is not None:
            self.butler = self.add(_BUTLER, "agent", role="BUTLER")

    def add(self, name: str, kind: Literal["human", "agent"], *, role: str = "AGENT") -> Principal:
        """Store a new principal with a fresh id and token."""
        who = Principal(id=self.new_id(), name=name, kind=kind, token=self.new_token(), role=role)
        self.everyone.append(who)
        return who

    def new_id(self) -> int:
        """The next id."""
        fresh, self._next = self._next, self._next + self.reading.id_step
        return fresh

    def came(self, who: Principal, *, elsewhere: bool) -> None:
        """Somebody connects, who may be connected `elsewhere` and keeps its number then."""
        back, numbers = who.token in self._visited, self.reading.numbers
        self._visited.add(who.token)
        if not elsewhere and (numbers == "of_connections" or (numbers == "anew" and back)):
            self._connections += 1
            who.id = self._connections if numbers == "of_connections" else self.new_id()

    def new_token(self) -> str:
        """Unique, and safe in a query without escapes."""
        raw = self._chance.randbytes(24)
        match self.reading.tokens:
            case "hex":
                return raw.hex()
            case "uuid":
                return str(uuid.UUID(bytes=raw[:16], version=4))
            case "prefixed":
                return "ec_live_" + _url64(raw)
            case "jwt":
                head = _url64(b'{"alg":"HS256","typ":"JWT"}')
                return f"{head}.{_url64(raw[:12])}.{_url64(raw[12:])}"
            case "short":
                letters = string.ascii_letters + string.digits
                return "".join(self._chance.choice(letters) for _ in range(12))

    def hint(self, who: Principal) -> str:
        """A few signs of the token, by which its owner knows it again."""
        match self.reading.hint:
            case "tail":
                return "..." + who.token[-4:]
            case "both_ends":
                return f"{who.token[:3]}****{who.token[-3:]}"
            case "head":
                return who.token[:4] + "\u2026"

    def agents(self) -> Iterator[Principal]:
        """Every agent that was registered, the Butler not among them."""
        return (one for one in self.everyone if one.kind == "agent" and one is not self.butler)

    def by_id(self, number: int) -> Principal | None:
        """The principal of that id."""
        return next((one for one in self.everyone if one.id == number), None)

    def by_name(self, name: str) -> Principal | None:
        """The latest agent of that name."""
        found = [one for one in self.agents() if one.name == name]
        return found[-1] if found else None

    def by_token(self, token: str | None) -> Principal | None:
        """Whose token it is."""
        if not token:
            return None
        return next(
            (one for one in self.everyone if one.token == token and one is not self.butler), None
        )

    def described(self, who: Principal) -> Obj:
        """A principal as REST shows it, without the token."""
        told = {} if self.reading.numbers == "of_connections" else {self.reading.id_key: who.id}
        return {**told, "username": who.name, "role": who.role}


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
