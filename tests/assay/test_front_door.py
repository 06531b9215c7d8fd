"""`assay` runs whatever packages the user's path and working directory hold."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.assay.user_project import HOME, write_hostile

SCRIPT = str(Path(sys.executable).parent / "assay")
DOORS = {
    "module": [sys.executable, "-m", "assay"],
    "module, safe path": [sys.executable, "-P", "-m", "assay"],
    "script": [SCRIPT],
}


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    write_hostile(tmp_path)
    return tmp_path


def run(door: Sequence[str], *words: str, folder: Path, path: str) -> tuple[int, str]:
    done = subprocess.run(
        [*door, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


# Between them they import every room.
@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["requirements", "aitbc"], 0, "AITBC-REG-001"),
        (["mock", "aitbc", "--port", "70000"], 2, "--port is from 0 to 65535"),
        (["test", "aitbc"], 2, "give the coordinator's base URL with --url"),
    ],
    ids=["requirements", "mock", "test"],
)
@pytest.mark.parametrize("door", DOORS)
def test_front_door_leads_to_our_packages(
    hostile: Path, door: str, words: list[str], code: int, told: str
) -> None:
    path = os.pathsep.join([str(hostile), str(HOME)])
    ended, text = run(DOORS[door], *words, folder=hostile, path=path)
    assert ended == code, text
    assert told in text


@pytest.mark.parametrize("path", ["", ".", os.pathsep])
def test_front_door_takes_a_path_that_means_the_working_directory(hostile: Path, path: str) -> None:
    path = os.pathsep.join([path, str(HOME)])
    ended, text = run(DOORS["module"], "requirements", "aitbc", folder=hostile, path=path)
    assert ended == 0, text


def test_hostile_packages_are_hostile(hostile: Path) -> None:
    door = [sys.executable, "-c", "import schemas"]
    ended, text = run(door, folder=hostile, path=str(hostile))
    assert ended == 1
    assert "the user's own schemas" in text


def test_output_that_nobody_reads_any_more_is_no_breakdown() -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [*DOORS["module"], "scenarios", "aitbc"],
            cwd=HOME,
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (141, "")
