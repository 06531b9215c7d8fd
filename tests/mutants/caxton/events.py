"""What happens, and who hears of it."""

from __future__ import annotations

import fnmatch
import json
from typing import TYPE_CHECKING, Any

from .model import Agent, Event, Line, Message, Obj, Subscription

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["about_agent", "about_message", "about_task", "alert", "fits", "say", "tell"]


def about_agent(desk: Desk, kind: str, agent: Agent, op: str = "", **more: Any) -> None:
    """An agent came, went or changed."""
    body = {"type": kind, "agent_id": agent.id, "timestamp": desk.stamp()}
    extra: Obj = {"name": agent.name, "status": agent.state, **more}
    event = Event(body=body, receivers=(agent.id,), senders=(agent.id,), more=extra)
    tell(desk, event, via="grpc" if op == "grpc" else "rest")


def about_message(desk: Desk, message: Message, via: str) -> None:
    """A message was sent."""
    body = {
        "type": "message.sent",
        "message_id": message.id,
        "from": message.sender,
        "to": message.receiver,
        "performative": message.performative,
    }
    more = {"content": message.content, "conversation_id": message.conversation_id, **message.more}
    tell(
        desk,
        Event(body=body, senders=(message.sender,), receivers=(message.receiver,), more=more),
        via=via,
    )


def about_task(desk: Desk, kind: str, task_id: str, agent: Agent, result: str) -> None:
    """A task came to its end."""
    body = {"type": kind, "task_id": task_id, "agent_id": agent.id, "result": result}
    tell(desk, Event(body=body, senders=(agent.id,), receivers=(agent.id,)))


def alert(desk: Desk, severity: str, message: str, details: Obj) -> None:
    """Something about the system as a whole."""
    body = {"type": "system.alert", "severity": severity, "message": message, "details": details}
    tell(desk, Event(body=body))


def tell(desk: Desk, event: Event, via: str = "rest") -> None:
    """Tell everybody who asked for it."""
    occurred: list[Event] = desk.bent("events", [event], event=event, via=via)
    for one in occurred:
        for line in [*desk.lines]:
            _told(desk, one, line)


def _told(desk: Desk, event: Event, line: Line) -> None:
    fitting = [one for one in line.subscriptions.values() if fits(desk, event, one)]
    fitting = desk.bent("event.fitting", fitting, event=event, line=line)
    for subscription in fitting if desk.reading.repeated else fitting[:1]:
        body = dict(event.body)
        if desk.reading.event_extras:
            body |= {"subscription_id": subscription.id, "timestamp": desk.stamp(), **event.more}
        body = desk.bent("event.body", body, event=event, line=line)
        say(desk, line, body)


def say(desk: Desk, line: Line, body: Any) -> None:
    """One frame."""
    frame: str | bytes = json.dumps(body, ensure_ascii=True)
    line.send(desk.bent("event.frame", frame, body=body, line=line))


def fits(desk: Desk, event: Event, asked: Subscription) -> bool:
    """Whether a subscription asks for an event."""
    if asked.events is None:
        kind = asked.agents is None and asked.performatives is None and asked.ids is None
        typed = kind or event.type == "message.sent"
    else:
        typed = any(_globbed(desk, event.type, pattern) for pattern in asked.events)
    filtered = _filtered(desk, event, asked)
    return desk.bent("event.fits", typed and filtered, event=event, asked=asked, typed=typed)


def _globbed(desk: Desk, kind: str, pattern: str) -> bool:
    if desk.reading.glob == "prefix" and pattern != "*":
        whole = pattern.removesuffix("*")
        return kind.startswith(whole) if pattern.endswith(".*") else kind == pattern
    return fnmatch.fnmatchcase(kind, pattern)


def _filtered(desk: Desk, event: Event, asked: Subscription) -> bool:
    holds: list[bool] = []
    if asked.agents is not None:
        holds.append(_concerns(desk, event, asked.agents))
    if asked.performatives is not None:
        spoken = event.body.get("performative")
        holds.append(event.type != "message.sent" or spoken in asked.performatives)
    wanted = not holds or (all(holds) if desk.reading.combine == "and" else any(holds))
    return wanted and (asked.ids is None or _concerns(desk, event, asked.ids))


def _concerns(desk: Desk, event: Event, agents: tuple[str, ...]) -> bool:
    if not event.senders and not event.receivers:
        return desk.reading.agentless == "pass"
    match desk.reading.agent_match:
        case "sender":
            whom = event.senders
        case "receiver":
            whom = event.receivers
        case _:
            whom = (*event.senders, *event.receivers)
    return any(one in agents for one in whom)
