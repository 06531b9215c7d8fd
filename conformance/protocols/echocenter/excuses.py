"""What is judged of an agent that was still answering when its time was up."""

from __future__ import annotations

__all__ = ["TIMELESS"]

TIMELESS = (
    "ECHO-AGENT-REG-*",
    "ECHO-AGENT-CONN-*",
    "ECHO-AGENT-MSG-*",
    "ECHO-AGENT-LOG-*",
    "ECHO-AGENT-WIRE-00[1-69]",
    "ECHO-AGENT-WIRE-010",
    "ECHO-AGENT-CHAT-01[0-68]",
    "ECHO-AGENT-STREAM-00[24-9]",
    "ECHO-AGENT-STREAM-01?",
)
"""Globs of rows: see `PatientJudge`."""
