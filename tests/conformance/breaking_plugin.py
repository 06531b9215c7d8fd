"""A pytest plugin that breaks the suite in the middle of a check."""

from __future__ import annotations

import pytest

__all__ = ["pytest_runtest_call"]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    raise RuntimeError(f"{item.name} was broken on purpose")
