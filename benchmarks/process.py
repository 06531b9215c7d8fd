"""A server in a process of its own: when it first answered, what CPU and memory it has used."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.client import Connection, request

__all__ = ["HOME", "Server", "free_port"]

HOME = Path(__file__).resolve().parent.parent

_PATIENCE = 30.0
"""Seconds that a server may take until it answers."""


class Server:
    """Runs `command`, in which `{port}` stands for a free port, until the block ends.

    `started` is the wall-clock time until the first answer, in seconds. `steady` says that its
    threads live as long as it does; then the scheduler's own clock (nanoseconds) is read instead of
    the ticks (10 ms) that also count threads which have ended. One that does not validate answers
    200 to everything. `tls` is how a client speaks to it.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        probe: str = "/health",
        steady: bool = True,
        validates: bool = True,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.name = name
        self.port = free_port()
        self.started = 0.0
        self.validates = validates
        self._probe = probe
        self._tls = tls
        self._steady = steady
        self._words = [word.format(port=self.port) for word in command]

    def __enter__(self) -> Self:
        began = time.perf_counter()
        self._process = subprocess.Popen(
            self._words,
            cwd=HOME,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            self._wait_for_answer(began + _PATIENCE)
        except BaseException:
            self._end()
            raise
        self.started = time.perf_counter() - began
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._end()

    def cpu(self) -> float:
        """CPU seconds used so far, in user and system mode."""
        folder = Path(f"/proc/{self._process.pid}")
        if self._steady:
            tasks = (folder / "task").iterdir()
            return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Resident memory, in MiB (2**20 bytes)."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        resident = next(line for line in lines if line.startswith("VmRSS"))
        return int(resident.split()[1]) / 1024

    def _wait_for_answer(self, end: float) -> None:
        while True:
            try:
                with Connection(self.port, self._tls) as connection:
                    connection.ask(request("GET", self._probe))
            except OSError:
                if self._process.poll() is not None:
                    code = self._process.returncode
                    raise RuntimeError(
                        f"{self.name} ended with {code} before it answered"
                    ) from None
                if time.perf_counter() > end:
                    raise RuntimeError(f"{self.name} did not answer in {_PATIENCE:g} s") from None
                time.sleep(0.004)
            else:
                return

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
