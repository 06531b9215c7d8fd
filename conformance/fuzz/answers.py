"""Odd answers that the document allows, and those that it does not."""

from __future__ import annotations

from conformance.fuzz.oddities import Oddities
from mockserver.coordinator import Answer
from schemas.spec import Protocol
from schemas.validation import Validators

__all__ = ["Answers"]


class Answers:
    """Makes answers of a protocol odd, and keeps them lawful: what a schema forbids stays away."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._validators = Validators(protocol)

    def beside(
        self, operation: str, said: Answer, odd: Oddities, leave: tuple[str, ...] = ()
    ) -> Answer:
        """With members that no document knows; see `Oddities.beside`."""
        return self.kept(operation, said, odd.beside(said.body, leave=leave))

    def kept(self, operation: str, said: Answer, body: object) -> Answer:
        """The answer with that body, or as it is where the schema forbids it."""
        known = self._protocol.operations[operation].responses
        shape = self._validators.at(known.get(str(said.status)))
        if shape is not None and shape.explain(body):
            return said
        return Answer(
            status=said.status, body=body, media_type=said.media_type, headers=said.headers
        )
