"""Agents that differ in all that a search can ask for, and a model of who is found by what."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from conformance.marks import UnjudgeableError
from conformance.protocols.aitbc.dialogue import STATUSES, TYPES, Dialogue

__all__ = ["Family", "Member", "settle_family"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One agent of a family whose every property is known."""

    agent_id: str
    agent_type: str
    status: str
    capabilities: tuple[str, ...]
    services: tuple[str, ...]


class Family:
    """Agents that differ in all that a search can ask for, told apart from strangers by a mark."""

    def __init__(self, mark: str, members: list[Member]) -> None:
        self.mark = mark
        self.members = members

    def cap(self, name: str) -> str:
        return f"{self.mark}-{name}"

    def having(self, **wanted: Any) -> set[str]:
        """The ids of those that pass each filter given, in the strictest reading."""
        return {member.agent_id for member in self.members if _passes(member, wanted)}

    def ids(self) -> set[str]:
        return {member.agent_id for member in self.members}


def _passes(member: Member, wanted: dict[str, Any]) -> bool:
    return (
        wanted.get("status", member.status) == member.status
        and wanted.get("agent_type", member.agent_type) == member.agent_type
        and set(wanted.get("capabilities", ())) <= set(member.capabilities)
        and set(wanted.get("services", ())) <= set(member.services)
    )


async def settle_family(aitbc: Dialogue) -> Family:
    """One agent of each type and status, with capabilities and services that overlap."""
    mark = aitbc.new("family")
    wheel: list[tuple[str, ...]] = [("red", "blue"), ("red",), ("blue",), ()]
    members = [
        Member(
            agent_id=aitbc.new("member"),
            agent_type=agent_type,
            status=status,
            capabilities=(mark, *(f"{mark}-{name}" for name in wheel[(row + column) % 4])),
            services=(mark, *(f"{mark}-{name}" for name in wheel[(row + 2 * column + 1) % 4])),
        )
        for row, agent_type in enumerate(TYPES)
        for column, status in enumerate(STATUSES)
    ]
    # One whose capability and service only begin like the others'.
    members.append(
        Member(
            agent_id=aitbc.new("member"),
            agent_type="worker",
            status="active",
            capabilities=(mark, f"{mark}-redder"),
            services=(mark, f"{mark}-redder"),
        )
    )
    await asyncio.gather(*(_settle(aitbc, member) for member in members))
    return Family(mark, members)


async def _settle(aitbc: Dialogue, member: Member) -> None:
    await aitbc.registered(
        agent_id=member.agent_id,
        agent_type=member.agent_type,
        capabilities=list(member.capabilities),
        services=list(member.services),
    )
    said = await aitbc.update(member.agent_id, member.status)
    if not said.ok:
        raise UnjudgeableError(f"no status could be set: {said.outcome}")
