"""A pytest plugin that breaks the suite before any check begins."""

from __future__ import annotations

__all__ = ["pytest_collection_finish"]


def pytest_collection_finish() -> None:
    raise RuntimeError("the suite was broken on purpose")
