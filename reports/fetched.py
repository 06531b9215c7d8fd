"""Evidence that stays in its file until somebody looks at it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

__all__ = ["Fetched"]


class Fetched(Mapping[str, Any]):
    """The evidence of the line of a run.jsonl that begins at `offset` and is `length` bytes long.

    Every look at it reads the line again. Raises `OSError` where the file is gone by then.
    """

    __slots__ = ("_length", "_offset", "_path")

    def __init__(self, path: Path, offset: int, length: int) -> None:
        self._path = path
        self._offset = offset
        self._length = length

    def __getitem__(self, name: str) -> Any:
        return self._evidence()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._evidence())

    def __len__(self) -> int:
        return len(self._evidence())

    def __bool__(self) -> bool:
        return True  # what is empty is not fetched

    def _evidence(self) -> dict[str, Any]:
        return _read(self._path, self._offset, self._length)


@lru_cache(maxsize=4)  # who looks at one asks it for several things
def _read(path: Path, offset: int, length: int) -> dict[str, Any]:
    with path.open("rb") as lines:
        lines.seek(offset)
        evidence: dict[str, Any] = orjson.loads(lines.read(length))["evidence"]
    return evidence
