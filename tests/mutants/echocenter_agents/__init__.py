"""Test agents for the EchoCenter socket: lawful styles and seeded faults."""

from __future__ import annotations

from tests.mutants.echocenter_agents.faults import FAULTS
from tests.mutants.echocenter_agents.model import Cue, Fault, Style
from tests.mutants.echocenter_agents.styles import STYLES

__all__ = ["FAULTS", "STYLES", "Cue", "Fault", "Style"]
