"""The agent as a plain script: it finds the package by itself, from any working directory."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
    runpy.run_module("tests.mutants.stella_agents", run_name="__main__")
