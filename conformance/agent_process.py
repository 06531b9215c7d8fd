"""An agent as a child process: started, listened to, ended; never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from conformance.context import VARIABLE

__all__ = ["AgentProcess", "Ending", "fill_command"]

_KEPT_OUTPUT = 64 * 1024
_GRACE = 5.0
"""Seconds that an agent has to end once it is asked to."""

_LAST_WORDS = 1.0
"""Seconds until the end of its output: it comes at once, unless a child that got away holds it."""

_BREAKDOWNS = (
    b"Traceback (most recent call last)",
    b"panic: ",
    b"panicked at ",
    b"Segmentation fault",
    b"Unhandled",
    b"error: Uncaught",
    b"Exception in thread ",
    b"terminate called after throwing",
)

_LAST_LINES = ("Node.js v", "Bun v")
"""How the last line begins that some say after an error which nobody caught, and at its end."""

_FRAME = re.compile(r"at .*:\d+\)?$")
"""A line of a stack, as Node.js and the JVM write them below what went wrong."""

_WORD = re.compile(r"[^\W\d_]{3}")

_BY_SIGNAL = (128 + signal.SIGINT, 128 + signal.SIGTERM)
"""Exit codes by which a process says that a signal ended it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an agent ended. `code` is its exit code, negative for a signal.

    `asked` says that it was asked to end; `stubborn` that it did not and had to be killed.
    """

    code: int | None
    output: str
    asked: bool
    stubborn: bool

    @property
    def broke_down(self) -> bool:
        """Did it end by itself, and not in order: by a signal, or with a stack trace?"""
        if self.asked or self.code is None or self.code == 0:
            return False
        return self.code < 0 or self._tells_of_a_breakdown

    @property
    def wrecked(self) -> bool:
        """Did it break down, even if it was asked to end? Whom the signal ended that asked it, or
        who says so by its exit code, did not.
        """
        if self.code in (None, 0, *_BY_SIGNAL) or (self.asked and self.code < 0):
            return False
        return self.code < 0 or self._tells_of_a_breakdown

    def describe(self) -> str:
        return f"it ended with {self.code}: {self._telling[:200] or '(it said nothing)'}"

    @property
    def _tells_of_a_breakdown(self) -> bool:
        told = any(mark.decode() in self.output for mark in _BREAKDOWNS)
        return told or self._last.startswith(_LAST_LINES)

    @property
    def _telling(self) -> str:
        """The last line that says something: no bracket, no frame of a stack, no version."""
        lines = [line.strip() for line in self.output.splitlines()]
        words = [line for line in lines if _WORD.search(line) and not _FRAME.match(line)]
        told = [line for line in words if not line.startswith(_LAST_LINES)]
        return told[-1] if told else self._last

    @property
    def _last(self) -> str:
        return next(reversed(self.output.strip().splitlines()), "")


def fill_command(command: Sequence[str], values: Mapping[str, str]) -> list[str]:
    """The command with its placeholders (`{url}`, `{name}` and so on) filled in."""
    return [_filled(word, values) for word in command]


def _filled(word: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        word = word.replace(f"{{{name}}}", value)
    return word


class AgentProcess:
    """One life of an agent. Raises `OSError` from `start` where the command cannot be run.

    `hear` is given what it prints, as it comes.
    """

    def __init__(
        self,
        command: Sequence[str],
        values: Mapping[str, str],
        hear: Callable[[bytes], None] = lambda _: None,
    ) -> None:
        self._command = fill_command(command, values)
        self._values = values
        self._hear = hear
        self._process: asyncio.subprocess.Process | None = None
        self._output = bytearray()
        self._reader: asyncio.Task[None] | None = None

    async def start(self) -> None:
        environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
        environment.pop("PYTHONPATH", None)  # ours, which only the suite needs
        if "ASSAY_USER_PYTHONPATH" in environment:
            environment["PYTHONPATH"] = environment.pop("ASSAY_USER_PYTHONPATH")
        environment |= {f"ASSAY_{name.upper()}": value for name, value in self._values.items()}
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # so that its own children can be ended with it
        )
        self._reader = asyncio.create_task(self._listen())

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def wait(self) -> None:
        """Until it has ended by itself."""
        assert self._process is not None, "it was started"
        await self._process.wait()

    async def end(self) -> Ending:
        """Ask it to end if it still runs, and make sure that it did."""
        process = self._process
        assert process is not None, "it was started"
        asked, stubborn = self.running, False
        if asked:
            self._signal(signal.SIGTERM)
            stubborn = not await self._gone(_GRACE)
        self._signal(signal.SIGKILL)  # whatever is left of its group
        await self._gone(_GRACE)
        if self._reader is not None:
            await asyncio.wait({self._reader}, timeout=_LAST_WORDS)
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
        output = self._output.decode("utf-8", "replace")
        return Ending(code=process.returncode, output=output, asked=asked, stubborn=stubborn)

    async def _gone(self, seconds: float) -> bool:
        assert self._process is not None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), seconds)
        return not self.running

    def _signal(self, sign: signal.Signals) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, sign)

    async def _listen(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while chunk := await self._process.stdout.read(8192):
            self._hear(chunk)
            self._output += chunk
            del self._output[:-_KEPT_OUTPUT]
