"""A process between an examiner and an agent: a proxy, and the agent started with its address.

It is started in the agent's place, and is nothing to be noticed: it ends when the agent does, as
the agent did, and leaves being asked to end to it.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.agent_process import fill_command
from conformance.mutation.breaking.breaker import Breaker
from conformance.mutation.breaking.changes import Breaking
from conformance.mutation.breaking.standing import FAILURE, unheard
from conformance.mutation.mutant import Mutant
from conformance.proxy.server import proxying
from conformance.target import Target, Tls
from schemas import load, load_requirements
from schemas.spec import Protocol

__all__ = ["main"]

_PREFIX = "ASSAY_"
_LAST_WORDS = 0.2
"""Seconds for what the agent said last to come through."""


def main() -> None:
    """`sys.argv` holds the file with the task."""
    task = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    code = asyncio.run(_stand(task))
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


async def _stand(task: Mapping[str, Any]) -> int:
    protocol = load(task["protocol"])
    values = {
        name.removeprefix(_PREFIX).lower(): value
        for name, value in os.environ.items()
        if name.startswith(_PREFIX)
    }
    target = Target(url=values["url"], grpc=values["grpc"], tls=Tls(ca=values["ca"]))
    breaker = _breaker(protocol, task) if task["mutant"] is not None else None
    changes = Breaking(breaker) if breaker else None
    known = target.for_protocol(protocol)
    async with proxying(protocol, {}, known, unheard, changes=changes, mirrors=True) as proxy:
        code = await _live(task["command"], {**values, **proxy.values})
        await asyncio.sleep(_LAST_WORDS)
    if breaker is not None and breaker.failure is not None:
        said = f"{breaker.mutant.name} cannot be applied: {breaker.failure!r}"
        Path(task["tally"]).with_name(FAILURE).write_text(said, "utf-8")
    return code


def _breaker(protocol: Protocol, task: Mapping[str, Any]) -> Breaker:
    mutant = Mutant(**task["mutant"])
    told = _teller(Path(task["tally"]))
    noise = random.Random(task["seed"]).randbytes  # noqa: S311  # to be repeated, not secret
    rows = load_requirements(protocol)
    return Breaker(protocol, rows, mutant, "agent", told, noise=noise)


def _teller(tally: Path) -> Any:
    def tell() -> None:
        with tally.open("ab") as file:  # of several processes, each adds a byte
            file.write(b".")

    return tell


async def _live(command: list[str], values: Mapping[str, str]) -> int:
    """The agent's life. It is in our group: who ends that, or asks it to end, reaches it."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: None)
    environment = {f"{_PREFIX}{name.upper()}": value for name, value in values.items()}
    process = await asyncio.create_subprocess_exec(
        *fill_command(command, values), env={**os.environ, **environment}
    )
    return await process.wait()
