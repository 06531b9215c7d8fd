"""What every EchoCenter check of an agent starts from."""

from __future__ import annotations

import pytest

from conformance.examiner import Examiner
from conformance.patient_judge import PatientJudge
from conformance.plugin import Suite, declared
from conformance.protocols.echocenter.excuses import TIMELESS
from conformance.protocols.echocenter.situations import SITUATIONS


@pytest.fixture(scope="session")
def examiner(suite: Suite) -> Examiner:
    return Examiner(suite.protocol, suite.context, SITUATIONS)


@pytest.fixture
def judge(suite: Suite, examiner: Examiner, request: pytest.FixtureRequest) -> PatientJudge:
    """The check's own judge, which grants an agent that it may be slow."""
    params = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    return PatientJudge(
        request.node.name,
        declared(request.node),
        suite.book,
        excuse=lambda: examiner.excuse(params.get("situation", "")),
        timeless=TIMELESS,
    )
