"""Where the run is that a command line means."""

from __future__ import annotations

from pathlib import Path

__all__ = ["record_of"]


def record_of(path: Path) -> Path:
    """The run.jsonl that is meant: it, or the folder that holds it."""
    return path / "run.jsonl" if path.is_dir() else path
