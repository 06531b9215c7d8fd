"""The client as a plain script: it finds the package by itself, from any working directory."""

from __future__ import annotations

import runpy
import signal
import sys
from pathlib import Path

if __name__ == "__main__":
    # Told to stop before it has begun: that is an end like any other.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
    runpy.run_module("tests.mutants.caxton_agents", run_name="__main__")
