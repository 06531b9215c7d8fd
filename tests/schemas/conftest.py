"""The AITBC pack as it ships, and copies of it that a test may break."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from schemas import Protocol, Requirement, load, load_requirements
from schemas.loader import PROTOCOLS


@dataclass(frozen=True, slots=True)
class Pack:
    """A copy of a pack, to be broken one way at a time."""

    folder: Path

    def edit(self, name: str, old: str, new: str) -> Path:
        """Replace what must stand in the file exactly once."""
        path = self.folder / name
        text = path.read_text("utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        path.write_text(text.replace(old, new), "utf-8")
        return path

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, "utf-8")
        return path

    def line_of(self, name: str, text: str) -> int:
        """The first line, from 1, of a file in which `text` stands."""
        lines = (self.folder / name).read_text("utf-8").splitlines()
        return next(number for number, line in enumerate(lines, 1) if text in line)

    def load(self) -> Protocol:
        return load(str(self.folder))


@pytest.fixture(scope="session")
def aitbc() -> Protocol:
    return load("aitbc")


@pytest.fixture(scope="session")
def rows(aitbc: Protocol) -> dict[str, Requirement]:
    return load_requirements(aitbc)


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    folder = tmp_path / "aitbc"
    shutil.copytree(PROTOCOLS / "aitbc", folder)
    return Pack(folder)
