"""What the terminal takes that a command writes to."""

from __future__ import annotations

import os
import shutil
import sys

__all__ = ["colours", "columns"]


def colours() -> bool:
    """May there be any?"""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def columns() -> int:
    """How many there are."""
    return shutil.get_terminal_size().columns
