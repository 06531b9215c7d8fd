"""The smallest coordinator with a channel: it says back what it hears."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.coordinator import (
    Accepted,
    Answer,
    Connection,
    Coordinator,
    Handshake,
    Heard,
    Refusal,
    commands,
)

__all__ = ["Parrot"]


class Parrot(Coordinator):
    """Lets in whoever has a token but `wrong`; what begins with `!` it obeys."""

    heard: list[Heard]
    gone: list[int]

    def admit(self, handshake: Handshake) -> Accepted | Answer:
        token = handshake.query.get("token", "")
        if token == "wrong":
            return Answer(status=401, body={"error": "no"})
        chosen = next(iter(handshake.subprotocols), "")
        return Accepted(principal=token, subprotocol=chosen)

    def opened(self, connection: Connection, handshake: Handshake) -> None:
        self.__dict__.setdefault("heard", [])
        self.__dict__.setdefault("gone", [])
        self.alarm: float | None = None
        del handshake
        if connection.principal == "greeted":
            self.say(connection, {"type": "HELLO"})

    def hear(self, connection: Connection, heard: Heard) -> None:
        self.heard.append(heard)
        said = heard.data
        order = said.get("payload") if isinstance(said, dict) else None
        if order == "!end":
            self.end(connection, 4001, "as you wish")
        elif order == "!vanish":
            self.end(connection, None)
        elif order == "!alarm":
            self.alarm = self.world.clock.now() + 0.05
            self.sleeper = connection
        else:
            wrong = heard.wrong.name if heard.wrong else None
            self.say(connection, {"type": "ECHO", "said": said, "wrong": wrong})

    def closed(self, connection: Connection) -> None:
        self.gone.append(connection.number)

    def due(self) -> float | None:
        return getattr(self, "alarm", None)

    def tick(self) -> None:
        self.alarm = None
        self.say(self.sleeper, {"type": "RING"})

    @commands("shout")
    def shout(self, said: Mapping[str, Any]) -> Any:
        if "text" not in said:
            raise ValueError("shout what?")
        return {"shouted": said["text"]}

    def refuse(self, refusal: Refusal) -> Answer:
        return Answer(status=404, body={"error": refusal.wrong.value})

    def failure(self, status: int, reason: str, operation: str = "") -> Answer:
        return Answer(status=status, body={"error": reason, "at": operation})

    def state(self) -> dict[str, Any]:
        return {"heard": len(self.heard)}
