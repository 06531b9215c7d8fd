"""``python -m tests.mutants.caxton_agents``: the same as running ``agent.py``."""

from __future__ import annotations

import sys

from tests.mutants.caxton_agents.cli import main

if __name__ == "__main__":
    sys.exit(main())
