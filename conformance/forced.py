"""Failures that only a hook of the target can provoke, read off the requirements."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.marks import requirement
from schemas import load, load_requirements

__all__ = ["HOOK", "forced_failures"]

HOOK = "force"
"""The hook that makes a peer answer the next call of `{operation}` with `{status}`."""


def forced_failures(protocol: str) -> list[Any]:
    """A pytest parameter (operation, status) for each answer that needs the hook, with its rows."""
    rows: dict[tuple[str, int], list[str]] = {}
    for row in load_requirements(load(protocol)).values():
        if row.hook == HOOK and row.place is not None:
            rows.setdefault((row.place.operation, int(row.place.answer)), []).append(row.id)
    return [
        pytest.param(operation, status, marks=requirement(*ids), id=f"{operation}-{status}")
        for (operation, status), ids in rows.items()
    ]
