"""Independent Architect Agents in many readings, and the faults that can be seeded into them."""

from __future__ import annotations

from .fault import Fault
from .faults import FAULTS
from .lawful import LAWFUL
from .reading import Reading
from .serve import Served, start

__all__ = ["FAULTS", "LAWFUL", "Fault", "Reading", "Served", "start"]
