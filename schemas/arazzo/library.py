"""The scenarios that ship."""

from __future__ import annotations

from pathlib import Path

from schemas.loader import scenario_files

__all__ = ["scenarios"]


def scenarios(protocol_id: str) -> list[Path]:
    """The files of a protocol's scenarios, in alphabetical order; of a pack of one's own, given as
    a folder, as well. Raises `PackError` for an unknown protocol.
    """
    return scenario_files(protocol_id)
