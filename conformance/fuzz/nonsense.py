"""What nobody should say on a WebSocket, with the requirement that it harm nobody."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.clients.raw import RawSocket
from conformance.fuzz.strategies import Broken
from conformance.fuzz.writing import OddFrame

__all__ = ["Nonsense", "OddRows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Nonsense:
    """A text, bytes of a binary message, or frames; and the requirement that it harm nobody."""

    row: str
    text: str = ""
    data: bytes | None = None
    frames: tuple[OddFrame, ...] = ()

    async def act(self, socket: RawSocket) -> None:
        """Say a text, or the frames."""
        for frame in self.frames:
            await socket.send_bytes(frame.data)
        if not self.frames:
            await socket.send_text(self.text, lawful=False)


@dataclass(frozen=True, slots=True)
class OddRows:
    """The requirements of what is no object, what is of no known type, and what is ill-typed."""

    no_object: str
    no_type: str
    ill_typed: str

    def of_broken(self, broken: Broken) -> Nonsense:
        """A message that breaks one keyword of its schema."""
        if isinstance(broken.value, Mapping) and broken.pointer != "/type":
            return Nonsense(row=self.ill_typed, text=json.dumps(broken.value))
        return self.of_anything(broken.value)

    def of_anything(self, value: Any) -> Nonsense:
        """JSON that is no message."""
        row = self.no_type if isinstance(value, Mapping) else self.no_object
        return Nonsense(row=row, text=json.dumps(value))

    def of_text(self, text: str) -> Nonsense:
        """What is no JSON."""
        return Nonsense(row=self.no_object, text=text)
