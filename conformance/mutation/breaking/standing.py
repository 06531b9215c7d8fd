"""Where a mutant stands: before a coordinator, or between an agent and whoever examines it."""

from __future__ import annotations

import contextlib
import random
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from conformance.mutation.breaking.breaker import Breaker
from conformance.mutation.breaking.changes import Breaking
from conformance.mutation.breaking.interposer import Interposer
from conformance.mutation.mutant import Mutant
from conformance.proxy.changing import Changes
from conformance.proxy.server import RunningProxy, proxying
from conformance.proxy.watch import Passed
from conformance.target import Target
from schemas import load_requirements
from schemas.spec import Protocol, Role

__all__ = [
    "BreakingError",
    "broken_agent",
    "broken_coordinator",
    "standing_before",
]


def _unheard(_: Passed) -> None:
    """What passes is nobody's affair here: the suite judges it."""


class BreakingError(Exception):
    """A mutant could not be applied: a fault of ours, and no word on the peer."""


class broken_coordinator:  # noqa: N801  # used as a function is: `async with broken_coordinator(…)`
    """The same coordinator, with what it says broken as the mutant has it: enters with a `Target`
    that reaches it through a proxy. Its hooks go the same way, untouched. `mutant` may be `None`,
    for a proxy that breaks nothing. `tell` is told of all that passes.

    Raises `OSError` where no address can be had, and on leaving `BreakingError` where something
    went wrong here.
    """

    def __init__(
        self,
        protocol: Protocol,
        target: Target,
        mutant: Mutant | None,
        *,
        seed: int = 0,
        tell: Callable[[Passed], None] = _unheard,
    ) -> None:
        self._protocol = protocol
        self._target = target
        self._mutant = mutant
        self._tell = tell
        self._breaker: Breaker | None = None
        self._seed = seed
        self._stack = AsyncExitStack()

    @property
    def applied(self) -> int:
        """How often the mutant has been applied."""
        return self._breaker.applied if self._breaker else 0

    async def __aenter__(self) -> Target:
        changes = None
        if self._mutant is not None:
            self._breaker = _made(self._protocol, self._mutant, "coordinator", self._seed)
            changes = Breaking(self._breaker)
        before = standing_before(self._protocol, self._target, changes, self._tell)
        return await self._stack.enter_async_context(before)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()
        if error is None and self._breaker is not None and self._breaker.failure is not None:
            raise BreakingError(f"{self._breaker.mutant.name} cannot be applied") from (
                self._breaker.failure
            )


@asynccontextmanager
async def standing_before(
    protocol: Protocol,
    target: Target,
    changes: Changes | None,
    tell: Callable[[Passed], None] = _unheard,
) -> AsyncIterator[Target]:
    """The same coordinator through a proxy that changes what passes. Its hooks go the same way,
    untouched. Raises `OSError` where no address can be had.
    """
    target = target.for_protocol(protocol)
    standing = proxying(protocol, {}, target, tell, mirrors=True, changes=changes)
    with contextlib.ExitStack() as stack:
        async with standing as proxy:
            trusted = _trusted(proxy, target, stack) if proxy.ca else target.tls.ca
            tls = replace(target.tls, ca=trusted)
            yield replace(target.with_url(proxy.url), grpc=proxy.grpc, tls=tls)


def _trusted(proxy: RunningProxy, target: Target, stack: contextlib.ExitStack) -> str:
    """The authority of the proxy, and whomever the target trusts beside it."""
    if not target.tls.ca:
        return proxy.ca
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="assay-trust-"))
    both = Path(folder) / "ca.pem"
    files = (proxy.ca, target.tls.ca)
    both.write_text("\n".join(Path(file).read_text("utf-8") for file in files), "utf-8")
    return str(both)


class broken_agent:  # noqa: N801  # see above
    """The same agent, with what it says broken as the mutant has it: enters with the command that
    starts it so. `command` may hold the placeholders that an agent's command has. `tell` is told of
    all that passes. Raises `OSError` where a socket cannot be had, and `BreakingError` on leaving,
    where something went wrong here.
    """

    def __init__(
        self,
        protocol: Protocol,
        mutant: Mutant | None,
        command: Sequence[str],
        *,
        seed: int = 0,
        tell: Callable[[Passed], None] = _unheard,
    ) -> None:
        self._protocol = protocol
        self._mutant = mutant
        self._tell = tell
        self._command = tuple(command)
        self._seed = seed
        self._breakers: list[Breaker] = []
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._interposer: Interposer | None = None

    @property
    def applied(self) -> int:
        """How often the mutant has been applied, in all lives of the agent."""
        return sum(breaker.applied for breaker in self._breakers)

    async def __aenter__(self) -> tuple[str, ...]:
        self._folder = tempfile.TemporaryDirectory(prefix="assay-mutant-")
        path = Path(self._folder.name) / "socket"
        self._interposer = Interposer(
            self._protocol, self._command, self._breaker, path, self._tell
        )
        await self._interposer.start()
        return self._interposer.command

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._folder is not None, "it was entered"
        assert self._interposer is not None, "it was entered"
        await self._interposer.close()
        self._folder.cleanup()
        failures = (self._interposer.failure, *(each.failure for each in self._breakers))
        failure = next(filter(None, failures), None)
        if failure is not None and error is None:
            raise BreakingError(f"{self._named} cannot be applied: {failure!r}") from failure

    @property
    def _named(self) -> str:
        return self._mutant.name if self._mutant else "no mutant"

    def _breaker(self) -> Breaker | None:
        """For one life: each begins with the same one."""
        if self._mutant is None:
            return None
        breaker = _made(self._protocol, self._mutant, "agent", self._seed)
        self._breakers.append(breaker)
        return breaker


def _made(protocol: Protocol, mutant: Mutant, role: Role, seed: int) -> Breaker:
    noise = random.Random(seed).randbytes  # noqa: S311  # to be repeated, not secret
    return Breaker(protocol, load_requirements(protocol), mutant, role, noise=noise)
