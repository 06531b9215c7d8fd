"""What a subscriber should not say, and nobody wrote down."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.fuzz.drawing import ANYTHING
from conformance.fuzz.nonsense import Nonsense, OddRows
from conformance.fuzz.strategies import Sayings
from conformance.fuzz.writing import NO_JSON

__all__ = ["nonsense"]

_ODD = OddRows("CAXTON-ODD-008", "CAXTON-ODD-009", "CAXTON-ODD-010")
_BINARY = "CAXTON-ODD-011"


def nonsense(sayings: Sayings) -> SearchStrategy[Nonsense]:
    """Messages that break one keyword of their schema, and what is no message."""
    return st.one_of(
        sayings.broken_message("subscribe").map(_ODD.of_broken),
        sayings.broken_message("unsubscribe").map(_ODD.of_broken),
        ANYTHING.map(_ODD.of_anything),
        NO_JSON.map(_ODD.of_text),
        st.binary(max_size=60).map(lambda data: Nonsense(row=_BINARY, data=data)),
    )
