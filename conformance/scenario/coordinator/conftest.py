"""What scenarios need of a coordinator's suite."""

from __future__ import annotations

import pytest

from conformance.peer_clock import keep_on_one_clock


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where one scenario can make the peer's time jump, no other may run beside it."""
    keep_on_one_clock(config, items)
