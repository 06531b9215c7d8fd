"""What is judged on a busy machine as on any other."""

from __future__ import annotations

__all__ = ["TIMELESS"]

TIMELESS = (
    "CAXTON-AGENT-TOK-*",
    "CAXTON-AGENT-FIPA-00[1-5]",
    "CAXTON-AGENT-PAGE-*",
    "CAXTON-AGENT-RATE-00[1234]",
    "CAXTON-AGENT-SOCK-01[23]",
    "CAXTON-AGENT-SOCK-021",
    "CAXTON-AGENT-GRPC-015",
    "CAXTON-AGENT-LIFE-001",
    "CAXTON-AGENT-SAFE-00[1-5]",
    "CAXTON-AGENT-WIRE-014",
)
"""Globs of rows: see `PatientJudge`."""
