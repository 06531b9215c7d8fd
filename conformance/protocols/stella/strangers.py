"""Ids that no agent has, and how those are turned away who have no right."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from uuid import uuid4

from conformance.clients.websocket import Socket
from conformance.conversation import Refused
from conformance.exchange import Exchange
from conformance.frames import Frame
from conformance.protocols.stella.fleet import Agent

__all__ = ["as_stranger", "hears_nothing", "stranger_ids", "turned_away"]

_UUID = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_TAIL = 6
"""Characters at the end of an id that a stranger's has otherwise."""

_TURNED = str.maketrans("0123456789abcdefABCDEF", "5678901234defabcDEFABC")

_NO_ANSWER = ("no answer within", "not asked again")

_DEAF = ("refused", "Connect call failed")
"""How it is said that nobody listens, which turns everybody away and nobody in particular."""


def stranger_ids(agent: Agent, known: Iterable[str] = ()) -> list[str]:
    """Ids of the peer's own form that no agent has: a peer may check the form first."""
    taken = {agent.id, *known}
    ids = [agent.id[:-_TAIL] + agent.id[-_TAIL:].translate(_TURNED)]
    if _UUID.fullmatch(agent.id):
        ids.append(str(uuid4()))
    return [one for one in ids if one not in taken]


def as_stranger(agent: Agent, agent_id: str) -> Agent:
    """The same credentials under another id."""
    return replace(agent, id=agent_id)


def turned_away(said: Exchange) -> bool:
    """401, 403, 404, or the connection failing; neither silence nor a service that is down."""
    if said.status is not None:
        return said.status in (401, 403, 404)
    return not said.failure.startswith(_NO_ANSWER) and not any(
        word in said.failure for word in _DEAF
    )


async def hears_nothing(said: Socket | Refused, within: float = 2.0) -> bool:
    """Was a stream refused, or opened and ended at once without a word that is of use?"""
    if isinstance(said, Refused):
        status = said.status
        return turned_away(said.exchange) if status is None else 400 <= status < 500
    ended = await said.ended(within)
    said.abort()
    return ended is not None and not any(map(_is_work, said.frames))


def _is_work(frame: Frame) -> bool:
    return frame.sender == "peer" and frame.value("/type") in ("task_assigned", "task_cancelled")
