"""Reports reach the disk whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

__all__ = ["write_pieces", "write_whole"]


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file under a temporary name beside `path`, then renames it.

    Who reads `path` meanwhile sees the old file or the new one. Missing folders are made. Raises
    `OSError` where that cannot be done; `path` is then as it was.
    """
    write_pieces(path, [content])


def write_pieces(path: Path, pieces: Iterable[bytes]) -> None:
    """The same of content that is not held in memory at once; it is made while it is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.writelines(pieces)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)  # it is there only if something went wrong
