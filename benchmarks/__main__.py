"""`python -m benchmarks`: measure everything in one run, print it, write `results.json`."""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import heartbeats, rivals, sockets, transports
from benchmarks.client import UnexpectedAnswerError
from benchmarks.cost import Plan, cpu_per_request
from benchmarks.lifetime import memory, start_up, suite
from benchmarks.process import Server
from benchmarks.report import AIMS, BARE, MOCK, UNCHECKED, table

RESULTS = Path(__file__).parent / "results.json"

_OURS = Plan(warm_up=1500, rounds=7, requests=3000)
_THEIRS = Plan(warm_up=2500, rounds=3, requests=3000)
_MARKS = (12_000, 24_000, 36_000, 50_001)
"""Requests after which memory is read: the transcript keeps 10 000."""


def mock() -> Server:
    words = [sys.executable, "-m", "assay", "mock", "aitbc", "--port", "{port}", "--log", "none"]
    return Server(MOCK, words)


def bare() -> Server:
    return Server(BARE, [sys.executable, "-m", "benchmarks.servers", "{port}"])


def unchecked() -> Server:
    words = [sys.executable, "-m", "benchmarks.servers", "{port}", "--no-validation"]
    return Server(UNCHECKED, words, validates=False)


def main() -> int:
    """Measure, print and write; 1 where an aim is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--ours", action="store_true", help="leave Prism and WireMock out")
    arguments = parser.parse_args()
    began = time.perf_counter()
    results = measure(with_rivals=not arguments.ours)
    results["seconds"] = round(time.perf_counter() - began, 1)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    print(table(results))
    return 0 if all(aim(results) for _, aim in AIMS) else 1


def measure(*, with_rivals: bool) -> dict[str, Any]:
    """Every figure. CPU in microseconds a request, time in seconds, memory in MiB."""
    with ExitStack() as stack:
        ours = [stack.enter_context(make()) for make in (mock, bare, unchecked)]
        cpu = cpu_per_request(ours, _OURS)
    skipped = add_rivals(cpu) if with_rivals else ["Prism, WireMock: left out by --ours"]
    with mock() as server:
        resident = memory(server, _MARKS)
    messages = sockets.cpu_per_message(warm_up=3000, rounds=7, messages=6000)
    idle = sockets.idle(1000)
    pulses = heartbeats.cpu_per_heartbeat(warm_up=1000, rounds=5, requests=2000)
    day = heartbeats.day(1000)
    calls = transports.per_call(warm_up=500, rounds=5, calls=1500)
    told = transports.fan_out(subscribers=200, messages=60)
    runs = {}
    for profile in ("quick", "standard"):
        with mock() as server:
            seconds, code = suite(server.port, profile)
            runs[profile] = {"seconds": seconds, "exit": code}
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "cpu": cpu,
        "start": start_up([mock, bare], 10),
        "memory": resident,
        "messages": messages,
        "idle": idle,
        "heartbeats": pulses,
        "day": day,
        "calls": calls,
        "events": told,
        "suite": runs,
        "skipped": skipped,
    }


def add_rivals(cpu: dict[str, dict[str, float]]) -> list[str]:
    """Add the figures of those that can be had to `cpu`, and return why others cannot."""
    skipped = []
    for make in (rivals.prism, rivals.wiremock):
        try:
            with make() as server:
                found = cpu_per_request([server], _THEIRS)
        except (rivals.UnavailableError, UnexpectedAnswerError, OSError, RuntimeError) as error:
            skipped.append(str(error))
            continue
        for work, spent in found.items():
            cpu[work] |= spent
    return skipped


if __name__ == "__main__":
    sys.exit(main())
