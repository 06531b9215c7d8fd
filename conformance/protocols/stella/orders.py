"""What an operator has done with an agent, where the peer can do it now."""

from __future__ import annotations

from typing import Any

from conformance.exchange import Exchange
from conformance.marks import UnjudgeableError
from conformance.protocols.stella.fleet import Fleet

__all__ = ["amend", "remove"]


async def amend(fleet: Fleet, agent_id: str, body: Any) -> Exchange:
    """A lawful update. Raises `UnjudgeableError` for a 503, which the document allows, and where
    one of a part of what the document shows is refused: it shows no such update.
    """
    part = not {"labels", "capabilities"} <= set(body)
    said = _told(await fleet.update(agent_id, body, served=not part))
    if part and not said.ok:
        raise UnjudgeableError(f"an update of {', '.join(body)} alone is answered {said.outcome}")
    return said


async def remove(fleet: Fleet, agent_id: str) -> Exchange:
    """A lawful deletion. Raises `UnjudgeableError` for a 503, which the document allows."""
    return _told(await fleet.delete(agent_id))


def _told(said: Exchange) -> Exchange:
    if said.status == 503:
        raise UnjudgeableError(f"{said.operation}: the peer says 503, not now")
    return said
