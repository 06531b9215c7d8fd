"""What is not plain about an answer, or about a message on the WebSocket. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tests.mutants.caxton_agents.bugs import Trouble
from tests.mutants.caxton_agents.model import Answer, Json, Memory

__all__ = ["STATES", "crossed", "heard", "is_event", "troubles_of"]

LATE: Final = 0.25
"""Seconds after which an answer is a late one."""

_WORDS: Final = (
    "loaded running draining stopped failed unloaded updating removed delivered created "
    "distributed in_progress completed initializing rolling_back rolled_back"
)
STATES: Final = frozenset(_WORDS.split())
_OFFSET: Final = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d")
_STATUSES: Final[Mapping[int, Trouble]] = {
    202: Trouble.ACCEPTED,
    0: Trouble.DROPPED,
    400: Trouble.INVALID,
    401: Trouble.UNAUTHORIZED,
    403: Trouble.FORBIDDEN,
    404: Trouble.GONE,
    409: Trouble.CONFLICT,
    429: Trouble.RATE,
    500: Trouble.BROKEN,
    503: Trouble.BUSY,
    599: Trouble.GARBLED,
}
_TYPES: Final = (
    "agent.deployed agent.failed agent.stopped agent.removed message.sent task.completed "
    "system.alert subscribed unsubscribed"
)
_EVENTS: Final = frozenset(_TYPES.split())


def troubles_of(answer: Answer, took: float) -> Iterator[Trouble]:
    """What is not plain about ``answer``."""
    if answer.status in _STATUSES:
        yield _STATUSES[answer.status]
    if took > LATE:
        yield Trouble.SLOW
    if any(value is None for value in answer.data.values()):
        yield Trouble.NULLS
    if any(name.startswith("x_") for name in answer.data):
        yield Trouble.EXTRA
    if any(answer.data.get(name) == [] for name in ("agents", "messages")):
        yield Trouble.EMPTY
    if answer.text("status") not in {"", *STATES}:
        yield Trouble.STATE
    if any(_OFFSET.fullmatch(answer.text(name)) for name in answer.data):
        yield Trouble.OFFSET
    if answer.bare:
        yield Trouble.BARE


def crossed(items: Sequence[Mapping[str, Json]], memory: Memory) -> Iterator[Trouble]:
    """What is not plain about the replies among the messages of a history."""
    for item in items:
        told = item.get("in_reply_to")
        if not isinstance(told, str) or not told:
            continue
        if told not in memory.asked:
            yield Trouble.STRAY
        elif told in memory.awaited[1:]:
            yield Trouble.CROSSED
        memory.awaited = [each for each in memory.awaited if each != told]


def is_event(message: Any) -> bool:
    """Whether a JSON ``message`` is an event that the document knows, not an acknowledgement."""
    kind = message.get("type") if isinstance(message, dict) else None
    return kind in _EVENTS - {"subscribed", "unsubscribed"}


def heard(message: Any) -> Iterator[Trouble]:
    """What is not plain about a JSON ``message``."""
    if not isinstance(message, dict):
        yield Trouble.NO_OBJECT
        return
    kind = message.get("type")
    if not isinstance(kind, str):
        yield Trouble.UNTYPED
    elif kind not in _EVENTS:
        yield Trouble.EVENT
    elif kind == "system.alert":
        yield Trouble.ALERT
    elif kind == "agent.failed":
        yield Trouble.FAILED
    if any(name.startswith("x_") for name in message):
        yield Trouble.SURPLUS
