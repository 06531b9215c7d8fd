"""The place at which what passes may be changed; a proxy that records changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

__all__ = ["Answered", "Change", "Changes", "Cut", "Pause", "Piece", "Unchanged"]


@dataclass(frozen=True, slots=True)
class Pause:
    """What follows waits for so many seconds, and what comes meanwhile no longer than that."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection ends here, on both sides."""


Piece: TypeAlias = bytes | Pause | Cut


class Change(Protocol):
    """One connection: bytes as they come, to what goes on in their place. What an answer to a
    request is, a change must find out by itself.
    """

    def joined(self, to_client: Callable[[bytes], bool]) -> None:
        """The connection begins; `to_client` says something to its client, unasked, and returns
        whether it could.
        """

    def from_client(self, data: bytes) -> Sequence[Piece]: ...

    def from_coordinator(self, data: bytes) -> Sequence[Piece]: ...

    def coordinator_left(self) -> Sequence[Piece]:
        """What was held back, now that nothing more comes."""

    def left(self) -> None:
        """The connection is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a procedure answered: its messages, and the name of its code with the details. `wait`
    is how many seconds later it is to be said.
    """

    messages: Sequence[bytes]
    code: str
    details: str
    wait: float = 0.0


class Changes(Protocol):
    """What a proxy asks of whoever changes what passes: a `Change` for each connection, and a word
    on each call of a procedure.
    """

    def connection(self) -> Change: ...

    def holds(self, path: str) -> bool:
        """Is what that procedure answers to be changed, and therefore wanted whole?"""

    def asked(self, path: str, message: bytes) -> bytes: ...

    def answered(self, path: str, answered: Answered) -> Answered: ...


class Unchanged:
    """Everything goes on as it came."""

    def joined(self, to_client: Callable[[bytes], bool]) -> None:
        pass

    def from_client(self, data: bytes) -> Sequence[Piece]:
        return (data,)

    def from_coordinator(self, data: bytes) -> Sequence[Piece]:
        return (data,)

    def coordinator_left(self) -> Sequence[Piece]:
        return ()

    def left(self) -> None:
        pass
