"""The list of agents: all of it, page by page, and what is held against it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.marks import UnjudgeableError
from conformance.protocols.caxton.client import Client

__all__ = ["STATES", "Roll", "call_roll", "judge_filters", "rows_of"]

STATES = ("unloaded", "loaded", "running", "draining", "stopped", "failed")

_PAGE = 50
"""Agents that are asked for at once: a lawful peer may refuse more than a hundred."""


def rows_of(said: Exchange) -> list[dict[str, Any]]:
    """The agents of one page."""
    rows = said.at("/agents")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


@dataclass(frozen=True, kw_only=True)
class Roll:
    """A list from its first page to its last."""

    pages: Sequence[Exchange]

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [row for page in self.pages for row in rows_of(page)]

    @property
    def ids(self) -> list[str]:
        return [str(row.get("agent_id")) for row in self.rows]

    @property
    def names(self) -> list[Any]:
        return [row.get("name") for row in self.rows]

    def of(self, agent_id: str) -> dict[str, Any] | None:
        """The row of an agent."""
        return next((row for row in self.rows if row.get("agent_id") == agent_id), None)

    def status(self, agent_id: str) -> Any:
        """The status of an agent in the list; `None` where it is not there."""
        row = self.of(agent_id)
        return None if row is None else row.get("status")

    def by_status(self) -> dict[str, Any]:
        return {str(row.get("agent_id")): row.get("status") for row in self.rows}


async def call_roll(client: Client, **query: Any) -> Roll:
    """The whole list, or all that match. Raises `UnjudgeableError` where a page is refused."""
    pages = await client.walk(**{"limit": _PAGE, **query})
    if not pages[-1].ok:
        raise UnjudgeableError(f"the list of agents was answered {pages[-1].outcome}")
    return Roll(pages=pages)


async def judge_filters(
    client: Client, judge: Judge, row: str, states: Iterable[str] = STATES
) -> None:
    """A filter by each of these states shows those agents that are in it and no others. What
    changes its state meanwhile says nothing.
    """
    before = await call_roll(client)
    for state in states:
        shown = await call_roll(client, status=state)
        after = await call_roll(client)
        steady = before.by_status().items() & after.by_status().items()
        moved = set(after.by_status()) - {agent for agent, _ in steady}
        wanted = {agent for agent, status in steady if status == state}
        found = set(shown.ids) - moved
        judge.holds(
            row,
            found == wanted,
            f"the list of status={state} shows {len(found - wanted)} agents that are not {state}"
            f" and lacks {len(wanted - found)} that are",
            *before.pages[-1:],
            *shown.pages[-1:],
            pointer="/agents",
            expected=sorted(wanted),
            actual=sorted(found),
        )
        before = after
