"""How many of the broken and the odd peers a run of the tests meets."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

__all__ = ["EVERYTHING", "sampled"]

EVERYTHING = os.environ.get("ASSAY_ALL_PEERS") == "1"
"""`make sweep` sets it: there are too many of them for each run of the tests."""

_T = TypeVar("_T")


def sampled(peers: Sequence[_T], one_in: int) -> list[_T]:
    """One in so many of them, always the same; all of them in a sweep."""
    return list(peers if EVERYTHING else peers[::one_in])
