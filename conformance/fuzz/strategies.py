"""What a protocol's schemas allow, and what they forbid, as Hypothesis strategies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.fuzz.breaking import Breaker, Broken
from conformance.fuzz.drawing import Drawer
from conformance.fuzz.facets import Facets
from conformance.fuzz.seeds import messages
from schemas.spec import Protocol
from schemas.validation import Shape, Validators

__all__ = ["Broken", "Sayings"]


class Sayings:
    """Bodies and messages of one protocol. A reference is that of `Validators.at`.

    Everything that is drawn was shown to the validator: what `valid` draws is legal, what `broken`
    draws is not. Raises `SchemaError` where a schema says what nothing is drawn for.
    """

    def __init__(self, protocol: Protocol, validators: Validators | None = None) -> None:
        self._validators = validators or Validators(protocol)
        documents = {"": protocol.openapi, "asyncapi": protocol.asyncapi, "grpc": protocol.grpc}
        self._drawers = {name: Drawer(Facets(each)) for name, each in documents.items()}
        self._messages = {message.id: message.payload for message in protocol.messages.values()}
        self._seeds = {
            name: [each for each in said if self._at(self._messages[name])[2].accepts(each)]
            for name, said in messages(protocol).items()
        }

    def valid(self, reference: str) -> SearchStrategy[Any]:
        """What may stand there."""
        drawer, schema, shape = self._at(reference)
        return drawer.of(schema).filter(shape.accepts)

    def broken(self, reference: str, wholes: Sequence[Any] = ()) -> SearchStrategy[Broken]:
        """What may not, by one keyword each. Some come of `wholes`, which may stand there."""
        drawer, schema, shape = self._at(reference)
        breaker = Breaker(drawer, wholes)
        return breaker.of(schema).filter(lambda broken: _is_broken_there(shape, broken))

    def message(self, name: str) -> SearchStrategy[Any]:
        """Messages of a channel, by the id of the message; some of them its scenarios'."""
        drawn, known = self.valid(self._messages[name]), self._seeds.get(name)
        return st.one_of(drawn, st.sampled_from(known)) if known else drawn

    def broken_message(self, name: str) -> SearchStrategy[Broken]:
        """The same, broken."""
        return self.broken(self._messages[name], self._seeds.get(name, ()))

    def _at(self, reference: str) -> tuple[Drawer, Any, Shape]:
        document, _, pointer = reference.partition("#")
        shape = self._validators.at(reference)
        assert shape is not None
        drawer = self._drawers[document]
        return drawer, drawer.facets.at(pointer), shape


def _is_broken_there(shape: Shape, broken: Broken) -> bool:
    """Does the validator object to that place, or to an alternative that it stands in?"""
    places = [violation.pointer for violation in shape.explain(broken.value)]
    return any(broken.pointer.startswith(place) for place in places)
