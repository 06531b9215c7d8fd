"""Who is on which connection of a mock, as a scenario names them. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from mockserver.scenario.acts import Sight
from mockserver.transcript import Frame
from schemas.arazzo.model import Step

__all__ = ["Lines"]


@dataclass(slots=True)
class Lines:
    """Who is on which connection, and what was said there that nobody has had.

    `handshakes` are what was seen when they were opened, `over` those that have ended: they are
    still the ones on which the last words were said.
    """

    clients: dict[int, str] = field(default_factory=dict)
    channels: dict[int, str] = field(default_factory=dict)
    handshakes: dict[int, Sight] = field(default_factory=dict)
    names: dict[tuple[str, str], int] = field(default_factory=dict)
    over: set[int] = field(default_factory=set)
    unread: deque[Frame] = field(default_factory=lambda: deque(maxlen=1000))

    def open(self, number: int, client: str, channel: str, handshake: Sight) -> None:
        self.clients[number] = client
        self.channels[number] = channel
        self.handshakes[number] = handshake

    def fits(self, step: Step, number: int) -> bool:
        """May that connection be the one of a step?"""
        if step.channel is None or self.channels.get(number) != step.channel.id:
            return False
        if self.clients.get(number) != step.client:
            return False
        known = self.names.get(_name(step))
        if number in self.over:
            return step.action == "receive" and known == number
        if known is not None and known not in self.over:
            return known == number
        return number not in self.names.values()

    def bind(self, step: Step, number: int) -> None:
        self.names[_name(step)] = number

    def of(self, step: Step) -> list[int]:
        """The open connections that may be the one of a step."""
        return [each for each in self.clients if each not in self.over and self.fits(step, each)]

    def named(self, client: str, name: str) -> list[int]:
        """The open connections of a client: the one of that name, or all without one."""
        known = self.names.get((client, name))
        wanted = [known] if name else [each for each, who in self.clients.items() if who == client]
        return [each for each in wanted if each is not None and each not in self.over]


def _name(step: Step) -> tuple[str, str]:
    channel = step.channel.id if step.channel else ""
    return step.client, step.connection or channel
