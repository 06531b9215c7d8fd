"""What a whole peer says through a proxy: what it never says, no mutant can break."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.mutation.catalogue_places import REQUEST
from conformance.mutation.mutant import Mutant
from conformance.proxy.watch import Passed
from mockserver.transcript import HttpExchange
from schemas.spec import Protocol

__all__ = ["Census", "Said", "never_said"]

Said = frozenset[tuple[str, str]]
"""Pairs of an operation and a part of it, as a mutant's `place` and `part` have them: `request`, or
a documented answer.
"""


class Census:
    """Counts the requests and answers that passed. `said` is `None` as long as nothing passed at
    all: then nothing is known.
    """

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._said: set[tuple[str, str]] = set()
        self._heard = False

    @property
    def said(self) -> Said | None:
        return frozenset(self._said) if self._heard else None

    def tell(self, passed: Passed) -> None:
        """What the proxy tells of."""
        self._heard = True
        entry = passed.entry
        operation = self._protocol.operations.get(getattr(entry, "operation", ""))
        if operation is None or not isinstance(entry, HttpExchange):
            return
        self._said.add((operation.id, REQUEST))
        if passed.answered and (part := operation.answer(entry.status)) is not None:
            self._said.add((operation.id, part))


def never_said(mutant: Mutant, said: Iterable[tuple[str, str]] | None, protocol: Protocol) -> bool:
    """Is the mutant about a request or an answer that did not pass once? Of procedures and of
    messages on channels nothing is known.
    """
    operation = protocol.operations.get(mutant.place)
    if said is None or operation is None or operation.is_rpc or not mutant.part:
        return False
    part, _, _ = mutant.part.partition(".")
    return (mutant.place, part) not in said
