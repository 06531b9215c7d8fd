"""The mock as others see it: Schemathesis, from outside, in a process of its own.

Its pytest plugin changes Hypothesis for the whole process, so none of it is imported here.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PHASES = "examples,coverage,fuzzing,stateful"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The URL of `assay mock aitbc`, started as a user would start it."""
    command = [sys.executable, "-m", "assay", "mock", "aitbc", "--port", "0", "--log", "json"]
    with (
        (tmp_path / "errors.txt").open("wb+") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as process,
    ):
        assert process.stdout is not None
        try:
            ready = json.loads(process.stdout.readline())
            with (tmp_path / "log.jsonl").open("wb") as log:
                drain = subprocess.Popen(["cat"], stdin=process.stdout, stdout=log)
                yield ready["url"]
        finally:
            process.terminate()
            process.wait(10)
        drain.wait(10)
        errors.seek(0)
        assert errors.read() == b""
    assert process.returncode == 0


def test_schemathesis_finds_nothing(served: str, tmp_path: Path) -> None:
    words = ["run", f"{served}/openapi.json", "--checks", "all", "--phases", PHASES]
    words += ["--max-examples", "30", "--seed", "20261121", "--no-color", "--workers", "1"]
    words += ["--suppress-health-check", "all", "--generation-database", "none"]
    ran = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    tested = re.search(r"(\d+) generated, (\d+) passed", ran.stdout)
    assert tested is not None, ran.stdout[-3000:]
    assert tested[1] == tested[2]
    assert int(tested[1]) > 300
    assert re.search(r"Stateful \(in", ran.stdout)
    # what the mock says it served is what was asked, and no line of its log is broken
    told = [json.loads(line) for line in (tmp_path / "log.jsonl").read_bytes().splitlines()]
    assert len(told) > 300
    assert {entry["response"]["status"] for entry in told} >= {200, 404, 405, 422}
    assert not any(entry["response"]["status"] >= 500 for entry in told)
