"""What a broken requirement counts as, and how findings are written down."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from conformance.exchange import Exchange
from conformance.masking import MASK, Masker
from conformance.verdict import ABSENT, Evidence, Finding, VerdictName, broken, now
from schemas import Requirement
from schemas.spec import Basis, Level

ROW = Requirement(
    id="X-001",
    level="MUST",
    role="coordinator",
    basis="stated",
    section="Here",
    text="It holds.",
    capability="registry",
)


@pytest.mark.parametrize(
    ("level", "basis", "lenient", "strict"),
    [
        ("MUST", "stated", "fail", "fail"),
        ("MUST", "example", "fail", "fail"),
        ("MUST", "implied", "warn", "fail"),
        ("SHOULD", "stated", "warn", "warn"),
        ("SHOULD", "example", "warn", "warn"),
        ("SHOULD", "implied", "warn", "warn"),
        ("MAY", "stated", "pass", "pass"),
        ("MAY", "example", "pass", "pass"),
        ("MAY", "implied", "pass", "pass"),
    ],
)
def test_broken_counts_by_level_basis_and_strictness(
    level: Level, basis: Basis, lenient: VerdictName, strict: VerdictName
) -> None:
    row = replace(ROW, level=level, basis=basis)
    assert broken(row, strict=False) == lenient
    assert broken(row, strict=True) == strict


@pytest.mark.parametrize("verdict", ["pass", "inconclusive", "not-applicable"])
def test_a_verdict_that_blames_nobody_carries_no_evidence(verdict: VerdictName) -> None:
    seen = Exchange(operation="getHealth", method="GET", url="http://h/health")
    finding = Finding(
        requirement="X-001", check="c", verdict=verdict, evidence=Evidence(exchanges=[seen])
    )
    assert "evidence" not in finding.record(Masker())


@pytest.mark.parametrize("verdict", ["fail", "warn"])
def test_a_breach_carries_its_evidence_masked(verdict: VerdictName) -> None:
    url = "http://h/health?token=abc"
    seen = Exchange(operation="getHealth", method="GET", url=url, status=200)
    evidence = Evidence(
        exchanges=[seen],
        pointers=["/a/b"],
        expected={"password": "swordfish"},
        actual="known-secret",
    )
    finding = Finding(
        requirement="X-001", check="c", verdict=verdict, message="known-secret!", evidence=evidence
    )
    record = finding.record(Masker(["known-secret"]))
    assert record["message"] == f"{MASK}!"
    assert record["evidence"] == {
        "exchanges": [seen.record(Masker())],
        "pointers": ["/a/b"],
        "expected": {"password": MASK},
        "actual": MASK,
        "reproduce": f"curl -i 'http://h/health?token={MASK}'",
    }


def test_null_is_a_value_and_absent_is_none() -> None:
    record = Evidence(expected=None, actual=ABSENT).record(Masker())
    assert record == {"exchanges": [], "expected": None}


def test_now_is_utc_to_the_millisecond() -> None:
    text = now()
    assert text.endswith("Z")
    assert len(text) == len("2026-11-21T08:15:30.123Z")
    assert abs((datetime.fromisoformat(text) - datetime.now(UTC)).total_seconds()) < 5
