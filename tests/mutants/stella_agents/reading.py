"""Complaints, and how a request is told from another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tests.mutants.stella_agents.model import What
from tests.mutants.stella_agents.record import Seen
from tests.mutants.stella_agents.rehearsal import Story

__all__ = ["Complaint", "beats", "kind_of", "plain", "suspected"]


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something wrong. ``implied``: only plain reading says so."""

    text: str
    implied: bool


def plain(text: str) -> Complaint:
    """What the document says or shows is broken."""
    return Complaint(text, implied=False)


def suspected(text: str) -> Complaint:
    """What follows from it by plain reading is broken."""
    return Complaint(text, implied=True)


_ROUTES: Final = (
    (What.REGISTER, "POST", r"/register"),
    (What.HEARTBEAT, "POST", r"/{id}/heartbeat"),
    (What.POLL, "GET", r"/{id}/tasks"),
    (What.COMPLETE, "POST", r"/{id}/tasks/[^/]+/complete"),
    (What.STREAM, "GET", r"/{id}/task-stream"),
    (What.GET, "GET", r"/{id}"),
    (What.UPDATE, "PUT", r"/{id}"),
    (What.DELETE, "DELETE", r"/{id}"),
)


def kind_of(story: Story, seen: Seen) -> What | None:
    """What a request asks; None where no route of this agent fits."""
    rest = seen.path.removeprefix("/api/v1/agents")
    if rest == seen.path:
        return None
    for kind, method, route in _ROUTES:
        pattern = route.replace("{id}", re.escape(story.stage.agent_id))
        if seen.method == method and re.fullmatch(pattern, rest):
            return kind
    return None


def beats(story: Story) -> list[float]:
    """When heartbeats came."""
    return [seen.at for seen in story.stage.seen if kind_of(story, seen) is What.HEARTBEAT]
