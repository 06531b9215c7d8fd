"""Proxies between an examiner and an agent: one for each life of the agent, as long as it lasts.

In the agent's place a script is started (`threshold.py`). It tells where the examiner awaits the
agent, and becomes the agent once a proxy stands before that, with the proxy's address.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from conformance.agent_process import fill_command
from conformance.mutation.breaking.breaker import Breaker
from conformance.mutation.breaking.changes import Breaking
from conformance.proxy.server import proxying
from conformance.proxy.watch import Passed
from conformance.target import Target, Tls
from schemas.spec import Protocol

__all__ = ["Interposer"]

_PREFIX = "ASSAY_"
_THRESHOLD = Path(__file__).with_name("threshold.py")
_LIMIT = 1 << 20
"""Bytes of an environment, at the most."""

_LAST_WORDS = 0.2
"""Seconds for what the agent said last to come through."""

_LOOKS = 0.05
"""Seconds between looks at an agent that has closed what it was handed, and may live on."""


class Interposer:
    """Listens at `path`, a socket to be, for the lives of the agent that `command` starts. Each
    gets a proxy with what `breaker` makes for it, which breaks nothing where that makes `None`, and
    which tells of all that passes.

    `failure` is why no proxy could be had for one of them.
    """

    def __init__(
        self,
        protocol: Protocol,
        command: Sequence[str],
        breaker: Callable[[], Breaker | None],
        path: Path,
        tell: Callable[[Passed], None],
    ) -> None:
        self.failure: Exception | None = None
        self._protocol = protocol
        self._command = tuple(command)
        self._breaker = breaker
        self._path = path
        self._tell = tell
        self._server: asyncio.Server | None = None
        self._lives: set[asyncio.Task[None]] = set()

    @property
    def command(self) -> tuple[str, ...]:
        """What is to be started in the agent's place."""
        return (sys.executable, "-I", "-S", str(_THRESHOLD), str(self._path))

    async def start(self) -> None:
        """Raises `OSError` where there can be no such socket."""
        self._server = await asyncio.start_unix_server(self._take, self._path, limit=_LIMIT)

    async def close(self) -> None:
        """End the proxies of whoever still lives."""
        if self._server is not None:
            self._server.close()
        for life in self._lives:
            life.cancel()
        await asyncio.gather(*self._lives, return_exceptions=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lives.add(task)
        try:
            await self._stand(reader, writer)
        except (asyncio.CancelledError, ConnectionError):
            pass  # it is over here, or there: whoever examines it sees that
        except Exception as error:  # noqa: BLE001  # told where all else of the mutant is
            self.failure = self.failure or error
        finally:
            self._lives.discard(task)
            writer.close()

    async def _stand(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One life of the agent."""
        said = await reader.readline()
        if not said:
            return  # it was ended before it had begun
        asked = json.loads(said)
        values = _values(asked["environment"])
        target = Target(url=values["url"], grpc=values["grpc"], tls=Tls(ca=values["ca"]))
        breaker = self._breaker()
        changes = Breaking(breaker) if breaker else None
        known = target.for_protocol(self._protocol)
        async with proxying(
            self._protocol, {}, known, self._tell, changes=changes, mirrors=True
        ) as proxy:
            now = {**values, **proxy.values}
            named = {f"{_PREFIX}{name.upper()}": value for name, value in proxy.values.items()}
            told = {"command": fill_command(self._command, now), "environment": named}
            writer.write(json.dumps(told).encode() + b"\n")
            await _end(reader, asked["pid"])
            await asyncio.sleep(_LAST_WORDS)


def _values(environment: Mapping[str, str]) -> dict[str, str]:
    """What the examiner says of itself, by the names of a command's placeholders."""
    return {
        name.removeprefix(_PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(_PREFIX)
    }


async def _end(reader: asyncio.StreamReader, pid: int) -> None:
    """Until the agent has ended; it may close what it was handed before that."""
    with contextlib.suppress(ConnectionError):
        await reader.read()
    with contextlib.suppress(ProcessLookupError):
        while True:
            os.kill(pid, 0)
            await asyncio.sleep(_LOOKS)
