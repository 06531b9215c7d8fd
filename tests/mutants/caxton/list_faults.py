"""Faults in lists: filters, pages, totals, cursors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .fault import Fault, Row, Seed, Spot, at, table

__all__ = ["LIST_FAULTS"]


def _chosen(choose: Callable[[Any, Spot], Any]) -> Seed:
    """Another choice where a status is asked for."""
    return at("list.chosen", lambda v, s: v if s["status"] is None else choose(v, s))


def _page(cut: Callable[[Any, int, int], Any]) -> Seed:
    return at("list.page", lambda v, s: cut(s["chosen"], s["offset"], s["limit"]))


def _paged_first(chosen: Any, spot: Spot) -> Any:
    """The filter looks at the first five only."""
    return [one for one in spot["all"][:5] if one in chosen]


def _others(chosen: Any, spot: Spot) -> Any:
    return [one for one in spot["all"] if one not in chosen]


def _running_too(chosen: Any, spot: Spot) -> Any:
    return [one for one in spot["all"] if one in chosen or one.state == "running"]


def _shuffled(chosen: Any, spot: Spot) -> Any:
    return chosen[::-1] if spot.nth % 2 == 0 else chosen


def _of_all(after: Any, spot: Spot) -> Any:
    end = spot["offset"] + spot["limit"]
    return end if end < len(spot.desk.agents) else None


_AGENTS: Final[tuple[Row, ...]] = (
    ("filter.ignored", "the status filters nothing", _chosen(lambda v, s: s["all"])),
    ("filter.inverted", "the filter shows the others", _chosen(_others)),
    ("filter.running_too", "running agents pass every filter", _chosen(_running_too)),
    ("filter.first_only", "the filter looks at five agents only", _chosen(_paged_first)),
    ("filter.empty", "a filtered list is empty", _chosen(lambda v, s: [])),
    (
        "filter.none_empty",
        "without a filter nothing is shown",
        at("list.chosen", lambda v, s: v if s["status"] else []),
    ),
    (
        "filter.unlimited",
        "with a filter the limit is ignored",
        at("list.page", lambda v, s: s["chosen"][s["offset"] :] if s["status"] else v),
    ),
    ("limit.ignored", "the limit is ignored", _page(lambda c, o, n: c[o:])),
    ("limit.one_more", "a page has one agent too many", _page(lambda c, o, n: c[o : o + n + 1])),
    (
        "limit.one_less",
        "a page has one agent too few",
        _page(lambda c, o, n: c[o : o + max(1, n - 1)]),
    ),
    ("limit.fixed", "a page has two agents at most", _page(lambda c, o, n: c[o : o + min(n, 2)])),
    ("offset.ignored", "the offset is ignored", _page(lambda c, o, n: c[:n])),
    ("offset.one_early", "pages overlap by one", _page(lambda c, o, n: c[max(0, o - 1) :][:n])),
    (
        "offset.one_late",
        "an agent is lost between pages",
        _page(lambda c, o, n: c[o + (o > 0) :][:n]),
    ),
    ("offset.pages", "the offset counts pages", _page(lambda c, o, n: c[o * n :][:n])),
    ("offset.from_end", "the last agent is never shown", _page(lambda c, o, n: c[:-1][o : o + n])),
    (
        "offset.beyond",
        "an offset behind the end starts again",
        _page(lambda c, o, n: c[o % max(1, len(c)) :][:n]),
    ),
    (
        "twice",
        "the first agent of a page is shown twice",
        at("list.page", lambda v, s: [*v[:1], *v][: s["limit"]]),
    ),
    ("order.unstable", "the order changes from request to request", at("list.chosen", _shuffled)),
    ("total.page", "total counts the page", at("list.total", lambda v, s: len(s["shown"]))),
    ("total.zero", "total is 0", at("list.total", lambda v, s: 0)),
    ("total.fixed", "total is 42", at("list.total", lambda v, s: 42)),
    ("next.early", "next_offset is null too early", at("list.next", lambda v, s: None)),
    (
        "~next.always",
        "next_offset is never null",
        at("list.next", lambda v, s: s["offset"] + s["limit"]),
    ),
    (
        "~next.unfiltered",
        "next_offset counts agents that the filter keeps back",
        at("list.next", _of_all),
    ),
    (
        "next.same",
        "next_offset leads to the same page",
        at("list.next", lambda v, s: v and s["offset"]),
    ),
    ("next.skips", "next_offset skips an agent", at("list.next", lambda v, s: v and v + 1)),
    ("next.overlaps", "next_offset repeats an agent", at("list.next", lambda v, s: v and v - 1)),
    ("next.limit", "next_offset is the limit", at("list.next", lambda v, s: v and s["limit"])),
)


def _of(spot: Spot, fits: Callable[[str, str], bool]) -> list[Any]:
    wanted = spot["conversation"]
    if wanted is None:
        return list(spot["all"])
    return [one for one in spot["all"] if fits(one.conversation_id or "", wanted)]


def _history(fits: Callable[[str, str], bool]) -> Seed:
    return at("history.chosen", lambda v, s: _of(s, fits))


def _turn(cut: Callable[[Any, int, int], Any]) -> Seed:
    return at("history.page", lambda v, s: cut(s["chosen"], s["start"], s["limit"]))


def _first_again(cursor: Any, spot: Spot) -> Any:
    return spot.memo.setdefault("cursor", cursor) if cursor else cursor


_MESSAGES: Final[tuple[Row, ...]] = (
    (
        "~unfiltered.empty",
        "without a conversation there is nothing",
        at("history.chosen", lambda v, s: v if s["conversation"] else []),
    ),
    ("filter.ignored", "the conversation filters nothing", _history(lambda one, wanted: True)),
    (
        "filter.prefix",
        "a shared beginning is enough",
        _history(lambda one, wanted: one[:1] == wanted[:1]),
    ),
    (
        "~filter.case",
        "capitals make no difference",
        _history(lambda one, wanted: one.lower() == wanted.lower()),
    ),
    ("filter.inverted", "the filter shows the others", _history(lambda one, wanted: one != wanted)),
    ("filter.empty", "a filtered history is empty", _history(lambda one, wanted: False)),
    (
        "~filter.unknown",
        "an unknown conversation shows everything",
        at("history.chosen", lambda v, s: v or list(s["all"])),
    ),
    ("limit.ignored", "the limit is ignored", _turn(lambda c, o, n: c[o:])),
    ("limit.one_more", "a page has one message too many", _turn(lambda c, o, n: c[o : o + n + 1])),
    (
        "~limit.one_less",
        "a page has one message too few",
        _turn(lambda c, o, n: c[o : o + max(1, n - 1)]),
    ),
    ("last.lost", "the latest message is not shown", at("history.chosen", lambda v, s: v[:-1])),
    ("first.lost", "the first message is not shown", at("history.chosen", lambda v, s: v[1:])),
    (
        "twice",
        "messages are shown twice",
        at("history.chosen", lambda v, s: [x for one in v for x in (one, one)]),
    ),
    (
        "~order.unstable",
        "the order changes from request to request",
        at("history.chosen", _shuffled),
    ),
    ("~cursor.repeats", "pages overlap by one", at("history.start", lambda v, s: v - 1)),
    ("~cursor.skips", "a message is lost between pages", at("history.start", lambda v, s: v + 1)),
    ("~cursor.same", "the cursor never changes", at("history.cursor", _first_again)),
    ("cursor.none", "there is never a cursor", at("history.cursor", lambda v, s: "")),
    (
        "~cursor.always",
        "there is a cursor behind the end",
        at("history.cursor", lambda v, s: v or "bm9wZQ"),
    ),
    ("total.page", "total counts the page", at("history.total", lambda v, s: len(s["shown"]))),
    ("total.zero", "total is 0", at("history.total", lambda v, s: 0)),
    ("~total.fixed", "total is 150", at("history.total", lambda v, s: 150)),
)

LIST_FAULTS: Final[tuple[Fault, ...]] = (
    *table("List Agents", _AGENTS, prefix="list."),
    *table("Query Message History", _MESSAGES, prefix="history."),
)
