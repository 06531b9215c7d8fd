"""The mock's process, and the way to talk with it. Nothing of ours but `assay` is imported here."""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import ssl
    import subprocess
    from http.client import HTTPConnection

__all__ = ["Ask", "MockError", "MockProcess", "Options"]

_PATIENCE = 30.0
"""Seconds that a mock may take to start, and seconds that it may take to answer."""

# Our `main` clears the path before it imports anything of ours. The pipe at its standard input ends
# when pytest does, however that comes about, so the mock never outlives it.
_CHILD = """\
import os, signal, sys, threading
def end_with_parent():
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=end_with_parent, daemon=True).start()
from assay.__main__ import main
sys.exit(main())
"""


class MockError(RuntimeError):
    """The mock could not be started, is gone, or refuses what it was asked to do."""


class Options(NamedTuple):
    """What tells one mock from another. `None` and empty texts leave it to the mock's default."""

    protocol: str
    seed: int = 0
    clock: str = "real"
    dialect: str = ""
    user: tuple[str, str] | None = None
    """Name and password, where the protocol knows any."""
    tls: bool | None = None
    production: bool = False

    def words(self) -> list[str]:
        """As the command `assay mock` takes them."""
        words = [self.protocol, "--seed", str(self.seed), "--clock", self.clock]
        words += [f"--dialect={self.dialect}"] if self.dialect else []
        words += [f"--user={':'.join(self.user)}"] if self.user else []
        words += [] if self.tls is None else ["--tls" if self.tls else "--no-tls"]
        return [*words, "--production"] if self.production else words


class MockProcess:
    """One `assay mock`. Raises `MockError`, with what it said, where it cannot be started.

    `ca` is the PEM file of the authority that vouches for it, or empty where it speaks no TLS.
    """

    def __init__(self, options: Options, folder: Path) -> None:
        self.options = options
        self._heard: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._complaints: deque[bytes] = deque(maxlen=40)
        self._process = _spawn(options, folder)
        self._threads = [
            _drain(self._process.stdout, self._heard.put, only_first=True),
            _drain(self._process.stderr, self._complaints.append),
        ]
        try:
            ready = self._ready()
        except BaseException:
            self.end()
            raise
        self.url: str = ready["url"]
        self.host, self.port = _address(self.url)
        self.ca: str = ready.get("ca", "")
        self.grpc: str = ready.get("grpc", "")
        self.token: str = ready.get("token", "")
        self.credentials: Mapping[str, str] = ready.get("credentials", {})

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    @cached_property
    def ssl_context(self) -> ssl.SSLContext | None:
        """Trusts the mock's authority and no other; `None` where it speaks no TLS."""
        if not self.ca:
            return None
        import ssl

        return ssl.create_default_context(cafile=self.ca)

    def connect(self) -> HTTPConnection:
        """A connection of its own, which opens with the first request."""
        from http.client import HTTPConnection, HTTPSConnection

        if self.ssl_context is None:
            return HTTPConnection(self.host, self.port, timeout=_PATIENCE)
        return HTTPSConnection(self.host, self.port, timeout=_PATIENCE, context=self.ssl_context)

    def end(self) -> None:
        """End the process, at first gently, and wait until it is gone."""
        from subprocess import TimeoutExpired

        self._process.terminate()
        try:
            self._process.wait(5)
        except TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for thread in self._threads:
            thread.join(5)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def trouble(self, what: str) -> MockError:
        """An error that tells what happened, how the process fares, and its last words."""
        with suppress(Exception):
            self._process.wait(0.5)  # it may just be ending
        if self.ended:
            self._threads[1].join(1)
        fate = f"it ended with {self._process.returncode}" if self.ended else "it still runs"
        said = b"".join(self._complaints).decode("utf-8", "replace").rstrip()
        name = f"the mock of {self.options.protocol!r}"
        return MockError(f"{name} {what} ({fate})" + (f"\n{said}" if said else ""))

    def _ready(self) -> Mapping[str, Any]:
        try:
            line = self._heard.get(timeout=_PATIENCE)
        except queue.Empty:
            raise self.trouble(f"did not start within {_PATIENCE:g} s") from None
        try:
            ready = json.loads(line)
            return {**ready, "url": ready["url"].rstrip("/")}
        except (ValueError, KeyError, TypeError):
            shown = f": it began with {line!r}" if line else ""
            raise self.trouble(f"could not be started{shown}") from None


def _spawn(options: Options, folder: Path) -> subprocess.Popen[bytes]:
    import subprocess

    home = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH", "")]))
    words = [sys.executable, "-P", "-c", _CHILD, "mock", *options.words()]
    return subprocess.Popen(  # noqa: S603  # our own interpreter, and no shell
        [*words, "--port", "0", "--log", "json"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for pytest: its teardown may still need the mock
    )


def _drain(
    pipe: IO[bytes] | None, take: Callable[[bytes], object], *, only_first: bool = False
) -> threading.Thread:
    """Read a pipe to its end, so that it never fills; `take` gets its lines, or only the first."""

    def read() -> None:
        assert pipe is not None
        with suppress(ValueError, OSError):  # it was closed under us
            if only_first:
                take(pipe.readline())
            for line in pipe:
                if not only_first:
                    take(line)

    thread = threading.Thread(target=read, name="assay-drain", daemon=True)
    thread.start()
    return thread


def _address(url: str) -> tuple[str, int]:
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


class Ask:
    """Puts one question to the control interface, in the name of one session."""

    def __init__(self, process: MockProcess, session: str) -> None:
        self._child = process
        self._headers = {"X-Assay-Session": session, "Content-Type": "application/json"}

    def __call__(self, method: str, command: str, said: Mapping[str, Any] | None = None) -> Any:
        from http.client import HTTPException

        connection = self._child.connect()
        body = None if said is None else json.dumps(said)
        try:
            connection.request(method, f"/_assay/{command}", body, self._headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, HTTPException, ValueError) as error:
            raise self._child.trouble(f"does not answer: {error!r}") from error
        finally:
            connection.close()
        if response.status >= 400:
            raise MockError(f"the mock refuses {method} {command}: {answer.get('error', answer)}")
        return answer
