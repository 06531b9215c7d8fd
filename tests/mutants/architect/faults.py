from __future__ import annotations
from .fault import Fault

FAULTS: dict[str, Fault] = {}
