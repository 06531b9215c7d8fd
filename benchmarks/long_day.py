"""`python -m benchmarks.long_day AGENTS`: a day of heartbeats on a virtual clock, without a wire.

Each agent registers, and from then on sends a heartbeat every 30 s of the clock, with a
certificate that is renewed in its last hour. Prints JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.heartbeats import PULSE
from mockserver.authority import Authority
from mockserver.coordinator import Answer, Call, Coordinator, Settings
from mockserver.protocols import make_coordinator
from mockserver.world import VirtualClock, World
from schemas import load

__all__ = ["main"]

_HOUR = 3600
_INTERVAL = 30


def _asked(coordinator: Coordinator, call: Call, status: int) -> Any:
    """As the chain does: the guard first."""
    said = coordinator.guard(call) or coordinator.answer(call)
    assert isinstance(said, Answer)
    if said.status != status:
        raise RuntimeError(f"{call.operation} was answered {said.status}: {said.body}")
    return said.body


def _register(coordinator: Coordinator, name: str) -> tuple[str, bytes]:
    from cryptography import x509  # of no use to the day itself
    from cryptography.hazmat.primitives.serialization import Encoding

    token = coordinator.enrol(name)["token"]
    body = {"name": name, "version": "1", "capabilities": ["docker"]}
    call = Call(operation="registerAgent", headers={"X-Agent-Token": token}, body=body)
    said = _asked(coordinator, call, 201)
    pem = said["certificate"]["cert"].encode()
    return said["agentId"], x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


def main() -> None:
    """Live through the day."""
    clock = VirtualClock(1_795_000_000.0)
    world = World.seeded(0, clock, Authority())
    coordinator = make_coordinator(load("stella"), world, Settings(tls=True))
    agents = [_register(coordinator, f"crane-{n}") for n in range(int(sys.argv[1]))]
    calls = [
        Call(operation="sendHeartbeat", parameters={"id": agent}, body=PULSE, certificate=der)
        for agent, der in agents
    ]
    first_hour, began, sent = 0.0, time.process_time(), 0
    for second in range(0, 24 * _HOUR - _INTERVAL, _INTERVAL):
        for call in calls:
            _asked(coordinator, call, 200)
        sent += len(calls)
        clock.advance(_INTERVAL)
        first_hour = _resident() if second == _HOUR else first_hour
    spent = time.process_time() - began
    print(json.dumps({"heartbeats": sent, "cpu": spent, "grown": _resident() - first_hour}))


def _resident() -> float:
    """MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


if __name__ == "__main__":
    main()
