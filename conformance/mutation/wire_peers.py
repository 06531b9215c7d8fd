"""Peers whose words are changed on their way: the local mock, or whatever peer is given."""

from __future__ import annotations

import shlex
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import replace

from conformance.mutation.breaking import Census, broken_agent, broken_coordinator
from conformance.mutation.candidates import Candidate
from conformance.mutation.catalogue import wire_mutants
from conformance.mutation.mutant import Mutant
from conformance.mutation.peers import Peer
from conformance.own_mock import own_mock
from conformance.target import Target
from schemas.spec import Protocol, Requirement, Role

__all__ = ["WireAgent", "WireCoordinator"]

_PROMPT = 3.0
"""Seconds: the mock answers at once, and some mutants are caught by nothing but their silence."""


class _WirePeers:
    """What both sides share: the catalogue, and who is behind the proxy."""

    source = "wire"
    role: Role

    def __init__(
        self, protocol: Protocol, requirements: Mapping[str, Requirement], name: str, seed: int
    ) -> None:
        self.name = name
        self._protocol = protocol
        self._requirements = requirements
        self._seed = seed

    def candidates(self) -> Sequence[Candidate]:
        """Everything that the documents' catalogue has of the role."""
        mutants = wire_mutants(self._protocol, self._requirements, self.role)
        reading = self.lawful()[0]
        return [Candidate(mutant=mutant, reading=reading) for mutant in mutants]

    def lawful(self) -> Sequence[str]:
        """The peer as it is."""
        return ("",)

    def whole(self, reading: str) -> AbstractAsyncContextManager[Peer]:
        """The peer behind a proxy that breaks nothing."""
        return self._peer(reading, None)

    def broken(self, candidate: Candidate) -> AbstractAsyncContextManager[Peer]:
        return self._peer(candidate.reading, candidate.mutant)

    def _peer(self, reading: str, mutant: Mutant | None) -> AbstractAsyncContextManager[Peer]:
        raise NotImplementedError


class WireCoordinator(_WirePeers):
    """A coordinator behind a proxy: that of the target or, where there is none, the local mock,
    which has `timeout` seconds to answer.
    """

    role = "coordinator"

    def __init__(
        self,
        protocol: Protocol,
        requirements: Mapping[str, Requirement],
        target: Target | None = None,
        *,
        seed: int = 0,
        timeout: float | None = None,
    ) -> None:
        super().__init__(protocol, requirements, target.url if target else "the local mock", seed)
        self._target = target
        self._timeout = timeout or _PROMPT
        self.together = target is None  # a mock of its own for each; but there is one target alone

    def lawful(self) -> Sequence[str]:
        """The ways in which the mock can read the document, or the target as it is."""
        return ("",) if self._target else self._protocol.dialects

    @asynccontextmanager
    async def _peer(self, reading: str, mutant: Mutant | None) -> AsyncIterator[Peer]:
        known = nullcontext(self._target) if self._target else self._mock(reading)
        async with known as target:
            census = Census(self._protocol)
            broken = broken_coordinator(
                self._protocol, target, mutant, seed=self._seed, tell=census.tell
            )
            async with broken as reached:
                yield Peer(
                    target=reached,
                    applied=lambda: broken.applied if mutant else None,
                    said=lambda: census.said,
                )

    @asynccontextmanager
    async def _mock(self, dialect: str) -> AsyncIterator[Target]:
        async with own_mock(self._protocol.id, dialect) as target:
            yield replace(target, timeout=self._timeout)


class WireAgent(_WirePeers):
    """An agent that a command starts, with a proxy between it and its coordinator. `target` is
    what a target file claims for it.
    """

    role = "agent"
    together = True

    def __init__(
        self,
        protocol: Protocol,
        requirements: Mapping[str, Requirement],
        command: Sequence[str],
        target: Target,
        *,
        seed: int = 0,
    ) -> None:
        super().__init__(protocol, requirements, shlex.join(command), seed)
        self._command = tuple(command)
        self._target = target

    @asynccontextmanager
    async def _peer(self, _: str, mutant: Mutant | None) -> AsyncIterator[Peer]:
        census = Census(self._protocol)
        broken = broken_agent(
            self._protocol, mutant, self._command, seed=self._seed, tell=census.tell
        )
        async with broken as command:
            yield Peer(
                target=self._target,
                command=tuple(command),
                applied=lambda: broken.applied if mutant else None,
                said=lambda: census.said,
            )
