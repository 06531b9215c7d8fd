"""The list of agents, and what it must show of those that a check knows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.marks import UnjudgeableError
from conformance.protocols.stella.fleet import Agent, Fleet, rows_of
from conformance.times import parse_time

__all__ = [
    "CAPABILITIES",
    "STATUSES",
    "alike",
    "fits",
    "judge_filter",
    "judge_labels",
    "judge_listed",
    "paged",
    "rows_by_id",
    "whole",
]

STATUSES = ("online", "offline", "degraded")

CAPABILITIES = ("docker", "compose", "ssh", "winrm", "ecs", "nomad")
"""What the document lets a filter ask for."""

_ONE_MOMENT = 1.0
"""Seconds by which two ways to write one time may differ."""

_PAGING = ("x-next-page", "x-next-cursor", "x-next-token", "x-has-more")

_TOTALS = ("x-total-count", "x-total")


def paged(said: Exchange) -> bool:
    """Does the peer say that there is more? The document says nothing of pages."""
    headers = said.answer_headers
    if any(word in headers.get("link", "") for word in ('rel="next"', "rel=next")):
        return True
    if any(headers.get(name, "").strip().lower() not in ("", "0", "false") for name in _PAGING):
        return True
    totals = [headers[name].strip() for name in _TOTALS if name in headers]
    return any(total.isdecimal() and int(total) > len(rows_of(said)) for total in totals)


async def whole(fleet: Fleet, query: Mapping[str, str] | None = None) -> Exchange:
    """The list. Raises `UnjudgeableError` where it is but a page of it."""
    said = await fleet.list(query)
    if paged(said):
        raise UnjudgeableError("the list comes in pages, of which the document says nothing")
    return said


def rows_by_id(said: Exchange) -> dict[str, dict[str, Any]]:
    """The agents that a list shows, by their id."""
    return {str(row.get("id")): row for row in rows_of(said)}


def judge_listed(
    judge: Judge, row: str, said: Exchange, agents: Iterable[Agent], *before: Exchange
) -> None:
    """Each of these agents is in the list."""
    if not said.ok:
        judge.status(row, said, 200)
        return
    shown = rows_by_id(said)
    missing = [agent for agent in agents if agent.id not in shown]
    judge.holds(
        row,
        not missing,
        f"the list lacks {len(missing)} agents that are registered"
        f" ({', '.join(agent.name for agent in missing[:3])})",
        *before,
        said,
        pointer="",
        expected=[agent.id for agent in missing[:3]],
    )


def judge_labels(judge: Judge, agent: Agent, shown: Any, *said: Exchange) -> None:
    """What is shown of the labels that an agent registered, if any of them is: all of them."""
    own = agent.body["labels"]
    if isinstance(shown, dict) and any(name in shown for name in own):
        wrong = f"{agent.name} registered the labels {own}, and is shown with {shown}"
        fine = all(name in shown and shown[name] == value for name, value in own.items())
        judge.holds("STELLA-REG-037", fine, wrong, agent.said, *said, expected=own, actual=shown)


def judge_filter(
    judge: Judge,
    row: str,
    said: Exchange,
    query: Mapping[str, str],
    *before: Exchange,
    wanted: Collection[Agent],
    barred: Collection[Agent],
) -> None:
    """Those wanted are shown, those barred are not, and of strangers only who fits."""
    if not said.ok:
        judge.status(row, said, 200)
        return
    if paged(said):
        judge.inconclusive(row, "the list comes in pages, of which the document says nothing")
        return
    shown = rows_by_id(said)
    missing = [agent.name for agent in wanted if agent.id not in shown]
    extra = [agent.name for agent in barred if agent.id in shown]
    asked = ", ".join(f"{name}={value}" for name, value in query.items())
    judge.holds(
        row,
        not missing and not extra,
        f"asked for {asked}, the list lacks {len(missing)} agents that fit and shows {len(extra)}"
        f" that do not ({', '.join([*missing, *extra][:3])})",
        *before,
        said,
        pointer="",
        expected=sorted(agent.id for agent in wanted),
        actual=sorted(agent.id for agent in [*wanted, *barred] if agent.id in shown),
    )
    _judge_told(judge, row, said, query, *before)


def _judge_told(
    judge: Judge, row: str, said: Exchange, query: Mapping[str, str], *before: Exchange
) -> None:
    """Nobody is shown, strangers included, of whom the list itself says that they do not fit."""
    odd = next((at for at, one in enumerate(rows_of(said)) if not fits(one, query)), None)
    judge.holds(
        row,
        odd is None,
        f"asked for {dict(query)}, the list shows an agent of which it says otherwise",
        *before,
        said,
        pointer=None if odd is None else f"/{odd}",
    )


def fits(shown: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    """Does a row of a list say of itself what was asked for? What it does not say, others judge."""
    status, skills = shown.get("status"), shown.get("capabilities")
    if "status" in query and isinstance(status, str) and status != query["status"]:
        return False
    return not (
        "capability" in query and isinstance(skills, list) and query["capability"] not in skills
    )


def alike(one: Any, other: Any) -> bool:
    """Do two rows' values say the same: as times to a second, as arrays in any order?"""
    first, second = parse_time(one), parse_time(other)
    if first is not None and second is not None:
        return abs((first - second).total_seconds()) <= _ONE_MOMENT
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(str, one)) == sorted(map(str, other))
    return bool(one == other)
