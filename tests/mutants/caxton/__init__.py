"""A lawful caxton coordinator in many readings, and the faults that can be seeded into it."""

from __future__ import annotations

from .faults import FAULTS, Fault
from .lawful import LAWFUL
from .reading import Reading
from .serve import Served, start

__all__ = ["FAULTS", "LAWFUL", "Fault", "Reading", "Served", "start"]
