"""Checks of which no two may run at the same time, however many workers share a run."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from conformance.target import ALONE

__all__ = ["in_turn", "worker_name"]


def worker_name() -> str:
    """`gw0` and so on where checks are spread over workers, else `ALONE`."""
    return os.environ.get("PYTEST_XDIST_WORKER", ALONE)


@contextmanager
def in_turn(item: pytest.Item, record: str) -> Iterator[None]:
    """Around an item: where it is exclusive the others that are wait meanwhile, and where it wants
    to be undisturbed all do. What all workers know is the run's record, and the folder of it.
    """
    if not hasattr(item.config, "workerinput"):
        yield
        return
    shared = Path(record)
    with ExitStack() as locks:
        alone = item.get_closest_marker("undisturbed") is not None
        locks.enter_context(_locked(shared.parent, fcntl.LOCK_EX if alone else fcntl.LOCK_SH))
        if item.get_closest_marker("exclusive") is not None:
            locks.enter_context(_locked(shared, fcntl.LOCK_EX))
        yield


@contextmanager
def _locked(path: Path, how: int) -> Iterator[None]:
    """A lock of the system ends with its process, come what may."""
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, how)
        yield
    finally:
        os.close(handle)
