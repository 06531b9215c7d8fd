"""Start-up, memory, and how long `assay test` takes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from statistics import median

from benchmarks.client import Connection
from benchmarks.process import HOME, Server
from benchmarks.workloads import WORKLOADS

__all__ = ["memory", "start_up", "suite"]


def start_up(makers: Sequence[Callable[[], Server]], times: int) -> dict[str, float]:
    """Wall-clock seconds until the first answer: the median of `times` starts, taken in turns."""
    taken: dict[str, list[float]] = {}
    for _ in range(times):
        for make in makers:
            with make() as server:
                taken.setdefault(server.name, []).append(server.started)
    return {name: median(all_) for name, all_ in taken.items()}


def memory(server: Server, marks: Sequence[int]) -> dict[int, float]:
    """Resident MiB after so many requests of every kind; 0 is right after the start."""
    found = {0: server.memory()}
    sent = 0
    with Connection(server.port) as line:
        for mark in marks:
            share = (mark - sent) // len(WORKLOADS)
            for work in reversed(WORKLOADS):  # agents are registered before they are looked up
                line.load(work.requests, share, work.status)
            sent = mark
            found[mark] = server.memory()
    return found


def suite(port: int, profile: str) -> tuple[float, int]:
    """Wall-clock seconds of `assay test aitbc` against the mock on that port, and its exit code."""
    words = [sys.executable, "-m", "assay", "test", "aitbc", "--url", f"http://127.0.0.1:{port}"]
    with tempfile.TemporaryDirectory() as out:
        began = time.perf_counter()
        done = subprocess.run(
            [*words, "--profile", profile, "--out", out],
            cwd=HOME,
            capture_output=True,
            timeout=90,
            check=False,
        )
        return time.perf_counter() - began, done.returncode
