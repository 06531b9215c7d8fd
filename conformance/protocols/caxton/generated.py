"""What a subscriber may say that nobody wrote down, and what it should not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.fuzz.drawing import ANYTHING
from conformance.fuzz.strategies import Broken, Sayings
from conformance.fuzz.writing import NO_JSON

__all__ = ["Nonsense", "nonsense"]

_NO_OBJECT, _NO_TYPE, _ILL_TYPED, _BINARY = (f"CAXTON-ODD-{number:03}" for number in (8, 9, 10, 11))


@dataclass(frozen=True, slots=True, kw_only=True)
class Nonsense:
    """What nobody should say, and the requirement that it harm no other: a text or bytes."""

    row: str
    said: str | bytes


def nonsense(sayings: Sayings) -> SearchStrategy[Nonsense]:
    """Messages that break one keyword of their schema, and what is no message."""
    return st.one_of(
        sayings.broken_message("subscribe").map(_broken),
        sayings.broken_message("unsubscribe").map(_broken),
        ANYTHING.map(_anything),
        NO_JSON.map(lambda text: Nonsense(row=_NO_OBJECT, said=text)),
        st.binary(max_size=60).map(lambda data: Nonsense(row=_BINARY, said=data)),
    )


def _broken(broken: Broken) -> Nonsense:
    if isinstance(broken.value, dict) and broken.pointer != "/type":
        return Nonsense(row=_ILL_TYPED, said=json.dumps(broken.value))
    return _anything(broken.value)


def _anything(value: Any) -> Nonsense:
    row = _NO_TYPE if isinstance(value, Mapping) else _NO_OBJECT
    return Nonsense(row=row, said=json.dumps(value))
