"""Runs the suite once on one peer, in a process of its own, and sees that it ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from conformance.context import RunContext
from conformance.mutation.verdicts import Seen
from conformance.suite_process import suite_command, suite_environment

__all__ = ["Reader", "judged"]

Reader = Callable[[Path], Seen]
"""Reads what a run.jsonl says of each row."""

_LAST_WORDS = 15.0
"""Seconds that the suite has to end once it is asked to: it ends its agents first."""

_KEPT = 2000
"""Characters of what a suite said that came to nothing."""


async def judged(context: RunContext, limit: float, read: Reader) -> Seen:
    """What the suite says of the peer of that context, within `limit` seconds.

    A suite that takes longer, or that leaves no record, is broken, never the peer.
    """
    with tempfile.TemporaryDirectory(prefix="assay-mutate-") as folder:
        record = Path(folder) / "run.jsonl"
        output = Path(folder) / "output.txt"
        ended = await _run(replace(context, record=str(record)), output, limit)
        if not ended:
            return Seen(verdicts={}, broke=f"the suite did not end within {limit:.0f} s")
        if not record.exists():
            said = output.read_text("utf-8", "replace")[-_KEPT:].strip()
            return Seen(verdicts={}, broke=f"the suite ended before it began: {said}")
        return read(record)


async def _run(context: RunContext, output: Path, limit: float) -> bool:
    """Did it end in time? What it says goes into a file: nobody need read a pipe."""
    with output.open("wb") as sink:
        process = await asyncio.create_subprocess_exec(
            *suite_command(context),
            env=suite_environment(context),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sink,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # a terminal's Ctrl-C is ours to hand on
        )
    try:
        await asyncio.wait_for(process.wait(), limit)
    except TimeoutError:
        return False
    finally:
        await _end(process)
    return True


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask it to end, so that it ends its agents; whatever is left of it afterwards is ended."""
    if process.returncode is None:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _LAST_WORDS)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
