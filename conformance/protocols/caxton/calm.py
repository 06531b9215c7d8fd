"""Lives in which nothing is wrong: as usual, with much to read, with things that take a moment."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

from conformance.protocols.caxton.keeper import Keeper, Serve, plain
from conformance.protocols.caxton.seeds import CROWD, crowd, hosted
from conformance.protocols.caxton.story import sent_at
from mockserver.coordinator import Answer, Call, Later
from mockserver.protocols.caxton.dialects import Dialect
from mockserver.transcript import HttpExchange

__all__ = ["Scene", "long_lists", "normal_life", "slow_starts"]

Scene = Callable[[Keeper], Awaitable[None]]

_LIFE = 7.0
"""Seconds of a normal life, at least: enough for everything that a client does in one go."""

_LONG_LIFE = 15.0
"""Seconds at most, of a client that comes near a limit."""

_BURSTS = (
    (("deployAgent", "AgentService.DeployAgent"), 20),
    (("getSystemMetrics", "getAgentMetrics"), 200),
)
"""What the table allows at once."""

_PAGE, _MESSAGES, _HISTORY = 10, 40, 125
"""Agents and messages on a page where nobody says how many, and messages in a long history."""

_CURSOR = "cursor"


async def normal_life(keeper: Keeper) -> None:
    """It does what it does; what that is, the notebook learns. One that takes its time between two
    requests is given more of it.
    """
    crowd(keeper, 2)
    keeper.edits.append(partial(_able, keeper))
    await keeper.arrive()
    began = time.monotonic()
    await keeper.live(max(_LIFE, keeper.stage.patience))
    keeper.stage.pace.answered(_pause(keeper))
    await keeper.live(began + keeper.stage.patience - time.monotonic())
    while _near_a_limit(keeper) and time.monotonic() < began + _LONG_LIFE:
        await keeper.live(0.5)
    asked, book = keeper.asked(), keeper.book
    book.listens = any(heard.connection for heard in keeper.exchanges)
    book.asks = frozenset(heard.operation for heard in asked)
    times = [sent_at(heard) for heard in asked]
    if keeper.stage.running:
        times.append(time.monotonic())  # one that has done its work may wait for ever
    book.pause = max((after - before for before, after in pairwise(times)), default=0.0)
    book.reading = _reading(asked, times)


def _reading(asked: Sequence[HttpExchange], times: Sequence[float]) -> float:
    """The longest time for which all that was asked at these `times` was the history."""
    longest, begun = 0.0, None
    for number, at in enumerate(times):
        longest = max(longest, at - begun) if begun is not None else longest
        reads = number < len(asked) and asked[number].operation == "queryMessages"
        begun = (at if begun is None else begun) if reads else None
    return longest


def _able(keeper: Keeper, call: Call, /, serve: Serve) -> Answer | Later:
    """Whoever takes part in a task can do what it takes, so that there are bids."""
    said = serve(call)
    if call.operation == "createTask" and plain(said) is not None:
        wanted = call.body.get("requirements", {})
        for agent in hosted(keeper):
            agent.capabilities = (*agent.capabilities, *wanted.get("capabilities", ()))
            agent.temper = replace(agent.temper, score=1.0)
    return said


def _near_a_limit(keeper: Keeper) -> bool:
    """Does it ask so much that it would soon be too much?"""
    asked = keeper.asked()
    return any(
        0.4 * burst < sum(heard.operation in operations for heard in asked) < 1.15 * burst
        for operations, burst in _BURSTS
    )


class _Slow(Dialect):
    """Agents take a moment to start and to end."""

    spawn = 1.2
    whole_grace = True


async def slow_starts(keeper: Keeper) -> None:
    """What is begun takes its time, and is in between for a while."""
    crowd(keeper, 2)
    keeper.coordinator.realm.host.dialect = _Slow()
    await keeper.arrive()
    await keeper.seen(keeper.book.asks, keeper.stage.patience + 4)
    await keeper.live(2.0)


async def long_lists(keeper: Keeper) -> None:
    """More agents and messages than there is room for on a page."""
    crowd(keeper, CROWD)
    keeper.edits += [partial(_able, keeper), _agents, _history(keeper)]
    await keeper.arrive()
    await keeper.live(keeper.stage.patience + 3.5)


def _agents(call: Call, /, serve: Serve) -> Answer | Later:
    """A page holds one less than was asked for, and ten at most: only `next_offset` tells where to
    go on.
    """
    if call.operation != "listAgents":
        return serve(call)
    limit = call.query.get("limit", str(_PAGE))
    if not limit.isdecimal() or not int(limit):
        return serve(call)
    page = max(1, min(int(limit), _PAGE) - 1)
    return serve(replace(call, query={**call.query, "limit": str(page)}))


def _history(keeper: Keeper) -> Callable[..., Answer | Later]:
    """A conversation of many messages, told from page to page by cursors that say nothing, and
    that are no part of a query as they are.
    """

    def edit(call: Call, /, serve: Serve) -> Answer | Later:
        if call.operation != "queryMessages":
            return serve(call)
        known = keeper.notes.pages
        cursor = next((value for value in call.query.values() if value in known), "")
        if not cursor and any(_CURSOR in name for name in call.query):
            return keeper.refused(call, "INVALID_REQUEST", "that is no cursor of ours")
        plainly = {k: v for k, v in call.query.items() if v != cursor}
        said = plain(serve(replace(call, query={**plainly, "limit": "1000"})))
        limit = call.query.get("limit", str(_MESSAGES))
        if said is None or not limit.isdecimal() or not int(limit):
            return serve(call)
        return _page(keeper, said, call, cursor, min(int(limit), _MESSAGES))

    return edit


def _page(keeper: Keeper, said: Answer, call: Call, cursor: str, size: int) -> Answer:
    own = list(said.body["messages"])
    total = max(len(own), _HISTORY if size >= _HISTORY // 6 else 2 * size + 1)
    conversation = call.query.get("conversation_id", "")
    whole = own + [_old(number, conversation) for number in range(total - len(own))]
    start = int(cursor.rstrip("=").rpartition("/")[2]) if cursor else 0
    page = whole[start : start + size]
    more = start + size < total
    following = f"{len(keeper.notes.pages):04x}+{conversation[-24:]}/{start + size}=="
    if more:
        keeper.notes.pages[following] = conversation
    body = {"messages": page, "total": total, "next_cursor": following if more else None}
    return replace(said, body=body)


def _old(number: int, conversation: str) -> Mapping[str, Any]:
    return {
        "message_id": f"msg-of-old-{number}",
        "performative": "inform",
        "sender": "resident-a",
        "receiver": "resident-b",
        "content": {"note": number},
        "conversation_id": conversation or "of-old",
        "timestamp": "2026-03-09T08:07:06Z",
    }


def _pause(keeper: Keeper) -> float:
    """The longest time (seconds) that it has taken from one request to the next."""
    times = [sent_at(heard) for heard in keeper.asked()]
    return max((after - before for before, after in pairwise(times)), default=0.0)
