"""Script clients of the Architect Agent API: lawful styles and seeded faults."""

from __future__ import annotations

from tests.mutants.architect_agents.faults import FAULTS
from tests.mutants.architect_agents.model import Fault, Needs, Style
from tests.mutants.architect_agents.styles import STYLES

__all__ = ["FAULTS", "STYLES", "Fault", "Needs", "Style"]
