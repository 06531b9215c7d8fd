"""Ways to make a fault out of a bug, a reaction, a rhythm or a habit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.mutants.stella_agents.bugs import Bug, Cue, Reaction, Trouble
from tests.mutants.stella_agents.model import Fault, Style

__all__ = ["bugged", "habit", "polling", "pulse", "reacting", "restyled", "suffering"]


def bugged(name: str, bug: Bug, section: str, **more: Any) -> Fault:
    """A style that suffers from ``bug``."""
    return Fault(name=name, summary=bug.value, section=section, reshape=suffering(bug), **more)


def suffering(bug: Bug, **changes: Any) -> Callable[[Style], Style]:
    """Adds ``bug``, and changes other members."""
    return lambda style: replace(style, bugs=style.bugs | {bug}, **changes)


def restyled(**changes: Any) -> Callable[[Style], Style]:
    """Changes members of a style."""
    return lambda style: replace(style, **changes)


def reacting(name: str, trouble: Trouble, reaction: Reaction, cue: Cue, **more: Any) -> Fault:
    """A style that does not live through ``trouble``."""
    return Fault(
        name=name,
        summary=f"after {trouble.value}, {reaction.value}",
        cue=cue,
        reshape=lambda style: replace(style, reactions={**style.reactions, trouble: reaction}),
        **more,
    )


def pulse(name: str, summary: str, *, implied: bool = False, **changes: Any) -> Fault:
    """A style with another rhythm of heartbeats."""
    return Fault(
        name=name,
        summary=summary,
        section="Send Heartbeat",
        implied=implied,
        reshape=lambda style: replace(style, pulse=replace(style.pulse, **changes)),
    )


def polling(name: str, summary: str, *, implied: bool = True, **changes: Any) -> Fault:
    """A style with another rhythm of polls."""
    return Fault(
        name=name,
        summary=summary,
        section="Get Pending Tasks",
        implied=implied,
        reshape=lambda style: replace(style, polling=replace(style.polling, **changes)),
    )


def habit(name: str, summary: str, *, cue: Cue = Cue.PLAIN, **changes: Any) -> Fault:
    """Our own WebSocket client with another habit."""
    return Fault(
        name=name,
        summary=summary,
        section="Task Stream",
        cue=cue,
        reshape=lambda style: replace(style, habits=replace(style.habits, **changes)),
    )
