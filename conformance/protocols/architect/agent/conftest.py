"""What every check of a script of the Architect Agent starts from."""

from __future__ import annotations

import pytest

from conformance.examiner import Examiner
from conformance.plugin import Suite
from conformance.protocols.architect.playbook import Playbook
from conformance.protocols.architect.situations import situations


@pytest.fixture(scope="session")
def book() -> Playbook:
    return Playbook()


@pytest.fixture(scope="session")
def examiner(suite: Suite, book: Playbook) -> Examiner:
    context = suite.context
    return Examiner(suite.protocol, context, situations(book, launched=bool(context.command)))
