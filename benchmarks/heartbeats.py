"""Stella: CPU a heartbeat over mutual TLS, and a day of a thousand agents."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.client import Connection, UnexpectedAnswerError, request
from benchmarks.process import HOME, Server

__all__ = ["BARE_TLS", "MOCK_TLS", "PULSE", "cpu_per_heartbeat", "day"]

MOCK_TLS = "assay mock, mutual TLS"
BARE_TLS = "bare handler, mutual TLS"

PULSE = {
    "status": "healthy",
    "resourceUsage": {"cpu": 21.5, "memory": 44.0, "disk": 71.25},
    "capabilities": ["docker", "nomad"],
    "runningTasks": 0,
}


def mock() -> Server:
    words = [sys.executable, "-m", "assay", "mock", "stella", "--port", "{port}", "--log", "none"]
    return Server(MOCK_TLS, words, probe="/_assay/ready", tls=_trusting())


def bare() -> Server:
    words = [sys.executable, "-m", "benchmarks.tls_server", "{port}"]
    return Server(BARE_TLS, words, tls=_trusting())


def cpu_per_heartbeat(warm_up: int, rounds: int, requests: int) -> dict[str, float]:
    """Microseconds of CPU for one heartbeat over a connection that is kept alive, by server: the
    median of the rounds, which the servers take in turns.
    """
    taken: dict[str, list[float]] = {}
    with ExitStack() as stack:
        pairs = []
        for server in (stack.enter_context(mock()), stack.enter_context(bare())):
            agent, line = stack.enter_context(_registered(server))
            pulse = json.dumps(PULSE).encode()
            pairs.append(
                (server, line, request("POST", f"/api/v1/agents/{agent}/heartbeat", pulse))
            )
        for _, line, data in pairs:
            line.load([data], warm_up, 200)
        for _ in range(rounds):
            pairs = [*pairs[1:], pairs[0]]
            for server, line, data in pairs:
                before = server.cpu()
                line.load([data], requests, 200)
                taken.setdefault(server.name, []).append((server.cpu() - before) / requests * 1e6)
    return {name: median(all_) for name, all_ in taken.items()}


def day(agents: int) -> dict[str, float]:
    """A day of so many agents through the pure coordinator, in a process of its own: heartbeats,
    seconds of CPU, and MiB by which memory grew after the first hour.
    """
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.long_day", str(agents)],
        cwd=HOME,
        capture_output=True,
        check=True,
        timeout=300,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


@contextmanager
def _registered(server: Server) -> Iterator[tuple[str, Connection]]:
    """A new agent's id, and a connection that shows its certificate."""
    with Connection(server.port, _trusting()) as line:
        token = ""
        if server.name == MOCK_TLS:
            token = _said(line.ask(request("POST", "/_assay/mint", b"{}")), 200)["token"]
        body = json.dumps({"name": "crane", "version": "1", "capabilities": ["docker"]}).encode()
        asked = request("POST", "/api/v1/agents/register", body, {"X-Agent-Token": token})
        said = _said(line.ask(asked), 201)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "agent.pem"
        file.write_text(said["certificate"]["cert"] + said["certificate"]["key"])
        context = _trusting()
        context.load_cert_chain(file)
    with Connection(server.port, context) as line:
        yield said["agentId"], line


def _said(answer: tuple[int, bytes], status: int) -> Any:
    if answer[0] != status:
        raise UnexpectedAnswerError(f"{answer[0]} instead of {status}: {answer[1][:200]!r}")
    return json.loads(answer[1])


def _trusting() -> ssl.SSLContext:
    """The servers sign their own certificates, and here nobody else is on the line."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
