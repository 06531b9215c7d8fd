"""What both directions of scenarios need of their suites."""

from __future__ import annotations

import pytest

from conformance.peer_clock import keep_on_one_clock
from conformance.scenario.judging import Part


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where one scenario can make the peer's time jump, no other may run beside it. A protocol
    without any leaves a check without a part.
    """
    items[:] = [item for item in items if _has_part(item)]
    keep_on_one_clock(config, items)


def _has_part(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    if callspec is None or "part" not in callspec.params:
        return True
    return isinstance(callspec.params["part"], Part)
