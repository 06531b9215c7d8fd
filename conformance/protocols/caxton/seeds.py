"""What is there before a client comes: agents that somebody else deployed."""

from __future__ import annotations

import base64

from conformance.protocols.caxton.keeper import Keeper
from mockserver.protocols.caxton.agents import Agent

__all__ = ["CROWD", "crowd", "hosted", "resident"]

CROWD = 27
"""Agents that fill several pages."""

_MODULE = base64.b64encode(b"\0asm\1\0\0\0").decode()
_SKILLS = ["sorting", "data_processing"]


def resident(keeper: Keeper, name: str) -> Agent:
    """An agent that somebody else deployed."""
    config = {"name": name, "capabilities": _SKILLS}
    return keeper.coordinator.realm.deploy(_MODULE, config)


def crowd(keeper: Keeper, count: int) -> None:
    for number in range(1, count + 1):
        resident(keeper, f"resident-{number:02d}")


def hosted(keeper: Keeper) -> list[Agent]:
    """All agents that are there now."""
    return list(keeper.coordinator.realm.host.agents)
