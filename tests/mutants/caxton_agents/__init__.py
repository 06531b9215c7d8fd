"""Test clients for the Caxton coordinator: lawful styles and seeded faults."""

from __future__ import annotations

from tests.mutants.caxton_agents.bugs import Cue
from tests.mutants.caxton_agents.faults import FAULTS
from tests.mutants.caxton_agents.model import Fault, Style
from tests.mutants.caxton_agents.styles import STYLES

__all__ = ["FAULTS", "STYLES", "Cue", "Fault", "Style"]
