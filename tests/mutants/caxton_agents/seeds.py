"""Short ways to write a fault down, and the sections of the document that they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from tests.mutants.caxton_agents.bugs import Bug, Cue, Reaction, Trouble
from tests.mutants.caxton_agents.edits import on
from tests.mutants.caxton_agents.model import Edit, Fault, What

__all__ = ["SECTIONS", "STYLE_OF", "bugged", "habit", "reacting", "spoilt"]

SECTIONS: Final[Mapping[What, str]] = {
    What.DEPLOY: "Deploy Agent",
    What.LIST: "List Agents",
    What.GET: "Get Agent Details",
    What.RELOAD: "Hot Reload Agent",
    What.UPDATE: "Update Agent",
    What.STOP: "Stop Agent",
    What.REMOVE: "Remove Agent",
    What.SEND: "Send Message",
    What.HISTORY: "Query Message History",
    What.TASK: "Create Task",
    What.DISTRIBUTE: "Distribute Task",
    What.PROGRESS: "Get Task Status",
    What.ROLLOUT: "Create Deployment",
    What.MONITOR: "Monitor Deployment",
    What.ROLLBACK: "Rollback Deployment",
    What.SYSTEM: "Get System Metrics",
    What.METRICS: "Get Agent Metrics",
    What.CONNECT: "Subscribe to Messages",
    What.SUBSCRIBE: "Subscription Management",
    What.UNSUBSCRIBE: "Subscription Management",
    What.CALL_DEPLOY: "Deploy Agent",
    What.CALL_LIST: "List Agents",
    What.CALL_SEND: "Send Message",
    What.CALL_WAIT: "Send Message",
}

STYLE_OF: Final[Mapping[What, str]] = {
    What.CALL_DEPLOY: "grpc",
    What.CALL_LIST: "grpc",
    What.CALL_SEND: "grpc",
    What.CALL_WAIT: "grpc",
}
"""Who does what ``full`` does not do."""


def spoilt(what: What, name: str, summary: str, edit: Edit, **more: Any) -> Fault:
    """A fault in each request of one kind."""
    more.setdefault("section", SECTIONS[what])
    more.setdefault("style", STYLE_OF.get(what, "full"))
    return Fault(
        name=f"{what.value}.{name}",
        summary=f"{what.value}: {summary}",
        edit=on(what, edit=edit),
        **more,
    )


def bugged(name: str, bug: Bug, section: str, *, implied: bool = True, **more: Any) -> Fault:
    """A deviation in conduct; nearly always only plain reading forbids it."""
    return Fault(
        name=name,
        summary=bug.value,
        section=section,
        implied=implied,
        reshape=lambda style: replace(style, bugs=style.bugs | {bug}),
        **more,
    )


def reacting(
    name: str, trouble: Trouble, reaction: Reaction, cue: Cue, *, section: str, **more: Any
) -> Fault:
    """A wrong reaction to a trouble."""
    return Fault(
        name=name,
        summary=f"{reaction.value} at {trouble.value} ({cue.value})",
        section=section,
        implied=True,
        cue=cue,
        reshape=lambda style: replace(style, reactions={**style.reactions, trouble: reaction}),
        **more,
    )


def habit(
    name: str, summary: str, *, cue: Cue = Cue.PLAIN, implied: bool = False, **changes: Any
) -> Fault:
    """Our own WebSocket client with another habit."""
    return Fault(
        name=name,
        summary=summary,
        section="Subscribe to Messages",
        cue=cue,
        implied=implied,
        reshape=lambda style: replace(style, habits=replace(style.habits, **changes)),
    )
