"""What every check of a caxton client starts from."""

from __future__ import annotations

import pytest

from conformance.examiner import Examiner
from conformance.patient_judge import PatientJudge
from conformance.plugin import Suite, declared
from conformance.protocols.caxton.excuses import TIMELESS
from conformance.protocols.caxton.notes import Notebook
from conformance.protocols.caxton.situations import situations
from conformance.protocols.caxton.visitor import CaxtonExaminer


@pytest.fixture(scope="session")
def book() -> Notebook:
    return Notebook()


@pytest.fixture(scope="session")
def examiner(suite: Suite, book: Notebook) -> Examiner:
    context = suite.context
    played = situations(book, launched=bool(context.command))
    return CaxtonExaminer(suite.protocol, context, played)


@pytest.fixture
def judge(suite: Suite, book: Notebook, request: pytest.FixtureRequest) -> PatientJudge:
    """The check's own judge, which grants a client that a machine may be busy."""
    params = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    notes = book.of(params["situation"]) if "situation" in params else None
    return PatientJudge(
        request.node.name,
        declared(request.node),
        suite.book,
        excuse=lambda: "" if notes is None else notes.excuse,
        timeless=TIMELESS,
    )
