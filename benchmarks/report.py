"""The results as a table for people, and what is aimed at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from benchmarks.heartbeats import BARE_TLS, MOCK_TLS
from benchmarks.sockets import BARE_SOCKETS, MOCK_SOCKETS
from benchmarks.transports import BARE_FAN, BARE_GRPC, MOCK_FAN, MOCK_GRPC

__all__ = ["AIMS", "BARE", "MOCK", "UNCHECKED", "table"]

MOCK = "assay mock"
BARE = "bare handler"
UNCHECKED = "bare, no validation"

Results = Mapping[str, Any]

DEAREST = 1.3
"""What the mock may cost at most, as a multiple of the bare handler, in every workload."""

AIMS: Sequence[tuple[str, Callable[[Results], bool]]] = (
    (
        f"CPU a request at most {DEAREST} times the bare handler's",
        lambda found: all(ratio(spent) <= DEAREST for spent in found["cpu"].values()),
    ),
    ("first answer in under 0.4 s", lambda found: found["start"][MOCK] < 0.4),
    ("memory flat once the transcript is full", lambda found: growth(found["memory"]) < 0.05),
    (
        "CPU a WebSocket message at most that of bare websockets.serve",
        lambda found: message_ratio(found["messages"]) <= 1.0,
    ),
    ("a day of a thousand agents leaves memory flat", lambda found: found["day"]["grown"] < 8),
    ("suite, quick, in under 3 s", lambda found: suite_within(found["suite"]["quick"], 3)),
    ("suite, standard, in under 10 s", lambda found: suite_within(found["suite"]["standard"], 10)),
)


def ratio(spent: Mapping[str, float]) -> float:
    """The mock's cost as a multiple of the bare handler's."""
    return spent[MOCK] / spent[BARE]


def message_ratio(spent: Mapping[str, float]) -> float:
    """The mock's cost of a WebSocket message as a multiple of the bare server's."""
    return spent[MOCK_SOCKETS] / spent[BARE_SOCKETS]


def growth(memory: Mapping[Any, float]) -> float:
    """How much memory grew between the first mark after the start and the last, as a fraction."""
    _, first, *_, last = memory.values()
    return last / first - 1


def suite_within(run: Mapping[str, float], seconds: float) -> bool:
    """Whether a run found the mock conformant, and in time: a run that broke off was quick too."""
    return run["exit"] == 0 and run["seconds"] < seconds


def table(found: Results) -> str:
    """Everything that was measured, and whether it is what was aimed at."""
    return "\n".join(
        [
            f"{found['date']}, {found['machine']}, {found['seconds']:.0f} s in all",
            "",
            *_cpu(found["cpu"]),
            "",
            *_lifetime(found),
            "",
            *(f"{'ok    ' if aim(found) else 'MISSED'}  {text}" for text, aim in AIMS),
            *(f"skipped: {reason}" for reason in found["skipped"]),
        ]
    )


def _cpu(cpu: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    works = list(cpu)
    yield f"{'CPU, µs a request':22}" + "".join(f"{work:>16}" for work in works)
    for name in cpu[works[0]]:
        yield f"{name:22}" + "".join(f"{cpu[work][name]:>16.1f}" for work in works)
    ratios = "".join(f"{ratio(cpu[work]):>16.2f}" for work in works)
    yield f"{'mock / bare handler':22}{ratios}"


def _lifetime(found: Results) -> Iterator[str]:
    for name, seconds in found["start"].items():
        yield f"first answer, {name:20} {seconds * 1000:8.0f} ms"
    for sent, resident in found["memory"].items():
        yield f"memory after {sent:>7} requests {'':7} {resident:8.1f} MiB"
    for name, spent in found["messages"].items():
        yield f"{name:22} {spent:8.1f} µs CPU a message, {1e6 / spent:8.0f} a CPU second"
    yield f"{'mock / bare':22} {message_ratio(found['messages']):8.2f}"
    idle = found["idle"]
    yield (
        f"{idle['agents']:.0f} idle agents: {idle['kib_each']:.1f} KiB each, "
        f"{idle['open_us_each']:.0f} µs to open one, {idle['ping_us_each']:.0f} µs to answer a "
        f"ping, a round of pings in {idle['ping_round_s'] * 1000:.0f} ms"
    )
    yield from _heartbeats(found)
    yield from _transports(found)
    for profile, run in found["suite"].items():
        yield f"assay test, {profile:22} {run['seconds']:8.2f} s, exit {run['exit']}"


def _transports(found: Results) -> Iterator[str]:
    calls, events = found["calls"], found["events"]
    for name, spent in calls.items():
        yield f"{name:26} {spent:8.1f} µs CPU a call, {1e6 / spent:8.0f} a CPU second"
    yield f"{'gRPC, mock / bare':26} {calls[MOCK_GRPC] / calls[BARE_GRPC]:8.2f}"
    for name, spent in events.items():
        yield f"{name:26} {spent:8.1f} µs CPU an event and subscriber, of 200"
    yield f"{'mock / bare':26} {events[MOCK_FAN] / events[BARE_FAN]:8.2f}"


def _heartbeats(found: Results) -> Iterator[str]:
    pulses, day = found["heartbeats"], found["day"]
    for name, spent in pulses.items():
        yield f"{name:24} {spent:8.1f} µs CPU a heartbeat, {1e6 / spent:8.0f} a CPU second"
    yield f"{'mock / bare':24} {pulses[MOCK_TLS] / pulses[BARE_TLS]:8.2f}"
    yield (
        f"a day of 1000 agents without a wire: {day['heartbeats']:.0f} heartbeats in "
        f"{day['cpu']:.1f} s of CPU, memory grew by {day['grown']:.1f} MiB after the first hour"
    )
