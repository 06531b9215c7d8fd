"""Who is on which connection of a mock, as a scenario names them. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from mockserver.transcript import Frame
from schemas.arazzo.model import Step

__all__ = ["Lines"]


@dataclass(slots=True)
class Lines:
    """Who is on which connection, and what was said there that nobody has had."""

    clients: dict[int, str] = field(default_factory=dict)
    channels: dict[int, str] = field(default_factory=dict)
    names: dict[tuple[str, str], int] = field(default_factory=dict)
    unread: deque[Frame] = field(default_factory=lambda: deque(maxlen=1000))

    def fits(self, step: Step, number: int) -> bool:
        """May that connection be the one of a step?"""
        if step.channel is None or self.channels.get(number) != step.channel.id:
            return False
        if self.clients.get(number) != step.client:
            return False
        known = self.names.get((step.client, step.connection or step.channel.id))
        if known is not None and known in self.clients:
            return known == number
        return number not in self.names.values()

    def bind(self, step: Step, number: int) -> None:
        assert step.channel is not None
        self.names[step.client, step.connection or step.channel.id] = number

    def of(self, step: Step) -> list[int]:
        return [number for number in self.clients if self.fits(step, number)]
