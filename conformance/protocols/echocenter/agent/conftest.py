"""What every EchoCenter check of an agent starts from."""

from __future__ import annotations

import pytest

from conformance.examiner import Examiner
from conformance.plugin import Suite
from conformance.protocols.echocenter.situations import SITUATIONS


@pytest.fixture(scope="session")
def examiner(suite: Suite) -> Examiner:
    return Examiner(suite.protocol, suite.context, SITUATIONS)
