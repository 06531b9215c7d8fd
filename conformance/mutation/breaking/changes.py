"""A mutant at work on whatever passes a proxy: its connections, and the calls of procedures."""

from __future__ import annotations

from dataclasses import replace

from conformance.mutation import operators
from conformance.mutation.breaking.breaker import Breaker
from conformance.mutation.breaking.exchanges import DELAY
from conformance.mutation.breaking.streams import Changing
from conformance.mutation.catalogue_places import REPLY, REQUEST
from conformance.proxy.changing import Answered, Change
from schemas.grpc import STATUSES
from schemas.protobuf import Procedure
from schemas.spec import Operation

__all__ = ["Breaking"]

_OK = "OK"


class Breaking:
    """What a proxy asks, answered as the mutant would have it."""

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker

    def connection(self) -> Change:
        return Changing(self._breaker)

    def holds(self, path: str) -> bool:
        """Is what that procedure answers to be changed?"""
        return self._breaker.role == "coordinator" and self._procedure(path) is not None

    def asked(self, path: str, message: bytes) -> bytes:
        """What a procedure is asked."""
        with self._breaker.watched():
            return self._asked(path, message)

    def _asked(self, path: str, message: bytes) -> bytes:
        breaker = self._breaker
        found = self._procedure(path)
        if found is None or breaker.part != REQUEST or breaker.role != "agent":
            return message
        if breaker.mutant.operator == "empty":
            breaker.did()
            return b""
        return self._changed(found.request, message)

    def answered(self, path: str, answered: Answered) -> Answered:
        """What a procedure answers."""
        with self._breaker.watched():
            return self._answered(path, answered)

    def _answered(self, path: str, answered: Answered) -> Answered:
        breaker, mutant = self._breaker, self._breaker.mutant
        found = self._procedure(path)
        part = REPLY if answered.code == _OK else str(STATUSES[answered.code])
        if found is None or part != breaker.part:
            return answered
        if mutant.operator == "status":
            breaker.did()
            messages = (b"",) if mutant.value == _OK else ()
            details = answered.details or "it is said on the way"
            return Answered(messages=messages, code=mutant.value, details=details)
        if mutant.operator == "delayed":
            breaker.did()
            return replace(answered, wait=DELAY)
        if mutant.operator == "empty":
            breaker.did()
            return replace(answered, messages=(b"",))
        changed = [self._changed(found.answer, message) for message in answered.messages]
        return replace(answered, messages=changed)

    def _procedure(self, path: str) -> Procedure | None:
        operation: Operation | None = self._breaker.router.match("RPC", path).operation
        if operation is None or operation.id != self._breaker.mutant.place:
            return None
        return self._breaker.bodies.codec.procedure(path)

    def _changed(self, name: str, message: bytes) -> bytes:
        """A message with its field changed, if protocol buffers can say so."""
        codec = self._breaker.bodies.codec
        try:
            said = codec.decode(name, message)
            changed = self._breaker.said(said)
            if changed is operators.ABSENT:
                return message
            written = codec.encode(name, changed)
        except ValueError:
            return message
        if codec.decode(name, written) == said:
            return message
        self._breaker.did()
        return written
