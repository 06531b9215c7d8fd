"""Who must be told of what by a Caxton coordinator, and who must not, after all that was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["INTERESTS", "Event", "Interest", "State"]

State = Literal["running", "draining", "stopped", "unsure"]
"""What an agent is. One that drains may be stopped already; one that did not run in time is still
coming, or never will.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened: a deployment, or a message to one of the case's agents."""

    kind: Literal["agent.deployed", "message.sent"]
    performative: str = ""
    receiver: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """What a subscription asks for: `events` by their types, or messages by `performatives` or by
    the places of the `agents` that have to do with them.
    """

    events: Sequence[str] = ()
    performatives: Sequence[str] = ()
    agents: Sequence[int] = ()

    def wants(self, event: Event, ids: Mapping[int, str]) -> bool | None:
        """Must it be told? `None` where that is left open: `ids` are the agents by their places,
        and whether an agent's name alone counts, as the receiver's, is unsaid.
        """
        if self.events:
            return event.kind in self.events or f"{event.kind.partition('.')[0]}.*" in self.events
        if event.kind != "message.sent":
            return False
        if self.performatives:
            return event.performative in self.performatives
        return None if event.receiver in {ids.get(place) for place in self.agents} else False


INTERESTS: Sequence[Interest] = (
    Interest(events=("message.sent",)),
    Interest(events=("agent.deployed",)),
    Interest(events=("agent.*",)),
    Interest(events=("task.completed", "message.sent")),
    Interest(performatives=("inform",)),
    Interest(performatives=("propose", "request")),
    Interest(agents=(0, 1)),
)
