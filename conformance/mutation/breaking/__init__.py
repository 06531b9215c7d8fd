"""Peers behind a proxy that breaks what they say in one way."""

from conformance.mutation.breaking.census import Census, Said, never_said
from conformance.mutation.breaking.standing import (
    BreakingError,
    broken_agent,
    broken_coordinator,
    standing_before,
)

__all__ = [
    "BreakingError",
    "Census",
    "Said",
    "broken_agent",
    "broken_coordinator",
    "never_said",
    "standing_before",
]
