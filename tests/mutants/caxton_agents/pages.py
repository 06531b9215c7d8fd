"""Lists that come in pages: the agents by offset, the history by cursor, each to its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tests.mutants.caxton_agents.being import Being
from tests.mutants.caxton_agents.bugs import Bug
from tests.mutants.caxton_agents.caller import Caller
from tests.mutants.caxton_agents.model import Json, What
from tests.mutants.caxton_agents.troubles import crossed

__all__ = ["Pages"]

MOST: Final = 40
"""Pages after which it has enough, however many there are."""

_BEYOND: Final = 4
"""Pages that an endless reader reads behind the end."""


class Pages:
    """Reads lists for one client."""

    def __init__(self, being: Being, caller: Caller) -> None:
        self._being = being
        self._caller = caller

    async def agents(self, status: str = "") -> Mapping[str, str]:
        """The ids of all agents by their names; gRPC tells their number only."""
        found: dict[str, str] = {}
        offset: int | None = 0
        count, beyond = 0, 0
        for page in range(MOST):
            if offset is None:
                break
            answer = await self._caller.read(What.LIST, query=self._range(offset, status))
            if not answer.well:
                break
            items = _items(answer.data.get("agents"))
            found |= {str(item.get("name")): str(item.get("agent_id")) for item in items}
            size = len(items) or _whole(answer.data.get("count")) or 0
            count += size
            told = answer.data.get("next_offset")
            if "count" in answer.data:
                total = _whole(answer.data.get("total")) or 0
                told = count if size and count < total else None
            following = self._next_offset(offset, _whole(told), size, page)
            if following is None and self._being.has(Bug.LIST_ENDLESS) and beyond < _BEYOND:
                following, beyond = offset + max(1, size), beyond + 1
            offset = following
        return found

    def _range(self, offset: int, status: str) -> tuple[tuple[str, str], ...]:
        limit = self._being.style.limit
        query = [("status", status)] if status else []
        if limit is not None:
            query.append(("limit", str(limit)))
        if limit is not None or offset:
            query.append(("offset", str(offset)))
        return tuple(query)

    def _next_offset(self, offset: int, told: int | None, size: int, page: int) -> int | None:
        being = self._being
        if being.has(Bug.LIST_STOPS_EARLY):
            return None
        if being.has(Bug.OFFSET_STUCK):
            return 0 if page < _BEYOND else None
        if told is None or told <= offset:
            return None
        if being.has(Bug.PAGE_TWICE) and page % 2 == 0:
            return offset
        if being.has(Bug.NEXT_OFFSET_IGNORED):
            return offset + (being.style.limit or size)
        return told

    async def history(self, conversation: str) -> int | None:
        """How many messages a conversation has; None where nobody says it."""
        count, first, read = 0, "", set[str]()
        cursor: str | None = ""
        for page in range(MOST):
            if cursor is None:
                break
            query = self._reading(conversation, cursor)
            answer = await self._caller.read(What.HISTORY, query=query)
            if not answer.well:
                return None
            items = _items(answer.data.get("messages"))
            count += len(items)
            self._correlate(items)
            told = answer.text("next_cursor")
            first = first or told
            read.add(cursor)
            odd = self._odd_cursor(cursor, told, first)
            if odd is not None and page < _BEYOND:
                cursor = odd
            elif odd is not None or self._being.has(Bug.HISTORY_STOPS_EARLY) or told in read:
                cursor = None
            else:
                cursor = told or None
        return count

    def _odd_cursor(self, cursor: str, told: str, first: str) -> str | None:
        """Where a seeded bug reads on; None without one."""
        if self._being.has(Bug.CURSOR_IGNORED) and told:
            return ""
        if self._being.has(Bug.CURSOR_CONSTANT) and first:
            return first
        if self._being.has(Bug.CURSOR_MADE_UP) and told:
            return f"cursor_of_{len(told)}"
        if self._being.has(Bug.HISTORY_ENDLESS) and not told:
            return cursor
        return None

    def _reading(self, conversation: str, cursor: str) -> tuple[tuple[str, str], ...]:
        limit = self._being.style.limit
        query = [("conversation_id", conversation)]
        if cursor and self._being.has(Bug.CURSOR_ALONE):
            query = []
        if limit is not None:
            query.append(("limit", str(limit)))
        if cursor:
            query.append(("cursor", cursor))
        return tuple(query)

    def _correlate(self, items: Sequence[Mapping[str, Json]]) -> None:
        memory = self._being.memory
        memory.replies += sum(str(item.get("in_reply_to")) in memory.asked for item in items)
        for trouble in crossed(items, memory):
            self._being.meets(trouble, What.HISTORY)


def _items(value: Json) -> Sequence[Mapping[str, Json]]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return ()
    return [item for item in value if isinstance(item, Mapping)]


def _whole(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
