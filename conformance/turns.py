"""Whose turn it is, where several workers share the checks of one run.

A check that counts what others change, or that makes the peer's time jump, has the peer to itself
as far as its like are concerned. The workers are processes of their own and tell each other
nothing, so that the turn is a lock on the one file that all of them know: the run's record. Whoever
dies with the turn gives it back.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conformance.context import RunContext

__all__ = ["taking_turns"]


@contextmanager
def taking_turns(item: pytest.Item, context: RunContext) -> Iterator[None]:
    """Wait until a check may run, and have those wait that may not run beside it."""
    shared = hasattr(item.config, "workerinput")  # it is a worker, and so there are others
    one_clock = "advance" in context.target.hooks  # nobody may be there when it jumps
    if not shared or not (one_clock or item.get_closest_marker("exclusive")):
        yield
        return
    with Path(context.record).open("rb") as record:
        fcntl.flock(record, fcntl.LOCK_EX)
        yield
