"""What both directions of scenarios need of their suites."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.scenario.judging import Part

_HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A protocol without any scenario leaves a check without a part."""
    # A conftest hears of all items of a run.
    items[:] = [item for item in items if not item.path.is_relative_to(_HERE) or _has_part(item)]


def _has_part(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    return callspec is None or isinstance(callspec.params.get("part"), Part)
