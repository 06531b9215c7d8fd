"""Test agents for the stella orchestrator: lawful styles and seeded faults."""

from __future__ import annotations

from tests.mutants.stella_agents.bugs import Cue
from tests.mutants.stella_agents.faults import FAULTS
from tests.mutants.stella_agents.model import Fault, Style
from tests.mutants.stella_agents.styles import STYLES

__all__ = ["FAULTS", "STYLES", "Cue", "Fault", "Style"]
