"""Checks of which no two may run at the same time, however many workers share a run."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["in_turn"]


@contextmanager
def in_turn(item: pytest.Item, record: str) -> Iterator[None]:
    """Around an item that is exclusive: the others of the run, whose record is what all workers
    know, wait meanwhile. A lock of the system ends with its process, come what may.
    """
    alone = item.get_closest_marker("exclusive") is None or not hasattr(item.config, "workerinput")
    if alone:
        yield
        return
    with Path(record).open("rb") as shared:
        fcntl.flock(shared, fcntl.LOCK_EX)
        yield
