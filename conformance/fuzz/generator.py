"""The suite's end of the process that makes requests up: starts it, hears it, ends it."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import conformance
from conformance.context import VARIABLE
from conformance.fuzz.lawfulness import Asked
from conformance.fuzz.menu import Menu

__all__ = ["Generator", "GeneratorError", "Reply"]

_READY = 120.0
"""Seconds in which it must be ready: a machine may be very busy."""

_GLANCE = 0.25
"""Seconds between two looks at the time while nothing is made up."""

_LAST_WORDS = 4000
"""Characters of what it said on its standard error that an error of ours repeats."""

Reply = Mapping[str, Any]
"""`status` (`None` for no answer), `headers`, and `body` in base64."""


class GeneratorError(RuntimeError):
    """It broke down: a fault of ours, and nothing that a peer could be blamed for."""


class Generator:
    """It is started at once and gets ready by itself, so that no check waits for it later.

    It sees no secret and has no connection: what it makes up is sent, and judged, by the suite.
    """

    def __init__(self, menu: Menu) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the process
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "conformance.fuzz.schemathesis_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=_environment(),
        )
        self._run = 0
        self._ready = False
        self._ear = ThreadPoolExecutor(1, "assay-generator")
        self._line: Future[bytes] | None = None
        self._say(protocol=menu.protocol, operations=list(menu.operations), known=menu.known)

    def close(self) -> None:
        """End it, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        self._ear.shutdown()
        for file in (self._process.stdin, self._process.stdout, self._errors):
            if file is not None:
                file.close()

    async def ready(self) -> None:
        """Wait until it has loaded all that it needs. Raises `GeneratorError`."""
        if self._ready:
            return
        try:
            async with asyncio.timeout(_READY):
                while "ready" not in (said := await self._hear() or {}):
                    assert not said, "it says nothing before it is asked"
        except TimeoutError as error:
            raise GeneratorError(f"it was not ready within {_READY:g} s") from error
        self._ready = True

    async def run(
        self,
        what: Literal["requests", "sequences"],
        seed: int,
        answer: Callable[[Asked], Awaitable[Reply | None]],
        over: Callable[[], bool],
    ) -> None:
        """Have it make up single requests, or sequences of them, and `answer` each, until that
        gives nothing or the time is `over`. Raises `GeneratorError`.
        """
        await self.ready()
        self._run += 1
        self._say(do=what, run=self._run, seed=seed)
        while not over():
            said = await self._hear()
            if said is None or said["run"] != self._run:
                continue  # nothing yet, or what it was busy with before
            reply = await answer(_asked(said["ask"]))
            if reply is None:
                return
            self._say(answer=reply)

    async def _hear(self) -> dict[str, Any] | None:
        """What it says next, or `None` where that takes its time."""
        if self._line is None:
            assert self._process.stdout is not None
            self._line = self._ear.submit(self._process.stdout.readline)
        done, _ = await asyncio.wait([asyncio.wrap_future(self._line)], timeout=_GLANCE)
        if not done:
            return None
        line, self._line = self._line.result(), None
        if not line:
            raise GeneratorError(f"it broke down: {self._last_words()}")
        said: dict[str, Any] = json.loads(line)
        return said

    def _say(self, **said: Any) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(said).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise GeneratorError(f"it broke down: {self._last_words()}") from error

    def _last_words(self) -> str:
        self._process.wait()
        self._errors.seek(0)
        text = self._errors.read().decode("utf-8", "replace").strip()
        return text[-_LAST_WORDS:] or f"exit code {self._process.returncode}"


def _environment() -> dict[str, str]:
    """Ours, but for what the run knows, secrets among it."""
    kept = {name: value for name, value in os.environ.items() if name != VARIABLE}
    return {**kept, "PYTHONPATH": str(Path(conformance.__file__).resolve().parent.parent)}


def _asked(said: Mapping[str, Any]) -> Asked:
    body = said["body"]
    return Asked(
        operation=said["operation"],
        method=said["method"],
        parameters=said["parameters"],
        query=[(name, value) for name, value in said["query"]],
        body=None if body is None else base64.b64decode(body),
        media_type=said["media_type"],
        step=said["step"],
    )
