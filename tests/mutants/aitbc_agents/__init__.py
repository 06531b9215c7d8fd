"""Test agents for the AITBC coordinator API: lawful styles and seeded faults."""

from __future__ import annotations

from tests.mutants.aitbc_agents.faults import FAULTS
from tests.mutants.aitbc_agents.model import Fault, Needs, Style
from tests.mutants.aitbc_agents.styles import STYLES

__all__ = ["FAULTS", "STYLES", "Fault", "Needs", "Style"]
