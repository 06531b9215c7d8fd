"""What both directions of scenarios need of their suites."""

from __future__ import annotations

import pytest

from conformance.scenario.judging import Part


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A protocol without any scenario leaves a check without a part."""
    items[:] = [item for item in items if _has_part(item)]


def _has_part(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    if callspec is None or "part" not in callspec.params:
        return True
    return isinstance(callspec.params["part"], Part)
