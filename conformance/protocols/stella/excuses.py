"""What is judged on a busy machine as on any other."""

from __future__ import annotations

__all__ = ["TIMELESS"]

TIMELESS = (
    "STELLA-AGENT-REG-00?",
    "STELLA-AGENT-REG-01[01]",
    "STELLA-AGENT-CERT-00[1-5]",
    "STELLA-AGENT-CERT-01[12]",
    "STELLA-AGENT-HB-016",
    "STELLA-AGENT-TASK-009",
    "STELLA-AGENT-COMP-01[04]",
    "STELLA-AGENT-STREAM-009",
    "STELLA-AGENT-STREAM-01[0234]",
    "STELLA-AGENT-WIRE-014",
    "STELLA-AGENT-STREAM-021",
    "STELLA-AGENT-HB-012",
    "STELLA-AGENT-LIFE-00[17]",
)
"""Globs of rows: see `PatientJudge`."""
