"""The peers that are judged, whole or broken, wherever they come from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from conformance.mutation.breaking import Said
from conformance.mutation.candidates import Candidate
from conformance.mutation.providers import Provider
from conformance.target import Target
from schemas.spec import Role

__all__ = ["BehaviourPeers", "Peer", "Peers"]


def _uncounted() -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One that is there to be judged: a coordinator's target, or an agent's command.

    `applied` tells how often something was broken until now, and `said` what has passed until now
    of what can be broken; each is `None` where nobody counts.
    """

    target: Target = field(default_factory=Target)
    command: tuple[str, ...] = ()
    applied: Callable[[], int | None] = _uncounted
    said: Callable[[], Said | None] = _uncounted


class Peers(Protocol):
    """One source of mutants, with the peers that they are made of."""

    source: str
    """`wire` or `behaviour`."""
    name: str
    """What is broken, for people."""
    together: bool
    """May several be judged side by side?"""

    def candidates(self) -> Sequence[Candidate]:
        """All mutants that there are."""
        ...

    def lawful(self) -> Sequence[str]:
        """The lawful peers, by name: no run may fail one."""
        ...

    def whole(self, reading: str) -> AbstractAsyncContextManager[Peer]:
        """A lawful peer."""
        ...

    def broken(self, candidate: Candidate) -> AbstractAsyncContextManager[Peer]:
        """The lawful peer of the candidate's reading, broken."""
        ...


class BehaviourPeers:
    """Those of a provider: each mutant misbehaves by itself."""

    source = "behaviour"
    together = True

    def __init__(self, provider: Provider, protocol: str, role: Role) -> None:
        self.name = type(provider).__module__
        self._provider = provider
        self._protocol = protocol
        self._role = role

    def candidates(self) -> Sequence[Candidate]:
        return self._provider.candidates(self._protocol, self._role)

    def lawful(self) -> Sequence[str]:
        return self._provider.lawful(self._protocol, self._role)

    def whole(self, reading: str) -> AbstractAsyncContextManager[Peer]:
        return self._peer(reading, "")

    def broken(self, candidate: Candidate) -> AbstractAsyncContextManager[Peer]:
        return self._peer(candidate.reading, candidate.name)

    @asynccontextmanager
    async def _peer(self, reading: str, mutant: str) -> AsyncIterator[Peer]:
        if self._role == "agent":
            yield Peer(command=tuple(self._provider.agent(self._protocol, reading, mutant)))
            return
        async with self._provider.coordinator(self._protocol, reading, mutant) as target:
            yield Peer(target=target)
