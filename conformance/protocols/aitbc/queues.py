"""What the checks of queues and of statistics have in common: sizes, and tasks that wait or are
refused.
"""

from __future__ import annotations

from conformance.exchange import Exchange
from conformance.marks import UnjudgeableError
from conformance.protocols.aitbc.dialogue import Dialogue, queue_sizes

__all__ = ["refused_tasks", "told_sizes", "wait_for_nobody"]


async def told_sizes(aitbc: Dialogue) -> tuple[dict[str, int], Exchange]:
    """The queue sizes. Raises `UnjudgeableError` where they cannot be made out."""
    said = await aitbc.peer.call("getQueues")
    sizes = queue_sizes(said) if said.ok else None
    if sizes is None:
        raise UnjudgeableError(f"no queue sizes can be made out (answered {said.outcome})")
    return sizes, said


async def wait_for_nobody(aitbc: Dialogue, priority: str, number: int) -> list[Exchange]:
    """Tasks that no agent can take: they wait, or go wherever this peer puts such tasks."""
    nobody = {"capabilities": [aitbc.new("nobody-has-this")]}
    body = aitbc.task(priority, requirements=nobody)
    return [await aitbc.submit(body, served=False) for _ in range(number)]


async def refused_tasks(aitbc: Dialogue) -> list[Exchange]:
    """Tasks that are wrong, each in its own way. Raises `UnjudgeableError` where one is taken."""
    refused = []
    for body in (
        aitbc.task("immediate"),
        {"priority": "high"},
        {"task_data": {"task_type": "digest"}},
        aitbc.task("urgent", task_data="digest"),
    ):
        said = await aitbc.submit(body, lawful=False)
        if said.ok:
            raise UnjudgeableError("a task that should be refused was accepted")
        refused.append(said)
    return refused
