"""Looking back at messages."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from . import bodies, shapes
from .model import Answer, Message, Obj, Turn
from .roster import counted, limit_of

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["query"]


def query(turn: Turn) -> Answer:
    """The messages, or those of a conversation, a page at a time."""
    desk, asked = turn.desk, turn.call.query
    limit = limit_of(desk, counted(desk, asked, "limit", desk.reading.default_limit, 1))
    conversation = asked.get("conversation_id")
    known = [*desk.messages]
    chosen = [one for one in known if conversation in (None, one.conversation_id)]
    chosen = desk.bent("history.chosen", chosen, conversation=conversation, all=known)
    if desk.reading.newest_first:
        chosen.reverse()
    start = _start(desk, asked.get(desk.reading.cursor), chosen)
    shown = chosen[start : start + limit]
    shown = desk.bent("history.page", shown, chosen=chosen, start=start, limit=limit)
    total = len(chosen) if desk.reading.total == "filtered" else len(known)
    body: Obj = {"messages": [_row(desk, one) for one in shown], "total": total}
    body["total"] = desk.bent("history.total", total, shown=shown, all=known)
    more = start + limit < len(chosen)
    _mark(desk, body, chosen[start + limit - 1] if more else None, start)
    return shapes.good(desk, 200, body)


def _mark(desk: Desk, body: Obj, last: Message | None, start: int) -> None:
    given = "" if last is None else base64.urlsafe_b64encode(last.id.encode()).decode().rstrip("=")
    cursor = desk.bent("history.cursor", given, body=body, start=start)
    if cursor:
        body["next_cursor"] = cursor
    elif desk.reading.last_cursor != "absent":
        body["next_cursor"] = None if desk.reading.last_cursor == "null" else ""


def _start(desk: Desk, cursor: str | None, chosen: list[Message]) -> int:
    """Behind the message that the cursor names."""
    if not cursor:
        return 0
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        last = base64.urlsafe_b64decode(padded.encode()).decode()
    except (binascii.Error, ValueError):
        last = ""
    places = [place for place, one in enumerate(chosen) if one.id == last]
    if not places:
        bodies.check(desk, False, desk.reading.cursor, "is no cursor of ours")
        return 0
    return desk.bent("history.start", places[-1] + 1)


def _row(desk: Desk, message: Message) -> Obj:
    row: Obj = {
        "message_id": message.id,
        "performative": message.performative,
        "sender": message.sender,
        "receiver": message.receiver,
        "content": message.content,
        "timestamp": desk.stamp(message.at),
    }
    if desk.reading.history_full:
        row |= {"conversation_id": message.conversation_id, **message.more}
    return desk.bent("history.row", row, message=message)
