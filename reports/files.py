"""Reports reach the disk whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["write_whole"]


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file under a temporary name beside `path`, then renames it.

    Who reads `path` meanwhile sees the old file or the new one. Missing folders are made. Raises
    `OSError` where that cannot be done; `path` is then as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)  # it is there only if something went wrong
